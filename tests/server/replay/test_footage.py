"""Footage on the server's clock; a gap is a gap."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

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
        "epoch": BASE,
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


def test_segments_lie_where_the_opening_entry_puts_media_time_0_whenever_they_arrived() -> None:
    one = recording("r", [opened(), segment(1, 0.0, late=3), segment(2, 2.0, late=9)], None)
    assert [part.at - BASE for part in one.layer("main")] == [0, 2]


def test_after_a_restart_the_hole_is_a_gap_with_its_reason() -> None:
    gap = {"kind": "gap", "layer": "main", "start": 4.0, "end": 12.0, "from": BASE + 4, "to": BASE + 12}
    why = {"why": "server-restart", "packets": None}
    entries = [opened(), segment(1, 0.0), segment(2, 2.0), {**gap, **why}, segment(3, 12.0), segment(4, 14.0)]
    one = recording("r", entries, None)
    parts = one.layer("main")
    assert holes(parts, one.gaps) == [Gap(BASE + 4, BASE + 12, "server-restart")]
    assert [span["to"] - span["from"] for span in spans(parts)] == [4, 4]
    assert [follows(a, b) for a, b in pairwise(parts)] == [True, False, True]


def test_a_hole_that_nobody_declared_is_shown_as_one() -> None:
    entries = [opened(), segment(1, 0.0), segment(2, 6.0)]
    one = recording("r", entries, None)
    (found,) = holes(one.layer("main"), one.gaps)
    assert (found.why, found.end - found.start > HOLE_S) == ("undeclared", True)


def test_how_far_the_camera_s_clock_is_ahead_is_told_by_its_segments() -> None:
    told = [segment(n, 2.0 * n - 2, captured_at=BASE + 2.0 * n - 2 + 2.95) for n in (1, 2)]
    one = recording("r", [opened(), *told, segment(3, 4.0)], None)
    assert one.ahead_s is not None and abs(one.ahead_s - 2.95) < 1e-6


def test_the_manifest_s_word_on_the_camera_s_clock_counts() -> None:
    entries = [opened(), segment(1, 0.0), {"kind": "closed", "why": "officer", "ended_at": BASE + 2}]
    one = recording("r", entries, {"clock": {"offset_s": 0.4, "spread_s": 0.01}})
    assert (one.ahead_s, one.is_open, one.signed) == (0.4, False, True)
    assert recording("r", entries[:2], None).is_open


def test_a_recording_without_a_segment_is_where_it_was_ordered() -> None:
    one = recording("r", [opened()], None)
    assert (one.start, one.end, one.ahead_s) == (BASE, BASE, None)
