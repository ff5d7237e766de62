"""Many units without a camera's cost: each a real uplink that says once a second where its officer is.

What a busy room's console has to carry. Pictures, where a test wants some, are published by somebody else.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from server import wire
from tests.raw_console import RawConsole

MARKET_PLACE = (51.36, 1.03)  # latitude and longitude of the demo's town
METRE = (1 / 111_320, 1 / 69_600)  # in degrees, there
ROUND_M, ROUND_S = 40.0, 60.0  # each walks round a block
EVERY_S = 1.0
STATUS_EVERY = 5  # fixes


class Walker:
    """One unit. Its place in the town follows from its number; it walks round its block for ever."""

    def __init__(self, number: int, call_sign: str, device_id: str, key: Ed25519PrivateKey, *, records: bool) -> None:
        self.call_sign = call_sign
        self.device_id = device_id
        self.records = records
        self._number = number
        self._key = key
        self._seq = 0
        self.welcome: wire.Welcome

    async def connect(self, session: aiohttp.ClientSession, url: str) -> None:
        """Be admitted, as a camera is."""
        self._socket = await session.ws_connect(f"{url.replace('http', 'ws', 1)}/uplink/{self.device_id}")
        challenge = wire.parse_from_server((await self._socket.receive()).data)
        assert isinstance(challenge, wire.Challenge), challenge
        outbox_id = secrets.token_hex(8)
        signature = self._key.sign(wire.hello_to_sign(self.device_id, outbox_id, challenge.nonce))
        await self._say(wire.Hello(outbox_id=outbox_id, at=time.time(), software="crowd", signature=signature))
        welcome = wire.parse_from_server((await self._socket.receive()).data)
        assert isinstance(welcome, wire.Welcome), welcome
        self.welcome = welcome

    async def leave(self) -> None:
        """End the connection."""
        await self._socket.close()

    async def read(self) -> None:
        """Take what the server says, which is nothing to such a one."""
        async for _ in self._socket:
            continue

    async def walk(self, step: int) -> None:
        """The next second of its round."""
        if step % STATUS_EVERY == 0:
            recording: wire.RecordingState = "recording" if self.records else "buffering"
            at = time.time()
            await self._say(wire.Status(at=at, recording=recording, streaming=self.records, battery_pct=80))
        turn = 2 * math.pi * (step * EVERY_S / ROUND_S + self._number * 0.618)
        ring, spoke = 150 + 45 * (self._number % 16), self._number * 2.399963  # a sunflower's: none on another
        north = ring * math.cos(spoke) + ROUND_M * math.cos(turn)
        east = ring * math.sin(spoke) + ROUND_M * math.sin(turn)
        await self._say(
            wire.Fix(
                seq=self._next(),
                at=time.time(),
                lat=MARKET_PLACE[0] + north * METRE[0],
                lon=MARKET_PLACE[1] + east * METRE[1],
                accuracy_m=6.0,
                speed_mps=1.4,
                heading_deg=(math.degrees(turn) + 90) % 360,
            )
        )

    async def signal(self, kind: wire.SignalKind) -> None:
        """What its officer, or the kit, does."""
        await self._say(wire.Signal(seq=self._next(), at=time.time(), kind=kind))

    async def _say(self, message: wire.Message) -> None:
        await self._socket.send_bytes(wire.pack(message))

    def _next(self) -> int:
        self._seq += 1
        return self._seq


class Crowd:
    """Units on one server, registered over its API; they walk until the context ends."""

    def __init__(self, desk: RawConsole) -> None:
        self._desk = desk  # of an admin
        self.url = desk.url
        self.walkers: list[Walker] = []
        self._closing = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._session = await self._closing.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        )
        return self

    async def join(self, names: Sequence[tuple[str, str]], recording: int = 0) -> None:
        """Register units (call sign, wearer) and have them walk; the first `recording` of them record."""
        joined = []
        for number, (call_sign, wearer) in enumerate(names, len(self.walkers)):
            fields = {"call_sign": call_sign, "wearer": wearer, "collar_number": f"{1000 + number}"}
            status, found = await self._desk.post("/api/devices", fields)
            assert status == 201, found
            key = load_pem_private_key(found["private_key"].encode(), None)
            assert isinstance(key, Ed25519PrivateKey)
            records = number - len(self.walkers) < recording
            joined.append(Walker(number, call_sign, found["device_id"], key, records=records))
        for walker in joined:
            await walker.connect(self._session, self.url)
            self._tasks.append(asyncio.create_task(walker.read()))
        self.walkers += joined
        self._tasks.append(asyncio.create_task(self._walk(joined)))

    async def _walk(self, walkers: list[Walker]) -> None:
        """Not all in one moment: the second is spread over them."""
        began, step = time.monotonic(), 0
        while True:
            for index, walker in enumerate(walkers):
                due = began + (step + index / len(walkers)) * EVERY_S
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                await walker.walk(step)
            step += 1

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()  # whoever fell over says so
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(walker.leave() for walker in self.walkers))
        await self._closing.aclose()
