"""Where views are kept (table `replay_view`): every process of the installation knows them, also after a restart."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from server.database import Database, metadata
from server.replay.view import View

replay_view = sa.Table(
    "replay_view",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("person_id", sa.String(64), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("session_id", sa.String(64), nullable=False),
    sa.Column("recording_ids", sa.JSON, nullable=False),
    sa.Column("device_ids", sa.JSON, nullable=False),
    sa.Column("start", sa.Double, nullable=False),
    sa.Column("end", sa.Double),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("opened_at", sa.Double, nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False),
)
sa.Index("ix_replay_view_person_id_opened_at", replay_view.c.person_id, replay_view.c.opened_at)


class ViewStore:
    """Rows of views; a view never changes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, view: View) -> None:
        """Commit a view. Raises Unavailable: then nothing may be shown."""
        values = {column.name: getattr(view, column.name) for column in replay_view.columns}
        lists = {"recording_ids": list(view.recording_ids), "device_ids": list(view.device_ids)}
        async with self._database.transaction() as tx:
            await tx.execute(sa.insert(replay_view).values(**values | lists))

    async def find(self, view_id: str) -> View | None:
        """One view, whoever's it is."""
        async with self._database.reading() as connection:
            row = (await connection.execute(sa.select(replay_view).where(replay_view.c.id == view_id))).first()
        return None if row is None else _view(row)


def _view(row: Any) -> View:
    values = dict(row._mapping)
    lists = {name: tuple(values[name]) for name in ("recording_ids", "device_ids")}
    return View(**values | lists)
