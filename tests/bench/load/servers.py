"""The servers that are compared, each started on cores of its own: where to publish, where to watch, which process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.bench.load import janus
from tests.bench.load.orders import Child

ENGINE, RELAY, JANUS, JANUS_LOOPS = "watchroom", "MediaRelay", "Janus", "Janus event_loops=2"
EVENT_LOOPS = 2


@dataclass(frozen=True)
class Served:
    """A running server. `whip` are URLs, or `plain` are UDP ports for cameras; `child` is ours to ask, if it is one."""

    pid: int
    watch: list[str]
    whip: list[str]
    plain: list[int]
    child: Child | None = None

    async def publish(self, cameras: Child, host: str, spread_s: float = 0.0, *, remb: bool = False) -> None:
        """Have all cameras of this server send; see Cameras."""
        if self.plain:
            await cameras.ask("plain", ports=self.plain, spread_s=spread_s)
        else:
            await cameras.ask("publish", urls=self.whip, host=host, spread_s=spread_s, remb=remb)


@asynccontextmanager
async def serving(name: str, host: str, cameras: int, cores: frozenset[int], *options: str) -> AsyncIterator[Served]:
    """Start the server called `name` for so many cameras, and end it."""
    if name in (JANUS, JANUS_LOOPS):
        loops = EVENT_LOOPS if name == JANUS_LOOPS else 0
        async with janus.running(host, cameras, loops, cores) as running:
            yield Served(running.pid, running.urls, [], running.ports)
        return
    module = "engine_server" if name == ENGINE else "relay_server"
    async with Child(f"tests.bench.load.{module}", "--host", host, *options, cores=cores) as child:
        port = (await child.ask("port"))["port"]
        at = [f"http://{host}:{port}/{{}}/camera{number}" for number in range(cameras)]
        yield Served(child.pid, [url.format("whep") for url in at], [url.format("whip") for url in at], [], child)
