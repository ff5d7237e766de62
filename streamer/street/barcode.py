"""A barcode of the capture time, for tests of latency: 40 cells of 16 px, readable after H.264.

32 bits of the Unix time in ms (modulo 2**32) and 8 bits of checksum. The checksum starts from a
non-zero constant, so that a black or a white picture is no valid barcode.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

CELLS, CELL_PX = 40, 16
_SALT = 0xA5


def time_bits(at: float) -> list[bool]:
    """The 40 cells for Unix time `at`, first cell first; True is white."""
    word = round(at * 1000) & 0xFFFFFFFF
    whole = word << 8 | _checksum(word)
    return [bool(whole >> (CELLS - 1 - k) & 1) for k in range(CELLS)]


def read_bits(bits: list[bool]) -> int | None:
    """Unix time in ms modulo 2**32, or None when the checksum does not fit."""
    whole = sum(1 << (CELLS - 1 - k) for k, bit in enumerate(bits) if bit)
    word = whole >> 8
    return word if whole & 0xFF == _checksum(word) else None


def draw_barcode(picture: Image.Image, at: float) -> None:
    """Draw the cells along the bottom edge; the picture must be at least 640 px wide."""
    canvas, top = ImageDraw.Draw(picture), picture.height - CELL_PX
    for k, bit in enumerate(time_bits(at)):
        tone = (235, 235, 235) if bit else (16, 16, 16)
        canvas.rectangle((k * CELL_PX, top, (k + 1) * CELL_PX - 1, picture.height - 1), fill=tone)


def read_barcode(luma: NDArray[np.uint8]) -> int | None:
    """The time in a decoded picture's luma (height×width), or None where there is no barcode."""
    if luma.shape[1] < CELLS * CELL_PX or luma.shape[0] < CELL_PX:
        return None
    row = luma[luma.shape[0] - CELL_PX + 4 : luma.shape[0] - 4, : CELLS * CELL_PX]
    cells = row.reshape(row.shape[0], CELLS, CELL_PX)[:, :, 4:-4].mean((0, 2))
    return read_bits((cells > 125).tolist())


def _checksum(word: int) -> int:
    total = _SALT
    for shift in (24, 16, 8, 0):
        total = (total * 31 + (word >> shift & 0xFF)) & 0xFF
    return total
