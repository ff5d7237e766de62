"""The fault table R1 to R4: a camera behind an emulated link that fails, seen by Chromium and aiortc, and recorded. Needs root.

Each fault is done to a running camera (a drawn street, two layers, sound) between two network namespaces; the viewers are
on the server's side. What is recorded is read from disk afterwards, without what the camera uploads later. `R1` to `R4`
choose; without, all are done.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from dataclasses import asdict, dataclass

from tests.bench.bars import Bar, exit_code
from tests.links import faults
from tests.links.faults import CALM, Seen, Stretch, Told, Watching
from tests.links.kept import Kept
from tests.links.link_model import Conditions
from tests.links.namespaces import why_not
from tests.links.scene import PICTURE, Scene

OUTAGES = {2.0: 1.0, 10.0: 2.0, 60.0: 5.0}  # seconds off: the picture is back within so many
LOSSES = {0.05: (0.97, 2.0), 0.10: (0.97, 2.0), 0.20: (0.95, 3.0)}  # (share of the pictures, longest gap)
RECORDING = "recording"
FROZEN_SHARE = 0.20
ADAPTED_SHARE = 0.90  # R4: of what the camera sends once it has adapted
SETTLE_S = 10.0  # R4: "no freeze > 3 s after the first 10 s"
CALM_AGAIN_S = 8.0  # between faults: the estimate of the uplink recovers
ALERT_S = 1.0
DECLARED_SHARE = 0.9  # R1: of the outage, by the gap in the recording
INTACT = "INTACT"
LINKS = {
    "300 ms jitter": Conditions(jitter_s=0.3),
    "300 ms jitter, reordering": Conditions(jitter_s=0.3, reorder=True),
    "250 kbit/s": Conditions(rate_bps=250_000, delay_s=0.03),
}


@dataclass(frozen=True)
class Row:
    """One figure beside its bar. `at_least`: the bar is a floor."""

    fault: str
    viewer: str
    what: str
    value: float
    bar: float
    unit: str = "s"
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the bar is reached."""
        return Bar(self.bar, self.at_least).holds(self.value)

    def line(self) -> str:
        """For people."""
        sign, verdict = Bar(self.bar, self.at_least).sign, "ok" if self.holds else "MISSED"
        value, bar = (f"{one:.1%}" if self.unit == "%" else f"{one:.2f} {self.unit}" for one in (self.value, self.bar))
        return f"{self.fault:34} {self.viewer:9} {self.what:26} {value:>9}  {sign} {bar:<8} {verdict}"


def main(argv: list[str]) -> int:
    """Run the benchmark; returns the exit code: 1 if a bar was missed, 2 if it cannot be run here."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.bench links", description=__doc__)
    parser.add_argument("faults", nargs="*", help="R1 R2 R3 R4 [all]")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each link of R2 to R4 is watched [60]")
    options = parser.parse_args(argv)
    reason = why_not()
    if reason is not None:
        print(f"cannot be run here: {reason}", file=sys.stderr)
        return 2
    rows = asyncio.run(_measure(set(options.faults) or set(FAULTS), options.seconds))
    found = [asdict(row) | {"value": round(row.value, 3), "holds": row.holds} for row in rows]
    about = {"seconds": options.seconds, "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
    print(json.dumps({"benchmark": "links", **about, "picture": " ".join(PICTURE), "figures": found}))
    return exit_code(" ".join(row.line().split()) for row in rows if not row.holds)


async def _measure(wanted: set[str], seconds: float) -> list[Row]:
    rows: list[Row] = []
    async with Scene() as scene, faults.watched(scene) as watching:
        for name in sorted(wanted):
            found = await FAULTS[name](watching, seconds)
            for row in found:
                print(row.line(), flush=True)
            rows += found
            await asyncio.sleep(CALM_AGAIN_S)
        await scene.camera.press("record_stop")
        verdict = await watching.recordings.verdict()
        rows.append(Row("the recording", RECORDING, f"is {verdict}", float(verdict == INTACT), 1, "", at_least=True))
        print(rows[-1].line(), flush=True)
    return rows


async def _outages(watching: Watching, _: float) -> list[Row]:
    rows = []
    for off_s, within_s in OUTAGES.items():
        outage = await faults.camera_off(watching, off_s)
        fault = f"R1 camera off for {off_s:.0f} s"
        rows.append(Row(fault, "Chromium", "tile no longer says LIVE", outage.told_s, 3.0))
        rows += [Row(fault, viewer, "picture is back after", back, within_s) for viewer, back in outage.back_s.items()]
        rows += _one_recording(fault, outage.kept)
        declared = outage.kept.gap_s["main"]
        rows.append(Row(fault, RECORDING, "gap declared", declared, DECLARED_SHARE * off_s, at_least=True))
        await asyncio.sleep(CALM_AGAIN_S)
    return rows


async def _new_address(watching: Watching, seconds: float) -> list[Row]:
    shown = watching.scene.camera.printed.count("Picture reaches control.")
    seen = await faults.new_address(watching, seconds)
    fault = "R2 new mapped address"
    again = watching.scene.camera.printed.count("Picture reaches control.") - shown
    ended = Row(fault, "", f"sessions ended in {seconds:.0f} s", again, 0, "")
    return [*_of_all(fault, seen, share=0.97, gap_s=2.0), ended]


async def _losses(watching: Watching, seconds: float) -> list[Row]:
    rows = []
    for loss, (share, gap_s) in LOSSES.items():
        lossy = Conditions(loss=loss, delay_s=CALM.delay_s)
        fault = f"R3 {loss:.0%} lost both ways"
        seen = await faults.over(watching, lossy, lossy, seconds, 2.0)
        rows += _of_all(fault, seen, share, gap_s)
        if loss <= 0.10:
            rows += [Row(fault, one.viewer, "time frozen", one.frozen_share, FROZEN_SHARE, "%") for one in seen.viewers]
        await asyncio.sleep(CALM_AGAIN_S)
    return rows


async def _poor_links(watching: Watching, seconds: float) -> list[Row]:
    rows = []
    async with watching.scene.desk() as desk:
        rows += _told("R4 a calm link, to compare", await faults.telemetry(watching.scene, desk))
        for name, up in LINKS.items():
            down = Conditions(delay_s=up.delay_s, jitter_s=up.jitter_s, reorder=up.reorder)
            looking = asyncio.create_task(faults.over(watching, up, down, seconds, SETTLE_S))
            await asyncio.sleep(SETTLE_S)
            told = await faults.telemetry(watching.scene, desk)
            rows += _of_all(f"R4 {name}", await looking, ADAPTED_SHARE, 3.0)
            rows += _told(f"R4 {name}", told)
            await asyncio.sleep(CALM_AGAIN_S)
    return rows


def _told(fault: str, told: Told) -> list[Row]:
    return [
        Row(fault, "desk", f"slowest of {len(told.alerts_s)} alerts", max(told.alerts_s), ALERT_S),
        Row(fault, "desk", "oldest position", told.oldest_fix_s, 3.0),
    ]


def _of_all(fault: str, seen: Seen, share: float, gap_s: float) -> list[Row]:
    kept = seen.kept
    declared = f"recorded ({kept.gaps} gaps declared)"
    rows = [row for one in seen.viewers for row in _of(fault, one, share, gap_s)]
    return [*rows, Row(fault, RECORDING, declared, kept.share, share, "%", at_least=True), *_one_recording(fault, kept)]


def _one_recording(fault: str, kept: Kept) -> list[Row]:
    return [Row(fault, RECORDING, "recordings that it lies in", kept.recordings, 1, "")]


def _of(fault: str, seen: Stretch, share: float, gap_s: float) -> list[Row]:
    return [
        Row(fault, seen.viewer, "pictures decoded", seen.share, share, "%", at_least=True),
        Row(fault, seen.viewer, "longest gap", seen.longest_gap_s, gap_s),
    ]


FAULTS = {"R1": _outages, "R2": _new_address, "R3": _losses, "R4": _poor_links}
