"""Cameras that cost little, as a process: pictures coded once, over WHIP and DTLS-SRTP, or as plain RTP.

`python3 -m tests.bench.load.publisher`; see `Cameras` for what may be ordered.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from tests.bench.load import orders, pictures
from tests.bench.load.endpoint import PAYLOAD_TYPE, SDP, SEND_TIME, Endpoint, Keyring

HEADER = struct.Struct("!BBHII")
SENDER_REPORT = struct.Struct("!BBHIQIII")  # RFC 3550 section 6.4.1, no block
NTP_EPOCH = 2_208_988_800
STAMP = struct.Struct("=4sd")  # a mark, and when it was sent (monotonic seconds)
STAMP_MARK = b"WRld"
STAMP_AT = 20  # in the payload: beyond what tells a key frame
KEY_FRAME_REQUEST = (206, 1)  # PLI
EXTENDED = struct.Struct("!BBHIIHHI")  # with one header extension of one byte's form and 3 bytes (RFC 8285 section 4.2)


@dataclass(frozen=True)
class Way:
    """How a camera's packets leave: those of a picture at once, or over `spread_s`.

    With a `mirror` they also go there, as they are, each stamped with the time at which it was sent. `tells_when`: each
    says in its header when it was sent (abs-send-time), as those of this project's cameras do.
    """

    seal: Callable[[bytes], bytes]
    send: Callable[[bytes], None]
    report: Callable[[bytes], None] | None = None
    spread_s: float = 0.0
    mirror: socket.socket | None = None
    tells_when: bool = False


class Camera:
    """One camera; `loop` holds a list of payloads for each picture, and the first is a key frame."""

    def __init__(self, loop: list[list[bytes]], frames_per_s: float, ssrc: int, way: Way) -> None:
        self._loop = loop
        self._frames_per_s = max(1, round(frames_per_s))
        self._every_s = 1 / frames_per_s
        self._ticks = round(90_000 / frames_per_s)
        self._ssrc = ssrc
        self._way = way
        self._next = 0
        self._sequence = 1000
        self.frames = 0
        self.packets = 0

    def on_feedback(self, compound: bytes) -> None:
        """A key frame was asked for: the next picture is one."""
        at = 0
        while at + 4 <= len(compound):
            if (compound[at + 1], compound[at] & 31) == KEY_FRAME_REQUEST:
                self._next = 0
            at += 4 + 4 * int.from_bytes(compound[at + 2 : at + 4], "big")

    async def run(self) -> None:
        """Send, each picture at its time."""
        began, way = time.monotonic(), self._way
        while True:
            await asyncio.sleep(max(0.0, began + self.frames * self._every_s - time.monotonic()))
            if self._way.report is not None and self.frames % self._frames_per_s == 0:
                self._way.report(self._sender_report())
            packets = self._picture()
            if way.mirror is not None:
                await self._send_twice(packets, way.mirror)
                continue
            for sealed in [way.seal(packet) for packet in packets]:
                way.send(sealed)
                if way.spread_s:
                    await asyncio.sleep(way.spread_s / len(packets))

    async def _send_twice(self, packets: list[bytes], mirror: socket.socket) -> None:
        for packet in packets:
            stamped = _stamped(packet)
            mirror.send(stamped)
            self._way.send(self._way.seal(stamped))

    def _picture(self) -> list[bytes]:
        payloads = self._loop[self._next]
        self._next = (self._next + 1) % len(self._loop)
        timestamp = self.frames * self._ticks & 0xFFFFFFFF
        self.frames += 1
        found = []
        for index, payload in enumerate(payloads):
            marker = 0x80 if index == len(payloads) - 1 else 0
            found.append(self._header(marker | PAYLOAD_TYPE, timestamp) + payload)
            self._sequence = (self._sequence + 1) & 0xFFFF
        self.packets += len(found)
        return found

    def _header(self, second: int, timestamp: int) -> bytes:
        if not self._way.tells_when:
            return HEADER.pack(0x80, second, self._sequence, timestamp, self._ssrc)
        sent = (SEND_TIME << 4 | 2) << 24 | int(time.time() * (1 << 18)) & 0xFFFFFF
        return EXTENDED.pack(0x90, second, self._sequence, timestamp, self._ssrc, 0xBEDE, 1, sent)

    def _sender_report(self) -> bytes:
        now, timestamp = int((time.time() + NTP_EPOCH) * 2**32), self.frames * self._ticks & 0xFFFFFFFF
        return SENDER_REPORT.pack(0x80, 200, 6, self._ssrc, now, timestamp, self.packets, 0)


def _stamped(packet: bytes) -> bytes:
    start = 12 + STAMP_AT
    if len(packet) < start + STAMP.size:
        return packet
    return packet[:start] + STAMP.pack(STAMP_MARK, time.monotonic()) + packet[start + STAMP.size :]


def stamp_in(packet: bytes) -> float | None:
    """When a packet was sent, if it says so."""
    if len(packet) < 12 + STAMP_AT + STAMP.size:
        return None
    mark, at = STAMP.unpack_from(packet, 12 + STAMP_AT)
    return float(at) if mark == STAMP_MARK else None


class Cameras:
    """What may be ordered: `publish`, `plain`, `read`."""

    def __init__(self, folder: Path) -> None:
        self._keyring = Keyring(folder)
        self._loops: dict[pictures.Size, list[list[bytes]]] = {}
        self._cameras: list[Camera] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._closing: list[Callable[[], None]] = []

    async def publish(
        self,
        urls: list[str],
        host: str,
        spread_s: float = 0.0,
        mirror: tuple[str, int] | None = None,
        tiny: bool = False,
        sub: bool = False,
        remb: bool = False,
        tokens: Sequence[str] = (),
    ) -> dict[str, Any]:
        """One camera for each URL, with its token if the server wants one.

        A `tiny` one sends two small key frames a second, a `sub` one a sub layer's pictures, one with
        `remb` says when it sent each packet, to hear what its uplink carries. See Way for the rest.
        """
        to_mirror = None
        if mirror is not None:
            to_mirror = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            to_mirror.connect(tuple(mirror))
            self._closing.append(to_mirror.close)
        async with ClientSession() as http:
            for index, url in enumerate(urls):
                endpoint = Endpoint(self._keyring, host, lambda size: None)
                self._closing.append(endpoint.close)
                way = Way(endpoint.seal, endpoint.send, endpoint.send_feedback, spread_s, to_mirror, tells_when=remb)
                camera = self._camera(endpoint.ssrc, way, pictures.SUB if sub else pictures.MAIN, tiny=tiny)
                endpoint.on_feedback = camera.on_feedback
                headers = SDP | ({"Authorization": f"Bearer {tokens[index]}"} if tokens else {})
                async with http.post(url, data=endpoint.offer("sendonly", remb=remb), headers=headers) as response:
                    assert response.status == 201, await response.text()
                    endpoint.take(await response.text())
                await endpoint.until_connected()
                await self._start(camera, len(urls))
        return {"published": len(self._cameras)}

    async def plain(self, ports: list[int], spread_s: float = 0.0) -> dict[str, Any]:
        """One camera for each UDP port of 127.0.0.1: unencrypted RTP."""
        for port in ports:
            way = Way(bytes, self._sender_to(port), spread_s=spread_s)
            await self._start(self._camera(port, way, pictures.MAIN, tiny=False), len(ports))
        return {"published": len(self._cameras)}

    def _sender_to(self, port: int) -> Callable[[bytes], None]:
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.connect(("127.0.0.1", port))
        self._closing.append(sender.close)

        def send(packet: bytes) -> None:
            sender.send(packet)

        return send

    def _camera(self, ssrc: int, way: Way, size: pictures.Size, *, tiny: bool) -> Camera:
        if size not in self._loops:
            self._loops[size] = pictures.coded_loop(size)
        loop = self._loops[size]
        if tiny:
            return Camera([[loop[0][0][:200]]], 2.0, ssrc, way)
        return Camera(loop, size.frames_per_s, ssrc, way)

    async def _start(self, camera: Camera, of: int) -> None:
        self._cameras.append(camera)
        self._tasks.append(asyncio.get_running_loop().create_task(camera.run()))
        await asyncio.sleep(1 / pictures.MAIN.frames_per_s / of)  # not all send at the same moment

    async def read(self) -> dict[str, Any]:
        """What was sent so far. Fails if a camera has failed."""
        for task in self._tasks:
            if task.done():
                task.result()
        frames, packets = sum(one.frames for one in self._cameras), sum(one.packets for one in self._cameras)
        return {"frames": frames, "packets": packets}

    def close(self) -> None:
        """Send no more."""
        for task in self._tasks:
            task.cancel()
        for close in self._closing:
            close()


async def main() -> None:
    """Until the parent closes."""
    with tempfile.TemporaryDirectory() as folder:
        cameras = Cameras(Path(folder))
        await orders.obey({"publish": cameras.publish, "plain": cameras.plain, "read": cameras.read})
        cameras.close()


if __name__ == "__main__":
    asyncio.run(main())
