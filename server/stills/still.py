"""Stills: which key frame stands for a moment, which one for a recording, and which ones make its filmstrip. Pure.

A still is the first picture of a segment, made small. A segment begins with a key frame: nothing else need be decoded.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from server.replay.footage import HOLE_S, Placed, Recording

BOX = (320, 180)  # pixels; a picture is fitted, never cropped
STRIP_S = 10  # of a strip, on whole multiples by the server's clock: a page that asks for those finds them made
MOST_OF_A_STRIP = 1080  # three hours; what is longer is made as it is asked for
PREFERRED = ("sub", "main")  # layers
SETTLED_S = 2.0  # after recording was ordered: the camera is up by then


@dataclass(frozen=True, slots=True)
class Still:
    """A picture (JPEG), and when it was: the server's Unix seconds."""

    at: float
    jpeg: bytes


def segment_at(recordings: Iterable[Recording], device_id: str, at: float) -> Placed | None:
    """The segment whose first picture stands for that moment."""
    return _Frames(part for one in recordings if one.device_id == device_id for part in one.segments).at(at)


def opening_of(one: Recording) -> Placed | None:
    """What a list shows a recording by: the moment for which it was ordered, else its first picture."""
    at = max(one.start, one.asked_at) + SETTLED_S
    found = segment_at([one], one.device_id, at)
    return found or min(filter(_has_picture, one.segments), key=lambda part: part.at, default=None)


def strip_of(one: Recording) -> list[Placed]:
    """The stills of its filmstrip, in order."""
    first = ceil(one.start / STRIP_S)
    last = min(int((one.end + HOLE_S) / STRIP_S), first + MOST_OF_A_STRIP)  # what stands for the jitter behind it, too
    frames = _Frames(one.segments)
    found = [frames.at(float(number * STRIP_S)) for number in range(first, last + 1)]
    return list(dict.fromkeys(part for part in found if part is not None))


class _Frames:
    """One camera's key frames, in order: a strip of eight hours asks a thousand times of 28,000 segments."""

    def __init__(self, segments: Iterable[Placed]) -> None:
        ordered = sorted(filter(_has_picture, segments), key=_begin)
        self._layers = [[part for part in ordered if part.layer == layer] for layer in PREFERRED]
        self._longest = max((part.duration for part in ordered), default=0.0)

    def at(self, moment: float) -> Placed | None:
        """Of the small layer if it is there: a still is no larger."""
        for parts in self._layers:
            for index in range(bisect_right(parts, moment, key=_begin) - 1, -1, -1):
                if moment < parts[index].end + HOLE_S:
                    return parts[index]
                if parts[index].at + self._longest + HOLE_S <= moment:  # nor does any before it reach so far
                    break
        return None


def _begin(part: Placed) -> float:
    return part.at


def _has_picture(part: Placed) -> bool:
    return part.key and part.pictures and part.codec is not None
