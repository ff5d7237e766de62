"""People, cars and the light on them: drawn once, put into the street where they are."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from streamer.pose import Overlay, Pose
from streamer.street.atlas import make_atlas
from streamer.street.camera import View
from streamer.street.figures import PEOPLE
from streamer.street.light import Sources
from streamer.street.look import PRESETS
from streamer.street.painter import StreetPainter
from streamer.street.people import STEPS, UNIFORM, Dress, person, step_of
from streamer.street.shading import Shading
from streamer.street.sprites import Stamp
from streamer.street.surroundings import Car, Neighbourhood
from streamer.street.traffic import Traffic
from streamer.town import Town

AT = 1_795_387_267.4
QUIET = Overlay("ET17", "0417", 83, True, False, "et17-b4")
HARBOUR_STREET = Pose(186, -190, 0, 0.0)
COAT = Dress((92, 44, 42))


def masks(*steps: int, facing: str = "front") -> list[np.ndarray]:
    return [np.asarray(person(COAT, step, facing=facing).cuts[0][1]).astype(int) for step in steps]


def test_a_walk_s_steps_differ_and_from_far_away_fewer_are_told_apart() -> None:
    phases = np.linspace(0, 6.28, 50)
    assert {step_of(phase) for phase in phases} == set(range(STEPS))
    assert len({step_of(phase, ahead=40.0) for phase in phases}) == 2
    standing, stepping = masks(0, 1)
    assert np.abs(standing - stepping).mean() > 0.5


def test_who_walks_to_the_left_is_the_mirror_image_of_one_who_walks_to_the_right() -> None:
    (left,), (right,), (front,) = (masks(1, facing=facing) for facing in ("left", "right", "front"))
    assert (left == right[:, ::-1]).all()
    assert np.abs(right - front).mean() > 2


def heads(*dresses: Dress) -> list[np.ndarray]:
    """The upper 45 cm of each, over white."""
    return [np.asarray(person(dress).cuts[0][0].convert("RGB"))[6:36].astype(int) for dress in dresses]


def test_everybody_in_the_street_has_a_head_of_their_own_and_so_has_every_officer() -> None:
    for coat, police, count in (((92, 44, 42), False, PEOPLE), (UNIFORM, True, 12)):
        seen = heads(*(Dress(coat, police, who) for who in range(count)))
        alike = [
            (one, other)
            for one, other in combinations(range(count), 2)
            if np.abs(seen[one] - seen[other]).max(2).mean() < 1.0
        ]
        assert not alike
    assert (heads(COAT)[0] == heads(Dress(COAT.coat))[0]).all()  # and always the same


def test_a_figure_has_soft_edges_and_is_lit_as_the_street_is() -> None:
    mask = masks(0)[0]
    assert ((mask > 30) & (mask < 225)).sum() > 100
    stamp = Stamp(Shading(PRESETS["night"].look))
    tones = []
    for light in (0.0, 0.5, 1.0):
        picture = Image.new("RGBX", (80, 120), (50, 60, 70))
        stamp.put(picture, person(COAT), (40.0, 110.0), 50.0, light, 5.0)
        seen = np.asarray(picture)[:, :, :3].astype(int)
        assert (seen[:5] == (50, 60, 70)).all(), "over the head"
        tones.append(seen[50:60, 36:44].mean())
    assert tones[0] < tones[1] < tones[2]


@pytest.fixture(scope="module")
def near(night_town: Town) -> Neighbourhood:
    return Neighbourhood(night_town, make_atlas())


def test_lamps_lit_shops_and_headlamps_light_the_street(near: Neighbourhood) -> None:
    here = near.at(HARBOUR_STREET.x, HARBOUR_STREET.y)
    view = View.of(HARBOUR_STREET, 640, 360)
    car = Car((187.5, -176.0), (0.0, -1.0), 1, drives=True)
    dark, lit = Sources.of(view, here, ()), Sources.of(view, here, (car,))

    def light(sources: Sources, x: float, y: float) -> float:
        return float(sources.at(np.array([x]), np.array([y]))[0])

    lamp = here.lamps[np.hypot(*(here.lamps - (186.0, -176.0)).T).argmin()]
    assert light(dark, *lamp) > 0.7 > light(dark, 186.0, -700.0)
    assert light(lit, 187.5, -181.0) > light(dark, 187.5, -181.0) + 0.1
    shop = here.shops[np.hypot(*(here.shops[:, :2] - (186.0, -176.0)).T).argmin()]
    assert shop[2] > 0.1 and light(dark, shop[0], shop[1]) > light(dark, shop[0], shop[1] + 400)


def test_driving_cars_are_in_the_picture_with_their_lamps_lit(night_town: Town) -> None:
    traffic = Traffic(night_town.segments)
    busy, quiet = (StreetPainter(night_town, 320, 180, preset="night") for _ in range(2))
    quiet._traffic = Traffic([])  # the same picture of the same moment, but for the cars that drive

    def ahead(at: float) -> int:
        cars = traffic.near(HARBOUR_STREET.x, HARBOUR_STREET.y, 35.0, at)
        return sum(abs(car.at[0] - HARBOUR_STREET.x) < 6 and 8 < car.at[1] - HARBOUR_STREET.y < 30 for car in cars)

    def lamps(painter: StreetPainter, at: float) -> int:
        street = painter.draw(HARBOUR_STREET, QUIET, at)[60:150, 60:260, :3].astype(int)
        red = (street[:, :, 0] > 170) & (street[:, :, 1:].max(2) < 110)
        return int(red.sum() + (street.min(2) > 205).sum())

    moments = [at for k in range(240) if ahead(at := AT + k / 2)]
    assert len(moments) > 5
    assert np.mean([lamps(busy, at) for at in moments]) > np.mean([lamps(quiet, at) for at in moments]) + 2
