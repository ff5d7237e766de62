"""Send times that wrap rise for ever; packets of a burst are one group, and what is late belongs to none."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.media.arrival_groups import ArrivalGroups, SendTimes, Variation


@given(st.integers(0, 2**24 - 1), st.lists(st.integers(-(2**20), 2**22), max_size=100))
def test_a_wrapping_counter_is_unwrapped(start: int, steps: list[int]) -> None:
    times, ticks = SendTimes(24, 1 << 18), start
    first = times.seconds(start)
    for step in steps:
        ticks += step
        assert times.seconds(ticks & 0xFFFFFF) - first == pytest.approx((ticks - start) / (1 << 18))


def test_packets_of_a_burst_are_one_group() -> None:
    groups = ArrivalGroups()
    assert [groups.add(sent, 10 + sent) for sent in (0.0, 0.002, 0.004)] == [None] * 3
    assert groups.add(0.04, 10.05) is None, "the first group has none before it"
    assert groups.add(0.08, 10.10) == pytest.approx(Variation(0.036, 0.046, 10.05))


def test_what_a_queue_lets_go_at_once_is_one_group() -> None:
    groups = ArrivalGroups()
    groups.add(0.0, 10.0)
    groups.add(0.1, 10.1)
    held = [groups.add(0.1 + number / 50, 10.2 + number / 1000) for number in range(1, 5)]
    assert held[0] is not None
    assert held[1:] == [None] * 3, "they waited for the same thing"


def test_a_late_packet_and_a_jump_of_a_clock_say_nothing() -> None:
    groups = ArrivalGroups()
    groups.add(1.0, 10.0)
    groups.add(1.1, 10.1)
    assert groups.add(0.5, 10.11) is None
    assert groups.add(9.0, 10.2) is None
    assert groups.add(9.1, 10.3) is None
    assert groups.add(9.2, 10.4) is not None
    assert groups.add(9.1999, 10.9) is None, "it was sent before the group's first"
    assert groups.add(9.3, 10.5) == pytest.approx(Variation(0.1, 0.1, 10.4)), "and its arrival is none of the group's"
    assert groups.add(9.303, 14.0) is None, "nothing came for too long"
    assert groups.add(9.4, 14.1) is None
    assert groups.add(9.5, 14.2) == pytest.approx(Variation(0.097, 0.1, 14.1))


def test_a_late_packet_of_a_group_that_a_queue_let_go_at_once_belongs_to_it() -> None:
    """Even 3 s after what was sent last: a radio may hold back as much."""
    groups = ArrivalGroups()
    for sent, arrived in ((0.0, 0.0), (0.1, 0.1), *((0.2 + 0.5 * k, 2.9 + 0.002 * k) for k in range(9))):
        groups.add(sent, arrived)
    assert groups.add(0.202, 2.92) is None
    assert groups.add(4.25, 2.95) == pytest.approx(Variation(4.1, 2.82, 2.92))


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(0, 2)), max_size=200))
@example([(0.0, 0.0), (2.0, 0.0), (-1.0, 0.0), (1.0, 1.0)])
def test_groups_keep_to_the_order_of_sending(steps: list[tuple[float, float]]) -> None:
    groups, sent, arrived = ArrivalGroups(), 0.0, 0.0
    for step, passed in steps:
        sent, arrived = sent + step, arrived + passed
        found = groups.add(sent, arrived)
        assert found is None or (found.sent_apart >= 0 and found.arrived_apart >= 0 and found.arrived <= arrived)
