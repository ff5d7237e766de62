"""What the deletion goes by over restarts: edits of the table, a clock that leapt, and how much goes at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from server.audit.actions import Audit
from server.audit.asked import Asked
from server.audit.store import AuditStore
from server.clock import HandClock
from server.database import Database
from server.recording import deletion_actions
from server.recording.deletion_actions import Deletion, Shelf, keeping
from server.recording.due_time import DueTime
from server.recording.library import Library
from server.recording.marks import Marks
from server.recording.removal import Removal
from server.recording.retention import DAY_S, GRACE_DAYS, RetentionTable
from server.recording.retention_actions import Retention
from server.recording.rules_actions import Rules
from server.recording.rules_store import RulesStore, rules_table
from server.recording.store import RecordingState, RecordingStore
from server.recording.turn_store import Turns
from server.recording.upkeep import Upkeep
from tests.server.recording.test_retention_store import NOW, a_recording


@dataclass
class House:
    """One database; each `started` is a process of its own, on its own table."""

    data: Path
    database: Database
    audit: Audit
    clock: HandClock = field(default_factory=lambda: HandClock(NOW))
    newest: float | None = None

    async def started(self, **changes: dict[str, Any]) -> tuple[Retention, Deletion]:
        library = Library(self.data / "recordings")
        shelf = Shelf(Upkeep(self.data, library, self.clock).place, library, Removal(self.data / "recordings"))
        (self.data / "recordings").mkdir(exist_ok=True)
        retention, deletion, rules = keeping(self.database, changes, shelf, self.clock, self.audit, self.newest_at)
        await rules.start()
        return retention, deletion

    async def rules(self) -> Rules:
        """Of one more process."""
        table = RetentionTable.load({})
        turns = Turns(self.database)
        made = Rules(RulesStore(self.database), turns, table, self.clock, self.newest_at, self.audit.within)
        await made.start()
        return made

    async def newest_at(self) -> float | None:
        return self.newest

    async def rows(self, what: str) -> list[dict[str, Any]]:
        await self.audit.flush()
        found: list[dict[str, Any]] = (await self.audit.page(Asked(what=what, limit=200)))["rows"]
        return found

    async def leave(self, count: int, days_ago: float) -> None:
        """Recordings of which nothing came to disk: to delete one is to bury its row."""
        place = Upkeep(self.data, Library(self.data / "recordings"), self.clock).place()
        for number in range(count):
            one = a_recording(number, days_ago, place=place, segments=0, bytes=0)
            await RecordingStore(self.database).keep(one)

    async def left(self) -> int:
        rows = await RecordingStore(self.database).at(
            Upkeep(self.data, Library(self.data / "recordings"), self.clock).place()
        )
        return sum(row.state is not RecordingState.DELETED for row in rows)


@pytest.fixture
async def house(migrated_sqlite: str, tmp_path: Path) -> AsyncIterator[House]:
    database = Database(migrated_sqlite)
    async with Audit(AuditStore(database), HandClock(NOW)) as audit:
        yield House(tmp_path, database, audit)
    await database.close()


async def test_a_shorter_table_counts_a_week_after_it_was_first_in_force_over_restarts(house: House) -> None:
    await house.started()
    ended = NOW - 20 * DAY_S
    for day in (0, 1, 6):  # it is restarted, and the edit is no newer for that
        house.clock.move(NOW + day * DAY_S - house.clock.wall())
        retention, _ = await house.started(untagged={"days": 3})
        assert retention.table.judge(ended, Marks(), house.clock.wall()).delete_at == NOW + GRACE_DAYS * DAY_S
    (row,) = await house.rows("change.retention-table")
    assert row["detail"] == {"untagged": [[30, None, 0], [3, None, 0]]}
    house.clock.move(30 * DAY_S)
    retention, _ = await house.started(untagged={"days": 3})
    assert len(await house.rows("change.retention-table")) == 1


async def test_an_edit_of_the_table_deletes_nothing_that_was_not_in_the_list_for_a_week(house: House) -> None:
    await house.started()
    await house.leave(3, 20)
    retention, deletion = await house.started(untagged={"days": 3})
    await deletion.run()
    assert await house.left() == 3
    coming = await retention.upcoming(8)
    assert coming["rules"] == [{"rule": "untagged", "deletions": 3, "bytes": 0}]
    assert {one["delete_at"] for one in coming["deletions"]} == {NOW + GRACE_DAYS * DAY_S}
    house.clock.move(GRACE_DAYS * DAY_S)
    await deletion.run()
    assert await house.left() == 0


async def test_a_clock_that_is_years_ahead_deletes_nothing_and_the_page_says_why(house: House) -> None:
    await house.leave(3, 5)
    house.newest = NOW
    house.clock = HandClock(NOW + 900 * DAY_S)
    retention, deletion = await house.started()
    await deletion.run()
    assert await house.left() == 3
    held_back = (await retention.upcoming(7))["held_back"]
    assert held_back.startswith("the server's clock is 900 days ahead")
    assert held_back.endswith("only what was due by 15 Jan 2027 08:00 UTC is deleted")
    _, deletion = await house.started()  # a restart makes it no better known
    house.clock.move(DAY_S)
    await deletion.run()
    assert await house.left() == 3
    house.clock = HandClock(NOW + 2 * DAY_S)  # somebody put it right
    retention, deletion = await house.started()
    assert (await retention.upcoming(7))["held_back"] == ""
    house.clock.move(24 * DAY_S)
    await deletion.run()
    assert await house.left() == 0


async def test_of_two_processes_that_start_at_once_one_keeps_the_time(database: Database) -> None:
    store = RulesStore(database)
    kept = await asyncio.gather(*(store.keep_due_time(None, DueTime(NOW + n)) for n in range(4)))
    due = await store.due_time()
    assert sorted(kept) == [False, False, False, True]
    assert due is not None and kept[int(due.trusted - NOW)]


async def test_a_time_is_kept_only_over_the_one_that_it_was_counted_from(database: Database) -> None:
    """Two that have counted the same hour must not count it twice."""
    store = RulesStore(database)
    first = DueTime(NOW, 10.0)
    assert await store.keep_due_time(None, first)
    assert await store.keep_due_time(first, DueTime(NOW + 3600, 3610.0))
    assert not await store.keep_due_time(first, DueTime(NOW + 3601, 3611.0))
    assert await store.due_time() == DueTime(NOW + 3600, 3610.0)


async def test_an_hour_that_two_processes_run_is_one_hour(house: House) -> None:
    """Each looks every hour, half an hour after the other; a clock that leapt is believed after a week and not after half."""
    house.newest = NOW
    house.clock = HandClock(NOW + 900 * DAY_S)
    first, second = await house.rules(), await house.rules()
    store = RulesStore(house.database)
    for _ in range(48):
        for one in (first, second):
            house.clock.move(1800.0)
            await one.due_at()
    due = await store.due_time()
    assert due is not None and due.ran_s == pytest.approx(2 * DAY_S, abs=3600)
    for _ in range(24):  # the first one is gone: the other goes on
        house.clock.move(3600.0)
        await second.due_at()
    due = await store.due_time()
    assert due is not None and due.ran_s == pytest.approx(3 * DAY_S, abs=2 * 3600)


async def test_an_older_table_that_is_refused_stops_no_start_and_deletes_nothing_for_a_week(house: House) -> None:
    """As one that a version with stricter rules meets."""
    await house.started()
    await house.leave(3, 40)
    async with house.database.transaction() as tx:
        await tx.execute(sa.update(rules_table).values(categories=[{"name": "Not A Name", "title": "?", "days": 1}]))
    rules = await house.rules()
    (doubt,) = rules.doubts
    assert "retention.Not A Name" in doubt and "nothing is deleted before" in doubt
    _, deletion = await house.started()
    await deletion.run()
    assert await house.left() == 3
    house.clock.move(GRACE_DAYS * DAY_S + 1)
    await deletion.run()
    assert await house.left() == 0
    assert (await house.rules()).doubts == []


async def test_of_what_is_due_only_so_much_goes_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion_actions, "MOST_A_RUN", 4)
    await house.leave(10, 40)
    _, deletion = await house.started()
    left = []
    for _ in range(4):
        await deletion.run()
        left.append(await house.left())
    assert left == [6, 2, 0, 0]
