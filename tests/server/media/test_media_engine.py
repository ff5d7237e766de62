"""The seam: what the server relies on, of the engine in its own process and of worker processes alike."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.clock import SystemClock
from server.errors import BadRequest, Conflict, NotFound, PreconditionFailed, Unauthorised
from server.media.engine import LocalEngine
from server.media.media_engine import MediaEngine
from server.media.settings import MediaSettings
from server.media.wish import Wish
from server.media.worker_pool import WorkerPool
from server.media.worker_process import WorkerLogs
from server.tasks import TaskOwner
from tests.server.media.clients import Camera, Screen
from tests.server.media.conftest import CAMERA, CONTROLLER, INSPECTOR, Heard, until


@pytest.fixture
def heard() -> Heard:
    """What the engine says."""
    return Heard()


@pytest.fixture(params=["here", "workers"])
async def engine(request: pytest.FixtureRequest, tmp_path: Path, heard: Heard) -> AsyncIterator[MediaEngine]:
    """Started."""
    async with TaskOwner("test") as tasks:
        settings, clock = MediaSettings(folder=tmp_path), SystemClock()
        built: MediaEngine = (
            LocalEngine(settings, clock, tasks, heard.feed, heard.watching, heard.publishing)
            if request.param == "here"
            else WorkerPool(settings, 2, WorkerLogs(), clock, tasks, heard.feed, heard.watching, heard.publishing)
        )
        await built.start()
        yield built
        await built.close()


async def publish(engine: MediaEngine, camera: Camera, device_id: str = CAMERA) -> str:
    answer = await engine.publish(device_id, await camera.make_offer())
    await camera.take(answer.sdp)
    await until(lambda: len(engine.feed_state(device_id).layers) == len(camera.tracks))
    return answer.session_id


async def test_a_picture_goes_through_and_everything_about_it_is_known(engine: MediaEngine, heard: Heard) -> None:
    camera, screen = Camera(layers=((320, 180), (160, 96))), Screen()
    ended: list[str] = []
    try:
        with pytest.raises(Conflict):
            await engine.watch(CAMERA, INSPECTOR, await screen.make_offer())
        published = await publish(engine, camera)
        assert engine.publisher_of(CAMERA) == published
        assert (await engine.describe(published))["kind"] == "camera"
        answer = await engine.watch(CAMERA, INSPECTOR, await screen.make_offer(), Wish("sub"), ended.append)
        await screen.take(answer.sdp)
        assert {frame.width for frame in await screen.frames(5)} == {160}
        info = await engine.session(answer.session_id)
        assert (info.device_id, info.viewer) == (CAMERA, INSPECTOR)
        assert (await engine.change_wish(answer.session_id, {"sound": False}))["sound"] is False
        with pytest.raises(BadRequest):
            await engine.change_wish(answer.session_id, {"layer": "top"})
        with pytest.raises(Conflict):
            await engine.change_wish(published, {"layer": "sub"})
        await until(lambda: heard.names(CAMERA) == ["Insp. Hale"])
        await until(lambda: engine.counters().get("viewer_packets", 0) > 0)
        assert (engine.health()["ready"], engine.health()["cameras"], engine.health()["viewers"]) == (True, 1, 1)
        await until(lambda: any(one.viewers.counts.packets for one in engine.figures().cameras))
        (figures,) = engine.figures().cameras
        assert (figures.device_id, figures.viewers.viewers) == (CAMERA, 1)
        assert {layer.layer for layer in figures.layers if layer.kind == "video"} == {"main", "sub"}
        await engine.delete(answer.session_id)
        await until(lambda: ended == ["sub"])
        await until(lambda: heard.names(CAMERA) == [])
        with pytest.raises(NotFound):
            await engine.session(answer.session_id)
        with pytest.raises(NotFound):
            await engine.describe(answer.session_id)
        await engine.delete(published)
        await until(lambda: not engine.feed_state(CAMERA).streaming and engine.publisher_of(CAMERA) is None)
        assert [session for _, session in heard.publishers] == [published, None]
    finally:
        await screen.close()
        await camera.close()


async def test_an_offer_that_cannot_be_is_refused_with_the_same_words(engine: MediaEngine) -> None:
    with pytest.raises(BadRequest, match="starts with v=0"):
        await engine.publish(CAMERA, "nonsense")
    with pytest.raises(NotFound):
        await engine.patch("0" * 32, "", None)
    with pytest.raises(NotFound):
        await engine.delete("0" * 32)


async def test_revoking_ends_what_it_names_and_keeps_who_comes_too_late_out(engine: MediaEngine) -> None:
    camera, screen = Camera(), Screen()
    ended: list[str] = []
    try:
        published = await publish(engine, camera)
        offer = await screen.make_offer()
        answer = await engine.watch(CAMERA, INSPECTOR, offer, on_end=ended.append)
        await screen.take(answer.sdp)
        assert engine.revoke(INSPECTOR.person_id) == 1
        await until(lambda: ended == ["main"])
        with pytest.raises(Unauthorised):
            await engine.watch(CAMERA, INSPECTOR, offer)
        assert (await engine.session(published)).viewer is None
        assert engine.revoke(CAMERA) == 1
        await until(lambda: engine.publisher_of(CAMERA) is None)
        with pytest.raises(Unauthorised):
            await engine.publish(CAMERA, camera.offer)
    finally:
        await screen.close()
        await camera.close()


async def test_viewings_can_be_ended_and_the_camera_goes_on(engine: MediaEngine) -> None:
    camera, screens = Camera(), [Screen(), Screen()]
    ended: list[str] = []
    try:
        await publish(engine, camera)
        for screen, viewer in zip(screens, (INSPECTOR, CONTROLLER), strict=True):
            answer = await engine.watch(CAMERA, viewer, await screen.make_offer(), on_end=ended.append)
            await screen.take(answer.sdp)
        assert engine.end_viewings(CAMERA, "it has stopped recording") == 2
        await until(lambda: len(ended) == 2)
        assert engine.publisher_of(CAMERA) is not None
    finally:
        for screen in screens:
            await screen.close()
        await camera.close()


async def test_an_ice_restart_is_answered(engine: MediaEngine) -> None:
    camera = Camera()
    try:
        answer = await engine.publish(CAMERA, await camera.make_offer())
        fragment = "a=ice-ufrag:abcd\r\na=ice-pwd:" + "x" * 24 + "\r\n"
        with pytest.raises(PreconditionFailed):
            await engine.patch(answer.session_id, fragment, '"another"')
        patched = await engine.patch(answer.session_id, fragment, answer.etag)
        assert patched.fragment is not None and "a=ice-ufrag:" in patched.fragment
        assert patched.etag != answer.etag
    finally:
        await camera.close()
