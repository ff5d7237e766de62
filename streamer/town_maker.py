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
from shapely.ops import unary_union  # type: ignore[import-untyped,unused-ignore]

from streamer import town_plan as plan
from streamer.projection import Projection
from streamer.town_houses import Houses
from streamer.town_shapes import XY, Ground, Street, curve, parts

SEED = 17
GRID_M = 0.05  # all lines are snapped to this, so that crossings are exactly shared


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
    gardens = unary_union([f.buffer(20, quad_segs=2) for f, _ in houses.footprints]).buffer(-9, quad_segs=2)
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
