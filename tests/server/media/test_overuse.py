"""A queue that grows is told within a few groups; noise, a jump and a queue that drains are not taken for one."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from random import Random
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media.arrival_groups import Variation
from server.media.overuse import Least, OveruseDetector, QueueDelay, Signal

APART_S = 0.02


class Arrivals:
    """A detector, and groups that are sent to it 20 ms apart."""

    def __init__(self) -> None:
        self.detector = OveruseDetector()
        self._arrived = 0.0
        assert set(self.signals([0.0] * 40)) == {Signal.NORMAL}

    def signals(self, later_s: Iterable[float], jitter_s: float = 0.0) -> list[Signal]:
        """What it says after groups of which each comes so much later than the one before, on a link of this jitter."""
        found = []
        for later in later_s:
            self._arrived += APART_S + later
            self.detector.note(Variation(APART_S, APART_S + later, self._arrived), jitter_s)
            found.append(self.detector.signal)
        return found


@pytest.mark.parametrize(("overload", "groups"), [(0.05, 40), (0.1, 20), (0.2, 20), (2.0, 12), (7.0, 2)])
def test_a_growing_queue_is_told(overload: float, groups: int) -> None:
    """By so much more than the link carries is sent."""
    assert Signal.OVERUSE in Arrivals().signals([APART_S * overload] * groups)


def test_noise_is_no_queue_and_raises_the_threshold() -> None:
    arrivals, chance = Arrivals(), Random(1)
    before = arrivals.detector.threshold_ms
    delays = [chance.uniform(0, 0.15) for _ in range(2000)]
    said = arrivals.signals((now - then for then, now in pairwise(delays)), jitter_s=mean(delays))
    assert said.count(Signal.OVERUSE) < len(said) / 20
    assert arrivals.detector.threshold_ms > before


def test_a_steep_fall_is_told_at_once_only_where_the_link_was_calm() -> None:
    """A radio that hands out its time in turns makes two such jumps in a row every few seconds."""
    assert Signal.OVERUSE in Arrivals().signals([0.06, 0.06], jitter_s=0.02)
    assert Signal.OVERUSE not in Arrivals().signals([0.06, 0.06], jitter_s=0.08)


def test_a_jump_that_stays_is_another_route_not_a_queue() -> None:
    arrivals = Arrivals()
    assert Signal.OVERUSE not in arrivals.signals([0.1, *[0.0] * 60])
    assert Signal.OVERUSE not in arrivals.signals([0.3, *[0.0] * 60])
    assert Signal.OVERUSE in arrivals.signals([0.1] * 4), "but one that goes on is a queue"


def test_a_jump_that_comes_back_changes_nothing() -> None:
    assert set(Arrivals().signals([0.08, -0.08, *[0.0] * 40])) == {Signal.NORMAL}


def test_a_draining_queue_is_underuse() -> None:
    arrivals = Arrivals()
    arrivals.signals([0.02] * 30)
    assert Signal.UNDERUSE in arrivals.signals([-0.01] * 40)


def test_the_queue_is_what_every_packet_waits_over_the_least() -> None:
    queue, now = QueueDelay(), 0.0
    for number in range(300):
        now = number * 0.02
        jitter = 0.2 if number % 5 else 0.0
        queue.note(now - 77.0, now + 0.05 + jitter, 200)
    assert queue.steady_s == queue.quick_s == pytest.approx(0.0, abs=1e-9)
    for number in range(40):
        sent = now + number * 0.02
        queue.note(sent - 77.0, sent + 0.05 + 0.3, 200)
    assert queue.steady_s == pytest.approx(0.3)
    queue.accept(sent)
    assert queue.steady_s == pytest.approx(0.0, abs=1e-9)


@given(
    st.floats(0.1, 10.0),
    st.lists(st.tuples(st.sampled_from([0.0, 0.01, 0.5, 3.0, 25.0]), st.floats(-1.0, 1.0)), min_size=1),
)
def test_the_least_is_that_of_one_to_two_windows(window_s: float, steps: list[tuple[float, float]]) -> None:
    """Also where only what can change it is noted."""
    least, now, seen = Least(window_s), 5.0, []
    for passed, value in steps:
        now += passed
        seen.append((now, value))
        if value < least.present or now > least.until:
            least.note(value, now)
        assert least.value >= min(value for at, value in seen if now - at <= 3 * window_s)
        assert least.value <= min(value for at, value in seen if at == now or now - at < 0.99 * window_s)


def test_the_time_of_large_packets_bounds_what_the_link_carries() -> None:
    queue, now = QueueDelay(), 0.0
    assert queue.carried_bps < 100_000, "nothing has shown more"
    for number in range(200):
        now = number * 0.05
        queue.note(now, now + 0.03 + 8 * 100 / 250_000, 100)
        queue.note(now, now + 0.03 + 8 * 1200 / 250_000, 1200)
    assert 200_000 < queue.carried_bps < 300_000


def test_a_queue_of_seconds_hides_only_for_so_long_what_the_link_carries() -> None:
    queue = QueueDelay()
    for number in range(50):
        queue.note(number * 0.05, number * 0.05 + 0.03, 1200)
    for number in range(50, 100):
        queue.note(number * 0.05, number * 0.05 + 3.0, 1200)
    for number in range(100, 140):
        queue.note(number * 0.05, number * 0.05 + 0.03 + 8 * 1200 / 250_000, 1200)
    assert queue.carried_bps > 150_000
