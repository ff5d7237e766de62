"""Where logs of weapons are kept (tables `taser_log`, `taser_offset`): the file itself, byte for byte, and what people
have said of its clock. Events are read out of the file each time, so that nothing can stand between it and them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from server.database import Along, Database, metadata
from server.errors import Conflict, NotFound

Json = dict[str, Any]
log_table = sa.Table(
    "taser_log",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("device_id", sa.String(40), nullable=False),
    sa.Column("call_sign", sa.String(40), nullable=False),
    sa.Column("wearer", sa.JSON),
    sa.Column("serial", sa.String(40), nullable=False),
    sa.Column("name", sa.String(120), nullable=False),  # of the file, as it was called
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("bytes", sa.Integer, nullable=False),
    sa.Column("events", sa.Integer, nullable=False),
    sa.Column("zone", sa.String(40), nullable=False),
    sa.Column("utc_offset", sa.String(10), nullable=False),  # what was said with it, so that it is read alike for ever
    sa.Column("date_order", sa.String(3), nullable=False),
    sa.Column("start", sa.Double, nullable=False),  # Unix seconds, like all times
    sa.Column("end", sa.Double, nullable=False),
    sa.Column("why", sa.String(200), nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("by_id", sa.String(64), nullable=False),
    sa.Column("by_name", sa.String(120), nullable=False),
    # where its events lay when its clock was last set: the list need not read two hundred files
    sa.Column("within", sa.Integer, nullable=False),
    sa.Column("offset", sa.JSON, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Index("ix_taser_log_device_id_sha256", "device_id", "sha256", "start", "end", unique=True),
    sa.Index("ix_taser_log_start", "start"),
)
offset_table = sa.Table(
    "taser_offset",
    metadata,
    sa.Column("log_id", sa.String(32), primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("by_id", sa.String(64), nullable=False),
    sa.Column("by_name", sa.String(120), nullable=False),
    sa.Column("seconds", sa.Double),  # nothing: as it is matched again
    sa.Column("why", sa.String(200), nullable=False),
)
tombstone_table = sa.Table(
    "taser_tombstone",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("device_id", sa.String(40), nullable=False),
    sa.Column("call_sign", sa.String(40), nullable=False),
    sa.Column("serial", sa.String(40), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("bytes", sa.Integer, nullable=False),
    sa.Column("start", sa.Double, nullable=False),
    sa.Column("end", sa.Double, nullable=False),
    sa.Column("at", sa.Double, nullable=False),  # when it was brought in
    sa.Column("rule", sa.String(40), nullable=False),
    sa.Column("deleted_at", sa.Double, nullable=False),
)
PLACED = ("within", "offset")
ABOUT = [column for column in log_table.c if column.name not in ("content", *PLACED)]


@dataclass(frozen=True, slots=True)
class Item:
    """A log as it was brought in: what it is of, its file's name, size and SHA-256, and who brought it, when and why.

    `start` to `end` (Unix seconds): the time that it was brought in for. `events`: how many the whole file has.
    """

    id: str
    device_id: str
    call_sign: str
    wearer: Mapping[str, Any] | None
    serial: str
    name: str
    sha256: str
    bytes: int
    events: int
    zone: str
    utc_offset: str
    date_order: str
    start: float
    end: float
    why: str
    at: float
    by_id: str
    by_name: str

    def as_json(self) -> Json:
        """For the API."""
        told = asdict(self)
        return {**told, "from": told.pop("start"), "to": told.pop("end")}


@dataclass(frozen=True, slots=True)
class Setting:
    """What a person has said of the clock. `seconds` None: take back what was said before."""

    at: float
    by_id: str
    by_name: str
    seconds: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What stays of a log that is deleted: which file it was, of which weapon and time, and by which rule it went."""

    id: str
    device_id: str
    call_sign: str
    serial: str
    sha256: str
    bytes: int
    start: float
    end: float
    at: float
    rule: str
    deleted_at: float


class TaserStore:
    """Rows of logs; they are added, and only where their events lie is changed, until they are deleted. Every call raises
    Unavailable while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, item: Item, placed: Json, content: bytes, along: Along) -> None:
        """Commit a log, with its audit row. Raises Conflict where this very file is kept for this camera and time."""
        same = sa.and_(
            log_table.c.device_id == item.device_id,
            log_table.c.sha256 == item.sha256,
            log_table.c.start == item.start,
            log_table.c.end == item.end,
        )
        values = {**asdict(item), **placed, "content": content}
        async with self._database.transaction() as tx:
            insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
            if not (await tx.execute(insert(log_table).values(**values).on_conflict_do_nothing())).rowcount:
                known = (await tx.execute(sa.select(log_table.c.id).where(same))).scalar()
                raise Conflict("this file is kept already for this camera and time", log=known)
            await along(tx)

    async def set_offset(self, log_id: str, setting: Setting, placed: Json, along: Along) -> None:
        """Commit what somebody says of its clock, and where its events lie then, with the audit row. Raises NotFound."""
        async with self._database.transaction() as tx:
            here = sa.select(log_table.c.id).where(log_table.c.id == log_id).with_for_update()
            if (await tx.execute(here)).first() is None:
                raise NotFound(f"there is no TASER log {log_id}")
            last = sa.select(sa.func.max(offset_table.c.n)).where(offset_table.c.log_id == log_id)
            n = int((await tx.execute(last)).scalar() or 0) + 1
            await tx.execute(sa.insert(offset_table).values(log_id=log_id, n=n, **asdict(setting)))
            await tx.execute(sa.update(log_table).where(log_table.c.id == log_id).values(**placed))
            await along(tx)

    async def settings(self, log_ids: Sequence[str]) -> dict[str, list[Setting]]:
        """All that was said of their clocks, in order."""
        query = sa.select(offset_table).where(offset_table.c.log_id.in_(log_ids)).order_by(offset_table.c.n)
        found: dict[str, list[Setting]] = {log_id: [] for log_id in log_ids}
        async with self._database.reading() as connection:
            for row in await connection.execute(query):
                found[row.log_id].append(Setting(row.at, row.by_id, row.by_name, row.seconds, row.why))
        return found

    async def newest(self, limit: int) -> list[tuple[Item, Json]]:
        """The newest, as they were brought in, and where their events lay when their clock was last set."""
        shown = [log_table.c[name] for name in PLACED]
        query = sa.select(*ABOUT, *shown).order_by(log_table.c.at.desc(), log_table.c.id).limit(limit)
        async with self._database.reading() as connection:
            rows = [dict(row) for row in (await connection.execute(query)).mappings()]
        return [(Item(**row), placed) for row in rows for placed in [{name: row.pop(name) for name in PLACED}]]

    async def between(self, start: float, end: float) -> list[Item]:
        """Those that were brought in for any of this time (Unix seconds)."""
        within = sa.and_(log_table.c.start <= end, log_table.c.end >= start)
        return await self._found(sa.select(*ABOUT).where(within).order_by(log_table.c.start, log_table.c.id))

    async def brought_in_before(self, at: float) -> list[Item]:
        """Those that were brought in by then, oldest first."""
        return await self._found(sa.select(*ABOUT).where(log_table.c.at <= at).order_by(log_table.c.at, log_table.c.id))

    async def bury(self, tombstone: Tombstone, along: Along) -> bool:
        """Delete it, with all that was said of its clock, and commit its tombstone and the audit's row; False where another
        process has."""
        async with self._database.transaction() as tx:
            if not (await tx.execute(sa.delete(log_table).where(log_table.c.id == tombstone.id))).rowcount:
                return False
            await tx.execute(sa.delete(offset_table).where(offset_table.c.log_id == tombstone.id))
            await tx.execute(sa.insert(tombstone_table).values(**asdict(tombstone)))
            await along(tx)
            return True

    async def tombstone(self, log_id: str) -> Tombstone | None:
        """Of a log that is deleted."""
        query = sa.select(tombstone_table).where(tombstone_table.c.id == log_id)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).mappings().first()
        return None if row is None else Tombstone(**row)

    async def one(self, log_id: str) -> Item:
        """One of them. Raises NotFound."""
        found = await self._found(sa.select(*ABOUT).where(log_table.c.id == log_id))
        if not found and await self.tombstone(log_id) is not None:
            raise NotFound(f"TASER log {log_id} was kept as long as what was recorded then, and is deleted")
        if not found:
            raise NotFound(f"there is no TASER log {log_id}")
        return found[0]

    async def content(self, log_id: str) -> bytes:
        """The file, byte for byte. Raises NotFound."""
        async with self._database.reading() as connection:
            found = (await connection.execute(sa.select(log_table.c.content).where(log_table.c.id == log_id))).scalar()
        if found is None:
            raise NotFound(f"there is no TASER log {log_id}")
        return bytes(found)

    async def _found(self, query: sa.Select[Any]) -> list[Item]:
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [Item(**row) for row in rows]
