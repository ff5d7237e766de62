"""Footage: what a recording's journal says, placed on the server's clock. Pure.

The recorder has laid media time on that clock already (recording/track_time.py): the opening entry says when media
time 0 was, and everything else follows from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from statistics import median
from typing import Any

LAYERS = ("main", "sub")
JOINED_S = 0.05  # media times nearer than this follow each other without a gap
HOLE_S = 0.25  # a shorter hole on the server's clock is the jitter of placing, not missing picture


@dataclass(frozen=True, slots=True)
class Placed:
    """One segment on the server's clock: `at` Unix seconds, `start` and `duration` seconds of media time."""

    recording_id: str
    layer: str
    n: int
    file: str
    init: str
    start: float
    duration: float
    at: float
    key: bool
    codec: str | None
    sound: bool
    before: bool  # from the pre-event buffer: it was before recording was ordered
    filled: bool  # uploaded later, from the camera's own store
    pictures: bool = True  # False: sound alone
    part: str = ""  # the back-filled part that it stands in, whose media time it has; "": the recording itself

    @property
    def end(self) -> float:
        """When it ends, on the server's clock."""
        return self.at + self.duration


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which something is missing, on the server's clock, and why; `filled` seconds of it were uploaded later.

    Where packets were lost the pictures that came are there all the same.
    """

    start: float
    end: float
    why: str
    packets: int | None = None
    filled: float = 0.0


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording. `ahead_s`: how far the camera's clock is ahead of the server's; None: it has told no time."""

    id: str
    device_id: str
    call_sign: str
    wearer: Mapping[str, Any] | None
    why: str
    asked_at: float
    is_open: bool
    signed: bool
    ahead_s: float | None
    segments: tuple[Placed, ...]
    gaps: tuple[Gap, ...]

    @property
    def start(self) -> float:
        """When its first picture or sound was."""
        return min((one.at for one in self.segments), default=self.asked_at)

    @property
    def end(self) -> float:
        """When its last one ended."""
        return max((one.end for one in self.segments), default=self.asked_at)

    def layer(self, name: str) -> list[Placed]:
        """The segments of a layer in order of time, as they are seen: what was back-filled goes before what it covers,

        which is the same picture, and damaged where packets were lost.
        """
        return seen([one for one in self.segments if one.layer == name])

    @property
    def parts(self) -> int:
        """How many parts have been back-filled so far: they are numbered from 1 on, and none ever goes."""
        return max((number_of(one) for one in self.segments), default=0)

    def with_parts(self, most: int) -> Recording:
        """As it was when it had so many parts: what grows is only added to at its end."""
        return replace(self, segments=tuple(one for one in self.segments if number_of(one) <= most))


def number_of(segment: Placed) -> int:
    """Of the back-filled part that it stands in, 0 where it is none."""
    return int(segment.part.removeprefix("back-") or 0)


def seen(segments: Sequence[Placed]) -> list[Placed]:
    """See Recording.layer."""
    filled = spans(sorted((one for one in segments if one.filled), key=lambda one: one.at))
    shown = [one for one in segments if one.filled or not any(_covers(span, one) for span in filled)]
    return sorted(shown, key=lambda one: (one.at, one.n))


def recording(
    recording_id: str,
    entries: Sequence[Mapping[str, Any]],
    manifest: Mapping[str, Any] | None,
    parts: Sequence[Sequence[Mapping[str, Any]]] = (),
) -> Recording:
    """What the journal's `entries` (the first is `opened`) and the manifest, if there is one, say; and those of its parts."""
    opened = entries[0]
    epoch = float(opened["epoch"])
    segments = tuple(
        _placed(recording_id, entry, journal[0])
        for journal in (entries, *parts)
        for entry in journal
        if entry["kind"] == "segment"
    )
    back = [one for one in segments if one.filled and one.layer == LAYERS[0]]
    gaps = [_gap(entry, back) for entry in entries if entry["kind"] == "gap" and entry["layer"] == LAYERS[0]]
    return Recording(
        id=recording_id,
        device_id=str(opened["device_id"]),
        call_sign=str(opened["call_sign"]),
        wearer=opened.get("wearer"),
        why=str(opened["why"]),
        asked_at=float(opened["asked_at"]),
        is_open=not any(entry["kind"] == "closed" for entry in entries),
        signed=manifest is not None,
        ahead_s=_ahead(entries, epoch, manifest),
        segments=segments,
        gaps=tuple(gaps),
    )


def grown(one: Recording, entries: Sequence[Mapping[str, Any]], opened: Mapping[str, Any]) -> Recording:
    """The same with these entries, which have come to its journal (and to none of its parts) since."""
    segments = tuple(_placed(one.id, entry, opened) for entry in entries if entry["kind"] == "segment")
    back = [part for part in one.segments if part.filled and part.layer == LAYERS[0]]
    gaps = tuple(_gap(entry, back) for entry in entries if entry["kind"] == "gap" and entry["layer"] == LAYERS[0])
    return replace(
        one,
        is_open=one.is_open and not any(entry["kind"] == "closed" for entry in entries),
        ahead_s=one.ahead_s if one.ahead_s is not None else _ahead(entries, float(opened["epoch"]), None),
        segments=one.segments + segments,
        gaps=one.gaps + gaps,
    )


def holes(segments: Sequence[Placed], declared: Iterable[Gap]) -> list[Gap]:
    """Where picture is missing: what the journal declares, and what it does not but the times show."""
    known = sorted(declared, key=lambda gap: gap.start)
    ends = accumulate((one.end for one in segments), max)  # a late picture ends within what was heard
    found = [
        Gap(end, after.at, "undeclared")
        for end, after in zip(ends, segments[1:], strict=False)
        if after.at - end > HOLE_S and not any(_touch(gap, end, after.at) for gap in known)
    ]
    return sorted([*known, *found], key=lambda gap: gap.start)


def spans(segments: Sequence[Placed]) -> list[dict[str, Any]]:
    """What is there, joined: from, to, whether it is from before the order, whether it came later."""
    found: list[dict[str, Any]] = []
    for one in segments:
        last = found[-1] if found else None
        same = last is not None and (last["before"], last["filled"]) == (one.before, one.filled)
        if last is not None and same and one.at - last["to"] <= HOLE_S:
            last["to"] = max(last["to"], one.end)  # a late picture lies within what was heard
        else:
            found.append({"from": one.at, "to": one.end, "before": one.before, "filled": one.filled})
    return found


def follows(before: Placed, after: Placed) -> bool:
    """Whether `after` can be played on without a break: the same recording and parameters, the next media time."""
    same = (before.recording_id, before.init) == (after.recording_id, after.init)
    return same and abs(after.start - before.start - before.duration) <= JOINED_S and after.at - before.end <= HOLE_S


def _placed(recording_id: str, entry: Mapping[str, Any], opened: Mapping[str, Any]) -> Placed:
    part = str(opened.get("part", ""))
    return Placed(
        recording_id=recording_id,
        layer=str(entry["layer"]),
        n=int(entry["n"]),
        file=f"{part}/{entry['file']}" if part else str(entry["file"]),
        init=f"{part}/{entry['init']}" if part else str(entry["init"]),
        start=float(entry["start"]),
        duration=float(entry["duration"]),
        at=float(opened["epoch"]) + float(entry["start"]),
        key=bool(entry["key"]),
        codec=entry.get("codec"),
        sound=bool(entry["sound"]),
        before=bool(entry.get("prerecord", False)),
        filled=bool(entry.get("back_filled", False)),
        pictures=entry["pictures"] > 0,
        part=part,
    )


def _gap(entry: Mapping[str, Any], back: Sequence[Placed]) -> Gap:
    start, end = float(entry["from"]), float(entry["to"])
    filled = sum(max(0.0, min(one.end, end) - max(one.at, start)) for one in back)
    return Gap(start, end, str(entry["why"]), entry.get("packets"), round(filled, 3))


def _covers(span: Mapping[str, Any], one: Placed) -> bool:
    return bool(span["from"] <= one.at + HOLE_S and one.end - HOLE_S <= span["to"])


def _touch(gap: Gap, start: float, end: float) -> bool:
    return gap.start < end + 1 and gap.end > start - 1


def _ahead(entries: Sequence[Mapping[str, Any]], epoch: float, manifest: Mapping[str, Any] | None) -> float | None:
    """The manifest's word, else the middle of what the segments tell."""
    told = ((manifest or {}).get("clock") or {}).get("offset_s")
    if told is not None:
        return float(told)
    timed = [entry for entry in entries if entry["kind"] == "segment" and entry["captured_at"] is not None]
    return float(median(entry["captured_at"] - entry["start"] for entry in timed) - epoch) if timed else None
