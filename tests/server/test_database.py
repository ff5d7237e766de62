"""Transactions, migrations and the journal's numbers, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from server.clock import HandClock
from server.database import Database, metadata
from server.errors import StartError
from server.journal.entry import EntryKind
from server.journal.store import Journal


async def test_the_migrations_make_what_the_stores_declare(database: Database) -> None:
    import server.app  # noqa: F401  (declares every store's tables)

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    async with database.reading() as connection:
        assert await connection.run_sync(differences) == []


async def test_migrating_twice_changes_nothing(database: Database) -> None:
    await database.migrate()
    assert await Journal(database, HandClock()).last_seq() == 0


async def test_numbers_follow_commit_order_and_a_rollback_leaves_no_gap(database: Database) -> None:
    journal = Journal(database, HandClock())

    async def write(number: int) -> None:
        async with database.transaction() as tx:
            await journal.append(tx, EntryKind.ACTIVITY, {"number": number})
            if number % 3 == 0:
                raise LookupError("roll back")

    results = await asyncio.gather(*(write(n) for n in range(30)), return_exceptions=True)
    assert sum(isinstance(result, LookupError) for result in results) == 10
    entries = await journal.after(0)
    assert [entry.seq for entry in entries] == list(range(1, 21))
    assert await journal.last_seq() == 20


async def test_a_reader_that_has_seen_n_has_seen_everything_up_to_n(database: Database) -> None:
    journal = Journal(database, HandClock())
    writers_done = asyncio.Event()
    seen: list[int] = []

    async def read() -> None:
        last = 0
        while True:
            done = writers_done.is_set()
            for entry in await journal.after(last, limit=7):
                seen.append(entry.seq)
                last = entry.seq
            if done and last == await journal.last_seq():
                return

    async def write() -> None:
        for _ in range(10):
            async with database.transaction() as tx:
                await journal.append(tx, EntryKind.ALERT, {})
                await asyncio.sleep(0)

    reader = asyncio.create_task(read())
    await asyncio.gather(*(write() for _ in range(4)))
    writers_done.set()
    await reader
    assert seen == list(range(1, 41))


async def test_the_newest_of_a_kind_come_oldest_first(database: Database) -> None:
    journal = Journal(database, HandClock())
    for number in range(6):
        async with database.transaction() as tx:
            kind = EntryKind.ALERT if number % 2 else EntryKind.ADVICE
            await journal.append(tx, kind, {"number": number})
    newest = await journal.newest(EntryKind.ALERT, limit=2)
    assert [entry.body["number"] for entry in newest] == [3, 5]


async def test_a_database_that_cannot_be_opened_is_told_in_one_sentence(tmp_path: Path) -> None:
    database = Database(str(tmp_path / "no" / "such" / "folder" / "x.db"))
    with pytest.raises(StartError, match="cannot be opened"):
        await database.migrate()
    assert not await database.answers()
    await database.close()


async def test_sqlite_writes_ahead_and_syncs_fully(tmp_path: Path) -> None:
    database = Database(str(tmp_path / "x.db"))
    await database.migrate()
    async with database.reading() as connection:
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar_one() == "wal"
        assert (await connection.execute(text("PRAGMA synchronous"))).scalar_one() == 2
    await database.close()
