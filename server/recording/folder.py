"""One recording's folder: every segment is safe on disk before it counts, and nothing that counts is ever deleted.

The order that makes it so: temporary name → fsync → rename → fsync of the folder → journal line → fsync. What the
journal does not name has not happened; what it names is there.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import weakref
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Any, Self

from server.clock import Clock
from server.errors import Conflict, NotFound
from server.private_file import sync_folder
from server.recording.chain import Link, whole_entries
from server.recording.encryption import SALT_BYTES, encrypted, name_of
from server.recording.master_key import PLAIN, MasterKeys
from server.recording.resuming import free, put_aside, read
from server.recording.segment import SOFTWARE, Manifest, Opened, SealedSegment, Segment, is_recording_id
from server.recording.signing import EvidenceKey
from server.recording.skimming import Skimmed, skim
from server.recording.verifier import (
    INIT,
    Entry,
    canonical,
    parsed,
    segment_file,
    summary,
)

LOOK_BYTES = 128 << 10  # read on at a time of what stands before: 1 ms
WRITTEN_ELSEWHERE = "written-elsewhere"  # the kind of the Conflict that passes by itself
JOURNAL, MANIFEST, SIGNATURE = "journal.jsonl", "manifest.json", "manifest.sig"


class RecordingFolder:
    """Written by one thread of one process at a time; every call blocks until the disk has it.

    With master keys its segments are encrypted; journal, manifest and initialisations, which hold no picture, are not.
    Whatever raises OSError (a full disk, at any step) leaves the recording as it was before the call.
    """

    def __init__(self, path: Path, clock: Clock, keys: MasterKeys = PLAIN) -> None:
        self.path = path
        self.epoch = 0.0  # the server's Unix time of media time 0
        self.next_media_time = 0.0  # s: the end of what has been recorded
        self.ends: dict[str, float] = {}  # of each layer, s of media time
        self.bytes = 0
        self.is_closed = False
        self.last: dict[str, int] = {}  # each layer's highest number
        self._clock = clock
        self._opened: Entry = {}
        self._keys = keys
        self._key: bytes | None = None  # of its segments, from the first that is encrypted on
        self._is_encrypted = False  # some of it is
        self._inits: dict[str, tuple[int, str]] = {}  # each layer's newest: number, SHA-256
        self._link = Link()
        self._size = 0  # of the journal's whole lines
        self._torn = False  # bytes of a failed line may lie behind them
        self._believed: Skimmed | None = (
            None  # where the end of a long journal began; what stands before is looked at later
        )
        self._looked = Skimmed(Link())  # how far
        self._journal = _locked(path / JOURNAL)
        # Given up after an error, it must not lock its recording for as long as this process lives.
        weakref.finalize(self, self._journal.close)

    @classmethod
    def create(cls, root: Path, opened: Opened, clock: Clock, keys: MasterKeys = PLAIN, name: str = "") -> Self:
        """A new recording, in a folder of its name, or `name`. Raises OSError, and Conflict if it is there already."""
        if not is_recording_id(opened.recording_id):
            raise ValueError(f"{opened.recording_id!r} cannot be a recording's id")
        path = root / (name or opened.recording_id)
        root.mkdir(parents=True, exist_ok=True)
        try:
            path.mkdir(mode=0o700)
        except FileExistsError as error:
            raise Conflict(f"recording {opened.recording_id} is there already") from error
        with contextlib.ExitStack() as failed:
            failed.callback(_remove_empty, path)
            folder = cls(path, clock, keys)
            failed.callback(folder.leave)
            folder._append(opened.entry())
            sync_folder(path)
            sync_folder(root)
            failed.pop_all()
        return folder

    @classmethod
    def resume(cls, root: Path, recording_id: str, clock: Clock, why: str, keys: MasterKeys = PLAIN) -> Self:
        """Go on after a crash or a restart: what is torn, or not in the journal, is put aside and named in it. Of a long journal
        only the end is read, and of the files only those that a crash can have left: see `look_back`.

        One that was closed but not signed comes back with `is_closed`: close it again. Raises NotFound; Conflict when
        another process writes it, when it is signed, or when more than the last line is damaged; OSError.
        """
        path = root / recording_id
        if not is_recording_id(recording_id) or not (path / JOURNAL).is_file():
            raise NotFound(f"there is no recording {recording_id}")
        if (path / MANIFEST).exists():
            raise Conflict(f"recording {recording_id} is closed and signed")
        with contextlib.ExitStack() as failed:
            folder = cls(path, clock, keys)
            failed.callback(folder.leave)
            folder._recover(why)
            failed.pop_all()
        return folder

    @property
    def recording_id(self) -> str:
        """Its name."""
        return self.path.name

    def commit(self, segment: Segment) -> SealedSegment:
        """Number a segment and make it safe. Raises OSError (ENOSPC …), Conflict once the recording is closed, and
        Unavailable when it cannot be encrypted as it has to be.
        """
        self._must_be_open()
        layer = segment.layer
        n, sha256 = self.last.get(layer, 0) + 1, hashlib.sha256(segment.init).hexdigest()
        number, known = self._inits.get(layer, (0, ""))
        number = number if known == sha256 else number + 1
        file, init = segment_file(layer, n), f"{layer}/init-{number}.mp4"
        kept, how = self._as_kept(file, segment.data)
        with self._undone_on_failure(file, *[init] * (known != sha256)):
            if known != sha256:
                self._seal(init, segment.init)
            self._seal(file, kept)
            names = {"n": n, "file": file, "bytes": len(segment.data), "init": init, "init_bytes": len(segment.init)}
            sums = {"sha256": hashlib.sha256(segment.data).hexdigest(), "init_sha256": sha256}
            return SealedSegment.of(self._append({"kind": "segment", **segment.about(), **names, **sums, **how}))

    def gap(
        self, layer: str, start: float, end: float, from_: float, to: float, why: str, packets: int | None = None
    ) -> None:
        """Declare a gap: media time in s, server's Unix time. Raises OSError and Conflict."""
        self._must_be_open()
        span = {"start": start, "end": end, "from": from_, "to": to}
        self._append({"kind": "gap", "layer": layer, **span, "why": why, "packets": packets})

    def close(
        self, why: str, ended_at: float, signer: EvidenceKey, camera_clock: dict[str, float] | None = None
    ) -> Manifest:
        """End the recording and sign it. After OSError call it again: the end stays, the signature is made then.

        `camera_clock` is {offset_s, spread_s} of the camera's clock minus the server's. Raises OSError and Conflict.
        """
        if not self.is_closed:
            self._append({"kind": "closed", "why": why, "ended_at": ended_at, "public_key": signer.public_key})
        data = (self.path / JOURNAL).read_bytes()
        entries, size, _ = whole_entries(data, Link())
        if size != len(data) or size != self._size:
            raise Conflict(f"the journal of recording {self.recording_id} was changed by somebody else: not signed")
        body = summary(entries) | {"clock": camera_clock, "signed_at": self._clock.wall(), "software": SOFTWARE}
        if body["public_key"] != signer.public_key:
            raise Conflict(f"recording {self.recording_id} was closed with another key: {body['public_key']}")
        text = canonical(body | {"timestamp": None}) + b"\n"
        signature = signer.sign(text)
        with self._undone_on_failure(SIGNATURE, MANIFEST):
            self._seal(SIGNATURE, signature)
            self._seal(MANIFEST, text)
        self.bytes = body["bytes"]
        self.leave()
        return Manifest(parsed(text), text, signature)

    def look_back(self) -> None:
        """Check a little more, at each call, of what `resume` believed of a long journal; `bytes` is exact when all of it was.
        Raises Conflict where it is damaged: what is recorded from then on belongs into another recording.
        """
        believed, looked = self._believed, self._looked
        if believed is None:
            return
        with (self.path / JOURNAL).open("rb") as file:
            file.seek(before := looked.size)
            skim(looked, file.read(min(LOOK_BYTES, believed.size - before)))
        looked.files.clear()  # thousands of names, of each of hundreds of recordings
        looked.others.clear()
        is_at_end = looked.size == believed.size
        if looked.size == before or (is_at_end and looked.link != believed.link):
            raise self._damaged(looked.size)
        if is_at_end:
            self.bytes += looked.recorded_bytes - believed.recorded_bytes
            self._believed = None

    def leave(self) -> None:
        """Let go of the journal without closing the recording; it can be resumed, here or elsewhere."""
        self._journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    # ---- how ----------------------------------------------------------------------------------------

    def _must_be_open(self) -> None:
        if self.is_closed or self._journal.closed:
            raise Conflict(f"recording {self.recording_id} is closed")

    def _as_kept(self, file: str, data: bytes) -> tuple[bytes, dict[str, Any]]:
        """How a segment is to lie on disk, and what its entry says of that if it is encrypted."""
        self._key = self._key or self._keys.key_for_writing(self.path, is_begun=self._is_encrypted)
        if self._key is None:
            return data, {}
        kept = encrypted(self._key, name_of(self._opened, file), data, secrets.token_bytes(SALT_BYTES))
        return kept, {"encrypted_bytes": len(kept), "encrypted_sha256": hashlib.sha256(kept).hexdigest()}

    def _append(self, body: dict[str, Any]) -> Entry:
        """Add an entry and make it safe, or leave the journal as it was."""
        entry, line, link = self._link.add(body, self._clock.wall())
        if self._torn:
            self._cut()
        self._torn = True
        try:
            _write(self._journal.fileno(), line)
            os.fsync(self._journal)
        except OSError:
            with contextlib.suppress(OSError):  # it is tried again before the next line
                self._cut()
            raise
        self._torn = False
        self._size, self._link = self._size + len(line), link
        self._take(entry)
        return entry

    def _cut(self) -> None:
        """Take the remains of a failed line away."""
        self._journal.truncate(self._size)
        os.fsync(self._journal)
        self._torn = False

    def _take(self, entry: Entry) -> None:
        """Follow what the journal says."""
        if entry["kind"] == "opened":
            self._opened, self.epoch = entry, entry["epoch"]
        elif entry["kind"] == "segment":
            layer, init = entry["layer"], re.fullmatch(INIT, entry["init"])
            self.last[layer] = entry["n"]
            self._inits[layer] = (int(init[2]) if init else 0, entry["init_sha256"])
            self.bytes += entry["bytes"]
            self._is_encrypted = self._is_encrypted or "encrypted_sha256" in entry
            self.ends[layer] = max(self.ends.get(layer, 0.0), entry["start"] + entry["duration"])
            self.next_media_time = max(self.next_media_time, self.ends[layer])
        self.is_closed = self.is_closed or entry["kind"] == "closed"

    def _seal(self, name: str, content: bytes) -> None:
        """A file that is whole from the first moment that its name can be seen."""
        path = self.path / name
        if not path.parent.exists():
            path.parent.mkdir(mode=0o700)
            sync_folder(self.path)
        unfinished = path.with_name(path.name + ".new")
        _write_file(unfinished, content, os.O_TRUNC)
        unfinished.rename(path)
        sync_folder(path.parent)

    @contextlib.contextmanager
    def _undone_on_failure(self, *names: str) -> Iterator[None]:
        """Files that no journal line names yet go away again, whatever is raised: their numbers are free."""
        with contextlib.ExitStack() as failed:
            for name in names:
                failed.callback(_remove, self.path / name)
                failed.callback(_remove, self.path / (name + ".new"))
            yield
            failed.pop_all()

    def _recover(self, why: str) -> None:
        found, self._believed, torn = read(self.path / JOURNAL)
        self._size, self._link = found.size, found.link
        if not found.size:
            raise Conflict(
                f"the journal of recording {self.recording_id} has no whole line: there is nothing to resume"
            )
        if b"\n" in torn[:-1]:
            raise self._damaged(self._size)
        self._follow(found)
        if self.is_closed:
            return
        if torn:
            aside = free(self.path / "journal.torn")
            with contextlib.ExitStack() as failed:  # a disk that is still full is tried again and again
                failed.callback(_remove, aside)
                _write_file(aside, torn, os.O_EXCL)
                sync_folder(self.path)
                failed.pop_all()
            self._cut()
        kept = put_aside(self.path, found, only_next=self._believed is not None)
        self._append({"kind": "resumed", "software": SOFTWARE, "why": why, "torn": len(torn), "kept": kept})

    def _follow(self, found: Skimmed) -> None:
        """Stand where a journal ends."""
        for entry in found.others:
            self._take(entry)
        for name, layer in found.layers.items():
            self.last[name], self._inits[name], self.ends[name] = layer.last, layer.init, layer.end
        self.bytes, self._is_encrypted, self.next_media_time = found.recorded_bytes, found.is_encrypted, found.end

    def _damaged(self, at: int) -> Conflict:
        return Conflict(f"the journal of recording {self.recording_id} is damaged at byte {at}: left as it is")


def _locked(path: Path) -> FileIO:
    """A journal, opened to append; no other process may. Raises OSError, and Conflict when one does."""
    journal = FileIO(path, "ab+", opener=lambda name, flags: os.open(name, flags, 0o600))
    try:
        fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        journal.close()
        detail = f"recording {path.parent.name} is being written by another process"
        raise Conflict(detail, kind=WRITTEN_ELSEWHERE) from error
    return journal


def _write(descriptor: int, content: bytes) -> None:
    """All of it: a disk that fills takes a part first, and refuses only the rest."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _write_file(path: Path, content: bytes, how: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | how, 0o600)
    try:
        _write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):  # what stays is overwritten by the next try, or put aside by the next start
        path.unlink(missing_ok=True)


def _remove_empty(path: Path) -> None:
    """Nothing was recorded in it, so that nothing is lost with it."""
    _remove(path / JOURNAL)
    with contextlib.suppress(OSError):  # an empty folder is no recording
        path.rmdir()
