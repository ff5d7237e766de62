"""What follows from signals: the same for any order and any repetition (reliability.md, R12)."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from server.alerts.alert import NEXT, Alert, By, Happening, Origin, State, acknowledged, closed
from server.alerts.catalogue import Catalogue
from server.alerts.consequence import (
    BOUNCE_S,
    CHATTER_S,
    Consequence,
    Effect,
    Occurrence,
    Setting,
    clear,
    raise_again,
    raise_new,
)

NOW = 1_800_000_000.0
CATALOGUE = Catalogue.load({})
TASER = ["taser.drawn", "taser.armed", "taser.trigger", "taser.arc", "taser.safe"]
SETTING = Setting("Tango 21", {"name": "A", "collar_number": "1"}, 51.0, -1.0, "Quay Street")


@dataclass
class Model:
    """What store and actions do, without a database: one family of one camera."""

    open: Alert | None = None
    kept: dict[int, str] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)

    def signal(self, seq: int, kind: str, at: float = NOW) -> None:
        if seq in self.kept:
            return
        self.kept[seq] = kind
        seen = Occurrence("cam-1", Origin("outbox-1", seq, NOW + seq), at)
        outcome = self._outcome(kind, seen)
        self.open = outcome.alert
        self.effects.append(outcome.effect)

    def _outcome(self, kind: str, seen: Occurrence) -> Consequence:
        if kind == "taser.safe":
            return clear(self.open, seen) if self.open else Consequence(Effect.NOTHING, None)
        raised = CATALOGUE[kind]
        if self.open is not None:
            return raise_again(self.open, raised, seen, CATALOGUE[self.open.kind])
        clears = [seq for seq, kept in self.kept.items() if kept == "taser.safe"]
        known = Origin("outbox-1", max(clears), NOW + max(clears)) if clears else None
        return raise_new("a", raised, seen, SETTING, known)

    def essence(self) -> object:
        alert = self.open
        return alert and (alert.kind, alert.state, alert.count, alert.device_at, alert.last_raise)


def run(signals: list[tuple[int, str]]) -> Model:
    model = Model()
    for seq, kind in signals:
        model.signal(seq, kind)
    return model


@given(st.lists(st.sampled_from(TASER), max_size=9), st.randoms(use_true_random=False))
def test_any_order_and_repetition_ends_in_the_same_alert(kinds: list[str], chance: random.Random) -> None:
    in_order = list(enumerate(kinds, start=1))
    shuffled = in_order * 2
    chance.shuffle(shuffled)
    assert run(shuffled).essence() == run(in_order).essence()


@given(st.lists(st.sampled_from(TASER), min_size=1, max_size=9))
def test_the_state_is_what_the_last_signal_says_and_the_kind_the_gravest(kinds: list[str]) -> None:
    alert = run(list(enumerate(kinds, start=1))).open
    raising = [kind for kind in kinds if kind != "taser.safe"]
    if not raising:
        assert alert is None
        return
    assert alert is not None
    assert alert.kind == max(raising, key=lambda kind: CATALOGUE[kind].gravity)
    assert alert.count == kinds.count(alert.kind)
    assert alert.state is (State.CLEARED if kinds[-1] == "taser.safe" else State.RAISED)
    assert (alert.cleared_at is not None) == (kinds[-1] == "taser.safe")


def test_a_storm_of_the_same_is_one_alert_that_counts() -> None:
    model = run([(seq, "taser.armed") for seq in range(1, 1001)])
    assert model.open is not None
    assert model.open.count == 1000
    assert model.effects == [Effect.RAISE] + [Effect.REPEAT] * 999


def test_only_what_repeats_an_alerts_kind_counts_up() -> None:
    model = run(list(enumerate(["taser.drawn", "taser.drawn", "taser.armed"], start=1)))
    assert model.open is not None
    assert (model.open.kind, model.open.count) == ("taser.armed", 1)
    for seq, (kind, count) in enumerate((("taser.drawn", 1), ("taser.armed", 2), ("taser.safe", 2)), start=4):
        model.signal(seq, kind)
        assert (model.open.kind, model.open.count) == ("taser.armed", count)


def test_something_graver_takes_over_the_acknowledged_alert_and_needs_somebody_again() -> None:
    model = run([(1, "taser.drawn")])
    assert model.open is not None
    assert model.open.priority == 2
    model.open, _ = acknowledged(model.open, By("p", "P"), NOW)
    model.signal(2, "taser.armed")
    assert model.effects[-1] is Effect.ESCALATE
    assert (model.open.kind, model.open.priority, model.open.state) == ("taser.armed", 1, State.RAISED)
    assert model.open.acknowledged_by is None


def test_chatter_stays_acknowledged_but_the_same_a_minute_later_is_news() -> None:
    for later, effect, state in (
        (CHATTER_S - 1, Effect.REPEAT, State.ACKNOWLEDGED),
        (CHATTER_S + 1, Effect.RETURN, State.RAISED),
    ):
        model = run([(1, "taser.armed")])
        assert model.open is not None
        model.open, _ = acknowledged(model.open, By("p", "P"), NOW)
        model.signal(2, "taser.armed", NOW + later)
        assert (model.effects[-1], model.open.state) == (effect, state)


def test_an_alert_needs_somebody_since_it_was_raised_raised_again_or_became_graver() -> None:
    model = run([(1, "taser.drawn")])
    assert model.open is not None
    model.open, _ = acknowledged(model.open, By("p", "P"), NOW + 5)
    since = [model.open.needs_since]
    for seq, (kind, at) in enumerate(
        (
            ("taser.drawn", NOW + 10),
            ("taser.drawn", NOW + 1200),
            ("taser.drawn", NOW + 1201),
            ("taser.armed", NOW + 1300),
        ),
        start=2,
    ):
        model.signal(seq, kind, at)
        since.append(model.open.needs_since)
    assert since == [NOW, NOW, NOW + 1200, NOW + 1200, NOW + 1300]
    assert model.open.raised_at == NOW


def test_a_contact_that_bounces_does_not_put_off_what_nobody_has_acknowledged() -> None:
    model = run([(1, "taser.armed")])
    for seq in range(2, 42, 2):
        model.signal(seq, "taser.safe", NOW + seq)
        model.signal(seq + 1, "taser.armed", NOW + seq + 1)
    assert model.open is not None
    assert (model.effects[-1], model.open.needs_since) == (Effect.RETURN, NOW)
    model.signal(42, "taser.safe", NOW + 42)
    model.signal(43, "taser.armed", NOW + 41 + BOUNCE_S)
    assert model.open.needs_since == NOW + 41 + BOUNCE_S


def test_cleared_stays_in_the_tray_until_a_person_has_seen_it() -> None:
    model = run([(1, "taser.armed"), (2, "taser.safe")])
    assert model.open is not None
    assert model.open.state is State.CLEARED
    model.open, _ = acknowledged(model.open, By("p", "P"), NOW)
    assert model.open.cleared_at is not None
    model.signal(3, "taser.armed")
    assert (model.effects[-1], model.open.state) == (Effect.RETURN, State.RAISED)
    assert [alert.cleared_at for alert in (model.open,)] == [None]


def test_a_clear_that_overtook_its_alert_is_not_forgotten() -> None:
    model = run([(2, "taser.safe"), (1, "taser.armed")])
    assert model.open is not None
    assert model.open.state is State.CLEARED


class AlertMachine(RuleBasedStateMachine):
    """People and a camera at once: the law holds, nothing graver than acknowledged is ever silent."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.next_seq = 1
        self.sent: list[tuple[int, str]] = []
        self.at = NOW
        self.raised_since_close: list[str] = []

    @rule(kind=st.sampled_from(TASER), passed=st.sampled_from([0.0, 1.0, 61.0]))
    def signal(self, kind: str, passed: float) -> None:
        self.at += passed
        self.sent.append((self.next_seq, kind))
        self.model.signal(self.next_seq, kind, self.at)
        if kind != "taser.safe":
            self.raised_since_close.append(kind)
        self.next_seq += 1

    @precondition(lambda self: bool(self.sent))
    @rule(chosen=st.data())
    def resend(self, chosen: st.DataObject) -> None:
        before = self.model.open
        self.model.signal(*chosen.draw(st.sampled_from(self.sent)), self.at)
        assert self.model.open == before

    @precondition(lambda self: self.model.open is not None and self.model.open.state is not State.ACKNOWLEDGED)
    @rule()
    def acknowledge(self) -> None:
        assert self.model.open is not None
        self.model.open, _ = acknowledged(self.model.open, By("p", "P"), self.at)

    @precondition(lambda self: self.model.open is not None)
    @rule(how=st.sampled_from([Happening.RESOLVE, Happening.FALSE]))
    def close(self, how: Happening) -> None:
        assert self.model.open is not None
        ended, _ = closed(self.model.open, how, By("p", "P"), self.at)
        assert not ended.open
        self.model.open = None
        self.raised_since_close.clear()

    @invariant()
    def an_alert_counts_what_was_raised_of_its_kind(self) -> None:
        if self.model.open:
            assert self.model.open.count == self.raised_since_close.count(self.model.open.kind)

    @invariant()
    def an_open_alert_obeys_the_law(self) -> None:
        alert = self.model.open
        assert (alert is not None) == bool(self.raised_since_close)
        if alert is None:
            return
        assert alert.open
        assert (alert.acknowledged_by is not None) == (alert.state is State.ACKNOWLEDGED)
        if alert.state is State.CLEARED:
            assert alert.cleared_at is not None
        assert any(state is alert.state for state, _ in NEXT)


TestAlertMachine = AlertMachine.TestCase
TestAlertMachine.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


def test_the_alert_remembers_where_it_was_raised() -> None:
    alert = run([(1, "taser.armed")]).open
    assert alert is not None
    assert (alert.call_sign, alert.place, alert.lat) == ("Tango 21", "Quay Street", 51.0)
    moved = replace(alert, count=2)
    assert moved.place == "Quay Street"
