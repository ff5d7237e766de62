"""Houses along the edges of the blocks that streets enclose. See `streamer.town_maker`."""

from __future__ import annotations

import math
import random
from typing import Any

from shapely.geometry import LineString, Polygon, box  # type: ignore[import-untyped,unused-ignore]
from shapely.ops import polygonize, unary_union  # type: ignore[import-untyped,unused-ignore]

from streamer import town_plan as plan
from streamer.town_shapes import PAVEMENT_M, Ground, Street, parts


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
