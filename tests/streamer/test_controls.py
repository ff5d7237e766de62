"""What a press does: the signal is kept, recording and stream follow, and a press that makes no sense is told."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamer.controls import PRESSES
from streamer.errors import PressError
from tests.streamer.conftest import Bench


@pytest.mark.parametrize(
    ("press", "kind", "by"),
    [
        ("taser.drawn", "taser.drawn", "signal:taser.drawn"),
        ("taser.armed", "taser.armed", "signal:taser.armed"),
        ("watch_me", "watch.requested", "watch_me"),
        ("emergency", "emergency.pressed", "emergency"),
    ],
)
def test_one_press_is_enough_to_be_seen(bench: Bench, press: str, kind: str, by: str) -> None:
    bench.kit.press(press)
    assert [one for one, _ in bench.signals()] == [kind, "recording.started", "stream.started"]
    assert [who for _, who in bench.signals()][1:] == [by, by]
    assert (bench.kit.recording, bench.kit.streaming) == ("recording", True)


def test_what_runs_already_is_not_started_again(bench: Bench) -> None:
    bench.kit.press("record")
    bench.kit.press("stream_on")
    bench.kit.press("taser.drawn")
    assert [kind for kind, _ in bench.signals()] == ["recording.started", "stream.started", "taser.drawn"]


@pytest.mark.parametrize(
    ("before", "press", "says"),
    [
        (["record"], "record", "recording already"),
        ([], "record_stop", "not recording"),
        (["taser.drawn"], "record_stop", "while the TASER is out"),
        ([], "stream_off", "off already"),
        (["stream_on"], "stream_on", "on already"),
        ([], "watch_cancel", "not asked"),
        (["watch_me"], "watch_me", "asked to be watched already"),
        ([], "heard", "no advice"),
        ([], "taser.safe", "safe already"),
        ([], "dance", "There is no 'dance'; there are record,"),
        ([], "set_battery", "There is no 'set_battery'"),
    ],
)
def test_a_press_that_makes_no_sense_is_one_sentence_and_no_signal(
    bench: Bench, before: list[str], press: str, says: str
) -> None:
    for earlier in before:
        bench.kit.press(earlier)
    told = bench.signals()
    with pytest.raises(PressError, match=says):
        bench.kit.press(press)
    assert bench.signals() == told


def test_an_emergency_is_never_refused(bench: Bench) -> None:
    bench.kit.press("emergency")
    bench.kit.press("emergency")
    assert [kind for kind, _ in bench.signals()].count("emergency.pressed") == 2
    assert bench.kit.status().status_code == 0


def test_the_status_code_follows_hand_and_feet(bench: Bench) -> None:
    kit = bench.kit
    codes = []
    for step in ("taser.drawn", "taser.armed", "taser.safe", "emergency"):
        kit.press(step)
        codes.append(kit.status_code)
    kit.set_feet(6)
    codes.append(kit.status_code)
    kit.set_feet(2)
    codes.append(kit.status_code)
    assert codes == [7, 0, 2, 0, 0, 2]


def test_a_battery_that_wavers_raises_one_alert(bench: Bench) -> None:
    for pct in (16, 15, 14, 15, 14, 16, 13, 25, 14):
        bench.kit.set_battery(pct)
    assert [kind for kind, _ in bench.signals()] == ["battery.low", "battery.low"]
    assert bench.kit.status().battery_pct == 14


def test_control_may_ask_and_is_told_by_name(bench: Bench) -> None:
    bench.kit.request("request-1", "record", "Insp. Achebe")
    bench.kit.request("request-2", "stream", "Insp. Achebe")
    bench.kit.request("request-3", "record", "Insp. Achebe")
    assert bench.signals() == [("recording.started", "control"), ("stream.started", "control")]
    assert bench.said[0] == "Insp. Achebe asks for recording."
    assert bench.said[-1] == "It is recording already."
    bench.kit.request("request-4", "stop_recording", "Okafor")
    assert bench.kit.recording == "buffering"


def test_a_camera_may_be_set_to_refuse(bench: Bench) -> None:
    bench.kit.requests_refused = True
    bench.kit.request("request-5", "record", "Price")
    assert bench.signals() == []
    assert bench.said == ["Price asked for recording; this camera refuses requests."]


def test_beginning_and_end_are_told(bench: Bench) -> None:
    bench.kit.recording = "recording"
    bench.kit.streaming = True
    bench.kit.begin()
    bench.kit.end()
    assert bench.signals() == [
        ("recording.started", "start"),
        ("stream.started", "start"),
        ("stream.stopped", "end"),
        ("recording.stopped", "end"),
    ]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(PRESSES), max_size=25))
def test_whatever_is_pressed_the_signals_tell_the_state(bench: Bench, presses: list[str]) -> None:
    """Somebody who only hears the signals knows what the camera does."""
    for one in presses:
        try:
            bench.kit.press(one)
        except PressError:
            continue
    recording = streaming = watched = False
    taser = "safe"
    for kind, _ in bench.signals():
        what, _, happened = kind.partition(".")
        recording = happened == "started" if what == "recording" else recording
        streaming = happened == "started" if what == "stream" else streaming
        watched = happened == "requested" if what == "watch" else watched
        taser = happened if what == "taser" else taser
    kit = bench.kit
    assert (recording, streaming) == (kit.recording == "recording", kit.streaming)
    assert (watched, taser) == (kit.watch_asked, kit.holster.value)
    if taser != "safe":
        assert kit.recording == "recording"


def test_a_camera_whose_force_has_switched_pairing_off_only_tells_of_the_taser(bench: Bench) -> None:
    bench.kit.paired = False
    for press in ("taser.drawn", "taser.armed", "taser.safe"):
        bench.kit.press(press)
    assert sorted(kind for kind, _ in bench.signals()) == ["taser.armed", "taser.drawn", "taser.safe"]
    assert (bench.kit.recording, bench.kit.streaming) == ("buffering", False)
    bench.kit.press("emergency")
    assert bench.kit.recording == "recording"
