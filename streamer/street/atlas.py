"""All house fronts in one flat array of colour indexes, in four sizes, column by column."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from streamer.street.facades import GROUND_FLOOR_PX, HEIGHT_PX, WIDTH_PX, all_fronts
from streamer.street.palette import front_palette, indexed

SIZES = 4  # each half of the one before: 40, 20, 10 and 5 pixels a metre


@dataclass(frozen=True)
class Atlas:
    """`texels[start[front, size] + column·height(size) + row]`; `families`: name → (first front, how many)."""

    texels: NDArray[np.uint8]
    start: NDArray[np.int64]
    families: dict[str, tuple[int, int]]
    table: NDArray[np.uint8]  # 256×3: the colours that the indexes stand for
    shines: NDArray[np.float64]  # of each front: the share of its ground floor that is lit


@cache
def make_atlas() -> Atlas:
    """Draws every front: about half a second, once a process."""
    fronts = all_fronts()
    flat = [f for family in fronts.values() for f in family]
    table = front_palette([f.picture for f in flat], [f.glow for f in flat])
    start, chunks, at = np.zeros((len(flat), SIZES), np.int64), [], 0
    for n, front in enumerate(flat):
        for size in range(SIZES):
            wanted = (WIDTH_PX >> size, HEIGHT_PX >> size)
            scaled = [i.resize(wanted, Image.Resampling.BOX) for i in (front.picture, front.glow, front.solid)]
            texels = indexed(scaled[0], scaled[1], scaled[2], table)
            start[n, size] = at
            chunks.append(np.ascontiguousarray(texels.T).reshape(-1))
            at += texels.size
    families, first = {}, 0
    for name, members in fronts.items():
        families[name] = (first, len(members))
        first += len(members)
    low = (0, GROUND_FLOOR_PX, WIDTH_PX, HEIGHT_PX)
    shines = np.array([np.asarray(front.glow.crop(low)).mean() / 255 for front in flat])
    return Atlas(np.concatenate(chunks), start, families, table, shines)
