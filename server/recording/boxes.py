"""The boxes of an MP4 (ISO/IEC 14496-12), as far as a segment must be read without a library. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator

HEAD = struct.Struct(">I4s")
WITHIN = {b"avc1": 78, b"stsd": 8}  # bytes before the boxes that are in it; of the others none
HOLDERS = frozenset((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", *WITHIN))
MOST_DEEP = 8
NAMED = {b"vp08": "vp8", b"Opus": "opus"}


class BoxError(ValueError):
    """These are not whole boxes."""


def boxes(data: bytes, start: int = 0, end: int | None = None, deep: int = 0) -> Iterator[tuple[bytes, int, int]]:
    """Each box and those in it, in the order in which they stand: its kind, where its content begins and ends.

    Raises BoxError where one reaches beyond that in which it stands, or is cut off.
    """
    at, end = start, len(data) if end is None else end
    while at < end:
        if end - at < HEAD.size or deep > MOST_DEEP:
            raise BoxError(f"no box at byte {at}")
        size, kind = HEAD.unpack_from(data, at)
        if not HEAD.size <= size <= end - at:
            raise BoxError(f"the box at byte {at} has {size} bytes, and {end - at} are there")
        yield kind, at + HEAD.size, at + size
        if kind in HOLDERS:
            yield from boxes(data, at + HEAD.size + WITHIN.get(kind, 0), at + size, deep + 1)
        at += size


def codecs_of(init: bytes) -> list[str]:
    """What an initialisation's tracks hold, as RFC 6381 names it: "avc1.42e01f", "vp8", "opus". Raises BoxError."""
    found = []
    for kind, start, end in boxes(init):
        if kind == b"avcC":
            found.append("avc1." + _taken(init, start, end, 4)[1:].hex())
        elif kind in NAMED:
            found.append(NAMED[kind])
    return found


def moved(init: bytes, segment: bytes, by: float) -> bytes:
    """Both, with the segment's times moved by `by` seconds, to no less than 0. Raises BoxError."""
    rates = _rates(init)
    made, track = bytearray(segment), 0
    for kind, start, end in boxes(segment):
        if kind == b"tfhd":
            (track,) = struct.unpack(">I", _taken(segment, start, end, 8)[4:])
        elif kind == b"tfdt":
            _move(made, start, end, by, rates.get(track))
    return init + bytes(made)


def _move(made: bytearray, start: int, end: int, by: float, rate: int | None) -> None:
    """The time of a track's run (tfdt), in place; `rate`: ticks a second."""
    if rate is None:
        raise BoxError("a track is not in the initialisation")
    form = ">Q" if made[start : start + 1] == b"\1" else ">I"
    size = struct.calcsize(form)
    (at,) = struct.unpack(form, _taken(made, start, end, 4 + size)[4:])
    then = max(0, at + round(by * rate))
    if then >= 1 << 8 * size:
        raise BoxError(f"the time {then} has no room")
    struct.pack_into(form, made, start + 4, then)


def _rates(init: bytes) -> dict[int, int]:
    """The ticks a second of each track."""
    found, track = dict[int, int](), 0
    for kind, start, end in boxes(init):
        if kind in (b"tkhd", b"mdhd"):
            wide = 8 * (_taken(init, start, end, 1) == b"\1")  # two times of 64 bits stand before it, or of 32
            (value,) = struct.unpack(">I", _taken(init, start, end, 16 + wide)[12 + wide :])
            if kind == b"tkhd":
                track = value
            else:
                found[track] = value
    return found


def _taken(data: bytes | bytearray, start: int, end: int, size: int) -> bytes | bytearray:
    """The first `size` bytes of a box's content."""
    if end - start < size:
        raise BoxError(f"the box at byte {start} is too short")
    return data[start : start + size]
