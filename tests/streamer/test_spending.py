"""What was left unspent is made up for, what was spent too much is saved, and never much of either."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.spending import MOST_OVERSPENT_S, MOST_UNSPENT_S, Spending


@pytest.mark.parametrize("uses", [0.65, 0.8, 1.0, 1.2])
def test_an_encoder_that_uses_only_a_share_comes_to_what_it_may_spend(uses: float) -> None:
    spending, spent = Spending(), 0.0
    for number in range(15 * 30):
        bits = uses * spending.ask(1_000_000, number / 15) / 15
        spending.spent(round(bits))
        spent += bits if number >= 15 * 10 else 0
    assert spent / 20 == pytest.approx(1_000_000, rel=0.02)


def test_a_pause_is_not_made_up_for() -> None:
    spending = Spending()
    spending.ask(1_000_000, 10.0)
    assert spending.ask(1_000_000, 20.0) == spending.ask(1_000_000, 5.0) == 1_000_000


@given(st.lists(st.tuples(st.floats(-1, 3), st.integers(50_000, 5_000_000), st.integers(0, 2_000_000)), max_size=200))
def test_it_keeps_its_bounds(pictures: list[tuple[float, int, int]]) -> None:
    spending, at = Spending(), 100.0
    for passed, may_bps, bits in pictures:
        at += passed
        asked = spending.ask(may_bps, at)
        assert (1 - MOST_OVERSPENT_S) * may_bps - 500 <= asked <= (1 + MOST_UNSPENT_S) * may_bps + 500
        spending.spent(bits)
