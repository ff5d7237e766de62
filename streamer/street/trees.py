"""Trees of the parks and woods: where they stand, and how they look at dusk."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from PIL import Image, ImageDraw

from streamer.street.sprites import Sprite, grained, rounded
from streamer.town import Area, Segment, distance_to_segment

XY = tuple[float, float]
APART_M = 15.0
CLEAR_OF_PATHS_M = 3.5
KINDS = 6
PX = 32  # pixels a metre of a tree's picture
WIDE_M, TALL_M, FOOT_M = 5.8, 8.4, 0.3
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


@cache
def tree(kind: int) -> Sprite:
    """One of KINDS trees: a trunk, and a crown of many clumps that are lit from above."""
    rng = random.Random(kind)
    size = (round(WIDE_M * PX), round(TALL_M * PX))
    wood, crown = (Image.new("RGBA", size, (0, 0, 0, 0)) for _ in range(2))
    leaf, middle, foot = LEAVES[kind % len(LEAVES)], size[0] / 2, size[1] - FOOT_M * PX
    ImageDraw.Draw(wood).ellipse(
        (middle - 2 * PX, foot - 0.2 * PX, middle + 2 * PX, foot + 0.2 * PX), fill=(8, 9, 10, 90)
    )
    trunk = [
        (-0.2, 0.0),
        (-0.12, 2.6),
        (-0.5, 4.2),
        (-0.3, 4.2),
        (0.05, 3.0),
        (0.5, 4.4),
        (0.62, 4.3),
        (0.14, 2.4),
        (0.2, 0.0),
    ]
    ImageDraw.Draw(wood).polygon([(middle + x * PX, foot - y * PX) for x, y in trunk], fill=(58, 48, 40, 255))
    canvas, tall = ImageDraw.Draw(crown), 5.8 + 1.6 * rng.random()
    for _ in range(150):
        turn, out = rng.random() * math.tau, rng.random() ** 0.6
        x, y = 2.2 * out * math.cos(turn), tall - 2.2 + 1.9 * out * math.sin(turn)
        radius, tone = rng.uniform(0.25, 0.6), 0.62 + 0.5 * (y - tall + 4.1) / 3.8 + rng.uniform(-0.12, 0.12)
        box = (x - radius, y + radius * 0.8, x + radius, y - radius * 0.8)
        colour = tuple(int(channel * tone) for channel in leaf)
        canvas.ellipse(
            (middle + box[0] * PX, foot - box[1] * PX, middle + box[2] * PX, foot - box[3] * PX), fill=(*colour, 255)
        )
    wood.alpha_composite(rounded(crown, 0.3 * PX, 5.0))
    return Sprite.of(grained(wood, kind, 0.22), PX, FOOT_M)
