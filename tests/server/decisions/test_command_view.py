"""What a screen may tell of itself: anything else is refused with the field's name, and nothing is bent to fit."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.decisions.command_view import (
    LAYERS,
    MOST_ALERTS,
    MOST_TILES,
    OLDEST_S,
    PAGES,
    STATES,
    TIMES,
    command_view,
)
from server.errors import BadRequest

AGES = st.floats(0, OLDEST_S)
TILES = st.fixed_dictionaries(
    {
        "tile": st.integers(0, MOST_TILES),
        "device_id": st.from_regex(r"[a-z0-9-]{3,40}", fullmatch=True),
        "layer": st.sampled_from([*LAYERS, None]),
        "state": st.sampled_from(STATES),
        "age_s": st.none() | AGES | st.integers(0, 1000),
    }
)
ALERTS = st.fixed_dictionaries(
    {
        "id": st.from_regex(r"[A-Za-z0-9-]{1,40}", fullmatch=True),
        "priority": st.integers(1, 3),
        "since": st.floats(*TIMES),
    }
)
VIEWS = st.fixed_dictionaries(
    {
        "at": st.floats(*TIMES),
        "page": st.sampled_from(PAGES),
        "tiles": st.lists(TILES, max_size=MOST_TILES),
        "alerts": st.lists(ALERTS, max_size=5),
    }
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def view(**more: Any) -> dict[str, Any]:
    """A good one, with something else in it."""
    tile = {"tile": 1, "device_id": "et17-cam", "layer": "main", "state": "live", "age_s": 0.3}
    alert = {"id": "a1", "priority": 1, "since": 1_800_000_000.0}
    return {"at": 1_800_000_009.5, "page": "console", "tiles": [tile], "alerts": [alert], **more}


@given(VIEWS)
def test_what_a_screen_tells_is_kept_as_it_told_it(told: dict[str, Any]) -> None:
    read = command_view(json.loads(json.dumps(told)))
    assert read is not None
    assert read.as_json() == told


@given(ANYTHING)
def test_whatever_comes_is_read_or_refused_with_a_sentence(given_: Any) -> None:
    try:
        read = command_view(given_)
    except BadRequest as refusal:
        assert refusal.problem_kind == "bad-view"
        assert refusal.detail.startswith("view") and ": expected " in refusal.detail
    else:
        assert read is None and given_ is None


@given(VIEWS, st.sampled_from(["at", "page", "tiles", "alerts"]), ANYTHING)
def test_one_field_with_something_else_in_it_names_that_field(told: dict[str, Any], field: str, other: Any) -> None:
    try:
        read = command_view({**told, field: other})
    except BadRequest as refusal:
        assert refusal.detail.startswith(f"view.{field}")
    else:
        assert read is not None and read.as_json()[field] == other  # it was another good one


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        (view(at=math.inf), "view.at"),
        (view(at=True), "view.at"),
        (view(page="laptop"), "view.page"),
        (view(more=1), "view: expected an object of at, page, tiles, alerts"),
        ({"at": 1.0}, "view: expected an object of at, page, tiles, alerts"),
        (view(tiles=[{**view()["tiles"][0], "age_s": -0.1}]), "view.tiles[0].age_s"),
        (view(tiles=[{**view()["tiles"][0], "age_s": 1e9}]), "view.tiles[0].age_s"),
        (view(tiles=[{**view()["tiles"][0], "state": "LIVE"}]), "view.tiles[0].state"),
        (view(tiles=[view()["tiles"][0], {**view()["tiles"][0], "device_id": "../x"}]), "view.tiles[1].device_id"),
        (view(tiles=[{**view()["tiles"][0], "tile": 1.0}]), "view.tiles[0].tile"),
        (view(tiles=view()["tiles"] * (MOST_TILES + 1)), f"view.tiles: expected a list of at most {MOST_TILES}"),
        (view(alerts=view()["alerts"] * (MOST_ALERTS + 1)), f"view.alerts: expected a list of at most {MOST_ALERTS}"),
        (view(alerts=[{**view()["alerts"][0], "priority": 4}]), "view.alerts[0].priority"),
        (view(alerts=[{**view()["alerts"][0], "priority": True}]), "view.alerts[0].priority"),
        (view(alerts=[{**view()["alerts"][0], "id": "x" * 41}]), "view.alerts[0].id"),
        (view(alerts=[{**view()["alerts"][0], "since": 10**400}]), "view.alerts[0].since"),
    ],
)
def test_a_refusal_says_which_field_and_what_was_expected(bad: dict[str, Any], named: str) -> None:
    with pytest.raises(BadRequest) as refused:
        command_view(bad)
    assert refused.value.detail.startswith(named)


def test_the_largest_wall_and_the_longest_tray_fit_into_a_request() -> None:
    tile = {"tile": 25, "device_id": "x" * 40, "layer": "main", "state": "connecting", "age_s": 123456.123456}
    alert = {"id": "f" * 40, "priority": 3, "since": 1795969083.0906}
    largest = view(tiles=[tile] * MOST_TILES, alerts=[alert] * MOST_ALERTS)
    assert command_view(largest) is not None
    assert len(json.dumps({"detail": "x" * 300, "view": largest})) < 64 * 1024


def test_nothing_told_is_nothing_told() -> None:
    assert command_view(None) is None
