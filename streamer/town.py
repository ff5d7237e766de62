"""The fictional town as the camera knows it: where streets run, how to walk them, what stands beside them.

Read from the same GeoJSON as the console's map. All lengths are metres, x east and y north of the
file's anchor. Pure: the caller reads the file and parses the JSON.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from streamer.projection import Projection

XY = tuple[float, float]
PAVEMENT_M = 2.2  # the pavement's width: house fronts stand this far behind the kerb
CELL_M = 50.0  # of the grid that answers "what is near"; a street view looks about 120 m far
_WALKED = ("major_road", "minor_road", "path")

Thing = TypeVar("Thing")


class TownError(ValueError):
    """The file is no town of ours; says what is missing."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A straight piece of street between two neighbouring points, with its carriageway's width."""

    a: XY
    b: XY
    name: str
    kind: str
    width: float


@dataclass(frozen=True, slots=True)
class Building:
    """A footprint (open ring, anticlockwise) and the height of its eaves."""

    ring: tuple[XY, ...]
    height: float


@dataclass(frozen=True, slots=True)
class Area:
    """Ground that is not street: `kind` is as in the file (ocean, water, park, wood, beach, pedestrian)."""

    kind: str
    ring: tuple[XY, ...]


class _Grid(Generic[Thing]):
    """Things by the 50 m cells that their bounding boxes touch."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], list[tuple[int, Thing]]] = {}
        self._count = 0

    def add(self, thing: Thing, points: Iterable[XY]) -> None:
        xs, ys = zip(*points, strict=True)
        for i in range(_cell(min(xs)), _cell(max(xs)) + 1):
            for j in range(_cell(min(ys)), _cell(max(ys)) + 1):
                self._cells.setdefault((i, j), []).append((self._count, thing))
        self._count += 1

    def near(self, x: float, y: float, radius: float) -> Iterator[Thing]:
        """Each thing of the cells within `radius`, once, in the order of adding."""
        seen: dict[int, Thing] = {}
        for i in range(_cell(x - radius), _cell(x + radius) + 1):
            for j in range(_cell(y - radius), _cell(y + radius) + 1):
                seen.update(self._cells.get((i, j), ()))
        return (seen[k] for k in sorted(seen))


def _cell(v: float) -> int:
    return math.floor(v / CELL_M)


class Town:
    """Streets as a graph to walk on, buildings and grounds around them. Built by `from_geojson`."""

    def __init__(self, projection: Projection, name: str = "") -> None:
        self.name = name
        self.projection = projection
        self.segments: list[Segment] = []
        self.buildings: list[Building] = []
        self.areas: list[Area] = []
        self.places: dict[str, XY] = {}
        self.nodes: list[XY] = []
        self._node_at: dict[XY, int] = {}
        self._ways: list[list[tuple[int, float]]] = []  # node → (neighbour, metres)
        self._near_segments: _Grid[Segment] = _Grid()
        self._near_buildings: _Grid[Building] = _Grid()
        self._near_nodes: _Grid[int] = _Grid()

    # ---- building it ----

    @classmethod
    def from_geojson(cls, document: dict[str, Any]) -> Town:
        """Raises TownError when the document is not a town file."""
        try:
            lon, lat = document["anchor"]
            town = cls(Projection(float(lat), float(lon)), str(document.get("name", "")))
            for feature in document["features"]:
                town._add(feature["properties"], feature["geometry"])
        except (KeyError, TypeError, ValueError) as problem:
            raise TownError(f"not a town file: {problem!r}") from problem
        if not town.segments:
            raise TownError("not a town file: it has no streets")
        return town

    def _add(self, properties: dict[str, Any], geometry: dict[str, Any]) -> None:
        layer, kind = properties["layer"], properties.get("kind", "")
        if layer == "roads" and kind in _WALKED:
            self._add_street(_lines(geometry), properties)
        if layer == "buildings":
            self._add_buildings(_outer_rings(geometry), float(properties["height"]))
        if layer in ("water", "landuse") and kind != "urban":
            self.areas += [Area(kind, _anticlockwise([self._local(c) for c in r])) for r in _outer_rings(geometry)]
        if layer in ("places", "pois"):
            self.places[str(properties["name"])] = self._local(geometry["coordinates"])

    def _add_street(self, lines: list[Any], properties: dict[str, Any]) -> None:
        name, kind, width = str(properties["name"]), str(properties["kind"]), float(properties["width"])
        for line in lines:
            for a, b in itertools.pairwise([self._local(c) for c in line]):
                if a != b:
                    self._add_segment(Segment(a, b, name, kind, width))

    def _add_segment(self, segment: Segment) -> None:
        self.segments.append(segment)
        self._near_segments.add(segment, (segment.a, segment.b))
        i, j, length = self._node(segment.a), self._node(segment.b), math.dist(segment.a, segment.b)
        self._ways[i].append((j, length))
        self._ways[j].append((i, length))

    def _add_buildings(self, rings: list[Any], height: float) -> None:
        for ring in rings:
            building = Building(_anticlockwise([self._local(c) for c in ring]), height)
            self.buildings.append(building)
            self._near_buildings.add(building, building.ring)

    def _node(self, point: XY) -> int:
        # Streets that meet share the very same rounded coordinates, hence the same floats.
        if point not in self._node_at:
            self._node_at[point] = len(self.nodes)
            self.nodes.append(point)
            self._ways.append([])
            self._near_nodes.add(self._node_at[point], (point,))
        return self._node_at[point]

    def _local(self, lon_lat: list[float]) -> XY:
        return self.to_local(lon_lat[1], lon_lat[0])

    # ---- asking it ----

    def to_local(self, lat: float, lon: float) -> XY:
        """(x east, y north) in metres from degrees."""
        return self.projection.to_local(lat, lon)

    def to_wgs84(self, x: float, y: float) -> XY:
        """(lat, lon) in degrees from metres."""
        return self.projection.to_wgs84(x, y)

    def nearest_node(self, x: float, y: float) -> int:
        """The street graph's node that is nearest to the point."""
        radius = CELL_M
        while radius < 1600:
            near = [n for n in self._near_nodes.near(x, y, radius) if math.dist(self.nodes[n], (x, y)) <= radius]
            if near:
                return min(near, key=lambda n: math.dist(self.nodes[n], (x, y)))
            radius *= 2
        return min(range(len(self.nodes)), key=lambda n: math.dist(self.nodes[n], (x, y)))

    def route(self, a: int, b: int) -> list[XY]:
        """The shortest walk from node `a` to node `b` (Dijkstra); both ends included; empty when there is none."""
        best, came = {a: 0.0}, {a: a}
        queue = [(0.0, a)]
        while queue:
            walked, node = heapq.heappop(queue)
            if node == b:
                return self._way_back(came, b)
            if walked > best[node]:
                continue
            for neighbour, length in self._ways[node]:
                if walked + length < best.get(neighbour, math.inf):
                    best[neighbour] = walked + length
                    came[neighbour] = node
                    heapq.heappush(queue, (walked + length, neighbour))
        return []

    def _way_back(self, came: dict[int, int], node: int) -> list[XY]:
        way = [node]
        while came[node] != node:
            node = came[node]
            way.append(node)
        return [self.nodes[n] for n in reversed(way)]

    def street_at(self, x: float, y: float) -> str:
        """The name of the nearest street within 100 m, or ''."""
        segments = list(self.segments_near(x, y, 100.0))
        if not segments:
            return ""
        nearest = min(segments, key=lambda s: distance_to_segment((x, y), s.a, s.b))
        return nearest.name if distance_to_segment((x, y), nearest.a, nearest.b) <= 100.0 else ""

    def segments_near(self, x: float, y: float, radius: float) -> Iterator[Segment]:
        """Street pieces within about `radius` (never fewer; up to 50 m more)."""
        return self._near_segments.near(x, y, radius)

    def buildings_near(self, x: float, y: float, radius: float) -> Iterator[Building]:
        """Footprints within about `radius` (never fewer; up to 50 m more)."""
        return self._near_buildings.near(x, y, radius)


def distance_to_segment(p: XY, a: XY, b: XY) -> float:
    """Metres from point `p` to the straight line between `a` and `b`."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    squared = dx * dx + dy * dy
    along = 0.0 if squared == 0 else max(0.0, min(1.0, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / squared))
    return math.dist(p, (a[0] + along * dx, a[1] + along * dy))


def _lines(geometry: dict[str, Any]) -> list[Any]:
    return [geometry["coordinates"]] if geometry["type"] == "LineString" else list(geometry["coordinates"])


def _outer_rings(geometry: dict[str, Any]) -> list[Any]:
    """The outer rings of a Polygon or MultiPolygon."""
    return [geometry["coordinates"][0]] if geometry["type"] == "Polygon" else [p[0] for p in geometry["coordinates"]]


def _anticlockwise(ring: list[XY]) -> tuple[XY, ...]:
    """`ring` without its closing point, turned so that its inside is on the left."""
    points = ring[:-1] if ring[0] == ring[-1] else ring
    doubled = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, [*points[1:], points[0]], strict=True))
    return tuple(points) if doubled > 0 else tuple(reversed(points))
