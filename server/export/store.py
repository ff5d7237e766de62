"""Which bundles there are (table `export`), whichever process made them; and who has said why to fetch one again
(`export_grant`). A bundle's row goes with it, a day after it was asked for."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import sqlalchemy as sa

from server.database import Database, metadata
from server.export.export import Export, of_row

export_table = sa.Table(
    "export",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("place", sa.String(32), nullable=False),  # the data folder in which it lies
    sa.Column("made_at", sa.Double, nullable=False),  # Unix seconds
    sa.Column("told", sa.JSON, nullable=False),
)
grant_table = sa.Table(
    "export_grant",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("export_id", sa.String(32), nullable=False),
    sa.Column("session_id", sa.String(64), nullable=False),
    sa.Column("at", sa.Double, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Grant:
    """One sign-in may fetch one bundle, for a reason that is in the audit; `at`: Unix seconds."""

    id: str
    export_id: str
    session_id: str
    at: float


class ExportStore:
    """Rows of both. Every call raises Unavailable while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, export: Export, place: str) -> None:
        """Have it as it is now."""
        here = export_table.c.id == export.id
        async with self._database.transaction() as tx:
            told = export.row()  # by now: whoever waited for their turn must not bring back what was
            if not (await tx.execute(sa.update(export_table).where(here).values(told=told))).rowcount:
                values = {"id": export.id, "place": place, "made_at": export.made_at, "told": told}
                await tx.execute(sa.insert(export_table).values(**values))

    async def all(self, place: str) -> list[Export]:
        """Those of a data folder, newest first."""
        query = sa.select(export_table.c.told).where(export_table.c.place == place)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query.order_by(export_table.c.made_at.desc()))).scalars().all()
        return [of_row(told) for told in rows]

    async def find(self, export_id: str, place: str) -> Export | None:
        """This one; None if it is not there."""
        query = sa.select(export_table.c.told).where(export_table.c.id == export_id, export_table.c.place == place)
        async with self._database.reading() as connection:
            told = (await connection.execute(query)).scalar()
        return None if told is None else of_row(told)

    async def remove(self, export_id: str) -> None:
        """It is gone."""
        async with self._database.transaction() as tx:
            await tx.execute(sa.delete(grant_table).where(grant_table.c.export_id == export_id))
            await tx.execute(sa.delete(export_table).where(export_table.c.id == export_id))

    async def grant(self, grant: Grant) -> None:
        """Let it be fetched."""
        async with self._database.transaction() as tx:
            await tx.execute(sa.insert(grant_table).values(**asdict(grant)))

    async def granted(self, grant_id: str) -> Grant | None:
        """This one, None if there is none."""
        async with self._database.reading() as connection:
            row = (await connection.execute(sa.select(grant_table).where(grant_table.c.id == grant_id))).first()
        return None if row is None else Grant(row.id, row.export_id, row.session_id, row.at)
