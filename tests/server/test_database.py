"""Transactions, migrations and the journal's numbers, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from server.clock import HandClock
from server.database import MIGRATIONS, Database, metadata, newest_revision
from server.errors import StartError, Unavailable
from server.journal.entry import EntryKind
from server.journal.store import Journal
from tests.local_servers import LocalPostgres
from tests.source import ROOT


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


async def test_what_the_journal_held_before_is_found_by_what_it_is_about(database_url: str) -> None:
    older = {"alert": {"id": "a1", "device_id": "c1"}, "activity": {"device_id": "c1"}, "unit": {"device_id": "c1"}}
    database = Database(database_url)
    try:
        async with database._engine.connect() as connection:
            await connection.run_sync(_upgraded, "0019")
            rows = [{"seq": n, "kind": k, "body": json.dumps(b)} for n, (k, b) in enumerate(older.items(), 1)]
            insert = "INSERT INTO journal (seq, at, kind, body) VALUES (:seq, 1.0, :kind, :body)"
            await connection.execute(text(insert), rows)
            await connection.commit()
        await database.migrate()
        journal = Journal(database, HandClock())
        assert [one.seq for one in await journal.states(["a1"], 0.0, 2.0, 9)] == [1]
        assert [one.seq for one in await journal.states(["c1"], 0.0, 2.0, 9)] == [2]
    finally:
        await database.close()


def _upgraded(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def test_the_newest_migration_is_told_without_alembic_as_with_it() -> None:
    assert newest_revision() == ScriptDirectory(str(MIGRATIONS)).get_current_head()


def test_an_older_schema_is_brought_up_and_the_newest_is_opened_without_alembic(tmp_path: Path) -> None:
    older, path = Config(), str(tmp_path / "x.db")
    older.set_main_option("script_location", str(MIGRATIONS))
    with create_engine(f"sqlite:///{path}").begin() as connection:
        older.attributes["connection"] = connection
        command.upgrade(older, "0001")
    assert [opened_by_a_process_that_loads_alembic(path) for _ in range(2)] == [True, False]


def opened_by_a_process_that_loads_alembic(path: str) -> bool:
    work = (
        "import asyncio, sys; from server.database import Database; "
        "asyncio.run(Database(sys.argv[1]).migrate()); print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", work, path], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip() == "True"


async def test_several_processes_may_start_at_once_on_an_empty_database(postgres_url: str) -> None:
    processes = [Database(postgres_url) for _ in range(3)]
    try:
        await asyncio.gather(*(process.migrate() for process in processes))
        assert await Journal(processes[0], HandClock()).last_seq() == 0
    finally:
        for process in processes:
            await process.close()


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
    for thread in threading.enumerate():  # aiosqlite's, of connections that were none: they still answer this loop
        if thread is not threading.main_thread() and "_connection_worker" in thread.name:
            await asyncio.to_thread(thread.join, 60)


async def test_sqlite_writes_ahead_and_syncs_fully(tmp_path: Path) -> None:
    database = Database(str(tmp_path / "x.db"))
    await database.migrate()
    async with database.reading() as connection:
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar_one() == "wal"
        assert (await connection.execute(text("PRAGMA synchronous"))).scalar_one() == 2
    await database.close()


@pytest.mark.parametrize("url", ["nosuch://host/x", "postgresql+nodriver://host/x", "postgresql://host:port/x"])
def test_a_url_that_names_no_database_is_told_in_one_sentence(url: str) -> None:
    with pytest.raises(StartError, match="expected postgresql"):
        Database(url)


async def test_a_postgresql_without_this_database_is_told_in_one_sentence(postgres_url: str) -> None:
    database = Database(postgres_url + "_not")
    with pytest.raises(StartError, match="cannot be opened"):
        await database.migrate()
    await database.close()


async def test_a_postgresql_that_is_away_is_unavailable_and_no_defect(
    postgres_cluster: LocalPostgres, postgres_url: str
) -> None:
    """A caller that took it for a defect would set alerts aside as poison."""
    database = Database(postgres_url)
    await database.migrate()
    journal = Journal(database, HandClock())
    postgres_cluster.kill()
    try:
        for _ in range(2):  # the first finds a dead connection, the second cannot make one
            with pytest.raises(Unavailable):
                async with database.transaction() as tx:
                    await journal.append(tx, EntryKind.ALERT, {})
            with pytest.raises(Unavailable):
                await journal.last_seq()
        assert not await database.answers()
    finally:
        postgres_cluster.start()
    async with database.transaction() as tx:
        assert await journal.append(tx, EntryKind.ALERT, {}) == 1
    await database.close()
