"""People as shaded sprites: coat, trousers, head; an officer with hi-vis bands, belt and a cap. Drawn once each.

Seen from the front, from behind or from the side; a walk has six steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeVar

from PIL import Image, ImageDraw, ImageFilter

from streamer.street.sprites import Sprite, grained, rounded

T = TypeVar("T")
RGB = tuple[int, int, int]
XY = tuple[float, float]
Facing = Literal["front", "back", "left", "right"]
Stance = Literal["walk", "hands_up", "point"]
Hair = Literal["short", "long", "cropped", "tied", "hat", "hood"]
HI_VIS: RGB = (192, 240, 56)
BAND: RGB = (232, 234, 236)
SKIN: list[RGB] = [(206, 158, 128), (188, 138, 106), (122, 84, 62), (222, 178, 150), (92, 62, 48), (168, 118, 84)]
HAIR: list[RGB] = [(44, 34, 28), (24, 22, 24), (96, 72, 46), (128, 124, 120), (138, 70, 34), (176, 146, 92)]
TROUSERS: list[RGB] = [(38, 40, 52), (52, 60, 84), (44, 42, 40), (84, 76, 64), (30, 30, 33), (108, 104, 96)]
HATS: list[RGB] = [(120, 38, 36), (40, 62, 58), (150, 130, 84), (52, 54, 78)]
BOOT: RGB = (20, 20, 23)
UNIFORM: RGB = (30, 34, 46)
STEPS, FAR_M = 6, 22.0
PX, OVER = 64, 2  # pixels a metre of the kept picture; it is drawn so many times larger
RELIEF = 2.2  # how round a limb looks
WIDE_M, TALL_M, FOOT_M = 1.7, 2.06, 0.1
CIVILIANS: list[Hair] = ["short", "long", "cropped", "hat", "short", "hood", "tied", "long"]
OFFICERS: list[Hair] = ["short", "tied", "cropped", "tied"]  # under the cap
BUILDS = [(1.0, 1.0), (0.93, 0.95), (1.07, 1.02), (0.96, 0.98), (1.1, 0.97), (0.98, 1.03)]  # across, upwards
BEARDED = 3  # one in so many


@dataclass(frozen=True, slots=True)
class Dress:
    """A coat's colour, whether it is a police officer's, and who wears it: face, hair, build and trousers follow from that."""

    coat: RGB
    police: bool = False
    who: int = 0


def step_of(phase: float, ahead: float = 0.0) -> int:
    """The step that is drawn for a walk's phase in radians; from `ahead` metres away fewer are told apart."""
    coarse = 3 if ahead > FAR_M else 1
    return int(phase / math.tau * STEPS / coarse) * coarse % STEPS


@lru_cache(maxsize=256)
def person(dress: Dress, step: int = 0, stance: Stance = "walk", facing: Facing = "front") -> Sprite:
    """The sprite of a person: `step` 0 stands still."""
    if facing == "left":
        return person(dress, step, stance, "right").mirrored()
    swing = math.sin(step * math.tau / STEPS)
    drawn = _Person(dress)
    if facing == "right":
        drawn.from_the_side(swing, math.cos(step * math.tau / STEPS))
    else:
        drawn.facing_us(swing, stance, away=facing == "back")
    return Sprite.of(drawn.done(), PX, FOOT_M)


class _Person:
    """One person being drawn, layer upon layer; places in metres right of the middle and over the ground."""

    def __init__(self, dress: Dress) -> None:
        self._px = PX * OVER
        self._size = (round(WIDE_M * PX) * OVER, round(TALL_M * PX) * OVER)
        self._dress = dress
        self._skin, self._hair = _pick(SKIN, dress.who, 1), _pick(HAIR, dress.who, 2)
        self._legs = UNIFORM if dress.police else _pick(TROUSERS, dress.who, 3)
        self._style = _pick(OFFICERS if dress.police else CIVILIANS, dress.who, 4)
        self._build = _pick(BUILDS, dress.who, 5)
        self._has_beard = self._style in ("short", "cropped", "hat") and _mixed(dress.who, 6) % BEARDED == 0
        self._picture = Image.new(
            "RGBA", (self._size[0] // OVER, self._size[1] // OVER), (*_darker(dress.coat, 0.6), 0)
        )
        shadow = self._layer()
        self._blob(0, 0.015, 0.36, 0.055, (4, 5, 8))
        soft = (
            shadow.getchannel("A").reduce(OVER).filter(ImageFilter.BoxBlur(PX * 0.04)).point(lambda tone: tone * 2 // 3)
        )
        self._picture.paste((4, 5, 8, 255), (0, 0), soft)

    def done(self) -> Image.Image:
        """The picture as it is kept."""
        return grained(self._picture, sum(self._dress.coat) + self._dress.who, 0.05)

    def facing_us(self, swing: float, stance: Stance, away: bool) -> None:
        """From the front or from behind: the foot that swings is lifted, the arms go against the legs."""
        swing = swing if stance == "walk" else 0.0
        spread = 0.1 if stance == "walk" else 0.15
        layer = self._layer()
        for side in (-1, 1):
            lift = max(0.0, side * swing) * 0.09
            self._limb(
                [(side * 0.085, 0.9), (side * 0.095, 0.48 + lift * 0.6), (side * spread, 0.1 + lift)], self._legs
            )
            self._blob(side * (spread + 0.01), 0.06 + lift, 0.06, 0.06 if away else 0.05, BOOT)
        self._over(layer, 0.03)
        layer = self._layer()
        self._torso()
        if self._dress.police:
            self._vest(1.0)
        elif not away:
            self._line([(0.0, 0.8), (0.0, 1.4)], 0.014, _darker(self._dress.coat, 0.6))
        self._over(layer, 0.05)
        layer = self._layer()
        for side in (-1, 1):
            self._arm(side, swing, stance)
        self._over(layer, 0.025)
        layer = self._layer()
        self._head(0.0, away)
        self._over(layer, 0.035)

    def from_the_side(self, swing: float, lifted: float) -> None:
        """Walking to the right: the legs pass one another."""
        for far in (True, False):
            layer = self._layer()
            turn, bend = (swing, max(0.0, lifted)) if far else (-swing, max(0.0, -lifted))
            colour = _darker(self._legs, 0.7) if far else self._legs
            foot = (turn * 0.3 - bend * 0.06, 0.1 + bend * 0.09)
            self._limb([(0.0, 0.92), (turn * 0.13 + bend * 0.1 + 0.02, 0.5 + bend * 0.03), foot], colour)
            self._blob(foot[0] + 0.05, foot[1] - 0.045, 0.11, 0.045, BOOT)
            self._over(layer, 0.03)
        layer = self._layer()
        coat = self._dress.coat
        self._shape(
            [(-0.15, 0.78), (0.15, 0.78), (0.15, 1.1), (0.16, 1.3), (0.07, 1.46), (-0.1, 1.47), (-0.16, 1.3)], coat
        )
        if self._dress.police:
            self._vest(0.68)
        self._over(layer, 0.05)
        layer = self._layer()
        hand = (swing * 0.26 + 0.03, 0.9 + abs(swing) * 0.03)
        self._limb([(-0.01, 1.4), (swing * 0.1 - 0.04, 1.14), hand], coat, 0.12, 0.085)
        self._blob(*hand, 0.045, 0.055, self._skin)
        self._over(layer, 0.025)
        layer = self._layer()
        self._head(0.03, False, nose=True)
        self._over(layer, 0.035)

    def _torso(self) -> None:
        coat = self._dress.coat
        hem = 0.8 if self._dress.police else 0.62 + 0.18 * (_mixed(self._dress.who, 7) % 3 / 2)
        right = [(0.2, hem), (0.18, 1.05), (0.225, 1.32), (0.19, 1.44), (0.07, 1.5)]
        self._shape([*right, *((-x, y) for x, y in reversed(right))], coat)
        self._shape([(-0.07, 1.5), (0.07, 1.5), (0.0, 1.42)], _darker(coat, 0.7))

    def _vest(self, wide: float) -> None:
        """Hi-vis over the coat, with two bands that throw the light back, and the belt under it."""
        self._shape(
            [
                (x * wide, y)
                for x, y in ((-0.2, 0.98), (0.2, 0.98), (0.21, 1.34), (0.12, 1.48), (-0.12, 1.48), (-0.21, 1.34))
            ],
            HI_VIS,
        )
        for up in (1.07, 1.22):
            self._shape(
                [(-0.205 * wide, up), (0.205 * wide, up), (0.205 * wide, up + 0.055), (-0.205 * wide, up + 0.055)], BAND
            )
        self._shape([(-0.2 * wide, 0.9), (0.2 * wide, 0.9), (0.2 * wide, 0.97), (-0.2 * wide, 0.97)], (16, 17, 20))

    def _arm(self, side: int, swing: float, stance: Stance) -> None:
        coat = self._dress.coat
        if stance == "hands_up":
            elbow, hand = (side * 0.42, 1.42), (side * 0.4, 1.76)
        elif stance == "point" and side > 0:
            elbow, hand = (0.42, 1.34), (0.64, 1.32)
        else:
            elbow, hand = (side * 0.275, 1.16), (side * 0.265, 0.9 + side * swing * 0.05)
        self._limb([(side * 0.19, 1.41), elbow, hand], coat, 0.125, 0.09)
        past = 0.06 if stance == "hands_up" else -0.04
        self._blob(
            hand[0] + (0.05 if elbow[1] == 1.34 else 0),
            hand[1] + (0 if elbow[1] == 1.34 else past),
            0.045,
            0.06,
            self._skin,
        )

    def _head(self, x: float, away: bool, nose: bool = False) -> None:
        self._shape([(x - 0.05, 1.46), (x + 0.05, 1.46), (x + 0.05, 1.58), (x - 0.05, 1.58)], _darker(self._skin, 0.75))
        if self._style == "hood":
            self._blob(x - (0.02 if nose else 0), 1.66, 0.122, 0.152, _darker(self._dress.coat, 0.85))
        self._blob(x, 1.66, 0.085, 0.125, self._skin)
        if nose:
            self._blob(x + 0.085, 1.65, 0.02, 0.025, self._skin)
        if self._has_beard and not away:
            self._blob(x + (0.035 if nose else 0), 1.572, 0.056, 0.038, self._hair)
        self._hair_of(x, away, nose)
        if not away and not nose:
            for eye in (-0.032, 0.032):
                self._blob(x + eye, 1.665, 0.012, 0.008, (40, 32, 30))
        if self._dress.police:
            self._blob(x, 1.765, 0.125, 0.045, (18, 20, 28))
            self._shape([(x - 0.1, 1.71), (x + 0.1, 1.71), (x + 0.1, 1.75), (x - 0.1, 1.75)], (196, 200, 206))
            for k in range(5):  # the chequers
                left = x - 0.1 + 0.04 * k
                self._shape([(left, 1.71), (left + 0.02, 1.71), (left + 0.02, 1.73), (left, 1.73)], (18, 20, 28))
            if not away:
                self._blob(x + (0.08 if nose else 0), 1.705, 0.095, 0.016, (14, 15, 20))

    def _hair_of(self, x: float, away: bool, nose: bool) -> None:
        """What is on the head, seen from where we are."""
        style, colour = self._style, self._hair
        if style == "hood":
            if away:
                self._blob(x, 1.67, 0.12, 0.15, _darker(self._dress.coat, 0.8))
            return
        if style == "hat":
            colour = _pick(HATS, self._dress.who, 8)
        thin = 0.02 if style == "cropped" else 0.0
        if away:
            self._blob(x, 1.69, 0.092 - thin / 2, 0.115 - thin, colour)
        elif nose:
            self._blob(x - 0.03, 1.715 + thin / 2, 0.09 - thin / 2, 0.085 - thin, colour)
        else:
            self._blob(x, 1.735 + thin / 2, 0.09 - thin / 2, 0.065 - thin, colour)
        if style == "long":
            behind = [(x, 0.095)] if away else [(x - 0.065, 0.05)] if nose else [(x - 0.08, 0.028), (x + 0.08, 0.028)]
            for middle, half in behind:
                self._blob(middle, 1.59, half, 0.13, colour)
        elif style == "tied" and (away or nose):
            self._blob(x - (0.115 if nose else 0), 1.66, 0.045, 0.05, _darker(colour, 0.85))

    def _layer(self) -> Image.Image:
        layer = Image.new("RGBA", self._size, (0, 0, 0, 0))
        self._canvas = ImageDraw.Draw(layer)
        return layer

    def _over(self, layer: Image.Image, round_m: float) -> None:
        self._picture.alpha_composite(rounded(layer.reduce(OVER), round_m * PX, RELIEF))

    def _at(self, p: XY) -> XY:
        across, up = self._build
        return (self._size[0] / 2 + p[0] * across * self._px, self._size[1] - (p[1] * up + FOOT_M) * self._px)

    def _box(self, x: float, y: float, half_wide: float, half_tall: float) -> tuple[float, float, float, float]:
        (left, top), (right, foot) = self._at((x - half_wide, y + half_tall)), self._at((x + half_wide, y - half_tall))
        return (left, top, right, foot)

    def _shape(self, points: list[XY], colour: RGB) -> None:
        self._canvas.polygon([self._at(p) for p in points], fill=(*colour, 255))

    def _blob(self, x: float, y: float, half_wide: float, half_tall: float, colour: RGB) -> None:
        self._canvas.ellipse(self._box(x, y, half_wide, half_tall), fill=(*colour, 255))

    def _line(self, points: list[XY], wide: float, colour: RGB) -> None:
        self._canvas.line([self._at(p) for p in points], fill=(*colour, 255), width=max(1, round(wide * self._px)))

    def _limb(self, points: list[XY], colour: RGB, thick: float = 0.17, thin: float = 0.1) -> None:
        """From joint to joint, thinner towards its end."""
        widths = [thick + (thin - thick) * k / (len(points) - 1) for k in range(len(points))]
        for p, wide in zip(points, widths, strict=True):
            self._blob(*p, wide / 2, wide / 2, colour)
        for (a, wide_a), (b, wide_b) in zip(
            zip(points, widths, strict=True), list(zip(points, widths, strict=True))[1:], strict=False
        ):
            long = math.dist(a, b) or 1.0
            nx, ny = (b[1] - a[1]) / long / 2, (a[0] - b[0]) / long / 2
            self._shape(
                [
                    (a[0] + nx * wide_a, a[1] + ny * wide_a),
                    (b[0] + nx * wide_b, b[1] + ny * wide_b),
                    (b[0] - nx * wide_b, b[1] - ny * wide_b),
                    (a[0] - nx * wide_a, a[1] - ny * wide_a),
                ],
                colour,
            )


def _darker(colour: RGB, share: float) -> RGB:
    return (int(colour[0] * share), int(colour[1] * share), int(colour[2] * share))


def _mixed(who: int, salt: int) -> int:
    """A number of its own for each trait of a person, always the same (Knuth's multiplicative hash)."""
    return ((who * 8 + salt) * 2_654_435_761 & 0xFFFFFFFF) >> 9


def _pick(among: list[T], who: int, salt: int) -> T:
    return among[_mixed(who, salt) % len(among)]
