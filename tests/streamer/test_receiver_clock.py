"""A true receiver beside a camera clock that is wrong: the server must take its fixes for what they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import wire
from server.positions.fix import Standing, judge
from streamer.gps_fix import GpsFix
from streamer.receiver_clock import SAMPLES, ReceiverClock

NOW = 1_800_000_000.0


def said(clock: ReceiverClock, moment: float, delay_s: float, camera_ahead_s: float) -> GpsFix:
    """The fix of a true `moment`, read `delay_s` later by a camera whose clock is ahead."""
    return clock.in_ours(GpsFix(moment, 51.0, 1.0, 4.0), moment + delay_s + camera_ahead_s)


@given(
    st.floats(-7200, 7200),
    st.lists(st.floats(0.05, 0.9), min_size=3, max_size=40),
    st.floats(0.01, 0.5),
)
def test_the_server_sees_a_live_position_whatever_the_cameras_clock_says(
    camera_ahead_s: float, delays_s: list[float], travel_s: float
) -> None:
    clock = ReceiverClock()
    for second, delay_s in enumerate(delays_s):
        moment = NOW + second
        fix = said(clock, moment, delay_s, camera_ahead_s)
        raw = wire.Fix(seq=second + 1, at=fix.at, lat=fix.lat, lon=fix.lon, accuracy_m=fix.accuracy_m)
        received_at = moment + delay_s + travel_s
        judged = judge("cam-1", "o", raw, None, received_at, offset_s=camera_ahead_s - travel_s)
        assert judged.standing is Standing.LIVE
        assert received_at - judged.at <= max(delays_s) + 2.0 + travel_s  # below 2 s the offset is not corrected
        assert received_at - judged.at >= -2.0


def test_a_fix_that_was_stuck_keeps_its_age() -> None:
    clock = ReceiverClock()
    for second in range(5):
        said(clock, NOW + second, 0.2, 3600.0)
    stuck = said(clock, NOW + 5, 8.2, 3600.0)
    assert stuck.at == pytest.approx(NOW + 5 + 0.2 + 3600.0)


def test_a_camera_clock_that_is_set_is_followed() -> None:
    clock = ReceiverClock()
    for second in range(20):
        said(clock, NOW + second, 0.2, 0.0)
    assert said(clock, NOW + 20, 0.2, -30.0).at == pytest.approx(NOW + 20 + 0.2 - 30.0), "back: at once"
    for second in range(SAMPLES):
        fix = said(clock, NOW + 21 + second, 0.2, 40.0)
    assert fix.at == pytest.approx(NOW + 20 + SAMPLES + 0.2 + 40.0), "forward: within the samples"


def test_a_receiver_without_an_almanac_does_not_set_our_time() -> None:
    clock = ReceiverClock()
    assert clock.in_ours(GpsFix(1.0, 51.0, 1.0, 4.0), NOW).at == NOW
