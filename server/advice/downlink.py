"""The way down to the cameras: whatever waits for one is sent by the process that holds its connection.

What waits is state, not a queue: each source says what the camera should know now, and what this connection has
not been told is sent. So a lost doorbell, a reconnect or a change of process neither loses nor repeats anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from server import wire
from server.bus import Body, Bus, Topic
from server.errors import Unavailable

log = structlog.get_logger(__name__)

LOOK_AGAIN_S = 15.0  # a doorbell that was lost without a trace


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a camera should know."""

    key: str
    message: wire.Message


Source = Callable[[str], Awaitable[Sequence[Item]]]  # device_id → what it should know now
Send = Callable[[bytes], Awaitable[None]]


class Link:
    """One camera's connection, as the downlink sees it."""

    def __init__(self, device_id: str, send: Send, sources: Sequence[Source]) -> None:
        self.device_id = device_id
        self._send = send
        self._sources = sources
        self._told: dict[str, wire.Message] = {}
        self._wake = asyncio.Event()
        self._wake.set()
        self._ended = False

    def wake(self) -> None:
        """Something may wait."""
        self._wake.set()

    def end(self) -> None:
        """The connection is gone: `run` returns, but not in the middle of asking the database."""
        self._ended = True
        self._wake.set()

    async def run(self) -> None:
        """Send what waits, now and whenever woken, until `end` or until sending fails."""
        while True:
            try:
                await asyncio.wait_for(self._wake.wait(), LOOK_AGAIN_S)
            except TimeoutError:
                log.debug("looking again", device_id=self.device_id)
            self._wake.clear()
            if self._ended:
                return
            try:
                await self._send_new()
            except ConnectionResetError:
                log.info("the camera has gone", device_id=self.device_id)
                return
            except Unavailable as error:
                log.warning("downlink waits for the database", device_id=self.device_id, reason=error.detail)
                await asyncio.sleep(1.0)
                self._wake.set()

    async def _send_new(self) -> None:
        current = [item for source in self._sources for item in await source(self.device_id)]
        kept = {item.key for item in current}
        self._told = {key: message for key, message in self._told.items() if key in kept}
        for item in current:
            if self._told.get(item.key) == item.message:
                continue
            await self._send(wire.pack(item.message))
            self._told[item.key] = item.message


class Downlink:
    """The connections of this process, and the doorbell that reaches every process."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._sources: list[Source] = []
        self._links: dict[str, set[Link]] = {}
        bus.subscribe(Topic.DOWNLINK, self._rung)
        bus.on_reconnect(self._wake_all)

    def add_source(self, source: Source) -> None:
        """Let `source` say what cameras should know. (Sources need `ring` themselves, so they are added later.)"""
        self._sources.append(source)

    async def ring(self, device_id: str) -> None:
        """Something waits for this camera; the process that holds its connection looks."""
        await self._bus.publish(Topic.DOWNLINK, {"device_id": device_id})

    async def serve(self, device_id: str, send: Send, gone: asyncio.Future[None]) -> None:
        """Send what waits for a camera over its connection, until it is `gone` or sending fails."""
        link = self.attach(device_id, send)
        gone.add_done_callback(lambda _gone: link.end())
        try:
            await link.run()
        finally:
            self.detach(link)

    def attach(self, device_id: str, send: Send) -> Link:
        """A camera has connected."""
        link = Link(device_id, send, tuple(self._sources))
        self._links.setdefault(device_id, set()).add(link)
        return link

    def detach(self, link: Link) -> None:
        """The camera's connection has ended."""
        among = self._links.get(link.device_id, set())
        among.discard(link)
        if not among:
            self._links.pop(link.device_id, None)

    def wake(self, device_id: str) -> None:
        """What a camera should know may have changed; of no effect where this process does not hold it."""
        for link in self._links.get(device_id, ()):
            link.wake()

    def _rung(self, body: Body) -> None:
        self.wake(str(body.get("device_id")))

    def _wake_all(self) -> None:
        for links in self._links.values():
            for link in links:
                link.wake()
