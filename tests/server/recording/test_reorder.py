"""Packets in order, whatever the network did."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.recording.reorder import MOST_HELD, WAIT_S, Lost, Reorder


def entries(*numbers: int) -> list[tuple[int, bytes]]:
    return [(number, str(number).encode()) for number in numbers]


def names(items: object) -> list[object]:
    return [item if isinstance(item, Lost) else int(item[0]) for item in items]  # type: ignore[attr-defined]


@given(st.permutations(range(100, 140)), st.lists(st.integers(100, 139), max_size=10), st.integers(1, 7))
def test_any_order_and_any_repetition_come_out_in_order_once(order: list[int], again: list[int], size: int) -> None:
    reorder = Reorder()
    reorder.put(entries(99), 0.0)
    found = names(reorder.take(0.0))
    arriving = order + again
    for at in range(0, len(arriving), size):
        reorder.put(entries(*arriving[at : at + size]), 0.1)
        found += names(reorder.take(0.1))
    assert found == list(range(99, 140))


@given(st.permutations(range(100, 120)), st.integers(1, 7))
def test_what_the_first_packet_has_overtaken_comes_before_it(order: list[int], size: int) -> None:
    reorder = Reorder(begins_after_s=0.5)
    for at in range(0, len(order), size):
        reorder.put(entries(*order[at : at + size]), 1.0 + at / 100)
        assert names(reorder.take(1.0 + at / 100)) == []
    assert names(reorder.take(1.49)) == []
    assert names(reorder.take(1.5)) == list(range(100, 120))
    reorder.put(entries(99), 1.6)
    assert names(reorder.flush()) == []
    assert reorder.late == 1


@given(st.sets(st.integers(1, 60), max_size=59))
def test_what_never_comes_is_told_as_lost_where_it_is_missing(missing: set[int]) -> None:
    reorder = Reorder()
    there = [number for number in range(62) if number not in missing]
    reorder.put(entries(*there), 5.0)
    found = [*reorder.take(5.0), *reorder.take(5.0 + WAIT_S)]  # all are waited for at once
    assert [int(one[0]) for one in found if not isinstance(one, Lost)] == there
    assert sum(one.packets for one in found if isinstance(one, Lost)) == len(missing)


def test_a_repair_within_the_wait_closes_the_hole() -> None:
    reorder = Reorder()
    reorder.put(entries(1, 3), 0.0)
    assert names(reorder.take(0.0)) == [1]
    reorder.put(entries(2), 0.5)
    assert names(reorder.take(WAIT_S - 0.1)) == [2, 3]


def test_a_repair_after_the_wait_comes_too_late_and_is_counted() -> None:
    reorder = Reorder()
    reorder.put(entries(1, 3), 0.0)
    assert names(reorder.take(0.0)) == [1]
    assert names(reorder.take(WAIT_S)) == [Lost(1), 3]
    reorder.put(entries(2), 0.5)
    assert names(reorder.take(2 * WAIT_S)) == []
    assert reorder.late == 1


def test_memory_ends_the_wait_for_a_hole() -> None:
    reorder = Reorder()
    reorder.put(entries(1, *range(3, MOST_HELD + 4)), 0.0)
    assert names(reorder.take(0.0))[:3] == [1, Lost(1), 3]


def test_the_end_gives_out_all_that_is_held() -> None:
    reorder = Reorder()
    reorder.put(entries(1, 3, 6), 0.0)
    assert names(reorder.flush()) == [1, Lost(1), 3, Lost(2), 6]
