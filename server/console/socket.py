"""`/api/console`: the live channel of one console. Snapshot or resume, then every entry, and the latest positions.

Each console has a sender and a backlog of its own: one that stalls holds nobody else up.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from aiohttp import WSMsgType, web

from server import wire
from server.access.permission import Permission, may
from server.access.person import Person
from server.bus import Body, Bus, Topic
from server.clock import Clock
from server.console.actions import Channel, Consoles
from server.console.snapshot import Json, Snapshot, can_resume, resumed
from server.errors import BadRequest, WatchroomError
from server.journal.entry import Entry
from server.tasks import TaskOwner

log = structlog.get_logger(__name__)

T = TypeVar("T")

SESSION_ENDED = 4001
TOO_SLOW = 4008
HEARTBEAT_S = 15.0  # finds a console whose network is gone; a living one is heard by its pings
SESSION_LOOK_S = 5.0
SETTINGS_AGAIN_S = 900.0  # TURN credentials expire: a console that is open all night gets fresh ones, see IceServers
CLOSING_S = 3.0  # to say goodbye to a console that does not read; then it is cut off
CATCH_UP_PAGE = 200
MOST_SEEN = 500  # notes of one console that wait: more than any tray shows
MOST_INCOMING = 4096  # bytes: `seen` and `ping` are about 60

Allow = Callable[[web.Request, Permission], Person]
SessionKeys = Callable[[web.Request], frozenset[str]]  # what, once revoked, ends this console: session, person
SessionValid = Callable[[web.Request], Coroutine[Any, Any, bool]]
Seen = Callable[[str, Person], Awaitable[None]]  # alert_id, who


@dataclass(frozen=True, slots=True)
class Room:
    """Where the parts of a snapshot come from."""

    settings: Callable[[Person], Json]
    catalogue: list[Json]
    units: Callable[[], list[Json]]
    fixes: Callable[[], list[Json]]
    alerts: Callable[[], Awaitable[list[Json]]]
    advice: Callable[[], Awaitable[list[Json]]]
    activity: Callable[[], Awaitable[list[Json]]]
    last_seq: Callable[[], Awaitable[int]]
    entries_after: Callable[[int, int], Coroutine[Any, Any, list[Entry]]]


@dataclass(frozen=True, slots=True)
class Gate:
    """Who may come in (the middleware has checked the Origin), and when they must leave."""

    allow: Allow
    session_keys: SessionKeys
    session_valid: SessionValid


class ConsoleSockets:
    """The consoles' connections of this process."""

    def __init__(
        self, room: Room, gate: Gate, consoles: Consoles, bus: Bus, clock: Clock, tasks: TaskOwner, seen: Seen
    ) -> None:
        self._room = room
        self._gate = gate
        self._consoles = consoles
        self._clock = clock
        self._tasks = tasks
        self._seen = seen
        self._open: set[_Console] = set()
        self._working = TaskOwner("consoles")
        bus.subscribe(Topic.SESSIONS, self._heard_revoked)

    def routes(self) -> list[web.RouteDef]:
        """The one route."""
        return [web.get("/api/console", self.connect)]

    async def close(self) -> None:
        """Send every console away: the server is going, they come back by themselves."""
        for console in tuple(self._open):  # at once: one that has stalled must not hold up the others
            self._working.start(console.end(1001, "the server is going away"), "goodbye")
        await self._working.finish(CLOSING_S)

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """One console's connection."""
        person = self._gate.allow(request, Permission.SEE)
        after = _after(request)
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=MOST_INCOMING, compress=False)
        await socket.prepare(request)
        async with TaskOwner("console") as tasks:
            console = _Console(request, socket, person, self._gate.session_keys(request))
            self._open.add(console)
            try:
                console.sending = tasks.start(self._send(console, after), "send")
                tasks.start(self._watch_session(console), "session")
                tasks.start(self._settle_again(console), "settings")
                await self._read(console)
            finally:
                self._open.discard(console)
                if console.channel is not None:
                    self._consoles.leave(console.channel)
        return socket

    # ---- to the console

    async def _send(self, console: _Console, after: int | None) -> None:
        try:
            channel = await self._greet(console, after)
            while True:
                await channel.wake.wait()
                channel.wake.clear()
                while (message := channel.backlog.take(self._clock.wall())) is not None:
                    await console.socket.send_bytes(message)
        except ConnectionResetError:
            log.debug("console has gone", person=console.person.name)
        except WatchroomError as error:
            log.warning("console cannot be served", person=console.person.name, reason=error.detail)
            self._end(console, 1013, "not available at the moment")

    async def _greet(self, console: _Console, after: int | None) -> Channel:
        """Tell the console where it stands, and bring it up to the reader; then it goes with the others."""
        position, message = await self._whole(self._first_message(console.person, after))
        await console.socket.send_bytes(wire.pack_map(message))
        while position < self._consoles.reader.position:
            entries = await self._whole(self._room.entries_after(position, CATCH_UP_PAGE))
            for entry in entries:
                # Straight to the socket: its pace holds the reading back, so that no backlog can overflow here.
                await console.socket.send_bytes(wire.pack_map(entry.as_message()))
            position = entries[-1].seq if entries else self._consoles.reader.position
        # No await between the comparison above and joining: no entry can slip through.
        channel = Channel(position, lambda: self._too_slow(console))
        console.channel = channel
        self._consoles.join(channel)
        return channel

    async def _first_message(self, person: Person, after: int | None) -> tuple[int, Json]:
        last = await self._room.last_seq()
        if after is not None and await self._can_resume(after, last):
            return after, self._resumed(after, person)
        return last, (await self._snapshot(person, last)).as_message(reset=after is not None)

    async def _whole(self, reading: Coroutine[Any, Any, T]) -> T:
        """What `reading` brings. It ends by itself even if the console leaves: a query that is cut off costs the
        database pool a connection, and 500 consoles may leave at once."""
        return await asyncio.shield(self._working.start(reading, "read"))

    async def _can_resume(self, after: int, last: int) -> bool:
        following = await self._room.entries_after(after, 1) if 0 <= after < last else []
        return can_resume(after, last, following[0].seq if following else None)

    def _resumed(self, after: int, person: Person) -> Json:
        settings = self._room.settings(person)
        return resumed(after, self._clock.wall(), settings, self._room.units(), self._room.fixes())

    async def _settle_again(self, console: _Console) -> None:
        while True:
            await asyncio.sleep(SETTINGS_AGAIN_S)
            settings = self._room.settings(console.person)
            await console.say(wire.pack_map({"t": "settings", "settings": settings}))

    async def _snapshot(self, person: Person, seq: int) -> Snapshot:
        alerts, advice, activity = await self._room.alerts(), await self._room.advice(), await self._room.activity()
        return Snapshot(
            seq=seq,
            server_time=self._clock.wall(),
            person=person.as_json(),
            settings=self._room.settings(person),
            units=self._room.units(),  # asked last: no query lies between this and joining the others
            fixes=self._room.fixes(),
            alerts=alerts,
            advice=advice,
            activity=activity,
            catalogue=self._room.catalogue,
        )

    # ---- from the console

    async def _read(self, console: _Console) -> None:
        async for message in console.socket:
            if message.type is not WSMsgType.BINARY:
                await console.socket.close(code=1003, message=b"binary messages only")
                return
            try:
                await self._take(console, wire.unpack_map(message.data, MOST_INCOMING))
            except (wire.WireError, BadRequest) as error:
                await console.socket.close(code=1007, message=str(error).encode()[:120])
                return

    async def _take(self, console: _Console, body: dict[str, Any]) -> None:
        what = body.get("t")
        if what == "ping":
            pong = {"t": "pong", "at": body.get("at"), "server_time": self._clock.wall()}
            await console.say(wire.pack_map(pong))  # its own pace: one that does not read is not read either
        elif what == "seen":
            alert_id = body.get("alert_id")
            if not isinstance(alert_id, str) or not 1 <= len(alert_id) <= 64 or not wire.is_storable(alert_id):
                raise BadRequest("alert_id: expected an alert's id")
            if may(console.person.role, Permission.HANDLE_ALERTS):
                self._will_note(console, alert_id)
        else:
            log.debug("console says something newer than this server", what=str(what)[:40])

    def _will_note(self, console: _Console, alert_id: str) -> None:
        """One at a time for each console: it takes a writer's turn from the next alert. Reading goes on meanwhile."""
        if len(console.seen) >= MOST_SEEN:
            log.warning("a console says too often what it has seen", person=console.person.name)
            return
        console.seen.append(alert_id)
        if len(console.seen) == 1:
            self._working.start(self._note_all(console), "seen")

    async def _note_all(self, console: _Console) -> None:
        try:
            while console.seen:
                await self._note_seen(console.seen[0], console.person)
                console.seen.popleft()
        finally:
            console.seen.clear()  # whatever went wrong, the next note starts afresh

    async def _note_seen(self, alert_id: str, person: Person) -> None:
        try:
            await self._seen(alert_id, person)
        except WatchroomError as error:
            log.info("seen is not kept", alert_id=alert_id, reason=error.detail)

    # ---- the end

    async def _watch_session(self, console: _Console) -> None:
        while True:
            await asyncio.sleep(SESSION_LOOK_S)
            try:
                valid = await self._whole(self._gate.session_valid(console.request))
            except WatchroomError as error:  # cannot be asked now; the next look will tell
                log.info("session cannot be looked up", reason=error.detail)
                continue
            if not valid:
                self._end(console, SESSION_ENDED, "the session has ended")
                return

    def _heard_revoked(self, body: Body) -> None:
        revoked = {str(item) for item in body.get("revoked", ())}
        for console in tuple(self._open):
            if console.keys & revoked:
                self._end(console, SESSION_ENDED, "the session has ended")

    def _too_slow(self, console: _Console) -> None:
        log.warning("console is too slow; it resumes", person=console.person.name)
        self._end(console, TOO_SLOW, "too slow: resume with after")

    def _end(self, console: _Console, code: int, reason: str) -> None:
        if console.channel is not None:
            self._consoles.leave(console.channel)
        if not console.ending:
            console.ending = True
            self._tasks.start(console.end(code, reason), "console.end")


class _Console:
    """One connection."""

    def __init__(
        self,
        request: web.Request,
        socket: web.WebSocketResponse,
        person: Person,
        keys: frozenset[str],
    ) -> None:
        self.request = request
        self.socket = socket
        self.person = person
        self.keys = keys
        self.channel: Channel | None = None
        self.sending: asyncio.Task[Any] | None = None
        self.ending = False
        self.seen: deque[str] = deque()  # alerts whose note waits, the one that is written first

    async def say(self, message: bytes) -> None:
        """Send a message now, past the backlog."""
        try:
            await self.socket.send_bytes(message)
        except ConnectionResetError:
            log.debug("console has gone", person=self.person.name)

    async def end(self, code: int, reason: str) -> None:
        """Say goodbye; who does not take it in time is cut off."""
        if self.sending is not None:
            self.sending.cancel()
        transport = self.request.transport
        try:
            await asyncio.wait_for(self.socket.close(code=code, message=reason.encode()), CLOSING_S)
        except (TimeoutError, ConnectionResetError):
            log.info("console does not take its goodbye", person=self.person.name)
        if transport is not None and not transport.is_closing():
            transport.abort()


def _after(request: web.Request) -> int | None:
    text = request.query.get("after")
    if text is None:
        return None
    if not text.isascii() or not text.removeprefix("-").isdigit() or len(text) > 18:
        raise BadRequest("after: expected a journal number")
    return int(text)
