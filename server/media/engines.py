"""Which media engine this server has: in its own process, or worker processes."""

from __future__ import annotations

import os

from server.bus import Bus
from server.clock import Clock
from server.config import Config
from server.media.engine import LocalEngine
from server.media.media_engine import MediaEngine, OnFeed, OnPublisher, OnWatchers
from server.media.settings import MediaSettings
from server.media.switchboard import Neighbours, Switchboard
from server.media.worker import RecordersFor
from server.media.worker_pool import WorkerPool
from server.media.worker_process import WorkerLogs
from server.recording.order import OnRecording
from server.tasks import TaskOwner


def engine_for(
    config: Config,
    clock: Clock,
    tasks: TaskOwner,
    bus: Bus,
    neighbours: Neighbours,
    on_feed: OnFeed,
    on_watchers: OnWatchers,
    on_publisher: OnPublisher,
    on_recording: OnRecording,
    recorders_for: RecordersFor,
    master_keys: tuple[bytes, ...],
) -> MediaEngine:
    """As the configuration has it, with a switchboard before it where there are several server processes."""
    boards: list[Switchboard] = []

    def publishing(device_id: str, session_id: str | None) -> None:
        for board in boards:
            board.published(device_id, session_id)
        on_publisher(device_id, session_id)

    settings = MediaSettings.of(config, master_keys)
    engine = _own_engine(config, settings, clock, tasks, on_feed, on_watchers, publishing, on_recording, recorders_for)
    if not config.redis:
        return engine
    boards.append(Switchboard(engine, bus, neighbours, clock, tasks))
    return boards[0]


def _own_engine(
    config: Config,
    settings: MediaSettings,
    clock: Clock,
    tasks: TaskOwner,
    on_feed: OnFeed,
    on_watchers: OnWatchers,
    on_publisher: OnPublisher,
    on_recording: OnRecording,
    recorders_for: RecordersFor,
) -> MediaEngine:
    """`media_workers`: None is one for each core but one, 0 this process itself."""
    count = usual_workers() if config.media_workers is None else config.media_workers
    if count == 0:
        recorders = recorders_for(settings, clock, tasks, on_recording)
        return LocalEngine(settings, clock, tasks, on_feed, on_watchers, on_publisher, recorders)
    how = WorkerLogs(json=config.log_json if config.log_json is not None else True, level=config.log_level)
    return WorkerPool(settings, count, how, clock, tasks, on_feed, on_watchers, on_publisher, on_recording)


def usual_workers() -> int:
    """Cores that this process may use, but for one, which consoles and alerts have to themselves; at least 1."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, usable - 1)
