"""An area on the map: who was there? A rectangle or a circle, as somebody drew it. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from server.errors import BadRequest
from server.positions.fix import EARTH_M

# Beyond this a position says where somebody may have been, not where they were: it does not stretch any further.
MOST_SLACK_M = 100.0
LONGEST_SIDE_DEG = 2.0  # some 200 km: a county and its neighbours; a larger one asks for everybody
RADIUS_M = (1.0, 100_000.0)
EXPECTED = "area: expected rect:WEST,SOUTH,EAST,NORTH or circle:LON,LAT,RADIUS, in degrees and metres"
_DEGREE_M = math.radians(1) * EARTH_M


@dataclass(frozen=True, slots=True)
class Bounds:
    """Degrees."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True, slots=True)
class Area:
    """All within `radius_m` of a rectangle; of a circle, that rectangle is its centre."""

    box: Bounds
    radius_m: float = 0.0

    @property
    def bounds(self) -> Bounds:
        """The rectangle around it."""
        return widened(self.box, self.radius_m)

    def holds(self, lat: float, lon: float, accuracy_m: float) -> bool:
        """Whether somebody may have been within it whose position is known to `accuracy_m`."""
        return self.off(lat, lon) <= self.radius_m + slack(accuracy_m)

    def off(self, lat: float, lon: float) -> float:
        """How far a point is from its rectangle, of a circle from its centre: metres, 0 inside."""
        box = self.box
        across = (lon - min(max(lon, box.west), box.east)) * _DEGREE_M * math.cos(math.radians(lat))
        along = (lat - min(max(lat, box.south), box.north)) * _DEGREE_M
        return math.hypot(across, along)


def slack(accuracy_m: float) -> float:
    """How far from its point a fix counts, in metres."""
    return min(accuracy_m, MOST_SLACK_M)


def widened(box: Bounds, by_m: float) -> Bounds:
    """The bounds, `by_m` metres wider on each side."""
    north, south = by_m / _DEGREE_M, by_m / _DEGREE_M
    furthest = min(89.0, max(abs(box.north + north), abs(box.south - south)))
    side = by_m / (_DEGREE_M * math.cos(math.radians(furthest)))
    return Bounds(box.west - side, box.south - south, box.east + side, box.north + north)


def around(lat: float, lon: float, radius_m: float) -> Area:
    """A circle; degrees."""
    return Area(Bounds(lon, lat, lon, lat), radius_m)


def area_of(text: str) -> Area:
    """What `text` describes. Raises BadRequest that says what was expected."""
    kind, _, rest = text.partition(":")
    numbers = _numbers(rest)
    if kind == "rect" and len(numbers) == 4:
        return _rectangle(Bounds(*numbers))
    if kind == "circle" and len(numbers) == 3:
        return _circle(*numbers)
    raise BadRequest(EXPECTED)


def _rectangle(box: Bounds) -> Area:
    if not -180 <= box.west < box.east <= 180 or not -90 <= box.south < box.north <= 90:
        raise BadRequest("area: expected west before east, within ±180°, and south before north, within ±90°")
    if box.east - box.west > LONGEST_SIDE_DEG or box.north - box.south > LONGEST_SIDE_DEG:
        raise BadRequest(f"area: expected at most {LONGEST_SIDE_DEG:.0f}° from side to side")
    return Area(box)


def _circle(lon: float, lat: float, radius_m: float) -> Area:
    if not -180 <= lon <= 180 or not -90 <= lat <= 90:
        raise BadRequest("area: expected a centre within ±180° and ±90°")
    if not RADIUS_M[0] <= radius_m <= RADIUS_M[1]:
        raise BadRequest(f"area: expected a radius from {RADIUS_M[0]:.0f} to {RADIUS_M[1]:.0f} metres")
    return around(lat, lon, radius_m)


def _numbers(text: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        return []
    return numbers if all(map(math.isfinite, numbers)) else []
