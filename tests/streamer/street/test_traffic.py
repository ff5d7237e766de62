"""Driving cars: where they are follows from the time, on their side of a street, clear of houses and of one another."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streamer.street.surroundings import Car, cars_of
from streamer.street.traffic import SPEED_MPS, Traffic, making_way
from streamer.street.trees import inside
from streamer.town import Segment, Town, distance_to_segment

AT = 1_795_387_267.4
HARBOUR_STREET = (186.0, -190.0)
EVERYWHERE = 1e6
WHEN = st.floats(0, 4e9)


@pytest.fixture(scope="module")
def traffic(night_town: Town) -> Traffic:
    return Traffic(night_town.segments)


@settings(max_examples=30, deadline=None)
@given(at=WHEN)
def test_every_car_is_on_a_carriageway_and_leaves_it_for_no_house(
    traffic: Traffic, night_town: Town, at: float
) -> None:
    for car in traffic.near(0, 0, EVERYWHERE, at)[:: 1 + int(at) % 7]:
        streets = [s for s in night_town.segments_near(*car.at, 30.0) if s.kind != "path"]
        assert on_a_carriageway(car.at, streets)
        (x, y), (ax, ay) = car.at, car.along
        corners = [(x + a * ax + o * ay, y + a * ay - o * ax) for a in (-2.1, 2.1) for o in (-0.86, 0.86)]
        houses = list(night_town.buildings_near(x, y, 10.0))
        for corner in corners:  # a few houses of the town stand with a corner on the road
            assert on_a_carriageway(corner, streets) or not any(inside(corner, house.ring) for house in houses)


def on_a_carriageway(p: tuple[float, float], streets: list[Segment]) -> bool:
    return any(distance_to_segment(p, s.a, s.b) <= s.width / 2 for s in streets)


@settings(max_examples=30, deadline=None)
@given(at=WHEN)
@example(at=2150168879.25)  # at the fork of Granby Street and Thatcher Lane
def test_no_two_cars_are_in_the_same_place(traffic: Traffic, at: float) -> None:
    cars = traffic.near(*HARBOUR_STREET, 600.0, at)
    assert len(cars) > 10
    assert all(math.dist(one.at, other.at) > 1.7 for one, other in itertools.combinations(cars, 2))


@settings(max_examples=20, deadline=None)
@given(at=WHEN)
def test_no_car_drives_through_one_that_is_parked(traffic: Traffic, night_town: Town, at: float) -> None:
    x, y = HARBOUR_STREET
    parked = [car for s in night_town.segments_near(x, y, 250.0) if s.kind != "path" for car in cars_of(s)]
    for car in traffic.near(x, y, 250.0, at):
        assert all(math.dist(car.at, other.at) > 1.7 for other in parked)


@settings(max_examples=30, deadline=None)
@example(at=1_731_610_413.875, passes=0.125)  # round a piece of street of 7.7 m one spun by 560 degrees a second
@given(at=st.floats(0, 4e9), passes=st.floats(0.05, 0.2))
def test_a_car_moves_forwards_at_its_speed(traffic: Traffic, at: float, passes: float) -> None:
    before, after = traffic.near(0, 0, EVERYWHERE, at), traffic.near(0, 0, EVERYWHERE, at + passes)
    assert len(before) == len(after) > 50
    for one, other in zip(before, after, strict=True):
        assert math.dist(one.at, other.at) < passes * SPEED_MPS * 1.02 + 0.01
        ahead = (other.at[0] - one.at[0]) * one.along[0] + (other.at[1] - one.at[1]) * one.along[1]
        assert ahead > -0.05  # in the sharpest turns it all but turns on the spot


def test_two_cameras_see_the_same_cars(traffic: Traffic, night_town: Town) -> None:
    x, y = HARBOUR_STREET
    mine = traffic.near(x, y, 75.0, AT)
    theirs = Traffic(night_town.segments).near(x + 20, y + 20, 120.0, AT)
    assert mine and {(car.at, car.colour) for car in mine} <= {(car.at, car.colour) for car in theirs}


def test_about_two_are_in_sight_in_a_street(traffic: Traffic, night_town: Town) -> None:
    street = [s for s in night_town.segments if s.name == "Harbour Street"]
    x, y = max(street, key=lambda s: math.dist(s.a, s.b)).a
    counts = []
    for minute in range(60):
        cars = traffic.near(x, y, 75.0, AT + 60 * minute)
        counts.append(sum(any(distance_to_segment(c.at, s.a, s.b) < s.width / 2 for s in street) for c in cars))
    assert 1 <= sum(counts) / len(counts) <= 4
    assert len(set(counts)) > 1


def test_a_town_without_a_round_has_no_traffic() -> None:
    alone = [Segment((0, 0), (100, 0), "Long Lane", "minor_road", 6.0)]
    assert Traffic(alone).near(50, 0, 100, AT) == [] == Traffic([]).near(0, 0, 100, AT)


@given(right=st.floats(-1.8, 1.8), far=st.floats(-30, 30))
def test_a_car_drives_round_an_officer_without_a_jump(right: float, far: float) -> None:
    def passing(ahead: float) -> Car:
        return making_way([Car((right, -ahead), (0.0, 1.0), 1, drives=True)], [(0.0, 0.0)])[0]

    here, next_ = passing(far), passing(far - 0.1)
    assert math.dist(here.at, next_.at) < 0.2
    assert here.along[1] > 0.8
    assert abs(passing(0.0).at[0]) > 1.8
    assert passing(40.0) == Car((right, -40.0), (0.0, 1.0), 1, drives=True)


def test_whoever_looks_sees_cars_swerve_alike_and_those_in_another_lane_go_on() -> None:
    car, beside = Car((0.0, 3.0), (0.0, 1.0), 1, drives=True), Car((2.2, 1.0), (0.0, -1.0), 1, drives=True)
    one, other = (0.0, 0.0), (0.0, 60.0)
    assert making_way([car, beside], [one, other]) == making_way([car, beside], [other, one])
    assert making_way([car, beside], [one, other])[1] == beside
