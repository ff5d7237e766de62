"""The round trip to a camera: measured by what was asked for and came."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.media.loss import LossTracker
from server.media.round_trip import GUESSED_S, LONGEST_S, SHORTEST_S, RoundTrip


@given(st.lists(st.tuples(st.floats(-1, 10), st.floats(-1, 10), st.integers(1, 6), st.floats(0, 1e6)), max_size=50))
def test_it_stays_within_its_bounds(repairs: list[tuple[float, float, int, float]]) -> None:
    round_trip = RoundTrip()
    assert round_trip.retry_s > GUESSED_S
    for first, last, asks, now in repairs:
        round_trip.note_repair(first, last, asks, now)
        assert SHORTEST_S <= round_trip.retry_s <= LONGEST_S
        assert round_trip.estimate_s is None or 0 <= round_trip.estimate_s <= 2 * LONGEST_S


@given(st.sampled_from([0.03, 0.12, 0.3, 0.45]), st.sampled_from([0.03, 0.12, 0.3, 0.45]), st.booleans())
def test_asking_again_follows_the_link_up_and_down(before_s: float, after_s: float, apart: bool) -> None:
    """One packet in five is lost; what is asked for comes a round trip later, of each asking once."""
    round_trip = RoundTrip()
    loss = LossTracker(90_000, repairs=True, repairs_apart=apart, round_trip=round_trip)
    on_the_way: list[tuple[float, int]] = []
    for tick in range(6000):
        now, link_s = tick * 0.005, before_s if tick < 3000 else after_s
        if tick % 5:
            loss.received(tick & 0xFFFF, now)
        for arrives, number in [one for one in on_the_way if one[0] <= now]:
            on_the_way.remove((arrives, number))
            (loss.repaired if apart else loss.received)(number, now)
        on_the_way += [(now + link_s, number) for number in loss.due(now, round_trip.retry_s)]
        if tick in (2999, 5999):
            assert round_trip.estimate_s is not None
            assert abs(round_trip.estimate_s - link_s) < 0.02
            assert link_s <= round_trip.retry_s <= max(0.06, 1.5 * link_s), "nothing is asked for twice, nor too late"


def test_what_is_only_late_is_no_answer_where_repairs_come_apart() -> None:
    round_trip = RoundTrip()
    loss = LossTracker(90_000, repairs=True, repairs_apart=True, round_trip=round_trip)
    loss.received(1, 0.0)
    loss.received(3, 0.0)
    assert loss.due(0.01, 0.1) == [2]
    assert loss.received(2, 0.011) == 65_538
    assert round_trip.estimate_s is None
    assert loss.repaired(2, 0.1) is None, "it is there already"
