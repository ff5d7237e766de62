"""What stands and moves in the street: lamps, trees, cars, walkers, colleagues; drawn far to near.

The places of walkers and driving cars follow from the time alone, so that every camera sees the same ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from streamer.pose import Colleague, Pose
from streamer.street.camera import View
from streamer.street.lamps import BLUE, Glows
from streamer.street.light import Sources
from streamer.street.look import Look
from streamer.street.people import UNIFORM, Dress, Facing, person, step_of
from streamer.street.shading import Shading
from streamer.street.sprites import Sprite, Stamp
from streamer.street.surroundings import DETAIL_M, Beat, Car, Surroundings, chance
from streamer.street.trees import KINDS, tree
from streamer.street.vehicles import Garage, blue_lamps, lit_lamps

XY = tuple[float, float]
RGB = tuple[int, int, int]
COATS: list[RGB] = [
    (44, 52, 74),
    (92, 44, 42),
    (58, 66, 54),
    (104, 92, 70),
    (36, 36, 42),
    (120, 112, 104),
    (70, 48, 78),
    (134, 84, 44),
    (38, 74, 82),
]
PEOPLE = 16  # so many walk the town, each with a face and clothes of their own; their sprites are drawn once each
SUBJECT = Dress((92, 88, 92), who=3)
WALKERS_M, PARKED_M = 50.0, 62.0  # so far they are drawn
LEAST_SEEN = 0.6  # of the light: an officer's bands and a patrol car's throw it back
FLASHES_HZ = 2.3


class Seen(NamedTuple):
    """One of many that may be in the picture: which, metres to the right, metres ahead, the light 0…1 on it."""

    number: int
    side: float
    ahead: float
    light: float


@dataclass(frozen=True, slots=True)
class Figure:
    """Something to draw: metres ahead, metres aside, half its width in metres, and how."""

    ahead: float
    side: float
    half: float
    draw: Callable[[Image.Image], None]


Maker = Callable[[Seen], Figure]
Group = tuple[Maker, NDArray[np.float64], XY]  # how each is drawn, where they are, from and to how many metres ahead


@dataclass(frozen=True, slots=True)
class Moment:
    """One frame: the camera, what is near it, the light, how far each column's wall is, who and what moves, and when."""

    view: View
    near: Surroundings
    light: Sources
    depth: NDArray[np.float64]
    cars: list[Car]
    others: tuple[Colleague, ...]
    at: float

    def seen(self, groups: Iterable[Group]) -> Iterator[tuple[Maker, Seen]]:
        """Which of all `groups` may be in the picture; one sum for all their places."""
        makers, places, bounds = zip(*groups, strict=True)
        counts = [len(some) for some in places]
        everywhere = np.concatenate(places)
        nearest, farthest = np.repeat(np.array(bounds), counts, axis=0).T
        side, ahead = self.view.to_camera(everywhere)
        which = np.flatnonzero((ahead > nearest) & (ahead < farthest) & (np.abs(side) < ahead * 1.15 + 3))
        light = self.light.at(everywhere[which, 0], everywhere[which, 1])
        group = np.repeat(np.arange(len(counts)), counts)[which]
        number = which - np.concatenate([[0], np.cumsum(counts)])[group]
        columns = (number, side[which], ahead[which], light)
        for g, *seen in zip(group.tolist(), *(column.tolist() for column in columns), strict=True):
            yield makers[g], Seen(*seen)


class Scene:
    """The figures of one camera. Remembers where the TASER was drawn: there its subject stands."""

    def __init__(self, look: Look) -> None:
        shading = Shading(look)
        self._glows, self._stamp, self._garage = Glows(look), Stamp(shading), Garage(shading)
        self._subject: XY | None = None

    def draw(self, picture: Image.Image, now: Moment, pose: Pose, drawn: bool) -> None:
        """Put all figures into `picture`; `drawn`: the officer points the TASER."""
        near = now.near
        on_foot, in_cars = ([o for o in now.others if o.in_vehicle is so] for so in (False, True))
        walking = [walker(beat, now.at) for beat in near.beats]
        groups: list[Group] = [
            (lambda s: self._lamp(now, s), near.lamps, (1.2, DETAIL_M)),
            (lambda s: self._car(now, near.cars[s.number], s), near.cars_at, (2.6, PARKED_M)),
            (lambda s: self._car(now, now.cars[s.number], s), _table(car.at for car in now.cars), (2.6, DETAIL_M)),
            (lambda s: self._tree(now, s), near.trees, (2.5, DETAIL_M)),
            (
                lambda s: self._walker(now, walking[s.number], s),
                _table(place for place, *_ in walking),
                (1.4, WALKERS_M),
            ),
            (lambda s: self._officer(now, on_foot[s.number], s), _table((o.x, o.y) for o in on_foot), (1.4, DETAIL_M)),
            (
                lambda s: self._patrol_car(now, in_cars[s.number], s),
                _table((o.x, o.y) for o in in_cars),
                (2.6, DETAIL_M),
            ),
            (
                lambda s: self._standing(now, person(SUBJECT, stance="hands_up"), s),
                self._facing_taser(now, pose, drawn),
                (1.2, DETAIL_M),
            ),
        ]
        for figure in sorted((make(seen) for make, seen in now.seen(groups)), key=lambda f: -f.ahead):
            _put(picture, now, figure)

    def _lamp(self, now: Moment, seen: Seen) -> Figure:
        return Figure(
            seen.ahead, seen.side, 0.8, lambda picture: self._glows.lamp(picture, now.view, seen.side, seen.ahead)
        )

    def _car(self, now: Moment, car: Car, seen: Seen, blue: bool = False) -> Figure:
        """A car; the lamps of one that drives are lit, and a patrol car's blue ones flash."""
        view, px = now.view, now.view.f / seen.ahead

        def draw(picture: Image.Image) -> None:
            if blue:
                x, foot = view.pixel(seen.side, seen.ahead, 0.0)
                self._glows.pool(picture, x, foot, BLUE, 13.0, px, view.f)
            self._garage.draw(picture, view, car, seen.light, blue)
            if car.police or car.drives:
                for spot, colour, wide in lit_lamps(view, car):
                    self._glows.shine(picture, spot, colour, wide, px)
            if blue:
                for spot in blue_lamps(view, car):
                    self._glows.shine(picture, spot, BLUE, 5.0, px)

        return Figure(seen.ahead, seen.side, 2.6, draw)

    def _officer(self, now: Moment, other: Colleague, seen: Seen) -> Figure:
        """Another officer of the shift, where they really are."""
        along, seen = _along(other), seen._replace(light=max(LEAST_SEEN, seen.light))
        phase = now.at * math.tau * min(1.6, 0.6 + other.speed_mps / 3) if other.speed_mps > 0.2 else 0.0
        dress = Dress(UNIFORM, police=True, who=other.who)
        return self._standing(now, person(dress, step_of(phase, seen.ahead), "walk", _facing(now.view, along)), seen)

    def _patrol_car(self, now: Moment, other: Colleague, seen: Seen) -> Figure:
        """One who drives."""
        car, flash = Car((other.x, other.y), _along(other), 0, police=True), int(now.at * 2 * FLASHES_HZ) % 2 == 0
        return self._car(now, car, seen._replace(light=max(LEAST_SEEN, seen.light)), flash)

    def _tree(self, now: Moment, seen: Seen) -> Figure:
        kind = int(chance(*now.near.trees[seen.number]) * KINDS)
        return self._standing(now, tree(kind), seen, 3.0)

    def _walker(self, now: Moment, walks: tuple[XY, float, bool], seen: Seen) -> Figure:
        beat, (_, phase, onward) = now.near.beats[seen.number], walks
        who = int(beat.seed * 997) % PEOPLE
        dress = Dress(COATS[who % len(COATS)], who=who)
        turn = 1 if onward else -1
        facing = _facing(now.view, (turn * (beat.b[0] - beat.a[0]), turn * (beat.b[1] - beat.a[1])))
        return self._standing(now, person(dress, step_of(phase, seen.ahead), "walk", facing), seen)

    def _facing_taser(self, now: Moment, pose: Pose, drawn: bool) -> NDArray[np.float64]:
        """A drawn TASER has a subject, some metres ahead of where it was drawn."""
        if not drawn:
            self._subject = None
            return _table(())
        if self._subject is None:
            self._subject = _ahead(pose, 5.2, 0.35)
        sway = 0.05 * math.sin(now.at * 1.3)
        return _table([(self._subject[0] + sway, self._subject[1] - sway)])

    def _standing(self, now: Moment, sprite: Sprite, seen: Seen, half: float = 0.9) -> Figure:
        view = now.view
        foot, px = view.pixel(seen.side, seen.ahead, 0.0), view.f / seen.ahead
        return Figure(
            seen.ahead,
            seen.side,
            half,
            lambda picture: self._stamp.put(picture, sprite, foot, px, seen.light, seen.ahead),
        )


def walker(beat: Beat, at: float) -> tuple[XY, float, bool]:
    """(where, phase of the step in radians, whether towards `beat.b`) at Unix time `at`."""
    length = math.dist(beat.a, beat.b)
    speed = 1.05 + 0.5 * beat.seed
    travelled = (at * speed + beat.seed * 977.0) % (2 * length)
    onward = travelled < length
    share = (travelled if onward else 2 * length - travelled) / length
    place = (beat.a[0] + (beat.b[0] - beat.a[0]) * share, beat.a[1] + (beat.b[1] - beat.a[1]) * share)
    return place, travelled / 0.72 * math.pi, onward


def _put(picture: Image.Image, now: Moment, figure: Figure) -> None:
    """Draw one figure, then put back the columns in which a nearer wall hides it."""
    view, scale = now.view, now.view.f / figure.ahead
    left = max(0, int(view.width / 2 + (figure.side - figure.half) * scale) - 1)
    right = min(view.width, int(view.width / 2 + (figure.side + figure.half) * scale) + 2)
    if right <= left:
        return
    hidden = now.depth[left:right] < figure.ahead
    if hidden.all():
        return
    if not hidden.any():
        figure.draw(picture)
        return
    strips = []
    for start, end in _runs(hidden):
        box = (left + start, 0, left + end, view.height)
        strips.append((picture.crop(box), box))
    figure.draw(picture)
    for strip, box in strips:
        picture.paste(strip, box)


def _along(other: Colleague) -> XY:
    heading = math.radians(other.heading_deg)
    return (math.sin(heading), math.cos(heading))


def _facing(view: View, along: XY) -> Facing:
    """Which side of somebody who goes `along` shows."""
    ahead = along[0] * view.forward[0] + along[1] * view.forward[1]
    aside = along[0] * view.right[0] + along[1] * view.right[1]
    if abs(aside) > 1.2 * abs(ahead):
        return "right" if aside > 0 else "left"
    return "back" if ahead > 0 else "front"


def _ahead(pose: Pose, ahead: float, side: float) -> XY:
    h = math.radians(pose.heading_deg)
    return (pose.x + math.sin(h) * ahead + math.cos(h) * side, pose.y + math.cos(h) * ahead - math.sin(h) * side)


def _table(places: Iterable[XY]) -> NDArray[np.float64]:
    return np.array(list(places), float).reshape(-1, 2)


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Start and end of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.view(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
