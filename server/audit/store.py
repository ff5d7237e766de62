"""Where the audit is kept (tables `audit`, `audit_head`), and how its rows get number and chain.

Number and chain come from one row, locked inside the writer's own transaction, as the journal's number does: commit
order is the chain's order in all processes. Triggers refuse UPDATE and DELETE; what goes behind their back, the chain tells.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.audit.asked import Asked
from server.audit.audit_entry import Actor, AuditEntry, Note, Subject, chained
from server.database import Database, metadata
from server.errors import Unavailable
from server.tasks import TaskOwner

log = structlog.get_logger(__name__)

GROUP = 100  # rows of one commit, some 10 ms: what comes while one is under way. Of 20 it is a third as many a second
RETRY_S = 1.0
CLOSING_S = 1.0  # Ctrl-C must have ended everything within 3 s
CHUNK = 500  # rows read at once: some 5 ms of the loop
NOT_WRITTEN = "the audit cannot be written at the moment, so nothing is shown; try again"

audit_table = sa.Table(
    "audit",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Double, nullable=False, index=True),  # Unix seconds
    sa.Column("what", sa.String(40), nullable=False),
    sa.Column("actor_kind", sa.String(20), nullable=False),
    sa.Column("actor_id", sa.String(64), nullable=False),
    sa.Column("actor_name", sa.String(120), nullable=False),
    sa.Column("actor_role", sa.String(20), nullable=False),
    sa.Column("subject_kind", sa.String(20), nullable=False),
    sa.Column("subject_id", sa.String(64), nullable=False),
    sa.Column("subject_name", sa.String(120), nullable=False),
    sa.Column("why", sa.String(200), nullable=False),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("agent", sa.String(120), nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("chain", sa.String(64), nullable=False),
    sa.Index("ix_audit_actor_id_seq", "actor_id", "seq"),
    sa.Index("ix_audit_subject_id_seq", "subject_id", "seq"),
    sa.Index("ix_audit_what_seq", "what", "seq"),
)
audit_head = sa.Table(
    "audit_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, nullable=False),  # of the newest row, 0 before the first
    sa.Column("chain", sa.String(64), nullable=False),
)

Timed = tuple[float, Note]  # when it was noted (Unix seconds), and what


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain ends: by the counter row, and the number of the newest row that is really there."""

    seq: int
    chain: str
    newest: int


@dataclass(slots=True)
class _Waiting:
    timed: Timed
    done: asyncio.Future[None] | None  # None: nobody waits, so it is tried until it is written


class AuditStore:
    """Appends, each caller waiting for its own commit, and reads. `append` works without `start`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()

    # ---- writing --------------------------------------------------------------------------------

    async def append(self, notes: Sequence[Timed]) -> list[AuditEntry]:
        """Write them in one transaction. Raises Unavailable; nothing is written then."""
        async with self._database.transaction() as tx:
            return await self.append_in(tx, notes)

    async def append_in(self, tx: AsyncConnection, notes: Sequence[Timed]) -> list[AuditEntry]:
        """The same within a change's own transaction: both are committed, or neither. The last thing that it does, since
        whoever writes after it waits for its end."""
        row = (await tx.execute(sa.select(audit_head).where(audit_head.c.id == 1).with_for_update())).one()
        seq, chain = int(row.seq), str(row.chain)
        entries = []
        for at, note in notes:
            seq += 1
            entries.append(chained(note, seq, at, chain))
            chain = entries[-1].chain
        await tx.execute(sa.insert(audit_table), [_row(entry) for entry in entries])
        await tx.execute(sa.update(audit_head).where(audit_head.c.id == 1).values(seq=seq, chain=chain))
        return entries

    def start(self, tasks: TaskOwner) -> None:
        """Begin to write what comes in by `commit` and `later`."""
        tasks.start(self._write(), "audit.write")

    async def commit(self, timed: Timed) -> None:
        """Returns once the row is committed. Raises Unavailable: then it is not, and nothing may be shown."""
        done = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(_Waiting(timed, done))
        await done

    def later(self, timed: Timed) -> None:
        """Written soon, and tried until it is (a plain call, for what has happened already)."""
        self._queue.put_nowait(_Waiting(timed, None))

    async def flush(self) -> None:
        """Wait until all that came in is written."""
        await self._queue.join()

    async def close(self) -> None:
        """The server ends: what waits is written, unless the database is away."""
        try:
            async with asyncio.timeout(CLOSING_S):
                await self.flush()
        except TimeoutError:
            log.error("audit rows are not written", waiting=self._queue.qsize())

    async def _write(self) -> None:
        """One commit for all that came while the one before was under way: nobody waits for a group to fill."""
        while True:
            group = [await self._queue.get()]
            while len(group) < GROUP and not self._queue.empty():
                group.append(self._queue.get_nowait())
            try:
                await self._write_group(group)
            except Unavailable:
                log.error("the audit waits for the database", rows=len(group))
                await asyncio.sleep(RETRY_S)
            finally:  # those that are answered already are not in it any more
                for one in group:
                    self._put_off(one)

    async def _write_group(self, group: list[_Waiting]) -> None:
        """Takes out of `group` whatever is answered. Raises Unavailable."""
        try:
            await self.append([one.timed for one in group])
        except SQLAlchemyError as error:
            if len(group) > 1:  # one that no database takes must not cost the others theirs
                while group:
                    await self._write_group(alone := [group[0]])
                    group[:1] = alone
            else:
                log.error("an audit row cannot be written", what=group[0].timed[1].what, error=str(error))
                self._refuse(group.pop())
            return
        while group:
            one = group.pop()
            if one.done is not None and not one.done.done():
                one.done.set_result(None)
            self._queue.task_done()

    def _refuse(self, one: _Waiting) -> None:
        if one.done is not None and not one.done.done():
            one.done.set_exception(Unavailable(NOT_WRITTEN, kind="no-audit", headers={"Retry-After": "2"}))
        self._queue.task_done()

    def _put_off(self, one: _Waiting) -> None:
        """Whoever waits is refused; what nobody waits for comes again."""
        if one.done is None:
            self._queue.put_nowait(one)
            self._queue.task_done()
        else:
            self._refuse(one)

    # ---- reading --------------------------------------------------------------------------------

    async def page(self, asked: Asked) -> list[AuditEntry]:
        """The rows that are asked for, the newest first."""
        query = sa.select(audit_table).where(*_conditions(asked))
        if asked.before is not None:
            query = query.where(audit_table.c.seq < asked.before)
        async with self._database.reading() as connection:
            rows = await connection.execute(query.order_by(audit_table.c.seq.desc()).limit(asked.limit))
            return [_entry(row) for row in rows]

    async def viewings(self, subjects: Mapping[str, Sequence[str]], before: int | None, limit: int) -> list[AuditEntry]:
        """Who looked at these (ids by kind of subject), the newest first."""
        ours = [
            sa.and_(audit_table.c.subject_kind == kind, audit_table.c.subject_id.in_(ids))
            for kind, ids in subjects.items()
        ]
        query = sa.select(audit_table).where(audit_table.c.what.startswith("view."), sa.or_(sa.false(), *ours))
        if before is not None:
            query = query.where(audit_table.c.seq < before)
        async with self._database.reading() as connection:
            rows = await connection.execute(query.order_by(audit_table.c.seq.desc()).limit(limit))
            return [_entry(row) for row in rows]

    async def between(
        self, whats: Sequence[str], subject_ids: Collection[str], start: float, end: float, limit: int
    ) -> list[AuditEntry]:
        """What of these kinds was done with these from `start` to `end` (Unix seconds), the oldest first."""
        table = audit_table.c
        query = sa.select(audit_table).where(
            table.what.in_(whats), table.subject_id.in_(subject_ids), table.at.between(start, end)
        )
        async with self._database.reading() as connection:
            return [_entry(row) for row in await connection.execute(query.order_by(table.seq).limit(limit))]

    async def chunks(self, asked: Asked, after: int, upto: int) -> AsyncIterator[list[AuditEntry]]:
        """The rows that are asked for with numbers above `after` up to `upto`, oldest first, some at a time."""
        while True:
            between = (audit_table.c.seq > after, audit_table.c.seq <= upto)
            query = sa.select(audit_table).where(*between, *_conditions(asked)).order_by(audit_table.c.seq)
            async with self._database.reading() as connection:
                entries = [_entry(row) for row in await connection.execute(query.limit(CHUNK))]
            if not entries:
                return
            yield entries
            after = entries[-1].seq

    async def head(self) -> Head:
        """Where the chain ends."""
        newest = sa.select(sa.func.max(audit_table.c.seq)).scalar_subquery()
        query = sa.select(audit_head.c.seq, audit_head.c.chain, newest.label("newest")).where(audit_head.c.id == 1)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).one()
        return Head(row.seq, row.chain, row.newest or 0)

    async def chain_of(self, seq: int) -> str | None:
        """The chain of one row; None if it is not there."""
        query = sa.select(audit_table.c.chain).where(audit_table.c.seq == seq)
        async with self._database.reading() as connection:
            return (await connection.execute(query)).scalar_one_or_none()


def _conditions(asked: Asked) -> list[sa.ColumnElement[bool]]:
    table, found = audit_table.c, []
    if asked.since is not None:
        found.append(table.at >= asked.since)
    if asked.until is not None:
        found.append(table.at < asked.until)
    if asked.person:
        found.append(_has(asked.person, (table.actor_name,), table.actor_id))
    if asked.what:
        found.append(sa.or_(table.what == asked.what, table.what.startswith(f"{asked.what}.", autoescape=True)))
    if asked.subject:
        found.append(_has(asked.subject, (table.subject_name,), table.subject_id))
    if asked.text:
        anywhere = (table.why, table.actor_name, table.subject_name, table.subject_id, table.address, table.agent)
        found.append(_has(asked.text, (*anywhere, sa.cast(table.detail, sa.Text)), table.what))
    return found


def _has(text: str, within: Sequence[sa.ColumnElement[Any]], whole: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    return sa.or_(whole == text, *(column.icontains(text, autoescape=True) for column in within))


def _row(entry: AuditEntry) -> dict[str, Any]:
    actor, subject = entry.actor, entry.subject
    return {
        "seq": entry.seq,
        "at": entry.at,
        "what": entry.what,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_name": actor.name,
        "actor_role": actor.role,
        "subject_kind": subject.kind,
        "subject_id": subject.id,
        "subject_name": subject.name,
        "why": entry.why,
        "address": entry.address,
        "agent": entry.agent,
        "detail": dict(entry.detail),
        "previous": entry.previous,
        "chain": entry.chain,
    }


def _entry(row: Any) -> AuditEntry:
    return AuditEntry(
        seq=row.seq,
        at=row.at,
        what=row.what,
        actor=Actor(row.actor_kind, row.actor_id, row.actor_name, row.actor_role),
        subject=Subject(row.subject_kind, row.subject_id, row.subject_name),
        why=row.why,
        address=row.address,
        agent=row.agent,
        detail=row.detail,
        previous=row.previous,
        chain=row.chain,
    )
