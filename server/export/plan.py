"""What goes into a bundle, and under which names. Pure.

A recording that lies wholly within the interval goes in as it is, and is checked as a whole. Of one that does not, the
segments that overlap it go in as a clip, with the proof that they stand in the signed recording. One that is still open is
signed by nobody yet, so that no clip of it can prove anything: it goes in as far as it has come, and the verifier says that
it cannot tell; but only under a view of all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from server.errors import Conflict
from server.replay.footage import LAYERS, Placed, Recording, seen


class How(StrEnum):
    """In which form a recording goes into a bundle."""

    WHOLE = "whole"
    CLIP = "clip"
    UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True)
class Part:
    """One recording's part of a bundle, or that of what was back-filled into it, which is sealed by itself.

    `kept` is its name in the library, `folder` within the bundle, `segments` lie in the interval.
    """

    recording: Recording
    how: How
    folder: str
    kept: str
    segments: tuple[Placed, ...]

    @property
    def name(self) -> str:
        """Of the back-filled part, "" of the recording itself."""
        return self.kept.partition("/")[2]

    @property
    def start(self) -> float:
        """Media time, seconds: of the first segment."""
        return min((segment.start for segment in self.segments), default=0.0)

    @property
    def end(self) -> float:
        """Media time, seconds: of the end of the last one."""
        return max((segment.start + segment.duration for segment in self.segments), default=0.0)

    def overlapping(self) -> list[Placed]:
        """Its recording's segments between these, of whatever layer."""
        own = [one for one in self.recording.segments if one.part == self.name]
        return [one for one in own if one.start < self.end and one.start + one.duration > self.start]


@dataclass(frozen=True, slots=True)
class Film:
    """Segments that become one file: of one recording and one initialisation, in order, without a gap."""

    name: str
    recording_id: str
    init: str
    segments: tuple[Placed, ...]

    @property
    def kept(self) -> str:
        """What its segments stand in: the recording, or a part of it."""
        return f"{self.recording_id}/{self.segments[0].part}".rstrip("/")

    @property
    def title(self) -> str:
        """Of the file, without its folder."""
        return self.name.rsplit("/", 1)[-1]

    @property
    def format(self) -> str:
        """libavformat's name, and the file's ending: its MP4 takes no VP8. Opus goes into both."""
        return _format(self.segments)


def parts_of(recordings: Iterable[Recording], start: float, end: float) -> list[Part]:
    """`start` to `end`: Unix seconds of the server's clock. Raises Conflict for a part of what is not signed yet.

    What was back-filled lies in the folder of its recording, of which at least the opening entry goes in: it is bound to it.
    """
    found = []
    for one in recordings:
        names = sorted({segment.part for segment in one.segments} | {""}, key=lambda name: (len(name), name))
        parts = {name: [segment for segment in one.segments if segment.part == name] for name in names}
        within = {
            name: tuple(segment for segment in own if segment.at < end and segment.end > start)
            for name, own in parts.items()
        }
        if not any(within.values()):
            continue
        how = _how(one, is_whole=len(within[""]) == len(parts[""]))
        folder = f"clips/{one.id}" if how is How.CLIP else f"recordings/{one.id}"
        found.append(Part(one, how, folder, one.id, within[""]))
        for name in filter(None, names):
            how = How.WHOLE if len(within[name]) == len(parts[name]) else How.CLIP
            part = Part(one, how, f"{folder}/{name}", f"{one.id}/{name}", within[name])
            found += [part] if within[name] else []
    return found


def _how(one: Recording, *, is_whole: bool) -> How:
    if one.signed:
        return How.WHOLE if is_whole else How.CLIP
    if not is_whole:
        detail = f"{one.call_sign} is still being recorded: export it when it is closed, or open all of it"
        raise Conflict(detail, recording=one.id)
    return How.UNFINISHED


def films_of(parts: Iterable[Part]) -> list[Film]:
    """Recordings as files that any player opens: of each its best layer, a file for each stretch without a gap."""
    by_recording: dict[str, list[Part]] = {}
    for part in parts:
        by_recording.setdefault(part.recording.id, []).append(part)
    return [film for of_one in by_recording.values() for film in _films(of_one)]


def _films(parts: Sequence[Part]) -> list[Film]:
    one = parts[0].recording
    layer = next((name for name in LAYERS if any(segment.layer == name for segment in one.segments)), LAYERS[0])
    segments = seen([segment for part in parts for segment in part.overlapping() if segment.layer == layer])
    runs: list[list[Placed]] = []
    for segment in segments:
        if runs and _goes_on(runs[-1][-1], segment):
            runs[-1].append(segment)
        else:
            runs.append([segment])
    return [Film(_film_name(one, run, index), one.id, run[0].init, tuple(run)) for index, run in enumerate(runs, 1)]


def _goes_on(before: Placed, after: Placed) -> bool:
    return before.init == after.init and after.start - before.start - before.duration < 0.5


def _film_name(one: Recording, run: Sequence[Placed], index: int) -> str:
    """When it began, and the digits that tell two recordings of one call sign and one second apart."""
    who = re.sub(r"[^A-Za-z0-9-]+", "-", one.call_sign).strip("-") or "camera"
    return f"playable/{who}-{one.id[:16]}-{one.id[-8:]}-{index:02d}.{_format(run)}"


def _format(run: Sequence[Placed]) -> str:
    return "webm" if any(one.codec == "vp8" for one in run) else "mp4"


def about_films(films: Sequence[Film], hashes: Mapping[str, str]) -> dict[str, Any]:
    """What each playable file was made of: a derived item names its parent, and the parent's hash."""
    return {
        film.name: {
            "of_recording": film.kept,
            "parent_manifest_sha256": hashes.get(film.kept),
            "segments": [film.segments[0].file, film.segments[-1].file],
            "from": film.segments[0].at,
            "to": film.segments[-1].end,
        }
        for film in films
    }
