"""A server's end of the uplink, real sockets and real wire, that can misbehave on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import WSMsgType, web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from server import wire

Numbered = wire.Fix | wire.Signal | wire.Receipt


class TelemetryServer:
    """Keeps what it takes in by (outbox_id, seq), as the real one does, and counts what comes twice."""

    def __init__(self, public_key: Ed25519PublicKey, call_sign: str = "ET17") -> None:
        self.kept: dict[tuple[str, int], Numbered] = {}
        self.arrived: list[Numbered] = []
        self.statuses: list[wire.Status] = []
        self.hellos: list[wire.Hello] = []
        self.port = 0
        self.acks = True
        self.refuse: Callable[[Numbered], str] = lambda message: ""
        self.http_status = 0
        self.held_by_another = False
        self.call_sign = call_sign
        self.on_welcome: list[wire.Message] = []
        self.sockets: list[web.WebSocketResponse] = []
        self._public_key = public_key
        self._runner: web.AppRunner | None = None
        self._something = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen; on the same port as before if it has had one."""
        application = web.Application()
        application.router.add_get("/uplink/{device_id}", self._connect)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Gone, with all connections."""
        for socket in self.sockets:
            await socket.close()
        self.sockets.clear()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def until(self, condition: Callable[[], Any], seconds: float = 15.0) -> None:
        """Wait for something that the camera sends."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._something.clear()
                await self._something.wait()

    async def send(self, message: wire.Message) -> None:
        """To the camera that is connected now."""
        await self.sockets[-1].send_bytes(wire.pack(message))

    async def replace(self) -> None:
        """Another process with the camera's key has connected."""
        self.held_by_another = True
        await self.sockets[-1].close(code=4009, message=b"the camera has connected anew")

    def kinds(self) -> list[str]:
        """Of the signals that are kept, in the order of their numbers."""
        return [m.kind for _, m in sorted(self.kept.items()) if isinstance(m, wire.Signal)]

    def receipts(self) -> list[tuple[str, str]]:
        """(advice, state) of the receipts that are kept."""
        return [(m.advice_id, m.state) for _, m in sorted(self.kept.items()) if isinstance(m, wire.Receipt)]

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        if self.http_status:
            return web.Response(status=self.http_status)
        socket = web.WebSocketResponse(max_msg_size=wire.MAX_MESSAGE_BYTES)
        await socket.prepare(request)
        nonce = b"n" * 32
        await socket.send_bytes(wire.pack(wire.Challenge(nonce=nonce)))
        hello = wire.parse_from_camera(await socket.receive_bytes())
        assert isinstance(hello, wire.Hello)
        try:
            signed = wire.hello_to_sign(request.match_info["device_id"], hello.outbox_id, nonce)
            self._public_key.verify(hello.signature, signed)
        except InvalidSignature:
            await socket.close(code=4001, message=b"the signature is not this camera's")
            return socket
        self.hellos.append(hello)
        self._something.set()
        if self.held_by_another and hello.yields:
            await socket.close(code=4009, message=b"the camera has connected anew")
            return socket
        welcome = wire.Welcome(server_time=hello.at, call_sign=self.call_sign, whip_path="/whip/x", whip_token="tok")
        await socket.send_bytes(wire.pack(welcome))
        for message in self.on_welcome:
            await socket.send_bytes(wire.pack(message))
        self.sockets.append(socket)
        self._something.set()
        await self._read(socket, hello.outbox_id)
        return socket

    async def _read(self, socket: web.WebSocketResponse, outbox_id: str) -> None:
        async for raw in socket:
            assert raw.type is WSMsgType.BINARY
            message = wire.parse_from_camera(raw.data)
            if isinstance(message, wire.Status):
                self.statuses.append(message)
            elif not isinstance(message, wire.Hello):
                await self._take(socket, outbox_id, message)
            self._something.set()

    async def _take(self, socket: web.WebSocketResponse, outbox_id: str, message: Numbered) -> None:
        self.arrived.append(message)
        reason = self.refuse(message)
        if reason:
            await socket.send_bytes(wire.pack(wire.Refused(seq=message.seq, reason=reason)))
            return
        self.kept[outbox_id, message.seq] = message
        if self.acks:
            await socket.send_bytes(wire.pack(wire.Ack(seqs=[message.seq])))
