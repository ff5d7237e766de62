"""Where alerts are kept: the state of each, its append-only history, and the signals they came from.

Every change is one transaction: signal, alert, steps and journal entry, or nothing. Writers take the journal's
number first; its row lock puts them in one order, so that what they read afterwards is the newest.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.alerts.alert import Alert, By, Origin, State, Step, as_json
from server.database import Among, Database, metadata
from server.journal import Journal
from server.journal.entry import EntryKind
from server.positions.stay import Stay

RECENT_SIGNALS = 100  # what arrives out of order does so within one resend of an outbox, not over months
MOST_STEPS = 50  # of the newest steps travel with an alert; a chattering sensor must not make its entries grow

alert_table = sa.Table(
    "alert",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False, index=True),
    sa.Column("device_id", sa.String(40), nullable=False),
    sa.Column("family", sa.String(40), nullable=False),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Column("closed_at", sa.Double, nullable=True, index=True),
    sa.Column("body", sa.JSON, nullable=False),
)
# One open alert of a family and camera, whatever goes wrong above.
sa.Index(
    "uq_alert_open",
    alert_table.c.device_id,
    alert_table.c.family,
    unique=True,
    sqlite_where=alert_table.c.open,
    postgresql_where=alert_table.c.open,
)
alert_step = sa.Table(
    "alert_step",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("alert_id", sa.String(40), sa.ForeignKey("alert.id"), nullable=False, index=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("action", sa.String(20), nullable=False),
    sa.Column("by_id", sa.String(64), nullable=True),
    sa.Column("by_name", sa.String(200), nullable=True),
    sa.Column("detail", sa.Text, nullable=False),
)
signal_table = sa.Table(
    "signal",
    metadata,
    sa.Column("device_id", sa.String(40), primary_key=True),
    sa.Column("outbox_id", sa.String(64), primary_key=True),
    sa.Column("device_seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("device_at", sa.Double, nullable=False),
    sa.Column("received_at", sa.Double, nullable=False),
    sa.Column("offset_s", sa.Double, nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),
)


class AlertStore:
    """Statements on alerts; the methods with `tx` belong to the caller's transaction."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database = database
        self._journal = journal

    def transaction(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """One writing transaction."""
        return self._database.transaction()

    async def next_seq(self, tx: AsyncConnection) -> int:
        """The journal's next number; from here on no other writer is between."""
        return await self._journal.next_seq(tx)

    async def has_signal(self, tx: AsyncConnection, device_id: str, outbox_id: str, seq: int) -> bool:
        """Whether this signal was kept before."""
        query = sa.select(signal_table.c.kind).where(_same_signal(device_id, outbox_id, seq))
        return (await tx.execute(query)).first() is not None

    async def keep_signal(self, tx: AsyncConnection, row: Mapping[str, Any]) -> None:
        """Keep a signal as the camera sent it. Raises IntegrityError if it is there already."""
        await tx.execute(sa.insert(signal_table).values(**row))

    async def last_signal(self, tx: AsyncConnection, device_id: str, kinds: Sequence[str]) -> Origin | None:
        """The last of a camera's signals of these kinds, in the camera's own order."""
        query = sa.select(signal_table.c.outbox_id, signal_table.c.device_seq, signal_table.c.device_at).where(
            signal_table.c.device_id == device_id, signal_table.c.kind.in_(kinds)
        )
        newest = query.order_by(signal_table.c.received_at.desc()).limit(RECENT_SIGNALS)
        last: Origin | None = None
        for row in await tx.execute(newest):
            origin = Origin(row.outbox_id, row.device_seq, row.device_at)
            last = origin if origin.after(last) else last
        return last

    async def open_of(self, tx: AsyncConnection, device_id: str, family: str) -> Alert | None:
        """The open alert of a camera and family."""
        where = sa.and_(alert_table.c.device_id == device_id, alert_table.c.family == family, alert_table.c.open)
        row = (await tx.execute(sa.select(alert_table.c.body).where(where))).first()
        return _alert(row.body) if row else None

    async def find(self, tx: AsyncConnection, alert_id: str) -> Alert | None:
        """One alert, whatever its state."""
        row = (await tx.execute(sa.select(alert_table.c.body).where(alert_table.c.id == alert_id))).first()
        return _alert(row.body) if row else None

    async def save(self, tx: AsyncConnection, alert: Alert, steps: Sequence[Step], seq: int) -> dict[str, Any]:
        """Keep the new state under the journal's number `seq`, add its steps, and journal it. Returns its JSON."""
        numbered = replace(alert, seq=seq)
        await self.keep(tx, numbered)
        if steps:
            await tx.execute(sa.insert(alert_step), [_step_row(alert.id, step) for step in steps])
        shown = as_json(numbered, await self._steps(tx, alert.id, MOST_STEPS))
        await self._journal.append(tx, EntryKind.ALERT, shown, seq, about=alert.id)
        return shown

    async def keep(self, tx: AsyncConnection, alert: Alert) -> None:
        """Keep a state that nobody needs to be told of."""
        values = {
            "seq": alert.seq,
            "device_id": alert.device_id,
            "family": alert.family,
            "open": alert.open,
            "closed_at": alert.closed_at,
            "body": asdict(alert),
        }
        insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
        statement = insert(alert_table).values(id=alert.id, **values)
        await tx.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))

    async def note_seen(self, tx: AsyncConnection, alert_id: str, by: By, at: float) -> bool | None:
        """Note that `by` was shown the alert. True: the first of all to see it; None: noted before."""
        seen = sa.select(alert_step.c.by_id).where(alert_step.c.alert_id == alert_id, alert_step.c.action == "seen")
        known = set((await tx.execute(seen)).scalars())
        if by.id in known:
            return None
        await tx.execute(sa.insert(alert_step), [_step_row(alert_id, Step("seen", at, by))])
        return not known

    async def add_activity(self, tx: AsyncConnection, body: dict[str, Any], seq: int | None) -> None:
        """Journal an activity; its number stands in its body too."""
        number = seq if seq is not None else await self._journal.next_seq(tx)
        await self._journal.append(tx, EntryKind.ACTIVITY, {"seq": number, **body}, number, about=body["device_id"])

    async def names_of(self, tx: AsyncConnection, alert_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What these are called now, and of which camera, by their ids; ids that nobody knows are left out."""
        query = sa.select(alert_table.c.id, alert_table.c.body).where(alert_table.c.id.in_(alert_ids))
        told = ("title", "call_sign", "device_id")
        return {row.id: {name: row.body[name] for name in told} for row in await tx.execute(query)}

    async def exists(self, alert_id: str) -> bool:
        """Whether there is such an alert."""
        async with self._database.reading() as connection:
            return await self.find(connection, alert_id) is not None

    async def open_of_family(self, family: str) -> list[Alert]:
        """The open alerts of a family, of all cameras."""
        query = sa.select(alert_table.c.body).where(alert_table.c.family == family, alert_table.c.open)
        async with self._database.reading() as connection:
            return [_alert(row.body) for row in await connection.execute(query)]

    async def one(self, alert_id: str) -> dict[str, Any] | None:
        """One alert's JSON with its whole history."""
        async with self._database.reading() as connection:
            alert = await self.find(connection, alert_id)
            return as_json(alert, await self._steps(connection, alert_id, None)) if alert else None

    async def standing(self, closed_since: float) -> list[dict[str, Any]]:
        """All open alerts and those closed since then, in order of their numbers."""
        return await self._many(sa.or_(alert_table.c.open, alert_table.c.closed_at >= closed_since), None)

    async def after(self, seq: int, limit: int) -> list[dict[str, Any]]:
        """Alerts whose newest state has a number above `seq`, oldest change first, at most `limit`."""
        return await self._many(alert_table.c.seq > seq, limit)

    async def between(
        self, start: float, end: float, limit: int, steps: int | None = None, among: Among | None = None
    ) -> list[dict[str, Any]]:
        """Alerts (`among`: of these cameras) that stood at any moment from `start` to `end`; the first `limit` to change.
        `steps` None: all of them."""
        raised = alert_table.c.body["raised_at"].as_float()
        stood = sa.or_(alert_table.c.closed_at.is_(None), alert_table.c.closed_at >= start)
        whose = sa.true() if among is None else among.has(alert_table.c.device_id)
        return await self._many(sa.and_(raised <= end, stood, whose), limit, steps)

    async def stood(self, which: str, start: float, end: float, limit: int) -> dict[str, list[Stay]]:
        """When alerts of a kind, or the one of this id, stood between two times, by camera; of the newest `limit`."""
        body = alert_table.c.body
        until = sa.or_(alert_table.c.closed_at.is_(None), alert_table.c.closed_at >= start)
        these = sa.or_(body["kind"].as_string() == which, alert_table.c.id == which)
        where = sa.and_(these, body["raised_at"].as_float() <= end, until)
        query = sa.select(body).where(where).order_by(alert_table.c.seq.desc()).limit(limit)
        found: dict[str, list[Stay]] = {}
        async with self._database.reading() as connection:
            for alert in (_alert(row.body) for row in await connection.execute(query)):
                over = alert.cleared_at or alert.closed_at or math.inf
                found.setdefault(alert.device_id, []).append(Stay(alert.raised_at, over))
        return {device_id: sorted(stays, key=lambda stay: stay.start) for device_id, stays in found.items()}

    async def signals(
        self, device_id: str, kinds: Collection[str], start: float, end: float, limit: int
    ) -> list[tuple[str, float]]:
        """A camera's signals of these kinds between two times: kind, and when it was by the server's clock."""
        column = signal_table.c
        at = (column.device_at - column.offset_s).label("at")
        where = (column.device_id == device_id, column.kind.in_(tuple(kinds)), at.between(start, end))
        async with self._database.reading() as connection:
            rows = await connection.execute(sa.select(column.kind, at).where(*where).order_by(at).limit(limit))
            return [(row.kind, row.at) for row in rows]

    async def of_device(self, device_id: str, closed_since: float) -> list[Alert]:
        """A camera's open alerts and those closed since then, in order of their numbers."""
        recent = sa.or_(alert_table.c.open, alert_table.c.closed_at >= closed_since)
        query = sa.select(alert_table.c.body).where(alert_table.c.device_id == device_id, recent)
        async with self._database.reading() as connection:
            return [_alert(row.body) for row in await connection.execute(query.order_by(alert_table.c.seq))]

    async def _many(
        self, where: sa.ColumnElement[bool], limit: int | None, steps: int | None = MOST_STEPS
    ) -> list[dict[str, Any]]:
        query = sa.select(alert_table.c.body).where(where).order_by(alert_table.c.seq).limit(limit)
        async with self._database.reading() as connection:
            alerts = [_alert(row.body) for row in await connection.execute(query)]
            return [as_json(alert, await self._steps(connection, alert.id, steps)) for alert in alerts]

    async def _steps(self, connection: AsyncConnection, alert_id: str, newest: int | None) -> list[Step]:
        if newest == 0:
            return []
        query = sa.select(alert_step).where(alert_step.c.alert_id == alert_id).order_by(alert_step.c.id.desc())
        rows = (await connection.execute(query.limit(newest))).all()
        return [_step(row) for row in reversed(rows)]


def _same_signal(device_id: str, outbox_id: str, seq: int) -> sa.ColumnElement[bool]:
    return sa.and_(
        signal_table.c.device_id == device_id,
        signal_table.c.outbox_id == outbox_id,
        signal_table.c.device_seq == seq,
    )


def _step_row(alert_id: str, step: Step) -> dict[str, Any]:
    return {
        "alert_id": alert_id,
        "at": step.at,
        "action": step.action,
        "by_id": step.by and step.by.id,
        "by_name": step.by and step.by.name,
        "detail": step.detail,
    }


def _step(row: Any) -> Step:
    by = By(row.by_id, row.by_name) if row.by_id is not None else None
    return Step(row.action, row.at, by, row.detail)


def _alert(body: Mapping[str, Any]) -> Alert:
    """The alert of a row; `asdict` has made maps of its parts."""
    parts: dict[str, Any] = dict(body)
    parts["state"] = State(parts["state"])
    parts.setdefault("needs_since", parts["raised_at"])  # rows from before it was kept
    for name in ("last_raise", "last_clear"):
        parts[name] = Origin(**parts[name]) if parts[name] else None
    for name in ("acknowledged_by", "closed_by"):
        parts[name] = By(**parts[name]) if parts[name] else None
    return Alert(**parts)
