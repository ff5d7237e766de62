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
from server.replay.footage import LAYERS, Placed, Recording


class How(StrEnum):
    """In which form a recording goes into a bundle."""

    WHOLE = "whole"
    CLIP = "clip"
    UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True)
class Part:
    """One recording's part of a bundle. `start` and `end`: media time, seconds; `folder` within the bundle."""

    recording: Recording
    how: How
    folder: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Film:
    """Segments that become one file: of one recording and one initialisation, in order, without a gap."""

    name: str
    recording_id: str
    init: str
    segments: tuple[Placed, ...]

    @property
    def title(self) -> str:
        """Of the file, without its folder."""
        return self.name.rsplit("/", 1)[-1]

    @property
    def format(self) -> str:
        """libavformat's name, and the file's ending: its MP4 takes no VP8. Opus goes into both."""
        return _format(self.segments)


def parts_of(recordings: Iterable[Recording], start: float, end: float) -> list[Part]:
    """`start` to `end`: Unix seconds of the server's clock. Raises Conflict for a part of what is not signed yet."""
    found = []
    for one in recordings:
        within = [segment for segment in one.segments if segment.at < end and segment.end > start]
        if not within:
            continue
        first = min(segment.start for segment in within)
        last = max(segment.start + segment.duration for segment in within)
        how = How.WHOLE if len(within) == len(one.segments) else How.CLIP
        if not one.signed:
            if how is How.CLIP:
                detail = f"{one.call_sign} is still being recorded: export it when it is closed, or open all of it"
                raise Conflict(detail, recording=one.id)
            how = How.UNFINISHED
        found.append(Part(one, how, f"clips/{one.id}" if how is How.CLIP else f"recordings/{one.id}", first, last))
    return found


def films_of(part: Part) -> list[Film]:
    """The recording as files that any player opens: its best layer, a file for each stretch without a gap."""
    one = part.recording
    layer = next((name for name in LAYERS if any(segment.layer == name for segment in one.segments)), LAYERS[0])
    segments = [
        segment
        for segment in one.layer(layer)
        if segment.start < part.end and segment.start + segment.duration > part.start
    ]
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
            "of_recording": film.recording_id,
            "parent_manifest_sha256": hashes.get(film.recording_id),
            "segments": [film.segments[0].file, film.segments[-1].file],
            "from": film.segments[0].at,
            "to": film.segments[-1].end,
        }
        for film in films
    }
