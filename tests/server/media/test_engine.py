"""The engine with real sockets: aiortc as camera and as viewer; decoded pictures arrive."""

from __future__ import annotations

import pytest

from tests.server.media.clients import Camera, Screen
from tests.server.media.conftest import INSPECTOR, Running

CAMERA = "camera-1"


@pytest.mark.parametrize("codec", ["H264", "VP8"])
async def test_a_viewer_sees_and_hears_the_camera(running: Running, codec: str) -> None:
    camera, screen = Camera(codec), Screen(codec)
    try:
        answer = await running.engine.publish(CAMERA, await camera.make_offer())
        await camera.take(answer.sdp)
        await streaming(running)
        shown = await running.engine.watch(CAMERA, INSPECTOR, await screen.make_offer(), "main")
        await screen.take(shown.sdp)
        frames = await screen.frames(30)
        assert {(frame.width, frame.height) for frame in frames} == {(320, 180)}
        assert len(await screen.sounds(20)) == 20
    finally:
        await screen.close()
        await camera.close()


async def streaming(running: Running, device_id: str = CAMERA) -> None:
    """Wait until the camera's picture flows."""
    import asyncio

    async with asyncio.timeout(5):
        while not running.engine.feed_state(device_id).streaming:
            await asyncio.sleep(0.01)
