"""Cars in the street: faces in perspective from near by, from farther away a small picture with soft edges."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from streamer.street.camera import EYE_M, NEAR_M, View
from streamer.street.car_shape import HALF_WIDTH_M, Shape, shape_of
from streamer.street.shading import Shading
from streamer.street.sprites import Cut, in_steps
from streamer.street.surroundings import Car

RGB = tuple[int, int, int]
XY = tuple[float, float]
PAINTS: list[RGB] = [
    (128, 30, 34),
    (150, 156, 164),
    (38, 41, 48),
    (40, 60, 98),
    (190, 190, 186),
    (70, 80, 72),
    (98, 98, 102),
]
POLICE_WHITE: RGB = (206, 208, 206)
HEADLAMP: RGB = (255, 246, 220)
TAIL_LAMP: RGB = (255, 48, 38)
FAR_PX, WHEELS_PX, TRIM_PX = 14.0, 9.0, 30.0  # pixels a metre up to which a car is far, from which its parts show
TONES, HAZES = 12, 4  # steps of light and haze that a car's paint tells apart
TURNS, TURNS_FAR = 72, 36  # a small picture for each so many-th of a turn
COARSE, GROWTH = 1.5, 1.08  # … and for each size so much larger; what is shown is made from it, in smaller steps
OVER = 2  # it is drawn so many times larger
WIDE_M, OVER_M, UNDER_M = 5.4, 1.9, 0.6  # what the picture holds: over and under the car's middle on the ground
Kind = tuple[int, int, tuple[int, int], bool, float]  # paint, turn, light and haze, blue lights, the camera's f


class Garage:
    """Draws cars in one look's light, and keeps what it drew."""

    def __init__(self, shading: Shading) -> None:
        self._shading = shading
        self._toned = lru_cache(maxsize=512)(self._tones)
        self._small = lru_cache(maxsize=256)(self._drawn_small)
        self._scaled = lru_cache(maxsize=192)(self._scaled_small)

    def draw(self, picture: Image.Image, view: View, car: Car, light: float, blue: bool = False) -> None:
        """Draw `car` as it shows from `view`, in the light 0…1 that falls on it; a patrol car's lamps are `blue` or dark."""
        dx, dy = car.at[0] - view.x, car.at[1] - view.y
        ahead = max(NEAR_M, dx * view.forward[0] + dy * view.forward[1])
        px = view.f / ahead
        tone, haze = round(light * TONES), round(self._shading.haze_at(ahead) * HAZES)
        if px >= TRIM_PX:
            self._faces(ImageDraw.Draw(picture), view, car, (tone, haze), blue)
            return
        turn = math.atan2(dx, dy) - math.atan2(car.along[0], car.along[1])
        colour = len(PAINTS) if car.police else car.colour % len(PAINTS)
        turns = TURNS if px > FAR_PX else TURNS_FAR
        kind = (colour, round(turn / math.tau * turns) % turns * (TURNS // turns), (tone, haze), blue, view.f)
        shown, mask, feet = self._scaled(kind, in_steps(px, GROWTH))
        x, y = view.pixel(dx * view.right[0] + dy * view.right[1], ahead, 0.0)
        picture.paste(shown, (round(x) - shown.width // 2, round(y) - feet), mask)

    def _scaled_small(self, kind: Kind, px: float) -> tuple[Image.Image, Image.Image, int]:
        """A far car's picture at `px` pixels a metre, its mask, and the row in it that its middle stands on."""
        coarse = COARSE ** math.ceil(math.log(px) / math.log(COARSE))
        shown, mask = self._small(kind, coarse)
        share = px / coarse
        size = (max(1, round(shown.width * share)), max(1, round(shown.height * share)))
        how = Image.Resampling.BILINEAR
        return shown.resize(size, how), mask.resize(size, how), round(OVER_M * px)

    def _drawn_small(self, kind: Kind, px: float) -> Cut:
        """A far car's picture and its mask at `px` pixels a metre."""
        colour, turn, light, blue, f = kind
        scale = OVER * px
        view = View(
            x=0,
            y=0,
            forward=(0, 1),
            right=(1, 0),
            width=math.ceil(WIDE_M * scale),
            height=math.ceil((OVER_M + UNDER_M) * scale),
            f=OVER * f,
            horizon=(OVER_M - EYE_M) * scale,
        )
        angle = -turn / TURNS * math.tau
        car = Car((0, f / px), (math.sin(angle), math.cos(angle)), colour, police=colour == len(PAINTS))
        drawn = Image.new("RGBA", (view.width, view.height), (8, 9, 12, 0))
        self._faces(ImageDraw.Draw(drawn), view, car, light, blue, int(px >= WHEELS_PX))
        small = drawn.reduce(OVER)
        return small.convert("RGB").convert("RGBX"), small.getchannel("A")

    def _faces(
        self, canvas: ImageDraw.ImageDraw, view: View, car: Car, light: tuple[int, int], blue: bool, detail: int = 2
    ) -> None:
        dx, dy = car.at[0] - view.x, car.at[1] - view.y
        near = -HALF_WIDTH_M if dx * car.along[1] - dy * car.along[0] > 0 else HALF_WIDTH_M
        shape = shape_of(near, _shows_front(view, car), detail, car.police, blue)
        flat = _projected(view, car, shape.corners)
        paint = POLICE_WHITE if car.police else PAINTS[car.colour % len(PAINTS)]
        for start, end, tone in self._toned(shape, paint, *light):
            if end - start > 4:
                canvas.polygon(flat[start:end], fill=tone)
            else:
                canvas.line(flat[start:end], fill=tone)

    def _tones(self, shape: Shape, paint: RGB, light: int, haze: int) -> list[tuple[int, int, RGB]]:
        """Each face's corners and what it looks like in `light` of TONES and `haze` of HAZES."""
        found = []
        for start, end, face in shape.faces:
            colour = face.colour or paint
            if not face.unlit:
                level = max(face.least, min(1.2, face.base + light / TONES))
                colour = self._shading.tone(_times(colour, face.gain), level, haze / HAZES)
            found.append((start, end, colour))
        return found


def _times(colour: RGB, gain: float) -> RGB:
    return (min(255, int(colour[0] * gain)), min(255, int(colour[1] * gain)), min(255, int(colour[2] * gain)))


def _projected(view: View, car: Car, corners: NDArray[np.float64]) -> list[float]:
    """Column, row, column, row … of a car's corners."""
    (fx, fy), (rx, ry), (ax, ay) = view.forward, view.right, car.along
    dx, dy = car.at[0] - view.x, car.at[1] - view.y
    to_camera = np.array([[ax * rx + ay * ry, ax * fx + ay * fy], [ay * rx - ax * ry, ay * fx - ax * fy]])
    place = corners[:, :2] @ to_camera
    scale = view.f / np.maximum(place[:, 1] + (dx * fx + dy * fy), NEAR_M)
    out = np.empty((len(corners), 2))
    out[:, 0] = view.width / 2 + (place[:, 0] + (dx * rx + dy * ry)) * scale
    out[:, 1] = view.horizon + (EYE_M - corners[:, 2]) * scale
    flat: list[float] = out.reshape(-1).tolist()
    return flat


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
    """The lamps of the end that shows, as (column, row, row of the road under it), colour, metres of glow.

    From far away both are one.
    """
    pixel, front = _pixels_of(view, car), _shows_front(view, car)
    end, colour, wide = (2.12, HEADLAMP, 1.7) if front else (-2.15, TAIL_LAMP, 0.8)
    far = math.dist(car.at, (view.x, view.y)) * WHEELS_PX > view.f
    found = []
    for over in (0.0,) if far else (-0.68, 0.68):
        (x, y), (_, foot) = pixel(end, over, 0.64), pixel(end, over, 0.0)
        found.append(((x, y, foot), colour, wide * 1.3 if far else wide))
    return found


def blue_lamps(view: View, car: Car) -> list[tuple[float, float, float]]:
    """Both ends of a patrol car's roof bar: column, row, row of the road under it."""
    pixel = _pixels_of(view, car)
    return [(*pixel(-0.5, over, 1.56), pixel(-0.5, over, 0.0)[1]) for over in (-0.5, 0.5)]
