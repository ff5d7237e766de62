"""One order for everything, and what was known at a moment, which is not what was true."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.positions.fix import Fix, Standing
from server.replay.footage import Gap, recording
from server.replay.room_command import Command
from server.replay.timeline import Facts, advice_at, alerts_at, events, gap_words, known_at, known_fix, timeline
from tests.server.replay.test_footage import BASE, opened, segment


def fix(at: float, late: float = 0.5, standing: Standing = Standing.LIVE) -> Fix:
    return Fix(
        "et17-cam",
        "o",
        int(at) + 1000,
        BASE + at,
        BASE + at,
        BASE + at + late,
        0.0,
        51.0,
        1.0,
        5.0,
        None,
        90.0,
        standing,
        False,
    )


def state(seq: int, at: float, **more: Any) -> tuple[float, dict[str, Any]]:
    told = {"id": "a", "kind": "taser.drawn", "family": "taser", "title": "TASER drawn", "device_id": "et17-cam"}
    return BASE + at, {"call_sign": "ET17", "priority": 2, "state": "raised", "seq": seq, **told, **more}


ALERT = {
    **state(3, 9, title="TASER armed", priority=1, state="resolved")[1],
    "raised_at": BASE + 1,
    "steps": [
        {"action": "raised", "at": BASE + 1, "by": None, "detail": "TASER drawn"},
        {"action": "seen", "at": BASE + 2, "by": {"id": "p", "name": "D. Okafor"}, "detail": ""},
        {"action": "escalated", "at": BASE + 3, "by": None, "detail": "TASER drawn → TASER armed; hand"},
        {"action": "acknowledged", "at": BASE + 4, "by": {"id": "p", "name": "D. Okafor"}, "detail": ""},
        {"action": "resolved", "at": BASE + 9, "by": {"id": "p", "name": "D. Okafor"}, "detail": ""},
    ],
}
STEPS: list[dict[str, Any]] = ALERT["steps"]
STATES = [
    state(1, 1, steps=STEPS[:1]),
    state(2, 3, title="TASER armed", priority=1, steps=STEPS[:3]),
    state(3, 4, title="TASER armed", priority=1, state="acknowledged", steps=STEPS[:4]),
    state(4, 9, state="resolved", steps=STEPS),
]
ADVICE = {
    "id": "v",
    "device_id": "et17-cam",
    "call_sign": "ET17",
    "text": "Hold",
    "author": {"id": "p", "name": "D. Okafor"},
    "sent_at": BASE + 5,
    "delivered_at": BASE + 5.2,
    "shown_at": BASE + 6,
    "acknowledged_at": None,
}
ACTIVITY = [
    (
        BASE + 0.1,
        {"kind": "recording.started", "text": "Recording started", "device_id": "et17-cam", "call_sign": "ET17"},
    ),
    (BASE + 7, {"kind": "taser.safe", "text": "TASER safe", "device_id": "et17-cam", "call_sign": "ET17"}),
]


def facts(**more: Any) -> Facts:
    closed = {"kind": "closed", "why": "officer", "ended_at": BASE + 4}
    gap = {"kind": "gap", "layer": "main", "from": BASE + 4, "to": BASE + 8, "why": "camera-away", "start": 4, "end": 8}
    parts = [segment(1, -10.0), *(segment(n, 2.0 * n - 4) for n in (2, 3)), gap, segment(4, 8.0), closed]
    one = recording("r", [opened(), *parts], {"clock": None})
    known = {"et17-cam": [fix(n) for n in range(-5, 10)]}
    told = Facts(BASE - 10, BASE + 20, [one], known, [ALERT], STATES, [ADVICE], ACTIVITY, {"et17-cam": "ET17"})
    return replace(told, **more)


def test_everything_stands_in_one_order_of_time() -> None:
    told = [(round(one["at"] - BASE, 1), one["kind"], one["text"]) for one in events(facts())]
    assert told == [
        (-8.0, "gap", "ET17 gap 8.0 s: reason not recorded"),
        (0, "recording", "Recording ET17, 10 s before kept"),
        (1, "alert", "TASER drawn, ET17"),
        (3, "alert", "TASER armed, ET17"),
        (4, "gap", "ET17 gap 4.0 s: camera away"),
        (4, "command", "Acknowledged, D. Okafor: TASER armed"),
        (5, "advice", "D. Okafor to ET17: Hold"),
        (6, "advice", "Shown to ET17"),
        (7, "activity", "TASER safe, ET17"),
        (9, "command", "Resolved, D. Okafor: TASER armed"),
        (10, "recording", "Recording ET17 ends"),
    ]


@given(st.permutations(range(4)))
def test_the_order_does_not_depend_on_the_order_of_the_rows(order: list[int]) -> None:
    mixed = [STATES[index] for index in order]
    assert events(facts(alert_states=STATES)) == events(facts(alert_states=sorted(mixed, key=lambda one: one[0])))
    assert alerts_at(mixed, BASE + 5) == alerts_at(STATES, BASE + 5)


def test_a_recording_begins_with_its_first_picture_not_before_its_timeline() -> None:
    one = recording("r", [opened(asked_at=BASE - 1.5), segment(1, 0.0)], None)
    told = events(Facts(one.start, one.end, [one]))
    assert [(event["at"], event["text"]) for event in told] == [(BASE, "Recording ET17")]


def test_an_alert_was_as_grave_as_it_was_told_then() -> None:
    raised = [one["priority"] for one in events(facts()) if "priority" in one]
    assert raised == [2, 1]
    assert [one["title"] for one in alerts_at(STATES, BASE + 2)] == ["TASER drawn"]
    assert [one["title"] for one in alerts_at(STATES, BASE + 4)] == ["TASER armed"]
    assert alerts_at(STATES, BASE + 0.9) == [] == alerts_at(STATES, BASE + 9)


@given(st.floats(0, 2), st.floats(0, 0.4))
def test_who_jumps_to_a_step_sees_what_it_brought_about(begin: float, late: float) -> None:
    """A state is told after its step; the address of a moment has whole milliseconds."""
    steps = [{**one, "at": one["at"] + begin} for one in STEPS]
    states = [
        state(1, 1 + begin + late, steps=steps[:1]),
        state(2, 3 + begin + late, kind="taser.armed", title="TASER armed", priority=1, steps=steps[:3]),
    ]
    told = events(facts(alerts=[{**ALERT, "steps": steps[:3]}], alert_states=states, end=BASE + 30))
    (armed,) = [one for one in told if one["text"] == "TASER armed, ET17"]
    assert (armed["priority"], armed["step_at"]) == (1, steps[2]["at"])
    for at in (armed["at"], round(armed["at"] * 1000) / 1000):
        assert [one["kind"] for one in alerts_at(states, at)] == ["taser.armed"]
    assert armed["at"] - states[1][0] < 0.0011


def test_a_position_is_known_from_when_it_arrived_and_has_the_age_it_had_then() -> None:
    known = known_at(facts(), BASE + 3.4)
    (unit,) = known["units"]
    assert (unit["recording"], unit["fix"]["at"], round(unit["fix"]["age_s"], 3)) == ("recording", BASE + 2, 1.4)
    assert known_at(facts(), BASE + 5)["units"][0]["recording"] == "off"  # in the gap


def test_what_came_late_was_not_known_before_and_never_moves_the_marker() -> None:
    backlog = fix(2.5, late=60, standing=Standing.LATE)
    assert known_fix([fix(1), backlog], BASE + 100) == fix(1)


@given(st.lists(st.tuples(st.floats(-20, 20), st.floats(0, 30), st.booleans()), max_size=30), st.floats(-20, 60))
def test_nothing_that_arrived_later_is_known(rows: list[tuple[float, float, bool]], at: float) -> None:
    fixes = [fix(when, late, Standing.LIVE if live else Standing.LATE) for when, late, live in rows]
    held = known_fix(fixes, BASE + at)
    candidates = [one for one in fixes if one.received_at <= BASE + at and one.standing is Standing.LIVE]
    assert held is None if not candidates else held is not None and held.at == max(one.at for one in candidates)


def test_receipts_are_those_that_had_come() -> None:
    assert advice_at(ADVICE, BASE + 5.5)["delivered_at"] == BASE + 5.2
    assert advice_at(ADVICE, BASE + 5.5)["shown_at"] is None
    assert known_at(facts(), BASE + 4.9)["advice"] == []


def test_an_officer_s_own_view_names_nobody_else() -> None:
    other = {**ALERT, "id": "b", "device_id": "et22-cam", "call_sign": "ET22"}
    mixed = facts(
        alerts=[ALERT, other],
        alert_states=[*STATES, (BASE + 2, {**STATES[0][1], "id": "b", "device_id": "et22-cam"})],
        fixes={"et17-cam": [fix(1)], "et22-cam": [fix(1)]},
        advice=[ADVICE, {**ADVICE, "device_id": "et22-cam"}],
        activity=[*ACTIVITY, (BASE + 8, {**ACTIVITY[1][1], "device_id": "et22-cam", "call_sign": "ET22"})],
        call_signs={"et17-cam": "ET17", "et22-cam": "ET22"},
    )
    assert "ET22" in repr(timeline(mixed)) and "et22-cam" in repr(timeline(mixed))
    own = repr(timeline(mixed.only(["et17-cam"])))
    assert "ET22" not in own and "et22-cam" not in own


def test_a_wall_that_is_opened_is_one_step_and_a_note_another() -> None:
    done = [
        Command(BASE + 2, "D. Okafor", "watches", "et17-cam", "ET17"),
        Command(BASE + 2.4, "D. Okafor", "watches", "et22-cam", "ET22"),
        Command(BASE + 6, "Insp. Hale", "note", "et17-cam", "ET17"),
        Command(BASE + 7, "Insp. Hale", "watches", "et17-cam", "ET17"),
    ]
    told = facts(alerts=[], commands=done)
    shown = [(one["at"] - BASE, one["device_id"], one["text"]) for one in events(told) if one["kind"] == "command"]
    assert shown == [
        (2, None, "D. Okafor watches ET17, ET22"),
        (6, "et17-cam", "Note written on ET17's recording, Insp. Hale"),
        (7, "et17-cam", "Insp. Hale watches ET17"),
    ]
    own = [one["text"] for one in events(told.only(["et17-cam"])) if one["kind"] == "command"]
    assert own == ["D. Okafor watches ET17", "Insp. Hale watches ET17"]  # who looked, and not what was written


def test_short_gaps_that_leave_pictures_are_no_steps_and_neighbours_are_one() -> None:
    parts = [segment(n, 2.0 * n - 2) for n in range(1, 31)]

    def lost(start: float, length: float = 2.0) -> dict[str, Any]:
        times = {"start": start, "end": start + length, "from": BASE + start, "to": BASE + start + length}
        return {"kind": "gap", "layer": "main", "why": "lost", "packets": 1, **times}

    def steps(*gaps: dict[str, Any]) -> list[tuple[float, str]]:
        told = facts(recordings=[recording("r", [opened(), *parts, *gaps], None)], end=BASE + 100)
        return [(one["at"] - BASE, one["text"]) for one in events(told) if one["kind"] == "gap"]

    assert steps(lost(4, 0.4)) == []
    assert steps(lost(4)) == [(4, "ET17 gap 2.0 s: packets lost")]
    assert steps(lost(4), lost(6), lost(14)) == [(4, "ET17 3 gaps in 12 s: packets lost")]
    assert steps(lost(4), lost(30)) == [(4, "ET17 gap 2.0 s: packets lost"), (30, "ET17 gap 2.0 s: packets lost")]
    told = facts(recordings=[recording("r", [opened(), *parts, lost(4, 0.4), lost(6)], None)])
    assert len(timeline(told)["cameras"][0]["gaps"]) == 2  # the lane hatches each


def test_a_camera_tells_its_layers_its_spans_and_its_gaps() -> None:
    (camera,) = timeline(facts())["cameras"]
    assert (camera["layers"], camera["codec"], camera["sound"]) == (["main"], "h264", True)
    assert [gap["why"] for gap in camera["gaps"]] == ["undeclared", "camera-away"]
    assert [round(span["from"] - BASE) for span in camera["spans"]] == [-10, 0, 8]
    assert camera["recordings"][0]["signed"] and not camera["recordings"][0]["open"]


def test_what_is_unseen_is_sound_alone_and_not_where_packets_were_lost_and_pictures_came() -> None:
    lost = {"kind": "gap", "layer": "main", "why": "lost", "packets": 1, "start": 0, "end": 2}
    parts = [segment(1, 0.0), segment(2, 2.0, pictures=0), segment(3, 4.0, pictures=0), segment(4, 6.0)]
    one = recording("r", [opened(), {**lost, "from": BASE, "to": BASE + 2}, *parts], None)
    (camera,) = timeline(facts(recordings=[one]))["cameras"]
    assert [(part["from"] - BASE, part["to"] - BASE) for part in camera["unseen"]] == [(2, 6)]
    back = [opened(epoch=BASE + 1.9, part="back-1"), *(segment(n, 2.0 * n - 2, back_filled=True) for n in (1, 2, 3))]
    filled = recording("r", [opened(), *parts], None, [back])
    assert timeline(facts(recordings=[filled]))["cameras"][0]["unseen"] == []


def test_pictures_that_are_left_out_beside_their_sound_have_their_own_reason_there() -> None:
    late = {"duration": 0.6, "sound": False}
    parts = [segment(1, 0.0), segment(2, 2.0, pictures=0), segment(3, 4.0, pictures=0), segment(4, 3.0, **late)]
    one = recording("r", [opened(), *parts, segment(5, 6.0)], None)
    (camera,) = timeline(facts(recordings=[one], grew=True))["cameras"]
    assert [(gap["from"] - BASE, round(gap["to"] - BASE, 3), gap["why"]) for gap in camera["gaps"]] == [
        (3, 3.6, "late")
    ]
    assert [(part["from"] - BASE, part["to"] - BASE) for part in camera["unseen"]] == [(2, 6)]
    assert timeline(facts(recordings=[one]))["cameras"][0]["gaps"] == []


def test_what_is_back_filled_beyond_what_has_come_is_told_later_and_is_no_gap() -> None:
    back = [opened(epoch=BASE + 10, part="back-1"), segment(1, 0.0, back_filled=True)]
    one = recording("r", [opened(), segment(1, 0.0)], None, [back])
    (camera,) = timeline(facts(recordings=[one], grew=True))["cameras"]
    assert "late" not in [gap["why"] for gap in camera["gaps"]]


@pytest.mark.parametrize(
    ("why", "filled", "words"),
    [
        ("camera-away", 0.0, "gap 4.0 s: camera away"),
        ("camera-away", 3.9, "gap 4.0 s: camera away; back-filled"),
        ("lost", 2.0, "gap 4.0 s: packets lost; 2.0 s back-filled"),
        ("not-sent", 0.0, "gap 4.0 s: camera sent no picture"),
    ],
)
def test_a_gap_says_why_and_how_much_of_it_was_back_filled(why: str, filled: float, words: str) -> None:
    assert gap_words(Gap(BASE, BASE + 4, why, None, filled)) == words
