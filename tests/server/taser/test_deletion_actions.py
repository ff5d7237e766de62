"""A weapon's log goes when what was recorded then has gone, and not before its own time is over; its tombstone stays."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from server.alerts.store import AlertStore
from server.audit.actions import Audit
from server.audit.asked import Asked
from server.audit.audit_entry import Note
from server.audit.store import AuditStore
from server.clock import HandClock
from server.database import Along, Database, alone
from server.errors import NotFound, Unavailable
from server.journal.store import Journal
from server.recording.marks import By
from server.recording.retention import DAY_S, RetentionTable
from server.taser.actions import Offered, TaserLogs
from server.taser.deletion_actions import LogDeletion
from server.taser.store import TaserStore
from tests.server.taser.logs import ARMED_AT, SAFE_AT, X2

BROUGHT_IN = SAFE_AT + 3600


async def _bearer(_device_id: str, _start: float, _end: float) -> tuple[str, None]:
    return "ET17", None


class Shelf:
    """One log; whether its camera's recordings of that time are still there; and the job."""

    def __init__(self, database: Database) -> None:
        self.clock = HandClock(BROUGHT_IN)
        self.store = TaserStore(database)
        self.audit = Audit(AuditStore(database), self.clock)
        signals = AlertStore(database, Journal(database, self.clock)).signals
        self.logs = TaserLogs(self.store, _bearer, signals, self.clock)
        self.is_recorded = False
        self.audit_fails = False
        self.asked: list[tuple[str, float, float]] = []
        self.job = LogDeletion(
            self.store, RetentionTable.load({}), self._recorded, self._within, self.logs.forget, self.clock
        )
        self.log_id = ""

    async def bring(self) -> None:
        offered = Offered("et17-cam", ARMED_AT - 60, SAFE_AT + 60, "X2.csv", "complaint C/412")
        kept = await self.logs.bring_in(offered, X2.encode(), By("webb", "Webb"), lambda _: alone)
        await self.logs.set_offset(kept["id"], 2.0, "compared", By("webb", "Webb"), alone)
        self.log_id = kept["id"]

    async def _recorded(self, device_id: str, start: float, end: float) -> bool:
        self.asked.append((device_id, start, end))
        return self.is_recorded

    def _within(self, *notes: Note) -> Along:
        write = self.audit.within(*notes)

        async def fail(_tx: AsyncConnection) -> None:
            raise Unavailable("the audit cannot be written")

        return fail if self.audit_fails else write

    async def on_day(self, day: float) -> bool:
        """Whether it is still there after the job of that day, from when it was brought in."""
        await self.job.run(BROUGHT_IN + day * DAY_S)
        return bool(await self.store.brought_in_before(4e9))


@pytest.fixture
async def shelf(database: Database) -> AsyncIterator[Shelf]:
    made = Shelf(database)
    await made.bring()
    yield made


async def test_it_goes_a_month_after_it_was_brought_in_and_leaves_a_tombstone(shelf: Shelf) -> None:
    assert await shelf.on_day(29.9)
    assert not await shelf.on_day(30.1)
    tombstone = await shelf.store.tombstone(shelf.log_id)
    assert tombstone is not None and (tombstone.call_sign, tombstone.rule) == ("ET17", "untagged")
    (row,) = (await shelf.audit.page(Asked(what="delete", limit=9)))["rows"]
    assert (row["what"], row["subject"]["id"]) == ("delete.taser-log", shelf.log_id)
    assert row["detail"]["sha256"] == tombstone.sha256
    with pytest.raises(NotFound, match="is deleted"):
        await shelf.logs.one(shelf.log_id)
    assert await shelf.store.settings([shelf.log_id]) == {shelf.log_id: []}
    assert await shelf.logs.between(ARMED_AT - 60, SAFE_AT + 60) == []


async def test_it_stays_as_long_as_anything_that_its_camera_recorded_then(shelf: Shelf) -> None:
    shelf.is_recorded = True
    assert await shelf.on_day(400)
    assert shelf.asked == [("et17-cam", ARMED_AT - 60, SAFE_AT + 60)]
    shelf.is_recorded = False
    assert not await shelf.on_day(401)


async def test_without_its_row_in_the_audit_it_stays(shelf: Shelf) -> None:
    shelf.audit_fails = True
    with pytest.raises(Unavailable):
        await shelf.on_day(31)
    assert await shelf.store.tombstone(shelf.log_id) is None
    shelf.audit_fails = False
    assert not await shelf.on_day(31)
    assert not await shelf.on_day(32)
