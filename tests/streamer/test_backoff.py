"""Full jitter: never too soon, never longer than the cap, small again after a success."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from streamer.backoff import CAP_S, FIRST_S, FLOOR_S, REFUSED_S, UNHEARD_S, Backoff


@given(seed=st.integers(), failures=st.integers(1, 200))
def test_every_wait_lies_below_its_ceiling(seed: int, failures: int) -> None:
    backoff = Backoff(Random(seed))
    for number in range(failures):
        assert FLOOR_S <= backoff.next_wait() <= min(CAP_S, FIRST_S * 2**number)
    backoff.reset()
    assert backoff.next_wait() <= FIRST_S


@given(seed=st.integers(), looks=st.integers(1, 100))
def test_what_nobody_heard_is_tried_again_within_a_second_and_is_no_failure(seed: int, looks: int) -> None:
    backoff = Backoff(Random(seed))
    assert all(FLOOR_S <= backoff.next_look() <= UNHEARD_S for _ in range(looks))
    assert all(FLOOR_S <= backoff.next_look(REFUSED_S) <= REFUSED_S for _ in range(looks))
    assert backoff.next_wait() <= FIRST_S


def test_a_thousand_cameras_do_not_return_together() -> None:
    waits = []
    for seed in range(1000):
        backoff = Backoff(Random(seed))
        waits.append([backoff.next_wait() for _ in range(6)][-1])
    assert 3.6 < sum(waits) / len(waits) < 4.4
    per_second = [sum(second <= wait < second + 1 for wait in waits) for second in range(8)]
    assert max(per_second) < 180
