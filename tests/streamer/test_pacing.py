"""A key frame is spread over its time; repairs are bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.pacing import BURST_S, PACE, REPAIR_BURST_S, REPAIR_SHARE, Pacer


@given(st.integers(100_000, 5_000_000), st.lists(st.integers(60, 1400), min_size=1, max_size=200))
def test_a_picture_leaves_at_its_pace(bps: int, sizes: list[int]) -> None:
    pacer, now, sent = Pacer(), 10.0, 0
    pacer.set_rate(bps)
    for size in sizes:
        now += pacer.wait_s(now)
        pacer.sent(size, now)
        sent += size
        assert 8 * sent <= PACE * bps * (now - 10.0 + BURST_S) + 8 * size + 1
    assert now - 10.0 <= 8 * sent / (PACE * bps)


def test_what_comes_slower_never_waits() -> None:
    pacer = Pacer()
    pacer.set_rate(1_000_000)
    for number in range(1000):
        now = number * 0.010
        assert pacer.wait_s(now) == 0
        pacer.sent(1200, now)


@given(st.integers(100_000, 5_000_000), st.floats(0.0001, 0.05))
def test_repairs_take_their_share(bps: int, apart_s: float) -> None:
    pacer = Pacer()
    pacer.set_rate(bps)
    repaired = sum(1200 for number in range(500) if pacer.allows_repair(1200, number * apart_s))
    assert 8 * repaired <= bps * REPAIR_SHARE * (500 * apart_s + REPAIR_BURST_S) + 1
    assert repaired or bps * REPAIR_SHARE * REPAIR_BURST_S < 8 * 1200


def test_a_repair_delays_the_next_picture() -> None:
    pacer = Pacer()
    pacer.set_rate(1_000_000)
    for _ in range(10):
        assert pacer.allows_repair(1250, 5.0)
    assert pacer.wait_s(5.0) == pytest.approx(0.08)
