"""The street's presets, the lens, and who else is in the picture."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from streamer.pose import Colleague, Overlay, Pose
from streamer.street.look import PRESETS
from streamer.street.painter import StreetPainter
from streamer.town import Town

AT = 1_795_387_267.4
QUIET = Overlay("ET17", "0417", 83, True, False, "et17-b4")
HARBOUR_STREET = Pose(186, -190, 0, 1.4)


@pytest.fixture(scope="module")
def painter_of(night_town: Town) -> object:
    return cache(lambda preset: StreetPainter(night_town, 320, 180, preset=preset))


def drawn(
    painter_of: object, preset: str, pose: Pose = HARBOUR_STREET, at: float = AT, **more: object
) -> NDArray[np.int64]:
    """The colours of one frame; what is burnt in at the top is left out."""
    picture = painter_of(preset).draw(pose, QUIET, at, **more)  # type: ignore[operator]
    colours: NDArray[np.int64] = picture[34:, :, :3].astype(np.int64)
    return colours


def difference(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """Mean difference of the channels, 0…255."""
    return float(np.abs(one - other).mean())


@pytest.mark.parametrize("preset", list(PRESETS))
def test_every_preset_draws_from_anywhere_and_looks_like_no_other(painter_of: object, preset: str) -> None:
    for pose in (HARBOUR_STREET, Pose(0, 9_000_000.0, 45, 1.4), Pose(-400, 300, -700, 9.0)):
        picture = drawn(painter_of, preset, pose)
        assert picture.shape == (146, 320, 3) and picture.std() > 3
    mine = drawn(painter_of, preset)
    through_glass = "vehicle" in preset  # the cabin, which is most of the picture, is the same in all weathers
    for other in PRESETS:
        if other != preset:
            assert difference(mine, drawn(painter_of, other)) > (2 if through_glass and "vehicle" in other else 4), (
                other
            )


def test_the_night_is_darker_than_the_dusk_and_rain_greyer_than_both(painter_of: object) -> None:
    dusk, night, rain = (drawn(painter_of, preset) for preset in ("dusk", "night", "rain"))
    assert night.mean() < 0.85 * dusk.mean()  # the lamps and the shops burn on

    def colour(picture: NDArray[np.int64]) -> float:
        sky = picture[:20]
        return float((sky.max(2) - sky.min(2)).mean())

    assert colour(rain) < 0.75 * colour(dusk)


def test_rain_falls_and_the_drops_on_the_glass_stay(painter_of: object) -> None:
    still = dataclasses.replace(HARBOUR_STREET, speed_mps=0)
    before, after = drawn(painter_of, "rain", still), drawn(painter_of, "rain", still, AT + 0.04)
    moved = np.abs(before - after).max(2) > 24
    assert 0.002 < moved.mean() < 0.2


def test_the_car_stays_round_the_windscreen_while_the_street_goes_by(painter_of: object) -> None:
    driving = dataclasses.replace(HARBOUR_STREET, speed_mps=7)
    here, there = (
        drawn(painter_of, "vehicle", driving),
        drawn(painter_of, "vehicle", dataclasses.replace(driving, y=-180)),
    )
    same = (here == there).all(2)
    assert same[-30:].mean() > 0.97, "the dashboard"
    assert same[40:70, 80:240].mean() < 0.7, "the street"


def test_indoors_the_shelves_go_by_with_the_steps_and_stand_with_a_halt(night_town: Town) -> None:
    painter = StreetPainter(night_town, 320, 180, preset="indoor")

    def frame(at: float, speed: float) -> NDArray[np.int64]:
        colours: NDArray[np.int64] = painter.draw(Pose(0, 0, 0, speed), QUIET, at)[34:, :, :3].astype(np.int64)
        return colours

    first = frame(AT, 0.0)
    assert difference(first, frame(AT + 0.001, 0.0)) < 1
    assert difference(first, frame(AT + 1.0, 1.4)) > 4


def test_a_colleague_who_is_near_is_in_the_picture_and_a_patrol_car_flashes(painter_of: object) -> None:
    alone = drawn(painter_of, "dusk")
    beside = drawn(painter_of, "dusk", others=(Colleague(187.2, -184.0, 180, 0.0),))
    vest = (beside[:, :, 1] > 120) & (beside[:, :, 2] < 90) & (beside[:, :, 1] >= beside[:, :, 0] - 12)
    assert difference(alone, beside) > 0.3 and vest.sum() > 60
    assert difference(alone, drawn(painter_of, "dusk", others=(Colleague(186, -900, 0, 1.0),))) == 0, "too far away"
    car = (Colleague(187, -176, 180, 8.0, in_vehicle=True),)
    flashes = [drawn(painter_of, "dusk", at=AT + step * 0.1, others=car)[:, :, 2].max(1).sum() for step in range(6)]
    assert max(flashes) > min(flashes)


def test_the_grain_is_the_lens_s_and_lies_on_what_does_not_move(painter_of: object) -> None:
    still = dataclasses.replace(HARBOUR_STREET, speed_mps=0)
    before, after = drawn(painter_of, "dusk", still), drawn(painter_of, "dusk", still, AT + 0.04)
    changed = np.abs(before - after)
    assert 0 < changed[80:].mean() < 6
    assert np.percentile(changed[80:], 90) < 24
