"""Where views and bookmarks are kept: every process of the installation knows them, also after a restart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from server.database import Along, Database, metadata
from server.replay.bookmark import Bookmark
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

replay_bookmark = sa.Table(
    "replay_bookmark",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("recording_id", sa.String(64), primary_key=True, index=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("by_id", sa.String(64), nullable=False),
    sa.Column("by_name", sa.String(200), nullable=False),
    sa.Column("made_at", sa.Double, nullable=False),
)


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


async def forget_bookmarks(tx: Any, recording_id: str) -> None:
    """In the transaction that deletes the recording: what was written about its pictures goes with them."""
    await tx.execute(sa.delete(replay_bookmark).where(replay_bookmark.c.recording_id == recording_id))


class BookmarkStore:
    """A row for each recording of a bookmark; a bookmark never changes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, bookmark: Bookmark, along: Along) -> None:
        """Commit a bookmark, with the audit's rows. Raises Unavailable."""
        names = ("id", "at", "note", "by_id", "by_name", "made_at")
        values = {name: getattr(bookmark, name) for name in names}
        rows = [{**values, "recording_id": one} for one in bookmark.recording_ids]
        async with self._database.transaction() as tx:
            await tx.execute(sa.insert(replay_bookmark), rows)
            await along(tx)

    async def of(self, recording_ids: Sequence[str], start: float, end: float, limit: int) -> list[Bookmark]:
        """Those of any of these recordings within `start` to `end` (Unix seconds), in order; of these recordings alone; the
        first `limit`."""
        of_these = replay_bookmark.c.recording_id.in_(recording_ids)
        first = (
            sa.select(replay_bookmark.c.id)
            .where(of_these, replay_bookmark.c.at.between(start, end))
            .group_by(replay_bookmark.c.id, replay_bookmark.c.at)  # a row for each recording
            .order_by(replay_bookmark.c.at, replay_bookmark.c.id)
            .limit(limit)
        )
        whole = (
            sa.select(replay_bookmark)
            .where(of_these, replay_bookmark.c.id.in_(first))
            .order_by(replay_bookmark.c.at, replay_bookmark.c.id, replay_bookmark.c.recording_id)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(whole)).all()
        of_each: dict[str, list[Any]] = {}
        for row in rows:
            of_each.setdefault(row.id, []).append(row)
        return [_bookmark(same) for same in of_each.values()]


def _bookmark(rows: Sequence[Any]) -> Bookmark:
    one = rows[0]
    recordings = tuple(row.recording_id for row in rows)
    return Bookmark(one.id, recordings, one.at, one.note, one.by_id, one.by_name, one.made_at)
