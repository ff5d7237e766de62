"""A bad network: a UDP relay between a client and the engine that loses, delays and queues packets, and changes addresses."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

QUEUE_S = 0.3  # what a home router or a cell keeps


def is_rtp(datagram: bytes) -> bool:
    """SRTP, neither SRTCP nor DTLS nor STUN."""
    return len(datagram) > 12 and 128 <= datagram[0] < 192 and not 192 <= datagram[1] < 224


class _Upstream(asyncio.DatagramProtocol):
    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def datagram_received(self, datagram: bytes, address: tuple[str, int]) -> None:
        self._relay.from_server(datagram)


class Bottleneck:
    """Passes `bps` on, in order, each datagram `delay_s` later; what would wait longer than `queue_s` is lost."""

    def __init__(self, bps: float, *, delay_s: float = 0.03, queue_s: float = 2.0) -> None:
        self.bps = bps
        self.delay_s = delay_s
        self.queue_s = queue_s
        self.passed = 0  # bytes
        self.lost = 0
        self.waits: list[float] = []  # seconds that each waited in the queue
        self._free_at = 0.0

    def take(self, datagram: bytes, forward: Callable[[bytes], None]) -> None:
        """Call `forward` with the datagram when it is through; 28 bytes of it are IP's and UDP's."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        waits = max(0.0, self._free_at - now)
        if waits > self.queue_s:
            self.lost += 1
            return
        size = len(datagram) + 28
        self._free_at = now + waits + 8 * size / self.bps
        self.passed += size
        self.waits.append(waits)
        loop.call_at(self._free_at + self.delay_s, forward, datagram)


class Relay(asyncio.DatagramProtocol):
    """One client. `loss_up` and `loss_down` are shares of the RTP packets that get lost; `uplink` what it is up to.

    `rate_down` in bit/s is what the way to the client carries, None for all; what would wait longer than QUEUE_S is
    dropped.
    """

    def __init__(self, server: tuple[str, int], seed: int) -> None:
        self._server = server
        self._chance = random.Random(seed)
        self._client: tuple[str, int] | None = None
        self._upstreams: list[asyncio.DatagramTransport] = []
        self.transport: asyncio.DatagramTransport | None = None
        self.loss_up = 0.0
        self.loss_down = 0.0
        self.never_up: set[int] = set()  # sequence numbers that do not come through, however often
        self.once_down: Callable[[bytes], bool] | None = None  # the first datagram of which it is true is lost
        self.rate_down: float | None = None
        self._free_at = 0.0
        self.uplink: Bottleneck | None = None
        self.lost = 0
        self.sent_down = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    async def rebind(self) -> None:
        """As a NAT that forgot: from now on the server sees another source port."""
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Upstream(self), remote_addr=self._server
        )
        if self._upstreams:
            self._upstreams[-1].close()
        self._upstreams.append(transport)

    def datagram_received(self, datagram: bytes, address: tuple[str, int]) -> None:
        self._client = address
        never = int.from_bytes(datagram[2:4], "big") in self.never_up
        if is_rtp(datagram) and (never or self._chance.random() < self.loss_up):
            self.lost += 1
            return
        if self.uplink is not None:
            self.uplink.take(datagram, self._send_up)
        else:
            self._send_up(datagram)

    def _send_up(self, datagram: bytes) -> None:
        if not self._upstreams[-1].is_closing():
            self._upstreams[-1].sendto(datagram)

    def from_server(self, datagram: bytes) -> None:
        if self.once_down is not None and self.once_down(datagram):
            self.once_down = None
            self.lost += 1
            return
        if is_rtp(datagram):
            self.sent_down += 1
            if self._chance.random() < self.loss_down:
                self.lost += 1
                return
        if self.rate_down is not None:
            self._queue_down(datagram, self.rate_down)
        else:
            self._send_down(datagram)

    def _queue_down(self, datagram: bytes, rate: float) -> None:
        loop = asyncio.get_running_loop()
        starts = max(loop.time(), self._free_at)
        if starts - loop.time() > QUEUE_S:
            self.lost += 1
            return
        self._free_at = starts + len(datagram) * 8 / rate
        loop.call_at(self._free_at, self._send_down, datagram)

    def _send_down(self, datagram: bytes) -> None:
        if self.transport is not None and self._client is not None:
            self.transport.sendto(datagram, self._client)

    def through(self, answer: str) -> str:
        """The answer, with the relay as its only candidate."""
        assert self.transport is not None
        host, port = self.transport.get_extra_info("sockname")
        lines = [line for line in answer.split("\r\n") if not re.match(r"a=candidate:(?!1 )", line)]
        changed = re.sub(r"(a=candidate:1 1 udp \d+) \S+ \d+", rf"\1 {host} {port}", "\r\n".join(lines))
        assert f"{host} {port} typ host" in changed
        return changed

    def close(self) -> None:
        for transport in (self.transport, *self._upstreams):
            if transport is not None:
                transport.close()


@asynccontextmanager
async def bad_network(port: int, seed: int = 1) -> AsyncIterator[Relay]:
    """A relay to the engine's `port`."""
    _, relay = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Relay(("127.0.0.1", port), seed), local_addr=("127.0.0.1", 0)
    )
    try:
        await relay.rebind()
        yield relay
    finally:
        relay.close()
        await asyncio.sleep(0)
