"""What stands near the officer: walls with their fronts, lamps, parked cars, walkers' beats.

Chosen by a hash of the place, so that every camera sees the same town. Kept by 24 m cells, since an
officer who walks stays in one for a quarter of a minute.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from streamer.street.atlas import Atlas
from streamer.street.trees import trees_near
from streamer.town import PAVEMENT_M, Building, Segment, Town, distance_to_segment

CELL_M = 24.0
SIGHT_M = 125.0
DETAIL_M = 75.0  # lamps, cars and people are drawn this far
ROOF_M = 2.1
HOUSE_M = 6.4
SHOPPING = {"Harbour Street", "Granby Street", "Fish Street", "Market Row", "Butchery Lane"}
MARITIME = {"Quay Road", "Ropewalk", "Custom House Lane", "West Quay"}
XY = tuple[float, float]
Whole = NDArray[np.int64]


def chance(*keys: float | int) -> float:
    """0…1, always the same for the same keys (SplitMix64's finaliser over them)."""
    value = 0x9E3779B97F4A7C15
    for key in keys:
        value = (value ^ (int(key * 100) & 0xFFFFFFFFFFFFFFFF)) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        value = (value ^ value >> 29) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
        value ^= value >> 32
    return value / 2.0**64


@dataclass(frozen=True, slots=True)
class Car:
    """A car: its middle, the direction it points to, and its colour's number; parked, unless it `drives`."""

    at: XY
    along: XY
    colour: int
    police: bool = False
    drives: bool = False


@dataclass(frozen=True, slots=True)
class Beat:
    """The stretch of pavement that one walker goes up and down."""

    a: XY
    b: XY
    seed: float


@dataclass(frozen=True)
class Surroundings:
    """All that can be seen from one cell. Walls as columns of numbers, one entry per wall."""

    a: NDArray[np.float64]
    b: NDArray[np.float64]
    height: NDArray[np.float64]
    first: NDArray[np.int64]  # the family's first front in the atlas
    count: NDArray[np.int64]
    houses: NDArray[np.float64]
    seed: NDArray[np.int64]
    length: NDArray[np.float64]
    segments: list[Segment]
    lamps: NDArray[np.float64]
    shops: NDArray[np.float64]  # lit windows that light the pavement: x, y, strength
    cars: list[Car]
    cars_at: NDArray[np.float64]
    beats: list[Beat]
    trees: NDArray[np.float64]


class Neighbourhood:
    """Answers `at(x, y)` with the surroundings of that point's cell, remembering the last few cells."""

    def __init__(self, town: Town, atlas: Atlas) -> None:
        self._town, self._atlas = town, atlas
        self._walls: dict[Building, list[tuple[float, ...]]] = {}
        self._cell = lru_cache(maxsize=6)(self._look)

    def at(self, x: float, y: float) -> Surroundings:
        """The surroundings of a point."""
        return self._cell(math.floor(x / CELL_M), math.floor(y / CELL_M))

    def _look(self, i: int, j: int) -> Surroundings:
        x, y = (i + 0.5) * CELL_M, (j + 0.5) * CELL_M
        walls = [w for b in self._town.buildings_near(x, y, SIGHT_M) for w in self._walls_of(b)]
        table = np.array(walls, float).reshape(-1, 10)
        segments = list(self._town.segments_near(x, y, SIGHT_M))
        streets = [
            s for s in segments if s.kind != "path" and distance_to_segment((x, y), s.a, s.b) < DETAIL_M + CELL_M
        ]
        first, count, houses, seed = (table[:, k].astype(np.int64) for k in (5, 6, 7, 8))
        cars = [c for s in streets for c in cars_of(s)]
        return Surroundings(
            a=table[:, 0:2],
            b=table[:, 2:4],
            height=table[:, 4],
            first=first,
            count=count,
            houses=table[:, 7],
            seed=seed,
            length=table[:, 9],
            segments=segments,
            lamps=_table(p for s in streets for p in lamps_of(s)),
            shops=self._shops(table, fronts_of(first, count, seed, houses)),
            cars=cars,
            cars_at=_table([car.at for car in cars]),
            beats=[b for s in streets for b in beats_of(s)],
            trees=_table(trees_near(self._town.areas, segments, x, y, DETAIL_M + CELL_M, chance)),
        )

    def _shops(self, table: NDArray[np.float64], fronts: list[NDArray[np.int64]]) -> NDArray[np.float64]:
        """A light a step before each house whose ground floor is lit."""
        found = []
        for (ax, ay, bx, by, *_, length), chosen in zip(table.tolist(), fronts, strict=True):
            for house, shines in enumerate(self._atlas.shines[chosen].tolist()):
                if shines > 0.1:
                    share = (house + 0.5) / len(chosen)
                    out = 1.1 / length
                    x, y = ax + (bx - ax) * share + (by - ay) * out, ay + (by - ay) * share - (bx - ax) * out
                    found.append((x, y, shines))
        return np.array(found, float).reshape(-1, 3)

    def _walls_of(self, building: Building) -> list[tuple[float, ...]]:
        if building not in self._walls:
            self._walls[building] = self._fronts(building)
        return self._walls[building]

    def _fronts(self, building: Building) -> list[tuple[float, ...]]:
        ring = building.ring
        out: list[tuple[float, ...]] = []
        seed = int(chance(*ring[0]) * 9973)
        for a, b in zip(ring, (*ring[1:], ring[0]), strict=True):
            length = math.dist(a, b)
            family = self._family(building, a, b, length)
            first, count = self._atlas.families[family]
            houses = max(1, round(length / HOUSE_M)) if family != "gable" else max(1, round(length / 9))
            out.append((*a, *b, building.height + ROOF_M, first, count, houses, seed, length))
        return out

    def _family(self, building: Building, a: XY, b: XY, length: float) -> str:
        if length < 4.2:
            return "gable"
        middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
        outside = (middle[0] + 3 * (b[1] - a[1]) / length, middle[1] - 3 * (b[0] - a[0]) / length)
        near = [s for s in self._town.segments_near(*middle, 16.0) if s.kind != "path"]
        facing = [
            s
            for s in near
            if distance_to_segment(middle, s.a, s.b) < s.width / 2 + PAVEMENT_M + 9
            and distance_to_segment(middle, s.a, s.b) - distance_to_segment(outside, s.a, s.b) > 2.2
        ]
        if not facing:
            return "gable"
        street = min(facing, key=lambda s: distance_to_segment(middle, s.a, s.b))
        dice = chance(building.ring[0][0], building.ring[0][1], 7)
        if street.name in SHOPPING and dice < 0.62:
            return "shop"
        if street.name in MARITIME and dice < 0.5:
            return "warehouse" if building.height > 8 or dice < 0.2 else "shop"
        return ("brick", "brick", "buff", "render")[int(chance(len(street.name), ord(street.name[0]), dice > 0.6) * 4)]


def front_of(first: Whole, count: Whole, seed: Whole, house: Whole) -> Whole:
    """Which front of the atlas the `house`-th house of a wall shows."""
    return first + (seed + house * 5) % count


def fronts_of(first: Whole, count: Whole, seed: Whole, houses: Whole) -> list[Whole]:
    """The fronts of each wall's houses."""
    return [front_of(first[k], count[k], seed[k], np.arange(n)) for k, n in enumerate(houses.tolist())]


def lamps_of(s: Segment) -> list[XY]:
    """Street lamps, about 26 m apart, on alternating kerbs."""
    length = math.dist(s.a, s.b)
    count = int(length / 26.0 + chance(*s.a, *s.b))
    return [_beside(s, (k + 0.5) / count, (s.width / 2 + 0.35) * (1 if k % 2 else -1)) for k in range(count)]


def parked_side(s: Segment) -> int:
    """Along which kerb cars are parked: 1 on the left of a street piece, -1 on the right, 0 where none are."""
    if s.width < 5.8 or s.kind == "major_road" or math.dist(s.a, s.b) < 26:
        return 0
    return 1 if chance(*s.a) < 0.5 else -1


def cars_of(s: Segment) -> list[Car]:
    """Cars parked along one kerb, clear of the corners."""
    length, side = math.dist(s.a, s.b), parked_side(s)
    if not side:
        return []
    along = ((s.b[0] - s.a[0]) / length, (s.b[1] - s.a[1]) / length)
    cars = []
    for k in range(int((length - 20) / 6.3)):
        dice = chance(*s.a, *s.b, k)
        if dice < 0.42:
            at = _beside(s, (10 + (k + 0.5) * 6.3) / length, (s.width / 2 - 1.05) * side)
            turn = 1 if chance(dice) < 0.7 else -1
            cars.append(Car(at, (along[0] * turn, along[1] * turn), int(dice * 1000)))
    return cars


def beats_of(s: Segment) -> list[Beat]:
    """Walkers: one or two on a stretch of pavement that is long enough."""
    length = math.dist(s.a, s.b)
    if length < 24:
        return []
    count = 1 + int(chance(*s.b, 3) * 2.2)
    beats = []
    for k in range(count):
        off = (s.width / 2 + 0.75 + 0.9 * chance(*s.a, k)) * (1 if k % 2 else -1)
        beats.append(Beat(_beside(s, 2 / length, off), _beside(s, 1 - 2 / length, off), chance(*s.b, k, 11)))
    return beats


def _table(places: Iterable[XY]) -> NDArray[np.float64]:
    return np.array(list(places), float).reshape(-1, 2)


def _beside(s: Segment, share: float, off: float) -> XY:
    """The point `share` of the way along, `off` metres to the left of it."""
    dx, dy = s.b[0] - s.a[0], s.b[1] - s.a[1]
    length = math.hypot(dx, dy)
    return (s.a[0] + dx * share - dy / length * off, s.a[1] + dy * share + dx / length * off)
