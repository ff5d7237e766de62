"""A process that commits segments until it is killed: `python -m tests.server.recording.committing ROOT`; and its killer."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.clock import SystemClock
from server.recording.folder import RecordingFolder
from server.recording.library import Library
from server.recording.segment import Segment
from server.recording.verifier import verify
from tests.server.recording.recordings import IDENTITY, new_folder, segment
from tests.source import ROOT

LAYERS = ("main", "sub")


@dataclass(frozen=True)
class Crash:
    """What was left after one kill: segments of which the process had said that they are safe, and those that are."""

    acknowledged: int
    kept: int
    torn: int  # bytes of a last line
    strays: int  # files beside the journal
    trouble: list[str]


def numbered(position: int) -> Segment:
    """The recording's segment number `position` over both layers; every tenth has a new initialisation."""
    number, layer = divmod(position, 2)
    return segment(number, LAYERS[layer], size=30_000, width=640 + number // 10 % 2)


def commit_until_killed(root: Path) -> None:
    """Go on with the recording, and say after each commit how many there are."""
    if Library(root).ids():
        folder = RecordingFolder.resume(root, IDENTITY, SystemClock(), "server-restart")
    else:
        folder = new_folder(root)
    position = sum(folder.last.values())
    while True:
        folder.commit(numbered(position))
        position += 1
        print(position, flush=True)


def crash(root: Path, after_s: float) -> Crash:
    """Start such a process, kill it `after_s` seconds after its first commit, and look at what is there."""
    words = [sys.executable, "-m", "tests.server.recording.committing", str(root)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first, "it could not go on with the recording"
        time.sleep(after_s)
        process.kill()
        # a line is written in one piece, so that even the last one is whole
        acknowledged = int([first, *process.stdout][-1])
    return looked_at(root, acknowledged)


def looked_at(root: Path, acknowledged: int) -> Crash:
    """Compare what is there with what had been said."""
    told = verify(str(root))
    trouble = [text for claim in claims(told) if claim["verdict"] == "FAIL" for text in claim["found"]]
    library = Library(root)
    entries = [entry for entry in library.entries(IDENTITY) if entry["kind"] == "segment"]
    kept = len(entries)
    if not acknowledged <= kept <= acknowledged + 1:
        trouble.append(f"{acknowledged} segments were committed, {kept} are there")
    for position, entry in enumerate(entries):
        content = library.path(IDENTITY, entry["file"]).read_bytes()
        if (entry["n"], content) != (position // 2 + 1, numbered(position).data):
            trouble.append(f"{entry['file']} is not what was committed at position {position}")
    journal = library.path(IDENTITY, "journal.jsonl").read_bytes()
    strays = sum("not in the journal" in note for note in told["recordings"][0]["notes"])
    return Crash(acknowledged, kept, len(journal) - journal.rindex(b"\n") - 1, strays, trouble)


def claims(told: dict[str, Any]) -> list[dict[str, Any]]:
    """All claims of a verification."""
    return [claim for one in told["recordings"] for claim in one["claims"]]


if __name__ == "__main__":
    commit_until_killed(Path(sys.argv[1]))
