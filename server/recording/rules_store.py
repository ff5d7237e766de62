"""What the deletion goes by, as it was known before: the tables of categories that were in force (`retention_rules`), and
the time that was last believed (`retention_clock`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from server.database import Along, Database, metadata
from server.recording.due_time import DueTime

rules_table = sa.Table(
    "retention_rules",
    metadata,
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Double, nullable=False),  # Unix seconds: from then on it was in force
    sa.Column("categories", sa.JSON, nullable=False),
)
clock_table = sa.Table(
    "retention_clock",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("trusted", sa.Double, nullable=False),
    sa.Column("ran_s", sa.Double, nullable=False),
)
Categories = list[dict[str, Any]]


class RulesStore:
    """Rows of both. Every call raises Unavailable while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def in_force(
        self, categories: Categories, at: float, changed: Callable[[Categories], Along]
    ) -> list[tuple[float, Categories]]:
        """Note that these categories are in force now, where others were; and all that ever were, oldest first, with when
        each began. `changed` makes the audit's row of it, given those before."""
        try:
            async with self._database.transaction() as tx:
                found = [(row.at, row.categories) for row in await tx.execute(_all())]
                if found and found[-1][1] == categories:
                    return found
                values = {"n": len(found) + 1, "at": at, "categories": categories}
                await tx.execute(sa.insert(rules_table).values(**values))
                if found:
                    await changed(found[-1][1])(tx)
        except IntegrityError:  # another process has just noted the same
            return await self.in_force(categories, at, changed)
        return [*found, (at, categories)]

    async def due_time(self) -> DueTime | None:
        """The time that was last believed; None before the first."""
        async with self._database.reading() as connection:
            row = (await connection.execute(sa.select(clock_table).where(clock_table.c.id == 1))).first()
        return None if row is None else DueTime(row.trusted, row.ran_s)

    async def keep_due_time(self, before: DueTime | None, due: DueTime) -> bool:
        """From now on this is believed, if what was is still `before`. False: another process has said something since."""
        async with self._database.transaction() as tx:
            if before is None:  # two processes may start at once on a new database
                insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
                row = insert(clock_table).values(id=1, **asdict(due))
                return bool((await tx.execute(row.on_conflict_do_nothing())).rowcount)
            known = sa.and_(*(clock_table.c[name] == value for name, value in asdict(before).items()))
            changed = sa.update(clock_table).where(clock_table.c.id == 1, known).values(**asdict(due))
            return bool((await tx.execute(changed)).rowcount)


def _all() -> sa.Select[Any]:
    return sa.select(rules_table).order_by(rules_table.c.n)
