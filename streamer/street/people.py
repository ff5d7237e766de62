"""A person in a dozen shapes: coat, trousers, head; an officer with hi-vis bands and a cap."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from PIL import ImageDraw

RGB = tuple[int, int, int]
XY = tuple[float, float]
HI_VIS: RGB = (206, 232, 44)
SKIN: RGB = (202, 152, 122)


@dataclass(frozen=True, slots=True)
class Dress:
    """A coat's colour, and whether it is a police officer's."""

    coat: RGB
    police: bool = False


def lit(colour: RGB, light: float) -> RGB:
    """A colour in the street's light: bluish when dark, warm when bright."""
    a, b = 0.30 * (1 - light), light
    return (
        min(255, int(colour[0] * (a + 1.12 * b))),
        min(255, int(colour[1] * (1.12 * a + 0.96 * b))),
        min(255, int(colour[2] * (1.5 * a + 0.72 * b))),
    )


def draw_person(
    canvas: ImageDraw.ImageDraw, foot: XY, px: float, dress: Dress, light: float, pace: float, stance: str, away: bool
) -> None:
    """Draw a person whose feet stand at pixel `foot`; `px` pixels a metre.

    `pace`: the step's phase in radians. `stance`: walk, hands_up or point. `away`: seen from behind.
    """

    def at(x: float, up: float) -> XY:
        return (foot[0] + x * px, foot[1] - up * px)

    def limb(points: list[XY], wide: float, colour: RGB) -> None:
        canvas.line([c for p in points for c in at(*p)], fill=colour, width=max(1, round(wide * px)), joint="curve")

    swing = math.sin(pace) * 0.19 if stance == "walk" else 0.12
    legs, coat = lit((34, 36, 46), light), lit(dress.coat, light)
    skin = lit(SKIN, light)
    canvas.ellipse((*at(-0.34, 0.05), *at(0.34, -0.05)), fill=lit((26, 26, 30), light * 0.5))
    for sign in (-1, 1):
        knee = (sign * 0.09 + sign * swing * 0.45, 0.46)
        limb([(sign * 0.09, 0.88), knee, (sign * 0.1 + sign * swing, 0.06)], 0.15, legs)
        limb([(sign * 0.1 + sign * swing, 0.05), (sign * 0.15 + sign * swing, 0.03)], 0.1, lit((18, 18, 20), light))
    canvas.polygon(
        [at(-0.19, 0.82), at(0.19, 0.82), at(0.25, 1.42), at(0.13, 1.5), at(-0.13, 1.5), at(-0.25, 1.42)], fill=coat
    )
    turned = lit(dress.coat, light * 0.55)  # the half that the lamp does not reach
    canvas.polygon([at(0.03, 0.82), at(0.19, 0.82), at(0.25, 1.42), at(0.13, 1.5), at(0.05, 1.5)], fill=turned)
    canvas.line((*at(0.0, 0.84), *at(0.01, 1.46)), fill=lit(dress.coat, light * 0.75), width=max(1, round(0.03 * px)))
    _arms(limb, stance, swing, coat, skin)
    if dress.police:
        vest = lit(HI_VIS, max(light, 0.55))
        canvas.polygon(
            [at(-0.2, 0.95), at(0.2, 0.95), at(0.23, 1.42), at(0.1, 1.47), at(-0.1, 1.47), at(-0.23, 1.42)], fill=vest
        )
        canvas.polygon(
            [at(0.05, 0.95), at(0.2, 0.95), at(0.23, 1.42), at(0.1, 1.47), at(0.05, 1.47)],
            fill=lit((168, 190, 36), max(light * 0.8, 0.45)),
        )
        for up in (1.06, 1.22):
            canvas.rectangle((*at(-0.21, up + 0.055), *at(0.21, up)), fill=lit((226, 228, 232), max(light, 0.7)))
    canvas.rectangle((*at(-0.05, 1.56), *at(0.05, 1.46)), fill=skin)
    canvas.ellipse((*at(-0.105, 1.79), *at(0.105, 1.52)), fill=skin)
    canvas.chord((*at(-0.105, 1.79), *at(0.105, 1.52)), -80, 80, fill=lit(SKIN, light * 0.7))
    hair = lit((16, 18, 26) if dress.police else (44, 32, 26), light)
    canvas.pieslice((*at(-0.115, 1.82), *at(0.115, 1.56)), *((150, 390) if away else (180, 360)), fill=hair)
    if dress.police:
        canvas.rectangle((*at(-0.15, 1.7), *at(0.15, 1.67)), fill=hair)
        band = int(px * 0.03)
        if band:
            canvas.rectangle((*at(-0.115, 1.73), *at(0.115, 1.7)), fill=lit((210, 214, 220), light))


def _arms(limb: Callable[[list[XY], float, RGB], None], stance: str, swing: float, coat: RGB, skin: RGB) -> None:
    for sign in (-1, 1):
        if stance == "hands_up":
            elbow, hand = (sign * 0.5, 1.4), (sign * 0.46, 1.82)
        elif stance == "point" and sign > 0:
            elbow, hand = (0.46, 1.3), (0.68, 1.26)
        else:
            elbow, hand = (sign * 0.29, 1.14), (sign * 0.3 - swing * 0.5, 0.9)
        limb([(sign * 0.22, 1.4), elbow, hand], 0.115, coat)
        limb([hand, (hand[0], hand[1] + (0.09 if stance == "hands_up" else -0.07))], 0.09, skin)
