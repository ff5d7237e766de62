"""The simulated colleague: an untouched demo comes to rest by itself, and a person's hand is never crossed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import wire
from server.advice.actions import Advising
from server.advice.store import AdviceStore
from server.alerts.actions import Alerts
from server.alerts.alert import By, Happening
from server.alerts.catalogue import Catalogue
from server.alerts.store import AlertStore
from server.bus import LocalBus
from server.clock import HandClock
from server.database import Database
from server.demo.colleague import Deed, Desk, due
from server.demo.play import BUILT_IN
from server.journal import Journal
from streamer.scenario import Colleague, parse
from streamer.scenario_timeline import Timeline

NOW = 1_800_000_000.0
NIGHT = parse(BUILT_IN.read_text())
assert NIGHT.colleague is not None
PLAN: Colleague = NIGHT.colleague
MOSS, ACHEBE = By("moss", PLAN.name), By("achebe", "Insp. Achebe")
SIGNALS: dict[str, Any] = {
    "watch_me": "watch.requested",
    "watch_cancel": "watch.cancelled",
    "emergency": "emergency.pressed",
    "battery": "battery.low",
    **{kind: kind for kind in ("taser.drawn", "taser.armed", "taser.trigger", "taser.arc", "taser.safe")},
}


@dataclass
class Room:
    """Alerts and advice on a database; the scenario is played by hand, second by second."""

    database: Database
    clock: HandClock = field(default_factory=lambda: HandClock(NOW))
    seq: int = 0

    def __post_init__(self) -> None:
        bus, journal = LocalBus(), Journal(self.database, self.clock)
        self.alerts = Alerts(
            AlertStore(self.database, journal),
            bus,
            self.clock,
            Catalogue.load({}),
            bearer=self._bearer,
            locate=lambda _device: None,
            place=lambda _lat, _lon: None,
            ring=self._ring,
        )
        self.advising = Advising(
            AdviceStore(self.database, journal), bus, self.clock, call_sign=self._call_sign, ring=self._ring
        )
        self.desk = Desk(PLAN, MOSS, self.alerts, self.advising, self.clock)

    async def _bearer(self, device_id: str) -> tuple[str, dict[str, str] | None]:
        return device_id, None

    async def _call_sign(self, device_id: str) -> str:
        return device_id

    async def _ring(self, device_id: str) -> None:
        pass

    @property
    def at(self) -> float:
        """Scenario time, seconds."""
        return self.clock.wall() - NOW

    async def play(self, until: float) -> None:
        timeline = Timeline.of(NIGHT)
        while self.at < until:
            for inject in timeline.between(self.at, self.at + 1.0):
                if inject.do in SIGNALS:
                    self.seq += 1
                    signal = wire.Signal(seq=self.seq, at=self.clock.wall(), kind=SIGNALS[inject.do])
                    await self.alerts.receive_signal(inject.unit, "outbox-1", signal)
            self.clock.move(1.0)
            await self.desk.look()

    async def open(self) -> list[dict[str, Any]]:
        return [alert for alert in await self.alerts.standing() if alert["closed_at"] is None]

    async def alert(self, kind: str) -> dict[str, Any]:
        (found,) = [alert for alert in await self.alerts.standing() if alert["kind"] == kind]
        return found


@pytest.fixture
async def room(database: Database) -> AsyncIterator[Room]:
    yield Room(database)


async def test_a_demo_that_nobody_touches_is_calm_again_before_its_second_minute(room: Room) -> None:
    await room.play(44)
    assert (await room.alert("taser.armed"))["acknowledged_by"] is None  # raised, and to be seen as such
    await room.play(50)
    taser = await room.alert("taser.armed")
    assert (taser["acknowledged_by"], taser["acknowledged_at"] - taser["needs_since"]) == (MOSS.as_json(), 25.0)
    await room.play(60)
    (said,) = await room.advising.newest()
    assert (said["text"], said["call_sign"], said["author"]["name"]) == (PLAN.says, "ET17", "Moss (simulated)")
    await room.play(110)
    assert await room.open() == []
    assert [alert["state"] for alert in await room.alerts.standing()] == ["resolved", "resolved"]
    assert len(await room.advising.newest()) == 1


async def test_the_rounds_that_come_again_pile_up_nothing(room: Room) -> None:
    for ends_at in (230.0, 475.0, 715.0):
        await room.play(ends_at)
        assert await room.open() == [], ends_at


async def test_a_hand_on_the_console_sends_the_colleague_away_at_once(room: Room) -> None:
    await room.play(46)
    taser = await room.alert("taser.armed")
    assert taser["acknowledged_by"] == MOSS.as_json()
    await room.advising.send("ET17", "ET22 is beside you.", "client-0001", ACHEBE.id, ACHEBE.name)
    await room.play(46 + PLAN.away_s - 1)
    assert (await room.alert("taser.armed"))["state"] == "acknowledged"  # the person's to resolve, though long safe
    assert [item["author"]["name"] for item in await room.advising.newest()] == [ACHEBE.name]
    await room.play(46 + PLAN.away_s + 15)
    assert (await room.alert("taser.armed"))["closed_by"] == MOSS.as_json()  # the person has gone


async def test_that_a_console_shows_an_alert_is_no_act(room: Room) -> None:
    await room.play(22)
    await room.alerts.seen((await room.alert("taser.armed"))["id"], ACHEBE)
    await room.play(50)
    assert (await room.alert("taser.armed"))["acknowledged_by"] == MOSS.as_json()


async def test_somebody_who_is_quicker_wins(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    await room.play(22)
    taser = await room.alert("taser.armed")
    standing = await room.alerts.standing()
    await room.alerts.act(taser["id"], Happening.ACKNOWLEDGE, ACHEBE)
    room.clock.move(200.0)

    async def stale() -> list[dict[str, Any]]:
        return standing

    with monkeypatch.context() as late:
        late.setattr(room.alerts, "standing", stale)
        await room.desk.look()  # meant to acknowledge what has just been acknowledged
    assert (await room.alert("taser.armed"))["acknowledged_by"] == ACHEBE.as_json()


def shown(priority: int, needs_since: float, acts: list[tuple[float, str]], cleared_at: float | None) -> dict[str, Any]:
    taken = next(((at, by) for at, by in acts), None)
    return {
        "id": f"a{priority}",
        "device_id": "ET17",
        "priority": priority,
        "state": "raised" if taken is None else "acknowledged",
        "needs_since": needs_since,
        "acknowledged_by": taken and {"id": taken[1], "name": taken[1]},
        "acknowledged_at": taken and taken[0],
        "cleared_at": cleared_at,
        "steps": [{"action": "acknowledge", "at": at, "by": {"id": by, "name": by}} for at, by in acts],
    }


@given(
    st.lists(
        st.builds(
            shown,
            st.integers(1, 3),
            st.floats(0, 300),
            st.lists(st.tuples(st.floats(0, 300), st.sampled_from(["moss", "achebe"])), max_size=3),
            st.none() | st.floats(0, 300),
        ),
        max_size=4,
    ),
    st.floats(0, 1000),
)
def test_it_never_acts_beside_a_person_and_never_before_its_time(alerts: list[dict[str, Any]], now: float) -> None:
    act = due(PLAN, "moss", alerts, [], now)
    others = [step["at"] for alert in alerts for step in alert["steps"] if step["by"]["id"] == "achebe"]
    if any(now < at + PLAN.away_s for at in others):
        assert act is None
    if act is not None and act.deed is Deed.ACKNOWLEDGE:
        assert now >= act.alert["needs_since"] + PLAN.after_s
    if act is not None and act.deed is Deed.RESOLVE:
        assert act.alert["acknowledged_by"] is not None
