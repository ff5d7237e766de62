"""Where is that? The name of the nearest street, for people who know the town and not its coordinates."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

NEAR_M = 60.0  # further from any street than this is a field or a river: better no name than a wrong one
CORNER_M = 18.0  # two streets both within this: the person stands at the corner
_DEGREE_M = 111_195.0  # metres in one degree of latitude on the mean sphere

Point = tuple[float, float]  # lon, lat


@dataclass(frozen=True, slots=True)
class Street:
    """One named line, as lon/lat points."""

    name: str
    points: tuple[Point, ...]


class Streets:
    """The named streets of a map.

    >>> Streets([Street("Quay Street", ((0.0, 50.0), (0.01, 50.0)))]).nearest(50.0001, 0.005)
    'Quay Street'
    """

    def __init__(self, streets: list[Street]) -> None:
        self._streets = streets

    @classmethod
    def from_geojson(cls, collection: Mapping[str, Any]) -> Streets:
        """The features whose `properties.layer` is "roads" and that have a name; anything else is left out."""
        return cls([street for feature in collection.get("features", []) for street in _streets(feature)])

    def nearest(self, lat: float, lon: float) -> str | None:
        """The street at that point, "A / B" at a corner, None when no street is near."""
        by_name: dict[str, float] = {}
        for street in self._streets:
            distance = _distance_to(street.points, lat, lon)
            if distance < by_name.get(street.name, NEAR_M):
                by_name[street.name] = distance
        ranked = sorted(by_name, key=lambda name: (by_name[name], name))
        if not ranked:
            return None
        corner = len(ranked) > 1 and by_name[ranked[1]] <= CORNER_M
        return " / ".join(ranked[:2]) if corner else ranked[0]


def _streets(feature: Mapping[str, Any]) -> Iterator[Street]:
    properties = feature.get("properties") or {}
    geometry = feature.get("geometry") or {}
    name = properties.get("name")
    if properties.get("layer") != "roads" or not isinstance(name, str) or not name:
        return
    lines = geometry.get("coordinates", [])
    if geometry.get("type") == "LineString":
        lines = [lines]
    elif geometry.get("type") != "MultiLineString":
        return
    for line in lines:
        points = tuple((float(point[0]), float(point[1])) for point in line)
        if len(points) >= 2:
            yield Street(name, points)


def _distance_to(points: tuple[Point, ...], lat: float, lon: float) -> float:
    """Metres to the nearest point of the line, on a plane that touches the earth at (lat, lon)."""
    width = _DEGREE_M * math.cos(math.radians(lat))
    plane = [((x - lon) * width, (y - lat) * _DEGREE_M) for x, y in points]
    return min(_to_segment(*start, *end) for start, end in pairwise(plane))


def _to_segment(x1: float, y1: float, x2: float, y2: float) -> float:
    """Metres from the origin to a segment."""
    dx, dy = x2 - x1, y2 - y1
    length = dx * dx + dy * dy
    along = 0.0 if length == 0 else max(0.0, min(1.0, -(x1 * dx + y1 * dy) / length))
    return math.hypot(x1 + along * dx, y1 + along * dy)
