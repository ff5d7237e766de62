"""Where trails are kept: one row per camera and minute, not one per fix (reliability.md, Storage)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.database import Among, Database, metadata
from server.errors import BadRequest
from server.positions.area import Area
from server.positions.fix import Fix, Standing
from server.positions.stay import Stay, joined, reach, stays
from server.positions.trail import ChunkKey, TrailError, merge, pack, unpack

log = structlog.get_logger(__name__)

LOOK_BACK_MIN = (
    15  # where a camera was a quarter of an hour before a replay begins still says something; before, little
)

SIDES = ("west", "south", "east", "north")
MOST_CHUNKS = 20_000  # of one search for a place: some seconds of a thread that takes turns with alerts and media
SLICE_S = 1800.0  # looked into at once: of a hundred cameras in the area, 3000 chunks of 3 kB
trail_chunk = sa.Table(
    "trail_chunk",
    metadata,
    sa.Column("device_id", sa.String(40), primary_key=True),
    sa.Column("minute", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    # where its fixes may have been, in degrees; nothing in rows from before it was kept: those are looked into
    *(sa.Column(side, sa.Double) for side in SIDES),
    sa.Index("ix_trail_chunk_minute", "minute", *SIDES),
)


class TrailStore:
    """Reads and merges chunks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, chunks: Mapping[ChunkKey, Sequence[Fix]]) -> set[ChunkKey]:
        """Merge new fixes into their chunks, all in one transaction. Raises Unavailable; nothing is kept then.

        Returns the chunks that were left as they are, because what is there cannot be read (a newer program's, say).
        """
        unreadable = set()
        async with self._database.transaction() as tx:
            for device_id, minute in sorted(chunks):  # one order everywhere: two processes cannot deadlock
                try:
                    await self._merge(tx, device_id, minute, chunks[device_id, minute])
                except TrailError as error:
                    log.error("a trail chunk cannot be read", device_id=device_id, minute=minute, error=str(error))
                    unreadable.add((device_id, minute))
        return unreadable

    async def _merge(self, tx: AsyncConnection, device_id: str, minute: int, fixes: Sequence[Fix]) -> None:
        # The row is made first, so that there is one to lock: a camera may change process within its minute.
        insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
        row = {"device_id": device_id, "minute": minute, "body": pack([])}
        await tx.execute(insert(trail_chunk).values(**row).on_conflict_do_nothing())
        here = sa.and_(trail_chunk.c.device_id == device_id, trail_chunk.c.minute == minute)
        body = (await tx.execute(sa.select(trail_chunk.c.body).where(here).with_for_update())).scalar_one()
        held = merge(unpack(device_id, body), fixes)
        merged = pack(held)
        if merged != body:
            box = reach(held)
            sides = {side: getattr(box, side) for side in SIDES} if box is not None else {}
            await tx.execute(sa.update(trail_chunk).where(here).values(body=merged, **sides))

    async def since(self, device_id: str, at: float) -> list[Fix]:
        """The fixes of one camera taken at or after `at`, oldest first."""
        query = (
            sa.select(trail_chunk.c.body)
            .where(trail_chunk.c.device_id == device_id, trail_chunk.c.minute >= int(at // 60))
            .order_by(trail_chunk.c.minute)
        )
        async with self._database.reading() as connection:
            bodies = (await connection.execute(query)).scalars().all()
        return [fix for fix in merge(*(_readable(device_id, body) for body in bodies)) if fix.at >= at]

    async def between(self, start: float, end: float, among: Among | None = None) -> dict[str, list[Fix]]:
        """The fixes of every camera (`among`: of these) that arrived from `start` to `end`, in order of arrival; and of each the last
        live one before, which says where it was known to be at `start`."""
        minutes = trail_chunk.c.minute.between(int(start // 60) - LOOK_BACK_MIN, int(end // 60))
        whose = sa.true() if among is None else among.has(trail_chunk.c.device_id)
        query = sa.select(trail_chunk.c.device_id, trail_chunk.c.body).where(minutes, whose)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        found: dict[str, list[Fix]] = {}
        for row in rows:
            found.setdefault(row.device_id, []).extend(_readable(row.device_id, row.body))
        return {device_id: _arrived(fixes, start, end) for device_id, fixes in found.items()}

    async def stays(
        self, area: Area, start: float, end: float, device_ids: Collection[str] | None = None
    ) -> dict[str, list[Stay]]:
        """When each of these cameras (None: of all) was in the area, between two times; who never was is left out.

        Raises BadRequest where more would have to be looked at than MOST_CHUNKS."""
        await self._require_few(within(area, start, end, device_ids))
        found: dict[str, list[Stay]] = {}
        first = start - start % SLICE_S
        while first <= end:
            span = max(start, first), min(end, first + SLICE_S - 1)  # whole minutes, and none of them twice
            async with self._database.reading() as connection:
                rows = [(row.device_id, row.body) for row in await connection.execute(within(area, *span, device_ids))]
            for device_id, there in await asyncio.to_thread(_stays_in, rows, area, start, end):
                found.setdefault(device_id, []).extend(there)
            first += SLICE_S
        return {device_id: joined(there) for device_id, there in found.items()}

    async def _require_few(self, chunks: sa.Select[tuple[str, bytes]]) -> None:
        some = chunks.with_only_columns(sa.literal(1)).limit(MOST_CHUNKS + 1).subquery()
        async with self._database.reading() as connection:
            count = (await connection.execute(sa.select(sa.func.count()).select_from(some))).scalar_one()
        if count > MOST_CHUNKS:
            hours = MOST_CHUNKS / 60
            raise BadRequest(
                f"area: more than {hours:.0f} hours of trails lie there; a smaller place, a shorter time or one camera"
            )

    async def last_chunks(self) -> list[Fix]:
        """The fixes of the newest chunk of every camera."""
        newest = (
            sa.select(trail_chunk.c.device_id, sa.func.max(trail_chunk.c.minute).label("minute"))
            .group_by(trail_chunk.c.device_id)
            .subquery()
        )
        same = sa.and_(trail_chunk.c.device_id == newest.c.device_id, trail_chunk.c.minute == newest.c.minute)
        query = sa.select(trail_chunk.c.device_id, trail_chunk.c.body).join(newest, same)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return [fix for row in rows for fix in _readable(row.device_id, row.body)]


def within(
    area: Area, start: float, end: float, device_ids: Collection[str] | None = None
) -> sa.Select[tuple[str, bytes]]:
    """The chunks of that time whose fixes may have been in the area, of these cameras or of all."""
    chunk, box = trail_chunk.c, area.bounds
    near = (chunk.west <= box.east, chunk.east >= box.west, chunk.south <= box.north, chunk.north >= box.south)
    minutes = chunk.minute.between(int(start // 60), int(end // 60))
    query = sa.select(chunk.device_id, chunk.body).where(minutes, sa.or_(chunk.west.is_(None), sa.and_(*near)))
    return query if device_ids is None else query.where(chunk.device_id.in_(device_ids))


def _stays_in(rows: Iterable[tuple[str, bytes]], area: Area, start: float, end: float) -> list[tuple[str, list[Stay]]]:
    found = [(device_id, stays(_readable(device_id, body), area, start, end)) for device_id, body in rows]
    return [(device_id, there) for device_id, there in found if there]


def _arrived(fixes: list[Fix], start: float, end: float) -> list[Fix]:
    """Those of an interval, and the live one before it, in order of arrival."""
    ordered = sorted(merge(fixes), key=lambda fix: (fix.received_at, fix.at))
    before = [fix for fix in ordered if fix.received_at < start and fix.standing is Standing.LIVE]
    return [*before[-1:], *(fix for fix in ordered if start <= fix.received_at <= end)]


def _readable(device_id: str, body: bytes) -> list[Fix]:
    """A chunk's fixes; none of one that cannot be read, which must not hide or hold up the others."""
    try:
        return unpack(device_id, body)
    except TrailError as error:
        log.error("a trail chunk cannot be read; it is left out", device_id=device_id, error=str(error))
        return []
