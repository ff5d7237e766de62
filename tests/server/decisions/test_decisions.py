"""Decisions with what stood on the screen, on a real database: with the step or not at all, once, and for good."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.advice.actions import Advising
from server.advice.store import AdviceStore
from server.alerts.actions import Alerts
from server.alerts.alert import By, Happening
from server.alerts.catalogue import Catalogue
from server.alerts.store import AlertStore
from server.audit.actions import Audit
from server.audit.audit_entry import Actor, ChainWalk, Note, Subject, What
from server.audit.store import AuditStore
from server.bus import LocalBus
from server.clock import HandClock
from server.database import Along, Among, Database, alone
from server.decisions.actions import Decisions, Keep
from server.decisions.decision import Decision, digest
from server.decisions.store import DecisionStore
from server.errors import BadRequest, Conflict, NotFound, Unavailable
from server.journal.store import Journal
from server.wire import Signal
from tests.server.decisions.test_command_view import view

ANNA, BEN = By("p1", "Anna"), By("p2", "Ben")
NOW = 1_800_000_000.0
EVERYBODY = Among(frozenset(), others=True)


class Room:
    """Alerts and advice on a database, whose decisions are kept."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = HandClock(NOW)
        journal, bus = Journal(database, self.clock), LocalBus()
        alerts = AlertStore(database, journal)
        self.store = DecisionStore(database)
        self.decisions = Decisions(self.store, self.call_sign, alerts.names_of)
        self.audit = Audit(AuditStore(database), self.clock)
        self.alerts = Alerts(
            alerts,
            bus,
            self.clock,
            Catalogue.load({}),
            bearer=self._bearer,
            locate=lambda _device_id: None,
            place=lambda _lat, _lon: None,
            ring=self._ring,
        )
        self.advising = Advising(
            AdviceStore(database, journal), bus, self.clock, call_sign=self.call_sign, ring=self._ring
        )

    async def call_sign(self, device_id: str) -> str:
        if not device_id.startswith("et"):
            raise NotFound(f"there is no unit {device_id!r}")
        return device_id[:4].upper()

    async def _bearer(self, device_id: str) -> tuple[str, None]:
        return device_id[:4].upper(), None

    async def _ring(self, _device_id: str) -> None:
        return None

    async def raised(self, kind: Any = "taser.armed", device_id: str = "et17-cam", seq: int = 1) -> str:
        await self.alerts.receive_signal(device_id, "o", Signal(seq=seq, at=self.clock.wall(), kind=kind))
        return str(next(one["id"] for one in await self.alerts.standing() if one["device_id"] == device_id))

    def keep(self, told: object, by: By = ANNA, along: Any = lambda _decision: alone) -> Keep:
        return self.decisions.keeping(told, by.id, by.name, along)

    async def kept(self) -> list[Decision]:
        return await self.store.between(0, 4e9, 100, EVERYBODY)


@pytest.fixture
def room(database: Database) -> Room:
    return Room(database)


async def test_a_decision_keeps_its_view_with_names_as_they_were(room: Room) -> None:
    armed = await room.raised()
    unknown = {"tile": 2, "device_id": "gone-cam", "layer": None, "state": "offline", "age_s": None}
    told = view(
        tiles=[*view()["tiles"], unknown],
        alerts=[{"id": armed, "priority": 1, "since": NOW}, {"id": "long-gone", "priority": 3, "since": NOW - 9}],
    )
    room.clock.move(3)
    shown = await room.alerts.act(armed, Happening.ACKNOWLEDGE, ANNA, keep=room.keep(told))
    (one,) = await room.kept()
    assert (one.step.what, one.step.of_kind, one.step.of_id, one.step.device_id) == (
        "acknowledged",
        "alert",
        armed,
        "et17-cam",
    )
    assert one.step.at == shown["steps"][-1]["at"] == NOW + 3
    assert (one.by_id, one.by_name, one.call_sign) == ("p1", "Anna", "ET17")
    assert one.view == {
        **told,
        "tiles": [{**told["tiles"][0], "call_sign": "ET17"}, {**unknown, "call_sign": None}],
        "alerts": [
            {**told["alerts"][0], "title": "TASER armed", "call_sign": "ET17", "device_id": "et17-cam"},
            {**told["alerts"][1], "title": None, "call_sign": None, "device_id": None},
        ],
    }


async def test_each_kind_of_decision_is_kept_and_a_screen_that_told_nothing_is_told_as_such(room: Room) -> None:
    one, other = await room.raised(), await room.raised("watch.requested", "et22-cam")
    for alert_id, happening in ((one, Happening.ACKNOWLEDGE), (one, Happening.RESOLVE), (other, Happening.FALSE)):
        room.clock.move(1)
        await room.alerts.act(alert_id, happening, ANNA, keep=room.keep(None))
    room.clock.move(1)
    await room.advising.send("et17-cam", "Hold", "client-0001", "p1", "Anna", room.keep(view()))
    kept = [(decision.step.what, decision.view is None) for decision in await room.kept()]
    assert kept == [("acknowledged", True), ("resolved", True), ("false", True), ("advised", False)]
    ours = await room.store.between(NOW, NOW + 60, 10, Among(frozenset({"et22-cam"})))
    assert [decision.step.of_id for decision in ours] == [other]


async def test_who_was_too_late_keeps_nothing_and_who_asks_again_keeps_the_first(room: Room) -> None:
    armed = await room.raised()
    await room.alerts.act(armed, Happening.ACKNOWLEDGE, ANNA, keep=room.keep(view(at=NOW)))
    with pytest.raises(Conflict):
        await room.alerts.act(armed, Happening.ACKNOWLEDGE, BEN, keep=room.keep(view(at=NOW + 1), BEN))
    await room.alerts.act(armed, Happening.ACKNOWLEDGE, ANNA, keep=room.keep(view(at=NOW + 2)))
    for at in (NOW + 3, NOW + 4):
        room.clock.move(1)
        await room.advising.send("et17-cam", "Hold", "client-0001", "p1", "Anna", room.keep(view(at=at)))
    assert [one.view and one.view["at"] for one in await room.kept()] == [NOW, NOW + 3]


async def test_a_bad_view_decides_nothing_and_the_same_without_it_does(room: Room) -> None:
    armed = await room.raised()
    with pytest.raises(BadRequest, match=r"view\.page"):
        await room.alerts.act(armed, Happening.ACKNOWLEDGE, ANNA, keep=room.keep(view(page="laptop")))
    assert (await room.alerts.one(armed))["state"] == "raised"
    await room.alerts.act(armed, Happening.ACKNOWLEDGE, ANNA, keep=room.keep(None))
    assert (await room.alerts.one(armed))["state"] == "acknowledged"


async def test_step_view_and_audit_are_one_commit(room: Room) -> None:
    armed = await room.raised()

    def failing(_decision: Decision) -> Along:
        async def write(_tx: AsyncConnection) -> None:
            raise Unavailable("the audit cannot be written")

        return write

    with pytest.raises(Unavailable):
        await room.alerts.act(armed, Happening.ACKNOWLEDGE, ANNA, keep=room.keep(view(), along=failing))
    assert (await room.alerts.one(armed))["state"] == "raised"
    assert await room.kept() == []

    def noted(decision: Decision) -> Along:
        about = Subject("alert", decision.step.of_id, decision.call_sign or "")
        return room.audit.within(
            Note(What.DECIDE_ALERT, Actor("person", "p1", "Anna"), about, detail=decision.audited())
        )

    await room.alerts.act(armed, Happening.ACKNOWLEDGE, ANNA, keep=room.keep(view(), along=noted))
    (row,) = await room.audit.between([What.DECIDE_ALERT], [armed], 0, 4e9, 10)
    (one,) = await room.kept()
    assert one.view is not None
    assert row.detail == {
        "step": "acknowledged",
        "decision": one.id,
        "view": "console",
        "tiles": 1,
        "alerts": 1,
        "sha256": digest(one.view),
    }
    assert ChainWalk().fault_in([row]) is None
    assert digest({**one.view, "at": one.view["at"] + 1e-3}) != row.detail["sha256"]


async def test_what_was_kept_is_never_changed_or_removed(room: Room, database: Database) -> None:
    armed = await room.raised()
    await room.alerts.act(armed, Happening.ACKNOWLEDGE, ANNA, keep=room.keep(view()))
    statements = ["UPDATE decision SET by_name = 'Ben'", "UPDATE decision SET view = NULL", "DELETE FROM decision"]
    statements += (
        ["INSERT OR REPLACE INTO decision SELECT * FROM decision"] if database.is_sqlite else ["TRUNCATE decision"]
    )
    for statement in statements:
        with pytest.raises(DBAPIError, match="never"):
            async with database.transaction() as tx:
                await tx.execute(sa.text(statement))
    assert [one.by_name for one in await room.kept()] == ["Anna"]
