"""Where advice is kept, and what cameras are asked to do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.advice.advice import Advice
from server.advice.receipt import Receipts
from server.database import Among, Database, metadata
from server.journal import Journal
from server.journal.entry import EntryKind

advice_table = sa.Table(
    "advice",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("device_id", sa.String(40), nullable=False, index=True),
    sa.Column("call_sign", sa.String(40), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("author_id", sa.String(64), nullable=False),
    sa.Column("author_name", sa.String(200), nullable=False),
    sa.Column("client_id", sa.String(64), nullable=False),
    sa.Column("sent_at", sa.Double, nullable=False, index=True),
    sa.Column("delivered_at", sa.Double, nullable=True),
    sa.Column("shown_at", sa.Double, nullable=True),
    sa.Column("acknowledged_at", sa.Double, nullable=True),
    sa.UniqueConstraint("author_id", "client_id", name="uq_advice_author_id_client_id"),
)
request_table = sa.Table(
    "camera_request",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("device_id", sa.String(40), nullable=False, index=True),
    sa.Column("what", sa.String(20), nullable=False),
    sa.Column("by_name", sa.String(200), nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("taken_at", sa.Double, nullable=True),
)


class AdviceStore:
    """Statements on advice; the methods with `tx` belong to the caller's transaction."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database = database
        self._journal = journal

    def transaction(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """One writing transaction."""
        return self._database.transaction()

    async def next_seq(self, tx: AsyncConnection) -> int:
        """The journal's next number; from here on no other writer is between."""
        return await self._journal.next_seq(tx)

    async def sent_as(self, tx: AsyncConnection, author_id: str, client_id: str) -> Advice | None:
        """What the author has sent under this id of the client's."""
        where = sa.and_(advice_table.c.author_id == author_id, advice_table.c.client_id == client_id)
        row = (await tx.execute(sa.select(advice_table).where(where))).first()
        return _advice(row) if row else None

    async def find(self, tx: AsyncConnection, advice_id: str) -> Advice | None:
        """One piece of advice."""
        row = (await tx.execute(sa.select(advice_table).where(advice_table.c.id == advice_id))).first()
        return _advice(row) if row else None

    async def add(self, tx: AsyncConnection, advice: Advice, client_id: str) -> None:
        """Keep and journal new advice under its number."""
        columns = {
            "id": advice.id,
            "device_id": advice.device_id,
            "call_sign": advice.call_sign,
            "text": advice.text,
            "author_id": advice.author_id,
            "author_name": advice.author_name,
            "sent_at": advice.sent_at,
        }
        await tx.execute(sa.insert(advice_table).values(**columns, seq=advice.seq, client_id=client_id))
        await self._journal.append(tx, EntryKind.ADVICE, advice.as_json(), advice.seq)

    async def set_receipts(self, tx: AsyncConnection, advice: Advice, receipts: Receipts, seq: int) -> Advice:
        """Keep and journal how far the advice has come, under number `seq`."""
        changed = replace(advice, receipts=receipts, seq=seq)
        values = {
            "seq": seq,
            "delivered_at": receipts.delivered_at,
            "shown_at": receipts.shown_at,
            "acknowledged_at": receipts.acknowledged_at,
        }
        await tx.execute(sa.update(advice_table).where(advice_table.c.id == advice.id).values(**values))
        await self._journal.append(tx, EntryKind.ADVICE, changed.as_json(), seq)
        return changed

    async def newest(self, device_id: str | None, limit: int) -> list[Advice]:
        """The newest advice, oldest first; of one camera, or of all."""
        query = sa.select(advice_table).order_by(advice_table.c.sent_at.desc(), advice_table.c.id).limit(limit)
        if device_id is not None:
            query = query.where(advice_table.c.device_id == device_id)
        async with self._database.reading() as connection:
            return [_advice(row) for row in reversed((await connection.execute(query)).all())]

    async def between(self, start: float, end: float, limit: int, among: Among) -> list[Advice]:
        """What was sent to these from `start` to `end`, oldest first; the first `limit`."""
        sent = advice_table.c.sent_at.between(start, end)
        query = sa.select(advice_table).where(sent, among.has(advice_table.c.device_id))
        query = query.order_by(advice_table.c.sent_at, advice_table.c.id).limit(limit)
        async with self._database.reading() as connection:
            return [_advice(row) for row in (await connection.execute(query)).all()]

    async def unacknowledged(self, device_id: str, since: float, limit: int) -> list[Advice]:
        """What the officer has not acknowledged, sent at or after `since`; oldest first."""
        query = (
            sa.select(advice_table)
            .where(
                advice_table.c.device_id == device_id,
                advice_table.c.acknowledged_at.is_(None),
                advice_table.c.sent_at >= since,
            )
            .order_by(advice_table.c.sent_at.desc(), advice_table.c.id)
            .limit(limit)
        )
        async with self._database.reading() as connection:
            return [_advice(row) for row in reversed((await connection.execute(query)).all())]


class RequestStore:
    """What cameras are asked to do, until they have taken it or it is too old."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, request_id: str, device_id: str, what: str, by_name: str, at: float) -> None:
        """Keep a request."""
        row = {"id": request_id, "device_id": device_id, "what": what, "by_name": by_name, "at": at}
        async with self._database.transaction() as tx:
            await tx.execute(sa.insert(request_table).values(**row))

    async def waiting(self, device_id: str, since: float) -> Sequence[Any]:
        """Rows (id, what, by_name) not taken yet and made at or after `since`; oldest first."""
        query = (
            sa.select(request_table.c.id, request_table.c.what, request_table.c.by_name)
            .where(request_table.c.device_id == device_id, request_table.c.taken_at.is_(None))
            .where(request_table.c.at >= since)
            .order_by(request_table.c.at)
        )
        async with self._database.reading() as connection:
            return (await connection.execute(query)).all()

    async def set_taken(self, device_id: str, request_ids: Collection[str], at: float) -> None:
        """The camera has them."""
        mine = sa.and_(request_table.c.device_id == device_id, request_table.c.id.in_(request_ids))
        async with self._database.transaction() as tx:
            await tx.execute(
                sa.update(request_table).where(mine, request_table.c.taken_at.is_(None)).values(taken_at=at)
            )


def _advice(row: Any) -> Advice:
    return Advice(
        id=row.id,
        seq=row.seq,
        device_id=row.device_id,
        call_sign=row.call_sign,
        text=row.text,
        author_id=row.author_id,
        author_name=row.author_name,
        sent_at=row.sent_at,
        receipts=Receipts(row.delivered_at, row.shown_at, row.acknowledged_at),
    )
