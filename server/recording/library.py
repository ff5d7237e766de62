"""What lies on disk, finished or growing: for replay, export, verification and the reconciliation at start."""

from __future__ import annotations

import io
import os
import re
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from server.errors import NotFound
from server.recording.chain import Link, whole_entries
from server.recording.encryption import PIECE_BYTES, Decrypted, name_of
from server.recording.folder import JOURNAL, MANIFEST, SIGNATURE
from server.recording.master_key import PLAIN, MasterKeys
from server.recording.segment import is_recording_id, parted
from server.recording.verifier import BACK, TIMESTAMP, Entry, parsed

MOST_KEPT = 64  # journals in memory; one hour of one layer is about 2 MB


@dataclass(slots=True)
class _Journal:
    """As far as it has been read: only what was added is read again."""

    inode: int
    size: int = 0
    link: Link = field(default_factory=Link)
    entries: list[Entry] = field(default_factory=list)
    files: set[str] = field(default_factory=lambda: {JOURNAL, MANIFEST, SIGNATURE, TIMESTAMP})
    encrypted: dict[str, int] = field(default_factory=dict)  # of these, with the size of what is in them
    key: bytes | None = None


class Library:
    """Reads recordings, also while they are written, here or in another process. May be called from any thread."""

    def __init__(self, root: Path, keys: MasterKeys = PLAIN) -> None:
        self._root = root
        self._keys = keys
        self._journals: OrderedDict[str, _Journal] = OrderedDict()
        self._lock = threading.Lock()

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
        entries = self.entries(recording_id)
        if not entries:
            raise NotFound(f"the journal of recording {recording_id} has no whole line")
        return entries[0]

    def entries(self, recording_id: str) -> list[Entry]:
        """All whole lines of its journal, in order, up to one that is damaged. Do not change them. Raises NotFound."""
        with self._lock:
            return list(self._read(recording_id).entries)

    def segments(self, recording_id: str, layer: str) -> list[Entry]:
        """The entries of one layer's segments, in order. Raises NotFound."""
        return [entry for entry in self.entries(recording_id) if entry["kind"] == "segment" and entry["layer"] == layer]

    def manifest(self, recording_id: str) -> dict[str, Any] | None:
        """What was signed at its close (unchecked: that is the verifier's); None while it is open. Raises NotFound."""
        try:
            return parsed(self._file(recording_id, MANIFEST).read_bytes())
        except FileNotFoundError:
            self.entries(recording_id)
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
        with self._lock:
            known = file in self._read(recording_id).files
        return known and self._file(recording_id, file).is_file()

    def is_encrypted(self, recording_id: str, file: str) -> bool:
        """Whether only `open` gives what was recorded in a file of it. Raises NotFound."""
        recording_id, file = _of_part(recording_id, file)
        with self._lock:
            return file in self._read(recording_id).encrypted

    def open(self, recording_id: str, file: str) -> io.BufferedReader:
        """What was recorded in a file of it, at any place, encrypted or not.

        Raises NotFound, Unavailable without its key, and, now and while it is read, OSError.
        """
        recording_id, file = _of_part(recording_id, file)
        path = self.path(recording_id, file)
        with self._lock:
            journal = self._read(recording_id)
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

    def _file(self, recording_id: str, name: str) -> Path:
        whole, _, part = recording_id.partition("/")
        if not is_recording_id(whole) or (part and not re.fullmatch(BACK, part)):
            raise NotFound(f"there is no recording {recording_id!r}")
        return self._root / recording_id / name

    def _read(self, recording_id: str) -> _Journal:
        try:
            with self._file(recording_id, JOURNAL).open("rb") as file:
                found = os.fstat(file.fileno())
                known = self._journals.get(recording_id)
                if known is None or known.inode != found.st_ino or known.size > found.st_size:
                    known = _Journal(found.st_ino)
                if known.size < found.st_size and not _add(known, file):
                    known = _Journal(found.st_ino)
                    _add(known, file)
        except FileNotFoundError as error:
            raise NotFound(f"there is no recording {recording_id}") from error
        self._journals[recording_id] = known
        self._journals.move_to_end(recording_id)
        if len(self._journals) > MOST_KEPT:
            self._journals.popitem(last=False)
        return known


def _of_part(recording_id: str, file: str) -> tuple[str, str]:
    """A part's file may be asked for as its recording names it, or the part itself does."""
    part, name = parted(file)
    return (f"{recording_id}/{part}", name) if part else (recording_id, file)


def _add(journal: _Journal, file: BinaryIO) -> bool:
    """Read on. False if a whole line does not follow what is known: a failed line was seen before it was cut off."""
    file.seek(journal.size)
    data = file.read()
    entries, size, journal.link = whole_entries(data, journal.link)
    journal.size += size
    journal.entries += entries
    for entry in entries:
        journal.files.update(entry[name] for name in ("file", "init") if entry["kind"] == "segment")
        journal.files.update(kept["file"] for kept in entry.get("kept", ()))
        if "encrypted_sha256" in entry:
            journal.encrypted[entry["file"]] = entry["bytes"]
    return b"\n" not in data[size:]
