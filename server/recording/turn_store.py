"""Of several processes that could do a job every hour, one does it (table `job_turn`).

Whoever did it last goes on. Another one takes it over when nobody has done it for a whole round of its own: no clock is
compared with another's, so that one that is set wrong changes nothing.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from server.database import Database, metadata

turn_table = sa.Table(
    "job_turn",
    metadata,
    sa.Column("name", sa.String(60), primary_key=True),
    sa.Column("holder", sa.String(32), nullable=False),
    sa.Column("taken", sa.BigInteger, nullable=False),  # how often
)


class Turns:
    """Of one process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._me = secrets.token_hex(16)
        self._seen: dict[str, int] = {}  # how often each was taken when this process looked last

    async def take(self, name: str) -> bool:
        """Whether this process does the job now: call it once in each round, the first time at the start. Raises Unavailable."""
        here = turn_table.c.name == name
        async with self._database.transaction() as tx:
            found = (await tx.execute(sa.select(turn_table).where(here).with_for_update())).first()
            if found is None:
                insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
                row = insert(turn_table).values(name=name, holder=self._me, taken=1).on_conflict_do_nothing()
                is_mine, taken = bool((await tx.execute(row)).rowcount), 1
            else:
                is_mine = self._me == found.holder or self._seen.get(name) == found.taken
                taken = found.taken + is_mine
                if is_mine:
                    await tx.execute(sa.update(turn_table).where(here).values(holder=self._me, taken=taken))
        self._seen[name] = taken
        return is_mine
