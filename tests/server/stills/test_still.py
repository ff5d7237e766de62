"""Which key frame stands for a moment, for a recording, and for each place of its strip."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.replay.footage import Placed, Recording
from server.stills.still import STRIP_S, opening_of, segment_at, strip_of

BASE = 1_800_000_000.0


def part(number: int, layer: str = "main", *, key: bool = True, codec: str | None = "h264") -> Placed:
    """The segment that begins `number` × 2 s after the recording did."""
    start = number * 2.0
    names = f"{layer}/{number + 1:06d}.m4s", f"{layer}/init-1.mp4"
    return Placed("r", layer, number + 1, *names, start, 2.0, BASE + start, key, codec, True, False, False)


def recorded(*parts: Placed, asked_after: float = 0.0) -> Recording:
    """A recording of these."""
    return Recording("r", "et17-cam", "ET17", None, "officer", BASE + asked_after, False, True, None, parts, ())


def test_the_small_layer_stands_for_a_moment_where_it_is_there() -> None:
    one = recorded(part(0), part(1), part(1, "sub"))
    assert segment_at([one], "et17-cam", BASE + 1.9) == part(0)
    assert segment_at([one], "et17-cam", BASE + 2.0) == part(1, "sub")
    assert segment_at([one], "et22-cam", BASE + 2.0) is None


@pytest.mark.parametrize("without", [{"key": False}, {"codec": None}, {"pictures": False}])
def test_what_cannot_be_decoded_alone_stands_for_nothing(without: dict[str, Any]) -> None:
    one = recorded(part(0), replace(part(1), **without))
    assert segment_at([one], "et17-cam", BASE + 3) is None


def test_in_a_gap_there_is_no_picture_but_over_a_jitter_there_is() -> None:
    one = recorded(part(0), part(3))
    assert segment_at([one], "et17-cam", BASE + 2.1) == part(0)
    assert segment_at([one], "et17-cam", BASE + 4.0) is None
    assert segment_at([one], "et17-cam", BASE - 0.1) is None


def test_a_recording_is_shown_by_the_moment_for_which_it_was_ordered() -> None:
    parts = [part(number) for number in range(20)]
    assert opening_of(recorded(*parts, asked_after=30)) == parts[16]
    assert opening_of(recorded(*parts[:2], asked_after=30)) == parts[0]  # it ended before it could be
    assert opening_of(recorded(part(0, codec=None))) is None


@example(seconds=8, offset=1.875, missing=set())  # its last segment stands for the jitter behind it
@given(seconds=st.integers(2, 200), offset=st.floats(0, 20), missing=st.sets(st.integers(0, 100)))
def test_a_strip_has_at_most_one_picture_for_each_ten_seconds_in_order_and_only_what_is_there(
    seconds: int, offset: float, missing: set[int]
) -> None:
    parts = [replace(part(n), at=BASE + offset + n * 2.0) for n in range(seconds // 2) if n not in missing]
    one = replace(recorded(*parts), asked_at=BASE + offset)
    strip = strip_of(one)
    assert [still.at for still in strip] == sorted(still.at for still in strip)
    assert set(strip) <= set(parts)
    assert len(strip) <= seconds / STRIP_S + 2
    whole = {second for second in range(int(BASE), int(BASE) + 240) if second % STRIP_S == 0}
    for moment in whole:
        held = segment_at([one], one.device_id, float(moment))
        assert held is None or held in strip  # a page that asks for whole multiples finds them made
