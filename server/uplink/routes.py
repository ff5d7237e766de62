"""`/uplink/{device_id}`: the WebSocket that a camera keeps open.

challenge → hello (signed) → welcome, then messages both ways. One connection per camera: the newer one wins,
because the older one is usually a network that the camera has already left. If it is another process with the same
key, that is told so (`REPLACED`), and then asks now and then whether the newer one has gone, instead of fighting back.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog
from aiohttp import WSMsgType, web

from server import wire
from server.bus import Body, Bus, Topic
from server.clock import Clock
from server.errors import WatchroomError
from server.tasks import TaskOwner
from server.uplink.actions import CameraWatch, Intake, Receivers, Send, TooManyRefused
from server.uplink.offset import ClockOffset

log = structlog.get_logger(__name__)

HELLO_S = 10.0
HEARTBEAT_S = 5.0
FINISH_S = 2.0  # for what is under way when the server ends
TOKEN_AGAIN_S = 240.0  # well within a token's life
SESSION_LOOK_S = 5.0  # media of who may no longer publish must end within 5 s; to ask also keeps a phone's session

NOT_ADMITTED = 4001  # who connects is not this camera, or may no longer do anything
REPLACED = 4009  # the same camera has connected anew
ANEW = "the camera has connected anew"

VerifyHello = Callable[[web.Request, str, bytes, wire.Hello], Awaitable[object]]
WhipToken = Callable[[str, frozenset[str]], str]
CallSign = Callable[[str], Awaitable[str]]
Notice = Callable[[str], Coroutine[Any, Any, None]]
SessionKeys = Callable[[web.Request], frozenset[str]]  # a phone's session and wearer; empty for a camera with a key
SessionValid = Callable[[web.Request], Coroutine[Any, Any, bool]]
IceServers = Callable[[str], list[dict[str, Any]]]  # for a device's id, with credentials that expire
ServeDownlink = Callable[[str, Send, asyncio.Future[None]], Coroutine[Any, Any, None]]  # until the future is done


class Uplink:
    """The cameras' connections of this process."""

    def __init__(
        self,
        *,
        receivers: Receivers,
        verify_hello: VerifyHello,
        session_keys: SessionKeys,
        session_valid: SessionValid,
        whip_token_for: WhipToken,
        call_sign: CallSign,
        ice_servers: IceServers,
        pairing: bool,
        serve_downlink: ServeDownlink,
        on_connected: Notice,
        on_disconnected: Notice,
        watch: CameraWatch,
        bus: Bus,
        clock: Clock,
        tasks: TaskOwner,
        token_again_s: float = TOKEN_AGAIN_S,
        session_look_s: float = SESSION_LOOK_S,
    ) -> None:
        self._receivers = receivers
        self._verify_hello = verify_hello
        self._session_keys = session_keys
        self._session_valid = session_valid
        self._whip_token_for = whip_token_for
        self._call_sign = call_sign
        self._ice_servers = ice_servers
        self._pairing = pairing
        self._serve_downlink = serve_downlink
        self._on_connected = on_connected
        self._on_disconnected = on_disconnected
        self._watch = watch
        self._bus = bus
        self._clock = clock
        self._tasks = tasks
        self._token_again_s = token_again_s
        self._session_look_s = session_look_s
        self._held: dict[str, _Connection] = {}
        # Of each camera with a key that was ever here: one whose line breaks keeps its clock.
        self._offsets: dict[str, ClockOffset] = {}
        # What asks or changes the database is finished even if its camera is gone: cut off in the middle, it
        # would cost the pool a connection each time a camera loses its network.
        self._working = TaskOwner("uplink")
        bus.subscribe(Topic.DOWNLINK, self._heard_holder)
        bus.subscribe(Topic.SESSIONS, self._heard_revoked)

    def routes(self) -> list[web.RouteDef]:
        """The one route."""
        return [web.get("/uplink/{device_id}", self.connect)]

    def connected(self) -> list[str]:
        """The cameras that are connected to this process."""
        return list(self._held)

    def clock_offset(self, device_id: str) -> float | None:
        """How many seconds the camera's clock is ahead of ours; None for a phone, and if this process was told no time.

        A phone's sender reports do not go by the clock that its messages state: a browser (libwebrtc's time_util) reads
        the wall clock once and counts on from there, which stands still while the phone sleeps.
        Too small by the least time that a message was under way in the last minute or so (see ClockOffset). A queue
        in front of the camera's whole uplink delays these messages too: an age that is reckoned with this is then
        too young by as much, which is at most about half of `HEARTBEAT_S`, for a slower line is cut.
        """
        offset = self._offsets.get(device_id)
        return None if offset is None else offset.seconds

    async def close(self) -> None:
        """Send every camera away, for the server is going, and finish what they brought."""
        for connection in list(self._held.values()):  # at once: one that does not answer must not hold up the others
            goodbye = connection.socket.close(code=1001, message=b"the server is going away")
            self._working.start(goodbye, f"goodbye {connection.device_id}")
        await self._working.finish(FINISH_S)

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """One camera's connection, from challenge to end."""
        device_id = request.match_info["device_id"]
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=wire.MAX_MESSAGE_BYTES, compress=False)
        await socket.prepare(request)
        hello = await self._greet(request, socket, device_id)
        if hello is None:
            return socket
        gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        async with TaskOwner(f"uplink {device_id}") as waiting:
            send = socket.send_bytes
            intake = Intake(self._receivers, device_id, hello.outbox_id, self._clock, waiting, self._working, send)
            intake.offset.add(hello.at, self._clock.wall())
            connection = _Connection(device_id, socket, self._session_keys(request))
            self._note_clock(connection, intake.offset)
            try:
                await self._hold(connection)
                serving = self._working.start(self._serve_downlink(device_id, send, gone), f"downlink {device_id}")
                serving.add_done_callback(lambda _task: self._downlink_ended(connection, gone))
                waiting.start(self._refresh_token(connection), "token")
                if connection.keys:
                    waiting.start(self._watch_session(connection, request), "session")
                intake.start()
                await self._read(socket, intake)
            finally:
                gone.set_result(None)
                await self._let_go(connection, intake.active)
        return socket

    async def _greet(self, request: web.Request, socket: web.WebSocketResponse, device_id: str) -> wire.Hello | None:
        nonce = secrets.token_bytes(32)
        await socket.send_bytes(wire.pack(wire.Challenge(nonce=nonce)))
        try:
            hello = wire.parse_from_camera(await asyncio.wait_for(socket.receive_bytes(), HELLO_S))
            if not isinstance(hello, wire.Hello):
                raise wire.WireError(f"t: expected hello, got {hello.t}")
            await self._verify_hello(request, device_id, nonce, hello)
            welcome = await self._welcome(device_id, self._session_keys(request))
        except (wire.WireError, WatchroomError, TypeError, TimeoutError) as error:  # TypeError: text, or closed
            log.warning("camera not admitted", device_id=device_id, remote=request.remote, reason=str(error))
            later = isinstance(error, TimeoutError) or (isinstance(error, WatchroomError) and error.status >= 500)
            await socket.close(code=1013 if later else NOT_ADMITTED, message=str(error).encode()[:120])
            return None
        if hello.yields and (device_id in self._held or self._watch.is_online(device_id)):
            await socket.close(code=REPLACED, message=ANEW.encode())
            return None
        await socket.send_bytes(wire.pack(welcome))
        return hello

    async def _welcome(self, device_id: str, keys: frozenset[str]) -> wire.Welcome:
        return wire.Welcome(
            server_time=self._clock.wall(),
            call_sign=await self._call_sign(device_id),
            whip_path=f"/whip/{device_id}",
            whip_token=self._whip_token_for(device_id, keys),
            ice_servers=self._ice_servers(device_id),
            pairing=self._pairing,
        )

    def _note_clock(self, connection: _Connection, offset: ClockOffset) -> None:
        if connection.keys:  # a phone, see clock_offset
            self._offsets.pop(connection.device_id, None)
        else:
            self._offsets[connection.device_id] = offset

    async def _hold(self, connection: _Connection) -> None:
        device_id = connection.device_id
        older = self._held.get(device_id)
        self._held[device_id] = connection
        if older is not None:
            self._end(older, REPLACED, ANEW)
        await self._bus.publish(Topic.DOWNLINK, {"device_id": device_id, "holder": connection.id})
        log.info("camera connected", device_id=device_id)
        self._watch.connected(device_id)
        await self._on_connected(device_id)

    async def _let_go(self, connection: _Connection, active: bool) -> None:
        device_id = connection.device_id
        if self._held.get(device_id) is not connection:
            return  # a newer connection has taken over: the camera is not gone
        del self._held[device_id]
        log.info("camera disconnected", device_id=device_id, code=connection.socket.close_code)
        self._watch.disconnected(device_id, active)
        await self._on_disconnected(device_id)

    async def _read(self, socket: web.WebSocketResponse, intake: Intake) -> None:
        async for message in socket:
            if message.type is not WSMsgType.BINARY:
                await socket.close(code=1003, message=b"binary messages only")
                return
            try:
                await intake.take(message.data)
            except TooManyRefused as error:
                await socket.close(code=1008, message=str(error).encode())
                return

    async def _refresh_token(self, connection: _Connection) -> None:
        while not connection.socket.closed:
            await asyncio.sleep(self._token_again_s)
            device_id = connection.device_id
            token = wire.Token(
                whip_token=self._whip_token_for(device_id, connection.keys), ice_servers=self._ice_servers(device_id)
            )
            try:
                await connection.socket.send_bytes(wire.pack(token))
            except ConnectionResetError:
                return

    async def _watch_session(self, connection: _Connection, request: web.Request) -> None:
        """A phone is let in by its wearer's session: it stays for as long as that is good."""
        while True:
            await asyncio.sleep(self._session_look_s)
            try:
                valid = await asyncio.shield(self._working.start(self._session_valid(request), "session"))
            except WatchroomError as error:  # cannot be asked now; the next look will tell
                log.info("session cannot be looked up", device_id=connection.device_id, reason=error.detail)
                continue
            if not valid:
                self._cut_off(connection)
                return

    def _downlink_ended(self, connection: _Connection, gone: asyncio.Future[None]) -> None:
        """A camera that cannot be told anything must not go on as if it could: it connects anew."""
        if not gone.done() and not connection.socket.closed:
            self._end(connection, 1011, "the downlink has failed; connect again")

    def _heard_holder(self, body: Body) -> None:
        """Another process holds this camera now."""
        device_id, holder = str(body.get("device_id")), body.get("holder")
        if holder is None:
            return
        self._watch.back(device_id)
        connection = self._held.get(device_id)
        if connection is not None and connection.id != holder:
            del self._held[device_id]
            self._offsets.pop(device_id, None)  # its clock is told elsewhere now
            self._end(connection, REPLACED, ANEW)
            # As far as this process knows it is off line: else it would tell all others for ever that it is there.
            self._working.start(self._on_disconnected(device_id), f"moved {device_id}")

    def _heard_revoked(self, body: Body) -> None:
        revoked = {str(item) for item in body.get("revoked", ())}
        for connection in list(self._held.values()):
            if connection.device_id in revoked:
                self._end(connection, NOT_ADMITTED, "the camera may no longer connect")
            elif connection.keys & revoked:
                self._cut_off(connection)

    def _cut_off(self, connection: _Connection) -> None:
        """The session by which a phone was let in is over; its picture ends with it, in whichever process that is."""
        self._end(connection, NOT_ADMITTED, "the session has ended")
        said = self._bus.publish(Topic.SESSIONS, {"revoked": [connection.device_id]})
        self._working.start(said, f"cut off {connection.device_id}")

    def _end(self, connection: _Connection, code: int, reason: str) -> None:
        if connection.ending:
            return
        connection.ending = True
        log.info("camera's connection is ended", device_id=connection.device_id, reason=reason)
        self._tasks.start(connection.socket.close(code=code, message=reason.encode()), "uplink.end")


class _Connection:
    def __init__(self, device_id: str, socket: web.WebSocketResponse, keys: frozenset[str]) -> None:
        self.id = secrets.token_hex(8)
        self.device_id = device_id
        self.socket = socket
        self.keys = keys
        self.ending = False
