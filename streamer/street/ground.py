"""The ground: carriageways, pavements, kerbs and marks, parks and water, as flat polygons in perspective."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from streamer.street.camera import EYE_M, NEAR_M, View
from streamer.street.canvas import canvas
from streamer.street.light import Sources
from streamer.street.palette import BRIGHTEST, DARKEST, GROUND_INDEX, shade_of
from streamer.street.surroundings import CELL_M, SIGHT_M, Surroundings, chance
from streamer.town import PAVEMENT_M, Segment, Town, distance_to_segment

XY = tuple[float, float]
FINE_M = 28.0  # joints, covers and dashes are drawn this far
SPECK_M = 10.0  # what lies on the ground shows this far
SPECKS_PER_M, SPECK_BITS = 16, 8
SPECK_MASK = (1 << SPECK_BITS) - 1
SPECK = 36  # of the light's steps: how much brighter the brightest is
COARSE_PX = 16  # the light on the ground is computed every 16 pixels and interpolated
_AREA_COLOUR = {
    "ocean": "water",
    "water": "water",
    "park": "grass",
    "wood": "grass",
    "beach": "sand",
    "pedestrian": "setts",
}


@dataclass(frozen=True)
class Tiles:
    """Polygons near one cell in drawing order: their points in one array, from `heads` to `ends`."""

    points: NDArray[np.float64]
    heads: NDArray[np.intp]
    ends: list[int]
    colours: list[int]


class Ground:
    """Draws what lies under the horizon."""

    def __init__(self, town: Town) -> None:
        self._areas = [(GROUND_INDEX[_AREA_COLOUR[a.kind]], a.ring) for a in town.areas if a.kind in _AREA_COLOUR]
        self._tiles: dict[tuple[int, int], Tiles] = {}

    def draw(self, view: View, near: Surroundings) -> NDArray[np.uint8]:
        """The ground as colour indexes; where nothing lies it is yard."""
        index = np.full((view.height, view.width), GROUND_INDEX["yard"], np.uint8)
        draw = ImageDraw.Draw(canvas(index))
        tiles = self._near(view, near)
        if not tiles.ends:  # far out of town
            return index
        side, ahead = view.to_camera(tiles.points)
        scale = view.f / np.maximum(ahead, NEAR_M)
        columns, rows = view.width / 2 + side * scale, view.horizon + EYE_M * scale
        flat = np.stack([columns, rows], -1).reshape(-1)
        heads = tiles.heads
        nearest, farthest = np.minimum.reduceat(ahead, heads), np.maximum.reduceat(ahead, heads)
        tall = np.maximum.reduceat(rows, heads) - np.minimum.reduceat(rows, heads)
        # outside one of the planes through the eye and the picture's edges: exact for those behind us, too
        beside = (view.width / 2 + 1) / view.f * ahead
        seen = (np.maximum.reduceat(side + beside, heads) > 0) & (np.minimum.reduceat(side - beside, heads) < 0)
        seen &= (farthest > view.f * EYE_M / (view.height + 1 - view.horizon)) & (nearest < SIGHT_M) & (tall > 0.35)
        for k in np.flatnonzero(seen).tolist():
            start, end = int(heads[k]), tiles.ends[k]
            if nearest[k] >= NEAR_M:
                draw.polygon(flat[2 * start : 2 * end].tolist(), fill=tiles.colours[k])
            else:
                ring = list(zip(side[start:end].tolist(), ahead[start:end].tolist(), strict=True))
                draw.polygon(_pixels(view, _clipped(ring)), fill=tiles.colours[k])
        return index

    def _near(self, view: View, near: Surroundings) -> Tiles:
        cell = (math.floor(view.x / CELL_M), math.floor(view.y / CELL_M))
        if cell not in self._tiles:
            if len(self._tiles) > 5:
                self._tiles.pop(next(iter(self._tiles)))
            self._tiles[cell] = self._build((cell[0] + 0.5) * CELL_M, (cell[1] + 0.5) * CELL_M, near)
        return self._tiles[cell]

    def _build(self, x: float, y: float, near: Surroundings) -> Tiles:
        shapes = [(c, list(r)) for c, r in self._areas if _touches(r, x, y)]
        shapes += [s for layer in _street_layers(near.segments, (x, y)) for s in layer]
        points = np.array([p for _, ring in shapes for p in ring], float).reshape(-1, 2)
        ends = np.cumsum([len(ring) for _, ring in shapes]).tolist()
        return Tiles(points, np.array([0, *ends[:-1]], np.intp), ends, [c for c, _ in shapes])


def _touches(ring: tuple[XY, ...], x: float, y: float) -> bool:
    xs, ys = zip(*ring, strict=True)
    wide = min(xs) < x + SIGHT_M and max(xs) > x - SIGHT_M
    return bool(wide and min(ys) < y + SIGHT_M and max(ys) > y - SIGHT_M)


def _street_layers(segments: list[Segment], here: XY) -> Iterator[list[tuple[int, list[XY]]]]:
    """Pavements first, kerbs over them, carriageways over these, marks last: so crossings stay open."""
    paths = [s for s in segments if s.kind == "path"]
    streets = [s for s in segments if s.kind != "path"]
    near = [s for s in streets if distance_to_segment(here, s.a, s.b) < FINE_M + CELL_M]
    joined: dict[XY, float] = {}  # where street pieces meet: the width of the widest
    for s in near:
        for p in (s.a, s.b):
            joined[p] = max(joined.get(p, 0.0), s.width)
    yield [(GROUND_INDEX["path"], strip(s, -s.width / 2, s.width / 2)) for s in paths]
    for name, extra in (("pavement", PAVEMENT_M), ("kerb", 0.16), ("road", 0.0)):
        colour = GROUND_INDEX[name]
        yield [(colour, strip(s, -s.width / 2 - extra, s.width / 2 + extra)) for s in streets]
        yield [(colour, disc(p, width / 2 + extra)) for p, width in joined.items()]
        if name == "pavement":
            yield [j for s in near for j in _joints(s, here)]
    yield [m for s in near for m in _marks(s, here)]


def strip(s: Segment, low: float, high: float, start: float = 0.0, end: float = math.inf) -> list[XY]:
    """The band between `low` and `high` metres left of a segment, from `start` to `end` metres along it."""
    length = math.dist(s.a, s.b)
    dx, dy = (s.b[0] - s.a[0]) / length, (s.b[1] - s.a[1]) / length
    end = min(end, length)
    corners = ((start, low), (end, low), (end, high), (start, high))
    return [(s.a[0] + dx * t - dy * o, s.a[1] + dy * t + dx * o) for t, o in corners]


def disc(middle: XY, radius: float) -> list[XY]:
    """A ten-cornered disc: rounds the joint of two street pieces."""
    turn = math.tau / 10
    return [(middle[0] + radius * math.cos(k * turn), middle[1] + radius * math.sin(k * turn)) for k in range(10)]


def _joints(s: Segment, here: XY) -> Iterator[tuple[int, list[XY]]]:
    colour, length = GROUND_INDEX["joint"], math.dist(s.a, s.b)
    for k in range(int(length / 1.8)):
        for low, high in (
            (s.width / 2 + 0.16, s.width / 2 + PAVEMENT_M),
            (-s.width / 2 - PAVEMENT_M, -s.width / 2 - 0.16),
        ):
            line = strip(s, low, high, k * 1.8, k * 1.8 + 0.06)
            if math.dist(line[0], here) < FINE_M * 0.5:
                yield (colour, line)


def _marks(s: Segment, here: XY) -> Iterator[tuple[int, list[XY]]]:
    """Double yellow lines, the centre's dashes, a cover now and then."""
    length = math.dist(s.a, s.b)
    edge = s.width / 2
    if length > 14:
        for off in (edge - 0.36, edge - 0.62, -edge + 0.26, -edge + 0.52):
            yield (GROUND_INDEX["yellow"], strip(s, off, off + 0.1, 5.5, length - 5.5))
    if s.kind == "major_road" or s.width > 7:
        for k in range(int(max(0.0, length - 8) / 6)):
            yield (GROUND_INDEX["white"], strip(s, -0.06, 0.06, 4 + k * 6, 7 + k * 6))
    for k in range(int(length / 17)):
        along, off = (k + chance(*s.a, k)) * 17, (chance(*s.b, k) - 0.5) * (s.width - 2)
        if along < length - 1:
            yield (GROUND_INDEX["iron"], strip(s, off - 0.3, off + 0.3, along, along + 0.6))


def _clipped(ring: list[XY]) -> list[XY]:
    """The part of a (side, ahead) ring that lies beyond the near plane."""
    out: list[XY] = []
    for (s0, a0), (s1, a1) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if a0 >= NEAR_M:
            out.append((s0, a0))
        if (a0 >= NEAR_M) != (a1 >= NEAR_M):
            t = (NEAR_M - a0) / (a1 - a0)
            out.append((s0 + (s1 - s0) * t, NEAR_M))
    return out


def _pixels(view: View, ring: list[XY]) -> list[float]:
    """Column, row, column, row … of a (side, ahead) ring on the ground."""
    middle, f, horizon, rise = view.width / 2, view.f, view.horizon, view.f * EYE_M
    return [c for side, ahead in ring for c in (middle + side * f / ahead, horizon + rise / ahead)]


def ground_shade(view: View, light: Sources, first: int, haze_m: float) -> NDArray[np.uint16]:
    """The shade of the pixels under row `first`: pools of lamp light, what lies on a road, haze far away."""
    tall, wide = view.height - first, view.width
    rows = np.linspace(first + 0.6, view.height, tall // COARSE_PX + 2)
    columns = np.linspace(0, wide, wide // COARSE_PX + 1)
    x, y = _on_the_ground(view, rows[:, None], columns)
    most = BRIGHTEST - DARKEST - SPECK
    # interpolated for two by two pixels, each then taken four times
    half = ((wide + 1) // 2, (tall + 1) // 2)
    levels = np.asarray(
        Image.fromarray((light.at(x, y) * most).astype(np.uint8)).resize(half, Image.Resampling.BILINEAR)
    )
    exact = view.f * EYE_M / np.maximum(np.arange(first, view.height) + 0.5 - view.horizon, 0.5)
    far = shade_of(np.zeros(tall), np.minimum(exact, 300.0), haze_m)
    pairs = levels.astype(np.uint32)
    pairs |= pairs << np.uint32(16)
    out: NDArray[np.uint16] = np.repeat(pairs.view(np.uint16), 2, axis=0)[:tall, :wide]
    out += far[:, None]
    near = max(0, math.ceil(view.horizon + view.f * EYE_M / SPECK_M) - first)
    if near < tall:
        # for two by two pixels: a quarter of the work, and the lens is no sharper
        x, y = _on_the_ground(
            view,
            np.arange(first + near + 1.0, view.height + 1, 2, dtype=np.float32)[:, None],
            np.arange(1.0, wide + 1, 2, dtype=np.float32),
        )
        cell = ((x * SPECKS_PER_M).astype(np.int32) & SPECK_MASK) << SPECK_BITS
        cell |= (y * SPECKS_PER_M).astype(np.int32) & SPECK_MASK
        specks = np.take(_specks(), cell)
        for row in (0, 1):
            for column in (0, 1):
                under = out[near + row :: 2, column::2]
                under += specks[: under.shape[0], : under.shape[1]]
    return out


def _on_the_ground(
    view: View, rows: NDArray[np.floating], columns: NDArray[np.floating]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Town metres of the ground that rows (a column of them) and columns of the picture show."""
    ahead = view.f * EYE_M / np.maximum(rows - view.horizon, 0.6)
    side = (columns - view.width / 2) / view.f
    x = view.x + ahead * (view.forward[0] + view.right[0] * side)
    y = view.y + ahead * (view.forward[1] + view.right[1] * side)
    return x, y


@cache
def _specks() -> NDArray[np.uint16]:
    """Grit, patches and stains of asphalt and flags, by the sixteenth of a metre, again after 16 m."""
    side = 1 << SPECK_BITS
    rng = np.random.default_rng(17)
    grit = rng.random((side, side)) ** 2.2
    blot = np.asarray(
        Image.fromarray((rng.random((20, 20)) * 255).astype(np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
    )
    specks: NDArray[np.uint16] = np.clip((0.55 * grit + 0.6 * blot / 255.0) * SPECK, 0, SPECK).astype(np.uint16)
    return specks.reshape(-1)
