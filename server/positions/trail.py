"""A trail: the fixes of one camera, kept as one chunk per minute.

Merging is idempotent and does not depend on order (reliability.md, R12): a fix that is resent is
recognised by (outbox_id, seq), and of two with the same number the one that arrived first stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgpack

from server.positions.fix import Fix, Standing

FORMAT = 1
_FIELDS = (
    "outbox_id", "seq", "at", "device_at", "received_at", "offset_s",
    "lat", "lon", "accuracy_m", "speed_mps", "heading_deg", "standing", "jump",
)  # fmt: skip

ChunkKey = tuple[str, int]  # device_id, minute since the epoch


class TrailError(ValueError):
    """A chunk that was not written by `pack`."""


def chunk_of(fix: Fix) -> ChunkKey:
    """Which chunk a fix belongs to. One from the future goes to the minute of its arrival, so as to be found."""
    return fix.device_id, int(min(fix.at, fix.received_at) // 60)


def merge(*parts: Iterable[Fix]) -> list[Fix]:
    """All fixes of all parts, each once, in order of time."""
    kept: dict[tuple[str, int], Fix] = {}
    for part in parts:
        for fix in part:
            name = (fix.outbox_id, fix.seq)
            held = kept.get(name)
            if held is None or _first(fix) < _first(held):
                kept[name] = fix
    return sorted(kept.values(), key=lambda fix: (fix.at, fix.outbox_id, fix.seq))


def pack(fixes: Iterable[Fix]) -> bytes:
    """The bytes of a chunk."""
    rows = [[getattr(fix, field) for field in _FIELDS[:-2]] + [fix.standing.value, fix.jump] for fix in fixes]
    packed: bytes = msgpack.packb([FORMAT, rows], use_bin_type=True)
    return packed


def unpack(device_id: str, body: bytes) -> list[Fix]:
    """The fixes of a chunk. Raises TrailError when the bytes are not a chunk."""
    try:
        version, rows = msgpack.unpackb(body, raw=False)
        if version != FORMAT:
            raise TrailError(f"trail format {version}; this program reads {FORMAT}")
        return [_fix(device_id, row) for row in rows]
    except (ValueError, TypeError, KeyError, msgpack.exceptions.UnpackException) as error:
        raise TrailError(f"trail chunk of {device_id} cannot be read: {error}") from error


def thin(fixes: Sequence[Fix], at_most: int) -> list[Fix]:
    """At most `at_most` (≥ 2) of the fixes, evenly taken; the first and the last always stay."""
    if len(fixes) <= at_most:
        return list(fixes)
    last = len(fixes) - 1
    return [fixes[round(index * last / (at_most - 1))] for index in range(at_most)]


def _fix(device_id: str, row: Sequence[object]) -> Fix:
    named = dict(zip(_FIELDS, row, strict=True))
    named["standing"] = Standing(str(named["standing"]))
    return Fix(device_id=device_id, **named)  # type: ignore[arg-type]


def _first(fix: Fix) -> tuple[float, str]:
    return fix.received_at, repr(fix)
