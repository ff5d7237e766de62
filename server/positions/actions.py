"""What may be done with positions: receive a fix, know where everybody is, read a trail back.

The river: uplink → receive → judge → latest in memory → bus (LATEST, lossy); and → chunk → commit →
acknowledged to the camera. The camera resends what was not acknowledged, so a crash loses nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog

from server import wire
from server.bus import Body, Bus, Topic
from server.clock import Clock
from server.errors import Unavailable
from server.positions.fix import Fix, Standing, judge, newer
from server.positions.store import TrailStore
from server.positions.trail import ChunkKey, chunk_of, merge
from server.tasks import TaskOwner

log = structlog.get_logger(__name__)

FLUSH_S = 5.0  # one commit per 5 s carries every camera's fixes
MOST_PENDING = 200_000  # about 25 minutes of 130 cameras while the database is away; about 100 MB


class Positions:
    """The last known position of every camera, and the trails."""

    def __init__(self, store: TrailStore, bus: Bus, clock: Clock, tasks: TaskOwner) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._tasks = tasks
        self._latest: dict[str, Fix] = {}
        self._batch = _Batch()
        self._in_commit = _Batch()
        self._flushing = asyncio.Lock()

    async def start(self) -> None:
        """Read the last known positions, listen to other processes, and begin to flush."""
        for fix in await self._store.last_chunks():
            self._remember(fix)
        self._bus.subscribe(Topic.LATEST, self._heard)
        self._tasks.repeat(FLUSH_S, self.flush, "positions.flush")

    async def receive(
        self, device_id: str, outbox_id: str, raw: wire.Fix, offset_s: float = 0.0
    ) -> asyncio.Future[None]:
        """Judge and show a fix. The future is done when it is committed: only then may it be acknowledged.

        Raises Unavailable when too much waits for the database; the camera keeps the fix and sends it again.
        """
        if len(self._batch.fixes) >= MOST_PENDING:
            raise Unavailable("positions cannot be kept: the database has been away for too long")
        fix = judge(device_id, outbox_id, raw, self._latest.get(device_id), self._clock.wall(), offset_s)
        committed = self._batch.add(fix)
        if self._remember(fix) and fix.standing is Standing.LIVE:
            await self._bus.publish(Topic.LATEST, {"fixes": [fix.as_json()]})
        return committed

    def latest(self) -> list[Fix]:
        """The last known position of every camera, whichever process received it; mind its age."""
        return list(self._latest.values())

    def latest_of(self, device_id: str) -> Fix | None:
        """The last known position of one camera; mind its age."""
        return self._latest.get(device_id)

    async def trail(self, device_id: str, minutes: float) -> list[Fix]:
        """The fixes of the last `minutes`, those included that are not committed yet; oldest first."""
        since = self._clock.wall() - minutes * 60
        waiting = [*self._in_commit.of(device_id), *self._batch.of(device_id)]
        return merge(await self._store.since(device_id, since), (fix for fix in waiting if fix.at >= since))

    async def flush(self) -> None:
        """Commit what waits, in one transaction, and acknowledge it. After a failure it waits for the next turn."""
        async with self._flushing:
            if not self._batch.fixes:
                return
            batch, self._batch = self._batch, _Batch()
            self._in_commit = batch
            unreadable: set[ChunkKey] | None = None
            try:
                unreadable = await self._store.keep(batch.chunks())
            except Unavailable as error:
                log.warning("positions wait for the database", fixes=len(batch.fixes), reason=error.detail)
            finally:
                self._in_commit = _Batch()
                if unreadable is None:
                    self._batch.take_back(batch)
            if unreadable is not None:
                batch.acknowledge(unreadable)

    async def close(self) -> None:
        """Commit what waits, as well as can be."""
        await self.flush()

    def _remember(self, fix: Fix) -> bool:
        chosen = newer(self._latest.get(fix.device_id), fix)
        if chosen is not fix:
            return False
        self._latest[fix.device_id] = fix
        return True

    def _heard(self, body: Body) -> None:
        for item in body.get("fixes", ()):
            self._remember(Fix.from_json(item))


class _Batch:
    """Fixes that wait for one commit, each with the promise made to its sender."""

    def __init__(self) -> None:
        self.fixes: list[Fix] = []
        self._promises: list[asyncio.Future[None]] = []

    def add(self, fix: Fix) -> asyncio.Future[None]:
        promise: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.fixes.append(fix)
        self._promises.append(promise)
        return promise

    def of(self, device_id: str) -> Iterable[Fix]:
        return (fix for fix in self.fixes if fix.device_id == device_id)

    def chunks(self) -> dict[ChunkKey, list[Fix]]:
        chunks: dict[ChunkKey, list[Fix]] = {}
        for fix in self.fixes:
            chunks.setdefault(chunk_of(fix), []).append(fix)
        return chunks

    def take_back(self, older: _Batch) -> None:
        self.fixes[:0] = older.fixes
        self._promises[:0] = older._promises

    def acknowledge(self, unreadable: set[ChunkKey]) -> None:
        """Keep the promises, but for fixes whose chunk cannot be read: their camera keeps them, and sends them again."""
        for fix, promise in zip(self.fixes, self._promises, strict=True):
            if chunk_of(fix) in unreadable:
                promise.cancel()
            elif not promise.done():
                promise.set_result(None)
