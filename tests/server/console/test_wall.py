"""What a wall's address may say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.console.wall import DIAGONAL_IN, DISTANCE_M, LAYOUTS, WallAddress, wall_address


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_address_is_read_whole(layout: str) -> None:
    query = {"kiosk": "1", "dist": "3.3", "diag": "98", "theme": "light"}
    assert wall_address(layout, query) == (WallAddress(layout, True, 3.3, 98.0, "light"), [])


def test_without_numbers_a_wall_is_sized_for_the_usual_room() -> None:
    assert wall_address("9", {}) == (WallAddress("9", False, 3.0, 55.0), [])


@pytest.mark.parametrize(
    ("layout", "query", "parts"),
    [
        ("7", {}, ["layout"]),
        ("1 5", {}, ["layout"]),
        ("9", {"kiosk": "yes"}, ["kiosk"]),
        ("9", {"theme": "pink"}, ["theme"]),
        ("9", {"dist": "3,3"}, ["dist"]),
        ("9", {"dist": "0.1", "diag": "900"}, ["dist", "diag"]),
        ("", {"kiosk": "2", "dist": "", "diag": "nan"}, ["layout", "kiosk", "dist", "diag"]),
    ],
)
def test_each_part_that_cannot_be_meant_is_named_with_what_was_expected(
    layout: str, query: dict[str, str], parts: list[str]
) -> None:
    _, faults = wall_address(layout, query)
    assert [fault.part for fault in faults] == parts
    assert all(fault.expected for fault in faults)


@given(st.text(max_size=8), st.text(max_size=8), st.text(max_size=8), st.text(max_size=8))
def test_whatever_is_typed_gives_sizes_that_can_be_computed_with(layout: str, kiosk: str, dist: str, diag: str) -> None:
    address, _ = wall_address(layout, {"kiosk": kiosk, "dist": dist, "diag": diag})
    assert DISTANCE_M[0] <= address.dist <= DISTANCE_M[1]
    assert DIAGONAL_IN[0] <= address.diag <= DIAGONAL_IN[1]
