"""One media engine over several server processes: whoever is asked, the process that holds the camera or the session
answers. A MediaEngine around this process's own; the bus carries calls, answers and ends.

Media itself always goes straight between a viewer and the process that has the camera.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from typing import Any

import structlog

from server.bus import Body, Bus, Topic
from server.errors import Conflict, NotFound, Unavailable, WatchroomError
from server.media import worker_wire as wire
from server.media.answer import Answer, Patched
from server.media.live import Viewer
from server.media.media_engine import EVERYTHING, MediaEngine, OnEnd, SessionInfo
from server.media.wish import Wish
from server.tasks import TaskOwner

log = structlog.get_logger(__name__)

ANSWER_S = 3.0  # by Redis and back is a millisecond: what takes longer does not come
WHOSE_S = 1.0  # for an answer to "whose session is this?", which only its holder gives
LOOK_S = 2.0  # how often it is looked at whether the other processes are still there
ALL = "*"
RETRY_AFTER_S = 1


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The other processes, as far as they have been heard of lately."""

    own: str  # this process
    streams_at: Callable[[str], str | None]  # which other process has this camera's picture now
    known: Callable[[], set[str]]


@dataclass(slots=True)
class _Remote:
    info: SessionInfo
    at: str
    asked: str = ""
    on_end: OnEnd | None = None


@dataclass(slots=True)
class _Call:
    result: asyncio.Future[Any]
    on_reply: Callable[[str, Any], None] | None


class Switchboard:
    """See MediaEngine; what only this process can tell (figures, health) is of this process."""

    def __init__(self, engine: MediaEngine, bus: Bus, neighbours: Neighbours, tasks: TaskOwner) -> None:
        self._engine = engine
        self._bus = bus
        self._neighbours = neighbours
        self._tasks = tasks
        self._remote: dict[str, _Remote] = {}
        self._waiting: dict[int, _Call] = {}
        self._next_id = 0
        self._answers: dict[str, Callable[..., Coroutine[Any, Any, Any]]] = {
            "watch": self._watch_for,
            "whose": self._whose,
            "patch": self._patch_here,
            "change_wish": engine.change_wish,
            "describe": engine.describe,
            "delete": engine.delete,
        }
        self.place = engine.place
        self.publish = engine.publish
        self.revoke = engine.revoke  # every process hears of a revocation, and of a camera that stops recording
        self.end_viewings = engine.end_viewings
        self.publisher_of = engine.publisher_of
        self.feed_state = engine.feed_state
        self.health = engine.health
        self.counters = engine.counters
        self.figures = engine.figures

    async def start(self) -> None:
        """See MediaEngine."""
        self._bus.subscribe(Topic.MEDIA, self._hear)
        self._tasks.repeat(LOOK_S, self._look_after, "media.neighbours")
        await self._engine.start()

    async def close(self) -> None:
        """See MediaEngine. Viewings at other processes end with their viewers, who lose this process."""
        for session_id in list(self._remote):
            self._end(session_id, "")
        await self._engine.close()

    # ---- what may be elsewhere -------------------------------------------------------------------------

    def require_streaming(self, device_id: str) -> None:
        """See MediaEngine."""
        if self._where(device_id) is None:
            self._engine.require_streaming(device_id)

    def _where(self, device_id: str) -> str | None:
        """Which other process has its picture; None if this one has, or nobody."""
        return None if self._engine.feed_state(device_id).streaming else self._neighbours.streams_at(device_id)

    async def watch(
        self, device_id: str, viewer: Viewer, offer: str, wish: Wish = EVERYTHING, on_end: OnEnd | None = None
    ) -> Answer:
        """See MediaEngine; also raises Conflict (kind elsewhere) if the process that has the camera cannot be asked."""
        where = self._where(device_id)
        if where is None:
            return await self._engine.watch(device_id, viewer, offer, wish, on_end)
        if not self._bus.healthy():
            raise Conflict(
                "the camera's picture is at another server process, which cannot be reached", kind="elsewhere"
            )

        def begun(at: str, answer: dict[str, Any]) -> None:
            info = SessionInfo(answer["session_id"], device_id, viewer)
            self._remote[info.session_id] = _Remote(info, at, wish.layer, on_end)

        args = {"device_id": device_id, "viewer": asdict(viewer), "offer": offer, "wish": asdict(wish)}
        return Answer(**await self._ask(where, "watch", ANSWER_S, begun, **args))

    async def session(self, session_id: str) -> SessionInfo:
        """See MediaEngine; other processes are asked for what nobody here knows."""
        try:
            return await self._engine.session(session_id)
        except NotFound:
            if session_id not in self._remote:
                await self._find(session_id)
        return self._remote[session_id].info

    async def _find(self, session_id: str) -> None:
        if not self._neighbours.known():
            raise NotFound("there is no such media session; it may have ended")

        def found(at: str, told: dict[str, Any]) -> None:
            viewer = Viewer(**told["viewer"]) if told["viewer"] else None
            self._remote[session_id] = _Remote(SessionInfo(session_id, told["device_id"], viewer), at)

        try:
            await self._ask(ALL, "whose", WHOSE_S, found, session_id=session_id)
        except Unavailable:
            raise NotFound("no server process knows such a media session; it may have ended") from None

    async def patch(self, session_id: str, body: str, if_match: str | None) -> Patched:
        """See MediaEngine."""
        if session_id not in self._remote:
            return await self._engine.patch(session_id, body, if_match)
        return Patched(**await self._ask_holder(session_id, "patch", body=body, if_match=if_match))

    async def change_wish(self, session_id: str, body: object) -> dict[str, Any]:
        """See MediaEngine."""
        if session_id not in self._remote:
            return await self._engine.change_wish(session_id, body)
        found: dict[str, Any] = await self._ask_holder(session_id, "change_wish", body=body)
        return found

    async def describe(self, session_id: str) -> dict[str, Any]:
        """See MediaEngine."""
        if session_id not in self._remote:
            return await self._engine.describe(session_id)
        found: dict[str, Any] = await self._ask_holder(session_id, "describe")
        return found

    async def delete(self, session_id: str) -> None:
        """See MediaEngine."""
        if session_id not in self._remote:
            await self._engine.delete(session_id)
        else:
            await self._ask_holder(session_id, "delete")

    # ---- asking ----------------------------------------------------------------------------------------

    async def _ask_holder(self, session_id: str, call: str, **args: Any) -> Any:
        try:
            return await self._ask(self._remote[session_id].at, call, ANSWER_S, None, session_id=session_id, **args)
        except NotFound:
            self._end(session_id, "")
            raise

    async def _ask(
        self, to: str, call: str, within_s: float, on_reply: Callable[[str, Any], None] | None, **args: Any
    ) -> Any:
        self._next_id += 1
        number, result = self._next_id, asyncio.get_running_loop().create_future()
        self._waiting[number] = _Call(result, on_reply)
        try:
            async with asyncio.timeout(within_s):
                await self._say(to, {"id": number, "call": call, "args": args})
                return await result
        except TimeoutError:
            headers = {"Retry-After": str(RETRY_AFTER_S)}
            raise Unavailable("the server process that has it does not answer", headers=headers) from None
        finally:
            del self._waiting[number]

    async def _say(self, to: str, message: Body) -> None:
        await self._bus.publish(Topic.MEDIA, {"to": to, "from": self._neighbours.own, **message})

    # ---- hearing ---------------------------------------------------------------------------------------

    def _hear(self, body: Body) -> None:
        sender, own = body["from"], self._neighbours.own
        if sender == own or body["to"] not in (own, ALL):
            return
        if "call" in body:
            self._tasks.start(self._answer(sender, body), f"media.{body['call']}")
        elif "ended" in body:
            self._end(body["ended"], body["layer"])
        else:
            self._hear_answer(sender, body)

    def _hear_answer(self, sender: str, body: Body) -> None:
        call = self._waiting.get(body["id"])
        if call is None or call.result.done():
            return
        if "error" in body:
            call.result.set_exception(wire.error_of_map(body["error"]))
            return
        if call.on_reply is not None:
            call.on_reply(sender, body["result"])
        call.result.set_result(body["result"])

    async def _answer(self, to: str, body: Body) -> None:
        answer = self._answers.get(body["call"])
        if answer is None:
            log.warning("another process asks what nobody here understands", call=body["call"])
            return
        args = {"to": to, **body["args"]} if body["call"] == "watch" else body["args"]
        try:
            result = await answer(**args)
        except WatchroomError as error:
            if body["to"] != ALL:  # what was asked of all is answered by the one who knows
                await self._say(to, {"id": body["id"], "error": wire.error_as_map(error)})
        else:
            await self._say(to, {"id": body["id"], "result": result})

    async def _watch_for(
        self, to: str, device_id: str, viewer: dict[str, Any], offer: str, wish: dict[str, Any]
    ) -> dict[str, Any]:
        """Another process's viewer; it is told when the viewing ends."""
        held: list[str] = []

        def ended(layer: str) -> None:
            if held:
                self._tasks.start(self._say(to, {"ended": held[0], "layer": layer}), "media.ended")

        answer = await self._engine.watch(device_id, Viewer(**viewer), offer, Wish(**wish), ended)
        held.append(answer.session_id)
        return asdict(answer)

    async def _whose(self, session_id: str) -> dict[str, Any]:
        return asdict(await self._engine.session(session_id))

    async def _patch_here(self, session_id: str, body: str, if_match: str | None) -> dict[str, Any]:
        return asdict(await self._engine.patch(session_id, body, if_match))

    # ---- ends ------------------------------------------------------------------------------------------

    def _end(self, session_id: str, layer: str) -> None:
        session = self._remote.pop(session_id, None)
        if session is not None and session.on_end is not None:
            session.on_end(layer or session.asked)

    async def _look_after(self) -> None:
        """A process that was killed tells no ends; and who watches a camera that went to another process must follow."""
        known = self._neighbours.known()
        for session_id in [one for one, session in self._remote.items() if session.at not in known]:
            self._end(session_id, "")
        for camera in self._engine.figures().cameras if known else ():
            if camera.viewers.viewers and self._where(camera.device_id) is not None:
                self._engine.end_viewings(camera.device_id, "the camera has gone to another server process")
