"""A media engine of its own for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from server.clock import SystemClock
from server.media.engine import MediaEngine
from server.media.live import FeedState, Viewer, WatcherInfo
from server.media.settings import MediaSettings
from server.tasks import TaskOwner

INSPECTOR = Viewer("person-1", "Insp. Hale", "inspector", "login-1")


@dataclass
class Running:
    """An engine, and what it said."""

    engine: MediaEngine
    feeds: list[tuple[str, FeedState]] = field(default_factory=list)
    watchers: list[tuple[str, list[WatcherInfo]]] = field(default_factory=list)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """Started, on a free port."""
    async with TaskOwner("test") as tasks:
        feeds: list[tuple[str, FeedState]] = []
        watchers: list[tuple[str, list[WatcherInfo]]] = []
        engine = MediaEngine(
            MediaSettings(folder=tmp_path),
            SystemClock(),
            tasks,
            lambda device_id, state: feeds.append((device_id, state)),
            lambda device_id, people: watchers.append((device_id, people)),
        )
        await engine.start()
        yield Running(engine, feeds, watchers)
        await engine.close()
