"""The faces of a car, far ones first: a hatchback's profile extruded across; a patrol car has its livery."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

RGB = tuple[int, int, int]
XY = tuple[float, float]
Corner = tuple[float, float, float]  # metres along the car, across it (to its right), up
GLASS: RGB = (30, 38, 52)
TRIM: RGB = (24, 25, 28)
BATTENBURG: tuple[RGB, RGB] = ((226, 214, 44), (26, 58, 150))
HALF_WIDTH_M = 0.86
# (metres along, metres up), clockwise from the rear bumper
BODY: list[XY] = [
    (-2.08, 0.28),
    (-2.15, 0.55),
    (-2.1, 0.8),
    (-1.95, 0.95),
    (0.9, 0.96),
    (1.5, 0.88),
    (1.95, 0.73),
    (2.12, 0.52),
    (2.08, 0.28),
]
WAIST = 0.6  # what is lower looks to the ground, and is darker
CABIN: list[XY] = [(-1.85, 0.95), (-1.55, 1.26), (-1.2, 1.42), (-0.7, 1.48), (-0.1, 1.46), (0.28, 1.34), (0.95, 0.96)]
SIDE_GLASS: list[XY] = [
    (-1.58, 0.98),
    (-1.4, 1.22),
    (-1.12, 1.34),
    (-0.7, 1.4),
    (-0.12, 1.38),
    (0.2, 1.28),
    (0.74, 0.98),
]
WHEEL: list[XY] = [(0.33 * math.cos(k * math.tau / 14), 0.33 * math.sin(k * math.tau / 14)) for k in range(14)]


@dataclass(frozen=True, slots=True)
class Face:
    """One flat piece: its colour (None: the car's paint) in `gain` times the light plus `base`, within bounds.

    `unlit`: it shows its colour whatever the light.
    """

    corners: list[Corner]
    colour: RGB | None
    gain: float = 1.0
    base: float = 0.0
    least: float = 0.0
    unlit: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """All faces in drawing order, far ones first; their corners in one array, so that one sum projects a car."""

    corners: NDArray[np.float64]
    faces: list[tuple[int, int, Face]]


@cache
def shape_of(near: float, front: bool, detail: int, police: bool, blue: bool) -> Shape:
    """What shows of a car whose side at `near` metres across is towards us, and whose `front` or back is.

    `detail`: 0 far away, 1 with its wheels, 2 with its trim.
    """
    faces = [Face([(-2.1, near, 0), (2.1, near, 0), (2.1, -near, 0), (-2.1, -near, 0)], (12, 13, 16), unlit=True)]
    faces += _end(1 if front else -1, near, -near)
    faces += _roof(near)
    faces += _side(near)
    if police:
        faces += _livery(near, -near, blue)
    if detail > 1:
        faces += _trim(near)
    if detail:
        faces += _wheels(near, detail)
    ends = np.cumsum([2 * len(face.corners) for face in faces]).tolist()
    corners = np.array([corner for face in faces for corner in face.corners], float)
    return Shape(corners, list(zip([0, *ends[:-1]], ends, faces, strict=True)))


def _across(a: XY, b: XY, half_a: float, half_b: float) -> list[Corner]:
    """From one side of the car to the other, between two points of its profile."""
    return [(a[0], half_a, a[1]), (a[0], -half_a, a[1]), (b[0], -half_b, b[1]), (b[0], half_b, b[1])]


def _roof(near: float) -> list[Face]:
    top = CABIN[2:6]
    gains = (0.95, 1.25, 1.1)
    return [
        Face(_across(a, b, near * 0.86, near * 0.86), None, gain)
        for (a, b), gain in zip(itertools.pairwise(top), gains, strict=True)
    ]


def _side(near: float) -> list[Face]:
    low = [(-2.08, 0.28), (-2.15, 0.55), (-2.14, WAIST), (2.08, WAIST), (2.12, 0.52), (2.08, 0.28)]
    cabin = [(a, near * (1 - 0.12 * (u - 0.95) / 0.5), u) for a, u in CABIN]
    glass = [(a, near * (1.005 - 0.12 * (u - 0.95) / 0.5), u) for a, u in SIDE_GLASS]
    shine = [glass[0], glass[1], glass[2], (-0.9, glass[2][1], 1.36), (-1.2, near, 0.98)]
    return [
        Face([(a, near, u) for a, u in BODY], None, 0.88),
        Face([(a, near, u) for a, u in low], None, 0.6),
        Face(
            [
                (-2.02, near, 0.9),
                (-1.95, near, 0.95),
                (0.9, near, 0.96),
                (1.5, near, 0.88),
                (1.46, near, 0.84),
                (0.9, near, 0.9),
            ],
            None,
            1.2,
        ),
        Face(cabin, None, 0.8),
        Face(glass, GLASS, 0.7, base=0.3),
        Face(shine, GLASS, 0.9, base=0.5),
        Face(
            [(-0.38, near * 0.98, 0.97), (-0.3, near * 0.98, 0.97), (-0.36, near * 0.9, 1.4), (-0.44, near * 0.9, 1.4)],
            (16, 17, 20),
            unlit=True,
        ),
    ]


def _trim(near: float) -> list[Face]:
    """What shows from near by only: sills, the gaps of the doors, handles, a mirror."""
    return [
        Face([(-2.06, near, 0.28), (2.06, near, 0.28), (2.06, near, 0.36), (-2.06, near, 0.36)], TRIM),
        Face([(0.86, near, 0.95), (0.72, near, 0.4)], None, 0.4),
        Face([(-0.34, near, 0.95), (-0.4, near, 0.4)], None, 0.4),
        Face([(-1.5, near, 0.94), (-1.42, near, 0.66)], None, 0.4),
        Face(
            [
                (-0.28, near * 1.01, 0.83),
                (-0.06, near * 1.01, 0.83),
                (-0.06, near * 1.01, 0.86),
                (-0.28, near * 1.01, 0.86),
            ],
            None,
            1.25,
        ),
        Face(
            [
                (-1.4, near * 1.01, 0.83),
                (-1.18, near * 1.01, 0.83),
                (-1.18, near * 1.01, 0.86),
                (-1.4, near * 1.01, 0.86),
            ],
            None,
            1.25,
        ),
        Face([(0.76, near * 1.16, 0.97), (0.76, near, 0.97), (0.6, near, 1.1), (0.62, near * 1.16, 1.1)], None, 0.7),
    ]


def _wheels(near: float, detail: int) -> list[Face]:
    """Tyre and rim; from near by the dark arch over them, and the hub."""
    faces = []
    for axle in (-1.3, 1.3):
        rings: list[tuple[float, RGB, bool]] = [(1.0, (17, 17, 19), True), (0.66, (122, 126, 132), False)]
        if detail > 1:
            rings = [(1.2, (9, 9, 11), True), *rings, (0.52, (70, 73, 79), False), (0.2, (128, 131, 136), False)]
        for size, colour, dark in rings:
            ring = [(axle + x * size, near, 0.33 + y * size) for x, y in WHEEL if size <= 1 or y > -0.1]
            faces.append(Face(ring, colour, 0.8, unlit=dark))
    return faces


def _livery(near: float, far: float, blue: bool) -> list[Face]:
    """Battenburg along the side, the bar on the roof."""
    yellow, dark = BATTENBURG
    grid: list[list[Corner]] = [[(-1.7 + k * 0.42, near * 1.01, up) for k in range(9)] for up in (0.5, 0.66, 0.82)]
    faces = [Face([grid[0][0], grid[0][8], grid[2][8], grid[2][0]], dark, least=0.5)]
    for k in range(8):
        low, high = grid[k % 2], grid[k % 2 + 1]
        faces.append(Face([low[k], low[k + 1], high[k + 1], high[k]], yellow, least=0.5))
    bar = [(-0.62, near * 0.7), (-0.62, far * 0.7), (-0.38, far * 0.7), (-0.38, near * 0.7)]
    front: list[Corner] = [(-0.5, near * 0.7, 1.48), (-0.5, far * 0.7, 1.48), (-0.5, far * 0.7, 1.62)]
    return [
        *faces,
        Face([(a, o, 1.48) for a, o in bar], (30, 34, 48), unlit=True),
        Face([*front, (-0.5, near * 0.7, 1.62)], (130, 176, 255) if blue else (34, 52, 110), unlit=True),
    ]


def _end(end: int, near: float, far: float) -> list[Face]:
    """The end that faces us: body, glass, lamps, number plate."""
    gains: tuple[float, ...]
    if end > 0:
        slopes, gains = [(2.08, 0.28), (2.12, 0.52), (1.95, 0.73), (1.5, 0.88), (0.95, 0.96)], (0.55, 0.8, 1.05, 1.15)
        low, high = (0.95, 0.96), (0.28, 1.34)
    else:
        slopes, gains = [(-2.08, 0.28), (-2.15, 0.55), (-2.1, 0.8), (-1.85, 0.95)], (0.55, 0.75, 0.95)
        low, high = (-1.85, 0.95), (-1.3, 1.38)
    faces = [
        Face(_across(a, b, near, near), None, gain)
        for (a, b), gain in zip(itertools.pairwise(slopes), gains, strict=True)
    ]
    mid = ((low[0] + high[0]) / 2, (low[1] + high[1]) / 2)
    faces += [
        Face(_across(low, high, near * 0.93, near * 0.83), None, 0.85),
        Face(_across(low, high, near * 0.87, near * 0.76), GLASS, 0.8, base=0.35),
        Face(_across(mid, high, near * 0.81, near * 0.76), GLASS, 1.0, base=0.6),
    ]
    foot = slopes[1][0] * 1.005

    def panel(left: float, right: float, lower: float, upper: float, colour: RGB, least: float = 0.0) -> Face:
        corners = [
            (foot, near * left, lower),
            (foot, near * right, lower),
            (foot, near * right, upper),
            (foot, near * left, upper),
        ]
        return Face(corners, colour, least=least)

    faces.append(panel(0.95, -0.95, 0.28, 0.38, TRIM))
    if end > 0:  # the grille between the headlamps
        faces += [panel(0.55, -0.55, 0.54, 0.66, (20, 21, 24)), panel(0.6, -0.6, 0.4, 0.47, (20, 21, 24))]
    lamp: RGB = (226, 224, 206) if end > 0 else (140, 18, 20)
    for side in (1, -1):
        faces.append(panel(side * 0.97, side * 0.62, 0.56, 0.7, lamp, 0.55))
    plate: RGB = (220, 220, 214) if end > 0 else (224, 186, 40)
    return [*faces, panel(0.3, -0.3, 0.42, 0.53, plate, 0.4)]
