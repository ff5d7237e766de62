"""Shapes that the town is made of: curves, the ground with its waters and parks, streets. See `streamer.town_maker`."""

from __future__ import annotations

from typing import Any

from shapely.geometry import LineString, Polygon  # type: ignore[import-untyped,unused-ignore]
from shapely.ops import unary_union  # type: ignore[import-untyped,unused-ignore]

from streamer import town_plan as plan

XY = tuple[float, float]
PAVEMENT_M = 2.2  # as `streamer.town` has it: façades stand this far behind the kerb


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
