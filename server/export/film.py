"""A film: all that one camera recorded in an interval, as one file that any player opens. Gaps keep their time. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from server.recording.holes import SOUND_LOST
from server.recording.segment import id_stamp, parted
from server.replay.footage import HOLE_S, LAYERS, Gap, Placed, seen

if TYPE_CHECKING:
    from server.export.plan import Part

Json = dict[str, Any]
Damaged = Collection[tuple[str, str]]  # what a segment stands in, by the library's name, and its file there
APART_S = 0.05  # a segment that ends no later than this after the one before has been shown already


@dataclass(frozen=True, slots=True)
class Film:
    """Segments of one camera and one format, in order of time, of however many recordings."""

    device_id: str
    call_sign: str
    format: str  # libavformat's name, and the file's ending: its MP4 takes no VP8. Opus goes into both
    segments: tuple[Placed, ...]
    gaps: tuple[Gap, ...]  # in which no whole picture is there: the last one stands; silence, where no sound is either

    @property
    def name(self) -> str:
        """Within the bundle: whose it is, and when it begins."""
        who = re.sub(r"[^A-Za-z0-9-]+", "-", self.call_sign).strip("-") or "camera"
        return f"playable/{who}-{self.device_id}-{id_stamp(self.start)}.{self.format}"

    @property
    def start(self) -> float:
        """Unix seconds."""
        return self.segments[0].at

    @property
    def end(self) -> float:
        """Unix seconds."""
        return max(one.end for one in self.segments)

    def runs(self) -> Iterator[list[Placed]]:
        """Its segments as they are read: in one go those of one recording (or part) and one initialisation."""
        for _, run in groupby(self.segments, key=lambda one: (one.recording_id, one.init)):
            yield list(run)

    def words(self, line: str) -> str:
        """For the file's own metadata; `line`: of the whole bundle."""
        of = ", ".join(dict.fromkeys(one.recording_id for one in self.segments))
        lacking = "; ".join(
            f"{one.start - self.start:.1f} to {one.end - self.start:.1f} s: {one.why}" for one in self.gaps
        )
        gaps = f" Gaps keep their time, with the last picture standing: {lacking}." if lacking else " Without a gap."
        return f"Copy of recording {of}.{gaps} {line}"


def kept_of(segment: Placed) -> str:
    """What a segment stands in, by the library's name: its recording, or a part of it."""
    return f"{segment.recording_id}/{segment.part}".rstrip("/")


def films_of(parts: Iterable[Part], damaged: Damaged = (), unplayable: Damaged = ()) -> list[Film]:
    """Of each camera one; where it sent both VP8 and H.264, one of each. What is `damaged`, or is what was recorded and
    `unplayable` all the same, is left out, as a gap."""
    by_camera: dict[str, list[Part]] = {}
    for part in parts:
        by_camera.setdefault(part.recording.device_id, []).append(part)
    return [film for of_one in by_camera.values() for film in _films(of_one, damaged, unplayable)]


def _films(parts: Sequence[Part], damaged: Damaged, unplayable: Damaged) -> Iterator[Film]:
    newest = max((part.recording for part in parts), key=lambda one: one.start)
    without = {*damaged, *unplayable}
    lost = [one for part in parts for one in part.overlapping() if is_in(one, without)]
    declared = [Gap(one.at, one.end, "damaged" if is_in(one, damaged) else "unplayable") for one in lost]
    declared += [gap for part in parts for gap in part.recording.gaps]
    by_format: dict[str, list[Placed]] = {}
    for segment, form in _formed(_shown(parts, without)):
        by_format.setdefault(form, []).append(segment)
    for form, segments in by_format.items():
        gaps = tuple(_gaps(segments, declared))
        yield Film(newest.device_id, newest.call_sign, form, tuple(segments), gaps)


def is_in(segment: Placed, damaged: Damaged) -> bool:
    """Whether it cannot be shown: it, or its initialisation, is one of these."""
    return any((kept_of(segment), parted(name)[1]) in damaged for name in (segment.file, segment.init))


def _shown(parts: Sequence[Part], damaged: Damaged) -> Iterator[Placed]:
    """The best layer of each recording, what was back-filled before what it covers; and no moment twice."""
    chosen: list[Placed] = []
    for recording_id in dict.fromkeys(part.recording.id for part in parts):
        own = [part for part in parts if part.recording.id == recording_id]
        had = {segment.layer for segment in own[0].recording.segments}
        layer = next((name for name in LAYERS if name in had), LAYERS[0])
        there = [one for part in own for one in part.overlapping() if one.layer == layer]
        chosen += seen([one for one in there if not is_in(one, damaged)])
    until = float("-inf")
    for segment in sorted(chosen, key=lambda one: (one.at, one.n)):
        if segment.end > until + APART_S:
            until = segment.end
            yield segment


def _formed(segments: Iterable[Placed]) -> Iterator[tuple[Placed, str]]:
    """Each with the format that takes it; sound alone goes with the pictures before it."""
    form = ""
    waiting: list[Placed] = []
    for segment in segments:
        if segment.codec is not None or form:
            form = form if segment.codec is None else "webm" if segment.codec == "vp8" else "mp4"
            yield from ((one, form) for one in [*waiting, segment])
            waiting = []
        else:
            waiting.append(segment)
    yield from ((one, "mp4") for one in waiting)


def _gaps(segments: Sequence[Placed], declared: Sequence[Gap]) -> list[Gap]:
    """Where no whole picture is, from the film's beginning to its end: between segments, and, as declared, within one. A segment
    of sound alone has none.
    """
    seen = [(one.at, one.end) for one in segments if one.pictures]
    if not seen:
        return []  # there is nothing but sound, and it is told as such
    first, last = segments[0].at, max(one.end for one in segments)
    edges = [first, *(edge for span in seen for edge in span), last]
    holes = [
        Gap(start, end, next((gap.why for gap in declared if _meet(gap, start, end)), "not-recorded"))
        for start, end in zip(edges[::2], edges[1::2], strict=True)
        if end - start > HOLE_S
    ]
    clipped = [replace(gap, start=max(gap.start, first), end=min(gap.end, last)) for gap in declared]
    within = [
        Gap(gap.start, gap.end, gap.why)
        for gap in clipped
        if gap.end - gap.start - gap.filled > HOLE_S
        and gap.why != SOUND_LOST
        and not any(_meet(hole, gap.start, gap.end) for hole in holes)
    ]
    return sorted([*holes, *within], key=lambda gap: gap.start)


def _meet(gap: Gap, start: float, end: float) -> bool:
    return gap.start < end and gap.end > start


def about_films(films: Sequence[Film], hashes: Mapping[str, str]) -> Json:
    """What each playable file was made of: a derived item names its parents, and their hashes; and its gaps."""
    return {
        film.name: {
            "device_id": film.device_id,
            "call_sign": film.call_sign,
            "of": {
                kept: {
                    "parent_manifest_sha256": hashes.get(kept),
                    "segments": [own[0], own[-1]],
                }
                for kept, own in _by_parent(film).items()
            },
            "from": film.start,
            "to": film.end,
            "gaps": [{"from": gap.start, "to": gap.end, "why": gap.why} for gap in film.gaps],
        }
        for film in films
    }


def _by_parent(film: Film) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for segment in film.segments:
        found.setdefault(kept_of(segment), []).append(parted(segment.file)[1])
    return found
