"""What going on with a recording needs of what lies in its folder: where its journal ends, and what a crash left beside it.

Of a long journal only the end is read: 600 cameras that return after eight hours record again within seconds, where all of
their journals would take 100 s of processor time.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from server.private_file import sync_folder
from server.recording.skimming import Skimmed, skimmed, skimmed_end
from server.recording.verifier import BESIDE, CONTENT_KEY, CRASH, INIT, SEGMENT, segment_file

END_BYTES = 64 << 10  # of a journal longer than twice this so much is read: some 90 lines
HEAD_BYTES = 16 << 10  # its first line is in this
AHEAD = 8  # numbers, behind the last that is there
LAYER = "[a-z]{1,16}"


def read(journal: Path) -> tuple[Skimmed, Skimmed | None, bytes]:
    """What it says, all of it (None) or its end, where that is enough, with the line that is believed there; and what lies
    behind the last whole line. Raises OSError.
    """
    with journal.open("rb") as file:
        offset = os.fstat(file.fileno()).st_size - END_BYTES
        if offset > END_BYTES:
            head = file.read(HEAD_BYTES)
            file.seek(offset)
            tail = file.read()
            end = skimmed_end(head, tail, offset)
            if end is not None and _is_enough(journal.parent, end[0]):
                return *end, tail[end[0].size - offset :]
            file.seek(0)
        data = file.read()
    found = skimmed(data)
    return found, None, data[found.size :]


def put_aside(folder: Path, found: Skimmed, *, only_next: bool) -> list[dict[str, Any]]:
    """Rename what lies in the layers' folders and is in no entry. What was put aside, now or before, and is not yet named.

    `only_next`: of what lies there only such files are looked for as a crash can have left. Raises OSError.
    """
    for name in _left(folder, found, only_next=only_next):
        path = folder / name
        if re.fullmatch(SEGMENT, name) or re.fullmatch(INIT, name) or name.endswith(".new"):
            path.rename(free(path.with_name(path.name + ".aside")))
            sync_folder(path.parent)
    kept = []
    for name in _left(folder, found, only_next=only_next):
        if re.fullmatch(CRASH, name) and not name.endswith(".new"):
            content = (folder / name).read_bytes()
            kept.append({"file": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()})
    return kept


def free(path: Path) -> Path:
    """`path` with the first number behind it that is not taken."""
    return _numbered(path, _first_free(path))


def _first_free(path: Path) -> int:
    number = 1
    while _numbered(path, number).exists():
        number += 1
    return number


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}-{number}")


def _is_enough(folder: Path, end: Skimmed) -> bool:
    """Whether it tells of each layer how far that came, and of each file beside the layers' folders."""
    paths = list(folder.iterdir())
    layers = {path.name for path in paths if re.fullmatch(LAYER, path.name)}
    return layers <= end.layers.keys() and not _strangers(folder, paths, end.files)


def _left(folder: Path, found: Skimmed, *, only_next: bool) -> list[str]:
    below = _in_flight(folder, found) if only_next else folder.glob("*/*")
    return _strangers(folder, [*folder.glob("*"), *below], found.files)


def _strangers(folder: Path, paths: Iterable[Path], named: set[str]) -> list[str]:
    """Those of these that are files, and neither named nor such as stand in no entry."""
    names = {path.relative_to(folder).as_posix() for path in paths if path.is_file()}
    return sorted(names - named - BESIDE - {CONTENT_KEY + ".new"})


def _in_flight(folder: Path, found: Skimmed) -> Iterator[Path]:
    """Where a crash can have left what follows in each layer, and more where a disk lost lines that it had said were safe: the
    names that `commit`, and `put_aside`, give.
    """
    for name, layer in found.layers.items():
        for of, last in (
            (partial(segment_file, name), layer.last),
            (partial("{}/init-{}.mp4".format, name), layer.init[0]),
        ):
            yield from _following(folder, of, last)


def _following(folder: Path, file: Callable[[int], str], last: int) -> Iterator[Path]:
    n = last
    while n < last + AHEAD:
        n += 1
        found = [path for name in (file(n), file(n) + ".new") for path in _named_so(folder / name)]
        last = n if found else last
        yield from found


def _named_so(path: Path) -> list[Path]:
    """It, if it is there, and what was put aside of that name."""
    aside = path.with_name(path.name + ".aside")
    return [path] * path.exists() + [_numbered(aside, number) for number in range(1, _first_free(aside))]
