"""A film whose pictures change their size: its index names each kind of picture (ISO/IEC 14496-12, 8.5.2), and which is where.

libavformat writes one sample description a track. A player that reads parameter sets there alone would decode all that comes
after a change by those from before it. Pure, but for `describe`, which blocks.
"""

from __future__ import annotations

import os
import shutil
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from pathlib import Path
from typing import BinaryIO

from server.recording.boxes import BoxError, boxes

Boxes = list[tuple[bytes, bytes]]  # kind and content, in order
HEAD = struct.Struct(">I4s")
ENTRY = struct.Struct(">3I")  # of stsc: the first chunk from which on it holds, samples in each, description
WAY = (b"mdia", b"minf", b"stbl")
MOST_IN_STCO = 0xFFFFFFFF
MOST_INDEX = 64 << 20  # bytes: of a film of two days


@dataclass(frozen=True, slots=True)
class Change:
    """From this picture on (the film's first is 0) they are of that kind: an `avc1` box."""

    picture: int
    description: bytes


@dataclass(frozen=True, slots=True)
class _Chunk:
    at: int  # bytes from the file's beginning
    samples: int
    description: int  # from 1 on


def avc1_of(init: bytes) -> bytes:
    """The description of an initialisation's pictures; empty where it has none of H.264. Raises BoxError."""
    return next((init[start - HEAD.size : end] for kind, start, end in boxes(init) if kind == b"avc1"), b"")


def parameter_sets(description: bytes) -> bytes:
    """Those that it holds (ISO/IEC 14496-15, 5.3.3.1), as they stand among pictures: each behind its length. Raises BoxError."""
    start, end = next((start, end) for kind, start, end in boxes(description) if kind == b"avcC")
    avcc, made, at = description[start:end], b"", 5
    for mask in (0x1F, 0xFF):
        count, at = avcc[at] & mask, at + 1
        for _ in range(count):
            (size,) = struct.unpack_from(">H", avcc, at)
            made += struct.pack(">I", size) + avcc[at + 2 : at + 2 + size]
            at += 2 + size
    return made


def describe(path: Path, first: bytes, changes: Sequence[Change]) -> None:
    """Write the MP4 at `path` anew: its index, which stands before the media, names these. `first`: the description that its
    pictures begin with. Raises OSError, BoxError."""
    beside = path.with_name(path.name + ".described")
    try:
        with path.open("rb") as source, beside.open("xb") as target:
            kind = b""
            while kind != b"moov":
                box, kind = _next(source)
                target.write(described(box, first, changes) if kind == b"moov" else box)
            shutil.copyfileobj(source, target, 1 << 20)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _next(source: BinaryIO) -> tuple[bytes, bytes]:
    """A box that stands before the media, and its kind."""
    head = source.read(HEAD.size)
    size, kind = HEAD.unpack(head) if len(head) == HEAD.size else (0, b"")
    if not HEAD.size <= size <= MOST_INDEX or kind == b"mdat":
        raise BoxError("its index does not stand before its media")
    return head + source.read(size - HEAD.size), kind


def described(moov: bytes, first: bytes, changes: Sequence[Change]) -> bytes:
    """A film's index, whose picture track changes so. Places in the file are moved by as much as it has grown. Raises BoxError."""
    kinds = {first: 1}
    for change in changes:
        kinds.setdefault(change.description, len(kinds) + 1)
    marks = {change.picture: kinds[change.description] for change in changes}
    by = 0
    for _ in range(3):  # how much it grows may make its places longer, once
        made = _box(b"moov", _index(moov, list(kinds)[1:], marks, by))
        if len(made) - len(moov) == by:
            return made
        by = len(made) - len(moov)
    raise BoxError("its index does not come to rest")


def _index(moov: bytes, more: Sequence[bytes], marks: Mapping[int, int], by: int) -> bytes:
    parts = _parts(moov[HEAD.size :])
    return _joined([(kind, _track(body, more, marks, by) if kind == b"trak" else body) for kind, body in parts])


def _track(trak: bytes, more: Sequence[bytes], marks: Mapping[int, int], by: int) -> bytes:
    is_picture = _find(_find(trak, b"mdia"), b"hdlr")[8:12] == b"vide"

    def edited(body: bytes, way: Sequence[bytes]) -> bytes:
        if not way:
            return _table(body, more if is_picture else (), marks if is_picture else {}, by)
        return _joined([(kind, edited(part, way[1:]) if kind == way[0] else part) for kind, part in _parts(body)])

    return edited(trak, WAY)


def _table(stbl: bytes, more: Sequence[bytes], marks: Mapping[int, int], by: int) -> bytes:
    """A track's sample table."""
    chunks = _split(_chunks(stbl), _sizes(_find(stbl, b"stsz")), marks)
    longest = max((chunk.at for chunk in chunks), default=0) + by
    width = "Q" if longest > MOST_IN_STCO or any(kind == b"co64" for kind, _ in _parts(stbl)) else "I"
    places = struct.pack(f">2I{len(chunks)}{width}", 0, len(chunks), *(chunk.at + by for chunk in chunks))
    stsd = _find(stbl, b"stsd")
    count = struct.unpack_from(">I", stsd, 4)[0] + len(more)
    made = {
        b"stsd": (b"stsd", stsd[:4] + struct.pack(">I", count) + stsd[8:] + b"".join(more)),
        b"stsc": (b"stsc", _stsc(chunks)),
    }
    made |= dict.fromkeys((b"stco", b"co64"), (b"co64" if width == "Q" else b"stco", places))
    return _joined([made.get(kind, (kind, body)) for kind, body in _parts(stbl)])


def _chunks(stbl: bytes) -> list[_Chunk]:
    places = {kind: body for kind, body in _parts(stbl) if kind in (b"stco", b"co64")}
    ((kind, body),) = places.items()
    count = struct.unpack_from(">I", body, 4)[0]
    at = struct.unpack_from(f">{count}{'Q' if kind == b'co64' else 'I'}", body, 8)
    runs = list(ENTRY.iter_unpack(_find(stbl, b"stsc")[8:]))
    found = []
    for (start, samples, description), end in zip(runs, [*(run[0] for run in runs[1:]), count + 1], strict=True):
        found += [_Chunk(at[number - 1], samples, description) for number in range(start, end)]
    return found


def _sizes(stsz: bytes) -> Sequence[int]:
    of_all, count = struct.unpack_from(">2I", stsz, 4)
    return [of_all] * count if of_all else struct.unpack_from(f">{count}I", stsz, 12)


def _split(chunks: Sequence[_Chunk], sizes: Sequence[int], marks: Mapping[int, int]) -> list[_Chunk]:
    """A chunk holds pictures of one kind."""
    if not marks:
        return list(chunks)
    made, number, kind, starts = list[_Chunk](), 0, 1, sorted(marks)
    for chunk in chunks:
        end, at = number + chunk.samples, chunk.at
        cuts = starts[bisect_right(starts, number) : bisect_left(starts, end)]
        for start, stop in pairwise([number, *cuts, end]):
            kind = marks.get(start, kind)
            made.append(_Chunk(at, stop - start, kind))
            at += sum(sizes[start:stop])
        number = end
    return made


def _stsc(chunks: Sequence[_Chunk]) -> bytes:
    runs = [(key, len(list(run))) for key, run in groupby((chunk.samples, chunk.description) for chunk in chunks)]
    starts = accumulate((count for _, count in runs), initial=1)
    told = [ENTRY.pack(start, *key) for (key, _), start in zip(runs, starts, strict=False)]
    return struct.pack(">2I", 0, len(told)) + b"".join(told)


# ---- boxes --------------------------------------------------------------------------------------


def _parts(body: bytes) -> Boxes:
    found, at = list[tuple[bytes, bytes]](), 0
    while at < len(body):
        size, kind = HEAD.unpack_from(body, at) if at + HEAD.size <= len(body) else (0, b"")
        if not HEAD.size <= size <= len(body) - at:
            raise BoxError(f"no box at byte {at}")
        found.append((kind, body[at + HEAD.size : at + size]))
        at += size
    return found


def _find(body: bytes, kind: bytes) -> bytes:
    for name, part in _parts(body):
        if name == kind:
            return part
    raise BoxError(f"it has no {kind.decode('latin-1')}")


def _box(kind: bytes, body: bytes) -> bytes:
    return HEAD.pack(HEAD.size + len(body), kind) + body


def _joined(parts: Boxes) -> bytes:
    return b"".join(_box(kind, body) for kind, body in parts)
