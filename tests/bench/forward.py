"""Forwarding: processor time per packet, loss, memory; beside Janus (where it is installed) and aiortc's MediaRelay.

Cameras send 720p, 25 frames and 1.5 Mbit/s each, coded once; viewers are real DTLS-SRTP clients that count what comes
and decrypt one packet of 64. All servers run in this one run, one after the other, on a core of their own where there
are two; a ratio to another server of the same round is worth more than the figure itself. Each packet wakes its viewer,
as media.md measured; its bars hold for that. More than 200 viewers look every 10 ms: to wake them takes more than the
load's core, and the cameras, which share it, would send fewer pictures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import asdict, dataclass

from tests.bench.bars import exit_code
from tests.bench.forward_table import HEAD, Row, tabled
from tests.bench.load import janus
from tests.bench.load.machine import Cores, address, cpu_ns, described, go_inside, memory_mb
from tests.bench.load.orders import Child
from tests.bench.load.servers import ENGINE, JANUS, JANUS_LOOPS, RELAY, serving

CASES = "1x10,1x50,1x400,10x10"
RELAY_CASES = "1x1,1x4,1x10"
MOST_WOKEN = 200
SETTLE_S = 3.0  # joins are paced, and a camera answers with key frames


@dataclass(frozen=True)
class Options:
    """As they were given."""

    seconds: float
    rounds: int
    spread_s: float
    media_workers: int
    woken: bool
    remb: bool
    host: str
    cores: Cores


def main(argv: list[str]) -> int:
    """Run the benchmark; returns the exit code: 1 if a bar was missed."""
    go_inside("forward", argv)
    parser = argparse.ArgumentParser(prog="python3 -m tests.bench forward", description=__doc__)
    parser.add_argument("--cases", default=CASES, help=f"cameras x viewers of each, beside Janus [{CASES}]")
    parser.add_argument("--relay-cases", default=RELAY_CASES, help=f"the same, beside MediaRelay [{RELAY_CASES}]")
    parser.add_argument("--seconds", type=float, default=8.0, help="measured for each server and case [8]")
    parser.add_argument("--spread", type=float, default=0.0, metavar="MS", help="a picture's packets come over MS [0]")
    parser.add_argument("--rounds", type=int, default=3, help="everything so often; the median of all is told [3]")
    parser.add_argument(
        "--media-workers", type=int, default=0, help="processes of this engine; 0: the server's own [0]"
    )
    parser.add_argument(
        "--unwoken", action="store_true", help="viewers look every 10 ms, as behind a network; without bars"
    )
    parser.add_argument(
        "--remb",
        action="store_true",
        help="cameras want to hear what their uplink carries, as those of this project do",
    )
    parser.add_argument("--alone", action="store_true", help="this engine only")
    given = parser.parse_args(argv)
    cores = Cores.divided(max(1, given.media_workers))
    options = Options(
        seconds=given.seconds,
        rounds=given.rounds,
        spread_s=given.spread / 1000,
        media_workers=given.media_workers,
        woken=not given.unwoken,
        remb=given.remb,
        host=address(),
        cores=cores,
    )
    about = described()  # before the load is the benchmark's own
    plan = planned(_words(given.cases), _words(given.relay_cases), alone=given.alone)
    return _tell(asyncio.run(_measure_all(plan * given.rounds, options)), options, about)


def _words(text: str) -> list[str]:
    return [word for word in text.split(",") if word]


def planned(cases: list[str], relay_cases: list[str], *, alone: bool) -> list[tuple[str, str]]:
    """What to run in a round, in order: server, case. Ours once for each case, right before those that it is beside."""
    others = [JANUS, JANUS_LOOPS] if janus.installed() and not alone else []
    plan = []
    for case in dict.fromkeys([*relay_cases, *cases]):
        plan.append((ENGINE, case))
        plan += [(RELAY, case)] if case in relay_cases and not alone else []
        plan += [(name, case) for name in others if case in cases]
    return plan


async def _measure_all(plan: list[tuple[str, str]], options: Options) -> list[Row]:
    rows = []
    for name, case in plan:
        rows.append(await _measure(name, case, options))
        print(f"… {name}, {case}: {rows[-1].us_per_packet:.2f} µs a packet", flush=True)
    return rows


async def _measure(name: str, case: str, options: Options) -> Row:
    cameras, viewers = (int(word) for word in case.split("x"))
    load, host = options.cores.load, options.host
    woken = options.woken and cameras * viewers <= MOST_WOKEN
    workers = ["--media-workers", str(options.media_workers)] if name == ENGINE else []
    # MediaRelay needs more than the one core of the others, and without it delivers next to nothing
    cores = load | options.cores.server if name == RELAY else options.cores.server
    async with (
        serving(name, host, cameras, cores, *workers) as server,
        Child("tests.bench.load.publisher", cores=load) as publisher,
        Child("tests.bench.load.viewers", cores=load) as watching,
    ):
        await server.publish(publisher, host, options.spread_s, remb=options.remb)
        await asyncio.sleep(1.0)
        await watching.ask("join", urls=server.watch, count=cameras * viewers, host=host, timed=woken)
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


def _tell(rows: list[Row], options: Options, about: dict[str, str]) -> int:
    lines = tabled(rows, judged=options.woken)
    mode = f"each packet wakes its viewer, up to {MOST_WOKEN}" if options.woken else "viewers look every 10 ms"
    print(f"\n{'; '.join(about.values())}; Janus {janus.version() or 'is not installed'}")
    mode += "; cameras with REMB" if options.remb else ""
    print(
        f"{mode}; {options.seconds:g} s each, rounds: {options.rounds} (the median; the worst loss and memory)\n\n{HEAD}"
    )
    for line in lines:
        print(line.markdown())
    settings = {
        "rounds": options.rounds,
        "seconds": options.seconds,
        "media_workers": options.media_workers,
        "woken": options.woken,
        "remb": options.remb,
        "spread_ms": 1000 * options.spread_s,
        "janus": janus.version(),
    }
    ratios = {
        f"{one.row.case} {one.row.server}": [round(ratio, 4) for ratio in one.ratios] for one in lines if one.ratios
    }
    figures = {"rows": [asdict(row) for row in rows], "ratios": ratios}
    print(json.dumps({"benchmark": "forward", **about, **settings, **figures}))
    return exit_code(what for line in lines for what in line.missed)
