"""The law of alerts: what may follow what, and who it is said to be done by."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from server.alerts.alert import (
    NEXT,
    OPEN,
    Alert,
    By,
    Happening,
    NotPossible,
    Origin,
    State,
    acknowledged,
    closed,
    follow,
)
from server.alerts.catalogue import Catalogue
from server.alerts.consequence import Occurrence, Setting, raise_new

NOW = 1_800_000_000.0
ANNA, BEN = By("p1", "Anna"), By("p2", "Ben")
KIND = Catalogue.load({})["taser.armed"]


def alert() -> Alert:
    seen = Occurrence("cam-1", Origin("outbox-1", 1, NOW), NOW)
    made = raise_new("a1", KIND, seen, Setting("Tango 21"), None).alert
    assert made is not None
    return made


def test_a_pair_outside_the_law_is_an_error() -> None:
    base = alert()
    for state, happening in itertools.product(State, Happening):
        here = replace(base, state=state)
        if (state, happening) in NEXT:
            assert follow(here, happening) is NEXT[state, happening]
        else:
            with pytest.raises(NotPossible, match=state.value):
                follow(here, happening)


def test_nothing_leaves_a_closed_alert_and_every_open_one_can_be_closed() -> None:
    for state in State:
        ways = {happening for (start, happening) in NEXT if start is state}
        if state in OPEN:
            assert {Happening.RESOLVE, Happening.FALSE, Happening.REPEAT, Happening.CLEAR} <= ways
        else:
            assert not ways


def test_only_a_person_ends_an_alert() -> None:
    by_person = {Happening.RESOLVE, Happening.FALSE}
    ended = {happening for (_, happening), after in NEXT.items() if after not in OPEN}
    assert ended == by_person


def test_acknowledged_is_not_resolved_and_the_second_finds_out() -> None:
    first, step = acknowledged(alert(), ANNA, NOW + 3)
    assert (first.state, first.acknowledged_by, first.acknowledged_at) == (State.ACKNOWLEDGED, ANNA, NOW + 3)
    assert (step.action, step.by) == ("acknowledged", ANNA)
    assert first.open
    with pytest.raises(NotPossible, match="acknowledged cannot acknowledge"):
        acknowledged(first, BEN, NOW + 4)


def test_who_closes_without_acknowledging_has_seen_it_too() -> None:
    done, step = closed(alert(), Happening.FALSE, BEN, NOW + 5, "training")
    assert (done.state, done.closed_by, done.acknowledged_by, done.acknowledged_at) == (State.FALSE, BEN, BEN, NOW + 5)
    assert (step.action, step.detail) == ("false", "training")
    first, _ = acknowledged(alert(), ANNA, NOW + 1)
    done, _ = closed(first, Happening.RESOLVE, BEN, NOW + 5)
    assert (done.acknowledged_by, done.acknowledged_at, done.closed_by) == (ANNA, NOW + 1, BEN)


def test_a_cameras_own_numbers_decide_the_order_and_time_across_outboxes() -> None:
    assert Origin("a", 2, NOW - 9).after(Origin("a", 1, NOW))
    assert not Origin("a", 1, NOW).after(Origin("a", 1, NOW))
    assert Origin("b", 1, NOW + 1).after(Origin("a", 7, NOW))
    assert Origin("a", 1, NOW).after(None)
