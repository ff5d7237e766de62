"""Worker processes that die, hang or cannot start; cameras on several of them."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from server.clock import SystemClock
from server.errors import BadRequest, StartError, Unavailable
from server.media.settings import MediaSettings
from server.media.worker_pool import WorkerPool
from server.media.worker_process import WorkerLogs
from server.tasks import TaskOwner
from tests.installation import ROOT
from tests.local_servers import free_port
from tests.server.media.clients import Camera, Screen
from tests.server.media.conftest import CAMERA, INSPECTOR, Heard, until
from tests.server.media.test_media_engine import publish


@dataclass
class Pool:
    """Two workers, and what they said."""

    engine: WorkerPool
    heard: Heard

    def worker_pid(self, name: str) -> int:
        return int(self.engine.health()["workers"][name]["pid"])

    async def place(self, device_id: str) -> str:
        """Which worker has this camera, or takes it now."""
        return (await self.engine._worker_for(device_id)).name

    def is_back(self, name: str) -> bool:
        worker = self.engine.health()["workers"][name]
        return bool(worker["ready"] and worker["deaths"] == 1)


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker may be silent for two seconds only."""
    monkeypatch.setattr("server.media.worker_process.SILENT_S", 2.0)


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[Pool]:
    """Started."""
    async with TaskOwner("test") as tasks:
        heard = Heard()
        engine = WorkerPool(
            MediaSettings(folder=tmp_path),
            2,
            WorkerLogs(),
            SystemClock(),
            tasks,
            heard.feed,
            heard.watching,
            heard.publishing,
        )
        await engine.start()
        yield Pool(engine, heard)
        await engine.close()


def test_a_worker_loads_neither_a_database_nor_what_reads_configurations() -> None:
    """It needs neither, and they were two thirds of the time in which a worker that has died is back."""
    look = "import sys, server.media_worker; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not {"sqlalchemy", "alembic", "aiosqlite", "pydantic"} & set(loaded.split())


async def test_a_worker_that_is_killed_takes_only_its_own_cameras_and_they_come_back(pool: Pool) -> None:
    engine, heard = pool.engine, pool.heard
    first, second, again = Camera(sound=False), Camera(sound=False), Camera(sound=False)
    screen, other_screen = Screen(sound=False), Screen(sound=False)
    ended: list[str] = []
    try:
        lost = await publish(engine, first)
        await publish(engine, second, "camera-2")
        name = await pool.place(CAMERA)
        assert await pool.place("camera-2") != name, "two cameras on two idle workers"
        answer = await engine.watch(CAMERA, INSPECTOR, await screen.make_offer(), on_end=ended.append)
        await screen.take(answer.sdp)
        other = await engine.watch("camera-2", INSPECTOR, await other_screen.make_offer())
        await other_screen.take(other.sdp)
        await screen.frames(3)
        await until(lambda: engine.counters().get("camera_packets", 0) > 0 and len(engine.figures().workers) == 2)
        counted = engine.counters()["camera_packets"]
        os.kill(pool.worker_pid(name), signal.SIGKILL)
        await until(lambda: ended == ["main"])
        assert (engine.publisher_of(CAMERA), engine.feed_state(CAMERA).streaming) == (None, False)
        assert heard.publishers[-1] == (CAMERA, None)
        assert heard.names(CAMERA) == []
        alive = {worker.name: worker.alive for worker in engine.figures().workers}
        assert alive.pop(name) is False and all(alive.values())
        assert engine.health()["workers"][name]["ready"] is False
        assert engine.health()["ready"], "the other one takes its cameras"
        assert heard.feeds[-1][1].last_packet_at is not None, "the tile says since when"
        await publish(engine, again)  # not even the worker's own return is waited for
        assert engine.publisher_of(CAMERA) != lost
        assert len(await other_screen.frames(10)) == 10
        assert engine.publisher_of("camera-2") is not None
        await until(lambda: pool.is_back(name), 60)
        assert engine.health()["ready"]
        await until(lambda: all(worker.alive for worker in engine.figures().workers))
        assert [one.restarts for one in engine.figures().workers if one.name == name] == [1]
        assert engine.counters()["camera_packets"] >= counted, "a counter never falls"
    finally:
        for one in (screen, other_screen, first, second, again):
            await one.close()


async def test_a_call_that_a_dying_worker_does_not_answer_is_refused_for_the_moment(pool: Pool) -> None:
    name = await pool.place(CAMERA)
    os.kill(pool.worker_pid(name), signal.SIGSTOP)
    camera = Camera(sound=False)
    try:
        offer = await camera.make_offer()
        async with TaskOwner("caller") as tasks:
            call = tasks.start(_refused(pool.engine, offer), "publish")
            await until(lambda: bool(pool.engine._named[name]._waiting))
            os.kill(pool.worker_pid(name), signal.SIGKILL)
            error = await call
        assert error.headers["Retry-After"] == "1"
    finally:
        await camera.close()


async def _refused(engine: WorkerPool, offer: str) -> Unavailable:
    with pytest.raises(Unavailable) as refused:
        await engine.publish(CAMERA, offer)
    return refused.value


async def test_a_worker_that_hangs_is_ended_and_started_again(impatience: None, pool: Pool) -> None:
    name = await pool.place(CAMERA)
    before = pool.worker_pid(name)
    os.kill(before, signal.SIGSTOP)
    await until(lambda: pool.is_back(name), 60)
    assert pool.worker_pid(name) != before


async def test_a_server_that_ends_while_a_worker_is_started_again_leaves_nothing_open(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    starting = asyncio.Event()
    made: list[socket.socket] = []
    socketpair = socket.socketpair

    def kept() -> tuple[socket.socket, socket.socket]:
        made.extend(socketpair())
        return made[0], made[1]

    async def never(*_: object, **__: object) -> None:
        starting.set()
        await asyncio.Event().wait()

    name = await pool.place(CAMERA)
    monkeypatch.setattr("server.media.worker_process.socket.socketpair", kept)
    monkeypatch.setattr("server.media.worker_process.asyncio.create_subprocess_exec", never)
    os.kill(pool.worker_pid(name), signal.SIGKILL)
    await starting.wait()
    await pool.engine.close()
    assert [one.fileno() for one in made] == [-1, -1]


async def test_no_worker_outlives_its_server(pool: Pool) -> None:
    pids = [pool.worker_pid(name) for name in pool.engine.health()["workers"]]
    await pool.engine.close()
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


async def test_a_port_that_is_taken_is_said_in_one_sentence(tmp_path: Path) -> None:
    heard = Heard()
    port = free_port()
    settings = MediaSettings(folder=tmp_path, port=port)
    async with TaskOwner("test") as tasks:
        first, second = (
            WorkerPool(settings, 1, WorkerLogs(), SystemClock(), tasks, heard.feed, heard.watching, heard.publishing)
            for _ in range(2)
        )
        await first.start()
        try:
            with pytest.raises(StartError, match=f"UDP port {port}"):
                await second.start()
        finally:
            await first.close()
            await second.close()


async def test_offers_while_the_only_worker_dies_wait_for_the_next(tmp_path: Path) -> None:
    heard = Heard()
    async with TaskOwner("test") as tasks:
        engine = WorkerPool(
            MediaSettings(folder=tmp_path),
            1,
            WorkerLogs(),
            SystemClock(),
            tasks,
            heard.feed,
            heard.watching,
            heard.publishing,
        )
        await engine.start()
        try:
            os.kill(engine.health()["workers"]["media-1"]["pid"], signal.SIGKILL)
            while engine.health()["workers"]["media-1"]["deaths"] == 0 or not engine.health()["ready"]:
                with suppress(Unavailable, BadRequest):  # and nothing else
                    await engine.publish(CAMERA, "nonsense")
                await asyncio.sleep(0)
            with pytest.raises(BadRequest):
                await engine.publish(CAMERA, "nonsense")
        finally:
            await engine.close()


async def test_a_worker_that_cannot_be_started_once_is_tried_again(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = [OSError(24, "Too many open files")]
    socketpair = socket.socketpair

    def once_impossible() -> tuple[socket.socket, socket.socket]:
        if failures:
            raise failures.pop()
        return socketpair()

    monkeypatch.setattr("server.media.worker_process.socket.socketpair", once_impossible)
    name = await pool.place(CAMERA)
    os.kill(pool.worker_pid(name), signal.SIGKILL)
    await until(lambda: pool.is_back(name), 60)
    assert failures == []


async def test_a_wish_that_no_message_can_carry_is_a_bad_request(pool: Pool) -> None:
    camera, screen = Camera(sound=False), Screen(sound=False)
    try:
        await publish(pool.engine, camera)
        answer = await pool.engine.watch(CAMERA, INSPECTOR, await screen.make_offer())
        with pytest.raises(BadRequest):
            await pool.engine.change_wish(answer.session_id, {"layer": 10**30})
        assert (await pool.engine.change_wish(answer.session_id, {"sound": False, "more": 10**30}))["sound"] is False
        assert not any(worker._waiting for worker in pool.engine._workers)
    finally:
        await screen.close()
        await camera.close()


async def test_ports_beyond_the_last_are_said_in_one_sentence(tmp_path: Path) -> None:
    heard = Heard()
    async with TaskOwner("test") as tasks:
        settings = MediaSettings(folder=tmp_path, port=65_535)
        engine = WorkerPool(
            settings, 2, WorkerLogs(), SystemClock(), tasks, heard.feed, heard.watching, heard.publishing
        )
        with pytest.raises(StartError, match="65536"):
            await engine.start()
        await engine.close()
