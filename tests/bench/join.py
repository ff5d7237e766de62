"""Joining: set-up cost beside RTCPeerConnection, first picture, 200 joins at once, growth over 10,000 joins and leaves."""

from __future__ import annotations

import argparse
import asyncio
import os
from contextlib import AsyncExitStack
from typing import Any

from tests.bench.figures import Figure, tell
from tests.bench.load.machine import Cores, address, cpu_ns, go_inside, memory_mb
from tests.bench.load.orders import Child
from tests.bench.load.servers import ENGINE, RELAY, Served, serving
from tests.patience import until
from tests.server.media.tables import grown

SETTLE_S = 2.0
WATCHING = 50  # while the storm comes
LONGEST_FIRST_S = 30.0
FORGOTTEN_S = 40.0  # a client that never connected is let go after 15 s, one that fell silent after 30 s
ROUND = 100
MODULE = "tests.bench.load."


def main(argv: list[str]) -> int:
    """Run the benchmark; returns the exit code: 1 if a bar was missed."""
    go_inside("join", argv)
    parser = argparse.ArgumentParser(prog="python3 -m tests.bench join", description=__doc__)
    parser.add_argument("--setups", type=int, default=100, help="viewers of which the set-up is measured [100]")
    parser.add_argument("--samples", type=int, default=40, help="of the first picture [40]")
    parser.add_argument("--storm", type=int, default=200, help="joins at once [200]")
    parser.add_argument("--joins", type=int, default=10_000, help="joins and leaves, looked at for growth [10000]")
    options = parser.parse_args(argv)
    return asyncio.run(_measure(options))


async def _measure(options: argparse.Namespace) -> int:
    host, cores = address(), Cores.divided()
    ours = await _setup_ms(ENGINE, options.setups, host, cores)
    theirs = await _setup_ms(RELAY, options.setups, host, cores)
    figures = [
        Figure("setup", "set-up of a viewer, processor time", "ms", [ours], "value", None),
        Figure("setup_aiortc", "the same with RTCPeerConnection", "ms", [theirs], "value", None),
        Figure("setup_ratio", "ours to it", "%", [100 * ours / theirs], "value", 50),
        await _first_pictures(options.samples, host, cores),
        *await _storm(options.storm, host, cores),
    ]
    grew, growth = await _growth(options.joins, host, cores)
    about = {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1), "joins": options.joins, "grown": grew}
    for name, (before, after) in grew.items():
        print(f"grew: {name}, {before} → {after}")
    return tell("join", [*figures, *growth], about)


async def _loaded(
    stack: AsyncExitStack, name: str, host: str, cores: Cores, *options: str, tiny: bool = False
) -> tuple[Served, Child]:
    """A server with one camera that sends, and a process for viewers."""
    server = await stack.enter_async_context(serving(name, host, 1, cores.server, *options))
    camera = await stack.enter_async_context(Child(MODULE + "publisher", cores=cores.load))
    await camera.ask("publish", urls=server.whip, host=host, tiny=tiny)
    await asyncio.sleep(SETTLE_S)
    return server, await stack.enter_async_context(Child(MODULE + "viewers", cores=cores.load))


async def _setup_ms(name: str, count: int, host: str, cores: Cores) -> float:
    """Server's processor time from the offer to the keys, with next to no media to forward."""
    options = ["--idle"] if name == RELAY else []
    async with AsyncExitStack() as stack:
        server, viewers = await _loaded(stack, name, host, cores, *options, tiny=True)
        await viewers.ask("join", urls=server.watch, count=5, host=host)  # what is loaded once
        before = cpu_ns(server.pid)
        await viewers.ask("join", urls=server.watch, count=count, host=host)
        return (cpu_ns(server.pid) - before) / 1e6 / count


async def _first_pictures(samples: int, host: str, cores: Cores) -> Figure:
    """From the keys to the last packet of the first whole picture: one viewer after the other."""
    found: list[float] = []
    async with AsyncExitStack() as stack:
        server, viewers = await _loaded(stack, ENGINE, host, cores)
        for number in range(samples):
            await viewers.ask("join", urls=server.watch, count=1, host=host, timed=True)
            found += (await _until_seen(viewers))["frame_ms"]
            await viewers.ask("leave", count=1, how="delete")
            await asyncio.sleep(0.2 + 0.037 * (number % 10))  # at another place of the camera's pictures each time
    return Figure("first_picture", "first whole picture after connecting, cached", "ms", found, "p50", 30)


async def _until_seen(viewers: Child) -> dict[str, Any]:
    """What the viewers have counted once each has had a whole picture."""

    async def all_seen() -> dict[str, Any] | None:
        read = await viewers.ask("read")
        return None if None in read["frame_ms"] else read

    seen: dict[str, Any] = await until(all_seen, "each viewer has had a whole picture", LONGEST_FIRST_S)
    return seen


async def _storm(count: int, host: str, cores: Cores) -> list[Figure]:
    """Many join at once while others watch: how soon all have a packet, and what the others lose."""
    async with AsyncExitStack() as stack:
        server, watching = await _loaded(stack, ENGINE, host, cores)
        await watching.ask("join", urls=server.watch, count=WATCHING, host=host)
        storm = await stack.enter_async_context(Child(MODULE + "viewers", cores=cores.load))
        await asyncio.sleep(SETTLE_S)
        before = await watching.ask("read")
        joined = await storm.ask("join", urls=server.watch, count=count, host=host, at_once=count, timed=True)
        seen = await _until_seen(storm)
        after = await watching.ask("read")
    lost = (after["expected"] - before["expected"]) - (after["packets"] - before["packets"])
    seconds = seen["last_first_at"] - joined["began"]
    return [
        Figure("storm", f"{count} at once: until all have a first packet", "s", [seconds], "value", None),
        Figure("storm_first", "the same, first packet after connecting", "ms", seen["first_ms"], "p95", None),
        Figure("storm_lost", f"the same, lost by {WATCHING} who were watching", "packets", [float(lost)], "value", 0),
    ]


async def _growth(joins: int, host: str, cores: Cores) -> tuple[dict[str, tuple[int, int]], list[Figure]]:
    """Joins and leaves of every kind: what the engine holds after them all, against after the first half.

    A half, because memory that so many needed at once stays with the process. Returns what grew.
    """
    async with AsyncExitStack() as stack:
        server, viewers = await _loaded(stack, ENGINE, host, cores, tiny=True)
        assert server.child is not None
        await _come_and_go(server, viewers, joins // 2, host)
        await asyncio.sleep(FORGOTTEN_S)
        before, memory = await server.child.ask("tables"), memory_mb(server.pid)
        await _come_and_go(server, viewers, joins // 2, host)
        await asyncio.sleep(FORGOTTEN_S)
        after, grown_mb = await server.child.ask("tables"), memory_mb(server.pid) - memory
    least = max(ROUND, joins // 200)
    grew = {
        name: sizes for what in ("sizes", "living") for name, sizes in grown(before[what], after[what], least).items()
    }
    many = f"after {joins} joins and leaves, against half of them"
    return grew, [
        Figure("memory", "the server's memory then", "MB", [memory + grown_mb], "value", None),
        Figure("grown_mb", f"memory {many}", "MB", [grown_mb], "value", None),
        Figure("grown_files", f"open files {many}", "", [float(after["files"] - before["files"])], "value", 0),
        Figure("grown_tables", "tables and kinds of objects that grew", "", [float(len(grew))], "value", 0),
    ]


async def _come_and_go(server: Served, viewers: Child, joins: int, host: str) -> None:
    """Of each 100: 70 say goodbye by HTTP, 20 by DTLS, 5 fall silent, and 5 never connect."""
    for _ in range(joins // ROUND):
        await viewers.ask("join", urls=server.watch, count=95, host=host)
        await viewers.ask("knock", url=server.watch[0], count=5, host=host)
        for count, how in ((70, "delete"), (20, "goodbye"), (5, "silence")):
            await viewers.ask("leave", count=count, how=how)
