"""The camera's own footage on disk: one file for each chunk, whole from the first moment that it can be seen.

Written under another name, flushed, renamed, flushed: a kill at any moment costs at most the chunk that was being filled.
What the folder may hold is bounded; what the server has on disk goes first. All calls but those that read the index block.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from server import wire
from streamer.errors import StoreError
from streamer.reel import Chunk

# start, end and order of recording in ms of the camera's Unix time; the layers that have a key frame in it
NAME = re.compile(r"(\d{13})-(\d{13})-(\d{13})-([a-z+]*)\.footage")
JOINED_S = 1.0  # a longer pause between two chunks is a break
LOOKS_BACK_S = 20.0  # for a key frame before a stretch that is wanted


@dataclass(slots=True)
class Kept:
    """One chunk on disk. `is_delivered`: the server has all of it on disk, too."""

    path: Path
    start: float
    end: float
    ordered_at: float
    keyed: frozenset[str]
    size: int
    is_delivered: bool = False


class Spool:
    """Of one camera. `write` by one thread; the rest from any."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        """Find what an earlier run has left. Raises StoreError."""
        self._folder = folder
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self.let_go = 0  # chunks that went although the server has them not
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = sorted(folder.iterdir())
            for path in found:
                if path.name.endswith(".new"):  # a kill broke it off
                    path.unlink(missing_ok=True)
            self._kept = [kept for path in found if (kept := _kept(path)) is not None]
        except OSError as error:
            raise StoreError(f"The footage's folder {folder} cannot be used: {error.strerror}.") from error

    @property
    def has_room(self) -> bool:
        """Whether anything is to be kept at all."""
        return self._most_bytes > 0

    def write(self, chunk: Chunk) -> None:
        """Keep a chunk: it is on the disk when this returns. Raises StoreError."""
        times = "-".join(f"{max(0, round(at * 1000)):013d}" for at in (chunk.start, chunk.end, chunk.ordered_at))
        path = self._folder / f"{times}-{'+'.join(sorted(chunk.keyed))}.footage"
        self._make_room(len(chunk.data))
        try:
            _write_whole(path, chunk.data)
        except OSError as error:
            raise StoreError(f"Footage cannot be kept: {error.strerror}.") from error
        kept = _kept(path)
        if kept is not None:
            with self._lock:
                self._kept.append(kept)

    def _make_room(self, size: int) -> None:
        with self._lock:
            over = sum(kept.size for kept in self._kept) + size - self._most_bytes
            going: list[Kept] = []
            for kept in sorted(self._kept, key=lambda one: not one.is_delivered):  # stable: the oldest of each first
                if over <= 0:
                    break
                going.append(kept)
                over -= kept.size
            self._kept = [kept for kept in self._kept if kept not in going]
        self.let_go += sum(not kept.is_delivered for kept in going)
        for kept in going:
            with suppress(OSError):  # it is found again at the next start
                kept.path.unlink()

    def spans(self) -> list[wire.HeldSpan]:
        """What is held, the newest spans if there are very many."""
        spans: list[wire.HeldSpan] = []
        for kept in self._in_order():
            last = spans[-1] if spans else None
            goes_on = last is not None and kept.start - last.end < JOINED_S and kept.ordered_at == last.ordered_at
            start = last.start if last is not None and goes_on else kept.start
            end = max(kept.end, last.end if last is not None and goes_on else kept.end)
            spans[len(spans) - goes_on :] = [wire.HeldSpan(start=start, end=end, ordered_at=kept.ordered_at)]
        return spans[-wire.MOST_SPANS :]

    def has_undelivered(self) -> bool:
        """Whether there is anything that the server may lack."""
        with self._lock:
            return any(not kept.is_delivered for kept in self._kept)

    def note_kept(self, intervals: Iterable[tuple[float, float]]) -> None:
        """The server has these on disk (camera's Unix seconds)."""
        safe = list(intervals)
        with self._lock:
            for kept in self._kept:
                kept.is_delivered = any(start <= kept.start and kept.end <= end for start, end in safe)

    def stretch(self, start: float, end: float) -> list[Kept]:
        """The chunks that hold it, from one before it on in which every layer of it has a key frame; none: it is gone."""
        chunks = self._in_order()
        within = [kept for kept in chunks if kept.end > start and kept.start < end]
        if not within:
            return []
        before = [kept for kept in chunks if kept.end <= start and kept.end > start - LOOKS_BACK_S]
        missing = {layer for kept in [*before, *within] for layer in kept.keyed}
        while before and missing:
            within.insert(0, before.pop())
            missing -= within[0].keyed
        return within

    def _in_order(self) -> list[Kept]:
        with self._lock:
            return sorted(self._kept, key=lambda kept: kept.start)


def read(parts: Sequence[Kept], offset: int, size: int) -> bytes:
    """Bytes of chunks that are taken for one. Raises OSError, also for one that was let go meanwhile."""
    found = b""
    for kept in parts:
        if offset < kept.size and size > len(found):
            with kept.path.open("rb") as file:
                file.seek(offset)
                found += file.read(size - len(found))
        offset = max(0, offset - kept.size)
    return found


def _kept(path: Path) -> Kept | None:
    match = NAME.fullmatch(path.name)
    if match is None:
        return None
    start, end, ordered_at = (int(match[at]) / 1000 for at in (1, 2, 3))
    return Kept(path, start, end, ordered_at, frozenset(filter(None, match[4].split("+"))), path.stat().st_size)


def _write_whole(path: Path, data: bytes) -> None:
    unfinished = path.with_name(path.name + ".new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    unfinished.rename(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
