"""Forwarding: processor time per packet, loss, memory; beside Janus (where it is installed) and aiortc's MediaRelay.

Cameras send 720p, 25 frames and 1.5 Mbit/s each, coded once; viewers are real DTLS-SRTP clients that count what comes
and decrypt one packet of 64. All servers run in this one run, one after the other, on a core of their own where there
are two; a ratio to another server of the same run is worth more than the figure itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from dataclasses import asdict, dataclass

from tests.bench.load import janus
from tests.bench.load.machine import Cores, address, cpu_ns, go_inside, memory_mb
from tests.bench.load.orders import Child
from tests.bench.load.servers import ENGINE, JANUS, JANUS_LOOPS, RELAY, serving

CASES = "1x10,1x50,1x400,10x10"
RELAY_CASES = "1x1,1x4"
SETTLE_S = 3.0  # joins are paced, and a camera answers with key frames

# media.md: ours at most so much of the other's; by processor time for MediaRelay, which does not deliver all frames.
BARS = {
    ("1x1", RELAY): 1 / 25,
    ("1x4", RELAY): 1 / 80,
    ("1x50", JANUS): 0.30,
    ("1x50", JANUS_LOOPS): 0.50,
}
CORE_BAR = ("1x400", 0.5)


@dataclass(frozen=True)
class Row:
    """One server with one load. `core` is the share of one core that it used, `frames_per_s` what each viewer got."""

    server: str
    case: str
    packets_per_s: float
    frames_per_s: float
    us_per_packet: float
    core: float
    lost: int
    silent: int
    forged: int
    memory_mb: float
    profiles: list[str]

    def ratio_of(self, other: Row) -> float:
        """This one's cost as a share of the other's."""
        if other.server == RELAY:
            return self.core / other.core
        return self.us_per_packet / other.us_per_packet


@dataclass(frozen=True)
class Options:
    """As they were given."""

    seconds: float
    spread_s: float
    media_workers: int
    woken: bool
    host: str
    cores: Cores


def main(argv: list[str]) -> int:
    """Run the benchmark; returns the exit code."""
    go_inside("forward", argv)
    parser = argparse.ArgumentParser(prog="python3 -m tests.bench forward", description=__doc__)
    parser.add_argument("--cases", default=CASES, help=f"cameras x viewers of each, beside Janus [{CASES}]")
    parser.add_argument("--relay-cases", default=RELAY_CASES, help=f"the same, beside MediaRelay [{RELAY_CASES}]")
    parser.add_argument("--seconds", type=float, default=8.0, help="measured for each server and case [8]")
    parser.add_argument("--spread", type=float, default=0.0, metavar="MS", help="a picture's packets come over MS [0]")
    parser.add_argument("--rounds", type=int, default=1, help="everything so often; the median of all is told [1]")
    parser.add_argument(
        "--media-workers", type=int, default=0, help="processes of this engine; 0: the server's own [0]"
    )
    parser.add_argument(
        "--woken",
        action="store_true",
        help="each packet wakes its viewer, as media.md measured; else viewers look every 10 ms",
    )
    parser.add_argument("--alone", action="store_true", help="this engine only")
    given = parser.parse_args(argv)
    cores = Cores.divided(max(1, given.media_workers))
    options = Options(given.seconds, given.spread / 1000, given.media_workers, given.woken, address(), cores)
    plan = _plan(_words(given.cases), _words(given.relay_cases), alone=given.alone)
    rows = asyncio.run(_measure_all(plan * given.rounds, options))
    _tell(_medians(rows), options)
    return 0


def _words(text: str) -> list[str]:
    return [word for word in text.split(",") if word]


def _plan(cases: list[str], relay_cases: list[str], *, alone: bool) -> list[tuple[str, str]]:
    """What to run, in order: server, case."""
    others = [JANUS, JANUS_LOOPS] if janus.installed() and not alone else []
    relay = [] if alone else [RELAY]
    plan = [(name, case) for case in relay_cases for name in (ENGINE, *relay)]
    return plan + [(name, case) for case in cases for name in (ENGINE, *others)]


async def _measure_all(plan: list[tuple[str, str]], options: Options) -> list[Row]:
    rows = []
    for name, case in plan:
        rows.append(await _measure(name, case, options))
        print(f"… {name}, {case}: {rows[-1].us_per_packet:.2f} µs a packet", flush=True)
    return rows


async def _measure(name: str, case: str, options: Options) -> Row:
    cameras, viewers = (int(word) for word in case.split("x"))
    load, host = options.cores.load, options.host
    workers = ["--media-workers", str(options.media_workers)] if name == ENGINE else []
    # MediaRelay needs more than the one core of the others, and without it delivers next to nothing
    cores = load | options.cores.server if name == RELAY else options.cores.server
    async with (
        serving(name, host, cameras, cores, *workers) as server,
        Child("tests.bench.load.publisher", cores=load) as publisher,
        Child("tests.bench.load.viewers", cores=load) as watching,
    ):
        await server.publish(publisher, host, options.spread_s)
        await asyncio.sleep(1.0)
        await watching.ask("join", urls=server.watch, count=cameras * viewers, host=host, timed=options.woken)
        await asyncio.sleep(SETTLE_S)
        spent, before = cpu_ns(server.pid), await watching.ask("read")
        await asyncio.sleep(options.seconds)
        after, spent = await watching.ask("read"), cpu_ns(server.pid) - spent
        await publisher.ask("read")
        seconds, packets = after["at"] - before["at"], after["packets"] - before["packets"]
        return Row(
            server=name,
            case=case,
            packets_per_s=packets / seconds,
            frames_per_s=(after["frames"] - before["frames"]) / seconds / after["viewers"],
            us_per_packet=spent / 1000 / packets if packets else float("nan"),
            core=spent / 1e9 / seconds,
            lost=after["expected"] - before["expected"] - packets,
            silent=after["silent"],
            forged=after["forged"],
            memory_mb=memory_mb(server.pid),
            profiles=after["profiles"],
        )


def _medians(rows: list[Row]) -> list[Row]:
    """Of each server and case the row that costs the median."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row.case, row.server), []).append(row)
    return [sorted(same, key=lambda row: row.us_per_packet)[len(same) // 2] for same in found.values()]


def _tell(rows: list[Row], options: Options) -> None:
    print(
        f"{'cameras x viewers of each':32} {'packets/s':>9} {'frames/s':>8} {'µs/packet':>9} {'core':>6} {'lost':>6} {'MB':>6}  ours to it"
    )
    ours = {row.case: row for row in rows if row.server == ENGINE}
    ratios = {}
    for row in rows:
        about = ""
        if row.server != ENGINE:
            ratio = ours[row.case].ratio_of(row)
            ratios[f"{row.case} {row.server}"] = round(ratio, 4)
            about = f"{ratio:.3f}{_verdict(ratio, BARS.get((row.case, row.server)))}"
        elif row.case == CORE_BAR[0]:
            about = f"core{_verdict(row.core, CORE_BAR[1])}"
        trouble = "".join(
            f", {count} {what}" for count, what in ((row.silent, "silent"), (row.forged, "forged")) if count
        )
        print(
            f"{row.case:8} {row.server:23} {row.packets_per_s:>9.0f} {row.frames_per_s:>8.1f} {row.us_per_packet:>9.2f} {row.core:>6.3f}"
            f" {row.lost:>6} {row.memory_mb:>6.0f}  {about}{trouble}"
        )
    if janus.installed() is None:
        print("Janus is not installed here: no figures beside it.")
    about_run = {
        "media_workers": options.media_workers,
        "woken": options.woken,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "spread_ms": 1000 * options.spread_s,
    }
    figures = {"rows": [asdict(row) for row in rows], "ratios": ratios}
    print(json.dumps({"benchmark": "forward", **about_run, "janus": janus.version(), **figures}))


def _verdict(value: float, bar: float | None) -> str:
    if bar is None:
        return ""
    return f" (≤ {bar:.3g}: {'ok' if value <= bar else 'over'})"
