"""A route from a GPX or GeoJSON file, walked for ever: by its timestamps if it has them, otherwise at walking pace.

A route whose ends meet is walked round and round; any other is walked there and back, so that it never jumps.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import gpxpy
import gpxpy.gpx

from streamer.errors import GpsError
from streamer.projection import Projection
from streamer.scenario_path import XY, Place, Trajectory, bearing, thin, walk_round

WALKING_MPS = 1.4
ENDS_MEET_M = 30.0


@dataclass(frozen=True, slots=True)
class RoutePoint:
    """Degrees WGS84 and, if the file says so, seconds since the route's first point."""

    lat: float
    lon: float
    at: float | None = None


class Route:
    """The true place at any time: metres east and north of the route's first point, in `projection`."""

    def __init__(self, points: Sequence[RoutePoint]) -> None:
        """Raises GpsError unless there are two different points."""
        if len(points) < 2:
            raise GpsError(f"A route needs at least two points; this one has {len(points)}.")
        self.projection = Projection(points[0].lat, points[0].lon)
        line = [self.projection.to_local(point.lat, point.lon) for point in points]
        if len(thin(line)) < 2:
            raise GpsError("All points of the route are the same place.")
        times = [point.at for point in points if point.at is not None]
        self._timed: _Timed | None = None
        self._walked: Trajectory | None = None
        if len(times) == len(points) and all(a < b for a, b in pairwise(times)):
            self._timed = _Timed(line, times)
        else:
            self._walked = _round_trip(line)

    def place(self, seconds: float) -> Place:
        """The true place `seconds` after the start; for ever."""
        if self._timed is not None:
            return self._timed.place(seconds)
        assert self._walked is not None  # one of the two is there
        return self._walked.at(seconds)

    def to_wgs84(self, x: float, y: float) -> tuple[float, float]:
        """(lat, lon) in degrees."""
        return self.projection.to_wgs84(x, y)


def parse_gpx(text: str) -> Route:
    """The first track of a GPX file, or else its first route, or its waypoints. Raises GpsError."""
    try:
        gpx = gpxpy.parse(text)
    except (gpxpy.gpx.GPXException, ValueError) as error:
        raise GpsError(f"This is no GPX file: {error}.") from error
    found: list[Any] = [point for track in gpx.tracks[:1] for segment in track.segments for point in segment.points]
    found = found or [point for route in gpx.routes[:1] for point in route.points] or list(gpx.waypoints)
    start = found[0].time if found else None
    return Route(
        [_point(p.latitude, p.longitude, (p.time - start).total_seconds() if p.time and start else None) for p in found]
    )


def parse_geojson(text: str) -> Route:
    """The first LineString of a GeoJSON document, whatever it is wrapped in. Raises GpsError."""
    try:
        line = _line_in(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise GpsError(f"This is no GeoJSON file: {error}.") from error
    if line is None:
        raise GpsError("The GeoJSON file has no LineString.")
    try:
        return Route([_point(float(position[1]), float(position[0]), None) for position in line])
    except (TypeError, ValueError, IndexError) as error:
        raise GpsError("The GeoJSON LineString must be a list of [longitude, latitude].") from error


def _point(lat: float, lon: float, at: float | None) -> RoutePoint:
    if not (-90.0 <= lat <= 90.0 and -180.0 <= lon <= 180.0):
        raise GpsError(f"A route's point must be in degrees; got latitude {lat}, longitude {lon}.")
    return RoutePoint(lat, lon, at)


def _line_in(document: Any) -> list[Any] | None:
    if not isinstance(document, dict):
        return None
    coordinates = document.get("coordinates")
    if document.get("type") == "LineString" and isinstance(coordinates, list):
        return coordinates
    if document.get("type") == "MultiLineString" and isinstance(coordinates, list) and coordinates:
        return coordinates[0] if isinstance(coordinates[0], list) else None
    inside = [document.get("geometry"), *(document.get("features") or []), *(document.get("geometries") or [])]
    return next((line for part in inside if (line := _line_in(part)) is not None), None)


def _round_trip(line: Sequence[XY]) -> Trajectory:
    there = thin(line)
    if len(there) > 2 and math.dist(there[0], there[-1]) <= ENDS_MEET_M:
        return walk_round(there, WALKING_MPS)
    return walk_round([*there, *there[-2:0:-1]], WALKING_MPS)


class _Timed:
    """Point by point as the file's timestamps say; then back again, or round again if the ends meet."""

    def __init__(self, line: Sequence[XY], times: Sequence[float]) -> None:
        gaps = [b - a for a, b in pairwise(times)]
        if math.dist(line[0], line[-1]) <= ENDS_MEET_M:
            closing = max(1.0, math.dist(line[0], line[-1]) / WALKING_MPS)
            self._line, steps = [*line, line[0]], [*gaps, closing]
        else:
            self._line, steps = [*line, *line[-2::-1]], [*gaps, *reversed(gaps)]
        self._times = list(accumulate(steps, initial=0.0))

    def place(self, seconds: float) -> Place:
        seconds = math.fmod(max(0.0, seconds), self._times[-1])
        k = min(bisect_right(self._times, seconds), len(self._times) - 1) - 1
        a, b = self._line[k], self._line[k + 1]
        lasts = self._times[k + 1] - self._times[k]
        part = (seconds - self._times[k]) / lasts
        return Place(
            a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part, self._heading(k), math.dist(a, b) / lasts
        )

    def _heading(self, k: int) -> float:
        """Of this stretch, or of the last one that went anywhere: somebody who stands looks where they went."""
        for index in range(k, -1, -1):
            a, b = self._line[index], self._line[index + 1]
            if a != b:
                return bearing(a, b)
        return 0.0
