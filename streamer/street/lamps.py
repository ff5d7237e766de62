"""Lights that one looks into: street lamps, headlamps, blue lights; their glow in the air, their image in a wet road."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from streamer.street.camera import View
from streamer.street.look import Look
from streamer.street.sprites import in_steps

RGB = tuple[int, int, int]
Spot = tuple[float, float, float]  # column, row, and the row of the road under it
LAMP_UP_M = 5.2
POST: RGB = (30, 33, 40)
SODIUM: RGB = (255, 208, 142)
BLUE: RGB = (60, 112, 255)
LARGEST_PX, GROWTH = 400, 1.12


class Glows:
    """Soft lights of one look, kept in the sizes that were wanted last."""

    def __init__(self, look: Look) -> None:
        soft = _glow()
        wet = soft.point(
            lambda tone: int(tone * (0.55 if look.mirror < 3 else 0.3))
        )  # what of a lamp stands in the road
        flat = soft.point(lambda tone: int(tone * 0.3))
        self._glow = lru_cache(maxsize=64)(lambda size: soft.resize((size, size)))
        self._image = lru_cache(maxsize=64)(lambda wide, tall: wet.resize((wide, tall)))
        self._pool = lru_cache(maxsize=32)(lambda wide, tall: flat.resize((wide, tall)))

    def shine(self, picture: Image.Image, at: Spot, colour: RGB, wide_m: float, px: float) -> None:
        """A light at `at` with `wide_m` metres of glow, `px` pixels a metre; and its image in the wet road."""
        x, y, foot = at
        size = max(6, round(in_steps(wide_m * px, GROWTH)))
        if size > LARGEST_PX or y < -size or not -size < x < picture.width + size:
            return
        picture.paste(colour, (int(x) - size // 2, int(y) - size // 2), self._glow(size))
        tall = min(320, max(16, int(size * 1.9)))
        below = 2 * foot - y
        if size >= 16 and foot < below < picture.height + tall:
            mask = self._image(max(8, size // 3), tall)
            picture.paste(colour, (int(x) - mask.width // 2, int(below) - tall // 2), mask)

    def pool(
        self, picture: Image.Image, x: float, foot: float, colour: RGB, wide_m: float, px: float, f: float
    ) -> None:
        """Light of `colour` that lies on the ground round column `x`, row `foot`."""
        wide = round(in_steps(wide_m * px, GROWTH))
        tall = max(4, int(wide * min(0.6, 1.38 * px / f)) // 4 * 4)
        if wide <= 2 * LARGEST_PX and -wide < x < picture.width + wide:
            picture.paste(colour, (int(x) - wide // 2, int(foot) - tall // 2), self._pool(wide, tall))

    def lamp(self, picture: Image.Image, view: View, side: float, ahead: float) -> None:
        """A street lamp on its post."""
        foot, top = view.pixel(side, ahead, 0.0), view.pixel(side, ahead, LAMP_UP_M)
        wide = max(1, round(0.11 * view.f / ahead))
        canvas = ImageDraw.Draw(picture)
        canvas.line((*foot, *top), fill=POST, width=wide)
        arm = view.pixel(side - math.copysign(0.55, side or 1.0), ahead, LAMP_UP_M + 0.15)
        canvas.line((*top, *arm), fill=POST, width=max(1, wide // 2))
        self.shine(picture, (arm[0], arm[1], foot[1]), SODIUM, 2.6, view.f / ahead)


def _glow() -> Image.Image:
    """A soft round light, 64×64, to be scaled."""
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    away = np.hypot(x, y)
    soft = np.clip(1 - away, 0, 1) ** 2.6
    core = np.clip((0.14 - away) / 0.06, 0, 1)
    return Image.fromarray((np.maximum(soft * 0.62, core) * 255).astype(np.uint8))
