"""Gaps are found, asked for within the budget, and counted as RFC 3550 says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media.loss import (
    GIVE_UP_AFTER_S,
    MAX_ASKS,
    MAX_NACKS_PER_ROUND,
    MAX_OVERTAKEN,
    OVERTAKEN_S,
    RESTART_AFTER,
    LossTracker,
)
from server.media.round_trip import RoundTrip


def test_a_gap_is_asked_for_until_it_is_filled() -> None:
    loss = LossTracker(90_000, repairs=True)
    assert [loss.received(sequence, 0.0) for sequence in (65_534, 65_535, 2)] == [131_070, 131_071, 131_074]
    assert loss.due(0.0, 0.05) == [], "it may only be reordered"
    assert loss.due(0.02, 0.05) == [0, 1]
    assert loss.due(0.03, 0.05) == [], "the answer is still on its way"
    assert loss.received(0, 0.05) == 131_072
    assert loss.due(0.1, 0.05) == [1]
    assert loss.recovered == 1
    assert loss.due(0.1 + GIVE_UP_AFTER_S, 0.05) == []
    assert not loss.is_missing_any
    assert loss.abandoned == 1


def test_what_is_repaired_was_missed_all_the_same_but_not_what_was_only_late() -> None:
    loss = LossTracker(90_000, repairs=True)
    for sequence in (1, 2, 5, 6):
        loss.received(sequence, 0.0)
    loss.received(3, 0.001)
    assert (loss.expected, loss.missed) == (6, 1), "the third was only late"
    assert loss.due(0.02, 0.05) == [4]
    loss.received(4, 0.1)
    assert (loss.expected, loss.missed, loss.recovered) == (6, 1, 2)


def test_an_outage_is_not_asked_for() -> None:
    loss = LossTracker(90_000, repairs=True)
    loss.received(10, 0.0)
    loss.received(10 + 2000, 0.0)
    assert not loss.is_missing_any
    assert [loss.received(one, 0.0) for one in (40_000, 40_001)] == [None, 65_536 + 40_001], "a jump goes on upwards"
    assert loss.due(0.1, 0.05) == [40_000], "the first is believed with the second, and asked for again"
    assert [loss.received(one, 0.0) for one in (20, 22)] == [None, 2 * 65_536 + 22]
    assert loss.due(0.1, 0.05) == [20, 21]


@given(st.integers(0, 65_535), st.lists(st.integers(RESTART_AFTER + 1, 65_535 - RESTART_AFTER - 1), max_size=10))
def test_single_packets_from_far_off_move_nothing(start: int, far: list[int]) -> None:
    loss = LossTracker(90_000, repairs=True)
    loss.received(start, 0.0)
    for index, away in enumerate(far, 1):
        assert loss.received(start + index + away & 0xFFFF, 0.0) is None
        assert loss.received(start + index & 0xFFFF, 0.0) == 65_536 + start + index
    assert loss.expected == 1 + len(far)
    assert not loss.is_missing_any


def test_what_the_first_packet_has_overtaken_is_taken_and_what_is_between_is_asked_for() -> None:
    loss = LossTracker(90_000, repairs=True)
    assert loss.received(1, 0.0) == 65_537
    assert loss.received(65_534, 0.1) == 65_534, "before the first one, and round the circle"
    assert loss.received(65_534, 0.1) is None, "only once"
    assert loss.received(0, 0.1) == 65_536
    assert loss.due(0.2, 0.05) == [65_535]
    assert (loss.expected, loss.missed, loss.report().cumulative_lost) == (4, 1, 0)
    assert loss.repaired(65_535, 0.2) == 65_535
    assert not loss.is_missing_any


def test_what_lies_long_or_far_before_the_first_packet_is_of_no_use() -> None:
    loss = LossTracker(90_000, repairs=True)
    loss.received(1000, 0.0)
    assert loss.received(1000 - MAX_OVERTAKEN - 1, 0.1) is None
    assert loss.received(999, OVERTAKEN_S + 0.1) is None
    assert [loss.received(one, 5.0) for one in (10_000, 10_001)] == [None, 65_536 + 10_001]
    assert loss.received(9_999, 5.1) == 65_536 + 9_999, "a new numbering begins like the first one"


@given(st.permutations(range(40)), st.integers(0, 65_535), st.booleans())
def test_in_whatever_order_they_begin_all_are_taken_once(order: list[int], start: int, repairs: bool) -> None:
    loss = LossTracker(90_000, repairs=repairs)
    taken = [loss.received(start + index & 0xFFFF, 0.001 * at) for at, index in enumerate(order)]
    numbers = sorted(one for one in taken if one is not None)
    assert numbers == list(range(numbers[0], numbers[0] + 40))
    assert not loss.is_missing_any
    assert loss.missed == 0


@given(st.lists(st.integers(0, 400), min_size=1, max_size=300), st.integers(0, 65_535))
def test_the_budget_is_never_exceeded(steps: list[int], start: int) -> None:
    loss = LossTracker(90_000, repairs=True)
    asked: dict[int, int] = {}
    sequence, now = start, 0.0
    for step in steps:
        sequence, now = sequence + step, now + 0.01
        extended = loss.received(sequence & 0xFFFF, now)
        assert extended is None or extended & 0xFFFF == sequence & 0xFFFF
        wanted = loss.due(now, 0.02)
        assert len(wanted) <= MAX_NACKS_PER_ROUND
        for one in wanted:
            asked[one] = asked.get(one, 0) + 1
    # A number may come round again only after 65,536 packets, which these steps do not reach twice.
    assert all(count <= 2 * MAX_ASKS for count in asked.values())


def test_the_report_counts_as_rfc_3550_says() -> None:
    loss = LossTracker(8000, repairs=False)
    for sequence in (1, 2, 3, 5, 6, 7, 8, 10):
        loss.received(sequence, 0.0)
        loss.note_transit(sequence * 160, sequence * 0.02)
    report = loss.report()
    assert (report.fraction_lost, report.cumulative_lost, report.highest_sequence) == (256 * 2 // 10, 2, 10)
    assert report.jitter == 0
    loss.received(11, 0.0)
    assert loss.report().fraction_lost == 0, "a fraction is of the last interval"


def test_a_repair_asked_for_once_tells_the_round_trip() -> None:
    trip = RoundTrip()
    tracker = LossTracker(90_000, repairs=True, round_trip=trip)
    for sequence in (1, 2, 4):
        tracker.received(sequence, 0.0)
    assert trip.estimate_s is None
    assert tracker.due(0.01, 0.08) == [3]
    tracker.received(3, 0.06)
    assert trip.estimate_s == pytest.approx(0.05)


def test_a_repair_asked_for_twice_tells_nothing_beside_a_clear_one() -> None:
    """Nobody knows which of the two was answered (Karn)."""
    trip = RoundTrip()
    tracker = LossTracker(90_000, repairs=True, round_trip=trip)
    for sequence in (1, 3, 5):
        tracker.received(sequence, 0.0)
    assert tracker.due(0.01, 0.08) == [2, 4]
    tracker.received(2, 0.06)
    assert tracker.due(0.2, 0.08) == [4]
    tracker.received(4, 0.21)
    assert tracker.recovered == 2
    assert trip.estimate_s == pytest.approx(0.05)


def test_a_packet_is_taken_once_and_a_repair_is_no_second_packet() -> None:
    loss = LossTracker(90_000, repairs=True)
    assert loss.repaired(1, 0.0) is None, "of a stream that nobody knows"
    for sequence in (1, 2, 4, 5):
        assert loss.received(sequence, 0.0) is not None
    assert loss.received(4, 0.0) is None, "other bytes under its number would repeat a nonce at every viewer"
    assert loss.repaired(3, 0.1) == 65_539
    assert loss.repaired(3, 0.1) is None
    assert loss.received(3, 0.1) is None
    report = loss.report()
    assert (loss.recovered, report.cumulative_lost) == (1, -1), "the network brought all five, and one of them twice"


def test_what_was_repaired_was_lost_all_the_same() -> None:
    loss = LossTracker(90_000, repairs=True)
    for sequence in (1, 2, 4):
        loss.received(sequence, 0.0)
    loss.repaired(3, 0.1)
    assert (loss.report().cumulative_lost, loss.recovered, loss.is_missing_any) == (1, 1, False)


def test_no_more_is_asked_for_than_allowed() -> None:
    loss = LossTracker(90_000, repairs=True)
    loss.received(1, 0.0)
    loss.received(10, 0.0)
    assert loss.due(0.1, 0.05, most=3) == [2, 3, 4]
    assert loss.due(0.11, 0.05, most=0) == []
    assert loss.due(0.12, 0.05, most=9) == [5, 6, 7, 8, 9]
