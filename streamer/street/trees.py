"""Trees of the parks and woods: where they stand, and how they look at dusk."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator

from PIL import ImageDraw

from streamer.street.people import lit
from streamer.town import Area, Segment, distance_to_segment

XY = tuple[float, float]
APART_M = 15.0
CLEAR_OF_PATHS_M = 3.5
LEAVES = [(52, 74, 46), (62, 80, 44), (44, 66, 50), (72, 74, 42)]


def trees_near(
    areas: Iterable[Area], paths: list[Segment], x: float, y: float, reach: float, dice: Callable[..., float]
) -> Iterator[XY]:
    """One tree in most squares of 15 m inside a park or wood, off its paths; always the same ones."""
    rings = [area.ring for area in areas if area.kind in ("park", "wood")]
    columns = range(math.floor((x - reach) / APART_M), math.ceil((x + reach) / APART_M))
    rows = range(math.floor((y - reach) / APART_M), math.ceil((y + reach) / APART_M))
    for i, j in itertools.product(columns, rows):
        at = ((i + dice(i, j, 1)) * APART_M, (j + dice(i, j, 2)) * APART_M)
        if dice(i, j, 3) < 0.8 and any(inside(at, ring) for ring in rings) and _off_paths(at, paths):
            yield at


def inside(p: XY, ring: tuple[XY, ...]) -> bool:
    """Whether a point lies in a ring (even-odd rule)."""
    odd = False
    for (x0, y0), (x1, y1) in zip(ring, (*ring[1:], ring[0]), strict=True):
        if (y0 > p[1]) != (y1 > p[1]) and p[0] < x0 + (p[1] - y0) / (y1 - y0) * (x1 - x0):
            odd = not odd
    return odd


def _off_paths(p: XY, paths: list[Segment]) -> bool:
    return all(distance_to_segment(p, s.a, s.b) > CLEAR_OF_PATHS_M + s.width / 2 for s in paths)


def draw_tree(canvas: ImageDraw.ImageDraw, foot: XY, px: float, seed: float, light: float) -> None:
    """A trunk and a crown of five clumps, lit from above by what the sky leaves; `px` pixels a metre."""
    tall = 5.5 + 3.0 * seed
    leaf = LEAVES[int(seed * 97) % len(LEAVES)]
    wide = max(1, round(0.28 * px))
    canvas.line((foot[0], foot[1], foot[0], foot[1] - tall * 0.6 * px), fill=lit((64, 52, 42), light), width=wide)
    clumps = (
        (0.0, 0.52, 1.9, 0.5),
        (-1.2, 0.62, 1.4, 0.6),
        (1.15, 0.66, 1.5, 0.65),
        (-0.3, 0.84, 1.5, 0.85),
        (0.5, 0.74, 1.2, 1.0),
    )
    for side, up, radius, tone in clumps:
        x, y, r = foot[0] + side * px, foot[1] - tall * up * px, radius * px
        canvas.ellipse((x - r, y - r * 0.86, x + r, y + r * 0.86), fill=lit(leaf, min(1.0, (0.16 + light) * tone)))
