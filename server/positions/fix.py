"""A fix: one position of one camera, and what the server makes of it.

The time of a fix is not the time of its arrival. A fix that was taken long before it arrived, or
whose time cannot be right, is kept for the trail but never shown as *now* (mission.md, N2).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from server import wire

AHEAD_S = 2.0  # more than this ahead of the server cannot be network or rounding: a clock is wrong (R11)
BACKFILL_S = 5.0  # taken longer ago than this before it arrived: it comes from the camera's store, not from now
JUMP_MPS = 90.0  # 324 km/h: no officer on foot, in a car or on a train in this country moves faster
EARTH_M = 6_371_008.8  # mean radius, IUGG


class Standing(StrEnum):
    """What a fix may be used for: only `LIVE` may move a marker."""

    LIVE = "live"
    LATE = "late"
    FUTURE = "future"


@dataclass(frozen=True, slots=True)
class Fix:
    """One judged position. Degrees WGS84, metres (68 % radius), m/s, degrees from north, Unix seconds.

    `at` is when it was taken, on the server's clock as well as that can be known; `device_at` is what the
    camera's clock said and `offset_s` how far that clock is estimated to be ahead. They differ only
    when the camera's clock is visibly wrong. `jump`: not reachable from the fix before.
    """

    device_id: str
    outbox_id: str
    seq: int
    at: float
    device_at: float
    received_at: float
    offset_s: float
    lat: float
    lon: float
    accuracy_m: float
    speed_mps: float | None
    heading_deg: float | None
    standing: Standing
    jump: bool

    def as_json(self) -> dict[str, Any]:
        """The fix as consoles and the API see it."""
        shown = asdict(self)
        del shown["outbox_id"], shown["seq"]
        shown["standing"] = self.standing.value
        return shown

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """The fix that another process of this installation has published (as `as_json`)."""
        known = {name: body[name] for name in cls.__slots__ if name in body}
        return cls(**{"outbox_id": "", "seq": 0, **known, "standing": Standing(body["standing"])})


def judge(
    device_id: str,
    outbox_id: str,
    raw: wire.Fix,
    previous: Fix | None,
    received_at: float,
    offset_s: float = 0.0,
) -> Fix:
    """What the server makes of `raw`, given the live fix before it and the camera's estimated clock offset.

    Below `AHEAD_S` the offset is mostly the message's travel time, so the camera's own word is kept.
    """
    at = raw.at - offset_s if abs(offset_s) > AHEAD_S else raw.at
    return Fix(
        device_id=device_id,
        outbox_id=outbox_id,
        seq=raw.seq,
        at=at,
        device_at=raw.at,
        received_at=received_at,
        offset_s=offset_s,
        lat=raw.lat,
        lon=raw.lon,
        accuracy_m=raw.accuracy_m,
        speed_mps=raw.speed_mps,
        heading_deg=raw.heading_deg,
        standing=_standing(at, previous, received_at),
        jump=previous is not None and _jumps(raw, at, previous),
    )


def newer(held: Fix | None, candidate: Fix) -> Fix | None:
    """Which of the two is the last known position: a live one before any other, then the newer one."""
    if candidate.standing is Standing.FUTURE:
        return held
    if held is None:
        return candidate
    rank = (candidate.standing is Standing.LIVE, candidate.at, candidate.received_at, candidate.seq)
    return candidate if rank > (held.standing is Standing.LIVE, held.at, held.received_at, held.seq) else held


def distance_m(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Metres along the great circle (haversine; within 0.6 % of the ellipsoid, far below a fix's error)."""
    a, b = math.radians(lat), math.radians(other_lat)
    half = math.sin((b - a) / 2) ** 2
    half += math.cos(a) * math.cos(b) * math.sin(math.radians(other_lon - lon) / 2) ** 2
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(half)))


def _standing(at: float, previous: Fix | None, received_at: float) -> Standing:
    if at > received_at + AHEAD_S:
        return Standing.FUTURE
    if received_at - at > BACKFILL_S:
        return Standing.LATE
    overtaken = previous is not None and previous.standing is Standing.LIVE and at < previous.at
    return Standing.LATE if overtaken else Standing.LIVE


def _jumps(raw: wire.Fix, at: float, previous: Fix) -> bool:
    moved = distance_m(previous.lat, previous.lon, raw.lat, raw.lon)
    unsure = 2 * (previous.accuracy_m + raw.accuracy_m)  # two 68 % radii are about 95 %
    return moved - unsure > JUMP_MPS * max(1.0, abs(at - previous.at))
