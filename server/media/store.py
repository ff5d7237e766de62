"""Where every viewing is kept (table `live_view`): the row is committed before the first packet flows."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass

import structlog
from sqlalchemy import Column, Float, Index, String, Table, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from server.clock import Clock
from server.database import Database, metadata
from server.errors import Unavailable
from server.media.live import Viewer
from server.tasks import TaskOwner

log = structlog.get_logger(__name__)

RETRY_S = 1.0
CLOSING_S = 1.0  # Ctrl-C must have ended everything within 3 s

live_view = Table(
    "live_view",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("device_id", String(40), nullable=False),
    Column("person_id", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("role", String(20), nullable=False),
    Column("started_at", Float, nullable=False),  # Unix seconds
    Column("ended_at", Float),
    Column("layer", String(10), nullable=False),
    Index("ix_live_view_device_id_started_at", "device_id", "started_at"),
)


@dataclass(frozen=True, slots=True)
class LiveView:
    """One person's viewing of one camera; `ended_at` None while it lasts."""

    id: str
    device_id: str
    person_id: str
    name: str
    role: str
    started_at: float
    ended_at: float | None
    layer: str


class LiveViewStore:
    """Begins are written before they return; ends are written by a task, and tried until they are."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._ends: asyncio.Queue[tuple[str, float, str]] = asyncio.Queue()

    def start(self, tasks: TaskOwner) -> None:
        """Begin to write what ends."""
        tasks.start(self._write_ends(), "media.view_ends")

    async def begin(self, device_id: str, viewer: Viewer, layer: str) -> str:
        """Commit that the viewing starts; returns its id. Raises Unavailable: then nothing may be shown."""
        view_id = secrets.token_hex(16)
        async with self._database.transaction() as connection:
            await connection.execute(
                insert(live_view).values(
                    id=view_id,
                    device_id=device_id,
                    person_id=viewer.person_id,
                    name=viewer.name,
                    role=viewer.role,
                    started_at=self._clock.wall(),
                    layer=layer,
                )
            )
        return view_id

    def end_soon(self, view_id: str, layer: str) -> None:
        """The viewing ended now; written soon (a plain call, for sessions that end on their own)."""
        self._ends.put_nowait((view_id, self._clock.wall(), layer))

    async def _write_ends(self) -> None:
        while True:
            view_id, at, layer = await self._ends.get()
            if not await self._wrote_end(view_id, at, layer):
                self._ends.put_nowait((view_id, at, layer))
                await asyncio.sleep(RETRY_S)
            self._ends.task_done()

    async def _wrote_end(self, view_id: str, at: float, layer: str) -> bool:
        try:
            async with self._database.transaction() as connection:
                await connection.execute(
                    update(live_view)
                    .where(live_view.c.id == view_id, live_view.c.ended_at.is_(None))
                    .values(ended_at=at, layer=layer)
                )
        except Unavailable:
            log.warning("the end of a viewing waits for the database", view_id=view_id)
            return False
        except SQLAlchemyError as error:  # it will never be written; those behind it must be
            log.error("the end of a viewing cannot be written", view_id=view_id, error=str(error))
        return True

    async def flush(self) -> None:
        """Wait until all ends are written."""
        await self._ends.join()

    async def close(self) -> None:
        """The server ends, and with it all viewings: their ends are written, unless the database is away."""
        try:
            async with asyncio.timeout(CLOSING_S):
                await self.flush()
        except TimeoutError:
            log.warning("ends of viewings are not written", waiting=self._ends.qsize())

    async def of_device(self, device_id: str, limit: int = 100) -> list[LiveView]:
        """The latest viewings of a camera, newest first."""
        query = (
            select(live_view)
            .where(live_view.c.device_id == device_id)
            .order_by(live_view.c.started_at.desc())
            .limit(limit)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [LiveView(**row) for row in rows]
