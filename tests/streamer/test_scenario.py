"""Reading a scenario file: what is right is read, what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.errors import ScenarioError
from streamer.scenario import Colleague, parse

SCENARIOS = Path(__file__).parents[2] / "streamer" / "scenarios"

HEAD = """
title = "T"
town = "estuary"
[[officer]]
call_sign = "ET1"
collar_number = "1"
name = "PC One"
patrol = ["Harbour Street", [1.03, 51.36]]
[[officer]]
call_sign = "ET2"
collar_number = "2"
name = "PC Two"
patrol = ["A / B", "C"]
recording = "buffering"
speed_mps = 7
"""


def test_what_is_left_out_has_a_default() -> None:
    one, two = parse(HEAD).officers
    assert (one.recording, one.speed_mps, one.respond_mps, one.battery_pct) == ("recording", 1.4, 3.5, 90)
    assert one.patrol == ("Harbour Street", (1.03, 51.36))
    assert (two.recording, two.speed_mps) == ("buffering", 7.0)
    assert (one.view, parse(HEAD.replace("= 7", "= 7\nview = 'vehicle'")).officers[1].view) == ("foot", "vehicle")


def test_one_sky_is_over_the_town_for_whoever_is_out_in_it() -> None:
    text = HEAD.replace("= 7", "= 7\nview = 'vehicle'")
    for sky, presets in (
        ("", ["dusk", "vehicle"]),
        ("hour = 'night'", ["night", "night-vehicle"]),
        ("hour = 'night'\nweather = 'rain'", ["night-rain", "night-rain-vehicle"]),
        ("weather = 'rain'", ["rain", "rain-vehicle"]),
    ):
        scenario = parse(f"{sky}\n{text}")
        assert [scenario.preset(officer) for officer in scenario.officers] == presets
    inside = parse(f"weather = 'rain'\n{text.replace('vehicle', 'indoor')}")
    assert inside.preset(inside.officers[1]) == "indoor"


def test_a_colleague_is_declared_by_name_and_words_and_has_times_of_its_own() -> None:
    assert parse(HEAD).colleague is None
    colleague = parse(HEAD + "[colleague]\nname = 'Sgt Moss'\nsays = 'Hold.'\nafter_s = 30").colleague
    assert colleague == Colleague("Sgt Moss", "Hold.", after_s=30.0)
    with pytest.raises(ScenarioError, match=r"colleague\.says"):
        parse(HEAD + "[colleague]\nname = 'Sgt Moss'")


def test_injects_come_in_order_of_time_with_their_parameters() -> None:
    scenario = parse(
        HEAD
        + """
[[inject]]
at = 20
unit = "ET2"
do = "respond"
to = "ET1"
[[inject]]
at = 5.5
unit = "ET1"
do = "net.degrade"
stalled = true
seconds = 4
expect = [{ tile = "frozen", within = 8 }, { alert = "camera.lost", priority = 2, within = 3 }]
"""
    )
    first, second = scenario.injects
    assert (first.at, first.params) == (5.5, {"stalled": True, "seconds": 4.0})
    assert [(e.what, e.value, e.within_s, e.priority) for e in first.expect] == [
        ("tile", "frozen", 8.0, None),
        ("alert", "camera.lost", 3.0, 2),
    ]
    assert (second.text("to"), second.number("seconds", 7.0)) == ("ET1", 7.0)


def inject(fields: str) -> str:
    return f"{HEAD}\n[[inject]]\nunit = 'ET1'\n{fields}"


@pytest.mark.parametrize(
    ("text", "field", "expected"),
    [
        ("title = 'T", "file", "TOML"),
        ("title = 'T'", "officer", "at least 1"),
        (HEAD.replace('title = "T"', "title = 3"), "title", "text that is not empty; got 3"),
        (HEAD.replace('town = "estuary"', "towm = 'x'"), "town", "it is missing"),
        (HEAD.replace('"ET2"', '"ET1"'), "officer[1].call_sign", "ET1 stands twice"),
        (HEAD.replace('"buffering"', '"maybe"'), "officer[1].recording", "one of recording, buffering, off"),
        (HEAD.replace("= 7", "= 7\nview = 'fog'"), "officer[1].view", "one of foot, vehicle, indoor"),
        (f"hour = 'noon'\n{HEAD}", "hour", "one of dusk, night; got 'noon'"),
        (f"weather = 'snow'\n{HEAD}", "weather", "one of dry, rain; got 'snow'"),
        (HEAD.replace("= 7", "= 0"), "officer[1].speed_mps", "from 0.2 to 40; got 0"),
        (HEAD.replace("= 7", "= nan"), "officer[1].speed_mps", "a number from"),
        (HEAD.replace("= 7", "= true"), "officer[1].speed_mps", "a number from"),
        (HEAD.replace("51.36", "151.36"), "officer[0].patrol[1]", "[lon, lat]"),
        (HEAD.replace('["A / B", "C"]', '["A / B"]'), "officer[1].patrol", "a list of at least 2"),
        (HEAD.replace("speed_mps", "sped_mps"), "officer[1].sped_mps", "one of the fields known here (battery_pct"),
        (inject("at = 1\ndo = 'dance'"), "inject[0].do", "one of watch_me"),
        (inject("do = 'watch_me'"), "inject[0].at", "it is missing"),
        (inject("at = -1\ndo = 'watch_me'"), "inject[0].at", "a number from 0"),
        (inject("at = 1\ndo = 'respond'"), "inject[0].to", "text; it is missing"),
        (inject("at = 1\ndo = 'respond'\nto = 'ET1'"), "inject[0].to", "another unit's call sign (ET2); got 'ET1'"),
        (inject("at = 1\ndo = 'respond'\nto = 'ET9'"), "inject[0].to", "another unit's call sign (ET2); got 'ET9'"),
        (inject("at = 1\ndo = 'net.degrade'\nseconds = 3"), "inject[0].loss", "a loss above 0, or stalled"),
        (inject("at = 1\ndo = 'net.degrade'\nseconds = 3\nloss = 2"), "inject[0].loss", "a number from 0 to 1"),
        (inject("at = 1\ndo = 'battery'\npct = 12.5"), "inject[0].pct", "a whole number from 0 to 100; got 12.5"),
        (inject("at = 1\ndo = 'watch_me'\nloss = 1"), "inject[0].loss", "known here (at, do, expect, unit)"),
        (inject("at = 1\ndo = 'watch_me'\nexpect = 3"), "inject[0].expect", "a list of tables"),
        (inject("at = 1\ndo = 'watch_me'\nexpect = [{within = 3}]"), "inject[0].expect[0]", "exactly one of alert"),
        (inject("at = 1\ndo = 'watch_me'\nexpect = [{alert = 'x'}]"), "inject[0].expect[0].within", "it is missing"),
        (HEAD + "[repeat]\nfrom = 1\nevery = 20", "repeat.inject", "at least 1"),
        (
            HEAD + "[repeat]\nfrom = 1\nevery = 20\n[[repeat.inject]]\nat = 20\nunit = 'ET1'\ndo = 'halt'",
            "repeat.inject[0].at",
            "a number from 0 to 19",
        ),
        (HEAD + "[repeat]\nfrom = 1\nevery = 1", "repeat.every", "from 10"),
    ],
)
def test_what_is_wrong_is_named(text: str, field: str, expected: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse(text)
    assert caught.value.field == field
    assert expected in caught.value.expected
    assert str(caught.value).startswith(f"{field}: expected ")


def test_an_unknown_officer_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(ScenarioError, match="one of ET1, ET2; got 'ET3'"):
        parse(HEAD).officer("ET3")


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text)
    except ScenarioError:
        return


leaf = st.none() | st.booleans() | st.integers(-5, 200) | st.floats() | st.text(max_size=4)


@given(key=st.sampled_from(["at", "unit", "do", "to", "loss", "seconds", "pct", "expect"]), value=leaf)
def test_any_value_in_an_inject_is_read_or_refused(key: str, value: object) -> None:
    as_toml = {None: "[]", True: "true", False: "false"}.get(value, repr(value))  # type: ignore[call-overload]
    fields = {"at": "1", "unit": "'ET1'", "do": "'watch_me'", key: str(as_toml)}
    try:
        parse(HEAD + "[[inject]]\n" + "\n".join(f"{name} = {text}" for name, text in fields.items()))
    except ScenarioError:
        return


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_scenario_of_ours_is_valid(path: Path) -> None:
    assert parse(path.read_text()).officers


def test_the_night_shift_keeps_its_promises() -> None:
    """Issue 2: first watch-me at about 8 s, first priority 1 at about 20 s, it ends well, and never goes dead."""
    scenario = parse((SCENARIOS / "night_shift.toml").read_text())
    first = {inject.do: inject for inject in reversed(scenario.injects)}
    assert first["watch_me"].at == pytest.approx(8, abs=1)
    assert first["taser.armed"].at == pytest.approx(20, abs=1)
    assert first["taser.armed"].expect[0].priority == 1
    assert first["taser.safe"].at == pytest.approx(70, abs=3)
    assert {"respond", "net.degrade", "gps.lost", "heard", "resume"} <= set(first)
    running = [officer.call_sign for officer in scenario.officers if officer.recording == "recording"]
    assert running == ["ET17", "ET22", "ET14", "ET09", "ET40", "ET31"]
    assert len(scenario.officers) == 12
    assert scenario.repeat is not None
    assert {"watch_me", "taser.drawn", "net.degrade"} <= {inject.do for inject in scenario.repeat.injects}
