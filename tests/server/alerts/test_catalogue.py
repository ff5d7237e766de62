"""The catalogue: complete, balanced, and checked at the start."""

from __future__ import annotations

from typing import Any

import pytest

from server.alerts.catalogue import Catalogue, signal_kinds
from server.errors import StartError


def test_every_signal_is_an_alert_or_an_activity() -> None:
    catalogue = Catalogue.load({})
    for signal in signal_kinds():
        assert catalogue.raised_by(signal) is not None, signal


def test_the_priorities_are_sound_as_shipped() -> None:
    assert Catalogue.load({}).lint() == []


@pytest.mark.parametrize("kind", ["emergency", "taser.armed", "taser.trigger", "taser.arc"])
def test_what_endangers_somebody_is_priority_one(kind: str) -> None:
    assert Catalogue.load({})[kind].priority == 1


def test_the_family_of_the_taser_rises_and_is_cleared_together() -> None:
    catalogue = Catalogue.load({})
    kinds = [catalogue[f"taser.{name}"] for name in ("drawn", "armed", "trigger", "arc")]
    assert {kind.family for kind in kinds} == {"taser"}
    assert [kind.gravity for kind in kinds] == sorted({kind.gravity for kind in kinds})
    assert catalogue.cleared_by("taser.safe") == "taser"
    assert catalogue.clearing("taser") == ("taser.safe",)
    assert catalogue.cleared_by("emergency.pressed") is None


def test_a_force_changes_a_kind_and_adds_its_own() -> None:
    own = {
        "family": "dog",
        "title": "Dog released",
        "priority": 2,
        "cause": "c",
        "action": "a",
        "time_allowed_s": 30,
    }
    catalogue = Catalogue.load(
        {"battery.low": {"priority": "activity"}, "taser.drawn": {"title": "Red dot"}, "dog": own}
    )
    assert catalogue["battery.low"].priority == "activity"
    assert catalogue["taser.drawn"].title == "Red dot"
    assert catalogue["taser.drawn"].cause == Catalogue.load({})["taser.drawn"].cause
    assert catalogue["dog"].title == "Dog released"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"taser.armed": {"priority": 7}}, r'alerts\."taser\.armed"\.priority.*1.*2.*3'),
        ({"taser.armed": {"action": ""}}, r'alerts\."taser\.armed".*action is missing'),
        ({"taser.armed": {"time_allowed_s": -1}}, r'alerts\."taser\.armed"\.time_allowed_s.*greater than 0'),
        ({"taser.armed": {"colour": "red"}}, r'alerts\."taser\.armed"\.colour'),
        ({"taser.armed": {"raised_by": ["taser.eaten"]}}, r'alerts\."taser\.armed"\.raised_by'),
        ({"taser.drawn": {"raised_by": ["taser.armed"]}}, r"taser\.armed already raises"),
        ({"battery.low": {"cleared_by": ["taser.safe"]}}, r"taser\.safe already clears family taser"),
        ({"emergency": {"priority": 2}}, r'alerts\."emergency"\.priority: expected 1.*emergency\.pressed'),
        ({"emergency": {"raised_by": []}}, r"nothing is raised_by emergency\.pressed"),
        (
            {"emergency": {"raised_by": []}, "battery.low": {"raised_by": ["battery.low", "emergency.pressed"]}},
            r'alerts\."battery\.low"\.priority: expected 1, for emergency\.pressed raises it; 3',
        ),
        ({"taser.arc": {"priority": "activity"}}, r'alerts\."taser\.arc"\.priority: expected 1'),
        ({"camera.lost": {"priority": "activity"}}, r'alerts\."camera\.lost"\.priority: expected 1, 2 or 3'),
        ({"emergency": {"family": "taser"}}, r'alerts\."taser\.armed"\.family: taser must be emergency\'s alone'),
        ({"battery.low": {"family": "emergency", "priority": 1}}, r'alerts\."battery\.low"\.family: emergency must'),
        ({"dog": {"title": "Dog"}}, r'alerts\."dog"'),
    ],
)
def test_what_does_not_fit_stops_the_start_and_names_kind_and_key(changes: dict[str, Any], expected: str) -> None:
    with pytest.raises(StartError, match=expected):
        Catalogue.load(changes)


def test_a_call_for_help_may_be_moved_to_a_kind_of_priority_one() -> None:
    moved: dict[str, dict[str, Any]] = {
        "emergency": {"raised_by": []},
        "help": {**Catalogue.load({})["emergency"].model_dump(), "family": "help"},
    }
    assert Catalogue.load(moved).raised_by("emergency.pressed") == Catalogue.load(moved)["help"]


def test_a_call_for_help_takes_over_what_is_less_grave_in_its_family() -> None:
    changes: dict[str, dict[str, Any]] = {"taser.drawn": {"family": "emergency", "cleared_by": []}}
    assert Catalogue.load(changes)["taser.drawn"].family == "emergency"


def test_too_many_grave_kinds_are_pointed_out() -> None:
    loud = {"battery.low": {"priority": 1}}
    assert any("priority 1" in line for line in Catalogue.load(loud).lint())
    middling = {"battery.low": {"priority": 2}}
    assert any("priority 2" in line for line in Catalogue.load(middling).lint())


def test_the_console_gets_cause_action_and_time() -> None:
    shown = {kind["kind"]: kind for kind in Catalogue.load({}).as_json()}
    assert set(shown["emergency"]) == {"kind", "family", "title", "priority", "cause", "action", "time_allowed_s"}
    assert shown["recording.started"]["priority"] == "activity"


def test_what_is_grave_is_recorded_and_a_force_says_of_the_rest() -> None:
    records = {kind.kind for kind in Catalogue.load({}).kinds if kind.records}
    assert records == {"emergency", "taser.drawn", "taser.armed", "taser.trigger", "taser.arc", "watch.request"}
    assert Catalogue.load({"battery.low": {"records": True}})["battery.low"].records
    assert not Catalogue.load({"watch.request": {"records": False}})["watch.request"].records


def test_where_a_taser_does_not_start_the_camera_the_server_does_not_either() -> None:
    alone = Catalogue.load({"taser.arc": {"records": True}}, paired=False)
    assert {kind.kind for kind in alone.kinds if kind.records} == {"emergency", "taser.arc", "watch.request"}
