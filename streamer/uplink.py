"""The telemetry connection: who the camera is, what it has to tell, what the server answers (server/wire.py).

Challenge, signed hello, welcome; then whatever waits in the outbox, alerts first, and the status every 5 s and on
change. A link that is dead is noticed within 5 s, and tried again for ever with full jitter.
"""

from __future__ import annotations

import asyncio
import errno
import os
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server import wire
from streamer.backoff import REFUSED_S, UNHEARD_S, Backoff
from streamer.clock import Clock
from streamer.downlink import FromServer
from streamer.errors import StoreError, UplinkRefused
from streamer.link import Link
from streamer.outbox import Outbox
from streamer.tasks import until_one_ends

STATUS_EVERY_S = 5.0
HEARTBEAT_S = 3.0  # aiohttp gives a ping half of that for its answer: a dead link is noticed after 4.5 s at the latest
GREETING_S = 5.0
REACH_S = 4.0  # for TCP and TLS: TCP itself tries after 0, 1 and 3 s, and then not before 7
SOFTWARE = "watchroom-streamer/1"
NOBODY = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ETIMEDOUT})
UNKNOWN_HTTP = frozenset({401, 403, 404})
REPLACED_CLOSE = 4009  # the server: the same camera has connected anew, and it was not us
YIELD_S = 10.0  # between looks whether the other one has gone
UNKNOWN_CLOSE = 4001  # the server: who connects is not this camera, or may no longer do anything


@dataclass(frozen=True)
class Credentials:
    """Which camera this is, and the key that proves it."""

    device_id: str
    key: Ed25519PrivateKey


def uplink_url(server: str, device_id: str) -> str:
    """The WebSocket address of this camera's telemetry below the server's address."""
    scheme, host, path, _, _ = urlsplit(server)
    return urlunsplit(("wss" if scheme == "https" else "ws", host, f"{path.rstrip('/')}/uplink/{device_id}", "", ""))


class LinkDown(ConnectionError):
    """The connection has ended, or cannot be made; the message says why in a few words."""


class LinkReplaced(LinkDown):
    """Another process with this camera's key has connected. To connect again at once would only throw it out in turn."""


class Uplink:
    """Keeps the connection for as long as `run` runs."""

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        outbox: Outbox,
        status: Callable[[], wire.Status],
        take: Callable[[FromServer], None],
        *,
        link: Link,
        clock: Clock,
        backoff: Backoff,
        tls: ssl.SSLContext | bool = True,
    ) -> None:
        self._url = url
        self._credentials = credentials
        self._outbox = outbox
        self._status = status
        self._take = take
        self._link = link
        self._clock = clock
        self._backoff = backoff
        self._tls = tls
        self._something = asyncio.Event()
        self._open_air = asyncio.Event()
        self._dead_air = asyncio.Event()
        self._status_changed = False
        self._look_s: float | None = None  # no server has seen the last try: the next one comes as soon
        self._is_replaced = False
        self.welcomed = False
        self.on_replaced: Callable[[], None] = lambda: None
        self.on_welcome: Callable[[wire.Welcome], None] = lambda welcome: None
        self.on_lost: Callable[[str], None] = lambda why: None
        outbox.call_when_new(self._something.set)
        link.on_change(self._link_changed)
        self._link_changed()

    def status_changed(self) -> None:
        """The status is new: send it now."""
        self._status_changed = True
        self._something.set()

    async def run(self) -> None:
        """Connect, talk, and connect again, until cancelled. Raises UplinkRefused if the camera was never known."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(sock_connect=REACH_S)) as session:
            while True:
                await self._open_air.wait()
                self._look_s = None
                self.on_lost(await self._attempt(session))
                self._outbox.link_lost()
                await self._clock.sleep(self._wait_before_next())

    def _wait_before_next(self) -> float:
        if self._is_replaced:
            return YIELD_S
        # After an outage the picture waits for this: it must be back within 5 s of the link's return.
        return self._backoff.next_wait() if self._look_s is None else self._backoff.next_look(self._look_s)

    async def _attempt(self, session: aiohttp.ClientSession) -> str:
        """One connection from its beginning to its end; returns why it ended."""
        try:
            await self._talk(session)
        except UplinkRefused as error:
            if not self.welcomed:
                raise
            return str(error)  # revoked meanwhile, or a server that was restored: it may come back
        except LinkReplaced as error:
            if not self._is_replaced:
                self._is_replaced = True
                self.on_replaced()
            return str(error)
        # StoreError: the disk is full, say. The camera goes on, and what it could not take in comes again.
        except (LinkDown, StoreError, aiohttp.ClientError, wire.WireError, TimeoutError, OSError) as error:
            self._look_s = _look_after(error)
            return _why(error)
        return "connection closed"

    async def _talk(self, session: aiohttp.ClientSession) -> None:
        try:
            async with asyncio.timeout(GREETING_S):
                socket = await session.ws_connect(
                    self._url, ssl=self._tls, heartbeat=HEARTBEAT_S, max_msg_size=wire.MAX_MESSAGE_BYTES
                )
        except aiohttp.WSServerHandshakeError as error:
            if error.status in UNKNOWN_HTTP:
                raise UplinkRefused(
                    f"The server does not let camera {self._credentials.device_id} in (HTTP {error.status})."
                ) from error
            raise LinkDown(f"it answers HTTP {error.status}") from error
        async with socket:
            async with asyncio.timeout(GREETING_S):
                welcome = await self._greet(socket)
            self.welcomed = True
            self._is_replaced = False
            self._backoff.reset()
            self._outbox.link_lost()
            self.on_welcome(welcome)
            await until_one_ends(self._read(socket), self._write(socket), self._cut(), name="uplink")

    async def _greet(self, socket: aiohttp.ClientWebSocketResponse) -> wire.Welcome:
        challenge = await self._receive(socket)
        if not isinstance(challenge, wire.Challenge):
            raise LinkDown(f"it began with {challenge.t!r} where a challenge was expected")
        device_id, outbox_id = self._credentials.device_id, self._outbox.outbox_id
        signature = self._credentials.key.sign(wire.hello_to_sign(device_id, outbox_id, challenge.nonce))
        hello = wire.Hello(
            outbox_id=outbox_id,
            at=self._clock.wall(),
            software=SOFTWARE,
            signature=signature,
            yields=self._is_replaced,
        )
        await socket.send_bytes(wire.pack(hello))
        welcome = await self._receive(socket)
        if not isinstance(welcome, wire.Welcome):
            raise LinkDown(f"it answered the hello with {welcome.t!r}")
        return welcome

    async def _receive(self, socket: aiohttp.ClientWebSocketResponse) -> FromServer:
        message = await socket.receive()
        if message.type is aiohttp.WSMsgType.BINARY:
            return wire.parse_from_server(message.data)
        if message.type is aiohttp.WSMsgType.TEXT:
            raise LinkDown("it sent text; this camera speaks msgpack")
        if socket.close_code == UNKNOWN_CLOSE:
            raise UplinkRefused(
                f"The server does not know camera {self._credentials.device_id}, or its key"
                f" ({message.extra or f'close code {socket.close_code}'})."
            )
        if socket.close_code == REPLACED_CLOSE:
            raise LinkReplaced("another camera has connected with this one's key")
        raise LinkDown(f"connection closed ({message.extra or socket.close_code or 'no answer'})")

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            message = await self._receive(socket)
            await self._open_air.wait()
            self._take(message)

    async def _write(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        status_due = self._clock.monotonic()
        while True:
            await self._open_air.wait()
            self._something.clear()
            for packed in self._outbox.take(self._clock.monotonic()):
                await socket.send_bytes(packed)
            now = self._clock.monotonic()
            if self._status_changed or now >= status_due:
                self._status_changed = False
                status_due = now + STATUS_EVERY_S
                await socket.send_bytes(wire.pack(self._status()))
            await self._wait_for_something(status_due - now)

    async def _wait_for_something(self, seconds: float) -> None:
        # not wait_for: in Python 3.11 it swallows a cancellation that comes together with the result
        with suppress(TimeoutError):  # the status is due, and what was never acknowledged is looked for on the way
            async with asyncio.timeout(max(0.0, seconds)):
                await self._something.wait()

    async def _cut(self) -> None:
        """A link that stays stalled is a dead one after as long as an unanswered ping would take to tell."""
        while True:
            await self._dead_air.wait()
            await self._clock.sleep(HEARTBEAT_S * 1.5)
            if self._link.stalled:
                raise LinkDown("no answer")

    def _link_changed(self) -> None:
        now, before = (self._dead_air, self._open_air) if self._link.stalled else (self._open_air, self._dead_air)
        now.set()
        before.clear()


def _look_after(error: BaseException) -> float | None:
    """Within how many seconds to look again where no server has seen the try; None where one has answered."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return UNHEARD_S
    number = error.os_error.errno if isinstance(error, aiohttp.ClientConnectorError) else None
    if number == errno.ECONNREFUSED:
        return REFUSED_S
    return UNHEARD_S if number in NOBODY else None


def _why(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "its certificate is not trusted (give --ca-file, or --insecure for a test)"
    if isinstance(error, aiohttp.ClientConnectorError):
        return os.strerror(error.os_error.errno) if error.os_error.errno else str(error.os_error)
    return str(error) or type(error).__name__
