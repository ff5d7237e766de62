"""A stay: from when to when somebody was in an area, as their fixes tell. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from server.positions.area import Area, Bounds, slack, widened
from server.positions.fix import Fix

JOINED_S = 60.0  # who is out of it, or without a fix, for no longer than this has not left


@dataclass(frozen=True, slots=True)
class Stay:
    """Unix seconds; and how near one came meanwhile to the middle of the area (`Area.off`)."""

    start: float
    end: float
    nearest_m: float = field(default=math.inf, compare=False)

    def overlaps(self, start: float, end: float) -> bool:
        """Whether any of it lies between."""
        return self.start <= end and self.end >= start


def stays(fixes: Iterable[Fix], area: Area, start: float, end: float) -> list[Stay]:
    """When somebody with these fixes was in the area between two times, in order."""
    there = sorted(
        (at, area.off(fix.lat, fix.lon))
        for fix in fixes
        if start <= (at := taken_at(fix)) <= end and area.holds(fix.lat, fix.lon, fix.accuracy_m)
    )
    return joined(Stay(at, at, off) for at, off in there)


def joined(parts: Iterable[Stay]) -> list[Stay]:
    """Stays, of several chunks perhaps, as those of one trail."""
    found: list[Stay] = []
    for one in sorted(parts, key=lambda stay: stay.start):
        if found and one.start - found[-1].end <= JOINED_S:
            last = found[-1]
            found[-1] = Stay(last.start, max(last.end, one.end), min(last.nearest_m, one.nearest_m))
        else:
            found.append(one)
    return found


def taken_at(fix: Fix) -> float:
    """When it was; one from a clock in the future was at its arrival at the latest."""
    return min(fix.at, fix.received_at)


def reach(fixes: Iterable[Fix]) -> Bounds | None:
    """The rectangle that holds all of them with their accuracy, None of none: what a search looks at first."""
    boxes = [widened(Bounds(fix.lon, fix.lat, fix.lon, fix.lat), slack(fix.accuracy_m)) for fix in fixes]
    if not boxes:
        return None
    return Bounds(
        min(box.west for box in boxes),
        min(box.south for box in boxes),
        max(box.east for box in boxes),
        max(box.north for box in boxes),
    )
