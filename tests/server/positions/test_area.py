"""Areas as they are asked for, and who was in them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import BadRequest
from server.positions.area import Area, Bounds, area_of, slack, widened

LAT, LON = 51.36, 1.03
DEGREE_M = 111_195.0


def north(metres: float) -> float:
    return LAT + metres / DEGREE_M


def east(metres: float) -> float:
    return LON + metres / (DEGREE_M * math.cos(math.radians(LAT)))


@pytest.mark.parametrize(
    ("across_m", "along_m", "accuracy_m", "there"),
    [
        (0, 0, 0, True),
        (0, 499, 0, True),
        (0, 501, 0, False),
        (501, 0, 0, False),
        (360, 360, 0, False),  # in the square around it, not in the circle
        (0, 520, 25, True),  # it may have been inside
        (0, 590, 5000, True),
        (0, 610, 5000, False),  # a position that says so little stretches no further than 100 m
    ],
)
def test_a_circle_holds_who_may_have_been_within_its_radius(
    across_m: float, along_m: float, accuracy_m: float, there: bool
) -> None:
    area = area_of(f"circle:{LON},{LAT},500")
    assert area.holds(north(along_m), east(across_m), accuracy_m) is there


def test_a_rectangle_holds_its_edge_and_what_may_have_been_inside() -> None:
    area = area_of("rect:1.0,51.3,1.1,51.4")
    assert area == Area(Bounds(1.0, 51.3, 1.1, 51.4))
    assert area.holds(51.4, 1.1, 0) and area.holds(51.35, 1.05, 0)
    assert not area.holds(51.4001, 1.05, 5) and area.holds(51.4001, 1.05, 12)


@pytest.mark.parametrize(
    "text",
    [
        "rect:1,2,3",
        "rect:1.1,51.3,1.0,51.4",
        "rect:1.0,51.4,1.1,51.3",
        "rect:0,50,3,51",
        "rect:179,50,181,51",
        "circle:1,51",
        "circle:1,51,0",
        "circle:1,51,nan",
        "circle:1,51,1e9",
        "circle:1,91,5",
        "polygon:1,2,3,4",
        "here",
        "rect:a,b,c,d",
    ],
)
def test_an_area_that_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="area: expected"):
        area_of(text)


@given(
    st.floats(-0.01, 0.01), st.floats(-0.01, 0.01), st.floats(0, 60), st.floats(1, 900),
)  # fmt: skip
def test_whoever_is_there_is_within_the_bounds_that_the_database_searches(
    across: float, along: float, accuracy_m: float, radius_m: float
) -> None:
    area = Area(Bounds(LON, LAT, LON, LAT), radius_m)
    lat, lon = LAT + along, LON + across
    if area.holds(lat, lon, accuracy_m):
        own, box = widened(Bounds(lon, lat, lon, lat), slack(accuracy_m)), area.bounds
        assert own.west <= box.east and own.east >= box.west and own.south <= box.north and own.north >= box.south
