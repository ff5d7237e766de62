"""A clock that is set ahead deletes nothing at once, whatever the server does in between."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.recording.due_time import BELIEVED_S, LEAP_S, DueTime
from server.recording.retention import DAY_S

NOW = 1_800_000_000.0
HOUR = 3600.0


def test_a_clock_that_goes_on_is_believed_also_after_a_weekend_without_power() -> None:
    due = DueTime(NOW).after(NOW + HOUR, HOUR)
    assert due == DueTime(NOW + HOUR) and due.held_back(NOW + HOUR) == ""
    assert due.after(NOW + HOUR + 2.5 * DAY_S, 0.0) == DueTime(NOW + HOUR + 2.5 * DAY_S)
    assert due.after(NOW - 900, 0.0) == DueTime(NOW - 900)  # it was ahead, and was put right


def test_a_clock_that_leaps_is_not_believed_for_a_week_of_running_time_over_restarts() -> None:
    ahead = 400 * DAY_S
    due = DueTime(NOW).after(NOW + ahead, 0.0)
    assert due == DueTime(NOW)
    assert due.held_back(NOW + ahead).startswith(
        "the server's clock is 400 days ahead of what was last known; it is believed after 7.0 days"
    )
    for hour in range(1, 7 * 24):
        due = due.after(NOW + ahead + hour * HOUR, 0.0 if hour % 24 == 0 else HOUR)  # a restart a day
        assert due.trusted <= NOW + hour * HOUR
    assert due.ran_s == pytest.approx(BELIEVED_S - 7 * HOUR)
    for hour in range(7 * 24, 7 * 24 + 7):
        due = due.after(NOW + ahead + hour * HOUR, HOUR)
    assert due == DueTime(NOW + ahead + (7 * 24 + 6) * HOUR)


def test_a_clock_that_is_put_right_is_believed_at_once() -> None:
    due = DueTime(NOW).after(NOW + 400 * DAY_S, 0.0).after(NOW + 400 * DAY_S, HOUR)
    assert due.after(NOW + 2 * HOUR, HOUR) == DueTime(NOW + 2 * HOUR)


@given(st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(0, 2 * DAY_S)), max_size=30))
def test_what_is_believed_never_leaps_before_a_week_of_running(steps: list[tuple[float, float]]) -> None:
    due, wall = DueTime(NOW), NOW
    for leap, elapsed in steps:
        wall += elapsed + leap
        after = due.after(wall, elapsed)
        assert after.trusted <= wall or after.trusted <= due.trusted + elapsed
        if after.trusted > due.trusted + elapsed + LEAP_S:
            assert due.ran_s + elapsed >= BELIEVED_S
        due = after
