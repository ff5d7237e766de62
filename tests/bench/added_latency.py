"""What the media engine adds to a packet's way: part of `latency`.

A camera sends each packet twice, through the server and straight to the viewer; the viewer compares the two arrivals.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from tests.bench.figures import Figure
from tests.bench.load.machine import Cores
from tests.bench.load.orders import Child
from tests.bench.load.servers import ENGINE, serving

HOST = "127.0.0.1"
OTHERS = 200
SETTLE_S = 3.0
MODULE = "tests.bench.load."


async def added_latency(seconds: float) -> list[Figure]:
    """Each measured for `seconds`: one viewer alone, then one that half of OTHERS come before, and half after."""
    alone, crowded = await _arrivals(0, seconds), await _arrivals(OTHERS, seconds)
    return [
        Figure("direct_path", "a packet's way without the server", "ms", alone["direct_ms"], "p50", None),
        *_figures("added", "added by the server", alone["added_ms"], 3, 8),
        *_figures("added_crowded", f"the same with {OTHERS} other viewers", crowded["added_ms"], 10, 20),
    ]


async def _arrivals(others: int, seconds: float) -> dict[str, list[float]]:
    cores = Cores.divided()
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(ENGINE, HOST, 1, cores.server))
        camera = await stack.enter_async_context(Child(MODULE + "publisher", cores=cores.load))
        viewers = await stack.enter_async_context(Child(MODULE + "viewers", cores=cores.load))
        probe = await stack.enter_async_context(Child(MODULE + "probe", "--host", HOST, cores=cores.load))
        mirror = (await probe.ask("mirror"))["address"]
        await camera.ask("publish", urls=server.whip, host=HOST, mirror=mirror)
        await asyncio.sleep(SETTLE_S)
        await viewers.ask("join", urls=server.watch, count=others // 2, host=HOST)
        await probe.ask("watch", url=server.watch[0])
        await viewers.ask("join", urls=server.watch, count=others - others // 2, host=HOST)
        await asyncio.sleep(SETTLE_S)  # a join brings old packets from the cache
        await probe.ask("read")
        await asyncio.sleep(seconds)
        return await probe.ask("read")


def _figures(name: str, what: str, samples: list[float], p50: float, p95: float) -> list[Figure]:
    """Both bars of media.md."""
    return [
        Figure(f"{name}_p50", what, "ms", samples, "p50", p50),
        Figure(f"{name}_p95", what, "ms", samples, "p95", p95),
    ]
