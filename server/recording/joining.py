"""Footage that the camera uploaded becomes a back-filled part of its recording: cut, sealed, chained and signed like the rest.

A part is a folder of its own within its recording's (`back-1`, …), of the same form. So nothing of what is signed, or is being
written, is touched, and whatever is done with the recording is done with its parts. It is made aside and then renamed:
what a kill leaves is thrown away, and made again from the arrived.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from server.clock import Clock
from server.errors import NotFound
from server.recording.depacketiser import Picture
from server.recording.folder import MANIFEST, RecordingFolder
from server.recording.library import Library
from server.recording.master_key import PLAIN, MasterKeys
from server.recording.segment import PartOpened
from server.recording.segmenter import Arrival, Segmenter, Stretch, muxed
from server.recording.signing import EvidenceKey
from server.wire import Coded, coded_in

ASIDE = "joining"
TURN = "joining.lock"
BROKEN_S = 0.25  # between two of a layer's segments: the camera had kept nothing
NAL_IDR = 5
Pieces = Callable[[], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Arrived:
    """Footage that has come whole: what stretch of its recording it is for, and `at`: the server's time of the camera's.

    Times are server's Unix seconds. `pieces` gives its bytes from the beginning, each time it is called.
    """

    recording_id: str
    start: float
    end: float
    at: Callable[[float], float]
    came_at: float
    pieces: Pieces


@dataclass(slots=True)
class _Outline:
    """What a first reading finds."""

    keys: dict[str, float] = field(default_factory=dict)  # of each layer: its last key frame before the stretch
    bytes: int = 0


class Joining:
    """Of one folder of recordings. Everything here blocks."""

    def __init__(
        self, root: Path, library: Library, key: Callable[[], EvidenceKey], clock: Clock, keys: MasterKeys = PLAIN
    ) -> None:
        self._root = root
        self._keys = keys
        self._library = library
        self._key = key
        self._clock = clock

    def join(self, arrived: Arrived) -> str:
        """Make the part; what it is called. Raises WireError for what is no footage, NotFound if the recording is gone,

        OSError, StartError.
        """
        opened = self._library.opened(arrived.recording_id)
        with self._in_turn() as aside:
            folder = aside / hashlib.sha256(repr((arrived.recording_id, arrived.start)).encode()).hexdigest()[:16]
            shutil.rmtree(folder, ignore_errors=True)  # of a process that was killed
            part = f"back-{len(self._library.parts(arrived.recording_id)) + 1}"  # none is ever taken away
            outline, digest = _Outline(), hashlib.sha256()
            for coded in coded_in(_noted(arrived.pieces(), digest.update, outline)):
                _look(outline, coded, arrived)
            epoch = min([arrived.start, *outline.keys.values()])
            head = PartOpened(
                **{name: opened[name] for name in ("recording_id", "device_id", "call_sign", "wearer")},
                why="back-filled",
                asked_at=self._clock.wall(),
                epoch=epoch,
                public_key=self._key().public_key,
                part=part,
                of={"opened": opened["chain"], "manifest_sha256": self._manifest_sha256(arrived.recording_id)},
                asked={"start": arrived.start, "end": arrived.end},
                upload={"bytes": outline.bytes, "sha256": digest.hexdigest(), "came_at": arrived.came_at},
            )
            with RecordingFolder.create(aside, head, self._clock, self._keys, folder.name) as made:
                writing = _Writing(made, epoch)
                for stretch in _stretches(arrived, outline):
                    writing.write(stretch)
                made.close("back-filled", epoch + made.next_media_time, self._key())
            self._place(folder, arrived.recording_id, part)
        return part

    def _manifest_sha256(self, recording_id: str) -> str | None:
        if self._library.manifest(recording_id) is None:
            return None
        return hashlib.sha256(self._library.path(recording_id, MANIFEST).read_bytes()).hexdigest()

    def _place(self, folder: Path, recording_id: str, part: str) -> None:
        target = self._root / recording_id
        try:
            folder.rename(target / part)
        except FileNotFoundError as error:  # deleted meanwhile
            raise NotFound(f"there is no recording {recording_id}") from error
        for changed in (target, folder.parent):
            _sync(changed)

    @contextmanager
    def _in_turn(self) -> Iterator[Path]:
        """One process at a time: parts are numbered. The folder in which they are made."""
        aside = self._root / ASIDE
        aside.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._root / TURN, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield aside
        finally:
            os.close(descriptor)


class _Writing:
    """Stretches, oldest first, into the part's folder."""

    def __init__(self, folder: RecordingFolder, epoch: float) -> None:
        self._folder = folder
        self._epoch = epoch
        self._has_sound = False

    def write(self, stretch: Stretch) -> None:
        folder, epoch, layer = self._folder, self._epoch, stretch.layer
        before, begin = folder.ends.get(layer), round(stretch.begin - epoch, 6)
        if before is not None and begin - before > BROKEN_S:
            folder.gap(layer, before, begin, epoch + before, epoch + begin, "not-kept")
        self._has_sound = self._has_sound or bool(stretch.sounds)
        segment = muxed(stretch, folder.last.get(layer, 0) + 1, epoch, sound=self._has_sound)
        folder.commit(replace(segment, back_filled=True))


def _noted(pieces: Iterable[bytes], add: Callable[[bytes], None], outline: _Outline) -> Iterator[bytes]:
    for piece in pieces:
        add(piece)
        outline.bytes += len(piece)
        yield piece


def _look(outline: _Outline, coded: Coded, arrived: Arrived) -> None:
    """A stretch begins with the last key frame before it: without that nobody could decode its beginning."""
    at = arrived.at(coded.captured_at)
    if coded.layer != "sound" and coded.is_key and (at <= arrived.start or coded.layer not in outline.keys):
        outline.keys[coded.layer] = at


def _stretches(arrived: Arrived, outline: _Outline) -> Iterator[Stretch]:
    """What the very code that cuts living footage makes of it."""
    cuts = {layer: Segmenter(layer, "H264") for layer in outline.keys} or {"main": Segmenter("main", None)}
    sound_from = min(outline.keys.values(), default=arrived.start)
    for coded in coded_in(arrived.pieces()):
        at = arrived.at(coded.captured_at)
        arrival = Arrival(at, coded.captured_at, arrived.came_at)
        if at >= arrived.end:
            continue
        if coded.layer == "sound" and at >= sound_from:
            for cut in cuts.values():
                cut.add_sound(coded.data, arrival)
        elif coded.layer != "sound" and at >= outline.keys.get(coded.layer, arrived.end):
            units = annex_b_units(coded.data)
            cuts[coded.layer].add_picture(Picture(0, units, any(unit[0] & 31 == NAL_IDR for unit in units)), arrival)
        yield from _ready(cuts)
    for cut in cuts.values():
        cut.flush()
    yield from _ready(cuts)


def _ready(cuts: dict[str, Segmenter]) -> Iterator[Stretch]:
    for cut in cuts.values():
        ready, cut.ready = cut.ready, []
        yield from ready


def annex_b_units(data: bytes) -> tuple[bytes, ...]:
    """The NAL units of an access unit between their start codes (H.264, annex B); zeros behind a unit are no part of it."""
    units = (part.rstrip(b"\0") for part in data.split(b"\0\0\1"))
    return tuple(filter(None, units))


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
