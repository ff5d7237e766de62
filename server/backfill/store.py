"""Where uploads lie until they are joined to their recordings: DATA/uploads, a file of bytes and one of what they are for.

How far an upload has come is the size of its file, which only ever grows by what was checked and flushed: a kill at any byte
leaves an offset that is true. Everything here blocks.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from server.backfill.upload import Upload
from server.errors import Conflict, NotFound
from server.wire import MOST_PIECE_BYTES

UPLOADS = "uploads"
ID = re.compile("[0-9a-f]{32}")


class Uploads:
    """Of one data folder; several processes may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, upload: Upload) -> None:
        """Have it, if it is not there already. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.find(upload.id) is None:
            os.close(os.open(self._bytes(upload.id), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._note(upload)

    def find(self, upload_id: str) -> Upload | None:
        """What it is for; None if there is none. Raises OSError."""
        if ID.fullmatch(upload_id) is None:
            return None
        try:
            return Upload.of_map(json.loads(self._about(upload_id).read_text()))
        except (FileNotFoundError, ValueError, TypeError):  # or a crash has left half of it: it is begun anew
            return None

    def all(self) -> list[Upload]:
        """All that lie here, oldest first. Raises OSError."""
        if not self._folder.is_dir():
            return []
        found = [self.find(path.stem) for path in self._folder.glob("*.json")]
        return sorted((one for one in found if one is not None), key=lambda one: (one.created_at, one.id))

    def offset(self, upload: Upload) -> int:
        """How many bytes are here. Raises NotFound once they are not needed any more, OSError."""
        try:
            return self._bytes(upload.id).stat().st_size
        except FileNotFoundError as error:
            raise NotFound("there is no such upload any more") from error

    def append(self, upload: Upload, offset: int, data: bytes) -> int:
        """Add `data`, and flush; how many bytes are here then. Raises Conflict if `offset` is not the present one,

        or another process adds to it; NotFound; OSError, also where the disk takes only a part: what it took counts.
        """
        try:
            descriptor = os.open(self._bytes(upload.id), os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise NotFound("there is no such upload any more") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            here = os.fstat(descriptor).st_size
            if offset != here:
                raise Conflict(f"Upload-Offset: {here} bytes are here", offset=here)
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
            return here + len(data)
        except BlockingIOError as error:
            raise Conflict("another request adds to this upload") from error
        finally:
            os.close(descriptor)

    def pieces(self, upload: Upload) -> Iterator[bytes]:
        """Its bytes. Raises OSError."""
        with self._bytes(upload.id).open("rb") as file:
            while piece := file.read(MOST_PIECE_BYTES):
                yield piece

    def refuse(self, upload: Upload) -> None:
        """It was no footage: its bytes go, and it is remembered, so that it is not asked for again. Raises OSError."""
        self._note(replace(upload, state="refused"))
        self._bytes(upload.id).unlink(missing_ok=True)

    def remove(self, upload: Upload) -> None:
        """Let it go. Raises OSError."""
        self._bytes(upload.id).unlink(missing_ok=True)
        self._about(upload.id).unlink(missing_ok=True)

    def _note(self, upload: Upload) -> None:
        path = self._about(upload.id)
        unfinished = path.with_suffix(".new")
        with open(unfinished, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(json.dumps(upload.as_map()))
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _bytes(self, upload_id: str) -> Path:
        return self._folder / f"{upload_id}.bin"

    def _about(self, upload_id: str) -> Path:
        return self._folder / f"{upload_id}.json"
