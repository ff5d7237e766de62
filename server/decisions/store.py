"""Where the commander's views are kept: a row for each decision, beside its step and in the same transaction, for good.

Triggers refuse UPDATE and DELETE, as the audit's do.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.database import Among, Database, metadata
from server.decisions.decision import Decided, Decision

decision_table = sa.Table(
    "decision",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("at", sa.Double, nullable=False, index=True),  # the step's own, Unix seconds
    sa.Column("what", sa.String(20), nullable=False),
    sa.Column("of_kind", sa.String(20), nullable=False),
    sa.Column("of_id", sa.String(40), nullable=False),
    sa.Column("device_id", sa.String(40), nullable=False),
    sa.Column("call_sign", sa.String(40), nullable=True),  # as the camera was called then; null: nobody knew it
    sa.Column("by_id", sa.String(64), nullable=False),
    sa.Column("by_name", sa.String(200), nullable=False),
    sa.Column("view", sa.JSON(none_as_null=True), nullable=True),  # null: not told
)


class DecisionStore:
    """Statements on decisions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, tx: AsyncConnection, decision: Decision) -> None:
        """Keep one, in the transaction of its step."""
        step = decision.step
        values = {
            "id": decision.id,
            "at": step.at,
            "what": step.what,
            "of_kind": step.of_kind,
            "of_id": step.of_id,
            "device_id": step.device_id,
            "call_sign": decision.call_sign,
            "by_id": decision.by_id,
            "by_name": decision.by_name,
            "view": decision.view,
        }
        await tx.execute(sa.insert(decision_table).values(**values))

    async def between(self, start: float, end: float, limit: int, among: Among) -> list[Decision]:
        """Those about these cameras from `start` to `end` (Unix seconds), oldest first; the first `limit`."""
        column = decision_table.c
        query = sa.select(decision_table).where(column.at.between(start, end), among.has(column.device_id))
        async with self._database.reading() as connection:
            rows = await connection.execute(query.order_by(column.at, column.id).limit(limit))
            return [_decision(row) for row in rows]


def _decision(row: Any) -> Decision:
    step = Decided(row.what, row.of_kind, row.of_id, row.device_id, row.at)
    return Decision(row.id, step, row.call_sign, row.by_id, row.by_name, row.view)
