"""The town: its projection, its streets as a graph, what stands near a point."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.projection import Projection
from streamer.town import Town, TownError, distance_to_segment

metres = st.floats(-2500, 2500)


@given(metres, metres)
def test_metres_to_degrees_and_back(x: float, y: float) -> None:
    there = Projection(51.36, 1.03)
    assert there.to_local(*there.to_wgs84(x, y)) == pytest.approx((x, y), abs=1e-6)


@given(metres, metres)
def test_the_projection_agrees_with_the_ellipsoid(x: float, y: float) -> None:
    """Within 0.1 % of pyproj's geodesic: a quarter of a metre at the edge of the old town."""
    there = Projection(51.36, 1.03)
    lat, lon = there.to_wgs84(x, y)
    _, _, distance = pyproj.Geod(ellps="WGS84").inv(1.03, 51.36, lon, lat)
    assert distance == pytest.approx(math.hypot(x, y), rel=1e-3, abs=0.01)


def test_the_named_streets_are_where_the_plan_says(night_town: Town) -> None:
    assert night_town.street_at(186, -170) == "Harbour Street"
    assert night_town.street_at(270, -294) == "Quay Road"
    assert night_town.street_at(0, -55) == "Granby Street"
    assert {"Fish Street", "Ropewalk", "Market Row"} <= {s.name for s in night_town.segments}
    assert night_town.street_at(0, -2000) == ""  # at sea
    assert "Crown and Anchor" in night_town.places


def test_every_street_has_a_name(night_town: Town) -> None:
    assert all(s.name for s in night_town.segments)


@given(a=st.integers(0, 10**6), b=st.integers(0, 10**6))
def test_a_route_walks_along_streets_from_end_to_end(night_town: Town, a: int, b: int) -> None:
    first, last = a % len(night_town.nodes), b % len(night_town.nodes)
    way = night_town.route(first, last)
    assert way[0] == night_town.nodes[first] and way[-1] == night_town.nodes[last]
    joined = {frozenset((s.a, s.b)) for s in night_town.segments}
    assert all(frozenset(step) in joined for step in itertools.pairwise(way))


@given(st.data())
def test_a_route_is_the_shortest(night_town: Town, data: st.DataObject) -> None:
    """No way by a third node is shorter, and the way back is as long."""
    node = st.integers(0, len(night_town.nodes) - 1)
    a, b, c = data.draw(node), data.draw(node), data.draw(node)
    direct = length(night_town.route(a, b))
    assert direct <= length(night_town.route(a, c)) + length(night_town.route(c, b)) + 1e-6
    assert direct == pytest.approx(length(night_town.route(b, a)))


def length(way: list[tuple[float, float]]) -> float:
    return sum(math.dist(a, b) for a, b in itertools.pairwise(way))


@given(metres, metres)
def test_the_nearest_node_is_the_nearest(night_town: Town, x: float, y: float) -> None:
    found = night_town.nodes[night_town.nearest_node(x, y)]
    assert math.dist(found, (x, y)) == pytest.approx(min(math.dist(n, (x, y)) for n in night_town.nodes))


@given(metres, metres, st.floats(1, 150))
def test_nothing_near_is_missed(night_town: Town, x: float, y: float, radius: float) -> None:
    found = set(night_town.segments_near(x, y, radius))
    assert {s for s in night_town.segments if distance_to_segment((x, y), s.a, s.b) <= radius} <= found
    houses = set(night_town.buildings_near(x, y, radius))
    assert {b for b in night_town.buildings if any(math.dist(p, (x, y)) <= radius for p in b.ring)} <= houses


def test_footprints_are_anticlockwise_and_open(night_town: Town) -> None:
    for building in night_town.buildings:
        ring = building.ring
        assert ring[0] != ring[-1]
        assert sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, (*ring[1:], ring[0]), strict=True)) > 0
        assert 4 < building.height < 20


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"anchor": [1, 2]},
        {"anchor": [1.0, 51.0], "features": []},
        {"anchor": ["x", 1], "features": []},
        {"anchor": 3},
    ],
)
def test_what_is_no_town_is_refused_with_a_sentence(document: dict[str, Any]) -> None:
    with pytest.raises(TownError, match="not a town file"):
        Town.from_geojson(document)


def test_an_island_has_no_route() -> None:
    def street(name: str, at: float) -> dict[str, Any]:
        return {
            "properties": {"layer": "roads", "kind": "minor_road", "name": name, "width": 6},
            "geometry": {"type": "LineString", "coordinates": [[at, 51.0], [at + 0.001, 51.0]]},
        }

    town = Town.from_geojson({"anchor": [1.0, 51.0], "features": [street("A", 1.0), street("B", 1.1)]})
    assert town.route(0, 2) == []
    assert town.route(0, 0) == [town.nodes[0]]
