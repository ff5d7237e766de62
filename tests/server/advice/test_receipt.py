"""Receipts come twice and in any order; the result is the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.advice.receipt import Reached, Receipts, receive

receipts = st.lists(st.tuples(st.sampled_from(list(Reached)[1:]), st.floats(0, 1000)), max_size=8)
orders = receipts.flatmap(lambda many: st.tuples(st.just(many), st.permutations(many * 2)))


def after(many: list[tuple[Reached, float]]) -> Receipts:
    held = Receipts()
    for state, at in many:
        held = receive(held, state, at)
    return held


@given(orders)
def test_any_order_and_repetition_is_the_same(
    both: tuple[list[tuple[Reached, float]], list[tuple[Reached, float]]],
) -> None:
    assert after(both[0]) == after(both[1])


@given(receipts)
def test_the_furthest_state_is_reached_and_implies_those_before(many: list[tuple[Reached, float]]) -> None:
    held = after(many)
    assert held.reached == max((state for state, _ in many), default=Reached.SENT)
    times = [held.delivered_at, held.shown_at, held.acknowledged_at]
    known = [at for at in times if at is not None]
    assert times[: len(known)] == known
    assert known == sorted(known)


@given(receipts, st.sampled_from(list(Reached)[1:]), st.floats(0, 1000))
def test_a_receipt_never_takes_anything_back(many: list[tuple[Reached, float]], state: Reached, at: float) -> None:
    assert receive(after(many), state, at).reached >= after(many).reached
