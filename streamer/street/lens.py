"""What the camera itself adds: grain of the sensor, dark corners; in rain, streaks in the air and drops on the glass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from streamer.street.palette import DARKEST, STEPS

FRAMES = 8  # of grain, in turn: enough that nobody sees it come again
STREAKS = 260
DROPS = 11
BAND = 40
_HALF = np.uint32(0x7F7F7F7F)


class Lens:
    """Made once for a size of picture; the same moment has the same grain."""

    def __init__(self, width: int, height: int, rain: bool, seed: int = 11) -> None:
        rng = np.random.default_rng(seed)
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        corners = np.clip((np.hypot(x * 0.92, y * 0.8) - 0.42) / 0.8, 0, 1) ** 1.6 * DARKEST
        # Added to a shade, whose darkest is DARKEST: the sum never falls below nothing.
        self._grain = [
            (rng.integers(0, STEPS, (height, width)) - corners).astype(np.int16).view(np.uint16) for _ in range(FRAMES)
        ]
        self._halves, self._beside = (np.empty((BAND + 1, width), np.uint32) for _ in range(2))
        self._streaks = [_streaks(width, height, rng) for _ in range(FRAMES)] if rain else []
        self._drops = _drops(width, height, rng) if rain else None

    def grain(self, at: float) -> NDArray[np.uint16]:
        """What is added to the shades at Unix time `at`: dithers what the light's rows would band."""
        grain: NDArray[np.uint16] = self._grain[int(at * 25) % FRAMES]
        return grain

    def soften(self, pixels: NDArray[np.uint32], out: NDArray[np.uint32]) -> None:
        """Each pixel the mean of a square of four, as a small lens draws: all channels at once."""
        for top in range(0, len(pixels), BAND):  # few rows at a time: they stay in the processor's cache
            rows = pixels[top : top + BAND + 1]
            halves, mean = self._halves[: len(rows)], out[top : min(top + BAND, len(pixels))]
            np.right_shift(rows, np.uint32(1), out=halves)
            halves &= _HALF
            beside = self._beside[: len(rows)]
            np.add(halves[:, :-1], halves[:, 1:], out=beside[:, :-1])
            np.add(halves[:, -1], halves[:, -1], out=beside[:, -1])
            beside >>= np.uint32(1)
            beside &= _HALF
            below = beside[1:] if len(rows) > len(mean) else beside[[*range(1, len(rows)), -1]]
            np.add(beside[: len(mean)], below, out=mean)

    def wet(self, pixels: NDArray[np.uint32], at: float) -> None:
        """Rain in front of the street: brighter streaks, and what the drops on the glass turn upside down."""
        if self._drops is None:
            return
        flat = pixels.reshape(-1)
        streaks = self._streaks[int(at * 25) % FRAMES]
        flat[streaks] = ((flat[streaks] >> np.uint32(1)) & _HALF) + np.uint32(0x3A3E44)
        where, source = self._drops
        flat[where] = flat[source]


def _streaks(width: int, height: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Pixels of the rain in one frame: nearer drops are longer."""
    sheet = Image.new("1", (width, height))
    draw = ImageDraw.Draw(sheet)
    for _ in range(STREAKS * width // 640):
        x, y, near = rng.random() * width, rng.random() * height * 1.1 - height * 0.1, rng.random() ** 3
        long = height * (0.02 + 0.1 * near)
        draw.line((x, y, x - long * 0.14, y + long), fill=1)
    return np.flatnonzero(np.asarray(sheet))


def _drops(width: int, height: int, rng: np.random.Generator) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(pixels under a drop, where each of them looks): a drop is a lens that shows the street upside down and small."""
    where, source = [], []
    y, x = np.mgrid[0:height, 0:width]
    for _ in range(DROPS):
        middle_x, middle_y = rng.random() * width, rng.random() * height * 0.8
        radius = height * (0.012 + 0.03 * rng.random() ** 2)
        dx, dy = (x - middle_x) / radius, (y - middle_y) / (radius * 1.15)
        under = np.flatnonzero(dx * dx + dy * dy < 1)
        bent = 4.0 * radius
        far_x = np.clip(middle_x - dx.reshape(-1)[under] * bent, 0, width - 1).astype(np.intp)
        far_y = np.clip(middle_y - dy.reshape(-1)[under] * bent, 0, height - 1).astype(np.intp)
        where.append(under)
        source.append(far_y * width + far_x)
    return np.concatenate(where), np.concatenate(source)
