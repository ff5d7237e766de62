"""Positions with a real database: shown at once, acknowledged when kept, and there again after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest
import sqlalchemy as sa

from server import wire
from server.bus import LocalBus, Topic
from server.clock import HandClock
from server.database import Database
from server.errors import Unavailable
from server.positions import actions
from server.positions.actions import Positions
from server.positions.fix import Fix, Standing
from server.positions.store import TrailStore, trail_chunk
from server.positions.trail import ChunkKey
from server.tasks import TaskOwner

NOW = 1_800_000_000.0


class FailingStore(TrailStore):
    """A database that is away until it is told to come back."""

    away = False

    async def keep(self, chunks: Mapping[ChunkKey, Sequence[Fix]]) -> set[ChunkKey]:
        if self.away:
            raise Unavailable("the database does not answer")
        return await super().keep(chunks)


class Scene:
    def __init__(self, database: Database, tasks: TaskOwner, bus: LocalBus | None = None) -> None:
        self.clock = HandClock(NOW)
        self.bus = bus or LocalBus()
        self.store = FailingStore(database)
        self.positions = Positions(self.store, self.bus, self.clock, tasks)

    async def fix(self, seq: int, at: float | None = None, device_id: str = "cam-1") -> asyncio.Future[None]:
        taken = self.clock.wall() if at is None else at
        raw = wire.Fix(seq=seq, at=taken, lat=51, lon=-1 + seq / 1e5, accuracy_m=5)
        return await self.positions.receive(device_id, "outbox-1", raw)


@pytest.fixture
async def tasks() -> AsyncIterator[TaskOwner]:
    async with TaskOwner("test") as owner:
        yield owner


@pytest.fixture
async def scene(database: Database, tasks: TaskOwner) -> Scene:
    made = Scene(database, tasks)
    await made.positions.start()
    return made


async def test_a_fix_is_shown_at_once_and_acknowledged_only_after_the_commit(scene: Scene) -> None:
    heard: list[dict[str, object]] = []
    scene.bus.subscribe(Topic.LATEST, heard.append)
    committed = await scene.fix(1)
    latest = scene.positions.latest_of("cam-1")
    assert latest is not None
    assert heard == [{"fixes": [latest.as_json()]}]
    assert not committed.done()
    assert [fix.seq for fix in await scene.positions.trail("cam-1", 10)] == [1]
    await scene.positions.flush()
    assert committed.done()
    assert [fix.seq for fix in await scene.positions.trail("cam-1", 10)] == [1]


async def test_a_database_that_is_away_delays_the_acknowledgement_and_loses_nothing(scene: Scene) -> None:
    first = await scene.fix(1)
    scene.store.away = True
    await scene.positions.flush()
    second = await scene.fix(2)
    await scene.positions.flush()
    assert not first.done()
    assert [fix.seq for fix in await scene.positions.trail("cam-1", 10)] == [1, 2]
    scene.store.away = False
    await scene.positions.flush()
    assert first.done()
    assert second.done()
    assert [fix.seq for fix in await scene.store.since("cam-1", 0)] == [1, 2]


async def test_when_too_much_waits_the_camera_keeps_its_fixes(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_PENDING", 2)
    scene.store.away = True
    await scene.fix(1)
    await scene.fix(2)
    await scene.positions.flush()
    with pytest.raises(Unavailable):
        await scene.fix(3)


async def test_back_filled_fixes_fill_the_trail_and_never_move_the_marker(scene: Scene) -> None:
    await scene.fix(9)
    heard: list[object] = []
    scene.bus.subscribe(Topic.LATEST, heard.append)
    for seq in range(1, 9):
        await scene.fix(seq, NOW - 90 + seq * 10)
    await scene.fix(10, NOW + 500)
    latest = scene.positions.latest_of("cam-1")
    assert latest is not None
    assert latest.seq == 9
    assert heard == []
    await scene.positions.flush()
    standings = [fix.standing for fix in await scene.positions.trail("cam-1", 10)]
    assert standings == [Standing.LATE] * 8 + [Standing.LIVE, Standing.FUTURE]
    assert [fix.seq for fix in await scene.positions.trail("cam-1", 0.5)] == [6, 7, 8, 9, 10]


async def test_after_a_restart_the_last_known_position_is_there_with_its_true_age(
    scene: Scene, database: Database, tasks: TaskOwner
) -> None:
    for seq in range(1, 4):
        await scene.fix(seq)
        await scene.fix(seq, device_id="cam-2")
        scene.clock.move(40)
    await scene.positions.close()
    later = Scene(database, tasks)
    await later.positions.start()
    assert {fix.device_id: (fix.seq, fix.at) for fix in later.positions.latest()} == {
        "cam-1": (3, NOW + 80),
        "cam-2": (3, NOW + 80),
    }


async def test_resent_fixes_and_two_processes_share_a_minute(
    scene: Scene, database: Database, tasks: TaskOwner
) -> None:
    other = Scene(database, tasks)
    for seq in range(1, 30):
        await scene.fix(seq, NOW + seq / 10)
        await other.fix(seq + 10, NOW + (seq + 10) / 10)
        if seq % 7 == 0:
            await asyncio.gather(scene.positions.flush(), other.positions.flush())
    await asyncio.gather(scene.positions.flush(), other.positions.flush())
    assert [fix.seq for fix in await scene.store.since("cam-1", 0)] == list(range(1, 40))


async def test_what_another_process_received_is_known_here(database: Database, tasks: TaskOwner) -> None:
    bus = LocalBus()
    here, there = Scene(database, tasks, bus), Scene(database, tasks, bus)
    await here.positions.start()
    await there.positions.start()
    await there.fix(1)
    latest = here.positions.latest_of("cam-1")
    assert latest is not None
    assert latest.at == NOW


async def test_a_chunk_that_cannot_be_read_holds_nobody_else_up(
    scene: Scene, database: Database, tasks: TaskOwner
) -> None:
    for device_id in ("cam-1", "cam-2"):
        await scene.fix(1, device_id=device_id)
    await scene.positions.flush()
    broken = trail_chunk.c.device_id == "cam-1"
    async with database.transaction() as tx:
        await tx.execute(sa.update(trail_chunk).where(broken).values(body=b"newer"))
    bad, good = await scene.fix(2), await scene.fix(2, device_id="cam-2")
    await scene.positions.flush()
    assert (bad.cancelled(), good.done()) == (True, True), "the camera of the bad one keeps its fix"
    assert [fix.seq for fix in await scene.positions.trail("cam-2", 10)] == [1, 2]
    assert await scene.positions.trail("cam-1", 10) == []
    async with database.reading() as connection:
        assert (await connection.execute(sa.select(trail_chunk.c.body).where(broken))).scalar_one() == b"newer"
    again = Scene(database, tasks)
    await again.positions.start()
    assert [fix.device_id for fix in again.positions.latest()] == ["cam-2"]
