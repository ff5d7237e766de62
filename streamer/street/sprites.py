"""Pictures with soft edges that are drawn once, large, and put into the street in any size and light."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps

from streamer.street.shading import Shading

XY = tuple[float, float]
SIZES = 5  # each half of the one before
GROWTH = 1.05  # a step in size that nobody sees, and so some frames share one picture
Cut = tuple[Image.Image, Image.Image]  # what it looks like, and its mask


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """A picture (RGBX, as the street is) and its mask in some sizes, the first `px` pixels a metre; its feet stand `foot_m` over its lower edge."""

    cuts: tuple[Cut, ...]
    px: float
    foot_m: float

    @classmethod
    def of(cls, picture: Image.Image, px: float, foot_m: float) -> Sprite:
        """Of a picture with an edge (RGBA), in all the sizes that are needed to make it smaller without flicker.

        Its colours beyond the edge count where it is made smaller.
        """
        cuts = [(picture.convert("RGB").convert("RGBX"), picture.getchannel("A"))]
        while len(cuts) < SIZES and min(cuts[-1][1].size) > 16:
            cuts.append((cuts[-1][0].reduce(2), cuts[-1][1].reduce(2)))
        return cls(tuple(cuts), px, foot_m)

    def scaled(self, px: float) -> Cut:
        """At `px` pixels a metre."""
        whole = self.cuts[0][1]
        wide, tall = max(1, round(whole.width * px / self.px)), max(2, round(whole.height * px / self.px))
        shown, mask = next((cut for cut in reversed(self.cuts) if cut[1].height >= tall), self.cuts[0])
        size, how = (wide, tall), Image.Resampling.BILINEAR
        return shown.resize(size, how), mask.resize(size, how)

    def mirrored(self) -> Sprite:
        """The other way round."""
        return Sprite(tuple((ImageOps.mirror(a), ImageOps.mirror(b)) for a, b in self.cuts), self.px, self.foot_m)


class Stamp:
    """Puts sprites into pictures of one look; keeps those that it has just scaled and lit."""

    def __init__(self, shading: Shading) -> None:
        self._shading = shading
        self._cut = lru_cache(maxsize=160)(self._make)

    def put(self, picture: Image.Image, sprite: Sprite, foot: XY, px: float, light: float, ahead: float) -> None:
        """`sprite` with its feet at pixel `foot`, `px` pixels a metre, in `light`, `ahead` metres away."""
        px = in_steps(px)
        shown, mask = self._cut(sprite, px, *self._shading.steps(light, ahead))
        left = round(foot[0] - shown.width / 2)
        picture.paste(shown, (left, round(foot[1] + sprite.foot_m * px) - shown.height), mask)

    def _make(self, sprite: Sprite, px: float, light: int, haze: int) -> Cut:
        shown, mask = sprite.scaled(px)
        return self._shading.lit(shown, light, haze), mask


def in_steps(px: float, growth: float = GROWTH) -> float:
    """The size nearest to `px` of those that are kept."""
    return float(growth ** round(math.log(max(px, 0.5)) / math.log(growth)))


def rounded(layer: Image.Image, radius: float, relief: float = 4.0) -> Image.Image:
    """`layer` (RGBA) as if it were round: lighter where it faces up and left, darker below and right."""
    box = layer.getbbox()
    if box is None:
        return layer
    around = round(2 * radius)
    box = (max(0, box[0] - around), max(0, box[1] - around), box[2] + around, box[3] + around)
    part = layer.crop(box)
    soft = part.getchannel("A").filter(ImageFilter.BoxBlur(radius)).filter(ImageFilter.BoxBlur(radius * 0.7))
    height = np.asarray(soft).astype(np.float32) / 255
    down, right = np.gradient(height)
    gain = np.clip(1 + relief * (0.9 * right + 0.7 * down), 0.5, 1.4)
    pixels = np.array(part)
    pixels[:, :, :3] = np.clip(pixels[:, :, :3] * gain[:, :, None], 0, 255)
    layer.paste(Image.fromarray(pixels), box[:2])
    return layer


def grained(picture: Image.Image, seed: int, share: float) -> Image.Image:
    """With the unevenness of cloth or leaves: brightness up and down by `share`."""
    pixels: NDArray[np.uint8] = np.array(picture)
    rough = 1 + share * (np.random.default_rng(seed).random(pixels.shape[:2], np.float32) * 2 - 1)
    pixels[:, :, :3] = np.clip(pixels[:, :, :3] * rough[:, :, None], 0, 255)
    return Image.fromarray(pixels)
