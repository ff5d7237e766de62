"""Footage on the server's clock; a gap is a gap."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from server.replay.footage import HOLE_S, Gap, follows, grown, holes, recording, spans

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
        "pictures": 50,
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


def test_what_comes_to_a_journal_is_added_to_what_was_read_of_it() -> None:
    gap = {"kind": "gap", "layer": "main", "start": 4.0, "end": 12.0, "from": BASE + 4, "to": BASE + 12, "why": "lost"}
    closed = {"kind": "closed", "why": "officer", "ended_at": BASE + 16}
    entries = [opened(), segment(1, 0.0), segment(2, 2.0), gap, segment(3, 12.0, captured_at=BASE + 12.5), closed]
    for count in range(1, len(entries) + 1):
        before = recording("r", entries[:count], None)
        assert grown(before, entries[count:], entries[0]) == recording("r", entries, None), count


def test_pictures_that_came_late_lie_within_what_was_heard_and_are_no_hole() -> None:
    late = {"duration": 0.1, "sound": False}
    entries = [opened(), segment(1, 0.0), segment(2, 2.0, pictures=0), segment(3, 2.5, **late), segment(4, 4.0)]
    shown = recording("r", entries, None).layer("main")
    (span,) = spans(shown)
    assert (span["from"] - BASE, span["to"] - BASE) == (0, 6)
    assert holes(shown, []) == []


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


def back_filled(epoch: float, *starts: float, part: str = "back-1") -> list[dict[str, Any]]:
    """A part whose media time 0 is `epoch` seconds after that of its recording."""
    return [opened(epoch=BASE + epoch, part=part)] + [
        segment(n, start, back_filled=True) for n, start in enumerate(starts, 1)
    ]


def test_a_part_lies_at_its_own_time_and_goes_before_what_it_covers() -> None:
    gap = {"kind": "gap", "layer": "main", "start": 4.0, "end": 8.0, "from": BASE + 4, "to": BASE + 8, "why": "lost"}
    entries = [opened(), segment(1, 0.0), segment(2, 2.0), gap, segment(3, 8.0)]
    one = recording("r", entries, None, [back_filled(2.1, 0.0, 2.0, 4.0)])
    assert [(part.file, round(part.at - BASE, 3)) for part in one.layer("main")] == [
        ("main/000001.m4s", 0),
        ("back-1/main/000001.m4s", 2.1),
        ("back-1/main/000002.m4s", 4.1),
        ("back-1/main/000003.m4s", 6.1),
        ("main/000003.m4s", 8),
    ]
    assert one.layer("main")[1].init == "back-1/main/init-1.mp4" and one.layer("main")[1].part == "back-1"
    assert one.gaps == (Gap(BASE + 4, BASE + 8, "lost", None, 4.0),)
    assert [span["filled"] for span in spans(one.layer("main"))] == [False, True, False]
    assert one.parts == 1
    assert [part.file for part in one.with_parts(0).layer("main")] == [f"main/00000{n}.m4s" for n in (1, 2, 3)]
    assert one.with_parts(1) == one


def test_a_part_may_begin_before_its_recording() -> None:
    one = recording("r", [opened(), segment(1, 0.0)], None, [back_filled(-8.0, 0.0, 2.0)])
    assert (one.start, one.end) == (BASE - 8, BASE + 2)
