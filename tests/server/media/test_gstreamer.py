"""GStreamer's `webrtcbin` (on which whipclientsink is built) as a camera and as a player, by a real GStreamer of this machine."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from tests import gstreamer
from tests.local_servers import NotInstalled
from tests.server.media.clients import Camera, Screen
from tests.server.media.conftest import CAMERA, INSPECTOR, Site

CLIENT = Path(__file__).with_name("webrtcbin.py")
TRY_S = 25.0  # the server lets go of who has not connected within 15 s; the machine may be busy
TRIES = 3
END_S = 30.0


@asynccontextmanager
async def webrtcbin(*words: str) -> AsyncIterator[Process]:
    """The client's process."""
    try:
        python = await asyncio.to_thread(gstreamer.find)
    except NotInstalled as missing:
        pytest.skip(str(missing))
    process = await asyncio.create_subprocess_exec(python, "-I", str(CLIENT), *words, stdin=PIPE, stdout=PIPE)
    assert process.stdin is not None
    try:
        yield process
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.communicate(), END_S)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise


@asynccontextmanager
async def working(works: Callable[[Process], Awaitable[None]], *words: str) -> AsyncIterator[None]:
    """The client's process, once it works. It tries again, as cameras and players do."""
    async with AsyncExitStack() as kept:
        for left in reversed(range(TRIES)):
            async with AsyncExitStack() as trying:
                process = await trying.enter_async_context(webrtcbin(*words))
                try:
                    await works(process)
                except (AssertionError, TimeoutError):
                    if not left:
                        raise
                    continue
                kept.push_async_exit(trying.pop_all())
                break
        yield


async def decoded(process: Process, at_least: dict[str, int]) -> None:
    """Wait until it has said that it decoded so much of each codec."""
    assert process.stdout is not None
    async with asyncio.timeout(TRY_S):
        while line := await process.stdout.readline():
            found = json.loads(line).get("decoded", {})
            if all(found.get(codec, 0) >= count for codec, count in at_least.items()):
                return
    raise AssertionError("it has ended")


@pytest.mark.parametrize("codec", ["H264", "VP8"])
async def test_webrtcbin_is_a_camera(site: Site, codec: str) -> None:
    screen = Screen(codec)

    async def streams(_: Process) -> None:
        await site.running.streaming(limit_s=TRY_S)

    async with working(streams, "publish", f"{site.url}/whip/{CAMERA}", "camera", codec):
        try:
            watched = await site.running.engine.watch(CAMERA, INSPECTOR, await screen.make_offer())
            await screen.take(watched.sdp)
            frames = await screen.frames(20)
            assert (frames[-1].width, frames[-1].height) == (320, 180)
            assert len(await screen.sounds(20)) == 20
        finally:
            await screen.close()


async def test_webrtcbin_is_a_player(site: Site) -> None:
    camera = Camera()
    try:
        answer = await site.running.engine.publish(CAMERA, await camera.make_offer())
        await camera.take(answer.sdp)
        await site.running.streaming()
        sees = partial(decoded, at_least={"H264": 20, "OPUS": 20})
        async with working(sees, "watch", f"{site.url}/whep/{CAMERA}", "hale", "H264"):
            pass
    finally:
        await camera.close()
