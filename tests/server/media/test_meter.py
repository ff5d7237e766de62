"""An engine's figures: what flows now, and counts that outlive the sessions that counted."""

from __future__ import annotations

from server.media.figures import CameraFigures, EngineFigures, LayerFigures
from tests.server.media.clients import Camera, Screen
from tests.server.media.conftest import Running, until
from tests.server.media.test_engine import publish, watch


def of(running: Running) -> CameraFigures:
    """The camera's figures."""
    [found] = running.engine.figures().cameras
    return found


def layer(running: Running, kind: str = "video", name: str = "main") -> LayerFigures:
    """One of its layers."""
    return next(one for one in of(running).layers if one.key == (kind, name))


async def test_a_camera_and_its_viewers_are_measured(running: Running) -> None:
    camera, screen = Camera(), Screen()
    try:
        await publish(running, camera)
        await watch(running, screen)
        await screen.frames(20)
        await until(lambda: layer(running).bits_per_s > 50_000 and of(running).viewers.bits_per_s > 50_000)
        await until(lambda: of(running).viewers.round_trip_s is not None)
        shown = layer(running)
        assert shown.flowing
        assert shown.codec == "H264"
        assert 0 < shown.counts.frames < shown.counts.packets, "a coded picture takes several packets"
        assert 5 < shown.frames_per_s < 50
        assert of(running).viewers.viewers == 1
        assert of(running).viewers.counts.packets > 20
        await until(lambda: layer(running).sent_bits_per_s > 50_000)
        sent = sum(one.counts.sent_packets for one in of(running).layers)
        assert sent == of(running).viewers.counts.packets, "each packet is some layer's"
        assert of(running).uplink_bps
        [worker] = running.engine.figures("worker-1").workers
        assert (worker.name, worker.port, worker.cameras, worker.viewers) == ("worker-1", running.engine.port, 1, 1)
        assert worker.cpu_s > 0
        figures = running.engine.figures()
        assert EngineFigures.of_json(figures.as_json()) == figures
    finally:
        await screen.close()
        await camera.close()


async def test_counts_outlive_the_sessions(running: Running) -> None:
    first, second, screen = Camera(), Camera(), Screen()
    try:
        session = await publish(running, first)
        await watch(running, screen)
        await screen.frames(10)
        await screen.close()
        await until(lambda: of(running).viewers.viewers == 0)
        await running.engine.delete(session)
        await first.close()
        before = of(running)
        assert not before.connected
        assert not layer(running).flowing
        assert before.uplink_bps is None
        assert before.layers[0].counts.packets > 0
        await publish(running, second)
        await until(lambda: layer(running).counts.packets > before.layers[0].counts.packets)
        assert of(running).viewers.counts == before.viewers.counts
        assert layer(running).counts.sent_packets == before.layers[0].counts.sent_packets > 0
        assert before.viewers.counts.packets > 0
    finally:
        await screen.close()
        await first.close()
        await second.close()


async def test_a_picture_that_hangs_is_a_freeze_while_it_hangs(running: Running) -> None:
    camera = Camera()
    try:
        await publish(running, camera)
        await until(lambda: layer(running).counts.frames > 10)
        assert layer(running, "audio").counts.freezes == 0
        smooth = layer(running).counts.freezes
        [sender] = [one for one in camera.connection.getSenders() if one.kind == "video"]
        sender.replaceTrack(None)
        await until(lambda: layer(running).counts.freezes > smooth)
        await until(lambda: layer(running).counts.frozen_s > 0.5)
    finally:
        await camera.close()
