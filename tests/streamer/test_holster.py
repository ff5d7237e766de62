"""The TASER's states: forward is believed, a repetition raises nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.errors import PressError
from streamer.holster import NEXT, REPORTS, Holster, Report, after


def test_the_usual_course() -> None:
    state = Holster.SAFE
    for report, expected in (
        ("taser.drawn", Holster.DRAWN),
        ("taser.armed", Holster.ARMED),
        ("taser.trigger", Holster.TRIGGERED),
        ("taser.arc", Holster.ARCING),
        ("taser.safe", Holster.SAFE),
    ):
        state = after(state, report)  # type: ignore[arg-type]
        assert state is expected


@pytest.mark.parametrize(
    ("state", "report"), [(s, r) for s in Holster for r in REPORTS if (s, r) not in NEXT], ids=lambda x: str(x)
)
def test_what_is_so_already_is_refused_in_one_sentence(state: Holster, report: Report) -> None:
    with pytest.raises(PressError, match=f"The TASER is {state.value} already"):
        after(state, report)


def test_a_missed_draw_never_hides_an_armed_taser() -> None:
    for state in (Holster.SAFE, Holster.DRAWN):
        for report in ("taser.armed", "taser.trigger", "taser.arc"):
            assert (state, report) in NEXT


def test_from_everywhere_there_is_a_way_back_to_safe() -> None:
    assert all(NEXT[state, "taser.safe"] is Holster.SAFE for state in Holster if state is not Holster.SAFE)


@given(st.lists(st.sampled_from(REPORTS)))
def test_the_state_is_always_what_was_last_believed(reports: list[Report]) -> None:
    state = Holster.SAFE
    for report in reports:
        try:
            state = after(state, report)
        except PressError:
            continue
        assert state.value == report.removeprefix("taser.")
