"""Verifying: megabytes per second of the verifier, from a folder and from a bundle, beside `sha256sum` in the same run.

One recording is written by the real RecordingFolder; everything is read several times in turn, from memory, and the
median is told. Expected: 10 GB in at most 60 s on two cores.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from server.recording import verifier
from tests.bench.figures import Figure, tell
from tests.server.recording.recordings import BEGAN, KEY, bundle, new_folder, segment

WHOLE_MB = 10_000
LONGEST_S = 60


def main(argv: list[str]) -> int:
    """Run the benchmark; returns the exit code: 1 if a bar was missed, 2 if it cannot be run here."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.bench verify", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=512, help="of the recording [512]")
    parser.add_argument("--segment", type=int, default=400, help="kB: 2 s at 1.6 Mbit/s [400]")
    parser.add_argument("--rounds", type=int, default=5, help="everything so often [5]")
    parser.add_argument("--folder", type=Path, default=None, help="on the disk that is to be tried [a temporary one]")
    given = parser.parse_args(argv)
    if shutil.which("sha256sum") is None:
        print("The program `sha256sum` is not installed.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(dir=given.folder) as place:
        return _measure(Path(place), given.megabytes, given.segment * 1000, given.rounds)


def _measure(place: Path, megabytes: int, size: int, rounds: int) -> int:
    root = place / "recordings"
    folder = new_folder(root)
    for number in range(megabytes * 1_000_000 // size):
        folder.commit(segment(number, size=size))
    folder.close("officer", BEGAN, KEY)
    read_mb = sum(path.stat().st_size for path in root.rglob("*") if path.is_file()) / 1e6
    packed = bundle(place / "bundle.zip", root)
    files = sorted(str(path) for path in root.rglob("*.m4s"))
    runs: dict[str, Callable[[], None]] = {
        "sha256sum": lambda: _run(["xargs", "-0", "sha256sum"], files),
        "sha256sum_twice": lambda: _run(["xargs", "-0", "-P", "2", "-n", str(-(-len(files) // 2)), "sha256sum"], files),
        "folder": lambda: _run([sys.executable, "-I", "-S", verifier.__file__, str(root)]),
        "bundle": lambda: _run([sys.executable, "-I", "-S", verifier.__file__, str(packed)]),
    }
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            taken[name].append(time.perf_counter() - began)
    middle = {name: sorted(seconds)[len(seconds) // 2] for name, seconds in taken.items()}
    names = ("one sha256sum", "two sha256sum at once", "verify, a folder", "verify, a bundle (ZIP)")
    figures = [
        Figure(name, what, "MB/s", [read_mb / seconds for seconds in taken[name]], "p50", None)
        for name, what in zip(runs, names, strict=True)
    ]
    for name, what in (("folder", "a folder"), ("bundle", "a bundle")):
        ratio = [100 * middle["sha256sum"] / middle[name]]
        figures.append(Figure(f"{name}_ratio", f"verify, {what}, to one sha256sum", "%", ratio, "value", None))
        whole = [WHOLE_MB / read_mb * middle[name]]
        figures.append(Figure(f"{name}_10gb", f"verify, {what}: 10 GB at this rate", "s", whole, "value", LONGEST_S))
    about = {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1), "megabytes": round(read_mb)}
    return tell("verify", figures, about)


def _run(words: list[str], names: list[str] | None = None) -> None:
    """Raises CalledProcessError when it is not content."""
    given = "\0".join(names).encode() if names else None
    subprocess.run(words, input=given, stdout=subprocess.DEVNULL, check=True)
