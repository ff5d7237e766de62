"""Ways along the streets of a town."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.errors import ScenarioError
from streamer.scenario import Officer, Stop
from streamer.scenario_path import XY
from streamer.scenario_route import BESIDE_MIDDLE_M, round_of, stop_node, to_the_right, way
from streamer.town import Town, distance_to_segment


def town_of(*streets: tuple[str, list[XY]]) -> Town:
    """A town of straight streets; points in thousandths of a degree from the anchor."""
    features = [
        {
            "properties": {"layer": "roads", "kind": "minor_road", "name": name, "width": 6},
            "geometry": {"type": "LineString", "coordinates": [[1 + x / 1000, 51 + y / 1000] for x, y in line]},
        }
        for name, line in streets
    ]
    return Town.from_geojson({"name": "Testham", "anchor": [1, 51], "features": features})


CROSS = town_of(("North Street", [(0, 0), (0, 2)]), ("East Street", [(0, 0), (2, 0)]), ("Island", [(9, 9), (9, 8)]))


def off_street(town: Town, point: XY) -> float:
    return min(distance_to_segment(point, segment.a, segment.b) for segment in town.segments)


def test_stops_are_crossings_streets_and_points() -> None:
    assert CROSS.nodes[stop_node(CROSS, "North Street / East Street", "f")] == pytest.approx((0, 0), abs=1e-6)
    assert stop_node(CROSS, "Island", "f") in (3, 4)
    assert stop_node(CROSS, (1.002, 51.0), "f") == CROSS.nearest_node(*CROSS.to_local(51.0, 1.002))


@pytest.mark.parametrize(
    ("stop", "expected"),
    [("South Street", "a street of Testham; it has no 'South Street'"), ("Island / East Street", "streets that cross")],
)
def test_a_stop_that_is_nowhere_is_named(stop: Stop, expected: str) -> None:
    with pytest.raises(ScenarioError, match=expected) as caught:
        round_of(CROSS, Officer("ET1", "1", "PC", ("North Street", stop)))
    assert caught.value.field == "ET1 patrol[1]"


@pytest.mark.parametrize("stops", [("Island", "East Street"), ("North Street / East Street",) * 2])
def test_a_round_that_cannot_be_walked_is_refused(stops: tuple[Stop, ...]) -> None:
    with pytest.raises(ScenarioError, match="ET1 patrol: expected"):
        round_of(CROSS, Officer("ET1", "1", "PC", stops))


def test_on_foot_one_walks_on_the_right_and_on_wheels_on_the_left() -> None:
    stops = ("North Street / East Street", (1.0, 51.002))
    walker = round_of(CROSS, Officer("ET1", "1", "PC", stops))
    driver = round_of(CROSS, Officer("ET2", "2", "PC", stops, speed_mps=8))
    assert max(x for x, _ in walker) == pytest.approx(BESIDE_MIDDLE_M, abs=0.1)
    assert [round(x) for x, _ in walker] == [-round(x) for x, _ in driver]
    assert {round(abs(x)) for x, _ in walker} == {2}


def test_along_one_street_the_way_is_straight() -> None:
    assert way(CROSS, (0, 50), (1, 120), 2.0) == [(0, 50), (1, 120)]


def test_round_the_corner_the_way_does_not_go_to_the_far_end_first() -> None:
    found = way(CROSS, (2, 30), (50, 2), 0.0)
    assert len(found) == 3
    assert found[1] == pytest.approx((0, 0), abs=1e-6)


def test_no_way_to_an_island() -> None:
    with pytest.raises(ScenarioError, match="no street joins them"):
        way(CROSS, (0, 10), CROSS.nodes[3], 2.0)


def test_from_a_field_far_from_any_street_one_walks_to_the_next_corner() -> None:
    found = way(CROSS, (-400, -400), (0, 100), 0.0)
    assert (found[0], found[-1]) == ((-400, -400), (0, 100))


@given(st.data())
def test_every_way_stays_on_the_streets(night_town: Town, data: st.DataObject) -> None:
    start, goal = data.draw(st.sampled_from(night_town.nodes)), data.draw(st.sampled_from(night_town.nodes))
    try:
        found = way(night_town, start, goal, BESIDE_MIDDLE_M)
    except ScenarioError:
        return
    assert (found[0], found[-1]) == (start, goal)
    assert max(off_street(night_town, point) for point in found) <= 2 * BESIDE_MIDDLE_M + 0.01


def test_a_line_moved_sideways() -> None:
    moved = to_the_right([(0, 0), (0, 10), (10, 10), (0, 10)], 1.0)
    corner = (1.0, 9.0)  # one metre from both lines, inside a right turn
    assert moved == [pytest.approx(point) for point in [(1, 0), corner, (10, 9), (10, 11), (0, 11)]]
    assert to_the_right([(3, 3)], 1.0) == [(3, 3)]
    assert all(math.dist(a, b) > 0 for a, b in pairwise(moved))
