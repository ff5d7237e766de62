"""Cameras of a real engine, recorded: from before the order on, over their returns, playable and proven."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from server.clock import SystemClock
from server.media.engine import LocalEngine
from server.media.settings import MediaSettings
from server.recording import writer
from server.recording.encryption import MAGIC
from server.recording.library import Library
from server.recording.master_key import PLAIN, MasterKeys
from server.recording.order import Keeping, RecordingNews, RecordingOrder
from server.recording.recorder import recorder_for
from server.recording.verifier import main as verify
from server.recording.verifier import verify as checked
from server.recording.verifying import checks_with
from server.recording.writer import GAP_S
from server.tasks import TaskOwner
from tests.server.media.clients import Camera, Screen
from tests.server.media.conftest import CAMERA, INSPECTOR, Heard, until
from tests.server.recording.coded import decoded
from tests.server.recording.recordings import MASTER

ID = "20261128T204600Z-camera-1-3fa2c1d0"
ORDER = RecordingOrder(ID, CAMERA, "ET17", None, "officer", 1.8e9)
LONG_S = 30.0  # on a loaded machine


@dataclass
class Recorded:
    """An engine that records, and what is said of it."""

    engine: LocalEngine
    folder: Path
    news: list[RecordingNews] = field(default_factory=list)
    cameras: list[Camera] = field(default_factory=list)

    async def publish(self, camera: Camera) -> None:
        self.cameras.append(camera)
        answer = await self.engine.publish(CAMERA, await camera.make_offer())
        await camera.take(answer.sdp)
        await until(lambda: bool(self.engine.feed_state(CAMERA).layers), LONG_S)

    async def committed(self, segments: int) -> None:
        await until(lambda: bool(self.news) and self.news[-1].segments >= segments, LONG_S)

    async def closed(self) -> None:
        self.engine.record(CAMERA, None)
        await until(lambda: bool(self.news) and self.news[-1].keeping is Keeping.CLOSED, LONG_S)

    def library(self) -> Library:
        return Library(self.folder / "recordings", MASTER)

    def film(self, layer: str) -> bytes:
        """All segments of a layer behind their initialisation."""
        library = self.library()
        segments = library.segments(ID, layer)
        assert len({one["init"] for one in segments}) == 1
        names = [segments[0]["init"], *(one["file"] for one in segments)]
        return b"".join(library.read(ID, name) for name in names)


@asynccontextmanager
async def recorded(folder: Path, prerecord_s: float = 30.0, keys: MasterKeys = PLAIN) -> AsyncIterator[Recorded]:
    async with TaskOwner("test") as tasks:
        settings = MediaSettings(folder=folder, prerecord_s=prerecord_s, master_keys=keys.keys)
        clock, heard = SystemClock(), Heard()
        news: list[RecordingNews] = []
        recorder = recorder_for(settings, clock, tasks, news.append)
        engine = LocalEngine(settings, clock, tasks, heard.feed, heard.watching, heard.publishing, recorder)
        await engine.start()
        found = Recorded(engine, folder, news)
        try:
            yield found
        finally:
            for camera in found.cameras:
                await camera.close()
            await engine.close()


@pytest.mark.parametrize("codec", ["H264", "VP8"])
async def test_both_layers_are_recorded_from_before_the_order_on_and_prove_themselves(
    tmp_path: Path, codec: str
) -> None:
    async with recorded(tmp_path) as found:
        camera = Camera(codec, layers=((320, 180), (160, 90)))
        await found.publish(camera)
        screen = Screen(codec)
        watched = await found.engine.watch(CAMERA, INSPECTOR, await screen.make_offer())
        await screen.take(watched.sdp)
        await screen.frames(45)  # so that something lies in the pre-event buffer
        found.engine.record(CAMERA, ORDER)
        found.engine.record(CAMERA, ORDER)  # the same again changes nothing
        await found.committed(6)
        await found.closed()
        await screen.close()
    assert verify([str(tmp_path / "recordings" / ID)]) == 0
    for layer, width in (("main", 320), ("sub", 160)):
        segments = found.library().segments(ID, layer)
        assert segments[0]["prerecord"]
        assert not segments[-1]["prerecord"]
        assert all(one["duration"] <= 2.1 and one["width"] == width for one in segments[:-1])
        assert segments[0]["key"]
        ordered = [one for one in segments if not one["prerecord"]]
        assert all(one["key"] for one in ordered[1:-1])  # key frames are asked for from the order on
        assert {one["codec"] for one in segments} == {codec.lower()}
        shown, heard = decoded(found.film(layer), "video"), decoded(found.film(layer), "audio")
        assert len(shown) == sum(one["pictures"] for one in segments)
        assert heard == sorted(heard)
        assert abs(heard[0] - shown[0]) < 0.5
    assert [entry["kind"] for entry in found.library().entries(ID)].count("gap") == 0


async def test_a_camera_that_comes_back_goes_on_in_its_recording_with_the_gap_declared(tmp_path: Path) -> None:
    async with recorded(tmp_path) as found:
        first = Camera()
        await found.publish(first)
        found.engine.record(CAMERA, ORDER)
        await found.committed(1)
        await first.close()
        await until(lambda: found.engine.publisher_of(CAMERA) is None, LONG_S)
        before, back_at = found.news[-1].segments, SystemClock().monotonic() + 2 * GAP_S
        await until(lambda: SystemClock().monotonic() > back_at, LONG_S)  # a shorter absence is no gap
        await found.publish(Camera())
        await found.committed(before + 2)
        await found.closed()
    entries = found.library().entries(ID)
    assert [entry["why"] for entry in entries if entry["kind"] == "gap"] == ["camera-away"]
    numbers = [entry["n"] for entry in entries if entry["kind"] == "segment"]
    assert numbers == list(range(1, len(numbers) + 1))
    assert verify([str(tmp_path / "recordings" / ID)]) == 0


async def test_a_server_that_ends_leaves_the_recording_open_and_the_next_one_goes_on_with_it(tmp_path: Path) -> None:
    async with recorded(tmp_path) as found:
        await found.publish(Camera(sound=False))
        found.engine.record(CAMERA, ORDER)
        await found.committed(1)
    kinds = [entry["kind"] for entry in found.library().entries(ID)]
    assert "closed" not in kinds
    async with recorded(tmp_path) as again:
        again.engine.record(CAMERA, ORDER)  # before the camera is there
        await again.publish(Camera(sound=False))
        await again.committed(kinds.count("segment") + 1)
        await again.closed()
    entries = again.library().entries(ID)
    assert [entry["kind"] for entry in entries].count("resumed") == 1
    assert verify([str(tmp_path / "recordings" / ID)]) == 0


async def test_with_a_master_key_all_of_it_lies_encrypted_plays_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        async with recorded(tmp_path, keys=MASTER) as found:
            before = len(found.library().segments(ID, "main")) if found.library().ids() else 0
            found.engine.record(CAMERA, ORDER)
            await found.publish(Camera())
            await found.committed(before + 2)
    async with recorded(tmp_path, keys=MASTER) as found:
        found.engine.record(CAMERA, ORDER)
        await found.publish(Camera())
        await found.committed(before + 4)
        await found.closed()
    root = tmp_path / "recordings"
    assert not [path for path in root.rglob("*.m4s") if not path.read_bytes().startswith(MAGIC)]
    segments = found.library().segments(ID, "main")
    assert len(decoded(found.film("main"), "video")) == sum(one["pictures"] for one in segments)
    assert verify([str(root)]) == 3
    assert checked(str(root), checks=checks_with(MASTER, None))["exit"] == 0


async def test_the_pre_event_buffer_holds_no_more_than_it_should(tmp_path: Path) -> None:
    async with recorded(tmp_path, prerecord_s=0.0) as found:
        await found.publish(Camera(sound=False))
        screen = Screen(sound=False)
        watched = await found.engine.watch(CAMERA, INSPECTOR, await screen.make_offer())
        await screen.take(watched.sdp)
        await screen.frames(100)
        found.engine.record(CAMERA, ORDER)
        await found.committed(2)
        await found.closed()
        await screen.close()
    assert sum(one["prerecord"] for one in found.library().segments(ID, "main")) <= 1


async def test_what_waits_for_a_disk_that_is_full_is_told_and_is_written_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A queue depth on /metrics and /status: long before the first picture is lost."""
    is_full = True

    def room(_root: Path) -> None:
        if is_full:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writer, "require_room", room)
    monkeypatch.setattr(writer, "RETRY_S", 0.05)
    async with recorded(tmp_path) as found:

        def unwritten() -> int:
            return found.engine.figures().workers[0].unwritten_bytes

        await found.publish(Camera(sound=False))
        assert unwritten() == 0
        found.engine.record(CAMERA, ORDER)
        await until(lambda: unwritten() > 50_000, LONG_S)
        is_full = False
        await found.committed(2)
        await until(lambda: unwritten() == 0, LONG_S)
        await found.closed()
    assert verify([str(tmp_path / "recordings" / ID)]) == 0
