"""A long shop indoors: shelves on both sides, lamps in the ceiling, tiles on the floor; the officer walks along it.

The aisle is straight and the camera looks along it, so each pixel always sees the same surface at the same depth: both
are worked out once, and walking only moves the shelves past. A turn of the head is a window that slides over a picture
somewhat wider than what is shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from streamer.pose import Pose
from streamer.street.camera import EYE_M
from streamer.street.facades import RGB, shade
from streamer.street.figures import COATS
from streamer.street.people import Dress, draw_person

HALF_M, TALL_M, SHELF_M = 1.25, 3.1, 2.1  # half the aisle's width, its height, the shelves'
PX_PER_M = 32
ALONG = 512  # texels along the aisle: it comes again after 16 m
SIZES = 4
MARGIN = 0.09  # of the picture's width, on each side: how far the head turns
REACH_M = 46.0
GOODS: list[RGB] = [
    (196, 58, 48),
    (222, 176, 46),
    (60, 110, 176),
    (72, 142, 86),
    (226, 222, 210),
    (128, 74, 142),
    (214, 122, 50),
]
STAND_M = (7.0, 15.5, 24.0)  # where customers are, from where the aisle begins again


@dataclass(frozen=True)
class _Part:
    """The pixels that look at one size of texture: where they are, and what they see when nobody has walked."""

    where: NDArray[np.intp]
    across: NDArray[np.int32]
    along: NDArray[np.int32]


class IndoorScene:
    """The aisle for one size of picture."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._wide = width + 2 * round(width * MARGIN)
        self._tall = height + 2 * round(height * 0.02)
        self._sheets = _sheets()
        self._parts, self._dim = _geometry(self._wide, self._tall, width, self._sheets)
        self._canvas = np.zeros(self._tall * self._wide, np.uint32)
        self._walked = 0.0
        self._last: float | None = None

    def draw(self, pose: Pose, at: float) -> Image.Image:
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
        picture = Image.frombuffer("RGBX", (self.width, self.height), shown.tobytes(), "raw", "RGBX", 0, 1)
        self._people(picture, left, top, at)
        return picture

    def _darken(self) -> None:
        """The far end is dimmer: in three rings, half, a quarter and an eighth of its light is taken."""
        for shift, where in enumerate(self._dim, 1):
            seen = self._canvas[where]
            keep = np.uint32(0x010101 * (0xFF >> shift))
            self._canvas[where] = seen - ((seen >> np.uint32(shift)) & keep)

    def _people(self, picture: Image.Image, left: int, top: int, at: float) -> None:
        draw = ImageDraw.Draw(picture)
        f, middle, horizon = self.width * 0.555, self._wide / 2 - left, self._tall * 0.45 - top
        everyone = sorted(((place - self._walked) % (ALONG / PX_PER_M * 2), k) for k, place in enumerate(STAND_M))
        for ahead, k in reversed(everyone):
            sway = 0.18 * math.sin(at * 0.5 + k * 2)
            if ahead < 1.6:
                continue
            scale = f / ahead
            foot = (middle + (0.62 * (-1) ** k + sway * 0.3) * scale, horizon + EYE_M * scale)
            draw_person(draw, foot, scale, Dress(COATS[k * 2 + 1]), max(0.55, 1 - ahead / 60), 0.0, "walk", k != 0)


def _geometry(
    wide: int, tall: int, width: int, sheets: list[NDArray[np.uint32]]
) -> tuple[list[_Part], list[NDArray[np.intp]]]:
    """Which texel every pixel sees; and the pixels beyond 9, 17 and 30 m."""
    f = width * 0.555
    x = (np.arange(wide) + 0.5 - wide / 2)[None, :] / f
    y = (np.arange(tall) + 0.5 - tall * 0.45)[:, None] / f
    x, y = np.broadcast_arrays(x, y)
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
    across = np.clip(across, 0, 2 * (floor_m + wall_m) - 1e-3)
    coarse = depth * PX_PER_M / f * 1.1
    size = np.clip(np.log2(np.maximum(coarse, 1e-3)) + 1, 0, SIZES - 1).astype(int)
    parts = []
    for n in range(SIZES):
        where = np.flatnonzero(size == n)
        texel = (across.reshape(-1)[where] * PX_PER_M).astype(np.int32) >> n
        along = (depth.reshape(-1)[where] * PX_PER_M).astype(np.int32) >> n
        parts.append(_Part(where, np.minimum(texel * (ALONG >> n), len(sheets[n]) - (ALONG >> n)), along))
    return parts, [
        np.flatnonzero((depth > near) & (depth <= far)) for near, far in ((30.0, 99.0), (17.0, 30.0), (9.0, 17.0))
    ]


@cache
def _sheets(seed: int = 23) -> list[NDArray[np.uint32]]:
    """The aisle unrolled, in four sizes: each row lies along it."""
    rng = np.random.default_rng(seed)
    floor, wall, ceiling = _floor(rng), [_shelves(rng) for _ in range(2)], _ceiling()
    whole = Image.new("RGB", (ALONG, sum(part.height for part in (floor, wall[0], ceiling, wall[1]))))
    top = 0
    for part in (floor, wall[0], ceiling, wall[1]):
        whole.paste(part, (0, top))
        top += part.height
    sheets = []
    for n in range(SIZES):
        small = whole.resize((whole.width >> n, whole.height >> n), Image.Resampling.BOX).convert("RGBA")
        sheets.append(np.ascontiguousarray(np.asarray(small)).view(np.uint32).reshape(-1))
    return sheets


def _floor(rng: np.random.Generator) -> Image.Image:
    picture = Image.new("RGB", (ALONG, round(2 * HALF_M * PX_PER_M)))
    draw = ImageDraw.Draw(picture)
    for x in range(0, ALONG, 16):
        shine = 0.5 + 0.5 * math.cos(2 * math.pi * (x % 128) / 128)  # the lamps in the polish
        for y in range(0, picture.height, 16):
            tone = 0.78 + 0.2 * shine + 0.06 * rng.random()
            draw.rectangle((x, y, x + 14, y + 14), fill=shade((176, 174, 166), tone))
            draw.line((x + 15, y, x + 15, y + 15), fill=(120, 118, 112))
    return picture


def _ceiling() -> Image.Image:
    picture = Image.new("RGB", (ALONG, round(2 * HALF_M * PX_PER_M)), (150, 152, 154))
    draw = ImageDraw.Draw(picture)
    for x in range(0, ALONG, 32):
        draw.line((x, 0, x, picture.height), fill=(116, 118, 120))
    for x in range(16, ALONG, 128):
        draw.rectangle((x, picture.height * 0.38, x + 76, picture.height * 0.62), fill=(255, 255, 250))
    return picture


def _shelves(rng: np.random.Generator) -> Image.Image:
    """From the floor up, as the sheet has it: rows of goods, the wall above them."""
    picture = Image.new("RGB", (ALONG, round(TALL_M * PX_PER_M)), (58, 60, 64))
    draw = ImageDraw.Draw(picture)
    board, high = round(SHELF_M * PX_PER_M / 5), round(SHELF_M * PX_PER_M)
    for row in range(5):
        foot, x = row * board, 0
        light = 0.5 + 0.11 * row  # the lamps hang above
        while x < ALONG:
            wide, count, tall = int(rng.integers(5, 12)), int(rng.integers(2, 6)), board * rng.uniform(0.55, 0.86)
            colour = GOODS[int(rng.integers(len(GOODS)))]
            for _ in range(count):
                draw.rectangle(
                    (x, foot + 2, x + wide - 2, foot + tall), fill=shade(colour, light * rng.uniform(0.86, 1.1))
                )
                draw.rectangle(
                    (x, foot + tall * 0.4, x + wide - 2, foot + tall * 0.55), fill=shade((236, 232, 220), light)
                )
                x += wide
        draw.rectangle((0, foot, ALONG, foot + 1), fill=shade((206, 206, 204), light))
        for tag in range(4, ALONG, 22):
            draw.rectangle((tag, foot, tag + 7, foot + 1), fill=(246, 222, 90))
    draw.rectangle((0, high, ALONG, picture.height), fill=(92, 94, 98))
    draw.rectangle((0, high, ALONG, high + 9), fill=(38, 96, 74))
    return picture
