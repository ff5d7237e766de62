"""Stills: which key frame stands for a moment, which one for a recording, and which ones make its filmstrip. Pure.

A still is the first picture of a segment, made small. A segment begins with a key frame: nothing else need be decoded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from server.replay.footage import HOLE_S, Placed, Recording

BOX = (320, 180)  # pixels; a picture is fitted, never cropped
STRIP_S = 10  # of a strip, on whole multiples by the server's clock: a page that asks for those finds them made
MOST_OF_A_STRIP = 1080  # three hours; what is longer is made as it is asked for
SETTLED_S = 2.0  # after recording was ordered: the camera is up by then


@dataclass(frozen=True, slots=True)
class Still:
    """A picture (JPEG), and when it was: the server's Unix seconds."""

    at: float
    jpeg: bytes


def segment_at(recordings: Iterable[Recording], device_id: str, at: float) -> Placed | None:
    """The segment whose first picture stands for that moment; of the small layer if it is there: a still is no larger."""
    parts = (part for one in recordings if one.device_id == device_id for part in one.segments)
    holding = [part for part in parts if _has_picture(part) and part.at <= at < part.end + HOLE_S]
    return max(holding, key=lambda part: (part.layer == "sub", part.at), default=None)


def opening_of(one: Recording) -> Placed | None:
    """What a list shows a recording by: the moment for which it was ordered, else its first picture."""
    at = max(one.start, one.asked_at) + SETTLED_S
    found = segment_at([one], one.device_id, at)
    return found or min(filter(_has_picture, one.segments), key=lambda part: part.at, default=None)


def strip_of(one: Recording) -> list[Placed]:
    """The stills of its filmstrip, in order."""
    first = ceil(one.start / STRIP_S)
    last = min(int((one.end + HOLE_S) / STRIP_S), first + MOST_OF_A_STRIP)  # what stands for the jitter behind it, too
    found = [segment_at([one], one.device_id, float(number * STRIP_S)) for number in range(first, last + 1)]
    return list(dict.fromkeys(part for part in found if part is not None))


def _has_picture(part: Placed) -> bool:
    return part.key and part.pictures and part.codec is not None
