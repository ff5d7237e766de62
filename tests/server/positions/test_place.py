"""Street names for people who know the town."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from server.positions.place import Street, Streets

TOWN = Path(__file__).parents[3] / "static" / "town" / "estuary.geojson"


def road(name: str | None, *points: tuple[float, float], layer: str = "roads") -> dict[str, Any]:
    geometry = {"type": "LineString", "coordinates": [list(point) for point in points]}
    return {"type": "Feature", "properties": {"layer": layer, "name": name}, "geometry": geometry}


STREETS = Streets.from_geojson(
    {
        "features": [
            road("Quay Street", (-1.0, 51.0), (-0.99, 51.0)),
            road("Mill Lane", (-0.995, 51.0), (-0.995, 51.01)),
            road("River", (-1.0, 51.0001), (-0.99, 51.0001), layer="water"),
            road(None, (-1.0, 51.0), (-0.99, 51.0)),
            {"type": "Feature", "properties": None, "geometry": None},
        ]
    }
)


def test_the_nearest_street_and_both_names_at_a_corner() -> None:
    assert STREETS.nearest(51.0001, -0.998) == "Quay Street"
    assert STREETS.nearest(51.005, -0.9951) == "Mill Lane"
    assert STREETS.nearest(51.00005, -0.99501) == "Mill Lane / Quay Street"


def test_far_from_any_street_there_is_no_name() -> None:
    assert STREETS.nearest(51.1, -0.998) is None
    assert Streets([]).nearest(51.0, -1.0) is None


def test_multi_lines_and_a_line_without_length() -> None:
    multi = road("Ring", (-1.0, 51.0), (-1.0, 51.0))
    multi["geometry"] = {"type": "MultiLineString", "coordinates": [multi["geometry"]["coordinates"], [[0, 0]]]}
    assert Streets.from_geojson({"features": [multi]}).nearest(51.0, -1.0) == "Ring"


def test_a_line_runs_on_beyond_its_points_for_nobody() -> None:
    assert Streets([Street("End", ((0.0, 50.0), (0.001, 50.0)))]).nearest(50.0, 0.003) is None


@pytest.mark.skipif(not TOWN.exists(), reason="the demo town is not in this tree")
def test_every_street_of_the_demo_town_is_found_at_its_own_middle() -> None:
    town = json.loads(TOWN.read_text())
    streets = Streets.from_geojson(town)
    roads = [f for f in town["features"] if f["properties"].get("layer") == "roads" and f["properties"].get("name")]
    assert roads
    for feature in roads[:20]:
        line = feature["geometry"]["coordinates"]
        lon, lat = (line[0][0] if isinstance(line[0][0], list) else line[0])[:2]
        assert streets.nearest(lat, lon) is not None
