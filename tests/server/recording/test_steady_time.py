"""Time of day that does not step."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.recording.steady_time import MOST_SLEW_S, STEP_S, SteadyTime

T0 = 1_800_000_000.0


def test_it_is_the_wall_clock_as_long_as_that_is_true() -> None:
    time = SteadyTime()
    assert [time.wall(now, T0 + now) for now in (0.0, 0.25, 100.0)] == [T0, T0 + 0.25, T0 + 100.0]
    assert time.is_true


def test_a_clock_that_drifts_is_followed() -> None:
    time = SteadyTime()
    for step in range(4000):
        now = step / 4
        shown = time.wall(now, T0 + now * 1.0005)
        assert time.is_true
        assert abs(shown - T0 - now * 1.0005) < 0.01


@given(st.floats(-1e5, 1e5).filter(lambda step: abs(step) > 2 * STEP_S))
def test_a_clock_that_is_set_is_not_followed(step: float) -> None:
    time = SteadyTime()
    time.wall(0.0, T0)
    for look in range(1, 200):
        now = look / 4
        assert abs(time.wall(now, T0 + now + step) - T0 - now) < 1e-5
        assert not time.is_true


@given(st.lists(st.tuples(st.floats(0.01, 5.0), st.floats(-5.0, 5.0)), min_size=2, max_size=60))
def test_it_never_steps_back(looks: list[tuple[float, float]]) -> None:
    time, now, last = SteadyTime(), 0.0, 0.0
    for passed, error in looks:
        now += passed
        shown = time.wall(now, T0 + now + error)
        assert shown > last - MOST_SLEW_S
        last = shown
