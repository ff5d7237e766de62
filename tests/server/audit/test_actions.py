"""The audit on real databases: in order, complete, unchangeable; and what was changed all the same is found."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from server.audit.actions import Audit
from server.audit.asked import Asked
from server.audit.audit_entry import Actor, Note, Subject, What
from server.audit.store import CHUNK, GROUP, AuditStore
from server.clock import HandClock
from server.database import Database
from server.errors import NotFound, Unavailable
from tests.local_servers import LocalPostgres

NOW = 1_800_000_000.0
HALE = Actor("person", "p1", "Insp. Hale", "inspector")
OSEI = Actor("person", "p2", "K. Osei", "control")
ET17, ET22 = Subject("device", "et17-3fa2c1", "ET17"), Subject("device", "et22-0a0b0c", "ET22")
VIEW = Note(What.VIEW_LIVE, HALE, ET17, "alert: TASER armed ET17", "10.0.0.7", "Firefox", {"layer": "main"})


def audit_on(database: Database, clock: HandClock | None = None) -> Audit:
    return Audit(AuditStore(database), clock or HandClock(NOW))


@pytest.fixture
async def audit(database: Database) -> AsyncIterator[Audit]:
    """Started, on SQLite and on PostgreSQL."""
    async with audit_on(database) as started:
        yield started


async def rows(audit: Audit, **asked: Any) -> list[dict[str, Any]]:
    """The newest first."""
    found: list[dict[str, Any]] = (await audit.page(Asked(**asked)))["rows"]
    return found


async def checked(audit: Audit, most: int = 20_000) -> dict[str, Any]:
    """The last answer of a check from the start to its end."""
    told = await audit.check(0, most)
    while not told["done"]:
        told = await audit.check(told["checked"], most)
    return told


async def behind_their_back(database: Database, *statements: str) -> None:
    """As somebody with the database's own tools would do it, who first takes the triggers away."""
    sqlite = ("DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete", "DROP TRIGGER audit_head_no_way_back")
    postgresql = ("ALTER TABLE audit DISABLE TRIGGER USER", "ALTER TABLE audit_head DISABLE TRIGGER USER")
    async with database.transaction() as tx:
        for statement in (*(sqlite if database.is_sqlite else postgresql), *statements):
            await tx.execute(text(statement))


async def test_a_row_says_who_what_when_why_and_from_where(audit: Audit) -> None:
    await audit.note(VIEW)
    (row,) = await rows(audit)
    assert row["seq"] == 1 and row["at"] == NOW and row["what"] == "view.live"
    assert row["actor"] == {"kind": "person", "id": "p1", "name": "Insp. Hale", "role": "inspector"}
    assert row["subject"] == {"kind": "device", "id": "et17-3fa2c1", "name": "ET17"}
    assert (row["why"], row["address"], row["agent"]) == ("alert: TASER armed ET17", "10.0.0.7", "Firefox")
    assert row["detail"] == {"layer": "main"} and row["previous"] == "00" * 32


async def test_many_at_once_stand_in_one_chain_without_a_hole(audit: Audit, database: Database) -> None:
    other = AuditStore(database)  # another process
    notes = [replace(VIEW, why=f"view {number}") for number in range(3 * GROUP)]
    theirs = [other.append([(NOW, replace(VIEW, actor=OSEI))]) for _ in range(10)]
    await asyncio.gather(*(audit.note(note) for note in notes), *theirs)
    for note in notes[:5]:
        audit.note_soon(note)
    await audit.flush()
    told = await checked(audit)
    assert (told["rows"], told["checked"], told["fault"], told["done"]) == (3 * GROUP + 15, 3 * GROUP + 15, None, True)
    mine = [row["why"] for row in reversed(await rows(audit, person="p1", limit=200))]
    assert sorted(mine[: 3 * GROUP]) == sorted(note.why for note in notes)


async def test_what_comes_together_is_committed_together(
    audit: Audit, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups: list[int] = []
    append = AuditStore.append

    async def counted(self: AuditStore, notes: Any) -> Any:
        groups.append(len(notes))
        return await append(self, notes)

    monkeypatch.setattr(AuditStore, "append", counted)
    await asyncio.gather(*(audit.note(VIEW) for _ in range(45)))
    assert sum(groups) == 45 and max(groups) == GROUP and len(groups) <= 4


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET why = 'nothing' WHERE seq = 1",
        "DELETE FROM audit",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET seq = 0",
        "UPDATE audit_head SET chain = 'x'",
    ],
)
async def test_the_database_refuses_to_change_or_remove_a_row(audit: Audit, database: Database, statement: str) -> None:
    await audit.note(VIEW)
    with pytest.raises(DBAPIError, match=r"never|only forward"):
        async with database.transaction() as tx:
            await tx.execute(text(statement))
    assert len(await rows(audit)) == 1 and (await checked(audit))["fault"] is None


async def test_sqlite_refuses_to_replace_a_row(tmp_path: Path) -> None:
    """REPLACE removes the row that stands there without asking the trigger on DELETE."""
    database = Database(str(tmp_path / "x.db"))
    await database.migrate()
    async with audit_on(database) as audit:
        await audit.note(VIEW)
        row = "SELECT seq, at, what, actor_kind, actor_id, 'X', actor_role, subject_kind, subject_id, subject_name"
        rest = "why, address, agent, detail, previous, chain FROM audit"
        with pytest.raises(DBAPIError, match="never replaced"):
            async with database.transaction() as tx:
                await tx.execute(text(f"INSERT OR REPLACE INTO audit {row}, {rest}"))
    await database.close()


@pytest.mark.parametrize(
    "statement", ["TRUNCATE audit", "TRUNCATE audit_head", "SET session_replication_role = replica; DELETE FROM audit"]
)
async def test_postgresql_refuses_to_empty_the_table(postgres_url: str, statement: str) -> None:
    database = Database(postgres_url)
    await database.migrate()
    async with audit_on(database) as audit:
        await audit.note(VIEW)
        with pytest.raises(DBAPIError, match="never changed or removed"):
            async with database.transaction() as tx:
                for one in statement.split("; "):
                    await tx.execute(text(one))
        assert len(await rows(audit)) == 1
    await database.close()


@pytest.mark.parametrize(
    ("statement", "seq", "said"),
    [
        ("UPDATE audit SET why = 'nothing' WHERE seq = 4", 4, "not what was written"),
        ("UPDATE audit SET at = at + 1 WHERE seq = 2", 2, "not what was written"),
        ('UPDATE audit SET detail = \'{"layer":"sub"}\' WHERE seq = 7', 7, "not what was written"),
        ("DELETE FROM audit WHERE seq = 5", 5, "the row is missing"),
        ("DELETE FROM audit WHERE seq > 7", 8, "the row is missing"),
        ("UPDATE audit_head SET seq = seq - 1", 10, "was not written by Watchroom"),
        ("UPDATE audit_head SET chain = previous FROM audit WHERE audit.seq = 10", 10, "written anew"),
    ],
)
async def test_what_is_changed_behind_the_triggers_is_found_and_named(
    audit: Audit, database: Database, statement: str, seq: int, said: str
) -> None:
    for number in range(10):
        await audit.note(replace(VIEW, why=f"view {number}"))
    await behind_their_back(database, statement)
    for most in (3, 20_000):
        fault = (await checked(audit, most))["fault"]
        assert fault["seq"] == seq and said in fault["why"]


async def test_a_long_chain_is_checked_and_exported_in_parts(audit: Audit, database: Database) -> None:
    many = 2 * CHUNK + 3
    await AuditStore(database).append([(NOW + number, VIEW) for number in range(many)])
    told = await audit.check(0, CHUNK)
    assert (told["checked"], told["done"]) == (CHUNK, False)
    assert (await checked(audit, CHUNK))["checked"] == many
    lines = "".join([part async for part in audit.export(Asked(), await audit.last())]).splitlines()
    assert [json.loads(line)["seq"] for line in lines] == list(range(1, many + 1))
    with pytest.raises(NotFound):
        await audit.check(many + 1)


async def test_rows_are_found_by_time_person_kind_subject_and_text(database: Database) -> None:
    clock = HandClock(NOW)
    async with audit_on(database, clock) as audit:
        for actor, subject, what, why in (
            (HALE, ET17, What.VIEW_LIVE, "alert: TASER armed"),
            (OSEI, ET22, What.VIEW_REPLAY, "100% review"),
            (OSEI, ET17, What.ACCESS_REFUSED, "not recording"),
            (HALE, ET22, What.CHANGE_CAMERA, ""),
        ):
            await audit.note(Note(what, actor, subject, why, "10.0.0.7", detail={"n": clock.wall() - NOW}))
            clock.move(10)

        async def seqs(**asked: Any) -> list[int]:
            return [row["seq"] for row in await rows(audit, **asked)]

        assert await seqs() == [4, 3, 2, 1]
        assert await seqs(since=NOW + 10, until=NOW + 30) == [3, 2]
        assert await seqs(person="p2") == [3, 2] and await seqs(person="hale") == [4, 1]
        assert (
            await seqs(what="view") == [2, 1] and await seqs(what="view.live") == [1] and await seqs(what="vie") == []
        )
        assert await seqs(subject="et17-3fa2c1") == [3, 1] and await seqs(subject="et22") == [4, 2]
        assert await seqs(text="taser") == [1] and await seqs(text="0%") == [2] and await seqs(text="30.0") == [4]
        assert await seqs(before=3, limit=1) == [2]
        page = await audit.page(Asked(limit=2))
        assert page["more"] is True and (await audit.page(Asked(before=2, limit=2)))["more"] is False


async def test_refusals_that_go_on_are_one_row_a_minute(database: Database) -> None:
    clock = HandClock(NOW)
    refused = Note(What.ACCESS_REFUSED, HALE, ET17, "not recording")
    async with audit_on(database, clock) as audit:
        for _ in range(5):
            audit.note_repeated(refused)
            clock.move(2)
        await audit.flush()
        assert len(await rows(audit)) == 1
        clock.move(60)
        await audit.sum_up()
        await audit.flush()
        assert [row["detail"] for row in await rows(audit)] == [{"times": 4, "until": NOW + 8}, {}]
        audit.note_repeated(refused)
        audit.note_repeated(refused)
    assert [row["detail"].get("times") for row in await rows(audit_on(database))] == [1, None, 4, None], (
        "at the end, too"
    )


async def test_a_locked_database_refuses_the_viewing_and_loses_no_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.database.BUSY_TIMEOUT_MS", 100)
    monkeypatch.setattr("server.audit.store.RETRY_S", 0.05)
    database = Database(str(tmp_path / "x.db"))
    await database.migrate()
    async with audit_on(database) as audit:
        locker = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
        locker.execute("BEGIN IMMEDIATE")
        audit.note_soon(replace(VIEW, why="done already"))
        with pytest.raises(Unavailable, match="nothing is shown"):
            await audit.note(VIEW)
        locker.execute("ROLLBACK")
        locker.close()
        await audit.flush()
        assert [row["why"] for row in await rows(audit)] == ["done already"]
        await audit.note(VIEW)
    await database.close()


async def test_a_postgresql_that_is_away_refuses_the_viewing_and_loses_no_row(
    postgres_cluster: LocalPostgres, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.audit.store.RETRY_S", 0.05)
    database = Database(postgres_url)
    await database.migrate()
    async with audit_on(database) as audit:
        await audit.note(VIEW)
        postgres_cluster.kill()
        try:
            audit.note_soon(replace(VIEW, why="done already"))
            with pytest.raises(Unavailable):
                await audit.note(VIEW)
        finally:
            postgres_cluster.start()
        await audit.flush()
        assert [row["why"] for row in await rows(audit)] == ["done already", VIEW.why]
        assert (await checked(audit))["fault"] is None
    await database.close()


async def test_a_row_that_no_database_takes_costs_the_others_nothing(
    audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.audit.actions.noted", lambda note: note)
    unknown: Any = None
    wrong = replace(VIEW, address=unknown)  # NOT NULL
    results = await asyncio.gather(
        audit.note(replace(VIEW, why="one")),
        audit.note(wrong),
        audit.note(replace(VIEW, why="two")),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [type(None), Unavailable, type(None)]
    assert [row["why"] for row in await rows(audit)] == ["two", "one"]
    assert (await checked(audit))["fault"] is None
