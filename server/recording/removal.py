"""Takes recordings off the disk: the only code that ever does. Everything here blocks.

A folder first gets another name, in one step that is safe on disk before the first file goes: whatever stops the rest, no
half recording is ever found under a recording's name, and what is left is known by its place.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from server.errors import Conflict
from server.private_file import destroy_private, sync_folder
from server.recording.chain import Link, whole_entries
from server.recording.folder import JOURNAL, MANIFEST
from server.recording.segment import is_recording_id
from server.recording.verifier import CONTENT_KEY, Entry, summary

ASIDE = "deleting"
TURN = "deleting.lock"


@dataclass(frozen=True, slots=True)
class Remains:
    """What a recording on disk is known by: what its journal says in all, and the SHA-256 of its manifest, if it has one.

    `segments` and `bytes` are also those of what was back-filled into it.
    """

    started_at: float
    ended_at: float
    segments: int
    bytes: int
    merkle_root: str
    manifest_sha256: str | None
    is_encrypted: bool = False  # some of it, by a key that is destroyed with it
    unjoined: int = 0  # bytes that its camera had uploaded, and that were not part of it yet


@dataclass(frozen=True, slots=True)
class OnTheWay:
    """What a camera uploads for a recording, until it is joined. Both block, and raise OSError."""

    bytes_of: Callable[[str], int]
    remove_of: Callable[[str], None]


class Removal:
    """Of one folder of recordings. `derived`: what was made of a recording lies there in a folder of its name. `on_the_way`:
    what was to be part of it goes with it."""

    def __init__(self, root: Path, derived: Path | None = None, on_the_way: OnTheWay | None = None) -> None:
        self._root = root
        self._derived = derived
        self._on_the_way = on_the_way
        self._aside = root / ASIDE
        self._turn = -1

    def take_turn(self) -> bool:
        """Whether this process may delete now: of those that share the folder, one at a time. Raises OSError."""
        descriptor = os.open(self._root / TURN, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not _locked(descriptor):
            os.close(descriptor)
            return False
        self._turn = descriptor
        return True

    def give_turn(self) -> None:
        """Let another one."""
        os.close(self._turn)
        self._turn = -1

    def look(self, recording_id: str) -> Remains | None:
        """What lies there; None: nothing. Raises OSError, and Conflict while it is written or when it was never closed."""
        path = self._path(recording_id)
        if not path.is_dir():
            return None
        with _unwritten(path):
            entries, _, _ = whole_entries((path / JOURNAL).read_bytes(), Link())
            if not entries or entries[-1]["kind"] != "closed":
                raise Conflict(f"the journal of recording {recording_id} does not say that it is closed")
            whole = summary(entries)
            manifest = path / MANIFEST
            signed = hashlib.sha256(manifest.read_bytes()).hexdigest() if manifest.exists() else None
            segments, size = whole["segments"], whole["bytes"]
            has_key = _lies_encrypted(path, entries)
            for part in sorted(path.glob(f"*/{JOURNAL}")):  # what was back-filled goes with it
                held = [one for one in whole_entries(part.read_bytes(), Link())[0] if one["kind"] == "segment"]
                segments, size = segments + len(held), size + sum(one["bytes"] for one in held)
                has_key = has_key or _lies_encrypted(part.parent, held)
        told = (whole["started_at"], whole["ended_at"], segments, size, whole["merkle_root"])
        unjoined = self._on_the_way.bytes_of(recording_id) if self._on_the_way is not None else 0
        return Remains(*told, signed, has_key, unjoined)

    def remove(self, recording_id: str) -> None:
        """Take it off the disk, or go on doing so. Raises OSError, and Conflict while somebody writes it: nothing is done."""
        path, aside = self._path(recording_id), self._aside / recording_id
        self._aside.mkdir(mode=0o700, exist_ok=True)
        _remove(aside)  # of a time before
        if path.is_dir():
            with _unwritten(path):
                path.rename(aside)
                sync_folder(self._aside)
                sync_folder(self._root)
            _remove(aside)
        if self._derived is not None:
            _remove(self._derived / recording_id)
        if self._on_the_way is not None:  # last: what comes for a recording that is there would be joined to it
            self._on_the_way.remove_of(recording_id)
        sync_folder(self._aside)

    def left_aside(self) -> list[str]:
        """The recordings whose removal has begun and not ended. Raises OSError."""
        if not self._aside.is_dir():
            return []
        return sorted(name for name in os.listdir(self._aside) if is_recording_id(name))

    def _path(self, recording_id: str) -> Path:
        if not is_recording_id(recording_id):
            raise ValueError(f"{recording_id!r} cannot be a recording's id")
        return self._root / recording_id


@contextmanager
def _unwritten(path: Path) -> Iterator[None]:
    """Nobody writes the recording meanwhile. Raises Conflict when somebody does."""
    descriptor = os.open(path / JOURNAL, os.O_RDWR | os.O_CLOEXEC)
    try:
        if not _locked(descriptor):
            raise Conflict(f"recording {path.name} is being written")
        yield
    finally:
        os.close(descriptor)


def _lies_encrypted(folder: Path, entries: Iterable[Entry]) -> bool:
    """By a key that is there: one alone opens nothing, and whoever destroys it has destroyed nothing."""
    return (folder / CONTENT_KEY).exists() and any("encrypted_sha256" in one for one in entries)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _remove(folder: Path) -> None:
    if folder.exists():
        for key in [*folder.rglob(CONTENT_KEY)]:
            destroy_private(key)  # before all else
        shutil.rmtree(folder)
