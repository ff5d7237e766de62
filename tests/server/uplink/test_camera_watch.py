"""Who is missed: in one order for each camera, whatever the database and the other processes do meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from server.database import Database
from server.errors import Unavailable
from server.tasks import TaskOwner
from server.uplink import actions
from server.uplink.actions import CameraWatch
from server.uplink.store import ExpectedCameras
from tests.patience import until


class Room:
    """What the watch asks and tells: alerts that can be away, and who is on line."""

    def __init__(self, database: Database, tasks: TaskOwner) -> None:
        self.expected = ExpectedCameras(database)
        self.standing: set[str] = set()
        self.done: list[str] = []
        self.tried = 0
        self.online: set[str] = set()
        self.away = False
        self.held: asyncio.Event | None = None
        self.watch = CameraWatch(
            tasks,
            self.raised,
            self.cleared,
            self.expected,
            self.lost,
            self.online.__contains__,
            lambda: True,
            lost_after_s=0.02,
            return_s=0.02,
            look_s=0.05,
        )

    async def raised(self, _kind: str, device_id: str) -> None:
        await self.asked()
        self.standing.add(device_id)
        self.done.append("raised")

    async def cleared(self, _kind: str, device_id: str) -> None:
        await self.asked()
        self.standing.discard(device_id)
        self.done.append("cleared")

    async def asked(self) -> None:
        self.tried += 1
        if self.held is not None:
            await self.held.wait()
        if self.away:
            raise Unavailable("the database does not answer")

    async def lost(self) -> list[str]:
        return sorted(self.standing)


@pytest.fixture
async def room(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Room]:
    monkeypatch.setattr(actions, "DATABASE_AGAIN_S", 0.01)
    async with TaskOwner("test") as tasks:
        yield Room(database, tasks)


async def test_a_camera_that_returns_while_the_database_is_away_is_not_missed_afterwards(room: Room) -> None:
    await room.expected.note("cam-1", True)
    room.away = True
    room.watch.disconnected("cam-1", True)
    await until(lambda: room.tried, "it tries to raise")
    room.online.add("cam-1")
    room.watch.connected("cam-1")
    room.away = False
    await until(lambda: room.done == ["cleared"], "only what is newest is done")
    await asyncio.sleep(0.1)
    assert (room.done, room.standing) == (["cleared"], set())
    assert await room.expected.all() == ["cam-1"], "it is expected as before"


async def test_a_camera_that_returns_elsewhere_while_its_alert_is_written_is_cleared_after_that(room: Room) -> None:
    room.held = asyncio.Event()
    room.watch.disconnected("cam-1", True)
    await until(lambda: room.tried, "it is about to raise")
    room.watch.back("cam-1")
    room.held.set()
    await until(lambda: room.done == ["raised", "cleared"], "in this order")
    assert room.standing == set()


async def test_a_camera_that_returns_in_time_is_not_missed(room: Room) -> None:
    room.watch.disconnected("cam-1", True)
    room.watch.back("cam-1")
    await asyncio.sleep(0.1)
    assert room.done == []


async def test_a_camera_that_another_process_holds_is_not_missed_though_its_bell_was_lost(room: Room) -> None:
    room.watch.disconnected("cam-1", True)
    room.online.add("cam-1")
    await asyncio.sleep(0.1)
    assert room.done == []


async def test_a_camera_that_is_known_as_lost_and_is_found_is_cleared(room: Room) -> None:
    room.watch.disconnected("cam-1", True)
    await until(lambda: room.done == ["raised"], "nobody knew where it was")
    await room.watch.start()
    await asyncio.sleep(0.1)
    assert room.done == ["raised"]
    room.online.add("cam-1")
    await until(lambda: room.done == ["raised", "cleared"], "the next look finds it")
