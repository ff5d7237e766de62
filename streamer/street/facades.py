"""House fronts, drawn once at start: brick, render, shops, warehouses, with lit and dark windows.

A front is a picture of one house: 6.4 m wide, 10 m high including the roof, with two masks: what
glows by itself (a lit window needs no street lamp), and what is sky (beside chimneys).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

PX_PER_M = 40
WIDTH_PX, HEIGHT_PX = 256, 400
EAVES_PX = 96  # rows above are roof
GROUND_FLOOR_PX = 276  # rows below: shop windows, doors

BRICK_WIDE_PX, BRICK_TALL_PX = 10, 4
SPILL = 0.3  # of a lit window's light lies on the wall round it

RGB = tuple[int, int, int]
Box = tuple[float, float, float, float]

BRICKS: list[RGB] = [(140, 78, 60), (122, 66, 54), (158, 108, 78), (168, 140, 104), (112, 72, 66)]
RENDERS: list[RGB] = [(206, 202, 190), (198, 184, 152), (164, 180, 188), (190, 164, 158), (170, 182, 160)]
DOORS: list[RGB] = [(150, 26, 30), (24, 58, 104), (26, 78, 56), (40, 40, 46), (196, 150, 40), (98, 40, 84)]
GLASS: RGB = (38, 48, 66)
SASH: RGB = (214, 212, 204)
STONE: RGB = (176, 168, 152)
SLATE: RGB = (66, 70, 82)
WARM: list[RGB] = [(255, 206, 128), (255, 188, 96), (250, 222, 166), (255, 172, 92), (214, 224, 240)]
SIGNS: list[tuple[RGB, RGB]] = [
    ((18, 70, 62), (250, 226, 170)),
    ((110, 22, 30), (255, 232, 190)),
    ((24, 44, 92), (232, 240, 255)),
    ((40, 36, 34), (255, 196, 96)),
]
SHOP_NAMES = ["OYSTERS", "CHANDLER", "BOOKS", "BAKERY", "CHEMIST", "TEA ROOM", "BARBER", "FLOWERS"]


@dataclass(frozen=True)
class Front:
    """One drawn house front: RGB picture, glow mask and solid mask (both mode L)."""

    picture: Image.Image
    glow: Image.Image
    solid: Image.Image


class _Sheet:
    """A front being drawn; `lit` boxes go to the picture and to the glow mask."""

    def __init__(self, rng: random.Random) -> None:
        size = (WIDTH_PX, HEIGHT_PX)
        self.rng = rng
        self.picture = Image.new("RGB", size)
        self.glow = Image.new("L", size, 0)
        self.solid = Image.new("L", size, 255)
        self.draw, self.glow_draw, self.solid_draw = (ImageDraw.Draw(i) for i in (self.picture, self.glow, self.solid))

    def box(self, box: Box, colour: RGB) -> None:
        self.draw.rectangle(box, fill=colour)

    def lit(self, box: Box, colour: RGB) -> None:
        self.draw.rectangle(box, fill=colour)
        self.glow_draw.rectangle(box, fill=255)

    def bar(self, box: Box, colour: RGB) -> None:
        """What stands before a lit window."""
        self.draw.rectangle(box, fill=colour)
        self.glow_draw.rectangle(box, fill=0)

    def done(self) -> Front:
        """With what lies on the wall: the windows' light round them, and the lamps', which stand lower than the roof."""
        spilt = np.asarray(self.glow.filter(ImageFilter.GaussianBlur(9)), np.float32)[:, :, None] / 255
        height = np.interp(np.arange(HEIGHT_PX), (0, EAVES_PX, 260, HEIGHT_PX), (0.66, 0.74, 1.0, 1.0))
        lit = np.asarray(self.picture, np.float32) * height[:, None, None].astype(np.float32)
        lit += spilt * SPILL * np.array(WARM[0], np.float32)
        picture = Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))
        return Front(Image.composite(self.picture, picture, self.glow), self.glow, self.solid)


def shade(colour: RGB, factor: float) -> RGB:
    """`colour` made darker or lighter."""
    return (min(255, int(colour[0] * factor)), min(255, int(colour[1] * factor)), min(255, int(colour[2] * factor)))


def _masonry(sheet: _Sheet, colour: RGB, brick: bool) -> None:
    sheet.box((0, 0, WIDTH_PX, HEIGHT_PX), shade(colour, 0.86))
    if brick:
        for row in range(EAVES_PX // BRICK_TALL_PX, HEIGHT_PX // BRICK_TALL_PX + 1):
            for column in range(-1, WIDTH_PX // BRICK_WIDE_PX + 1):
                x, y = column * BRICK_WIDE_PX + (row % 2) * BRICK_WIDE_PX // 2, row * BRICK_TALL_PX
                tone = sheet.rng.uniform(0.86, 1.1) * (0.8 if sheet.rng.random() < 0.06 else 1)
                sheet.box((x, y, x + BRICK_WIDE_PX - 2, y + BRICK_TALL_PX - 2), shade(colour, tone))
    else:
        for y in range(EAVES_PX, HEIGHT_PX):
            sheet.draw.line((0, y, WIDTH_PX, y), fill=shade(colour, 0.97 + 0.05 * sheet.rng.random()))
    for k in range(22):  # the foot of a wall is grimy
        sheet.draw.line((0, HEIGHT_PX - k, WIDTH_PX, HEIGHT_PX - k), fill=shade(colour, 0.55 + k * 0.018))


def _roof(sheet: _Sheet, chimney: bool) -> None:
    top = 22
    sheet.solid_draw.rectangle((0, 0, WIDTH_PX, top - 1), fill=0)
    for row in range(top, EAVES_PX, 6):
        tone = 0.72 + 0.4 * (row - top) / (EAVES_PX - top)
        for x in range(-8 + (row // 6 % 2) * 7, WIDTH_PX, 14):
            sheet.box((x, row, x + 12, row + 4), shade(SLATE, tone * sheet.rng.uniform(0.9, 1.1)))
    sheet.box((0, top, WIDTH_PX, top + 3), shade(SLATE, 0.5))
    sheet.box((0, EAVES_PX - 7, WIDTH_PX, EAVES_PX - 1), (222, 220, 212))
    sheet.box((0, EAVES_PX, WIDTH_PX, EAVES_PX + 8), (46, 40, 40))  # shadow under the eaves
    if chimney:
        sheet.solid_draw.rectangle((8, 2, 44, top), fill=255)
        sheet.box((8, 8, 44, 58), (112, 66, 54))
        sheet.box((5, 8, 47, 13), (140, 92, 72))
        for x in (14, 30):
            sheet.box((x, 2, x + 8, 9), (150, 96, 66))


def _window(sheet: _Sheet, box: Box, lit: bool, panes: tuple[int, int] = (2, 2)) -> None:
    x0, y0, x1, y1 = box
    sheet.box((x0 - 7, y1 + 4, x1 + 7, y1 + 9), shade(STONE, 1.05))
    sheet.box((x0 - 5, y0 - 11, x1 + 5, y0 - 4), STONE)
    sheet.box((x0 - 4, y0 - 4, x1 + 4, y1 + 4), SASH)
    if lit:
        colour = sheet.rng.choice(WARM)
        sheet.lit(box, colour)
        for k in range(int(y1 - y0)):  # brighter at the top, where the lamp hangs
            tone = 1.0 - 0.32 * k / (y1 - y0)
            sheet.draw.line((x0, y0 + k, x1, y0 + k), fill=shade(colour, tone))
        drawn = sheet.rng.uniform(0.12, 0.34) * (x1 - x0)
        sheet.box((x0, y0, x0 + drawn, y1), shade(colour, 0.62))
        sheet.box((x1 - drawn, y0, x1, y1), shade(colour, 0.58))
    else:
        sheet.box(box, GLASS)
        sheet.draw.polygon([(x0, y0), (x1, y0), (x0, y1)], fill=shade(GLASS, 1.5))
    for k in range(1, panes[0]):
        x = x0 + (x1 - x0) * k / panes[0]
        sheet.bar((x - 1, y0, x + 1, y1), shade(SASH, 0.8))
    for k in range(1, panes[1]):
        y = y0 + (y1 - y0) * k / panes[1]
        sheet.bar((x0, y - 1, x1, y + 1), shade(SASH, 0.8))


def _door(sheet: _Sheet, x: float, colour: RGB) -> None:
    top, foot = HEIGHT_PX - 100, HEIGHT_PX - 8
    sheet.box((x - 7, top - 9, x + 45, foot), shade(STONE, 0.95))
    sheet.lit((x, top, x + 38, top + 14), shade(sheet.rng.choice(WARM), 0.85))
    sheet.box((x, top + 17, x + 38, foot), colour)
    for px in (5, 21):
        for py, ph in ((24, 26), (56, 22)):
            sheet.box((x + px, top + py, x + px + 12, top + py + ph), shade(colour, 0.72))
    sheet.box((x + 32, top + 50, x + 35, top + 54), (230, 200, 120))
    sheet.box((x - 12, foot, x + 50, HEIGHT_PX), shade(STONE, 0.8))


def terrace(rng: random.Random, colour: RGB, brick: bool) -> Front:
    """A two-storey terraced house: door, bay of sashes, chimney."""
    sheet = _Sheet(rng)
    _masonry(sheet, colour, brick)
    _roof(sheet, chimney=True)
    if brick:
        sheet.box((0, 238, WIDTH_PX, 243), shade(STONE, 0.85))
    for x in (34, 160):
        _window(sheet, (x, 128, x + 58, 208), rng.random() < 0.32)
    _window(sheet, (132, 274, 222, 356), rng.random() < 0.5, (3, 2))
    _door(sheet, 38, rng.choice(DOORS))
    sheet.box((248, EAVES_PX, 252, HEIGHT_PX), (52, 52, 56))  # downpipe
    return sheet.done()


def _display(sheet: _Sheet, x0: int, x1: int, glass: RGB) -> None:
    """A lit shop window: lamps under its ceiling, shelves at the back, goods and somebody behind the glass."""
    top, foot = 282, 378
    sheet.lit((x0, top, x1, foot), glass)
    for k in range(foot - top):
        sheet.draw.line((x0, top + k, x1, top + k), fill=shade(glass, 0.96 - 0.42 * (k / (foot - top)) ** 0.8))
    for up in (30, 52):
        x = x0 + 4.0
        while x < x1 - 8:
            wide, tall = sheet.rng.uniform(3, 9), sheet.rng.uniform(7, 16)
            sheet.box(
                (x, top + up - tall, x + wide, top + up),
                shade(sheet.rng.choice(WARM + RENDERS), sheet.rng.uniform(0.4, 0.66)),
            )
            x += wide + sheet.rng.uniform(0, 3)
        sheet.box((x0, top + up, x1, top + up + 2), shade(glass, 0.42))
    if x1 - x0 > 60 and sheet.rng.random() < 0.6:
        x, coat = sheet.rng.uniform(x0 + 14, x1 - 30), shade(sheet.rng.choice(BRICKS), 0.5)
        sheet.draw.ellipse((x + 3, top + 26, x + 12, top + 37), fill=shade((200, 150, 120), 0.7))
        sheet.draw.polygon(
            [(x + 3, top + 38), (x + 12, top + 38), (x + 16, top + 46), (x + 15, foot), (x, foot), (x - 1, top + 46)],
            fill=coat,
        )
    for x in range(x0 + 12, x1 - 4, 34):
        sheet.draw.ellipse((x - 8, top - 2, x + 12, top + 9), fill=shade(glass, 1.06))
        sheet.draw.ellipse((x - 1, top + 1, x + 5, top + 5), fill=(255, 250, 236))
    sheet.box((x0, foot - 14, x1, foot), shade(glass, 0.3))
    x = x0 + 3.0
    while x < x1 - 10:
        wide, tall = sheet.rng.uniform(6, 13), sheet.rng.uniform(8, 26)
        colour = sheet.rng.choice(RENDERS + BRICKS + WARM[:2])
        sheet.box((x, foot - 6 - tall, x + wide, foot - 6), shade(colour, 0.62))
        sheet.box((x, foot - 6 - tall, x + wide * 0.4, foot - 6), shade(colour, 0.8))
        x += wide + sheet.rng.uniform(2, 12)


def shop(rng: random.Random, colour: RGB, brick: bool) -> Front:
    """A shop with a lit window and a fascia; a flat above."""
    sheet = _Sheet(rng)
    _masonry(sheet, colour, brick)
    _roof(sheet, chimney=rng.random() < 0.6)
    for x in (30, 102, 174):
        _window(sheet, (x, 128, x + 50, 204), rng.random() < 0.4)
    ground, text = rng.choice(SIGNS)
    sheet.box((0, 236, WIDTH_PX, HEIGHT_PX), shade(ground, 0.8))
    sheet.box((4, 240, WIDTH_PX - 5, 274), ground)
    name = rng.choice(SHOP_NAMES)
    font_box = Image.new("L", (8 * len(name), 12), 0)
    ImageDraw.Draw(font_box).text((2, 0), name, fill=255)
    big = font_box.resize((min(220, 24 * len(name)), 30))
    at = ((WIDTH_PX - big.width) // 2, 242)
    sheet.picture.paste(text, (*at, at[0] + big.width, at[1] + big.height), big)
    sheet.glow.paste(255, (*at, at[0] + big.width, at[1] + big.height), big)
    glass = rng.choice(WARM[:3])
    lit = rng.random() < 0.7
    for x0, x1 in ((12, 150), (206, 244)):
        if lit:
            _display(sheet, x0, x1, glass)
        else:
            sheet.box((x0, 282, x1, 378), GLASS)
            sheet.draw.polygon([(x0, 282), (x1, 282), (x0, 350)], fill=shade(GLASS, 1.4))
        for x in range(x0 + 46, x1, 46):
            sheet.bar((x - 1, 282, x + 1, 378), shade(ground, 0.7))
    sheet.box((158, 282, 198, HEIGHT_PX - 4), shade(ground, 1.25))
    sheet.lit((164, 290, 192, 352), shade(glass, 0.75)) if lit else sheet.box((164, 290, 192, 352), GLASS)
    return sheet.done()


def warehouse(rng: random.Random, colour: RGB, brick: bool) -> Front:
    """Harbour building: loading doors one above the other, small arched windows."""
    sheet = _Sheet(rng)
    _masonry(sheet, shade(colour, 0.9), brick)
    _roof(sheet, chimney=False)
    for y in (126, 216):
        for x in (22, 196):
            _window(sheet, (x, y, x + 38, y + 50), rng.random() < 0.15, (2, 3))
    timber = rng.choice([(58, 66, 58), (74, 56, 42), (40, 54, 72)])
    for top, foot in ((122, 196), (214, 286), (304, 398)):
        sheet.box((92, top, 164, foot), shade(STONE, 0.8))
        for k in range(6):
            sheet.box((96 + k * 11, top + 4, 105 + k * 11, foot), shade(timber, rng.uniform(0.85, 1.1)))
    sheet.lit((18, 300, 30, 312), WARM[1])
    return sheet.done()


def gable(rng: random.Random, colour: RGB, brick: bool) -> Front:
    """The side of a house: blank masonry, perhaps one small window."""
    sheet = _Sheet(rng)
    _masonry(sheet, shade(colour, 0.92), brick)
    _roof(sheet, chimney=False)
    if rng.random() < 0.6:
        _window(sheet, (108, 150, 142, 204), rng.random() < 0.4)
    return sheet.done()


Maker = Callable[[random.Random, RGB, bool], Front]


def all_fronts(seed: int = 5) -> dict[str, list[Front]]:
    """Every front by family; the same seed draws the same town."""
    rng = random.Random(seed)
    bricks = [(b, True) for b in BRICKS]
    renders = [(r, False) for r in RENDERS]

    def some(maker: Maker, walls: list[tuple[RGB, bool]]) -> list[Front]:
        return [maker(rng, colour, brick) for colour, brick in walls]

    return {
        "brick": some(terrace, bricks[:3] * 2),
        "buff": some(terrace, [bricks[3]] * 3 + [bricks[4]] * 2),
        "render": some(terrace, renders + renders[:1]),
        "shop": some(shop, bricks[:2] + renders[:3] + bricks[3:4] + bricks[:1]),
        "warehouse": some(warehouse, [bricks[1], bricks[4], bricks[0]]),
        "gable": some(gable, [bricks[0], bricks[1], renders[0], bricks[3]]),
    }
