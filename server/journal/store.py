"""Where the journal is kept, and how its numbers are given.

The number comes from one counter row, updated inside the writer's own transaction: the row lock makes
commit order equal number order, on SQLite and PostgreSQL alike, so that a reader who has seen N has
seen everything up to N. (A database sequence would not: 8 may be committed before 7.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.clock import Clock
from server.database import Among, Database, metadata
from server.journal.entry import Entry, EntryKind

AT_ONCE = 500  # names in one question: databases take some 30,000 values in all
CLOCKS_APART_S = 60.0  # of the processes that write one journal: far more than any that serve together differ

journal_table = sa.Table(
    "journal",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
    sa.Column("about", sa.String(40)),  # the alert of a state, the camera of an activity
    sa.Index("ix_journal_about_seq", "about", "seq"),
)
journal_counter = sa.Table(
    "journal_counter",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("value", sa.BigInteger, nullable=False),
)


class Journal:
    """Appends within the caller's transaction; reads by number."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def next_seq(self, tx: AsyncConnection) -> int:
        """The next number, given inside `tx`; use it with `append(..., seq=...)` where the body must contain it."""
        statement = (
            sa.update(journal_counter)
            .where(journal_counter.c.id == 1)
            .values(value=journal_counter.c.value + 1)
            .returning(journal_counter.c.value)
        )
        return int((await tx.execute(statement)).scalar_one())

    async def append(
        self,
        tx: AsyncConnection,
        kind: EntryKind,
        body: dict[str, Any],
        seq: int | None = None,
        about: str | None = None,
    ) -> int:
        """Add an entry inside `tx` and return its number. Ring the bell (bus, JOURNAL) only after the commit."""
        number = seq if seq is not None else await self.next_seq(tx)
        values = {"seq": number, "at": self._clock.wall(), "kind": kind.value, "body": body, "about": about}
        await tx.execute(sa.insert(journal_table).values(**values))
        return number

    async def last_seq(self) -> int:
        """The number of the newest committed entry; 0 when there is none."""
        async with self._database.reading() as connection:
            return int((await connection.execute(sa.select(journal_counter.c.value))).scalar_one())

    async def last_at(self) -> float | None:
        """When the newest entry was written (Unix seconds); None when there is none."""
        query = sa.select(journal_table.c.at).order_by(journal_table.c.seq.desc()).limit(1)
        async with self._database.reading() as connection:
            return (await connection.execute(query)).scalar_one_or_none()

    async def after(self, seq: int, limit: int = 500) -> list[Entry]:
        """Entries with a number above `seq`, oldest first, at most `limit`."""
        query = sa.select(journal_table).where(journal_table.c.seq > seq).order_by(journal_table.c.seq).limit(limit)
        async with self._database.reading() as connection:
            return [_entry(row) for row in await connection.execute(query)]

    async def between(
        self, kind: EntryKind, start: float, end: float, limit: int, among: Among | None = None
    ) -> list[Entry]:
        """Entries of one kind (`among`: about these) written from `start` to `end`, oldest first; the first `limit`.

        Numbers and times grow together, so the first of them is found by halving: there is no index of times to keep.
        """
        async with self._database.reading() as connection:
            first = await self._first_since(connection, start - CLOCKS_APART_S)
            beyond = await self._first_since(connection, end + CLOCKS_APART_S)
            query = (
                sa.select(journal_table)
                .where(journal_table.c.seq.between(first, beyond), journal_table.c.kind == kind.value)
                .where(journal_table.c.at.between(start, end))
                .order_by(journal_table.c.seq)
                .limit(limit)
            )
            if among is not None:
                query = query.where(among.has(journal_table.c.about))
            return [_entry(row) for row in await connection.execute(query)]

    async def states(self, names: Sequence[str], start: float, end: float, limit: int) -> list[Entry]:
        """How what has these names stood when `start` came, and each entry about it from then to `end`, oldest first; of
        those from `start` on the first `limit`."""
        journal = journal_table.c
        stood, changed = list[Entry](), list[Entry]()
        async with self._database.reading() as connection:
            for first in range(0, len(names), AT_ONCE):
                about = journal.about.in_(names[first : first + AT_ONCE])
                last = sa.select(sa.func.max(journal.seq)).where(about, journal.at < start).group_by(journal.about)
                then = sa.select(journal_table).where(journal.seq.in_(last))
                stood += [_entry(row) for row in await connection.execute(then)]
                since = sa.select(journal_table).where(about, journal.at.between(start, end)).order_by(journal.seq)
                changed += [_entry(row) for row in await connection.execute(since.limit(limit))]
        return [*_in_order(stood), *_in_order(changed)[:limit]]

    async def _first_since(self, connection: AsyncConnection, at: float) -> int:
        """The least number whose entry may have been written at `at` or later."""
        low, high = 0, int((await connection.execute(sa.select(journal_counter.c.value))).scalar_one()) + 1
        while low < high:
            middle = (low + high) // 2
            nearest = sa.select(journal_table.c.at).where(journal_table.c.seq >= middle).order_by(journal_table.c.seq)
            written = (await connection.execute(nearest.limit(1))).scalar_one_or_none()
            if written is None or written >= at:
                high = middle
            else:
                low = middle + 1
        return low

    async def newest(self, kind: EntryKind, limit: int = 50) -> list[Entry]:
        """The newest `limit` entries of one kind, oldest first."""
        query = (
            sa.select(journal_table)
            .where(journal_table.c.kind == kind.value)
            .order_by(journal_table.c.seq.desc())
            .limit(limit)
        )
        async with self._database.reading() as connection:
            return [_entry(row) for row in reversed((await connection.execute(query)).all())]


def _in_order(entries: Sequence[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda one: one.seq)


def _entry(row: Any) -> Entry:
    return Entry(seq=row.seq, at=row.at, kind=EntryKind(row.kind), body=row.body)
