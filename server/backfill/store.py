"""Where uploads lie until they are joined to their recordings: DATA/uploads, a file of bytes and one of what they are for.

How far an upload has come is the size of its file, which only ever grows by what was checked and flushed: a kill at any byte
leaves an offset that is true. Where recordings are encrypted, it is sealed by a key of its own from the first byte on, so that
its recording, which another process may write, is not touched: each piece that came as a block (AEAD, bound to upload and
offset) behind its length. Everything here blocks.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from server.backfill.upload import Upload
from server.errors import Conflict, NotFound, WatchroomError
from server.private_file import destroy_private, sync_folder
from server.recording.encryption import HEAD_BYTES, SALT_BYTES, decrypted, encrypted, encrypted_size
from server.wire import MOST_PIECE_BYTES

if TYPE_CHECKING:
    from server.recording.master_key import MasterKeys

UPLOADS = "uploads"
LENGTH_BYTES = 4  # before each sealed block: how much is in it
TURN = "uploading.lock"  # in the folder of recordings, as those of joining and deleting are
MOST_KNOWN = 256
KEY_GONE = "key-gone"  # the kind of the Conflict
ID = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class _Known:
    """How far a sealed upload had come: bytes of it, and of its file; and of the last block where and how it begins."""

    here: int = 0
    end: int = 0
    at: int = 0
    head: bytes = b""

    def is_in(self, file: BinaryIO) -> bool:
        """Whether it is still of this file."""
        return not self.head or _head(file, self.at) == self.head


NOTHING = _Known()


class Uploads:
    """Of one data folder; several processes may share it. `recordings`: where those lie."""

    def __init__(self, folder: Path, keys: MasterKeys, recordings: Path) -> None:
        self._folder = folder
        self._keys = keys
        self._recordings = recordings
        self._known: dict[str, _Known] = {}  # of 30,000 blocks a walk takes 62 ms, and each piece asks twice

    def create(self, upload: Upload) -> None:
        """Have it, if it is not there already. Raises OSError, and Unavailable where the master key is missing."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._in_turn():  # asked for twice at once, it must not get two keys
            found = self.find(upload.id)
            if found is not None and (found.state or self._is_there(upload.id)):
                return
            self._let_go(upload)  # what a kill has left of it
            sealed = self._keys.new_key(self._key_file(upload.id), self._recordings) is not None
            path = self._sealed(upload.id) if sealed else self._plain(upload.id)
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._note(upload)

    def _is_there(self, upload_id: str) -> bool:
        """Its bytes, and what opens them."""
        return self._plain(upload_id).exists() or (
            self._sealed(upload_id).exists() and self._key_file(upload_id).exists()
        )

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        descriptor = os.open(self._recordings / TURN, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

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

    def bytes_of(self, recording_id: str) -> int:
        """How much has come for a recording and is not joined to it. Raises OSError."""
        return sum(self._here(one) for one in self.all() if one.recording_id == recording_id)

    def _here(self, upload: Upload) -> int:
        try:
            return self.offset(upload)
        except NotFound:  # it was no footage, or is let go
            return 0

    def remove_of(self, recording_id: str) -> None:
        """Let go what has come for a recording: it is deleted. Raises OSError."""
        for one in self.all():
            if one.recording_id == recording_id:
                self.remove(one)

    def offset(self, upload: Upload) -> int:
        """How many bytes are here. Raises NotFound once they are not needed any more, OSError."""
        with self._opened(upload, "rb") as file:
            return self._ends(upload, file)[0]

    def append(self, upload: Upload, offset: int, data: bytes) -> int:
        """Add `data`, and flush; how many bytes are here then. Raises Conflict if `offset` is not the present one,

        or another process adds to it; NotFound; Unavailable; OSError, also where the disk takes only a part: what it took of
        plain bytes counts, of a sealed block nothing does.
        """
        with self._opened(upload, "r+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Conflict("another request adds to this upload") from error
            here, end = self._ends(upload, file)
            if offset != here:
                raise Conflict(f"Upload-Offset: {here} bytes are here", offset=here)
            file.truncate(end)  # what a kill has left of a block
            file.seek(end)
            rest = memoryview(self._block(upload, here, data) if self._is_sealed(upload) else data)
            while rest:
                rest = rest[os.write(file.fileno(), rest) :]
            os.fsync(file)
            return here + len(data)

    def pieces(self, upload: Upload) -> Iterator[bytes]:
        """Its bytes. Raises OSError, also where they were altered (EBADMSG), Conflict where its key is gone, and Unavailable
        without the master key."""
        with self._opened(upload, "rb") as file:
            if not self._is_sealed(upload):
                while piece := file.read(MOST_PIECE_BYTES):
                    yield piece
                return
            key, here = self._key(upload), 0
            for length, at in _blocks(file):
                file.seek(at)
                yield decrypted(key, _name(upload, here), file.read(encrypted_size(length)), length)
                here += length

    def _key(self, upload: Upload) -> bytes:
        try:
            return self._keys.key_in(self._key_file(upload.id), f"upload {upload.id}")
        except FileNotFoundError as error:
            raise Conflict(f"the key of upload {upload.id} is gone", kind=KEY_GONE) from error

    def _block(self, upload: Upload, here: int, data: bytes) -> bytes:
        sealed = encrypted(self._key(upload), _name(upload, here), data, secrets.token_bytes(SALT_BYTES))
        return len(data).to_bytes(LENGTH_BYTES, "big") + sealed if data else b""

    def _ends(self, upload: Upload, file: BinaryIO) -> tuple[int, int]:
        """How many bytes of the upload are in its file, and where in that they end."""
        if not self._is_sealed(upload):
            size = os.fstat(file.fileno()).st_size
            return size, size
        known = self._known.get(upload.id, NOTHING)
        if not known.is_in(file):  # it was begun anew meanwhile
            known = NOTHING
        for length, at in _blocks(file, known.end):
            known = _Known(known.here + length, at + encrypted_size(length), at, _head(file, at))
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        self._known[upload.id] = known
        return known.here, known.end

    def _is_sealed(self, upload: Upload) -> bool:
        return self._sealed(upload.id).exists()

    def _opened(self, upload: Upload, mode: str) -> BinaryIO:
        """Unbuffered. Raises NotFound, OSError."""
        path = self._sealed(upload.id) if self._is_sealed(upload) else self._plain(upload.id)
        try:
            return open(path, mode, 0)  # type: ignore[return-value]  # a FileIO, for every mode here
        except FileNotFoundError as error:
            raise NotFound("there is no such upload any more") from error

    def refuse(self, upload: Upload) -> None:
        """It was no footage: its bytes go, and it is remembered, so that it is not asked for again. Raises OSError."""
        self._note(replace(upload, state="refused"))
        self._let_go(upload)

    def remove(self, upload: Upload) -> None:
        """Let it go. Raises OSError."""
        self._let_go(upload)
        self._about(upload.id).unlink(missing_ok=True)

    def _let_go(self, upload: Upload) -> None:
        if self._key_file(upload.id).exists():
            destroy_private(self._key_file(upload.id))
        for path in (self._plain(upload.id), self._sealed(upload.id)):
            path.unlink(missing_ok=True)

    def _note(self, upload: Upload) -> None:
        path = self._about(upload.id)
        unfinished = path.with_suffix(".new")
        with open(unfinished, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(json.dumps(upload.as_map()))
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
        sync_folder(self._folder)

    def _plain(self, upload_id: str) -> Path:
        return self._folder / f"{upload_id}.bin"

    def _sealed(self, upload_id: str) -> Path:
        return self._folder / f"{upload_id}.sealed"

    def _key_file(self, upload_id: str) -> Path:
        return self._folder / f"{upload_id}.key"

    def _about(self, upload_id: str) -> Path:
        return self._folder / f"{upload_id}.json"


def is_lost(error: OSError | WatchroomError) -> bool:
    """Whether what `pieces` raised says that nobody will read that upload: it was altered, or its key is gone."""
    if isinstance(error, OSError):
        return error.errno == errno.EBADMSG
    return error.problem_kind == KEY_GONE


def _name(upload: Upload, here: int) -> str:
    """What a block is sealed as: it can stand nowhere else."""
    return f"{upload.recording_id}/upload/{upload.id}/{here}"


def _head(file: BinaryIO, at: int) -> bytes:
    """How a block begins, with its chance: no two are alike."""
    file.seek(at)
    return file.read(HEAD_BYTES)


def _blocks(file: BinaryIO, at: int = 0) -> Iterator[tuple[int, int]]:
    """Of each whole block from byte `at` on how much is in it, and where it begins; what a kill has left of another is none."""
    size = os.fstat(file.fileno()).st_size
    while at + LENGTH_BYTES < size:
        file.seek(at)
        length = int.from_bytes(file.read(LENGTH_BYTES), "big")
        at += LENGTH_BYTES
        if not length or at + encrypted_size(length) > size:
            return
        yield length, at
        at += encrypted_size(length)
