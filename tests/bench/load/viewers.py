"""Viewers that cost little, thousands in one process: connected as any client is, then they count packets.

`python3 -m tests.bench.load.viewers`; see `Viewers` for what may be ordered.
"""

from __future__ import annotations

import asyncio
import struct
import tempfile
import time
from pathlib import Path
from typing import Any, Protocol

from aiohttp import ClientSession, TCPConnector

from tests.bench.load import janus, orders
from tests.bench.load.endpoint import CONNECT_WITHIN_S, SDP, Endpoint, Keyring

OPENED_OF = 64  # one packet of so many is decrypted, to be sure that they are genuine
LOOK_S = 0.01
REPORT_S = 1.0
REPORT_SLICES = 20
RECEIVER_REPORT = struct.Struct("!BBHIIIIIII")  # RFC 3550 section 6.4.2, one block


class Signalling(Protocol):
    """How a viewer comes to its transport, and how it leaves."""

    async def join(self, endpoint: Endpoint) -> None:
        """Exchange SDP; the endpoint then connects by itself."""

    async def leave(self) -> None:
        """Say that it is over."""


class Whep:
    """WHEP: POST the offer, DELETE the session."""

    def __init__(self, http: ClientSession, url: str) -> None:
        self._http = http
        self._url = url
        self._session = ""

    async def join(self, endpoint: Endpoint) -> None:
        """See Signalling. Waits where the server asks for it."""
        offer = endpoint.offer("recvonly")
        while True:
            async with self._http.post(self._url, data=offer, headers=SDP) as response:
                text = await response.text()
                if response.status == 201:
                    break
                assert "Retry-After" in response.headers, text
            await asyncio.sleep(float(response.headers["Retry-After"]))
        self._session = str(response.url.with_path(response.headers["Location"]))
        endpoint.take(text)

    async def leave(self) -> None:
        """See Signalling."""
        async with self._http.delete(self._session) as response:
            assert response.status == 200, await response.text()


class Viewer:
    """One viewer's transport and what it has counted. Times are monotonic seconds."""

    def __init__(self, keyring: Keyring, host: str, signalling: Signalling) -> None:
        self._received = keyring.received
        self.endpoint = Endpoint(keyring, host, self._on_rtp)
        self.signalling = signalling
        self.packets = self.frames = self.bytes = self.genuine = self.forged = 0
        self.first_at: float | None = None
        self.frame_at: float | None = None  # the first whole picture
        self._first = self._highest = self._ssrc = 0

    async def connect(self) -> None:
        """Join, and wait for the transport."""
        await asyncio.wait_for(self.signalling.join(self.endpoint), CONNECT_WITHIN_S)
        await self.endpoint.until_connected()

    @property
    def expected(self) -> int:
        """How many packets there should have been."""
        return self._highest - self._first + 1 if self.packets else 0

    def _on_rtp(self, size: int) -> None:
        received = self._received
        sequence = received[2] << 8 | received[3]
        self.packets += 1
        self.bytes += size
        if self.first_at is None:
            self.first_at = time.monotonic()
            self._first = self._highest = sequence
            self._ssrc = int.from_bytes(received[8:12], "big")
        step = (sequence - self._highest) & 0xFFFF
        if step < 0x8000:
            self._highest += step
        if received[1] & 0x80:  # the last packet of a picture
            self.frames += 1
            if self.frame_at is None and self.packets == self.expected:
                self.frame_at = time.monotonic()
        if self.packets % OPENED_OF == 1:
            if self.endpoint.opens(size) is None:
                self.forged += 1
            else:
                self.genuine += 1

    def report(self) -> None:
        """A receiver report, as every client sends one."""
        if self.packets and not self.endpoint.is_closed:
            self.endpoint.send_feedback(RECEIVER_REPORT.pack(0x81, 201, 7, 1, self._ssrc, 0, self._highest, 0, 0, 0))


class Viewers:
    """What may be ordered: `join`, `leave`, `knock`, `read`."""

    def __init__(self, folder: Path, http: ClientSession) -> None:
        self._keyring = Keyring(folder)
        self._http = http
        self._viewers: list[Viewer] = []
        self._unwoken: list[Viewer] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def join(
        self, urls: list[str], count: int, host: str, at_once: int = 4, timed: bool = False
    ) -> dict[str, Any]:
        """`count` new viewers, dealt out over the URLs (`janus:…` for a Janus), so many of them at once.

        Returns when all are connected. `timed` ones are woken by each packet, so that their times are true; the others
        look every LOOK_S.
        """
        loop = asyncio.get_running_loop()
        if not self._tasks:
            self._tasks = [loop.create_task(self._report()), loop.create_task(self._look())]
        turn = asyncio.Semaphore(at_once)
        began = time.monotonic()

        async def one(number: int) -> Viewer:
            async with turn:
                viewer = Viewer(self._keyring, host, self._signalling(urls[number % len(urls)]))
                await viewer.connect()
                if not timed:
                    viewer.endpoint.look_by_itself()
                    self._unwoken.append(viewer)
                return viewer

        found = await asyncio.gather(*[one(number) for number in range(count)])
        self._viewers += found
        return {"connected": len(found), "seconds": time.monotonic() - began, "began": began}

    def _signalling(self, url: str) -> Signalling:
        if url.startswith(janus.SCHEME):
            return janus.Watching(self._http, url)
        return Whep(self._http, url)

    async def leave(self, count: int, how: str) -> dict[str, Any]:
        """The newest `count` viewers go: `delete` tells the server by HTTP, `goodbye` by DTLS, `silence` not at all."""
        leaving, self._viewers = (
            self._viewers[len(self._viewers) - count :],
            self._viewers[: len(self._viewers) - count],
        )
        self._unwoken = [viewer for viewer in self._unwoken if viewer not in set(leaving)]
        for viewer in leaving:
            if how == "delete":
                await viewer.signalling.leave()
            viewer.endpoint.close(goodbye=how == "goodbye")
        return {"left": len(leaving)}

    async def knock(self, url: str, count: int, host: str) -> dict[str, Any]:
        """`count` offers of clients that never connect."""
        for _ in range(count):
            endpoint = Endpoint(self._keyring, host, lambda size: None)
            async with self._http.post(url, data=endpoint.offer("recvonly"), headers=SDP) as response:
                assert response.status == 201, await response.text()
            endpoint.close()
        return {"knocked": count}

    async def read(self, since: int = 0) -> dict[str, Any]:
        """Totals so far; of the viewers from number `since` on, first packet and first picture in ms after connecting."""
        every, newest = self._viewers, self._viewers[since:]
        return {
            "at": time.monotonic(),
            "viewers": len(every),
            "packets": sum(one.packets for one in every),
            "expected": sum(one.expected for one in every),
            "frames": sum(one.frames for one in every),
            "bytes": sum(one.bytes for one in every),
            "genuine": sum(one.genuine for one in every),
            "forged": sum(one.forged for one in every),
            "silent": sum(one.first_at is None for one in every),
            "profiles": sorted({one.endpoint.profile for one in every}),
            "first_ms": [_ms(one.first_at, one.endpoint.connected_at) for one in newest],
            "frame_ms": [_ms(one.frame_at, one.endpoint.connected_at) for one in newest],
            "last_first_at": max((one.first_at or 0.0 for one in newest), default=0.0),
        }

    def close(self) -> None:
        """No more viewers; nobody is told."""
        for task in self._tasks:
            task.cancel()
        for viewer in self._viewers:
            viewer.endpoint.close()

    async def _look(self) -> None:
        """For those that are not woken. Loopback wakes a reader at its sender's cost, which no network does."""
        while True:
            for viewer in self._unwoken:
                viewer.endpoint.drain()
            await asyncio.sleep(LOOK_S)

    async def _report(self) -> None:
        """Each viewer once a second, not all at the same moment."""
        while True:
            for slice_ in range(REPORT_SLICES):
                for viewer in self._viewers[slice_::REPORT_SLICES]:
                    viewer.report()
                await asyncio.sleep(REPORT_S / REPORT_SLICES)


def _ms(at: float | None, since: float) -> float | None:
    return round(1000 * (at - since), 2) if at is not None else None


async def main() -> None:
    """Until the parent closes."""
    with tempfile.TemporaryDirectory() as folder:
        async with ClientSession(connector=TCPConnector(limit=0)) as http:
            viewers = Viewers(Path(folder), http)
            kinds: dict[str, orders.Doing] = {
                "join": viewers.join,
                "leave": viewers.leave,
                "knock": viewers.knock,
                "read": viewers.read,
            }
            await orders.obey(kinds)
            viewers.close()


if __name__ == "__main__":
    asyncio.run(main())
