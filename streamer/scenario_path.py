"""How a person walks a line of streets: corners are rounded, so that the picture turns calmly and never jumps.

A path is a polyline in metres (x east, y north). `walk` makes pieces of it: straight lines, arcs at corners, and
turns on the spot where the line doubles back. Everything is a pure function of the seconds walked so far.
Headings are degrees clockwise from north, and turn by no more than MAX_TURN_DPS.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

XY = tuple[float, float]

MAX_TURN_DPS = 90.0  # faster than this a 25 fps picture smears, and an encoder's bitrate jumps
PIVOT_DPS = 75.0  # a turn on the spot
CALM_TURN_DPS = 57.0  # a corner taken at walking pace
MIN_CORNER_M = 1.5  # radius of a corner for somebody on foot
PIVOT_ABOVE_DEG = 150.0  # a sharper turn than this is made on the spot
SAME_POINT_M = 0.2


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is, where they look (degrees from north) and how fast they go (m/s)."""

    x: float
    y: float
    heading_deg: float
    speed_mps: float

    def distance_to(self, x: float, y: float) -> float:
        """Metres to a point."""
        return math.hypot(x - self.x, y - self.y)


@dataclass(frozen=True, slots=True)
class Piece:
    """One stretch at constant speed: `turn_deg` 0 is a straight line, `length_m` 0 is a turn on the spot."""

    start: Place
    length_m: float
    turn_deg: float
    seconds: float

    def at(self, seconds: float) -> Place:
        """The place `seconds` after this piece began (0 to `self.seconds`)."""
        part = min(1.0, max(0.0, seconds / self.seconds)) if self.seconds > 0 else 1.0
        turned = self.turn_deg * part
        heading = compass(self.start.heading_deg + turned)
        # the chord of an arc of this length and turn: it points half the turn away from the tangent
        half = math.radians(turned) / 2.0
        chord = self.length_m * part * (math.sin(half) / half if abs(half) > 1e-9 else 1.0)
        along = math.radians(self.start.heading_deg) + half
        x, y = self.start.x + chord * math.sin(along), self.start.y + chord * math.cos(along)
        return Place(x, y, heading, self.length_m / self.seconds if self.seconds > 0 else 0.0)


class Trajectory:
    """Pieces one after the other; a closed one goes round for ever."""

    def __init__(self, pieces: Sequence[Piece], *, closed: bool, where: Place) -> None:
        self.pieces = tuple(pieces)
        self.closed = closed
        self._start = where
        self._ends = list(accumulate(piece.seconds for piece in self.pieces))

    @property
    def seconds(self) -> float:
        """How long all of it takes at full pace (one round, if closed)."""
        return self._ends[-1] if self._ends else 0.0

    def at(self, seconds: float) -> Place:
        """The place after `seconds` at full pace; an open trajectory stays at its end."""
        if not self.pieces:
            return self._start
        if self.closed:
            seconds = math.fmod(seconds, self.seconds)
        seconds = min(max(seconds, 0.0), self.seconds)
        index = min(bisect_right(self._ends, seconds), len(self.pieces) - 1)
        began = self._ends[index - 1] if index else 0.0
        return self.pieces[index].at(seconds - began)

    def nearest(self, x: float, y: float, step_s: float = 1.0) -> float:
        """The seconds at which this trajectory comes nearest to a point, to within `step_s`."""
        steps = max(1, math.ceil(self.seconds / step_s))
        candidates = [self.seconds * k / steps for k in range(steps)]
        return min(candidates, key=lambda seconds: self.at(seconds).distance_to(x, y))


def bearing(a: XY, b: XY) -> float:
    """Degrees clockwise from north, from `a` to `b`."""
    return compass(math.degrees(math.atan2(b[0] - a[0], b[1] - a[1])))


def compass(degrees: float) -> float:
    """The same direction as 0 ≤ degrees < 360."""
    turned = degrees % 360.0
    return turned if turned < 360.0 else 0.0  # -1e-15 % 360.0 is 360.0


def turn_between(from_deg: float, to_deg: float) -> float:
    """The smaller turn between two headings, degrees, -180 to 180, right is positive."""
    return (to_deg - from_deg + 180.0) % 360.0 - 180.0


def thin(points: Sequence[XY]) -> list[XY]:
    """The line without points that stand on one another."""
    kept: list[XY] = []
    for point in points:
        if not kept or math.dist(kept[-1], point) > SAME_POINT_M:
            kept.append(point)
    return kept


def walk(
    points: Sequence[XY], speed_mps: float, *, from_heading: float | None = None, to_heading: float | None = None
) -> Trajectory:
    """From the first point to the last; turns on the spot first and last where a heading is asked for."""
    line = thin(points)
    if line and line[-1] != points[-1]:
        line.append(points[-1])  # near as it is, whoever goes on from there would be seen to jump
    pieces: list[Piece] = []
    if len(line) < 2:
        spot = line[0] if line else points[0]
        here = Place(spot[0], spot[1], compass(from_heading or 0.0), 0.0)
        if to_heading is not None:
            pieces += _pivot(spot, here.heading_deg, to_heading)
        return Trajectory(pieces, closed=False, where=here)
    first = bearing(line[0], line[1])
    if from_heading is not None:
        pieces += _pivot(line[0], from_heading, first)
    corners = [_corner(a, b, c, speed_mps) for a, b, c in zip(line, line[1:], line[2:], strict=False)]
    cuts = [0.0, *(corner.cut for corner in corners), 0.0]
    for k, (a, b) in enumerate(pairwise(line)):
        pieces += _straight(a, b, cuts[k], cuts[k + 1], speed_mps)
        if k < len(corners):
            pieces += corners[k].pieces
    if to_heading is not None:
        pieces += _pivot(line[-1], bearing(line[-2], line[-1]), to_heading)
    return Trajectory(pieces, closed=False, where=pieces[0].start)


def walk_round(points: Sequence[XY], speed_mps: float) -> Trajectory:
    """A closed round through all points and back to the first. Needs two different points at least."""
    line = thin(points)
    if len(line) > 1 and math.dist(line[0], line[-1]) <= SAME_POINT_M:
        line.pop()
    if len(line) < 2:
        raise ValueError("a round needs two different points")
    count = len(line)
    corners = [_corner(line[k - 1], line[k], line[(k + 1) % count], speed_mps) for k in range(count)]
    pieces: list[Piece] = []
    for k in range(count):
        following = (k + 1) % count
        pieces += _straight(line[k], line[following], corners[k].cut, corners[following].cut, speed_mps)
        pieces += corners[following].pieces
    return Trajectory(pieces, closed=True, where=pieces[0].start)


@dataclass(frozen=True, slots=True)
class _Corner:
    cut: float  # metres that the corner takes from either line
    pieces: list[Piece]


def _corner(a: XY, b: XY, c: XY, speed_mps: float) -> _Corner:
    before, after = bearing(a, b), bearing(b, c)
    turn = turn_between(before, after)
    if abs(turn) < 0.05:
        return _Corner(0.0, [])
    if abs(turn) > PIVOT_ABOVE_DEG:
        return _Corner(0.0, _pivot(b, before, after))
    tangent = math.tan(math.radians(abs(turn)) / 2.0)
    wanted = max(MIN_CORNER_M, speed_mps / math.radians(CALM_TURN_DPS))
    # 0.45: two corners at the ends of one short line must not overlap
    cut = min(wanted * tangent, 0.45 * min(math.dist(a, b), math.dist(b, c)))
    radius = cut / tangent
    pace = min(speed_mps, radius * math.radians(PIVOT_DPS))
    length = radius * math.radians(abs(turn))
    start = Place(
        b[0] - cut * math.sin(math.radians(before)), b[1] - cut * math.cos(math.radians(before)), before, pace
    )
    return _Corner(cut, [Piece(start, length, turn, length / pace)])


def _straight(a: XY, b: XY, cut_a: float, cut_b: float, speed_mps: float) -> list[Piece]:
    heading = bearing(a, b)
    length = math.dist(a, b) - cut_a - cut_b
    if length <= 0.0:
        return []
    sin, cos = math.sin(math.radians(heading)), math.cos(math.radians(heading))
    return [Piece(Place(a[0] + cut_a * sin, a[1] + cut_a * cos, heading, speed_mps), length, 0.0, length / speed_mps)]


def _pivot(spot: XY, from_deg: float, to_deg: float) -> list[Piece]:
    turn = turn_between(from_deg, to_deg)
    if abs(turn) < 0.05:
        return []
    return [Piece(Place(spot[0], spot[1], compass(from_deg), 0.0), 0.0, turn, abs(turn) / PIVOT_DPS)]
