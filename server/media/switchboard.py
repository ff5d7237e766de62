"""One media engine over several server processes: whoever is asked, the process that holds the camera or the session
answers. A MediaEngine around this process's own; the bus carries calls, answers and ends.

Media itself always goes straight between a viewer and the process that has the camera.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import structlog

from server.bus import Body, Bus, Topic
from server.clock import Clock
from server.errors import Conflict, NotFound, Unavailable, WatchroomError
from server.media import worker_wire as wire
from server.media.answer import Answer, Patched
from server.media.live import SessionInfo, Viewer
from server.media.media_engine import EVERYTHING, MediaEngine, OnEnd
from server.media.wish import Wish, fields_of
from server.tasks import TaskOwner

log = structlog.get_logger(__name__)

ANSWER_S = 3.0  # by Redis and back is a millisecond: what takes longer does not come
WHOSE_S = 1.0  # for an answer to "whose session is this?", which only its holder gives
LOOK_S = 2.0  # how often each process tells whom it still serves, and looks whether the others are still there
LEASE_S = 20.0  # a viewing of which its process says nothing for so long has lost it; Redis restarts within less
MOST_FOUND = 500  # sessions of others that were asked for through us: where each is, is found again if need be
CROSSING_S = 5.0  # two publishers closer together than this may have crossed on their way: their wall clocks decide
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
class _Served:
    """A viewing here, of a viewer of another process."""

    to: str
    told_at: float  # when that process last said that it goes on


@dataclass(frozen=True, slots=True)
class _Published:
    """Since when the camera's media comes in here: by the wall clock, which other hosts see, and by our own."""

    wall: float
    at: float


@dataclass(slots=True)
class _Call:
    result: asyncio.Future[Any]
    on_reply: Callable[[str, Any], None] | None


class Switchboard:
    """See MediaEngine; what only this process can tell (figures, health) is of this process."""

    def __init__(self, engine: MediaEngine, bus: Bus, neighbours: Neighbours, clock: Clock, tasks: TaskOwner) -> None:
        self._engine = engine
        self._clock = clock
        self._bus = bus
        self._neighbours = neighbours
        self._tasks = tasks
        self._remote: dict[str, _Remote] = {}  # viewings of our viewers at other processes
        self._found: dict[str, _Remote] = {}  # other sessions that were asked for through us
        self._served: dict[str, _Served] = {}
        self._published: dict[str, _Published] = {}
        self._well_since: float | None = None  # the bus
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
        self._news: dict[str, Callable[[Body], object]] = {
            "ended": lambda news: self._end(news["session_id"], news["layer"]),
            "watching": lambda news: self._renew(news["session_ids"]),
            "published": lambda news: tasks.start(
                self._published_elsewhere(news["from"], news["device_id"], news["at"]), "media.published_elsewhere"
            ),
        }
        self.publish = engine.publish
        self.revoke = engine.revoke  # every process hears of a revocation, and of a camera that stops recording
        self.end_viewings = engine.end_viewings
        self.publisher_of = engine.publisher_of
        self.record = engine.record
        self.release = engine.release
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
        """See MediaEngine. The viewings of our viewers end, wherever they are: nobody here could answer for them."""
        for session_id, session in list(self._remote.items()):
            await self._say(session.at, {"id": 0, "call": "delete", "args": {"session_id": session_id}})
            self._end(session_id, "")
        await self._engine.close()

    def published(self, device_id: str, session_id: str | None) -> None:
        """This process's engine says by which session the camera's media comes in here; elsewhere it ends then."""
        if session_id is None:
            self._published.pop(device_id, None)
            return
        self._published[device_id] = since = _Published(self._clock.wall(), self._clock.monotonic())
        self._tasks.start(self._say_published(ALL, device_id, since), "media.published")

    async def _say_published(self, to: str, device_id: str, since: _Published) -> None:
        await self._say(to, {"news": "published", "device_id": device_id, "at": since.wall})

    def is_published(self, device_id: str) -> bool:
        """See MediaEngine."""
        return self._engine.is_published(device_id) or self._neighbours.streams_at(device_id) is not None

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
            if self._held_elsewhere(session_id) is None:
                await self._find(session_id)
        held = self._held_elsewhere(session_id)
        if held is None:  # it ended in this moment
            raise NotFound("there is no such media session; it may have ended")
        return held.info

    def _held_elsewhere(self, session_id: str) -> _Remote | None:
        return self._remote.get(session_id) or self._found.get(session_id)

    async def _find(self, session_id: str) -> None:
        if not self._neighbours.known():
            raise NotFound("there is no such media session; it may have ended")

        def found(at: str, told: dict[str, Any]) -> None:
            viewer = Viewer(**told["viewer"]) if told["viewer"] else None
            self._found[session_id] = _Remote(SessionInfo(session_id, told["device_id"], viewer), at)
            if len(self._found) > MOST_FOUND:
                del self._found[next(iter(self._found))]

        try:
            await self._ask(ALL, "whose", WHOSE_S, found, session_id=session_id)
        except Unavailable:
            raise NotFound("no server process knows such a media session; it may have ended") from None

    async def patch(self, session_id: str, body: str, if_match: str | None) -> Patched:
        """See MediaEngine."""
        if self._held_elsewhere(session_id) is None:
            return await self._engine.patch(session_id, body, if_match)
        return Patched(**await self._ask_holder(session_id, "patch", body=body, if_match=if_match))

    async def change_wish(self, session_id: str, body: object) -> dict[str, Any]:
        """See MediaEngine."""
        if self._held_elsewhere(session_id) is None:
            return await self._engine.change_wish(session_id, body)
        found: dict[str, Any] = await self._ask_holder(session_id, "change_wish", body=fields_of(body))
        return found

    async def describe(self, session_id: str) -> dict[str, Any]:
        """See MediaEngine."""
        if self._held_elsewhere(session_id) is None:
            return await self._engine.describe(session_id)
        found: dict[str, Any] = await self._ask_holder(session_id, "describe")
        return found

    async def delete(self, session_id: str) -> None:
        """See MediaEngine."""
        if self._held_elsewhere(session_id) is None:
            await self._engine.delete(session_id)
        else:
            await self._ask_holder(session_id, "delete")
            self._found.pop(session_id, None)

    # ---- asking ----------------------------------------------------------------------------------------

    async def _ask_holder(self, session_id: str, call: str, **args: Any) -> Any:
        held = self._held_elsewhere(session_id)
        if held is None:
            raise NotFound("there is no such media session; it may have ended")
        try:
            return await self._ask(held.at, call, ANSWER_S, None, session_id=session_id, **args)
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
        elif "news" in body:
            self._news[body["news"]](body)
        else:
            self._hear_answer(sender, body)

    def _renew(self, session_ids: list[str]) -> None:
        for session_id in session_ids:
            if session_id in self._served:
                self._served[session_id].told_at = self._clock.monotonic()

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
        early: list[str] = []

        def ended(layer: str) -> None:
            if held:
                self._end_served(held[0], layer)
            else:
                early.append(layer)

        answer = await self._engine.watch(device_id, Viewer(**viewer), offer, Wish(**wish), ended)
        held.append(answer.session_id)
        self._served[answer.session_id] = _Served(to, self._clock.monotonic())
        for layer in early:
            self._end_served(answer.session_id, layer)
        return asdict(answer)

    def _end_served(self, session_id: str, layer: str) -> None:
        served = self._served.pop(session_id, None)
        if served is not None:
            self._tasks.start(
                self._say(served.to, {"news": "ended", "session_id": session_id, "layer": layer}), "media.ended"
            )

    async def _published_elsewhere(self, sender: str, device_id: str, wall: float) -> None:
        """The camera has connected to another process: the newer publisher wins there as here, and only one stays.

        What is told now is newer than a session of ours that is older than `CROSSING_S`, whatever the other host's
        clock shows; otherwise the clocks decide, and who is the older by them is told so.
        """
        own, since = self._engine.publisher_of(device_id), self._published.get(device_id)
        if own is None or since is None:
            return
        if self._clock.monotonic() - since.at < CROSSING_S and (since.wall, self._neighbours.own) > (wall, sender):
            await self._say_published(sender, device_id, since)
            return
        log.warning("a newer session of the camera at another process replaces the present one", device_id=device_id)
        with suppress(NotFound):
            await self._engine.delete(own)

    async def _whose(self, session_id: str) -> dict[str, Any]:
        return asdict(await self._engine.session(session_id))

    async def _patch_here(self, session_id: str, body: str, if_match: str | None) -> dict[str, Any]:
        return asdict(await self._engine.patch(session_id, body, if_match))

    # ---- ends ------------------------------------------------------------------------------------------

    def _end(self, session_id: str, layer: str) -> None:
        self._found.pop(session_id, None)
        session = self._remote.pop(session_id, None)
        if session is not None and session.on_end is not None:
            session.on_end(layer or session.asked)

    async def _look_after(self) -> None:
        """A process that was killed tells no ends; and who watches a camera that went to another process must follow."""
        known, now = self._neighbours.known(), self._clock.monotonic()
        if not self._bus.healthy():
            self._well_since = None
            return  # nobody is heard, and nothing that was agreed has ended
        self._well_since = now if self._well_since is None else self._well_since
        for holder in {session.at for session in self._remote.values()}:
            watching = [one for one, session in self._remote.items() if session.at == holder]
            await self._say(holder, {"news": "watching", "session_ids": watching})
        if now - self._well_since > LEASE_S:  # whoever is there has spoken since
            await self._end_what_nobody_holds(known, now)
        for camera in self._engine.figures().cameras if known else ():
            if camera.viewers.viewers and self._where(camera.device_id) is not None:
                self._engine.end_viewings(camera.device_id, "the camera has gone to another server process")

    async def _end_what_nobody_holds(self, known: set[str], now: float) -> None:
        for session_id in [one for one, session in self._remote.items() if session.at not in known]:
            self._end(session_id, "")
        for session_id in [one for one, served in self._served.items() if now - served.told_at > LEASE_S]:
            log.warning("the process of a viewer is gone; the viewing ends", session_id=session_id)
            with suppress(NotFound):
                await self._engine.delete(session_id)
