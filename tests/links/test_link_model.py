"""The bad link's laws, by a clock of the test's own."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.links.link_model import WANDER_S, Conditions, LinkDirection

SIZE = 1000

CONDITIONS = st.builds(
    Conditions,
    loss=st.sampled_from([0.0, 0.05, 0.2, 1.0]),
    burst=st.sampled_from([1.0, 3.0, 20.0]),
    delay_s=st.floats(0, 0.5),
    jitter_s=st.floats(0, 0.5),
    reorder=st.booleans(),
    rate_bps=st.sampled_from([0.0, 100_000.0, 2_000_000.0]),
    queue_bytes=st.integers(0, 20_000),
    down=st.booleans(),
)
GAPS = st.lists(st.floats(0, 0.05), max_size=80)


def sent(link: LinkDirection, count: int, every_s: float, start: float = 0.0) -> list[tuple[float, int]]:
    """Packets with their numbers in them, at even steps; returns (when it arrived, its number)."""
    found: list[tuple[float, int]] = []
    for number in range(count):
        at = start + number * every_s
        found += taken(link, at)
        link.offer(number.to_bytes(4, "big") + bytes(SIZE - 4), at)
    return found + taken(link, start + count * every_s + 60)


def taken(link: LinkDirection, until: float) -> list[tuple[float, int]]:
    """What arrives up to then, each at the time at which it was due."""
    found = []
    while (due := link.due_at()) is not None and due <= until:
        found += [(due, int.from_bytes(packet[:4], "big")) for packet in link.arrived(due)]
    return found


@given(GAPS, st.lists(st.tuples(st.integers(0, 80), CONDITIONS), max_size=4), CONDITIONS, st.integers())
def test_every_packet_is_accounted_for_whatever_happens(
    gaps: list[float], changes: list[tuple[int, Conditions]], first: Conditions, seed: int
) -> None:
    link, now, arrived = LinkDirection(Random(seed), first), 0.0, 0
    for number, gap in enumerate(gaps):
        now += gap
        for at, conditions in changes:
            if at == number:
                link.change(conditions, now)
        link.offer(bytes(SIZE), now)
        arrived += len(link.arrived(now))
        counts = link.counts
        assert (counts["arrived"], counts["arrived_bytes"]) == (arrived, arrived * SIZE)
        assert counts["offered"] == arrived + counts["lost"] + counts["overflowed"] + link.waiting == number + 1
        assert link.due_at() is None or link.waiting
    link.arrived(now + 1000)
    assert link.waiting == 0 and link.queued_bytes == 0 and link.due_at() is None


@given(CONDITIONS, st.integers())
def test_packets_keep_their_order_unless_they_may_lose_it(conditions: Conditions, seed: int) -> None:
    found = [number for _, number in sent(LinkDirection(Random(seed), conditions), 80, 0.004)]
    assert len(set(found)) == len(found)
    if not conditions.reorder:
        assert found == sorted(found)


@given(CONDITIONS, st.integers())
def test_no_packet_is_earlier_or_later_than_asked(conditions: Conditions, seed: int) -> None:
    every_s = 0.004
    longest = conditions.delay_s + conditions.jitter_s + 1e-6
    if conditions.rate_bps:
        longest += (conditions.queue_bytes + SIZE) * 8 / conditions.rate_bps
    for at, number in sent(LinkDirection(Random(seed), conditions), 80, every_s):
        assert conditions.delay_s - 1e-6 <= at - number * every_s <= longest


@given(CONDITIONS, st.integers())
def test_the_same_seed_is_the_same_link(conditions: Conditions, seed: int) -> None:
    first, again = (sent(LinkDirection(Random(seed), conditions), 40, 0.01) for _ in range(2))
    assert first == again


def test_jitter_in_order_comes_as_pauses_and_bursts_and_reordered_it_mixes() -> None:
    in_order = sent(LinkDirection(Random(1), Conditions(jitter_s=0.3)), 500, 0.01)
    gaps = [after - before for (before, _), (after, _) in pairwise(in_order)]
    assert max(gaps) > WANDER_S and gaps.count(0.0) > 20
    mixed = [number for _, number in sent(LinkDirection(Random(1), Conditions(jitter_s=0.3, reorder=True)), 500, 0.01)]
    assert mixed != sorted(mixed) and sorted(mixed) == list(range(500))


@pytest.mark.parametrize("burst", [1.0, 4.0])
@pytest.mark.parametrize("loss", [0.05, 0.2])
def test_loss_is_the_share_asked_for_and_comes_in_bursts_of_the_length_asked_for(loss: float, burst: float) -> None:
    count = 100_000
    arrived = {number for _, number in sent(LinkDirection(Random(3), Conditions(loss=loss, burst=burst)), count, 0.001)}
    assert 1 - len(arrived) / count == pytest.approx(loss, rel=0.1)
    lost = [number for number in range(count) if number not in arrived]
    bursts = sum(number - 1 in arrived or number == 0 for number in lost)
    assert len(lost) / bursts == pytest.approx(max(burst, 1 / (1 - loss)), rel=0.1)


def test_the_rate_is_never_exceeded_and_never_idle_while_something_waits() -> None:
    rate = 250_000.0
    link = LinkDirection(Random(1), Conditions(rate_bps=rate, queue_bytes=10_000))
    arrived = sent(link, 1000, 0.01)  # 800 kbit/s
    assert link.counts["overflowed"] > 600
    times = [at for at, _ in arrived]
    gaps = [after - before for before, after in pairwise(times)]
    assert gaps == pytest.approx([SIZE * 8 / rate] * len(gaps))


def test_a_change_of_rate_holds_for_what_waits_already() -> None:
    link = LinkDirection(Random(1), Conditions(rate_bps=8_000_000))
    for _ in range(10):
        link.offer(bytes(SIZE), 0.0)
    link.change(Conditions(rate_bps=8_000), 0.0005)
    assert link.due_at() == pytest.approx(0.001)
    assert len(link.arrived(0.999)) == 1
    assert len(link.arrived(1.002)) == 1
    link.change(Conditions(), 1.5)
    assert len(link.arrived(1.5)) == 8


def test_a_link_that_goes_down_loses_what_is_on_its_way_and_comes_back() -> None:
    link = LinkDirection(Random(1), Conditions(delay_s=1.0, rate_bps=8_000))
    link.offer(bytes(SIZE), 0.0)
    link.offer(bytes(SIZE), 0.0)
    link.change(Conditions(down=True), 1.5)
    link.offer(bytes(SIZE), 1.6)
    assert link.waiting == 0 and link.counts["lost"] == 3
    link.change(Conditions(), 2.0)
    link.offer(bytes(SIZE), 2.0)
    assert len(link.arrived(2.0)) == 1


@pytest.mark.parametrize("wrong", [{"loss": 1.1}, {"loss": -0.1}, {"burst": 0.5}, {"delay_s": -1}, {"queue_bytes": -1}])
def test_what_no_link_can_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"share|negative"):
        Conditions.read(wrong)
    with pytest.raises(TypeError):
        Conditions.read({"los": 0.1})
