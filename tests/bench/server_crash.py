"""A real server and a camera that records: SIGKILL at random moments, and what that cost."""

from __future__ import annotations

import asyncio
import os
import random
import time
from functools import partial
from pathlib import Path

from server.recording.library import Library
from server.recording.verifier import Entry, verify
from tests.bench.bars import exit_code
from tests.bench.figures import Figure, tell
from tests.installation import Camera, Installation, Server
from tests.patience import until

LOST_S, AGAIN_S = 2.0, 10.0
WITHIN_S = (2.0, 8.0)  # of its life, from the first segment on
LONG_S = 60.0


async def measure(root: Path, kills: int, seed: int) -> int:
    """Tell the seconds lost before each kill, and until it recorded again; returns the exit code."""
    chance = random.Random(seed)
    installation = Installation(root / "data", ("--media-workers", "0"))
    key = installation.add_camera("ET17", "PC Marsh", "0417")
    library = Library(root / "data" / "recordings")
    lost, again = [], []
    with Server(installation) as server:
        await server.serve()
        with Camera(key, server.url, "--recording", "on") as camera:
            camera.start()
            await until(lambda: segments(library), "it is recorded", LONG_S)
            for number in range(kills):
                await asyncio.sleep(chance.uniform(*WITHIN_S))
                server.kill()
                killed_at = time.time()
                lost.append(max(0.0, killed_at - end_of(segments(library))))
                count = len(segments(library))
                records_again = partial(_are_more_than, library, count)
                started_at = time.time()
                await server.serve()
                await until(records_again, "it records again", LONG_S)
                again.append(segments(library)[count]["at"] - started_at)
                print(f"kill {number + 1}: {lost[-1]:.2f} s lost, recorded again after {again[-1]:.2f} s", flush=True)
            await camera.press("record_stop")
            await until(lambda: all(library.manifest(one) for one in library.ids()), "it is closed and signed", LONG_S)
    told = verify(str(root / "data" / "recordings"))
    figures = [
        Figure("lost", "media lost before a kill", "s", lost, "p95", LOST_S),
        Figure("again", "from the start until a segment is safe", "s", again, "p95", AGAIN_S),
    ]
    recordings = len(library.ids())
    about = {"kills": kills, "seed": seed, "recordings": recordings, "verdict": told["verdict"]}
    print(f"{recordings} recording, {told['verdict']}; expected 1, INTACT   (moments by seed {seed})")
    missed = tell("crash", figures, {**about, "load": round(os.getloadavg()[0], 1)})
    bars = {"it is one recording": recordings == 1, "the recording is intact": not told["exit"]}
    return missed or exit_code(what for what, holds in bars.items() if not holds)


def _are_more_than(library: Library, count: int) -> bool:
    return len(segments(library)) > count


def segments(library: Library) -> list[Entry]:
    """Those of the main layer that are safe on disk, each with the server's time of its end, in order."""
    return [
        {**entry, "ended_at": opened["epoch"] + entry["start"] + entry["duration"]}
        for one in library.ids()
        for opened, *entries in [library.entries(one)]
        for entry in entries
        if entry["kind"] == "segment" and entry["layer"] == "main"
    ]


def end_of(found: list[Entry]) -> float:
    """When the last of them ends, on the server's clock."""
    return max(float(entry["ended_at"]) for entry in found)
