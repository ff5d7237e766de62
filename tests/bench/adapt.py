"""The picture's rate against the uplink's: 2000, 250, 1000, 110, 600 kbit/s through an emulated link, a real camera and
server. Of 110 kbit/s sound, headers and telemetry take nearly half.

Each second: what the link carries, what the camera uses of it, how long a small packet waits behind the picture. Alerts
go over the same link. Needs Linux and root (network namespaces).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.figures import Figure, tell
from tests.installation import END_S
from tests.links.emulator import DEVICE, FAR
from tests.links.link_model import Conditions
from tests.links.namespaces import why_not
from tests.links.scene import Scene
from tests.patience import until
from tests.raw_console import RawConsole

PROFILE_KBIT = (2000, 250, 1000, 110, 600)
SETTLED_AFTER_S = 10
STANDING_MS = 300  # a queue shorter than this holds up nobody
CALM_S = 3  # so long it has to stay short
RECOVERED = 0.8  # of what the link carries
ALERT_EVERY_S = 4
ALERT_MS = 1000  # an alert is never behind video

# Ten small packets a second with the time of sending: what an alert's packet would wait.
PROBE = """
import socket, struct, sys, time
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    out.sendto(struct.pack("!d", time.time()), (sys.argv[1], int(sys.argv[2])))
    time.sleep(0.1)
"""


@dataclass
class Second:
    """One second of a run."""

    at: int
    capacity_kbit: int
    used_kbit: float
    waits_ms: list[float] = field(default_factory=list)

    @property
    def standing_ms(self) -> float:
        """What a small packet waited, in the middle; a second in which none arrived is a long wait."""
        ordered = sorted(self.waits_ms) or [10_000.0]
        return ordered[len(ordered) // 2]


@dataclass(frozen=True)
class Alert:
    """From holster to console."""

    capacity_kbit: int
    took_ms: float
    is_settled: bool  # the link's rate was what it is for SETTLED_AFTER_S


def main(argv: list[str]) -> int:
    """Run the benchmark; returns the exit code: 1 if a bar was missed, 2 if it cannot be run here."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.bench adapt", description=__doc__)
    parser.add_argument("--seconds", type=int, default=30, help="of each stretch [30]")
    parser.add_argument("--delay", type=int, default=30, help="of the link, each way, ms [30]")
    parser.add_argument("--queue", type=int, default=120, help="that the link can hold, kB [120]")
    parser.add_argument("--size", default="960x540", help="of the picture [960x540]")
    parser.add_argument("--fps", default="15", help="of the picture [15]")
    options = parser.parse_args(argv)
    missing = why_not()
    if missing is not None:
        print(f"The link cannot be emulated: {missing}.", file=sys.stderr)
        return 2
    return asyncio.run(_measure(options))


async def _measure(options: argparse.Namespace) -> int:
    picture = ("--size", options.size, "--fps", options.fps, "--bitrate", "2000000", "--recording", "on")
    async with Scene(picture) as scene, scene.desk() as desk:
        with closing(Probe(scene)) as probe:
            seconds: list[Second] = []
            alerts: list[Alert] = []
            pressing = asyncio.create_task(_alerts(scene, desk, seconds, options.seconds, alerts))
            try:
                for capacity in PROFILE_KBIT:
                    up = Conditions(
                        delay_s=options.delay / 1000, rate_bps=capacity * 1000, queue_bytes=options.queue * 1000
                    )
                    scene.network.change(up=up, down=Conditions(delay_s=options.delay / 1000))
                    await _stretch(capacity, options, probe, seconds)
            finally:
                pressing.cancel()
                await asyncio.gather(pressing, return_exceptions=True)
        stretches = [seconds[k * options.seconds : (k + 1) * options.seconds] for k in range(len(PROFILE_KBIT))]
        about = {"profile_kbit": PROFILE_KBIT, "seconds": options.seconds, "cores": os.cpu_count()}
        return tell(
            "adapt", [*_figures(stretches[:3]), _of_alerts(alerts), *_narrow_figures(stretches[3:], alerts)], about
        )


class Probe:
    """Hears the camera's side say its time, ten times a second, over the link."""

    def __init__(self, scene: Scene) -> None:
        self.waits_s: list[float] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((FAR, 0))
        self._socket.setblocking(False)
        asyncio.get_running_loop().add_reader(self._socket, self._hear)
        words = [*scene.network.camera_side, sys.executable, "-c", PROBE, FAR, str(self._socket.getsockname()[1])]
        self._process = subprocess.Popen(words, start_new_session=True)

    def _hear(self) -> None:
        self.waits_s.append(time.time() - struct.unpack("!d", self._socket.recv(64))[0])

    def taken(self) -> list[float]:
        """What was heard since the last time, seconds under way."""
        found, self.waits_s = self.waits_s, []
        return found

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(END_S)
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()


async def _stretch(capacity: int, options: argparse.Namespace, probe: Probe, seconds: list[Second]) -> None:
    print(f"{'':4} {'carries':>8} {'used':>8} {'standing':>9}")
    arrived = _arrived_bytes()
    for _ in range(options.seconds):
        began = time.monotonic()
        await asyncio.sleep(1)
        passed = time.monotonic() - began
        before, arrived = arrived, _arrived_bytes()
        waits = [1000 * wait - options.delay for wait in probe.taken()]
        second = Second(len(seconds) + 1, capacity, (arrived - before) * 8 / 1000 / passed, waits)
        seconds.append(second)
        print(f"{second.at:4} {capacity:8} {second.used_kbit:8.0f} {second.standing_ms:6.0f} ms", flush=True)


def _arrived_bytes() -> int:
    """What has come out of the link on this side (this thread is in the server's namespace)."""
    for line in Path("/proc/thread-self/net/dev").read_text().splitlines():
        name, _, counts = line.partition(":")
        if name.strip() == DEVICE:
            return int(counts.split()[0])
    raise RuntimeError("the link's device is gone")


async def _alerts(scene: Scene, desk: RawConsole, seconds: list[Second], stretch_s: int, taken: list[Alert]) -> None:
    """From the holster's sensor to a console, over and over, while the stretches' `seconds` are added."""
    while True:
        at = len(seconds)  # when it was pressed
        took_ms = await _alert(scene, desk)
        taken.append(Alert(PROFILE_KBIT[at // stretch_s], took_ms, at % stretch_s >= SETTLED_AFTER_S))
        await scene.camera.press("taser.safe")
        await asyncio.sleep(ALERT_EVERY_S)


async def _alert(scene: Scene, desk: RawConsole) -> float:
    seen, began = len(desk.bodies("alert")), time.time()
    await scene.camera.press("taser.armed")
    await until(lambda: len(desk.bodies("alert")) > seen, "the alert is at the console", 60)
    return 1000 * (time.time() - began)


def _figures(stretches: Sequence[Sequence[Second]]) -> list[Figure]:
    calm = [second for stretch in stretches for second in stretch[SETTLED_AFTER_S:]]
    fall, rise = stretches[1], stretches[2]
    unused = [100 * max(0.0, 1 - second.used_kbit / second.capacity_kbit) for second in calm]
    mean_unused = sum(unused) / len(unused)
    standing = [wait for second in calm for wait in second.waits_ms]
    return [
        Figure("unused", "left unused after 10 s, mean", "% of capacity", [mean_unused], "value", 20),
        Figure("settled", "queue short again after the fall", "s", [_settled(fall)], "value", 10),
        Figure("recovered", "80 % used after the rise", "s", [_recovered(rise)], "value", 15),
        Figure("standing", "a small packet waits, after 10 s", "ms", standing, "p95", 300),
    ]


def _narrow_figures(stretches: Sequence[Sequence[Second]], alerts: Sequence[Alert]) -> list[Figure]:
    """Of the fall to 110 kbit/s and the rise after it."""
    fall, rise = stretches
    standing = [wait for second in fall[SETTLED_AFTER_S:] for wait in second.waits_ms]
    took = [one.took_ms for one in alerts if one.capacity_kbit == fall[0].capacity_kbit and one.is_settled]
    at_once = [one.took_ms for one in alerts if one.capacity_kbit == fall[0].capacity_kbit and not one.is_settled]
    where = f"{fall[0].capacity_kbit} kbit/s"
    return [
        Figure("narrow_settled", f"{where}: queue short again after the fall", "s", [_settled(fall)], "value", 10),
        Figure("narrow_standing", f"{where}: a small packet waits, after 10 s", "ms", standing, "p95", 300),
        Figure("narrow_alert", f"{where}: alert, after 10 s", "ms", took, "p95", ALERT_MS),
        # No bar: what stood in the link's own queue when the camera heard of the fall cannot be taken back.
        Figure("narrow_alert_fall", f"{where}: alert, in the first 10 s", "ms", at_once, "p95", None),
        Figure("narrow_recovered", f"{where}: 80 % used after the rise", "s", [_recovered(rise)], "value", 15),
    ]


def _settled(fall: Sequence[Second]) -> int:
    """Seconds until the queue is short, and stays so."""
    for n in range(len(fall)):
        if all(one.standing_ms < STANDING_MS for one in fall[n : n + CALM_S]):
            return n
    return len(fall)


def _recovered(rise: Sequence[Second]) -> int:
    """Seconds until the camera uses most of what the link carries."""
    return next((n for n, one in enumerate(rise) if one.used_kbit >= RECOVERED * one.capacity_kbit), len(rise))


def _of_alerts(alerts: Sequence[Alert]) -> Figure:
    took = [one.took_ms for one in alerts if one.capacity_kbit in PROFILE_KBIT[:3]]
    return Figure("alert", "alert, holster to console, all the time until then", "ms", took, "p95", ALERT_MS)
