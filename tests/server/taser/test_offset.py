"""How far a weapon's clock is off: found where our own signals tell it, and never guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.taser.log import LoggedEvent
from server.taser.offset import FURTHEST_S, MATCHED, MOST_EVENTS, MOST_SIGNALS, SET, UNMATCHED, Offset, Told, estimated

BASE = 1_800_000_000.0


def logged(*events: tuple[float, str]) -> list[LoggedEvent]:
    return [LoggedEvent(row, BASE + at, kind, kind, None) for row, (at, kind) in enumerate(events, 2)]


def told(*signals: tuple[float, str]) -> list[Told]:
    return [Told(kind, BASE + at) for at, kind in signals]


def test_an_offset_is_found_by_what_the_camera_told() -> None:
    events = logged((12, "armed"), (18, "trigger"), (39, "safe"), (-4000, "armed"))
    offset = estimated(events, told((0.2, "armed"), (6.1, "trigger"), (27.3, "safe")))
    assert (offset.how, offset.pairs) == (MATCHED, 3)
    assert offset.seconds == pytest.approx(11.8, abs=0.2)
    assert offset.spread_s == pytest.approx(0.2, abs=0.01)
    assert offset.words == "weapon's clock 11.8 s ahead, matched with 3 signals"


def test_where_two_offsets_serve_as_well_none_is_taken() -> None:
    twice = logged((0, "armed"), (600, "armed"))
    assert estimated(twice, told((0.5, "armed"))) == Offset(0.0)
    clear = logged((0, "armed"), (600, "armed"), (606, "trigger"))
    found = estimated(clear, told((0.5, "armed"), (6.5, "trigger")))
    assert (found.pairs, round(found.seconds, 1)) == (2, 599.5)


def test_without_a_signal_it_is_said_that_nothing_was_matched() -> None:
    for signals in ([], told((0, "arc")), told((FURTHEST_S + 100, "armed"))):
        offset = estimated(logged((0, "armed")), signals)
        assert (offset.seconds, offset.how) == (0.0, UNMATCHED)
        assert offset.words == "weapon's clock, not matched with any signal: placed by its own time"


def test_a_sensor_that_chatters_is_matched_with_nothing() -> None:
    """Each of ten million differences was tried for minutes, at every look at the timeline."""
    chatter = told(*((n * 0.3, "armed") for n in range(MOST_SIGNALS + 1)))
    assert estimated(logged((0, "armed")), chatter) == Offset(0.0)
    events = logged(*((n * 0.3, "armed") for n in range(MOST_EVENTS + 1)))
    assert estimated(events, told((0, "armed"))) == Offset(0.0)
    found = estimated(
        logged((0, "trigger"), *((n * 30.0, "other") for n in range(MOST_EVENTS + 1))), told((0, "trigger"))
    )
    assert found.how == MATCHED, "what no signal tells of does not count"


def test_what_a_person_has_set_is_told_as_theirs() -> None:
    assert Offset(-61.0, SET, by="Sgt Webb").words == "weapon's clock 61.0 s behind, set by Sgt Webb"
    assert Offset(0.0, MATCHED, 1).words == "weapon's clock as the server's, matched with 1 signal"


@given(
    st.floats(-FURTHEST_S + 10, FURTHEST_S - 10),
    st.lists(st.tuples(st.integers(3, 400), st.sampled_from(["armed", "trigger", "arc", "safe"])), min_size=4, max_size=12),
)  # fmt: skip
def test_an_offset_is_found_again_through_rounding_and_delay_or_not_at_all(
    seconds: float, steps: list[tuple[int, str]]
) -> None:
    """A log knows whole seconds, and a signal comes up to 0.4 s late."""
    at = 0.0
    signals, events = [], []
    for step, kind in steps:
        at += step
        signals.append((at + 0.4 * (step % 2), kind))
        events.append((float(int(at + seconds)), kind))
    found = estimated(logged(*events), told(*signals))
    if found.how == MATCHED:
        assert found.pairs == len(steps) and abs(found.seconds - seconds) <= 3.0
