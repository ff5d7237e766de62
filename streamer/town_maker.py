"""Draws the demo's fictional town, Merrowmouth, and writes `static/town/estuary.geojson`.

    python -m streamer.town_maker static/town/estuary.geojson

A developer's tool: it needs shapely, and nothing imports it at run time. Main streets are drawn
by hand below; side streets are warped grids between them; blocks are what the streets enclose;
houses stand along the edges of the blocks. Units are metres, x east and y north of the anchor.
The same seed always makes the same town.
"""

from __future__ import annotations

import itertools
import json
import math
import pathlib
import random
import sys
from typing import Any

from shapely import set_precision, union_all  # type: ignore[import-untyped,unused-ignore]
from shapely.geometry import (  # type: ignore[import-untyped,unused-ignore]
    LineString,
    MultiLineString,
    MultiPolygon,
    Point,
    Polygon,
    box,
)
from shapely.ops import polygonize, unary_union  # type: ignore[import-untyped,unused-ignore]

from streamer import town_plan as plan
from streamer.projection import Projection

XY = tuple[float, float]
SEED = 17
PAVEMENT_M = 2.2  # as `streamer.town` has it: façades stand this far behind the kerb
GRID_M = 0.05  # all lines are snapped to this, so that crossings are exactly shared


def curve(points: list[XY] | tuple[XY, ...], steps: int = 8, closed: bool = False) -> list[XY]:
    """Catmull-Rom spline through all of `points`."""
    pts = list(points)
    if closed:
        pts = [pts[-1], *pts, pts[0], pts[1]]
    else:
        first, last = pts[0], pts[-1]
        before = (2 * first[0] - pts[1][0], 2 * first[1] - pts[1][1])
        after = (2 * last[0] - pts[-2][0], 2 * last[1] - pts[-2][1])
        pts = [before, *pts, after]
    out: list[XY] = []
    for a, b, c, d in zip(pts, pts[1:], pts[2:], pts[3:], strict=False):
        out += [tuple(_catmull(a[k], b[k], c[k], d[k], i / steps) for k in (0, 1)) for i in range(steps)]  # type: ignore[misc]
    return [*out, pts[-2]]


def _catmull(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t**3)


def parts(shape: Any, kind: str) -> list[Any]:
    """The non-empty parts of `shape` that are of geometry type `kind`."""
    members = shape.geoms if hasattr(shape, "geoms") else [shape]
    return [
        g
        for m in members
        for g in (parts(m, kind) if hasattr(m, "geoms") else [m])
        if g.geom_type == kind and not g.is_empty
    ]


class Ground:
    """Sea, river, harbour, beach, parks: what the streets have to go round."""

    def __init__(self) -> None:
        coast = curve(plan.COAST, 10)
        land = Polygon([*coast, (3400, 2600), (-3400, 2600)]).buffer(0)
        line = LineString(curve(plan.RIVER, 12))
        pieces = list(zip(line.coords, list(line.coords)[1:], strict=False))
        river = unary_union([LineString(p).buffer(13 + 17 * (i / len(pieces)) ** 1.6) for i, p in enumerate(pieces)])
        basin = Polygon(plan.BASIN)
        piers = unary_union([LineString(p).buffer(w / 2, cap_style="flat") for w, p in plan.PIERS])
        self.river = river
        self.land = unary_union([land.difference(river).difference(basin), piers]).simplify(0.6)
        sea = Polygon([*coast, (3400, -2600), (-3400, -2600)]).buffer(0)
        self.beach = LineString([p for p in coast if -1700 <= p[0] <= -330]).buffer(34).intersection(sea).simplify(1)
        self.parks = [(name, Polygon(curve(ring, 6, closed=True)).intersection(self.land)) for name, ring in plan.PARKS]
        self.woods = [Polygon(curve(ring, 6, closed=True)).intersection(self.land) for ring in plan.WOODS]
        self.ponds = [Polygon(curve(ring, 5, closed=True)) for ring in plan.PONDS]
        self.squares = [Polygon(ring) for ring in plan.SQUARES]
        self.rail = LineString(curve(plan.RAIL, 10))
        self.green = unary_union([p for _, p in self.parks] + self.woods)


class Street:
    """One named street before noding."""

    def __init__(self, name: str, kind: str, width: float, line: Any) -> None:
        self.name, self.kind, self.width, self.line = name, kind, width, line


def main_streets() -> list[Street]:
    """The hand-drawn ones."""
    return [Street(n, k, w, set_precision(LineString(curve(pts)), GRID_M)) for n, k, w, pts in plan.STREETS]


def side_streets(ground: Ground, mains: list[Street], rng: random.Random) -> list[Street]:
    """Warped grids, district by district, in what the hand-drawn streets and nature leave free."""
    main_lines = unary_union([s.line for s in mains])
    nogo = unary_union(
        [ground.green, ground.rail.buffer(20), ground.river.buffer(16), *[s.buffer(6) for s in ground.squares]]
    )
    free = ground.land.buffer(-20).difference(nogo).difference(main_lines.buffer(24))
    taken: Any = Polygon()
    names = itertools.chain(
        plan.SIDE_NAMES, (f"{word} {name}" for word in ("Upper", "Little") for name in plan.SIDE_NAMES)
    )
    found: list[Street] = []
    for district in plan.DISTRICTS:
        cell, grid = _grid(district, rng)
        room = free.intersection(cell.difference(taken.buffer(6)))
        taken = taken.union(cell)
        for lines in grid:
            pieces = [p for line in lines for p in parts(line.intersection(room), "LineString") if p.length > 38]
            name = next(names) if pieces else ""
            found += [Street(name, "minor_road", district.width, p) for p in pieces]
    return [_joined(s, found, main_lines, ground, nogo) for s in found]


def _grid(d: plan.District, rng: random.Random) -> tuple[Any, list[list[Any]]]:
    """A warped grid: (its outline, its streets as lines); rows run along the district, columns across with gaps."""
    cos, sin = math.cos(math.radians(d.angle)), math.sin(math.radians(d.angle))
    phase, wave = rng.random() * 6, rng.uniform(3, 9)

    def at(u: float, v: float) -> XY:
        u2, v2 = u + wave * math.sin(v / 150 + phase), v + wave * math.sin(u / 170 + phase * 1.7)
        return (d.x + u2 * cos - v2 * sin, d.y + u2 * sin + v2 * cos)

    hw, hh = d.length / 2, d.depth / 2
    rows = [-hh + rng.uniform(4, 16)]
    while rows[-1] < hh:
        rows.append(rows[-1] + d.row * rng.uniform(0.88, 1.18))
    streets = [[LineString([at(-hw + i * 24, v) for i in range(int(d.length / 24) + 1)])] for v in rows]
    u = -hw + rng.uniform(4, 24)
    while u < hw:
        k, column = 0, []
        while k < len(rows) - 1:
            n = min(rng.choice([1, 2, 2, 3]), len(rows) - 1 - k)
            if rng.random() < 0.85:
                a, b = rows[k], rows[k + n]
                column.append(LineString([at(u, a + (b - a) * i / (4 * n)) for i in range(4 * n + 1)]))
            k += n
        streets.append(column)
        u += d.column * rng.uniform(0.8, 1.25)
    return Polygon([at(-hw, -hh), at(hw, -hh), at(hw, hh), at(-hw, hh)]).buffer(0), streets


def _joined(street: Street, others: list[Street], main_lines: Any, ground: Ground, nogo: Any) -> Street:
    """`street` with its loose ends carried on until they meet another street, where that is near."""
    around = unary_union([main_lines, *[o.line for o in others if o is not street]])
    coords = list(street.line.coords)
    for end, before in ((0, 1), (-1, -2)):
        tip, back = coords[end], coords[before]
        if around.distance(Point(tip)) < 0.2:
            continue
        away = math.hypot(tip[0] - back[0], tip[1] - back[1]) or 1.0
        step = ((tip[0] - back[0]) / away, (tip[1] - back[1]) / away)
        ray = LineString([tip, (tip[0] + step[0] * 62, tip[1] + step[1] * 62)])
        hits = parts(ray.intersection(around), "Point")
        if not hits:
            continue
        hit = min(hits, key=lambda p: p.distance(Point(tip)))
        reach = LineString([tip, hit.coords[0]])
        if ground.land.buffer(-6).contains(reach) and not reach.intersects(nogo):
            beyond = (hit.x + step[0] * 0.3, hit.y + step[1] * 0.3)  # just past, so that it crosses for certain
            coords = [beyond, *coords] if end == 0 else [*coords, beyond]
    return Street(street.name, street.kind, street.width, set_precision(LineString(coords), GRID_M))


def noded(streets: list[Street]) -> list[Street]:
    """The same streets cut at every crossing; loose tips and unconnected pieces are gone."""
    union = union_all([s.line for s in streets], grid_size=GRID_M)
    pieces = _without_tips(parts(union, "LineString"))
    out = []
    for piece in _largest_network(pieces):
        middle = piece.interpolate(0.5, normalized=True)
        owner = min(streets, key=lambda s: s.line.distance(middle))
        out.append(Street(owner.name, owner.kind, owner.width, piece))
    return _rejoined(out)


def _without_tips(pieces: list[Any]) -> list[Any]:
    """`pieces` without dead ends shorter than 30 m (a longer one is a close, and stays)."""
    while True:
        ends: dict[XY, int] = {}
        for p in pieces:
            for c in (p.coords[0], p.coords[-1]):
                ends[c] = ends.get(c, 0) + 1
        kept = [p for p in pieces if p.length > 30 or (ends[p.coords[0]] > 1 and ends[p.coords[-1]] > 1)]
        if len(kept) == len(pieces):
            return kept
        pieces = kept


def _largest_network(pieces: list[Any]) -> list[Any]:
    """Those pieces that hang together with the most others."""
    leader: dict[XY, XY] = {}

    def find(c: XY) -> XY:
        while leader.setdefault(c, c) != c:
            c = leader[c]
        return c

    for p in pieces:
        leader[find(p.coords[0])] = find(p.coords[-1])
    size: dict[XY, float] = {}
    for p in pieces:
        size[find(p.coords[0])] = size.get(find(p.coords[0]), 0.0) + p.length
    biggest = max(size, key=lambda c: size[c])
    return [p for p in pieces if find(p.coords[0]) == biggest]


def _rejoined(pieces: list[Street]) -> list[Street]:
    """One Street per name: a MultiLineString of its noded parts (keeps the file small)."""
    by_name: dict[str, list[Street]] = {}
    for p in pieces:
        by_name.setdefault(p.name, []).append(p)
    out = []
    for name, same in by_name.items():
        lines = [s.line.simplify(0.7) for s in same]
        out.append(Street(name, same[0].kind, same[0].width, MultiLineString(lines)))
    return out


def park_paths(ground: Ground, streets: list[Street], rng: random.Random) -> list[Street]:
    """Footpaths from each park's middle to the nearest points of the streets around it."""
    nodes = unary_union([Point(c) for s in streets for g in s.line.geoms for c in g.coords])
    out = []
    for name, park in ground.parks:
        middle = park.representative_point()
        ways = []
        for k in range(6):
            angle = (k + rng.uniform(-0.2, 0.2)) * math.tau / 6
            far = Point(middle.x + 400 * math.cos(angle), middle.y + 400 * math.sin(angle))
            rim = park.boundary.intersection(LineString([middle, far]))
            gate = parts(rim, "Point")
            if not gate:
                continue
            node = min(nodes.geoms, key=lambda p, g=gate[0]: p.distance(g))  # type: ignore[misc]
            if node.distance(gate[0]) > 70 or not ground.land.contains(LineString([gate[0], node])):
                continue
            bend = (
                (middle.x + gate[0].x) / 2 + rng.uniform(-18, 18),
                (middle.y + gate[0].y) / 2 + rng.uniform(-18, 18),
            )
            ways.append(LineString(curve([(middle.x, middle.y), bend, (gate[0].x, gate[0].y), (node.x, node.y)], 4)))
        if ways:
            out.append(Street(name, "path", 2.4, MultiLineString([w.simplify(0.5) for w in ways])))
    return out


class Houses:
    """Footprints along the edges of the blocks that the streets enclose."""

    def __init__(self, ground: Ground, streets: list[Street], rng: random.Random) -> None:
        self.rng = rng
        self.footprints: list[tuple[Any, float]] = [(Polygon(ring), height) for _, height, ring in plan.LANDMARKS]
        self.blocks: list[Any] = []
        self.frontage = unary_union([s.line.buffer(s.width / 2 + PAVEMENT_M + 14) for s in streets])
        roads = unary_union([g for s in streets for g in s.line.geoms])
        edge = box(-plan.HALF_X, -plan.HALF_Y, plan.HALF_X, plan.HALF_Y)
        lines = unary_union([roads, ground.land.intersection(edge).boundary, edge.boundary, ground.rail])
        tarmac = unary_union([s.line.buffer(s.width / 2 + PAVEMENT_M, cap_style="flat") for s in streets])
        kept_free = unary_union(
            [ground.green, ground.river.buffer(7), ground.rail.buffer(11), *[s.buffer(1) for s in ground.squares]]
            + [f.buffer(5) for f, _ in self.footprints]
        )
        inland = ground.land.buffer(-9)
        for block in polygonize(lines):
            if (
                not 500 < block.area < 300_000
                or block.touches(edge.boundary)
                or not ground.land.contains(block.representative_point())
            ):
                continue
            if block.area < 30_000:
                self.blocks.append(block)
            self._build(block.difference(tarmac).difference(kept_free).intersection(inland))

    def _build(self, room: Any) -> None:
        for plot in parts(room, "Polygon"):
            if plot.area < 120:
                continue
            dense = math.hypot(plot.centroid.x - 120, plot.centroid.y + 80) < 620
            plot = plot.simplify(1.2) if dense else plot.buffer(-3.2).simplify(1.5)
            ring = plot.difference(plot.buffer(-self.rng.uniform(9, 12.5))).intersection(self.frontage)
            cuts = unary_union(
                [self._gap(*cut, dense) for piece in parts(plot, "Polygon") for cut in self._runs(piece, dense)]
            )
            for house in parts(ring.difference(cuts), "Polygon"):
                if (44 if dense else 62) < house.area < 1600 and self.rng.random() < (0.97 if dense else 0.93):
                    height = self.rng.choice([6.2, 6.8, 7.4, 8.6, 9.8] if dense else [5.6, 6.2, 6.8])
                    self.footprints.append((house.simplify(1.1), height))

    def _runs(self, piece: Any, dense: bool) -> list[tuple[Any, float]]:
        """Where terraces end: distances along the outline of one plot."""
        outline, at, cuts = piece.exterior, self.rng.uniform(0, 8), []
        while at < outline.length:
            cuts.append((outline, at))
            at += self.rng.uniform(16, 40) if dense else self.rng.uniform(18, 36)
        return cuts

    def _gap(self, outline: Any, at: float, dense: bool) -> Any:
        """A cut square to the outline: a party wall's line, an alley or a drive."""
        a, b = outline.interpolate(at), outline.interpolate(min(outline.length, at + 1))
        dx, dy = b.x - a.x, b.y - a.y
        wide = self.rng.choice([0.25, 0.25, 1.2, 2.8] if dense else [3.2, 4.5, 6.0])
        return LineString([(a.x - dy * 24, a.y + dx * 24), (a.x + dy * 24, a.y - dx * 24)]).buffer(
            wide, cap_style="flat"
        )


def feature(projection: Projection, layer: str, shape: Any, **properties: Any) -> dict[str, Any]:
    """A GeoJSON feature; coordinates in degrees, 6 decimals (7 cm here)."""

    def degrees(x: float, y: float) -> list[float]:
        lat, lon = projection.to_wgs84(x, y)
        return [round(lon, 6), round(lat, 6)]

    def rings(p: Any) -> list[list[list[float]]]:
        return [[degrees(*c) for c in r.coords] for r in (p.exterior, *p.interiors)]

    kind = shape.geom_type
    coordinates: Any
    if kind == "Point":
        coordinates = degrees(shape.x, shape.y)
    elif kind == "LineString":
        coordinates = [degrees(*c) for c in shape.coords]
    elif kind == "MultiLineString":
        coordinates = [[degrees(*c) for c in g.coords] for g in shape.geoms]
    else:
        polygons = parts(shape, "Polygon")
        kind = "Polygon" if len(polygons) == 1 else "MultiPolygon"
        coordinates = rings(polygons[0]) if kind == "Polygon" else [rings(p) for p in polygons]
    return {
        "type": "Feature",
        "properties": {"layer": layer, **properties},
        "geometry": {"type": kind, "coordinates": coordinates},
    }


def make_town() -> dict[str, Any]:
    """The whole town as one GeoJSON FeatureCollection."""
    rng, projection, ground = random.Random(SEED), Projection(*plan.ANCHOR), Ground()
    mains = main_streets()
    streets = noded(mains + side_streets(ground, mains, rng))
    houses = Houses(ground, streets, rng)
    paths = park_paths(ground, streets, rng)

    def put(layer: str, shape: Any, **properties: Any) -> None:
        features.append(feature(projection, layer, shape, **properties))

    features: list[dict[str, Any]] = []
    view = box(-3000, -2400, 3000, 2400)
    put("earth", ground.land.intersection(view), kind="earth")
    put("water", view.difference(ground.land), kind="ocean")
    gardens = unary_union([f.buffer(20, resolution=2) for f, _ in houses.footprints]).buffer(-9, resolution=2)
    built = unary_union([gardens, *houses.blocks]).difference(ground.green).intersection(ground.land)
    put("landuse", built.buffer(2).simplify(4), kind="urban")
    put("landuse", ground.beach.simplify(1), kind="beach")
    for name, park in ground.parks:
        put("landuse", park.simplify(0.8), kind="park", name=name)
    for wood in ground.woods:
        put("landuse", wood.simplify(1), kind="wood")
    for square in ground.squares:
        put("landuse", square, kind="pedestrian")
    for pond in ground.ponds:
        put("water", pond.simplify(0.5), kind="water")
    put("roads", ground.rail.simplify(0.6), kind="rail", name=plan.RAIL_NAME)
    for street in sorted(streets + paths, key=lambda s: (s.kind != "path", -ord(s.kind[1]), s.name)):
        put("roads", street.line, kind=street.kind, name=street.name, width=street.width)
    for height in sorted({h for _, h in houses.footprints}):  # one feature a height: half the bytes
        put("buildings", MultiPolygon([f for f, h in houses.footprints if h == height]), height=height)
    for name, rank, at in plan.PLACES:
        put("places", Point(at), kind=rank, name=name)
    for name, sort, at in plan.POIS:
        put("pois", Point(at), kind=sort, name=name)
    return {
        "type": "FeatureCollection",
        "name": plan.TOWN_NAME,
        "anchor": [plan.ANCHOR[1], plan.ANCHOR[0]],
        "features": features,
    }


def main() -> None:
    """Writes the file that is named on the command line."""
    target = pathlib.Path(sys.argv[1])
    target.write_text(json.dumps(make_town(), separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{target}: {target.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
