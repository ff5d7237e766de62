"""A decision shows again what stood on the screen: pure, over HTTP, and for whom how much of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.database import Database
from server.replay.decided import cameras_in, decided, name_of, only_of
from server.replay.footage import recording
from server.replay.timeline import timeline
from tests.fakes.incident import ADVISED_S, OKAFOR, SEEN_S, TOLD_S, lay_incident, seen_on_screen
from tests.fakes.recordings import Laid, Wish, lay, usual_film
from tests.server.replay.test_footage import BASE as FOOTAGE
from tests.server.replay.test_footage import opened, segment
from tests.server.replay.test_routes import BASE, LINDQVIST, MARSH, OFFICERS, Browser, browser
from tests.server.replay.test_timeline import facts

__all__ = ["browser"]  # a fixture
SECONDS = 16.0
NAMES = st.sampled_from(["et17-cam", "et22-cam", "et09-cam"])


@pytest.fixture
def both(tmp_path: Path) -> list[Laid]:
    """Two cameras, recorded until after the decision."""
    films = {"main": usual_film(SECONDS, "main")}
    return [
        lay(tmp_path, Wish("et17-cam", "ET17", BASE, MARSH), films),
        lay(tmp_path, Wish("et22-cam", "ET22", BASE + 0.4, LINDQVIST), films),
    ]


def kept(at: float = FOOTAGE + 4, **more: Any) -> dict[str, Any]:
    """As the store has it, of the alert that test_timeline tells of."""
    tile = {"tile": 1, "device_id": "et17-cam", "call_sign": "ET17", "layer": "main", "state": "live", "age_s": 0.3}
    view = {"at": at, "page": "console", "tiles": [tile], "alerts": [], **more}
    by = {"id": "p", "name": "D. Okafor"}
    return {"id": "d", "at": at, "what": "acknowledged", "of": {"kind": "alert", "id": "a"}, "by": by, "view": view} | {
        "device_id": "et17-cam"
    }


def test_each_decision_of_a_timeline_has_its_view_or_says_that_none_was_told() -> None:
    told = timeline(facts(decisions=[kept()]))
    ours = [(one["at"] - FOOTAGE, one["text"].split(",")[0], one["view"] is not None) for one in told["decisions"]]
    assert ours == [(4, "Acknowledged", True), (5, "D. Okafor to ET17: Hold", False), (9, "Resolved", False)]
    names = [event["decision"] for event in told["events"] if "decision" in event]
    assert names == [one["id"] for one in told["decisions"]]
    assert len(set(names)) == 3


def test_a_picture_is_looked_for_at_the_moment_that_it_was_of() -> None:
    """What was frozen for six seconds is recorded if it was then; a hole at the decision itself says nothing."""
    one = recording("r", [opened(), segment(1, 0.0), segment(2, 2.0), segment(3, 8.0)], None)

    def found(age: float | None, device: str = "et17-cam", others: Any = None) -> str:
        tile = {**kept()["view"]["tiles"][0], "age_s": age, "device_id": device}
        event = {
            "at": FOOTAGE + 6,
            "text": "",
            "device_id": device,
            "decision": name_of("acknowledged", "a", FOOTAGE + 6),
        }
        (told,) = decided([event], [kept(FOOTAGE + 6, tiles=[tile])], [one], others or {})
        return str(told["view"]["tiles"][0]["recorded"])

    assert [found(age) for age in (None, 0.5, 3.0, 5.9, 9.0)] == ["not", "not", "here", "here", "not"]
    stretch = {"et22-cam": [(FOOTAGE, FOOTAGE + 5.8)]}
    assert [found(age, "et22-cam", stretch) for age in (0.1, 0.5, 7.0)] == ["not", "elsewhere", "not"]
    assert found(0.5, "et31-cam", stretch) == "not"


@given(st.lists(NAMES, max_size=9), st.lists(NAMES | st.none(), max_size=9), st.sets(NAMES))
def test_of_other_cameras_only_the_number_leaves(tiles: list[str], alerts: list[str | None], own: set[str]) -> None:
    shown = [{**kept()["view"]["tiles"][0], "device_id": one, "call_sign": one} for one in tiles]
    named = [{"id": f"a-{one}", "priority": 1, "since": 1.0, "device_id": one} for one in alerts]
    whole = kept(tiles=shown, alerts=named)
    found = only_of([whole], own)
    if "et17-cam" not in own:
        assert found == []
        return
    view = found[0]["view"]
    assert cameras_in(found) <= own
    assert [
        name for name in ("et17-cam", "et22-cam", "et09-cam") if name not in own and name in json.dumps(found)
    ] == []
    assert view["left_out"] == {
        "tiles": len(tiles) - len(view["tiles"]),
        "alerts": len(alerts) - len(view["alerts"]),
    }
    assert view["tiles"] == [one for one in shown if one["device_id"] in own]


async def test_the_timeline_shows_the_same_tiles_ages_and_alerts(
    browser: Browser, database: Database, both: list[Laid]
) -> None:
    await lay_incident(database, OFFICERS, BASE, SECONDS)
    view = await browser.open({"recordings": [one.id for one in both]})
    told = await browser.get(f"/api/replays/{view['id']}")
    acknowledged, words = told["decisions"]
    assert (acknowledged["decided_at"], acknowledged["by"]) == (BASE + SEEN_S, OKAFOR.as_json())
    assert acknowledged["at"] == pytest.approx(BASE + SEEN_S + TOLD_S, abs=0.002)
    seen = acknowledged["view"]
    laid_down = seen_on_screen(OFFICERS, BASE)
    assert [{name: one[name] for name in one if name != "recorded"} for one in seen["tiles"]] == laid_down["tiles"]
    assert [one["recorded"] for one in seen["tiles"]] == ["here", "here", "not"]
    assert (seen["alerts"], seen["at"], seen["page"]) == (laid_down["alerts"], laid_down["at"], "console")
    assert seen["left_out"] == {"tiles": 0, "alerts": 0}
    assert (words["decided_at"], words["view"]) == (BASE + ADVISED_S, None)
    assert [one["decision"] for one in told["events"] if "decision" in one] == [acknowledged["id"], words["id"]]


async def test_a_camera_that_is_not_in_the_view_is_told_to_be_recorded_elsewhere(
    browser: Browser, database: Database, both: list[Laid]
) -> None:
    await lay_incident(database, OFFICERS, BASE, SECONDS)
    view = await browser.open({"recordings": [both[0].id]})
    told = await browser.get(f"/api/replays/{view['id']}")
    tiles = told["decisions"][0]["view"]["tiles"]
    assert [(one["device_id"], one["recorded"]) for one in tiles] == [
        ("et17-cam", "here"),
        ("et22-cam", "elsewhere"),
        ("et99-cam", "not"),
    ]


async def test_an_officer_is_shown_their_own_tile_and_how_many_others_there_were(
    browser: Browser, database: Database, both: list[Laid]
) -> None:
    await lay_incident(database, OFFICERS, BASE, SECONDS)
    view = await browser.open({"recordings": [both[0].id]}, 201, "marsh:officer")
    told = await browser.get(f"/api/replays/{view['id']}", X_Person="marsh:officer")
    seen = told["decisions"][0]["view"]
    assert [one["device_id"] for one in seen["tiles"]] == ["et17-cam"]
    assert seen["left_out"] == {"tiles": 2, "alerts": 0}
    assert "et22" not in json.dumps(told).lower() and "et99" not in json.dumps(told).lower()
    theirs = await browser.open({"recordings": [both[1].id]}, 201, "lindqvist:officer")
    other = await browser.get(f"/api/replays/{theirs['id']}", X_Person="lindqvist:officer")
    assert other["decisions"] == []
