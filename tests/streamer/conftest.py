"""What the camera's tests share."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from streamer.town import Town

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def night_town() -> Town:
    """The demo's town, as shipped."""
    return Town.from_geojson(json.loads((ROOT / "static" / "town" / "estuary.geojson").read_text()))
