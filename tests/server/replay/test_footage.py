"""Footage on the server's clock: the quickest arrival counts, drift is followed, a gap is a gap."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from server.replay.footage import HOLE_S, Gap, follows, holes, recording, spans

BASE = 1_800_000_000.0


def opened(**more: Any) -> dict[str, Any]:
    return {
        "kind": "opened",
        "device_id": "et17-cam",
        "call_sign": "ET17",
        "wearer": None,
        "why": "officer",
        "asked_at": BASE,
        **more,
    }


def segment(n: int, start: float, late: float = 0.0, **more: Any) -> dict[str, Any]:
    return {
        "kind": "segment",
        "layer": "main",
        "n": n,
        "file": f"main/{n:06}.m4s",
        "init": "main/init-1.mp4",
        "start": start,
        "duration": 2.0,
        "captured_at": None,
        "received_at": BASE + start + late,
        "key": True,
        "codec": "h264",
        "sound": True,
        **more,
    }


@given(st.lists(st.floats(0, 1.5), min_size=1, max_size=40))
def test_a_stall_of_the_network_moves_no_picture(delays: list[float]) -> None:
    """Segments lie where the quickest of half a minute says; they overlap by no more than the delays differ."""
    entries = [segment(n + 1, 2.0 * n, late) for n, late in enumerate(delays)]
    placed = recording("r", [opened(), *entries], None).layer("main")
    for one, late in zip(placed, delays, strict=True):
        assert BASE + one.start <= one.at <= BASE + one.start + late
    assert abs(placed[0].at - BASE - min(delays[:31])) < 1e-6


def test_a_camera_clock_that_drifts_is_followed_through_the_hour() -> None:
    drift = 50e-6
    entries = [segment(n + 1, 2.0 * n, 0.01) for n in range(1800)]
    for entry in entries:
        entry["received_at"] = BASE + entry["start"] * (1 + drift) + 0.01
    placed = recording("r", [opened(), *entries], None).layer("main")
    wrong = [abs(one.at - (BASE + one.start * (1 + drift) + 0.01)) for one in placed]
    assert max(wrong) < 0.004  # a minute of drift, not the 180 ms of the hour


def test_after_a_restart_the_clock_is_read_anew_and_the_hole_is_a_gap_with_its_reason() -> None:
    gap = {"kind": "gap", "layer": "main", "start": 4.0, "end": 4.0, "from": BASE + 4, "to": BASE + 12}
    after = [segment(n, 4.1 + 2.0 * (n - 3)) | {"received_at": BASE + 12 + 2 * (n - 3)} for n in (3, 4)]
    entries = [opened(), segment(1, 0.0), segment(2, 2.0), {**gap, "why": "server-restart", "packets": None}, *after]
    one = recording("r", entries, None)
    times = [round(part.at - BASE, 3) for part in one.layer("main")]
    assert times == [0, 2, 12, 14]
    assert holes(one.layer("main"), one.gaps) == [Gap(BASE + 4, BASE + 12, "server-restart")]
    assert [span["to"] - span["from"] for span in spans(one.layer("main"))] == [4, 4]
    parts = one.layer("main")
    assert [follows(a, b) for a, b in pairwise(parts)] == [True, False, True]


def test_a_hole_that_nobody_declared_is_shown_as_one() -> None:
    entries = [opened(), segment(1, 0.0), segment(2, 6.0)]
    one = recording("r", entries, None)
    (found,) = holes(one.layer("main"), one.gaps)
    assert (found.why, found.end - found.start > HOLE_S) == ("undeclared", True)


def test_what_the_camera_uploads_later_lies_at_its_own_time() -> None:
    told = {"captured_at": BASE + 100.4}
    live = [segment(n, 2.0 * (n - 1), 0.05, captured_at=BASE + 2.0 * (n - 1) + 3.0) for n in (1, 2)]
    late = segment(3, 50.0, **told, back_filled=True) | {"received_at": BASE + 5000}
    one = recording("r", [opened(), *live, late], None)
    assert one.ahead_s is not None and abs(one.ahead_s - 2.95) < 1e-6
    (filled,) = [part for part in one.segments if part.filled]
    assert abs(filled.at - (BASE + 100.4 - 2.95)) < 1e-6


def test_the_manifest_s_word_on_the_camera_s_clock_counts() -> None:
    entries = [opened(), segment(1, 0.0), {"kind": "closed", "why": "officer", "ended_at": BASE + 2}]
    one = recording("r", entries, {"clock": {"offset_s": 0.4, "spread_s": 0.01}})
    assert (one.ahead_s, one.is_open, one.signed) == (0.4, False, True)
    assert recording("r", entries[:2], None).is_open


def test_a_recording_without_a_segment_is_where_it_was_ordered() -> None:
    one = recording("r", [opened()], None)
    assert (one.start, one.end, one.ahead_s) == (BASE, BASE, None)
