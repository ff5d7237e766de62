"""Freezes as WebRTC defines them: told while they last, counted once, never taken back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.media.cadence import AT_LEAST_S, LONGEST_S, Cadence

FRAME_S = 0.04
GAPS = st.lists(st.floats(0.0, 30.0, allow_nan=False), max_size=80)


def steady(frames: int = 10, start: float = 0.0) -> tuple[Cadence, float]:
    """25 frames a second, and when the last one came."""
    cadence = Cadence()
    for number in range(frames):
        cadence.note_frame(number, start + number * FRAME_S)
    return cadence, start + (frames - 1) * FRAME_S


def test_a_steady_picture_has_no_freeze() -> None:
    cadence, last = steady(1000)
    assert (cadence.frames, cadence.freezes(last), cadence.frozen_s(last)) == (1000, 0, 0.0)


def test_a_gap_is_a_freeze_from_a_usual_one_and_150_ms_on() -> None:
    cadence, last = steady()
    assert cadence.freezes(last + FRAME_S + AT_LEAST_S - 0.001) == 0
    assert cadence.freezes(last + FRAME_S + AT_LEAST_S + 0.001) == 1


def test_a_slow_picture_may_take_three_of_its_gaps() -> None:
    cadence = Cadence()
    for number in range(10):
        cadence.note_frame(number, float(number))
    assert cadence.freezes(9 + 2.9) == 0
    assert cadence.freezes(9 + 3.1) == 1


def test_a_freeze_is_told_while_it_lasts_and_counts_once() -> None:
    cadence, last = steady()
    assert (cadence.freezes(last + 1), round(cadence.frozen_s(last + 1), 6)) == (1, 1.0)
    cadence.note_frame(99, last + 2)
    assert (cadence.freezes(last + 2.01), round(cadence.frozen_s(last + 2.01), 6)) == (1, 2.0)


def test_an_outage_is_no_endless_freeze() -> None:
    cadence, last = steady()
    assert cadence.frozen_s(last + 3600) == LONGEST_S
    cadence.note_frame(99, last + 3600)
    assert (cadence.freezes(last + 3600), cadence.frozen_s(last + 3600)) == (1, LONGEST_S)


def test_a_layer_that_was_given_up_is_frozen_no_longer() -> None:
    cadence, last = steady()
    cadence.give_up(last + 1.5)
    assert (cadence.freezes(last + 9), round(cadence.frozen_s(last + 9), 6)) == (1, 1.5), "until then it was"
    cadence.note_frame(99, last + 9)
    cadence.note_frame(100, last + 9 + FRAME_S)
    assert (cadence.freezes(last + 9.1), round(cadence.frozen_s(last + 9.1), 6)) == (1, 1.5)
    cadence.note_frame(101, last + 12)
    assert cadence.freezes(last + 12) == 2, "and it is watched again"


def test_what_has_just_begun_has_no_usual_pace() -> None:
    cadence = Cadence()
    for number in range(5):
        cadence.note_frame(number, number * FRAME_S)
    assert cadence.freezes(5.0) == 0


@given(GAPS, GAPS)
def test_the_counts_never_go_down_whenever_they_are_read(gaps: list[float], looks: list[float]) -> None:
    cadence, now, seen = Cadence(), 0.0, (0, 0, 0.0)
    for number, gap in enumerate(gaps):
        look = looks[number] if number < len(looks) else 0.0
        for at in sorted({now + min(look, gap), now + gap}):
            found = (cadence.frames, cadence.freezes(at), round(cadence.frozen_s(at), 6))
            assert all(new >= old for new, old in zip(found, seen, strict=True))
            seen = found
        now += gap
        cadence.note_frame(number, now)
    assert seen[1] <= len(gaps) + 1
    assert seen[2] <= LONGEST_S * (seen[1] + 1)


@given(GAPS)
def test_frozen_time_is_never_longer_than_the_time_that_passed(gaps: list[float]) -> None:
    cadence, now = Cadence(), 0.0
    for number, gap in enumerate(gaps):
        now += gap
        cadence.note_frame(number, now)
    assert cadence.frozen_s(now) <= now + 1e-6
