"""The picture's colours: an index of 256, lit through one table of light and haze.

Every surface is drawn as an index; `lit_table` says what an index looks like at a given light and distance, in a
given weather. So shading costs one look-up a pixel, however many lamps there are. Indexes from `FIRST_GLOWING` are
lit by themselves (windows, signs) and ignore the light.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from streamer.street.look import Look

LIGHTS, HAZES = 32, 8  # rows of the table: light + LIGHTS * haze
# A picture's shade is haze·256 + light: eight steps between two rows, which the lens's grain dithers, so that no
# band shows. The darkest rows are left to the corners of the lens.
STEPS = 8
DARKEST, BRIGHTEST = 4 * STEPS, (LIGHTS - 1) * STEPS - 1
GROUND_COLOURS: dict[str, tuple[int, int, int]] = {
    "sky": (0, 0, 0),  # index 0 is never looked up: there the sky shows
    "road": (62, 66, 74),
    "pavement": (122, 118, 112),
    "kerb": (158, 154, 146),
    "yellow": (214, 174, 52),
    "white": (206, 206, 202),
    "grass": (54, 78, 48),
    "water": (24, 36, 52),
    "sand": (146, 130, 98),
    "setts": (104, 98, 94),
    "path": (128, 116, 96),
    "yard": (84, 82, 80),
    "joint": (104, 100, 96),
    "iron": (40, 42, 46),
}
GROUND_INDEX = {name: i for i, name in enumerate(GROUND_COLOURS)}
FIRST_FRONT = 16
FIRST_GLOWING = 200


def front_palette(pictures: list[Image.Image], glows: list[Image.Image]) -> NDArray[np.uint8]:
    """256×3: the ground's colours, then those that the fronts need, plain and glowing (median cut)."""
    rgb = np.concatenate([np.asarray(p).reshape(-1, 3) for p in pictures])
    glow = np.concatenate([np.asarray(g).reshape(-1) for g in glows]) > 127
    table = np.zeros((256, 3), np.uint8)
    table[: len(GROUND_COLOURS)] = list(GROUND_COLOURS.values())
    table[FIRST_FRONT:FIRST_GLOWING] = _median_cut(rgb[~glow], FIRST_GLOWING - FIRST_FRONT)
    table[FIRST_GLOWING:] = _median_cut(rgb[glow], 256 - FIRST_GLOWING)
    return table


def _median_cut(pixels: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    side = int(len(pixels) ** 0.5)
    picture = Image.fromarray(pixels[: side * side].reshape(side, side, 3))
    found = np.array(picture.quantize(count).getpalette(), np.uint8).reshape(-1, 3)
    out = np.zeros((count, 3), np.uint8)
    out[: min(count, len(found))] = found[:count]
    return out


def indexed(picture: Image.Image, glow: Image.Image, solid: Image.Image, table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A front as indexes into `table`; 0 where it is not solid."""
    plain = _nearest(picture, table[FIRST_FRONT:FIRST_GLOWING]) + FIRST_FRONT
    bright = _nearest(picture, table[FIRST_GLOWING:]) + FIRST_GLOWING
    out = np.where(np.asarray(glow) > 127, bright, plain)
    out[np.asarray(solid) < 128] = 0
    return out.astype(np.uint8)


def _nearest(picture: Image.Image, colours: NDArray[np.uint8]) -> NDArray[np.int64]:
    reference = Image.new("P", (1, 1))
    reference.putpalette(colours.tobytes() + bytes(colours[-1]) * (256 - len(colours)))
    found = np.asarray(picture.quantize(palette=reference, dither=Image.Dither.NONE)).astype(np.int64)
    return np.minimum(found, len(colours) - 1)


def lit_table(table: NDArray[np.uint8], look: Look) -> NDArray[np.uint32]:
    """(HAZES·LIGHTS·256) colours as 0xFFBBGGRR, to be looked up by `(light + LIGHTS·haze)·256 + index`."""
    colours = table.astype(float)
    ambient, lamp, haze_colour = (np.array(tone) for tone in (look.ambient, look.lamp, look.haze))
    dark = DARKEST // STEPS
    rows = []
    for haze in range(HAZES):
        thick = 0.86 * (haze / (HAZES - 1)) ** 1.1
        for light in range(LIGHTS):
            share = (light - dark) / (LIGHTS - 1 - dark)
            share = share**1.15 if share > 0 else share
            lit = colours * np.maximum(ambient * (1 - share) + lamp * share, 0.02)
            seen = lit * (1 - thick) + haze_colour * thick
            glowing = colours[FIRST_GLOWING:] * look.glow
            seen[FIRST_GLOWING:] = glowing * (1 - 0.45 * thick) + haze_colour * 0.3 * thick
            rows.append(seen)
    rgb = np.clip(np.concatenate(rows), 0, 255).astype(np.uint32)
    packed: NDArray[np.uint32] = rgb[:, 0] | rgb[:, 1] << 8 | rgb[:, 2] << 16 | np.uint32(0xFF000000)
    return packed


def shade_of(light: NDArray[np.floating], depth: NDArray[np.float64], haze_m: float) -> NDArray[np.uint16]:
    """The shade for light 0…1 at `depth` metres; haze is full at about `haze_m`."""
    haze = np.clip(depth / haze_m * HAZES, 0, HAZES - 1).astype(np.uint16)
    level = DARKEST + np.clip(light, 0, 1) * (BRIGHTEST - DARKEST)
    out: NDArray[np.uint16] = level.astype(np.uint16) + haze * np.uint16(256)
    return out
