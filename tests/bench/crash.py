"""Crashes: what records is killed at random moments; what was committed is there, verifies, and goes on.

Every kill is followed by a start that goes on with the same recording. Expected: nothing that was committed is lost, at
most the segment in flight (≤ 2 s) is, and the recording verifies after each kill and at the end.

With `--server` it is a whole server that is killed, while a camera sends to it: at most 2 s before each kill are lost, and
it records again within 10 s of its start (reliability.md R5).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import tempfile
from pathlib import Path

from server.clock import SystemClock
from server.recording.folder import RecordingFolder
from server.recording.verifier import verify
from tests.bench.bars import exit_code
from tests.bench.server_crash import measure
from tests.server.recording.committing import crash
from tests.server.recording.recordings import BEGAN, IDENTITY, KEY


def main(argv: list[str]) -> int:
    """Run the benchmark; returns the exit code: 1 when anything was lost or blamed."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.bench crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="how many [100]")
    parser.add_argument("--within", type=float, default=0.15, metavar="S", help="after its first commit [0.15]")
    parser.add_argument("--seed", type=int, default=None, help="of the moments [by chance]")
    parser.add_argument(
        "--server",
        type=int,
        default=0,
        metavar="N",
        help="kill a whole server N times instead, and see what its camera's recording lost",
    )
    parser.add_argument("--folder", type=Path, default=None, help="on the disk that is to be tried [a temporary one]")
    given = parser.parse_args(argv)
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(1 << 32)
    with tempfile.TemporaryDirectory(dir=given.folder) as place:
        if given.server:
            return asyncio.run(measure(Path(place), given.server, seed))
        return _measure(Path(place), given.kills, given.within, seed)


def _measure(root: Path, kills: int, within_s: float, seed: int) -> int:
    chance = random.Random(seed)
    crashes = []
    for number in range(1, kills + 1):
        crashes.append(crash(root, chance.uniform(0, within_s)))
        for text in crashes[-1].trouble:
            print(f"kill {number}: {text}", flush=True)
    folder = RecordingFolder.resume(root, IDENTITY, SystemClock(), "server-restart")
    folder.close("officer", BEGAN, KEY)
    told = verify(str(root), [KEY.public_key])
    figures = {
        "kills": kills,
        "troubled": sum(bool(one.trouble) for one in crashes),
        "committed": crashes[-1].kept,
        "torn_lines": sum(one.torn > 0 for one in crashes),
        "beside_the_journal": sum(one.strays > 0 for one in crashes),
        "verdict": told["verdict"],
    }
    print(f"{'kills':32} {kills:>8}   (moments by seed {seed})")
    print(f"{'with something lost or blamed':32} {figures['troubled']:>8}   expected 0")
    print(f"{'segments committed in all':32} {figures['committed']:>8}")
    print(f"{'kills within a journal line':32} {figures['torn_lines']:>8}")
    print(f"{'kills before the journal line':32} {figures['beside_the_journal']:>8}")
    print(f"{'closed and signed at the end':32} {told['verdict']:>8}   expected INTACT")
    print(json.dumps({"benchmark": "crash", "seed": seed, "load": round(os.getloadavg()[0], 1), "figures": figures}))
    bars = {"nothing is lost or blamed": not figures["troubled"], "the recording is intact": not told["exit"]}
    return exit_code(what for what, holds in bars.items() if not holds)
