"""The media engine in processes of its own: cameras are placed by load, and a worker that dies takes only its own down.

What must be known at once (whose session, does it stream) is kept here and follows the workers' events. A camera stays
with its worker for as long as its feed may be continued there; so do all who watch it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import structlog

from server.clock import Clock
from server.errors import NotFound, StartError, Unavailable
from server.media import worker_wire as wire
from server.media.answer import Answer, Patched
from server.media.dtls import Certificate
from server.media.figures import EngineFigures
from server.media.live import FeedState, SessionInfo, Viewer, not_streaming
from server.media.media_engine import EVERYTHING, OnEnd, OnFeed, OnPublisher, OnWatchers
from server.media.placement import Load, Placement
from server.media.revoked import RevokedLately
from server.media.settings import MediaSettings
from server.media.wish import Wish, fields_of
from server.media.worker_process import RETRY_AFTER_S, WorkerLogs, WorkerProcess, settings_of
from server.recording.order import OnRecording, RecordingNews, RecordingOrder, unheard
from server.tasks import TaskOwner

log = structlog.get_logger(__name__)

LAST_PORT = 65_535
WAIT_S = 2.5  # for a worker that starts again; less than RevokedLately remembers
NOTHING = FeedState(streaming=False)
STOPPED = {"streaming": False, "layers": (), "codec": None, "since": None}

Hear = Callable[[WorkerProcess, dict[str, Any]], None]


@dataclass(slots=True)
class _Session:
    info: SessionInfo
    worker: WorkerProcess
    asked: str  # the layer
    on_end: OnEnd | None


class WorkerPool:
    """A MediaEngine of `count` worker processes."""

    def __init__(
        self,
        settings: MediaSettings,
        count: int,
        how: WorkerLogs,
        clock: Clock,
        tasks: TaskOwner,
        on_feed: OnFeed,
        on_watchers: OnWatchers,
        on_publisher: OnPublisher,
        on_recording: OnRecording = unheard,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._on_feed = on_feed
        self._on_watchers = on_watchers
        self._on_publisher = on_publisher
        self._on_recording = on_recording
        self._orders: dict[str, RecordingOrder] = {}
        self._workers = [
            WorkerProcess(f"media-{index + 1}", settings_of(settings, index), how, clock, tasks, self)
            for index in range(count)
        ]
        self._named = {worker.name: worker for worker in self._workers}
        self._placement = Placement()
        self._figures: dict[str, EngineFigures] = {}  # what each worker told last; of a dead one, that it is dead
        self._sessions: dict[str, _Session] = {}
        self._publishers: dict[str, str] = {}
        self._feeds: dict[str, FeedState] = {}
        self._watched: set[str] = set()
        self._told: dict[str, dict[str, Any]] = {}  # a worker's latest figures
        self._ended: Counter[str] = Counter()
        self._revoked = RevokedLately()
        self._some_ready = asyncio.Event()
        self._hearing: dict[str, Hear] = {
            "ended": lambda _, args: self._end(args["session_id"], args["layer"]),
            "publisher": self._of_camera(lambda device_id, args: self._set_publisher(device_id, args["session_id"])),
            "feed": self._of_camera(lambda device_id, args: self._set_feed(device_id, args["state"])),
            "watchers": self._of_camera(lambda device_id, args: self._set_watchers(device_id, args["watchers"])),
            "recording": lambda _, args: self._on_recording(RecordingNews.of_map(args["news"])),
            "figures": self._heard_figures,
        }

    async def start(self) -> None:
        """See MediaEngine."""
        last = self._settings.port + len(self._workers) - 1
        if self._settings.port and last > LAST_PORT:
            raise StartError(f"media_port: {len(self._workers)} workers would need the UDP ports up to {last}")
        Certificate.kept_in(self._settings.folder)  # before the workers: two would make one each
        # All are waited for, also when one cannot start: who is still being started could not be closed.
        for failed in await asyncio.gather(*(worker.start() for worker in self._workers), return_exceptions=True):
            if failed is not None:
                raise failed
        log.info("media workers have started", ports=[worker.port for worker in self._workers])

    async def close(self) -> None:
        """See MediaEngine."""
        await asyncio.gather(*(worker.close() for worker in self._workers))
        for session_id in list(self._sessions):
            self._end(session_id, None)

    # ---- where -----------------------------------------------------------------------------------------

    async def _worker_for(self, device_id: str) -> WorkerProcess:
        """The one that has this camera, or takes it now. Raises Unavailable."""
        ready = self._ready()
        try:
            async with asyncio.timeout(WAIT_S):
                while not ready:
                    self._some_ready.clear()
                    await self._some_ready.wait()
                    ready = self._ready()
        except TimeoutError:
            headers = {"Retry-After": str(RETRY_AFTER_S)}
            raise Unavailable("no media worker is running; they are starting again", headers=headers) from None
        return self._named[self._placement.place(device_id, ready, self._clock.monotonic())]

    def _ready(self) -> list[str]:
        return [worker.name for worker in self._workers if worker.is_ready]

    # ---- offers ----------------------------------------------------------------------------------------

    async def publish(self, device_id: str, offer: str) -> Answer:
        """See MediaEngine."""
        worker = await self._worker_for(device_id)
        self._revoked.refuse(self._clock.monotonic(), device_id)
        keep = partial(self._begun, worker, device_id, None, "", None)
        return Answer(**await worker.call("publish", on_reply=keep, device_id=device_id, offer=offer))

    async def watch(
        self, device_id: str, viewer: Viewer, offer: str, wish: Wish = EVERYTHING, on_end: OnEnd | None = None
    ) -> Answer:
        """See MediaEngine."""
        self.require_streaming(device_id)
        worker = await self._worker_for(device_id)
        self._revoked.refuse(self._clock.monotonic(), device_id, viewer.person_id, viewer.session_id)
        keep = partial(self._begun, worker, device_id, viewer, wish.layer, on_end)
        args = {"device_id": device_id, "viewer": asdict(viewer), "offer": offer, "wish": asdict(wish)}
        return Answer(**await worker.call("watch", on_reply=keep, **args))

    def _begun(
        self,
        worker: WorkerProcess,
        device_id: str,
        viewer: Viewer | None,
        asked: str,
        on_end: OnEnd | None,
        answer: dict[str, Any],
    ) -> None:
        info = SessionInfo(answer["session_id"], device_id, viewer)
        self._sessions[info.session_id] = _Session(info, worker, asked, on_end)

    # ---- sessions --------------------------------------------------------------------------------------

    async def patch(self, session_id: str, body: str, if_match: str | None) -> Patched:
        """See MediaEngine."""
        worker = self._session(session_id).worker
        return Patched(**await worker.call("patch", session_id=session_id, body=body, if_match=if_match))

    async def change_wish(self, session_id: str, body: object) -> dict[str, Any]:
        """See MediaEngine."""
        worker, asked = self._session(session_id).worker, fields_of(body)
        found: dict[str, Any] = await worker.call("change_wish", session_id=session_id, body=asked)
        return found

    async def describe(self, session_id: str) -> dict[str, Any]:
        """See MediaEngine."""
        found: dict[str, Any] = await self._session(session_id).worker.call("describe", session_id=session_id)
        return found

    async def delete(self, session_id: str) -> None:
        """See MediaEngine."""
        await self._session(session_id).worker.call("delete", session_id=session_id)

    def revoke(self, name: str) -> int:
        """See MediaEngine."""
        self._revoked.note(name, self._clock.monotonic())
        for worker in self._workers:
            worker.tell("revoke", name=name)
        return sum(name in _names(session.info) for session in self._sessions.values())

    def end_viewings(self, device_id: str, reason: str) -> int:
        """See MediaEngine."""
        for worker in self._workers:  # of all: a viewing may be on its way to one
            worker.tell("end_viewings", device_id=device_id, reason=reason)
        of_camera = [session for session in self._sessions.values() if session.info.device_id == device_id]
        return sum(session.info.viewer is not None for session in of_camera)

    def record(self, device_id: str, order: RecordingOrder | None) -> None:
        """See MediaEngine."""
        if order is not None:
            self._orders[device_id] = order
            self._order(device_id)
            return
        self._orders.pop(device_id, None)
        for worker in self._workers:
            worker.tell("record", device_id=device_id, order=None)

    def release(self, device_id: str) -> None:
        """See MediaEngine."""
        self._orders.pop(device_id, None)
        for worker in self._workers:
            worker.tell("release", device_id=device_id)

    def _order(self, device_id: str) -> None:
        """The worker that has this camera records it, and no other: the one that had it may be gone, or must let go."""
        order, where = self._orders.get(device_id), self._placement.where(device_id)
        if order is None or where is None:
            return
        for worker in self._workers:
            if worker.name == where:
                worker.tell("record", device_id=device_id, order=order.as_map())
            else:
                worker.tell("release", device_id=device_id)

    async def session(self, session_id: str) -> SessionInfo:
        """See MediaEngine."""
        return self._session(session_id).info

    def _session(self, session_id: str) -> _Session:
        found = self._sessions.get(session_id)
        if found is None:
            raise NotFound("there is no such media session; it may have ended")
        return found

    def _end(self, session_id: str, layer: str | None) -> None:
        session = self._sessions.pop(session_id, None)
        if session is not None and session.on_end is not None:
            session.on_end(layer or session.asked)

    # ---- what the workers tell (WorkerOwner) -----------------------------------------------------------

    def on_event(self, worker: WorkerProcess, event: str, args: dict[str, Any]) -> None:
        """See WorkerOwner."""
        hear = self._hearing.get(event)
        if hear is None:
            log.warning("a media worker tells what nobody here understands", worker=worker.name, told=event)
        else:
            hear(worker, args)

    def _of_camera(self, hear: Callable[[str, dict[str, Any]], None]) -> Hear:
        """What a worker says of a camera that has gone to another one meanwhile is not heard."""

        def heard(worker: WorkerProcess, args: dict[str, Any]) -> None:
            if self._placement.where(args["device_id"]) == worker.name:
                hear(args["device_id"], args)

        return heard

    def _heard_figures(self, worker: WorkerProcess, figures: dict[str, Any]) -> None:
        self._told[worker.name] = figures
        engine = EngineFigures.of_json(figures["figures"])
        itself = replace(engine.workers[0], restarts=worker.deaths)
        self._figures[worker.name] = replace(engine, workers=(itself,))
        self._placement.note_load(worker.name, Load(self._clock.monotonic(), itself.cpu_s))

    def on_ready(self, worker: WorkerProcess) -> None:
        """See WorkerOwner."""
        self._some_ready.set()

    def on_lost(self, worker: WorkerProcess) -> None:
        """See WorkerOwner: all its sessions are gone, and its cameras may go to other workers at once."""
        self._ended.update(self._told.pop(worker.name, {}).get("counters", {}))
        if worker.name in self._figures:
            dead = replace(self._figures[worker.name].workers[0], alive=False, restarts=worker.deaths)
            self._figures[worker.name] = EngineFigures((dead,))
        for session_id in [key for key, session in self._sessions.items() if session.worker is worker]:
            self._end(session_id, None)
        for device_id in self._placement.forget(worker.name):
            self._set_watchers(device_id, [])
            self._set_publisher(device_id, None)
            if self.feed_state(device_id).streaming:
                self._set_feed(device_id, asdict(self.feed_state(device_id)) | STOPPED)

    def _set_publisher(self, device_id: str, session_id: str | None) -> None:
        before = self._publishers.pop(device_id, None)
        if session_id is not None:
            self._publishers[device_id] = session_id
            self._order(device_id)
        self._note_presence(device_id)
        if before != session_id:
            self._on_publisher(device_id, session_id)

    def _set_feed(self, device_id: str, state: dict[str, Any]) -> None:
        self._feeds[device_id] = wire.feed_state_of_map(state)
        self._note_presence(device_id)
        self._on_feed(device_id, self._feeds[device_id])

    def _note_presence(self, device_id: str) -> None:
        present = device_id in self._publishers or self.feed_state(device_id).streaming
        self._placement.note(device_id, self._clock.monotonic(), present=present)

    def _set_watchers(self, device_id: str, watchers: list[dict[str, Any]]) -> None:
        if not watchers and device_id not in self._watched:
            return
        (self._watched.add if watchers else self._watched.discard)(device_id)
        self._on_watchers(device_id, wire.watchers_of(watchers))

    # ---- to be seen ------------------------------------------------------------------------------------

    def publisher_of(self, device_id: str) -> str | None:
        """See MediaEngine."""
        return self._publishers.get(device_id)

    def is_published(self, device_id: str) -> bool:
        """See MediaEngine."""
        return self.publisher_of(device_id) is not None

    def require_streaming(self, device_id: str) -> None:
        """See MediaEngine."""
        if not self.feed_state(device_id).streaming:
            raise not_streaming()

    def feed_state(self, device_id: str) -> FeedState:
        """See MediaEngine."""
        return self._feeds.get(device_id, NOTHING)

    def health(self) -> dict[str, Any]:
        """See MediaEngine; ready while one worker is, since cameras go to those that are."""
        told = [figures["health"] for figures in self._told.values()]
        sums = {name: sum(one[name] for one in told) for name in ("cameras", "viewers", "feeds")}
        workers = {
            worker.name: {"ready": worker.is_ready, "pid": worker.pid, "port": worker.port, "deaths": worker.deaths}
            for worker in self._workers
        }
        return {"ready": any(worker.is_ready for worker in self._workers), **sums, "workers": workers}

    def figures(self) -> EngineFigures:
        """See MediaEngine; a worker's are a second old at most."""
        return EngineFigures.merged(self._figures.values())

    def counters(self) -> dict[str, int]:
        """See MediaEngine; a second old at most."""
        total = Counter(self._ended)
        for figures in self._told.values():
            total.update(figures["counters"])
        return dict(total)


def _names(info: SessionInfo) -> tuple[str, ...]:
    viewer = info.viewer
    return (info.device_id,) if viewer is None else (info.device_id, viewer.person_id, viewer.session_id)
