"""What stands in the street: lamps, parked cars, walkers, colleagues; drawn far to near.

Walkers' places follow from the time of day alone, so that every camera sees the same people.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from streamer.pose import Colleague, Pose
from streamer.street.camera import View
from streamer.street.facades import RGB
from streamer.street.look import Look
from streamer.street.people import Dress, draw_person
from streamer.street.surroundings import DETAIL_M, Beat, Car, Surroundings, chance
from streamer.street.trees import draw_tree
from streamer.street.vehicles import blue_lamps, draw_car, lit_lamps
from streamer.street.walls import LAMP_REACH_M2
from streamer.town import Town

XY = tuple[float, float]
Draw = ImageDraw.ImageDraw
LAMP_UP_M = 5.2
SODIUM: RGB = (255, 214, 150)
BLUE: RGB = (70, 120, 255)
COATS = [(44, 52, 74), (92, 40, 40), (58, 66, 54), (104, 92, 70), (36, 36, 42), (120, 112, 104), (70, 48, 78)]


@dataclass(frozen=True, slots=True)
class _Figure:
    """Something to draw: metres ahead, metres aside, half its width in metres, and how."""

    ahead: float
    side: float
    half: float
    draw: Callable[[Draw], None]


class Scene:
    """The figures of one camera. Remembers where the TASER was drawn: there its subject stands."""

    def __init__(self, town: Town, look: Look) -> None:
        self._town = town
        soft = _glow()
        wet = _dimmed(soft, 0.5 if look.mirror < 3 else 0.26)  # how much of a lamp stands in the wet road
        self._glow = lru_cache(maxsize=64)(lambda size: soft.resize((size, size)))
        self._image = lru_cache(maxsize=64)(lambda wide, tall: wet.resize((wide, tall)))
        self._subject: XY | None = None

    def draw(
        self,
        picture: Image.Image,
        view: View,
        near: Surroundings,
        lamps: NDArray[np.float64],
        depth: NDArray[np.float64],
        pose: Pose,
        drawn: bool,
        at: float,
        others: tuple[Colleague, ...],
    ) -> None:
        """Put all figures into `picture`; `depth` is how far each column's wall is."""
        figures = [
            *self._lamps(picture, view, near),
            *self._cars(picture, view, near, lamps),
            *self._walkers(view, near, lamps, at),
            *self._colleagues(picture, view, lamps, others, at),
        ]
        figures += self._trees(view, near, lamps)
        figures += self._confrontation(view, lamps, pose, drawn, at)
        canvas = ImageDraw.Draw(picture)
        for figure in sorted(figures, key=lambda f: -f.ahead):
            self._put(picture, canvas, view, depth, figure)

    def _put(self, picture: Image.Image, canvas: Draw, view: View, depth: NDArray[np.float64], figure: _Figure) -> None:
        """Draw one figure, then put back the columns in which a nearer wall hides it."""
        scale = view.f / figure.ahead
        left = max(0, int(view.width / 2 + (figure.side - figure.half) * scale) - 1)
        right = min(view.width, int(view.width / 2 + (figure.side + figure.half) * scale) + 2)
        if right <= left:
            return
        hidden = depth[left:right] < figure.ahead
        if hidden.all():
            return
        if not hidden.any():
            figure.draw(canvas)
            return
        strips = []
        for start, end in _runs(hidden):
            box = (left + start, 0, left + end, view.height)
            strips.append((picture.crop(box), box))
        figure.draw(canvas)
        for strip, box in strips:
            picture.paste(strip, box)

    def _lamps(self, picture: Image.Image, view: View, near: Surroundings) -> list[_Figure]:
        if not len(near.lamps):
            return []
        sides, aheads = view.to_camera(near.lamps)
        return [
            _Figure(a, s, 0.8, self._lamp(picture, view, s, a))
            for s, a in zip(sides.tolist(), aheads.tolist(), strict=True)
            if 1.2 < a < DETAIL_M and abs(s) < a * 1.1
        ]

    def _cars(self, picture: Image.Image, view: View, near: Surroundings, lamps: NDArray[np.float64]) -> list[_Figure]:
        figures = []
        for car in near.cars:
            side, ahead = _camera(view, car.at)
            if 2.6 < ahead < DETAIL_M and abs(side) < ahead * 1.15 + 3:
                figures.append(_Figure(ahead, side, 2.4, self._car(picture, view, car, _light(car.at, lamps), ahead)))
        return figures

    def _car(
        self, picture: Image.Image, view: View, car: Car, light: float, ahead: float, blue: bool = False
    ) -> Callable[[Draw], None]:
        """A car; one in a few stands with its lights on, and a patrol car's blue ones flash."""

        def draw(canvas: Draw) -> None:
            draw_car(canvas, view, car, light * _clear(ahead), blue)
            if car.police or car.colour % 6 == 0:
                for place, colour, wide in lit_lamps(view, car):
                    self._shine(picture, view, place, colour, wide, view.f / ahead)
            if blue:
                for place in blue_lamps(view, car):
                    self._shine(picture, view, place, BLUE, 5.5, view.f / ahead)

        return draw

    def _colleagues(
        self,
        picture: Image.Image,
        view: View,
        lamps: NDArray[np.float64],
        others: tuple[Colleague, ...],
        at: float,
    ) -> list[_Figure]:
        """The other officers of the shift, where they really are."""
        figures = []
        for other in others:
            place = (other.x, other.y)
            side, ahead = _camera(view, place)
            if not 1.4 < ahead < DETAIL_M or abs(side) > ahead * 1.15 + 3:
                continue
            light, heading = max(0.35, _light(place, lamps)), math.radians(other.heading_deg)
            along = (math.sin(heading), math.cos(heading))
            if other.in_vehicle and ahead > 2.6:
                car, flash = Car(place, along, 0, police=True), int(at * 4.6) % 2 == 0
                figures.append(_Figure(ahead, side, 2.6, self._car(picture, view, car, light, ahead, flash)))
            elif not other.in_vehicle:
                away = along[0] * view.forward[0] + along[1] * view.forward[1] > 0
                pace = at * 2 * math.pi * min(1.6, 0.6 + other.speed_mps / 3) if other.speed_mps > 0.2 else 0.0
                dress = Dress((30, 34, 44), police=True)
                figures.append(
                    _Figure(ahead, side, 0.7, _standing(view, side, ahead, dress, light, pace, "walk", away))
                )
        return figures

    def _lamp(self, picture: Image.Image, view: View, side: float, ahead: float) -> Callable[[Draw], None]:
        def draw(canvas: Draw) -> None:
            foot, top = view.pixel(side, ahead, 0.0), view.pixel(side, ahead, LAMP_UP_M)
            wide = max(1, round(0.11 * view.f / ahead))
            canvas.line((*foot, *top), fill=(30, 33, 40), width=wide)
            arm = view.pixel(side - math.copysign(0.55, side or 1.0), ahead, LAMP_UP_M + 0.15)
            canvas.line((*top, *arm), fill=(30, 33, 40), width=max(1, wide // 2))
            self._shine(picture, view, (arm[0], arm[1], foot[1]), SODIUM, 2.4, view.f / ahead)

        return draw

    def _shine(
        self, picture: Image.Image, view: View, at: tuple[float, float, float], colour: RGB, wide_m: float, px: float
    ) -> None:
        """A light at column, row of the picture, `wide_m` metres of glow, and its image in the wet road under row three."""
        x, y, foot = at
        size = max(6, int(wide_m * px)) // 4 * 4 + 4
        if size > 400 or y < -size or not -size < x < view.width + size:
            return
        picture.paste(colour, (int(x) - size // 2, int(y) - size // 2), self._glow(size))
        tall = min(320, max(16, int(size * 1.9) // 16 * 16))
        below = 2 * foot - y
        if size >= 16 and foot < below < view.height + tall:
            mask = self._image(max(8, size // 3 // 8 * 8), tall)
            picture.paste(colour, (int(x) - mask.width // 2, int(below) - tall // 2), mask)

    def _trees(self, view: View, near: Surroundings, lamps: NDArray[np.float64]) -> list[_Figure]:
        figures = []
        for place in near.trees:
            side, ahead = _camera(view, place)
            if 2.5 < ahead < DETAIL_M and abs(side) < ahead + 3:
                figures.append(
                    _Figure(ahead, side, 3.0, _tree(view, side, ahead, chance(*place), _light(place, lamps)))
                )
        return figures

    def _walkers(self, view: View, near: Surroundings, lamps: NDArray[np.float64], at: float) -> list[_Figure]:
        figures = []
        for beat in near.beats:
            place, pace, away = walker(beat, at)
            side, ahead = _camera(view, place)
            if not 1.4 < ahead < DETAIL_M * 0.8 or abs(side) > ahead * 1.1:
                continue
            light = _light(place, lamps)
            dress = Dress(COATS[int(beat.seed * 997) % len(COATS)], police=beat.seed > 0.93)
            figures.append(_Figure(ahead, side, 0.6, _standing(view, side, ahead, dress, light, pace, "walk", away)))
        return figures

    def _confrontation(
        self, view: View, lamps: NDArray[np.float64], pose: Pose, drawn: bool, at: float
    ) -> list[_Figure]:
        """A drawn TASER has a subject, some metres ahead of where it was drawn, and a colleague beside."""
        if not drawn:
            self._subject = None
            return []
        if self._subject is None:
            self._subject = _ahead(pose, 5.2, 0.35)
        sway = 0.05 * math.sin(at * 1.3)
        figures = []
        subject = (self._subject[0] + sway, self._subject[1] - sway)
        colleague = (
            subject[0] - view.right[0] * 2.3 + view.forward[0] * 0.4,
            subject[1] - view.right[1] * 2.3 + view.forward[1] * 0.4,
        )
        for place, dress, stance in (
            (subject, Dress((92, 88, 92)), "hands_up"),
            (colleague, Dress((30, 34, 44), police=True), "point"),
        ):
            side, ahead = _camera(view, place)
            if ahead > 1.2:
                light = max(0.5, _light(place, lamps))
                figures.append(
                    _Figure(ahead, side, 0.9, _standing(view, side, ahead, dress, light, 0.0, stance, False))
                )
        return figures


def walker(beat: Beat, at: float) -> tuple[XY, float, bool]:
    """(where, phase of the step in radians, whether towards `beat.b`) at Unix time `at`."""
    length = math.dist(beat.a, beat.b)
    speed = 1.05 + 0.5 * beat.seed
    travelled = (at * speed + beat.seed * 977.0) % (2 * length)
    onward = travelled < length
    share = (travelled if onward else 2 * length - travelled) / length
    place = (beat.a[0] + (beat.b[0] - beat.a[0]) * share, beat.a[1] + (beat.b[1] - beat.a[1]) * share)
    return place, travelled / 0.72 * math.pi, onward


def _camera(view: View, p: XY) -> tuple[float, float]:
    dx, dy = p[0] - view.x, p[1] - view.y
    return dx * view.right[0] + dy * view.right[1], dx * view.forward[0] + dy * view.forward[1]


def _ahead(pose: Pose, ahead: float, side: float) -> XY:
    h = math.radians(pose.heading_deg)
    return (pose.x + math.sin(h) * ahead + math.cos(h) * side, pose.y + math.cos(h) * ahead - math.sin(h) * side)


def _light(at: XY, lamps: NDArray[np.float64]) -> float:
    """As `walls.light_at`, for one point."""
    share = (0.78 / (1 + ((x - at[0]) ** 2 + (y - at[1]) ** 2) / LAMP_REACH_M2) for x, y in lamps.tolist())
    return float(min(1.0, 0.08 + sum(share)))


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Start and end of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.view(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _standing(
    view: View, side: float, ahead: float, dress: Dress, light: float, pace: float, stance: str, away: bool
) -> Callable[[Draw], None]:
    foot = view.pixel(side, ahead, 0.0)
    return lambda canvas: draw_person(canvas, foot, view.f / ahead, dress, light * _clear(ahead), pace, stance, away)


def _tree(view: View, side: float, ahead: float, seed: float, light: float) -> Callable[[Draw], None]:
    foot = view.pixel(side, ahead, 0.0)
    return lambda canvas: draw_tree(canvas, foot, view.f / ahead, seed, light * _clear(ahead))


def _clear(ahead: float) -> float:
    return max(0.25, 1 - ahead / 130)


def _dimmed(glow: Image.Image, share: float) -> Image.Image:
    return glow.point(lambda tone: int(tone * share))


def _glow() -> Image.Image:
    """A soft round light, 64×64, to be scaled."""
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    soft = np.clip(1 - np.hypot(x, y), 0, 1) ** 2.4
    core = np.hypot(x, y) < 0.1
    return Image.fromarray((np.maximum(soft * 0.7, core) * 255).astype(np.uint8))
