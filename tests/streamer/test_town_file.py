"""The committed town file: small enough, in the layers that the map style draws, and what its maker makes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).parents[2] / "static" / "town" / "estuary.geojson"
LAYERS = {"earth", "water", "landuse", "buildings", "roads", "places", "pois"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return dict(json.loads(FILE.read_text()))


def test_it_is_small_and_has_protomaps_layers(document: dict[str, Any]) -> None:
    assert FILE.stat().st_size <= 400_000
    assert {f["properties"]["layer"] for f in document["features"]} == LAYERS
    kinds = {f["properties"]["kind"] for f in document["features"] if f["properties"]["layer"] == "roads"}
    assert kinds == {"major_road", "minor_road", "path", "rail"}
    assert {"park", "wood", "beach", "urban"} <= {f["properties"].get("kind") for f in document["features"]}


def test_its_maker_makes_it(document: dict[str, Any]) -> None:
    """shapely is a developer's tool; another version of its GEOS may round another way, so counts must do."""
    maker = pytest.importorskip("streamer.town_maker")
    made = maker.make_town()
    assert made["anchor"] == document["anchor"]

    def names(town: dict[str, Any]) -> list[str]:
        return sorted({f["properties"]["name"] for f in town["features"] if "name" in f["properties"]})

    assert names(made) == names(document)
