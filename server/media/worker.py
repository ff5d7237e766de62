"""A media worker: a process with a LocalEngine of its own, at the other end of a socket pair from its server.

Started by worker_process as `python -m server.media_worker FD NAME`. It knows no database, no person and no password: it is
told what to do, and tells what has become of it. When the server is gone, so is it.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

import structlog

from server import logs
from server.clock import Clock, SystemClock
from server.errors import NotFound, Unavailable, WatchroomError
from server.media import worker_wire as wire
from server.media.engine import LocalEngine
from server.media.live import FeedState, Viewer, WatcherInfo
from server.media.recorders import Recorders
from server.media.settings import MediaSettings
from server.media.wish import Wish
from server.recording.order import OnRecording, RecordingNews, RecordingOrder
from server.tasks import TaskOwner

log = structlog.get_logger(__name__)

FIGURES_S = 1.0
MAX_UNSENT = 1 << 20  # bytes that the server has not taken: figures are left out then, they come again

Call = Callable[..., Awaitable[Any]]
RecordersFor = Callable[[MediaSettings, Clock, TaskOwner, OnRecording], Recorders]


class Worker:
    """Answers calls in the order in which they come; all but `start` are done within a millisecond."""

    def __init__(
        self,
        name: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        tasks: TaskOwner,
        recorders_for: RecordersFor,
    ) -> None:
        self._name = name
        self._reader = reader
        self._writer = writer
        self._tasks = tasks
        self._recorders_for = recorders_for
        self._engine: LocalEngine | None = None
        self._is_heard = True
        self._calls: dict[str, Call] = {
            "start": self._start,
            "publish": self._publish,
            "watch": self._watch,
            "patch": self._patch,
            "change_wish": lambda session_id, body: self._running.change_wish(session_id, body),
            "describe": lambda session_id: self._running.describe(session_id),
            "delete": lambda session_id: self._running.delete(session_id),
            "revoke": self._revoke,
            "end_viewings": self._end_viewings,
            "record": self._record,
            "release": self._release,
        }

    @property
    def _running(self) -> LocalEngine:
        if self._engine is None:
            raise Unavailable("the media worker has not started")
        return self._engine

    async def run(self) -> None:
        """Until the server hangs up."""
        try:
            while True:
                size = wire.frame_size(await self._reader.readexactly(wire.LENGTH.size))
                await self._answer(wire.unframe(await self._reader.readexactly(size)))
        except (asyncio.IncompleteReadError, ConnectionError):
            log.info("the server has hung up; the worker ends")
        finally:
            self._is_heard = False  # what the sessions' ends would tell, the server has told itself
            if self._engine is not None:
                await self._engine.close()

    async def _answer(self, message: dict[str, Any]) -> None:
        call = self._calls.get(message["call"])
        # gather hands the error over: whatever one offer did wrong, the other cameras of this worker go on
        (result,) = (
            await asyncio.gather(call(**message["args"]), return_exceptions=True)
            if call is not None
            else (NotFound(f"there is no call {message['call']!r}"),)
        )
        if isinstance(result, WatchroomError):
            self._say({"id": message["id"], "error": wire.error_as_map(result)})
        elif isinstance(result, BaseException):
            log.error("a call failed", call=message["call"], exc_info=result)
            unknown = WatchroomError("the media worker failed at this; its log says why")
            self._say({"id": message["id"], "error": wire.error_as_map(unknown)})
        else:
            self._say({"id": message["id"], "result": result})

    def _say(self, message: dict[str, Any]) -> None:
        if self._is_heard:
            self._writer.write(wire.frame(message))

    # ---- calls -----------------------------------------------------------------------------------------

    async def _start(self, settings: dict[str, Any], log_json: bool, log_level: str) -> dict[str, Any]:
        logs.configure(json=log_json, level=log_level)
        told, clock = wire.settings_of_map(settings), SystemClock()
        engine = LocalEngine(
            told,
            clock,
            self._tasks,
            self._on_feed,
            self._on_watchers,
            lambda device_id, session_id: self._tell("publisher", device_id=device_id, session_id=session_id),
            self._recorders_for(told, clock, self._tasks, self._on_recording),
            lambda session_id, layer: self._tell("ended", session_id=session_id, layer=layer),
        )
        await engine.start()
        self._engine = engine
        self._tasks.repeat(FIGURES_S, self._tell_figures, "figures")
        return {"port": engine.port}

    async def _publish(self, device_id: str, offer: str) -> dict[str, Any]:
        return asdict(await self._running.publish(device_id, offer))

    async def _watch(self, device_id: str, viewer: dict[str, Any], offer: str, wish: dict[str, Any]) -> dict[str, Any]:
        return asdict(await self._running.watch(device_id, Viewer(**viewer), offer, Wish(**wish)))

    async def _patch(self, session_id: str, body: str, if_match: str | None) -> dict[str, Any]:
        return asdict(await self._running.patch(session_id, body, if_match))

    async def _revoke(self, name: str) -> int:
        return self._running.revoke(name)

    async def _end_viewings(self, device_id: str, reason: str) -> int:
        return self._running.end_viewings(device_id, reason)

    async def _record(self, device_id: str, order: dict[str, Any] | None) -> None:
        self._running.record(device_id, None if order is None else RecordingOrder.of_map(order))

    async def _release(self, device_id: str) -> None:
        self._running.release(device_id)

    # ---- events ----------------------------------------------------------------------------------------

    def _tell(self, event: str, **args: Any) -> None:
        self._say({"event": event, "args": args})

    def _on_feed(self, device_id: str, state: FeedState) -> None:
        self._tell("feed", device_id=device_id, state=asdict(state))

    def _on_watchers(self, device_id: str, watchers: list[WatcherInfo]) -> None:
        self._tell("watchers", device_id=device_id, watchers=[asdict(one) for one in watchers])

    def _on_recording(self, news: RecordingNews) -> None:
        self._tell("recording", news=news.as_map())

    async def _tell_figures(self) -> None:
        """Also the sign of life by which the server knows that the loop turns."""
        if self._writer.transport.get_write_buffer_size() > MAX_UNSENT:
            return
        engine, figures = self._running, self._running.figures(self._name).as_json()
        self._tell("figures", health=engine.health(), counters=engine.counters(), figures=figures)


async def serve(connection: socket.socket, name: str, recorders_for: RecordersFor) -> None:
    """Be the worker `name` until the server at the other end of `connection` hangs up."""
    reader, writer = await asyncio.open_connection(sock=connection, limit=wire.MAX_FRAME)
    async with TaskOwner("worker") as tasks:
        await Worker(name, reader, writer, tasks, recorders_for).run()
    writer.close()
