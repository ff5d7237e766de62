"""The sky all round: gradient, cloud, stars, moon, and roofs on the horizon."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from streamer.street.camera import View
from streamer.street.look import Look

STEPS = 2400  # columns of the panorama, 0.15° each
DUSK_DEG = 262.0  # where the sun went down


def make_sky(height: int, below: int, look: Look, seed: int = 3) -> NDArray[np.uint32]:
    """A panorama (height+below)×STEPS as 0xFFBBGGRR; the horizon is row `height`."""
    rng = np.random.default_rng(seed)
    up = np.linspace(1, 0, height)[:, None, None]
    top, low = np.array(look.zenith), np.array(look.skyline)
    sky = low + (top - low) * up**0.75
    bearing = np.arange(STEPS) * 360.0 / STEPS
    glow = look.sunset * np.exp(-((((bearing - DUSK_DEG + 180) % 360 - 180) / 62.0) ** 2))[None, :, None]
    sky = sky + glow * (1 - up) ** 3.0 * np.array([136.0, 74, 14]) + glow * (1 - up) * np.array([24.0, 6, 10])
    cloud = np.clip(_cloud(rng, height)[:, :, None] * look.cloud, 0, 1)
    lit = low * 0.34 + glow * np.array([96.0, 44, 30])  # from below, by the town or by the sun
    sky = sky * (1 - 0.26 * cloud) + cloud * lit * (1 - up * 0.5)
    picture = Image.fromarray(np.clip(sky, 0, 255).astype(np.uint8))
    if look.stars:
        _stars(picture, rng, height, look.stars)
    whole = Image.new("RGB", (STEPS, height + below), tuple(int(tone) for tone in look.haze))
    whole.paste(picture, (0, 0))
    _roofs(whole, rng, height, sum(look.ambient) / 1.27)
    return np.ascontiguousarray(np.asarray(whole.convert("RGBA"))).view(np.uint32)[:, :, 0]


def _cloud(rng: np.random.Generator, height: int) -> NDArray[np.float64]:
    total = np.zeros((height, STEPS))
    for scale, weight in ((5, 0.5), (11, 0.3), (24, 0.2)):
        noise = rng.random((scale, scale * 5))
        noise[:, -1] = noise[:, 0]
        tile = Image.fromarray((noise * 255).astype(np.uint8)).resize((STEPS, height), Image.Resampling.BICUBIC)
        total += weight * np.asarray(tile) / 255.0
    return np.clip((total - 0.5) * 4, 0, 1)


def _stars(picture: Image.Image, rng: np.random.Generator, height: int, count: int) -> None:
    for _ in range(count):
        x, y = int(rng.random() * STEPS), int(rng.random() ** 1.6 * height * 0.75)
        tone = int(90 + 120 * rng.random())
        picture.putpixel((x, y), (tone, tone, min(255, tone + 20)))
    moon = Image.new("L", (60, 60), 0)
    ImageDraw.Draw(moon).ellipse((20, 20, 40, 40), fill=255)
    halo = moon.filter(ImageFilter.GaussianBlur(9)).point(lambda v: int(v * 0.7))
    at = (int(STEPS * 0.41), int(height * 0.3))
    picture.paste((210, 216, 226), at, halo)
    picture.paste((240, 240, 232), at, moon)


def _roofs(whole: Image.Image, rng: np.random.Generator, height: int, light: float) -> None:
    """Far roofs and a spire, so that no street ends in nothing."""
    draw, x = ImageDraw.Draw(whole), 0.0
    while x < STEPS:
        wide, tall = rng.uniform(14, 46), rng.uniform(3, 12)
        tone = int(rng.uniform(26, 38) * light)
        ridge = [(x, height - tall), (x + wide / 2, height - tall - rng.uniform(2, 6)), (x + wide, height - tall)]
        draw.polygon(
            [(x, height + 3), *ridge, (x + wide, height + 3)],
            fill=(tone, tone + int(6 * light), tone + int(22 * light)),
        )
        if rng.random() < 0.3:
            at = x + wide * rng.random()
            draw.rectangle((at, height - tall + 1, at + 1, height - tall + 2), fill=(236, 190, 112))
        x += wide * 0.8
    draw.polygon(
        [(700, height), (700, height - 22), (708, height - 52), (716, height - 22), (716, height)], fill=(30, 36, 58)
    )


def sky_columns(view: View) -> NDArray[np.intp]:
    """Which column of the panorama each column of the picture shows."""
    heading = math.degrees(math.atan2(view.forward[0], view.forward[1]))
    out: NDArray[np.intp] = (_beside(view.width, view.f) + heading * STEPS / 360.0).astype(np.intp) % STEPS
    return out


@lru_cache(maxsize=4)
def _beside(width: int, f: float) -> NDArray[np.float64]:
    """Columns of the panorama from the middle of a picture to each of its columns; a turn more, to be over nothing."""
    degrees: NDArray[np.float64] = np.degrees(np.arctan((np.arange(width) + 0.5 - width / 2) / f))
    return STEPS + degrees * STEPS / 360.0
