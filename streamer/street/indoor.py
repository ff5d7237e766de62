"""A long shop indoors: shelves on both sides, lamps in the ceiling, tiles on the floor; the officer walks along it.

The aisle is straight and the camera looks along it, so each pixel always sees the same surface at the same depth: both
are worked out once, and walking only moves the shelves past. A turn of the head is a window that slides over a picture
somewhat wider than what is shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from streamer.pose import Pose
from streamer.street.camera import EYE_M
from streamer.street.canvas import canvas
from streamer.street.figures import COATS
from streamer.street.look import Look
from streamer.street.people import Dress, person
from streamer.street.shading import Shading
from streamer.street.shop import ALONG, HALF_M, PX_PER_M, SIZES, TALL_M, sheets
from streamer.street.sprites import Stamp

MARGIN = 0.09  # of the picture's width, on each side: how far the head turns
REACH_M = 46.0
STAND_M = (7.0, 15.5, 24.0)  # where customers are, from where the aisle begins again
DIM_M = ((30.0, 99.0), (17.0, 30.0), (9.0, 17.0))  # how far away half, a quarter and an eighth of the light is lost
ASTRAY = 0.25  # of a pixel and of a texel: see walls.ASTRAY


@dataclass(frozen=True)
class _Part:
    """The pixels that look at one size of texture: where they are, and what they see when nobody has walked."""

    where: NDArray[np.intp]
    across: NDArray[np.int32]
    along: NDArray[np.int32]


class IndoorScene:
    """The aisle for one size of picture."""

    def __init__(self, width: int, height: int, look: Look) -> None:
        self.width, self.height = width, height
        self._wide = width + 2 * round(width * MARGIN)
        self._tall = height + 2 * round(height * 0.02)
        self._sheets = sheets()
        self._parts, self._dim = _geometry(self._wide, self._tall, width, self._sheets)
        self._canvas = np.zeros(self._tall * self._wide, np.uint32)
        self._stamp = Stamp(Shading(look))
        self._walked = 0.0
        self._last: float | None = None

    def draw(self, pose: Pose, at: float) -> NDArray[np.uint32]:
        """The aisle at Unix time `at`, at the pace of `pose`; a still officer stands still in it."""
        passed = 0.0 if self._last is None else min(1.0, max(0.0, at - self._last))
        self._last = at
        self._walked += passed * min(pose.speed_mps, 1.8)
        for size, part in enumerate(self._parts):
            step = int(self._walked * PX_PER_M) >> size
            texel = part.across + ((part.along + step) & ((ALONG >> size) - 1))
            self._canvas[part.where] = self._sheets[size][texel]
        self._darken()
        turn = round(self._wide * MARGIN * 0.8 * math.sin(at * 0.31) * math.sin(at * 0.117 + 1))
        bob = round(self.height * 0.012 * min(1.0, pose.speed_mps / 1.4) * math.sin(at * 2 * math.pi * 1.9))
        left, top = (self._wide - self.width) // 2 + turn, (self._tall - self.height) // 2 + bob
        shown = self._canvas.reshape(self._tall, self._wide)[top : top + self.height, left : left + self.width]
        pixels = shown.copy()
        self._people(canvas(pixels), left, top, at)
        return pixels

    def _darken(self) -> None:
        """The far end is dimmer: half, a quarter and an eighth of its light is taken."""
        for shift, where in enumerate(self._dim, 1):
            seen = self._canvas[where]
            keep = np.uint32(0x010101 * (0xFF >> shift))
            self._canvas[where] = seen - ((seen >> np.uint32(shift)) & keep)

    def _people(self, picture: Image.Image, left: int, top: int, at: float) -> None:
        f, middle, horizon = self.width * 0.555, self._wide / 2 - left, self._tall * 0.45 - top
        everyone = sorted(((place - self._walked) % (ALONG / PX_PER_M * 2), k) for k, place in enumerate(STAND_M))
        for ahead, k in reversed(everyone):
            if ahead < 1.6:
                continue
            scale, sway = f / ahead, 0.05 * math.sin(at * 0.5 + k * 2)
            foot = (middle + (0.62 * (-1) ** k + sway) * scale, horizon + EYE_M * scale)
            customer = person(Dress(COATS[k * 2 + 1], who=5 * k + 2), facing="back" if k else "front")
            self._stamp.put(picture, customer, foot, scale, 0.9, ahead)


def _geometry(
    wide: int, tall: int, width: int, texels: list[NDArray[np.uint32]]
) -> tuple[list[_Part], list[NDArray[np.intp]]]:
    """Which texel every pixel sees; and the pixels of each distance in DIM_M."""
    f = width * 0.555
    rows, columns = np.indices((tall, wide))
    astray = np.where((rows + columns) % 2, -ASTRAY, ASTRAY), np.where(rows % 2, -ASTRAY, ASTRAY)
    x = (columns + 0.5 + astray[0] - wide / 2) / f
    y = (rows + 0.5 + astray[1] - tall * 0.45) / f
    with np.errstate(divide="ignore"):
        side = HALF_M / np.abs(x)
        down = np.where(y > 0, EYE_M / np.abs(y), (TALL_M - EYE_M) / np.abs(y))
    depth = np.minimum(np.minimum(side, down), REACH_M)
    on_wall = side <= down
    # unrolled: floor, left shelf, ceiling, right shelf lie one beside the other across the sheet
    floor_m, wall_m = 2 * HALF_M, TALL_M
    up = EYE_M - y * depth
    flat = x * depth + HALF_M
    across = np.where(
        on_wall,
        np.where(x < 0, floor_m + up, 2 * floor_m + wall_m + up),
        np.where(y > 0, flat, floor_m + wall_m + flat),
    )
    across = np.clip(across * PX_PER_M + astray[1], 0, 2 * (floor_m + wall_m) * PX_PER_M - 1).reshape(-1)
    along = np.maximum(depth * PX_PER_M + astray[0], 0).reshape(-1)
    # a pixel is depth/f metres across the aisle, and along it so many times more as it is seen at a slant
    coarse = depth / f * PX_PER_M * np.sqrt(np.maximum(1.0, depth / HALF_M))
    size = np.clip(np.log2(np.maximum(coarse, 1e-3)) + 0.2, 0, SIZES - 1).astype(int).reshape(-1)
    parts = []
    for n in range(SIZES):
        where = np.flatnonzero(size == n)
        row = across[where].astype(np.int32) >> n
        first = np.minimum(row * (ALONG >> n), len(texels[n]) - (ALONG >> n))
        parts.append(_Part(where, first, along[where].astype(np.int32) >> n))
    # at another distance for each pixel of a square of four, which the lens makes one: so no edge shows
    felt = depth * np.array([[0.8, 1.06], [1.2, 0.92]])[rows % 2, columns % 2]
    return parts, [np.flatnonzero((felt > near) & (felt <= far)) for near, far in DIM_M]
