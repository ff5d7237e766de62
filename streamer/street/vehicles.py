"""Cars: a profile extruded across, far faces first; a patrol car has its livery and its blue lamps."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import ImageDraw

from streamer.street.camera import EYE_M, NEAR_M, View
from streamer.street.people import lit
from streamer.street.surroundings import Car

RGB = tuple[int, int, int]
XY = tuple[float, float]
PAINTS: list[RGB] = [
    (146, 26, 30),
    (150, 156, 164),
    (42, 46, 54),
    (34, 62, 110),
    (196, 196, 192),
    (70, 84, 70),
    (98, 98, 102),
]
GLASS: RGB = (28, 36, 50)
POLICE_WHITE: RGB = (206, 208, 206)
BATTENBURG: tuple[RGB, RGB] = ((226, 214, 44), (26, 58, 150))
HEADLAMP: RGB = (255, 246, 220)
TAIL_LAMP: RGB = (255, 56, 44)
HALF_WIDTH_M = 0.86
WHEELS_PX, TRIM_PX = 9.0, 20.0  # pixels a metre from which they show
TONES = 48  # steps of light that a car's paint tells apart
# (metres along, metres up), clockwise from the rear bumper
BODY: list[XY] = [(-2.05, 0.32), (-2.1, 0.72), (-1.95, 0.92), (0.95, 0.92), (1.9, 0.8), (2.08, 0.58), (2.05, 0.32)]
CABIN: list[XY] = [(-1.85, 0.92), (-1.4, 1.42), (0.15, 1.45), (0.95, 0.92)]
SIDE_GLASS: list[XY] = [(-1.55, 0.96), (-1.25, 1.34), (0.08, 1.36), (0.66, 0.96)]


Corner = tuple[float, float, float]  # metres along the car, across it (to its right), up
WHEEL: list[XY] = [(0.33 * math.cos(k * math.tau / 10), 0.33 * math.sin(k * math.tau / 10)) for k in range(10)]


@dataclass(frozen=True, slots=True)
class _Face:
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
class _Shape:
    """All faces in drawing order, far ones first; their corners in one array, so that one sum projects a car."""

    corners: NDArray[np.float64]
    faces: list[tuple[int, int, _Face]]


def draw_car(canvas: ImageDraw.ImageDraw, view: View, car: Car, light: float, blue: bool = False) -> None:
    """Draw `car` as it shows from `view`, in the light 0…1 that falls on it; a patrol car's lamps are `blue` or dark."""
    dx, dy = car.at[0] - view.x, car.at[1] - view.y
    near = -HALF_WIDTH_M if dx * car.along[1] - dy * car.along[0] > 0 else HALF_WIDTH_M
    px = view.f / max(NEAR_M, dx * view.forward[0] + dy * view.forward[1])
    shape = _shape(near, _shows_front(view, car), (px >= WHEELS_PX) + (px >= TRIM_PX), car.police, blue)
    flat = _projected(view, car, shape.corners)
    paint = POLICE_WHITE if car.police else PAINTS[car.colour % len(PAINTS)]
    for start, end, tone in _toned(shape, paint, round(light * TONES)):
        if end - start > 4:
            canvas.polygon(flat[start:end], fill=tone)
        else:
            canvas.line(flat[start:end], fill=tone)


@lru_cache(maxsize=512)
def _toned(shape: _Shape, paint: RGB, light: int) -> list[tuple[int, int, RGB]]:
    """Each face's corners and what it looks like in `light` of TONES."""

    def tone(face: _Face) -> RGB:
        colour = face.colour or paint
        level = max(face.least, min(1.3, face.base + light / TONES * face.gain))
        return colour if face.unlit else lit(colour, level)

    return [(start, end, tone(face)) for start, end, face in shape.faces]


def _projected(view: View, car: Car, corners: NDArray[np.float64]) -> list[float]:
    """Column, row, column, row … of a car's corners."""
    (fx, fy), (rx, ry), (ax, ay) = view.forward, view.right, car.along
    dx, dy = car.at[0] - view.x, car.at[1] - view.y
    to_camera = np.array(((ax * rx + ay * ry, ax * fx + ay * fy), (ay * rx - ax * ry, ay * fx - ax * fy)))
    place = corners[:, :2] @ to_camera
    scale = view.f / np.maximum(place[:, 1] + (dx * fx + dy * fy), NEAR_M)
    out = np.empty((len(corners), 2))
    out[:, 0] = view.width / 2 + (place[:, 0] + (dx * rx + dy * ry)) * scale
    out[:, 1] = view.horizon + (EYE_M - corners[:, 2]) * scale
    flat: list[float] = out.reshape(-1).tolist()
    return flat


@cache
def _shape(near: float, front: bool, detail: int, police: bool, blue: bool) -> _Shape:
    """What shows of a car whose side at `near` metres across is towards us, and whose `front` or back is.

    `detail`: 0 far away, 1 with its wheels, 2 with its trim.
    """
    faces = [_Face([(-2, near, 0), (2, near, 0), (2, -near, 0), (-2, -near, 0)], (16, 17, 20), unlit=True)]
    faces += _end(1 if front else -1, near, -near)
    roof: list[Corner] = [(-1.4, 0.9 * near, 1.43), (-1.4, -0.9 * near, 1.43), (0.15, -0.9 * near, 1.45)]
    faces += [
        _Face([*roof, (0.15, 0.9 * near, 1.45)], None, 1.2),
        _Face([(a, near, u) for a, u in BODY], None, 0.9),
        _Face([(a, near * 0.93, u) for a, u in CABIN], None, 0.8),
        _Face([(a, near * 0.95, u) for a, u in SIDE_GLASS], GLASS, 0.8, base=0.4),
    ]
    if police:
        faces += _livery(near, -near, blue)
    if detail > 1:
        faces += _trim(near)
    if detail:
        faces += _wheels(near, detail)
    ends = np.cumsum([2 * len(face.corners) for face in faces]).tolist()
    corners = np.array([corner for face in faces for corner in face.corners], float)
    return _Shape(corners, list(zip([0, *ends[:-1]], ends, faces, strict=True)))


def _trim(near: float) -> list[_Face]:
    """What shows from near by only: sills, the light along the shoulder, the gaps of the doors, a mirror."""
    return [
        _Face([(-2.04, near, 0.32), (2.04, near, 0.32), (2.04, near, 0.42), (-2.04, near, 0.42)], (24, 25, 28)),
        _Face(
            [(-1.95, near, 0.9), (0.95, near, 0.9), (1.9, near, 0.78), (1.9, near, 0.74), (-2, near, 0.86)], None, 1.2
        ),
        _Face([(-2.05, near, 0.62), (2.02, near, 0.6)], None, 0.55),
        _Face([(-0.62, near * 0.95, 1.35), (-0.66, near, 0.42)], (14, 15, 18), unlit=True),
        _Face([(0.72, near, 0.92), (0.62, near, 0.42)], None, 0.45),
        _Face([(-1.5, near, 0.92), (-1.42, near, 0.62)], None, 0.45),
        _Face(
            [(0.74, near * 1.12, 0.96), (0.74, near, 0.96), (0.66, near, 1.06), (0.66, near * 1.12, 1.06)], None, 0.7
        ),
    ]


def _wheels(near: float, detail: int) -> list[_Face]:
    """Tyre and rim; from near by the dark arch over them."""
    faces = []
    for axle in (-1.3, 1.3):
        for size, colour, dark in (
            (1.22, (10, 10, 12), True),
            (1.0, (20, 20, 22), True),
            (0.6, (120, 124, 130), False),
        ):
            if size <= 1 or detail > 1:
                ring = [(axle + x * size, near, 0.33 + y * size) for x, y in WHEEL if size <= 1 or y > -0.1]
                faces.append(_Face(ring, colour, 0.8, unlit=dark))
    return faces


def _pixels_of(view: View, car: Car) -> Callable[[float, float, float], XY]:
    """Metres along the car, across it (to its right) and up → pixels."""
    across = (car.along[1], -car.along[0])
    dx, dy = car.at[0] - view.x, car.at[1] - view.y

    def pixel(along: float, over: float, up: float) -> XY:
        x, y = dx + car.along[0] * along + across[0] * over, dy + car.along[1] * along + across[1] * over
        ahead = max(NEAR_M, x * view.forward[0] + y * view.forward[1])
        return view.pixel(x * view.right[0] + y * view.right[1], ahead, up)

    return pixel


def _shows_front(view: View, car: Car) -> bool:
    return (car.at[0] - view.x) * car.along[0] + (car.at[1] - view.y) * car.along[1] < 0


def lit_lamps(view: View, car: Car) -> list[tuple[tuple[float, float, float], RGB, float]]:
    """The lamps of the end that shows, as (column, row, row of the road under it), colour, metres of glow."""
    pixel, front = _pixels_of(view, car), _shows_front(view, car)
    end, colour, wide = (2.08, HEADLAMP, 1.5) if front else (-2.08, TAIL_LAMP, 0.8)
    found = []
    for over in (-0.68, 0.68):
        (x, y), (_, foot) = pixel(end, over, 0.67), pixel(end, over, 0.0)
        found.append(((x, y, foot), colour, wide))
    return found


def blue_lamps(view: View, car: Car) -> list[tuple[float, float, float]]:
    """Both ends of a patrol car's roof bar: column, row, row of the road under it."""
    pixel = _pixels_of(view, car)
    return [(*pixel(-0.5, over, 1.56), pixel(-0.5, over, 0.0)[1]) for over in (-0.5, 0.5)]


def _livery(near: float, far: float, blue: bool) -> list[_Face]:
    """Battenburg along the side, the bar on the roof."""
    yellow, dark = BATTENBURG
    grid: list[list[Corner]] = [[(-1.7 + k * 0.42, near * 1.01, up) for k in range(9)] for up in (0.46, 0.62, 0.78)]
    faces = [_Face([grid[0][0], grid[0][8], grid[2][8], grid[2][0]], dark, least=0.5)]
    for k in range(8):
        low, high = grid[k % 2], grid[k % 2 + 1]
        faces.append(_Face([low[k], low[k + 1], high[k + 1], high[k]], yellow, least=0.5))
    bar = [(-0.62, near * 0.7), (-0.62, far * 0.7), (-0.38, far * 0.7), (-0.38, near * 0.7)]
    front: list[Corner] = [(-0.5, near * 0.7, 1.46), (-0.5, far * 0.7, 1.46), (-0.5, far * 0.7, 1.6)]
    return [
        *faces,
        _Face([(a, o, 1.46) for a, o in bar], (30, 34, 48), unlit=True),
        _Face([*front, (-0.5, near * 0.7, 1.6)], (120, 170, 255) if blue else (34, 52, 110), unlit=True),
    ]


def _end(end: int, near: float, far: float) -> list[_Face]:
    """The end that faces us: body, glass, lamps, number plate."""
    foot, shoulder = 2.06 * end, (1.9 if end > 0 else -1.97)
    low, high = (0.95, 0.15) if end > 0 else (-1.85, -1.4)
    lamp: RGB = (226, 224, 206) if end > 0 else (150, 20, 22)
    plate: RGB = (220, 220, 214) if end > 0 else (224, 186, 40)
    faces = [
        _Face([(foot, near, 0.3), (foot, far, 0.3), (shoulder, far, 0.84), (shoulder, near, 0.84)], None, 0.72),
        _Face([(shoulder, near, 0.84), (shoulder, far, 0.84), (low, far, 0.92), (low, near, 0.92)], None, 1.15),
        _Face(
            [(low, near * 0.9, 0.94), (low, far * 0.9, 0.94), (high, far * 0.84, 1.42), (high, near * 0.84, 1.42)],
            GLASS,
            0.9,
            base=0.5,
        ),
        _Face([(foot, near, 0.3), (foot, far, 0.3), (foot, far, 0.4), (foot, near, 0.4)], (30, 31, 34)),
    ]
    if end > 0:  # the grille between the headlamps
        grille = [(foot, near * 0.6, 0.58), (foot, far * 0.6, 0.58), (foot, far * 0.6, 0.7), (foot, near * 0.6, 0.7)]
        faces.append(_Face(grille, (26, 27, 30)))
    for side in (near, far):
        corners = [(foot, side, 0.6), (foot, side * 0.66, 0.6), (foot, side * 0.66, 0.74), (foot, side, 0.74)]
        faces.append(_Face(corners, lamp, least=0.55))
    corners = [(foot, near * 0.3, 0.42), (foot, far * 0.3, 0.42), (foot, far * 0.3, 0.53), (foot, near * 0.3, 0.53)]
    return [*faces, _Face(corners, plate, least=0.4)]
