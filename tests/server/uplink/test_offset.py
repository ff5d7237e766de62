"""Estimating a camera's clock."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.uplink.offset import ClockOffset


@given(st.floats(-4000, 4000), st.lists(st.floats(0, 30), min_size=1, max_size=12))
def test_the_quickest_message_decides(skew: float, travel: list[float]) -> None:
    offset = ClockOffset()
    for number, under_way in enumerate(travel):
        offset.add(1e9 + number * 5 + skew, 1e9 + number * 5 + under_way)
    assert abs(offset.seconds - (skew - min(travel))) < 1e-3


def test_an_adjusted_clock_is_believed_after_a_while() -> None:
    offset = ClockOffset()
    assert offset.seconds == 0
    for number in range(40):
        offset.add(1000.0 + number + (3600 if number < 20 else 0), 1000.0 + number)
    assert offset.seconds == 0
