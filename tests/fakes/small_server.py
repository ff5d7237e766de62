"""One server process with everything but media and sign-in: real sockets, a real database, a real bus.

Who somebody is, is said by the header `X-Person` (or the query `as`): id:role. Two of these on one database
and one Redis are two processes of an installation.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web
from aiohttp.test_utils import TestServer

from server import wire
from server.access.permission import Permission, Role, may
from server.access.person import Person
from server.advice.actions import Advising, CameraRequests
from server.advice.downlink import Downlink, Item
from server.advice.routes import routes as advice_routes
from server.advice.store import AdviceStore, RequestStore
from server.alerts.actions import Alerts
from server.alerts.catalogue import Catalogue
from server.alerts.routes import by
from server.alerts.routes import routes as alert_routes
from server.alerts.store import AlertStore
from server.bus import Bus
from server.clock import Clock, SystemClock
from server.console.actions import Consoles, JournalReader
from server.console.socket import ConsoleSockets, Gate, Room
from server.database import Database, alone
from server.decisions.actions import Decisions, Keep
from server.decisions.store import DecisionStore
from server.errors import Forbidden, NotFound, Unauthorised, WatchroomError
from server.journal import Journal
from server.journal.entry import EntryKind
from server.positions.actions import Positions
from server.positions.place import Street, Streets
from server.positions.routes import routes as position_routes
from server.positions.store import TrailStore
from server.tasks import TaskOwner
from server.uplink.actions import CameraWatch, Receivers
from server.uplink.routes import Uplink
from server.uplink.store import ExpectedCameras, Quarantine

SIGNATURE = b"signed"  # what this server takes for a camera's signature
KNOWN = ("cam-1", "cam-2", "cam-3")
STREETS = Streets([Street("Quay Street", ((-1.01, 51.0), (-0.99, 51.0)))])
PATIENCE_S = 20.0  # far above what anything here takes; a test that waits this long has failed


class SmallServer:
    """The parts, wired as `server.app` wires them."""

    def __init__(self, database: Database, bus: Bus, tasks: TaskOwner, clock: Clock, look_s: float) -> None:
        self.bus, self.tasks, self.clock = bus, tasks, clock
        self.database = database
        self.journal = Journal(database, clock)
        self.positions = Positions(TrailStore(database), bus, clock, tasks)
        self.downlink = Downlink(bus)
        ring = self.downlink.ring
        alert_store = AlertStore(database, self.journal)
        self.decisions = Decisions(DecisionStore(database), self.call_sign, alert_store.names_of)
        self.alerts = Alerts(
            alert_store,
            bus,
            clock,
            Catalogue.load({}),
            bearer=self._bearer,
            locate=self.positions.latest_of,
            place=STREETS.nearest,
            ring=ring,
        )
        self.advising = Advising(AdviceStore(database, self.journal), bus, clock, call_sign=self.call_sign, ring=ring)
        self.requests = CameraRequests(RequestStore(database), clock, ring=ring, online=lambda _device_id: True)
        self.watchers: dict[str, list[wire.Watcher]] = {}
        for source in (self.advising.waiting, self.requests.waiting, self._alert_items, self._watcher_items):
            self.downlink.add_source(source)
        self.statuses: list[tuple[str, wire.Status]] = []
        self.heard: list[tuple[str, wire.Signal, int]] = []  # and how many statuses had come by then
        self.links: list[str] = []
        self.valid_sessions = True
        expected = ExpectedCameras(database)
        self.watch = CameraWatch(
            tasks,
            self.alerts.raise_system,
            self.alerts.clear_system,
            expected,
            lambda: self.alerts.uncleared("camera.lost"),
            lambda device_id: device_id in self.uplink.connected(),
            bus.healthy,
            lost_after_s=0.05,
            return_s=0.2,
            look_s=look_s,
        )
        self.receivers = Receivers(
            fix=self.positions.receive,
            heard=lambda device_id, signal, _offset_s: self.heard.append((device_id, signal, len(self.statuses))),
            signal=self.alerts.receive_signal,
            receipt=self.advising.receive_receipt,
            status=self._apply_status,
            expected=expected.note,
            quarantine=Quarantine(database, clock).keep,
            poisoned=self._poisoned,
        )
        self.uplink = self._make_uplink()
        self.reader = JournalReader(self.journal.after, self.journal.last_seq, bus, tasks)
        self.consoles = Consoles(self.reader, bus, tasks, fix_of=self._fix_of, unit_of=self._unit_of)
        self.sockets = ConsoleSockets(self._room(), self._gate(), self.consoles, bus, clock, tasks, self._seen)
        self.http: TestServer | None = None

    def _make_uplink(self) -> Uplink:
        return Uplink(
            receivers=self.receivers,
            verify_hello=self._verify_hello,
            session_keys=lambda request: frozenset(request.query.getall("session", [])),
            session_valid=self._session_valid,
            session_look_s=0.05,
            whip_token_for=lambda device_id, _keys: f"token of {device_id}",
            call_sign=self.call_sign,
            ice_servers=lambda device_id: [{"urls": "turn:t", "username": device_id, "credential": "c"}],
            pairing=True,
            serve_downlink=self.downlink.serve,
            on_connected=self._on_connected,
            on_disconnected=self._on_disconnected,
            watch=self.watch,
            bus=self.bus,
            clock=self.clock,
            tasks=self.tasks,
        )

    async def start(self) -> None:
        await self.positions.start()
        await self.consoles.start()
        await self.watch.start()
        application = web.Application(middlewares=[problems])
        for defined in (
            position_routes(self.positions, allow, self._known),
            alert_routes(self.alerts, allow, self._keep_of),
            advice_routes(self.advising, allow, self._keep_of),
            self.uplink.routes(),
            self.sockets.routes(),
        ):
            application.add_routes(defined)
        self.http = TestServer(application)
        await self.http.start_server()

    def _keep_of(self, request: web.Request, view: object) -> Keep:
        person = allow(request, Permission.SEE)
        return self.decisions.keeping(view, person.id, person.display_name, lambda _decision: alone)

    async def close(self) -> None:
        await self.sockets.close()
        await self.uplink.close()
        await self.tasks.close()
        if self.http is not None:
            await self.http.close()
        await self.positions.close()

    def url(self, path: str) -> str:
        assert self.http is not None
        return str(self.http.make_url(path))

    async def call_sign(self, device_id: str) -> str:
        self._known(device_id)
        return device_id.upper()

    async def _bearer(self, device_id: str) -> tuple[str, dict[str, str] | None]:
        return device_id.upper(), {"name": "A. Officer", "collar_number": "4711"}

    def _known(self, device_id: str) -> None:
        if device_id not in KNOWN:
            raise NotFound(f"there is no unit {device_id}")

    async def _verify_hello(self, _request: web.Request, device_id: str, _nonce: bytes, hello: wire.Hello) -> None:
        if device_id not in KNOWN or hello.signature != SIGNATURE:
            raise Unauthorised("the signature is not this camera's")

    async def _alert_items(self, device_id: str) -> list[Item]:
        return [Item(f"alert {one.alert_id}", one) for one in await self.alerts.for_officer(device_id)]

    async def _watcher_items(self, device_id: str) -> list[Item]:
        return [Item("watchers", wire.Watchers(watchers=self.watchers.get(device_id, [])))]

    async def _apply_status(self, device_id: str, status: wire.Status) -> None:
        self.statuses.append((device_id, status))
        await self.requests.taken(device_id, status.taken)

    async def _poisoned(self, device_id: str, reason: str) -> None:
        await self.alerts.raise_system("uplink.poison", device_id, reason)

    async def _on_connected(self, device_id: str) -> None:
        self.links.append(f"+{device_id}")

    async def _on_disconnected(self, device_id: str) -> None:
        self.links.append(f"-{device_id}")

    async def _seen(self, alert_id: str, person: Person) -> None:
        await self.alerts.seen(alert_id, by(person))

    def _fix_of(self, device_id: str) -> dict[str, Any] | None:
        fix = self.positions.latest_of(device_id)
        return fix.as_json() if fix else None

    def _unit_of(self, device_id: str) -> dict[str, Any] | None:
        return {"device_id": device_id, "call_sign": device_id.upper()} if device_id in KNOWN else None

    def _room(self) -> Room:
        return Room(
            settings=lambda _person: {"force": "Test"},
            catalogue=self.alerts.catalogue.as_json(),
            units=lambda: [{"device_id": device_id} for device_id in KNOWN],
            fixes=lambda: [fix.as_json() for fix in self.positions.latest()],
            alerts=self.alerts.standing,
            advice=self.advising.newest,
            activity=self._activity,
            last_seq=self.journal.last_seq,
            entries_after=self.journal.after,
        )

    async def _activity(self) -> list[dict[str, Any]]:
        return [entry.body for entry in await self.journal.newest(EntryKind.ACTIVITY)]

    async def _session_valid(self, _request: web.Request) -> bool:
        return self.valid_sessions

    def _gate(self) -> Gate:
        return Gate(allow, lambda request: frozenset({allow(request, Permission.SEE).id}), self._session_valid)


def allow(request: web.Request, permission: Permission) -> Person:
    who = request.headers.get("X-Person") or request.query.get("as")
    if who is None:
        raise Unauthorised("sign in")
    name, _, role = who.partition(":")
    if not may(role, permission):
        raise Forbidden("not with this role")
    return Person(name, name, name.title(), Role(role))


@web.middleware
async def problems(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        answer: web.StreamResponse = await handler(request)
    except WatchroomError as error:
        return web.json_response(error.problem(), status=error.status, content_type="application/problem+json")
    return answer


@asynccontextmanager
async def small_server(
    database: Database, bus: Bus, clock: Clock | None = None, look_s: float = 60.0
) -> AsyncIterator[SmallServer]:
    """A running server; everything of it has ended when the block is left."""
    await bus.start()
    server = SmallServer(database, bus, TaskOwner("small"), clock or SystemClock(), look_s)
    try:
        await server.start()
        yield server
    finally:
        await server.close()
        await bus.close()


class Camera:
    """A camera's end of the uplink."""

    def __init__(self, socket: ClientWebSocketResponse, welcome: wire.Welcome, outbox_id: str) -> None:
        self.socket, self.welcome, self.outbox_id = socket, welcome, outbox_id
        self.acked: set[int] = set()
        self.others: list[Any] = []

    async def send(self, message: wire.Message) -> None:
        await self.socket.send_bytes(wire.pack(message))

    async def receive(self) -> Any:
        """The next message that is not an ack; acks are noted."""
        while True:
            frame = await asyncio.wait_for(self.socket.receive(), PATIENCE_S)
            if frame.type is not WSMsgType.BINARY:
                raise ConnectionResetError(f"closed {self.socket.close_code}")
            message = wire.parse_from_server(frame.data)
            if not isinstance(message, wire.Ack):
                return message
            self.acked.update(message.seqs)

    async def until_acked(self, *seqs: int) -> None:
        while not self.acked.issuperset(seqs):
            frame = await asyncio.wait_for(self.socket.receive_bytes(), PATIENCE_S)
            message = wire.parse_from_server(frame)
            if isinstance(message, wire.Ack):
                self.acked.update(message.seqs)
            else:
                self.others.append(message)

    async def until(self, kind: type[Any]) -> Any:
        """The next message of a kind; others are kept."""
        for kept in self.others:
            if isinstance(kept, kind):
                self.others.remove(kept)
                return kept
        while not isinstance(message := await self.receive(), kind):
            self.others.append(message)
        return message


@asynccontextmanager
async def camera(
    session: ClientSession,
    server: SmallServer,
    device_id: str = "cam-1",
    outbox_id: str = "outbox-1",
    at: float | None = None,
    signed_in: str = "",
    yields: bool = False,
) -> AsyncIterator[Camera]:
    """An admitted camera; `signed_in`: a phone, let in by this session; `yields`: it was replaced by a newer one."""
    query = f"?session={signed_in}" if signed_in else ""
    async with session.ws_connect(server.url(f"/uplink/{device_id}{query}")) as socket:
        challenge = wire.parse_from_server(await socket.receive_bytes())
        assert isinstance(challenge, wire.Challenge)
        now = server.clock.wall() if at is None else at
        hello = wire.Hello(outbox_id=outbox_id, at=now, signature=SIGNATURE, yields=yields)
        await socket.send_bytes(wire.pack(hello))
        welcome = wire.parse_from_server(await socket.receive_bytes())
        assert isinstance(welcome, wire.Welcome)
        yield Camera(socket, welcome, outbox_id)


class ConsoleEnd:
    """A console's end of the live channel; it keeps what it got as a page would."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.seqs: list[int] = []
        self.alerts: dict[str, dict[str, Any]] = {}
        self.messages: list[dict[str, Any]] = []

    @property
    def seq(self) -> int:
        return self.seqs[-1]

    async def receive(self) -> dict[str, Any]:
        raw = await asyncio.wait_for(self.socket.receive_bytes(), PATIENCE_S)
        message = wire.unpack_map(raw, 8 * 1024 * 1024)
        self.messages.append(message)
        if message["t"] in ("snapshot", "resumed"):
            self.seqs.append(message["seq"])
            self.alerts.update({alert["id"]: alert for alert in message.get("alerts", [])})
        if message["t"] == "entry":
            self.seqs.append(message["seq"])
            if message["kind"] == "alert":
                self.alerts[message["body"]["id"]] = message["body"]
        return message

    async def until(self, kind: str) -> dict[str, Any]:
        while (message := await self.receive())["t"] != kind:
            continue
        return message

    async def until_seq(self, seq: int) -> None:
        while not self.seqs or self.seq < seq:
            await self.receive()


@asynccontextmanager
async def console(
    session: ClientSession, server: SmallServer, after: int | None = None, person: str = "anna:control"
) -> AsyncIterator[ConsoleEnd]:
    """A console on the live channel."""
    query = f"?as={person}" + ("" if after is None else f"&after={after}")
    async with session.ws_connect(server.url(f"/api/console{query}"), max_msg_size=0) as socket:
        yield ConsoleEnd(socket)
