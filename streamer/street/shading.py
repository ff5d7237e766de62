"""The light on figures, cars and trees: the same ambient light, lamps and haze that walls and ground have."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image

from streamer.street.look import Look, Tone

RGB = tuple[int, int, int]
LIGHTS, HAZES = 24, 8  # steps that are told apart
HAZIEST = 0.86


class Shading:
    """Of one look: what a colour becomes in a light 0…1, so many metres away."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._table = lru_cache(maxsize=LIGHTS * HAZES)(self._levels)

    def haze_at(self, ahead: float) -> float:
        """The share of haze at `ahead` metres, as `palette.lit_table` has it."""
        return float(HAZIEST * min(1.0, ahead / self._look.haze_m) ** 1.1)

    def tone(self, colour: RGB, light: float, haze: float = 0.0) -> RGB:
        """`colour` in `light` (over 1: it shines), behind a share of haze."""
        r, g, b = (
            min(255, int(channel * factor * (1 - haze) + grey * haze))
            for channel, factor, grey in zip(colour, self._factors(light), self._look.haze, strict=True)
        )
        return (r, g, b)

    def steps(self, light: float, ahead: float) -> tuple[int, int]:
        """The arguments for `lit`: steps of light and of haze."""
        return round(min(1.0, max(0.0, light)) * (LIGHTS - 1)), round(self.haze_at(ahead) * (HAZES - 1))

    def lit(self, picture: Image.Image, light: int, haze: int) -> Image.Image:
        """A picture (RGBX) in steps of light, behind steps of haze."""
        return picture.point(self._table(light, haze))

    def _levels(self, light: int, haze: int) -> list[int]:
        """What each level of each of the four channels becomes."""
        share = haze / (HAZES - 1)
        channels = zip((*self._factors(light / (LIGHTS - 1)), 0.0), (*self._look.haze, 0.0), strict=True)
        return [
            min(255, int(level * factor * (1 - share) + grey * share))
            for factor, grey in channels
            for level in range(256)
        ]

    def _factors(self, light: float) -> Tone:
        dark, lit = self._look.ambient, self._look.lamp
        rest = max(0.0, 1 - light)
        return (dark[0] * rest + lit[0] * light, dark[1] * rest + lit[1] * light, dark[2] * rest + lit[2] * light)
