"""Where it is kept what people say of recordings (tables `recording_mark`, `recording_retention`, `recording_tag`), and
what is left of those that were deleted (table `recording_tombstone`).

A mark is only ever added. Whoever adds one, and whoever deletes, first locks the recording's row: of a hold and a deletion
at the same moment, one is first and the other sees it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from server.database import Along, Database, metadata
from server.errors import Conflict, NotFound
from server.recording.marks import By, Entry, Mark, MarkKind, Marks, Outcome
from server.recording.retention import DAY_S, UNTAGGED, RetentionTable
from server.recording.segment import id_stamp
from server.recording.sought import EARLIER_S, LATER_S, Sought
from server.recording.store import Recording, RecordingState, recording_of, recording_table

CHUNK = 500  # recordings judged at once: some milliseconds of the loop

mark_table = sa.Table(
    "recording_mark",
    metadata,
    sa.Column("recording_id", sa.String(64), primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Double, nullable=False),  # Unix seconds, like all times
    sa.Column("by_id", sa.String(64), nullable=False),
    sa.Column("by_name", sa.String(120), nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("value", sa.String(40), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("until", sa.Double),
)
retention_table = sa.Table(  # where its marks leave a recording, for searching; one that nobody marked has no row
    "recording_retention",
    metadata,
    sa.Column("recording_id", sa.String(64), primary_key=True),
    sa.Column("category", sa.String(40), index=True),
    sa.Column("decision", sa.String(10)),
    sa.Column("review_at", sa.Double, index=True),
)
tag_table = sa.Table(
    "recording_tag",
    metadata,
    sa.Column("recording_id", sa.String(64), primary_key=True),
    sa.Column("tag", sa.String(40), primary_key=True, index=True),
)
tombstone_table = sa.Table(
    "recording_tombstone",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("device_id", sa.String(40), nullable=False),
    sa.Column("call_sign", sa.String(40), nullable=False),
    sa.Column("wearer", sa.JSON),
    sa.Column("started_at", sa.Double, nullable=False),
    sa.Column("ended_at", sa.Double, nullable=False),
    sa.Column("segments", sa.Integer, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("merkle_root", sa.String(64)),
    sa.Column("manifest_sha256", sa.String(64)),
    sa.Column("key_destroyed", sa.Boolean, nullable=False, server_default=sa.false()),  # it lay encrypted
    sa.Column("unjoined_bytes", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("rule", sa.String(40), nullable=False),
    sa.Column("why", sa.String(200), nullable=False),
    sa.Column("place", sa.String(32), nullable=False),
    sa.Column("deleted_at", sa.Double, nullable=False),
    sa.Column("removed_at", sa.Double, index=True),  # nothing of it is on disk any more
)


Forget = Callable[[Any, str], Awaitable[None]]  # within the transaction; the recording's id


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What stays of a recording: which it was, what it proved itself by, and why, by which rule and when it was deleted."""

    id: str
    device_id: str
    call_sign: str
    wearer: dict[str, Any] | None
    started_at: float
    ended_at: float
    segments: int
    bytes: int
    merkle_root: str | None
    manifest_sha256: str | None
    rule: str
    why: str
    place: str
    deleted_at: float
    removed_at: float | None = None
    key_destroyed: bool = False  # it lay encrypted: whoever still has a copy of its files cannot read them
    unjoined_bytes: int = (
        0  # its camera had uploaded them, and they were not part of it yet: in no root, and gone with it
    )

    def as_json(self) -> dict[str, Any]:
        """For the API."""
        return asdict(self)


class RetentionStore:
    """Marks and tombstones. `forget`: what others know of a recording goes when it is deleted.

    Every call raises Unavailable while the database is away.
    """

    def __init__(self, database: Database, forget: Forget | None = None) -> None:
        self._database = database
        self._forget = forget

    # ---- marks ----------------------------------------------------------------------------------

    async def entries(self, recording_id: str) -> tuple[Recording, list[Entry]]:
        """A recording, and all that was said of it, in order. Raises NotFound."""
        async with self._database.reading() as connection:
            rows = await connection.execute(_one(recording_id))
            found = rows.mappings().first()
            if found is None:
                raise NotFound(f"there is no recording {recording_id}")
            return recording_of(found), (await _entries(connection, [recording_id])).get(recording_id, [])

    async def add(self, recording_id: str, at: float, by: By, mark: Mark, along: Along | None = None) -> Entry:
        """Commit a mark behind those there are, with its row of the audit. Raises NotFound, and Conflict: deleted, or what
        the mark itself raises."""
        async with self._database.transaction() as tx:
            recording = await _locked(tx, recording_id)
            if recording.state is RecordingState.DELETED:
                raise Conflict(f"recording {recording_id} is deleted")
            before = Marks.of((await _entries(tx, [recording_id])).get(recording_id, []))
            entry = Entry(before.entries + 1, at, by, mark)
            after = before.after(entry)
            await tx.execute(sa.insert(mark_table).values(_row(recording_id, entry)))
            await _keep_standing(tx, recording_id, before, after)
            if along is not None:
                await along(tx)
            return entry

    async def matching(self, table: RetentionTable, sought: Sought) -> list[Recording]:
        """Recordings that are not deleted, newest first. A category is a recording's own, or one that a tag counts as."""
        async with self._database.reading() as connection:
            rows = (await connection.execute(matching(table, sought))).mappings().all()
        return [recording_of(row) for row in rows]

    # ---- what is due ----------------------------------------------------------------------------

    async def ending(
        self, table: RetentionTable, until: float, place: str | None = None
    ) -> AsyncIterator[list[tuple[Recording, Marks]]]:
        """Those that might be deleted until then (Unix seconds), some at a time, with what was said of them."""
        decision, ended = retention_table.c.decision, recording_table.c.ended_at
        undecided = sa.and_(decision.is_(None), sa.not_(_reviewed(table)))
        where = [ended <= until - table.shortest_days * DAY_S, sa.or_(undecided, decision == Outcome.DISPOSE.value)]
        if place is not None:
            where.append(recording_table.c.place == place)
        async for chunk in self._chunks(where):
            yield chunk

    async def reviewed(self, table: RetentionTable, until: float) -> AsyncIterator[list[tuple[Recording, Marks]]]:
        """Those that might have to be reviewed until then (Unix seconds)."""
        review_at, ended = retention_table.c.review_at, recording_table.c.ended_at
        by_table = ended <= until - table.shortest_review_days * DAY_S
        unknown = sa.not_(_own_category().in_([category.name for category in table.categories]))
        by_itself = sa.and_(review_at.is_(None), sa.or_(unknown, sa.and_(_reviewed(table), by_table)))
        async for chunk in self._chunks([sa.or_(review_at <= until, by_itself)]):
            yield chunk

    async def _chunks(self, where: Sequence[sa.ColumnElement[bool]]) -> AsyncIterator[list[tuple[Recording, Marks]]]:
        after = ""
        while True:
            closed = recording_table.c.state == RecordingState.CLOSED.value
            query = _with_standing(sa.select(recording_table)).where(closed, recording_table.c.id > after, *where)
            async with self._database.reading() as connection:
                rows = (await connection.execute(query.order_by(recording_table.c.id).limit(CHUNK))).mappings().all()
                said = await _entries(connection, [row["id"] for row in rows])
            if not rows:
                return
            yield [(recording_of(row), Marks.of(said.get(row["id"], ()))) for row in rows]
            after = rows[-1]["id"]

    # ---- tombstones -----------------------------------------------------------------------------

    async def bury(self, tombstone: Tombstone, still: Callable[[Recording, Marks], bool]) -> bool:
        """Commit that it is deleted, if it may `still` be; from then on it is, whatever its folder says."""
        async with self._database.transaction() as tx:
            recording = await _locked(tx, tombstone.id)
            said = (await _entries(tx, [tombstone.id])).get(tombstone.id, ())
            if recording.state is not RecordingState.CLOSED or not still(recording, Marks.of(said)):
                return False
            await tx.execute(sa.insert(tombstone_table).values(tombstone.as_json()))
            if self._forget is not None:
                await self._forget(tx, tombstone.id)
            here = recording_table.c.id == tombstone.id
            await tx.execute(sa.update(recording_table).where(here).values(state=RecordingState.DELETED.value))
            return True

    async def removed(self, recording_id: str, at: float) -> None:
        """Nothing of it is on disk any more."""
        async with self._database.transaction() as tx:
            here = tombstone_table.c.id == recording_id
            await tx.execute(sa.update(tombstone_table).where(here).values(removed_at=at))

    async def unremoved(self, place: str) -> list[Tombstone]:
        """Those that were buried while the disk, or the process, gave way."""
        return await self._tombstones(tombstone_table.c.place == place, tombstone_table.c.removed_at.is_(None))

    async def buried(self, recording_ids: Sequence[str]) -> list[Tombstone]:
        """The tombstones that there are of these."""
        found = []
        for start in range(0, len(recording_ids), CHUNK):
            found += await self._tombstones(tombstone_table.c.id.in_(recording_ids[start : start + CHUNK]))
        return found

    async def _tombstones(self, *where: sa.ColumnElement[bool]) -> list[Tombstone]:
        async with self._database.reading() as connection:
            rows = await connection.execute(sa.select(tombstone_table).where(*where).order_by(tombstone_table.c.id))
            return [Tombstone(**row) for row in rows.mappings()]


# ---- how --------------------------------------------------------------------------------------------


def _one(recording_id: str) -> sa.Select[Any]:
    return sa.select(recording_table).where(recording_table.c.id == recording_id)


async def _locked(tx: Any, recording_id: str) -> Recording:
    """Its row, which nobody else changes before the end of this transaction. Raises NotFound."""
    row = (await tx.execute(_one(recording_id).with_for_update())).mappings().first()
    if row is None:
        raise NotFound(f"there is no recording {recording_id}")
    return recording_of(row)


async def _entries(connection: Any, recording_ids: Sequence[str]) -> dict[str, list[Entry]]:
    query = sa.select(mark_table).where(mark_table.c.recording_id.in_(recording_ids))
    found: dict[str, list[Entry]] = {}
    for row in await connection.execute(query.order_by(mark_table.c.recording_id, mark_table.c.n)):
        mark = Mark(MarkKind(row.kind), row.value, row.text, row.until)
        found.setdefault(row.recording_id, []).append(Entry(row.n, row.at, By(row.by_id, row.by_name), mark))
    return found


def _row(recording_id: str, entry: Entry) -> dict[str, Any]:
    told = {"by_id": entry.by.id, "by_name": entry.by.name, **asdict(entry.mark), "kind": entry.mark.kind.value}
    return {"recording_id": recording_id, "n": entry.n, "at": entry.at, **told}


async def _keep_standing(tx: Any, recording_id: str, before: Marks, after: Marks) -> None:
    decision = after.decision
    values = {
        "category": after.category,
        "decision": decision.outcome.value if decision is not None else None,
        "review_at": decision.review_at if decision is not None else after.review_at,
    }
    here = retention_table.c.recording_id == recording_id
    if not (await tx.execute(sa.update(retention_table).where(here).values(**values))).rowcount:
        await tx.execute(sa.insert(retention_table).values(recording_id=recording_id, **values))
    for tag in set(before.tags) - set(after.tags):
        await tx.execute(sa.delete(tag_table).where(tag_table.c.recording_id == recording_id, tag_table.c.tag == tag))
    for tag in set(after.tags) - set(before.tags):
        await tx.execute(sa.insert(tag_table).values(recording_id=recording_id, tag=tag))


def matching(table: RetentionTable, sought: Sought) -> sa.Select[Any]:
    """The query for what is sought. Ids sort by their beginning, so that the newest are found without sorting."""
    where = [recording_table.c.state != RecordingState.DELETED.value, *_when(sought), *_whose(sought)]
    if sought.tag:
        where.append(_tagged([sought.tag]))
    if sought.category:
        known = table.find(sought.category)
        counted = _tagged(known.counted if known is not None else [sought.category])
        where.append(sa.or_(_own_category() == sought.category, counted))
    where += [_says(word) for word in sought.text.split()]
    query = _with_standing(sa.select(recording_table)).where(*where)
    return query.order_by(recording_table.c.id.desc()).limit(sought.limit)


def _when(sought: Sought) -> Iterator[sa.ColumnElement[bool]]:
    column = recording_table.c
    if sought.before is not None:
        yield column.id < sought.before
    if sought.end is not None:
        yield column.id < id_stamp(sought.end + EARLIER_S)
    if sought.start is not None:
        going = sa.or_(column.state == RecordingState.OPEN.value, column.until.is_(None))
        yield sa.or_(going, column.until >= sought.start - LATER_S)


def _whose(sought: Sought) -> Iterator[sa.ColumnElement[bool]]:
    column = recording_table.c
    if sought.device_ids is not None:
        yield column.device_id.in_(sought.device_ids)
    if sought.person_id is not None:
        yield column.wearer["person_id"].as_string() == sought.person_id
    for word in sought.officer.split():
        if word.isascii():  # SQLite knows no other capitals; who reads the recording itself compares those
            names = (column.wearer[name].as_string() for name in ("name", "collar_number"))
            yield sa.or_(*(text.icontains(word, autoescape=True) for text in (column.call_sign, *names)))


def _with_standing(query: sa.Select[Any]) -> sa.Select[Any]:
    return query.outerjoin_from(
        recording_table, retention_table, retention_table.c.recording_id == recording_table.c.id
    )


def _own_category() -> sa.ColumnElement[str]:
    return sa.func.coalesce(retention_table.c.category, UNTAGGED)


def _tagged(tags: Sequence[str]) -> sa.ColumnElement[bool]:
    own = tag_table.c.recording_id == recording_table.c.id
    return sa.exists().where(own, tag_table.c.tag.in_(tags))


def _reviewed(table: RetentionTable) -> sa.ColumnElement[bool]:
    """Whether its category, or a tag, leads to a review."""
    return sa.or_(_own_category().in_(table.reviewed), _tagged(table.reviewed))


def _says(word: str) -> sa.ColumnElement[bool]:
    noted = sa.exists().where(
        mark_table.c.recording_id == recording_table.c.id, mark_table.c.text.icontains(word, autoescape=True)
    )
    tagged = sa.exists().where(
        tag_table.c.recording_id == recording_table.c.id, tag_table.c.tag.icontains(word, autoescape=True)
    )
    wearer = recording_table.c.wearer["name"].as_string().icontains(word, autoescape=True)
    return sa.or_(noted, tagged, recording_table.c.call_sign.icontains(word, autoescape=True), wearer)
