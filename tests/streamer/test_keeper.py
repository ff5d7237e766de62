"""What is kept while the officer records, before it, and after: from real encoders to the camera's disk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server import wire
from streamer.capture import Picture
from streamer.clock import SystemClock
from streamer.keeper import FootageKeeper
from streamer.ladder import LayerPlan
from streamer.pose import Pose
from streamer.sound import Sound, open_sound
from streamer.spool import Spool
from streamer.tasks import TaskOwner
from tests.streamer.test_capture import Grey
from tests.streamer.waiting import until

PLAN = LayerPlan(320, 180, 25, 400_000)


class Camera:
    """A keeper of real pictures and sound, with what it said."""

    def __init__(self, folder: Path, tasks: TaskOwner, before_s: float = 30.0, room: int = 64 << 20) -> None:
        self.recording: wire.RecordingState = "buffering"
        self.spool = Spool(folder, room)
        self.said: list[str] = []
        self.picture = Picture(Grey(clock=SystemClock()), PLAN, LayerPlan(160, 90, 10, 90_000), "ultrafast")
        self.sound: Sound | None = open_sound("street", lambda: Pose(0, 0, 0, 1.4), SystemClock())
        self.keeper = FootageKeeper(
            self.spool, before_s, lambda: self.recording, SystemClock(), lambda text: self.said.append(text)
        )
        tasks.start(self.keeper.run((self.picture, self.sound)), "keeper")

    def turn(self, recording: wire.RecordingState) -> None:
        self.recording = recording
        self.keeper.follow()

    async def close(self) -> None:
        self.turn("off")
        await until(lambda: not self.picture.is_running)

    def kept(self) -> list[wire.Coded]:
        paths = sorted(self.spool._folder.glob("*.footage"))
        return list(wire.coded_in(path.read_bytes() for path in paths))


@pytest.fixture
async def tasks() -> AsyncIterator[TaskOwner]:
    async with TaskOwner("test") as found:
        yield found


async def test_what_is_recorded_is_on_disk_with_the_moments_before_in_both_layers_and_sound(
    tmp_path: Path, tasks: TaskOwner
) -> None:
    camera = Camera(tmp_path, tasks)
    await until(lambda: camera.picture.is_running)
    await until(lambda: len(camera.keeper._reel._parts) > 20)
    assert camera.kept() == []
    camera.turn("recording")
    await until(lambda: len(camera.spool.spans()) > 0)
    camera.turn("buffering")
    await camera.keeper.finish()
    layers = {one.layer for one in camera.kept()}
    assert layers == {"main", "sub", "sound"}
    (span,) = camera.spool.spans()
    assert span.ordered_at > span.start
    assert camera.picture.is_running, "the next order has its moments before, too"
    await camera.close()


async def test_without_room_or_moments_before_nothing_is_encoded_for_it(tmp_path: Path, tasks: TaskOwner) -> None:
    none = Camera(tmp_path / "none", tasks, room=0)
    late = Camera(tmp_path / "late", tasks, before_s=0)
    late.turn("recording")
    none.turn("recording")
    await until(lambda: late.picture.is_running)
    assert not none.picture.is_running
    late.turn("buffering")
    await until(lambda: not late.picture.is_running)
    await none.close()


async def test_a_store_that_fills_up_says_so_once(tmp_path: Path, tasks: TaskOwner) -> None:
    camera = Camera(tmp_path, tasks, room=3000)
    camera.turn("recording")
    await until(lambda: bool(camera.said))
    await until(lambda: camera.spool.let_go > 1)
    assert len(camera.said) == 1 and "filled its room" in camera.said[0]
    await camera.close()
