"""What goes into a bundle, and under which names. Pure.

A recording that lies wholly within the interval goes in as it is, and is checked as a whole. Of one that does not, the
segments that overlap it go in as a clip, with the proof that they stand in the signed recording. One that is not signed yet,
since it goes on, is signed as far as it has come, and goes in as a clip of that: of its end the verifier claims nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from server.replay.footage import Placed, Recording


class How(StrEnum):
    """In which form a recording goes into a bundle."""

    WHOLE = "whole"
    CLIP = "clip"
    INTERIM = "interim"  # a clip, too


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


def parts_of(recordings: Iterable[Recording], start: float, end: float) -> list[Part]:
    """`start` to `end`: Unix seconds of the server's clock.

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
        folder = f"recordings/{one.id}" if how is How.WHOLE else f"clips/{one.id}"
        found.append(Part(one, how, folder, one.id, within[""]))
        for name in filter(None, names):
            how = How.WHOLE if len(within[name]) == len(parts[name]) else How.CLIP
            part = Part(one, how, f"{folder}/{name}", f"{one.id}/{name}", within[name])
            found += [part] if within[name] else []
    return found


def _how(one: Recording, *, is_whole: bool) -> How:
    if not one.signed:
        return How.INTERIM
    return How.WHOLE if is_whole else How.CLIP
