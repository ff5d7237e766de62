"""A shop's aisle unrolled: floor, shelves, ceiling, shelves; drawn once, and kept in sizes each half of the one before."""

from __future__ import annotations

import random
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from streamer.street.facades import RGB, shade

HALF_M, TALL_M, SHELF_M = 1.25, 3.1, 2.1  # half the aisle's width, its height, the shelves'
PX_PER_M = 64
ALONG = 1024  # texels along the aisle: it comes again after 16 m
SIZES = 5
OVER = 2  # it is drawn so many times larger
BOARDS = 5
LAMP_APART_M, LAMP_M = 4.0, 2.4
GOODS: list[RGB] = [
    (150, 84, 76),
    (172, 150, 98),
    (92, 112, 138),
    (96, 124, 102),
    (204, 200, 190),
    (116, 96, 122),
    (168, 128, 96),
    (70, 78, 86),
]
LABEL: RGB = (214, 210, 200)
BACK: RGB = (44, 45, 48)
BOARD: RGB = (168, 168, 164)
TAG: RGB = (224, 216, 184)
STRIPE: RGB = (64, 84, 80)


@cache
def sheets(seed: int = 23) -> list[NDArray[np.uint32]]:
    """The aisle unrolled, in SIZES sizes, as 0xFFBBGGRR: each row lies along it, floor, left, ceiling, right."""
    rng = random.Random(seed)
    parts = [_floor(rng), _shelves(rng), _ceiling(), _shelves(rng)]
    whole = Image.new("RGB", (ALONG, sum(part.height for part in parts)))
    top = 0
    for part in parts:
        whole.paste(part, (0, top))
        top += part.height
    found = []
    for n in range(SIZES):
        small = whole.resize((whole.width >> n, whole.height >> n), Image.Resampling.BOX).convert("RGBA")
        found.append(np.ascontiguousarray(np.asarray(small)).view(np.uint32).reshape(-1))
    return found


def _lamp_light(rows: int) -> NDArray[np.float32]:
    """Where the lamps of the ceiling are, as a picture of `rows` rows across: 0…1 with soft edges."""
    lamps = Image.new("L", (ALONG * 3, rows))
    draw = ImageDraw.Draw(lamps)
    for k in range(int(ALONG * 3 / PX_PER_M / LAMP_APART_M)):
        left = (k * LAMP_APART_M + 0.8) * PX_PER_M
        draw.rectangle((left, rows * 0.38, left + LAMP_M * PX_PER_M, rows * 0.62), fill=255)
    soft = lamps.filter(ImageFilter.GaussianBlur(PX_PER_M * 0.3)).crop((ALONG, 0, ALONG * 2, rows))
    return np.asarray(soft, np.float32) / np.float32(255)


def _floor(rng: random.Random) -> Image.Image:
    """Polished tiles of half a metre, in which the lamps stand."""
    rows, tile = round(2 * HALF_M * PX_PER_M), PX_PER_M // 2
    picture = Image.new("RGB", (ALONG, rows), (134, 132, 126))
    draw = ImageDraw.Draw(picture)
    for x in range(0, ALONG, tile):
        for y in range(0, rows, tile):
            draw.rectangle((x, y, x + tile - 2, y + tile - 2), fill=shade((150, 148, 142), rng.uniform(0.96, 1.03)))
    lit = np.asarray(picture).astype(np.float32)
    lit *= (0.86 + 0.42 * _lamp_light(rows))[:, :, None]
    return Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))


def _ceiling() -> Image.Image:
    rows = round(2 * HALF_M * PX_PER_M)
    picture = Image.new("RGB", (ALONG, rows), (132, 134, 136))
    draw = ImageDraw.Draw(picture)
    for x in range(0, ALONG, PX_PER_M):
        draw.line((x, 0, x, rows), fill=(114, 116, 118), width=2)
    for y in range(0, rows, PX_PER_M):
        draw.line((0, y, ALONG, y), fill=(114, 116, 118), width=2)
    lit = np.asarray(picture).astype(np.float32)
    lit += (120 * _lamp_light(rows))[:, :, None]
    picture = Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for k in range(int(ALONG / PX_PER_M / LAMP_APART_M)):
        left = (k * LAMP_APART_M + 0.8) * PX_PER_M
        draw.rectangle((left, rows * 0.4, left + LAMP_M * PX_PER_M, rows * 0.6), fill=(252, 252, 246))
    return picture


def _shelves(rng: random.Random) -> Image.Image:
    """One side: rows of goods on boards, the wall above them; its lowest row is the sheet's first."""
    px = PX_PER_M * OVER
    wide, tall, high = ALONG * OVER, round(TALL_M * px), round(SHELF_M * px)
    picture = Image.new("RGB", (wide, tall), (96, 98, 100))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, tall - high - 0.34 * px, wide, tall - high - 0.06 * px), fill=STRIPE)
    board = high / BOARDS
    for row in range(BOARDS):
        foot, light = tall - row * board - 0.05 * px, 0.66 + 0.08 * row  # the lamps hang above
        draw.rectangle((0, foot - board, wide, foot), fill=shade(BACK, light))
        x = 0.0
        while x < wide:
            x = _goods(draw, rng, x, foot, board, light)
        for k in range(6):  # the shadow under the board above
            y = foot - board + 0.05 * px + k * 2
            draw.line((0, y, wide, y), fill=shade(BACK, light * (0.35 + 0.1 * k)), width=2)
        draw.rectangle((0, foot, wide, foot + 0.05 * px), fill=shade(BOARD, light))
        for tag in range(round(0.1 * px), wide, round(0.42 * px)):
            draw.rectangle((tag, foot + 2, tag + 0.11 * px, foot + 0.05 * px - 2), fill=shade(TAG, light))
    return ImageOps.flip(picture.reduce(OVER))


def _goods(draw: ImageDraw.ImageDraw, rng: random.Random, x: float, foot: float, board: float, light: float) -> float:
    """Some of one sort, one beside the other, from `x` on; returns where the next sort begins."""
    px = PX_PER_M * OVER
    sort, colour = rng.choice(("box", "box", "tin", "bottle")), rng.choice(GOODS)
    wide = {"box": rng.uniform(0.11, 0.24), "tin": 0.1, "bottle": 0.09}[sort] * px
    tall = {"box": rng.uniform(0.5, 0.8), "tin": 0.36, "bottle": rng.uniform(0.66, 0.8)}[sort] * board
    label = LABEL if rng.random() < 0.6 else shade(colour, 1.35)
    for _ in range(rng.randrange(3, 8)):
        tone = light * rng.uniform(0.93, 1.05)
        if sort == "box":
            draw.rectangle((x, foot - tall, x + wide - 3, foot), fill=shade(colour, tone))
            draw.rectangle(
                (x + wide * 0.14, foot - tall * 0.72, x + wide * 0.8, foot - tall * 0.4), fill=shade(label, tone)
            )
            draw.line((x + wide - 4, foot - tall, x + wide - 4, foot), fill=shade(colour, tone * 0.6), width=2)
        else:
            for k in range(6):  # round: lighter in its middle
                left, right = x + (wide - 4) * k / 6, x + (wide - 4) * (k + 1) / 6
                round_ = tone * (0.66, 0.9, 1.12, 1.06, 0.86, 0.6)[k]
                draw.rectangle(
                    (left, foot - tall * (0.66 if sort == "bottle" else 1), right, foot), fill=shade(colour, round_)
                )
                draw.rectangle((left, foot - tall * 0.5, right, foot - tall * 0.2), fill=shade(label, round_))
            if sort == "bottle":
                middle = x + wide / 2 - 2
                draw.rectangle(
                    (middle - wide * 0.16, foot - tall, middle + wide * 0.16, foot - tall * 0.6),
                    fill=shade(colour, tone * 0.9),
                )
        x += wide
    return x + rng.uniform(0, 0.03) * px
