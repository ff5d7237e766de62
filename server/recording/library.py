"""What lies on disk, finished or growing: for replay, export, verification and the reconciliation at start."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from server.errors import Conflict, NotFound
from server.recording.chain import Link, whole_entries
from server.recording.encryption import PIECE_BYTES, Decrypted, name_of
from server.recording.folder import JOURNAL, MANIFEST, SIGNATURE
from server.recording.master_key import PLAIN, MasterKeys
from server.recording.segment import DAMAGED, is_recording_id, parted
from server.recording.verifier import BACK, TIMESTAMP, Entry, canonical, checked, parsed

# Of the journals in memory, by what they take on disk: there one hour of two layers is 2.1 MB, and in memory twice that.
MOST_BYTES = 32 << 20
LEAST_BYTES = 4096  # one counts as so much at least
NEAR_BYTES = 64 << 10  # so much may be read in vain: some 55 segments of two layers
PROBE_BYTES = 16 << 10  # some lines
UNREADABLE = (errno.EBADMSG, errno.EIO)  # it was altered where it lies encrypted; the disk gives it no more
REPEATED = frozenset(("kind", "layer", "init", "init_sha256", "codec", "why"))
LATE_S = 10.0  # of media time by which a line may come later than one that stands before it: layers, and what waited for room


@dataclass(slots=True)
class _Journal:
    """As far as it has been read: only what was added is read again. `since`: Unix time from which on it is here."""

    inode: int
    since: float = float("-inf")
    size: int = 0
    link: Link = field(default_factory=Link)
    entries: list[Entry] = field(default_factory=list)
    # with its SHA-256, where it is in the journal
    files: dict[str, str] = field(default_factory=lambda: dict.fromkeys((JOURNAL, MANIFEST, SIGNATURE, TIMESTAMP), ""))
    encrypted: dict[str, int] = field(default_factory=dict)  # of these, with the size of what is in them
    key: bytes | None = None
    read: int = 0  # bytes of it


@dataclass(slots=True)
class _Kept:
    """One recording's journal: `whole` once somebody has asked for all of it, until then its `end`."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    whole: _Journal | None = None
    end: _Journal | None = None

    @property
    def size(self) -> int:
        return LEAST_BYTES + sum(one.read for one in (self.whole, self.end) if one is not None)


class Library:
    """Reads recordings, also while they are written, here or in another process. May be called from any thread."""

    def __init__(self, root: Path, keys: MasterKeys = PLAIN) -> None:
        self._root = root
        self._keys = keys
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()  # of the table alone: a long journal that is read holds up nobody else's

    def ids(self) -> list[str]:
        """All recordings, oldest first."""
        try:
            names = [entry.name for entry in os.scandir(self._root)]
        except FileNotFoundError:
            return []
        return sorted(name for name in names if is_recording_id(name) and (self._root / name / JOURNAL).is_file())

    def parts(self, recording_id: str) -> list[str]:
        """What was back-filled into it, in order: `<recording_id>/back-1` …, each of which can be asked for like itself."""
        try:
            names = [entry.name for entry in os.scandir(self._root / recording_id)]
        except FileNotFoundError:
            return []
        numbers = sorted(int(name[5:]) for name in names if re.fullmatch(BACK, name))
        return [f"{recording_id}/back-{number}" for number in numbers]

    def is_there(self, recording_id: str) -> bool:
        """Whether it lies here."""
        return self._file(recording_id, JOURNAL).is_file()

    def opened(self, recording_id: str) -> Entry:
        """The entry that opens it. Raises NotFound, also when a crash left no more than a torn first line."""
        entries = self.latest(recording_id, float("inf"))
        if not entries:
            raise NotFound(f"the journal of recording {recording_id} has no whole line")
        return entries[0]

    def entries(self, recording_id: str) -> list[Entry]:
        """All whole lines of its journal, in order, up to one that is damaged. Do not change them. Raises NotFound."""
        with self._journal(recording_id) as kept:
            return list(self._whole(recording_id, kept).entries)

    def latest(self, recording_id: str, since: float) -> list[Entry]:
        """Of these the first, and all from Unix time `since` on; more where that costs nothing. Of a long journal not much
        more is read: what stands before it is not checked either. Do not change them. Raises NotFound.
        """
        with self._journal(recording_id) as kept:
            return list(self._end(recording_id, kept, since).entries)

    def segments(self, recording_id: str, layer: str) -> list[Entry]:
        """The entries of one layer's segments, in order. Raises NotFound."""
        return [entry for entry in self.entries(recording_id) if entry["kind"] == "segment" and entry["layer"] == layer]

    def manifest(self, recording_id: str) -> dict[str, Any] | None:
        """What was signed at its close (unchecked: that is the verifier's); None while it is open. Raises NotFound."""
        try:
            return parsed(self._file(recording_id, MANIFEST).read_bytes())
        except FileNotFoundError:
            if not self.is_there(recording_id):
                raise NotFound(f"there is no recording {recording_id}") from None
            return None
        except ValueError as error:
            raise NotFound(f"the manifest of recording {recording_id} cannot be read: it {error}") from error

    def path(self, recording_id: str, file: str) -> Path:
        """Where a file of it, or of one of its parts, lies, if the journal knows it; for what may be encrypted see `open`.

        Raises NotFound.
        """
        recording_id, file = _of_part(recording_id, file)
        if not self.has_file(recording_id, file):
            raise NotFound(f"recording {recording_id} has no {file!r}")
        return self._file(recording_id, file)

    def has_file(self, recording_id: str, file: str) -> bool:
        """Whether this file is there. Raises NotFound where there is no such recording."""
        recording_id, file = _of_part(recording_id, file)
        with self._journal(recording_id) as kept:
            known = file in self._naming(recording_id, kept, file).files
        return known and self._file(recording_id, file).is_file()

    def is_encrypted(self, recording_id: str, file: str) -> bool:
        """Whether only `open` gives what was recorded in a file of it. Raises NotFound."""
        recording_id, file = _of_part(recording_id, file)
        with self._journal(recording_id) as kept:
            return file in self._naming(recording_id, kept, file).encrypted

    def open(self, recording_id: str, file: str) -> io.BufferedReader:
        """What was recorded in a file of it, at any place, encrypted or not.

        Raises NotFound, Unavailable without its key, and, now and while it is read, OSError.
        """
        recording_id, file = _of_part(recording_id, file)
        path = self.path(recording_id, file)
        with self._journal(recording_id) as kept:
            journal = self._naming(recording_id, kept, file)
            size = journal.encrypted.get(file)
            if size is None:
                return path.open("rb")
            journal.key = journal.key or self._keys.key_of(path.parent.parent)
            key, name = journal.key, name_of(journal.entries[0], file)
        return io.BufferedReader(Decrypted(path.open("rb"), key, name, size), PIECE_BYTES)

    def read(self, recording_id: str, file: str) -> bytes:
        """All that was recorded in it: at most two seconds. Raises as `open` does."""
        with self.open(recording_id, file) as opened:
            return opened.read()

    def sealed(self, recording_id: str, file: str) -> bytes:
        """The same, if it is what was sealed. Raises Conflict (of the kind DAMAGED) where it is not, or is gone; NotFound for what
        the journal does not name; Unavailable without its key.
        """
        of, name = _of_part(recording_id, file)
        with self._journal(of) as kept:
            sha256 = self._naming(of, kept, name).files.get(name)
        if sha256 is None:
            raise NotFound(f"recording {of} has no {name!r}")
        try:
            content = self.read(of, name)
        except NotFound as error:
            raise Conflict(f"{file} is no longer there", kind=DAMAGED) from error
        except OSError as error:
            if error.errno not in UNREADABLE:
                raise
            raise Conflict(f"{file} cannot be read: {error.strerror}", kind=DAMAGED) from error
        if sha256 and hashlib.sha256(content).hexdigest() != sha256:
            raise Conflict(f"{file} is not what was recorded: its SHA-256 is another", kind=DAMAGED)
        return content

    def _file(self, recording_id: str, name: str) -> Path:
        whole, _, part = recording_id.partition("/")
        if not is_recording_id(whole) or (part and not re.fullmatch(BACK, part)):
            raise NotFound(f"there is no recording {recording_id!r}")
        return self._root / recording_id / name

    @contextmanager
    def _journal(self, recording_id: str) -> Iterator[_Kept]:
        """What is known of it, for one thread at a time; then the longest unused ones are forgotten, if it is too much."""
        with self._lock:
            kept = self._kept.setdefault(recording_id, _Kept())
            self._kept.move_to_end(recording_id)
        with kept.lock:
            yield kept
        with self._lock:
            size = sum(one.size for one in self._kept.values())
            while size > MOST_BYTES and len(self._kept) > 1:
                size -= self._kept.popitem(last=False)[1].size

    def _whole(self, recording_id: str, kept: _Kept) -> _Journal:
        with self._opened(recording_id) as file:
            kept.whole, kept.end = _read_on(kept.whole, file) or _from_start(file), None
            return kept.whole

    def _end(self, recording_id: str, kept: _Kept, since: float) -> _Journal:
        if kept.whole is not None:
            return self._whole(recording_id, kept)
        with self._opened(recording_id) as file:
            known = kept.end if kept.end is not None and kept.end.since <= since else None
            kept.end = _read_on(known, file) or _from(file, since)
            if kept.end is not None:
                return kept.end
        return self._whole(recording_id, kept)

    def _naming(self, recording_id: str, kept: _Kept, file: str) -> _Journal:
        """That which names the file, if one does."""
        if kept.end is not None:
            end = self._end(recording_id, kept, kept.end.since)
            if file in end.files:
                return end
        return self._whole(recording_id, kept)

    @contextmanager
    def _opened(self, recording_id: str) -> Iterator[BinaryIO]:
        try:
            with self._file(recording_id, JOURNAL).open("rb") as file:
                yield file
        except FileNotFoundError as error:
            with self._lock:
                self._kept.pop(recording_id, None)
            raise NotFound(f"there is no recording {recording_id}") from error


def _of_part(recording_id: str, file: str) -> tuple[str, str]:
    """A part's file may be asked for as its recording names it, or the part itself does."""
    part, name = parted(file)
    return (f"{recording_id}/{part}", name) if part else (recording_id, file)


def _read_on(known: _Journal | None, file: BinaryIO) -> _Journal | None:
    """What was known, with what came to it since; None if it is another file by now, or if what is there does not follow
    it: a line whose writing failed was seen before it was cut off.
    """
    found = os.fstat(file.fileno())
    if known is None or known.inode != found.st_ino or known.size > found.st_size:
        return None
    return known if known.size == found.st_size or _add(known, file) else None


def _from_start(file: BinaryIO) -> _Journal:
    journal = _Journal(os.fstat(file.fileno()).st_ino)
    _add(journal, file)
    return journal


def _from(file: BinaryIO, since: float) -> _Journal | None:
    """The first line, and those from Unix time `since` on; None where that is nearly all of it."""
    found = os.fstat(file.fileno())
    opened = _entry(file.read(PROBE_BYTES))
    if opened is None or opened["kind"] != "opened":
        return None
    low, high, start = 0, found.st_size, since - opened["epoch"] - LATE_S
    while high - low > NEAR_BYTES:
        middle = (low + high) // 2
        at, then = _segment_behind(file, middle)
        low, high = (at, high) if then < start else (low, middle)
    file.seek(low)
    first = _entry(file.read(PROBE_BYTES))
    if low <= NEAR_BYTES or first is None:
        return None
    journal = _Journal(found.st_ino, since, low, entries=[opened])
    line = canonical(first) + b"\n"  # which one stands before it is not known here: it is believed
    _take(journal, [first], len(line), Link(first["i"] + 1, first["chain"]))
    return journal if _add(journal, file) else None


def _segment_behind(file: BinaryIO, offset: int) -> tuple[int, float]:
    """Where the next whole line of a segment begins, and its media time (s): endless where there is none."""
    file.seek(offset)
    data = file.read(PROBE_BYTES)
    at = data.find(b"\n") + 1
    while 0 < at < len(data):
        entry = _entry(data[at:])
        if entry is not None and entry["kind"] == "segment":
            return offset + at, float(entry["start"])
        at = data.find(b"\n", at) + 1
    return offset, float("inf")


def _entry(data: bytes) -> Entry | None:
    """That of the line with which it begins; None if it has none that is whole."""
    try:
        return checked(parsed(data[: data.find(b"\n") + 1]))
    except ValueError:
        return None


def _lean(entry: Entry) -> Entry:
    """The same: names and words that stand in thousands of lines are in memory once."""
    return {
        sys.intern(name): sys.intern(value) if name in REPEATED and isinstance(value, str) else value
        for name, value in entry.items()
    }


def _add(journal: _Journal, file: BinaryIO) -> bool:
    """Read on. False if a whole line does not follow what is known."""
    file.seek(journal.size)
    data = file.read()
    entries, size, link = whole_entries(data, journal.link)
    _take(journal, entries, size, link)
    return b"\n" not in data[size:]


def _take(journal: _Journal, entries: list[Entry], size: int, link: Link) -> None:
    journal.size += size
    journal.read += size
    journal.link = link
    journal.entries += map(_lean, entries)
    for entry in entries:
        if entry["kind"] == "segment":
            journal.files[entry["file"]] = entry["sha256"]
            journal.files[entry["init"]] = entry["init_sha256"]
        journal.files |= {kept["file"]: kept["sha256"] for kept in entry.get("kept", ())}
        if "encrypted_sha256" in entry:
            journal.encrypted[entry["file"]] = entry["bytes"]
