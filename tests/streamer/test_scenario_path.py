"""Walking along a line: always where the last step left off, and never turning too fast."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from streamer.scenario_path import MAX_TURN_DPS, XY, Trajectory, bearing, thin, turn_between, walk, walk_round

metres = st.floats(-300, 300).map(lambda value: round(value, 2))
points = st.lists(st.tuples(metres, metres), min_size=2, max_size=9)
speeds = st.sampled_from([0.4, 1.4, 3.5, 9.0])
headings = st.none() | st.floats(0, 359.9)


def check_calm(path: Trajectory, speed: float, until: float) -> None:
    """No jump in place, no turn that is too fast, from one picture (40 ms) to the next."""
    step = 0.04
    last = path.at(0.0)
    for number in range(1, min(4000, int(until / step) + 1)):
        here = path.at(number * step)
        assert math.hypot(here.x - last.x, here.y - last.y) <= speed * step * 1.001 + 1e-6
        assert abs(turn_between(last.heading_deg, here.heading_deg)) <= MAX_TURN_DPS * step + 0.2
        assert here.speed_mps <= speed * 1.001
        assert 0.0 <= here.heading_deg < 360.0
        last = here


@given(line=points, speed=speeds, start=headings, end=headings)
@example(line=[(0.0, 0.0), (0.0, 0.12)], speed=0.4, start=None, end=None)  # nearer than two points are told apart
def test_a_walk_is_calm_and_ends_where_it_should(
    line: list[XY], speed: float, start: float | None, end: float | None
) -> None:
    path = walk(line, speed, from_heading=start, to_heading=end)
    check_calm(path, speed, path.seconds + 1)
    first, last = path.at(0.0), path.at(path.seconds)
    assert math.dist((first.x, first.y), line[0]) < 0.01
    assert math.dist((last.x, last.y), line[-1]) < 0.01
    if start is not None:
        assert abs(turn_between(first.heading_deg, start)) < 0.1
    if end is not None:
        assert abs(turn_between(last.heading_deg, end)) < 0.1
    assert path.at(path.seconds + 99) == path.at(path.seconds)


@given(line=points, speed=speeds)
def test_a_round_goes_round_for_ever(line: list[XY], speed: float) -> None:
    walked = thin(line)
    assume(len(walked) > 2 or (len(walked) == 2 and math.dist(*walked) > 0.5))
    assume(len(walked) < 3 or math.dist(walked[0], walked[-1]) > 0.5 or len(walked) > 3)
    path = walk_round(line, speed)
    check_calm(path, speed, min(path.seconds * 1.2, 100.0))
    again, once = path.at(path.seconds * 3 + 1.5), path.at(math.fmod(path.seconds * 3 + 1.5, path.seconds))
    assert math.hypot(again.x - once.x, again.y - once.y) < 1e-3
    seam, start = path.at(path.seconds - 1e-9), path.at(0.0)
    assert math.hypot(seam.x - start.x, seam.y - start.y) < 0.01
    assert abs(turn_between(seam.heading_deg, start.heading_deg)) < 0.5


def test_a_corner_is_rounded_and_stays_near() -> None:
    path = walk([(0, 0), (0, 50), (50, 50)], 1.4)
    nearest = min(math.hypot(p.x, p.y - 50) for p in (path.at(s / 10) for s in range(int(path.seconds * 10))))
    assert 0.3 < nearest < 1.0  # radius 1.5 m: cuts the corner by 0.62 m
    assert path.seconds == pytest.approx((100 - 2 * 1.5 + 1.5 * math.pi / 2) / 1.4, rel=0.01)


def test_a_line_that_doubles_back_is_turned_on_the_spot() -> None:
    path = walk([(0, 0), (0, 10), (0, 0)], 1.0)
    turning = path.at(11.0)
    assert (round(turning.x, 3), round(turning.y, 3), turning.speed_mps) == (0, 10, 0)
    assert path.seconds == pytest.approx(20 + 180 / 75)


def test_one_point_is_a_place_to_stand_and_turn() -> None:
    path = walk([(3, 4), (3, 4)], 1.4, from_heading=350, to_heading=20)
    assert path.seconds == pytest.approx(30 / 75)
    assert path.at(0.2).heading_deg == pytest.approx(5.0)
    still = walk([(3, 4)], 1.4)
    assert (still.seconds, still.at(5).x, still.at(5).speed_mps) == (0.0, 3, 0.0)


def test_a_round_of_one_place_is_refused() -> None:
    with pytest.raises(ValueError, match="two different points"):
        walk_round([(1, 1), (1, 1)], 1.4)


@pytest.mark.parametrize(("to", "degrees"), [((0, 1), 0), ((1, 0), 90), ((0, -1), 180), ((-1, 0), 270)])
def test_bearings_are_from_north_clockwise(to: XY, degrees: float) -> None:
    assert bearing((0, 0), to) == pytest.approx(degrees)


def test_the_nearest_moment_of_a_round() -> None:
    path = walk_round([(0, 0), (0, 100), (100, 100), (100, 0)], 2.0)
    place = path.at(path.nearest(104, 50))
    assert place.x == pytest.approx(100, abs=0.1)
    assert place.y == pytest.approx(50, abs=2.5)
