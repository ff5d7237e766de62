"""The camera against the real engine through a link of a given rate: the picture follows, and the queue stays short."""

from __future__ import annotations

import asyncio
from random import Random

from aiohttp import web
from aiohttp.test_utils import TestServer

from streamer.capture import Picture
from streamer.clock import SystemClock
from streamer.ladder import LayerPlan
from streamer.pose import Pose
from streamer.sound import open_sound
from streamer.tasks import TaskOwner
from streamer.whip_client import WhipClient
from tests.patience import until
from tests.server.media.conftest import CAMERA, Running, running
from tests.server.media.relay import Bottleneck, bad_network
from tests.streamer.test_whip_client import BarcodeSource

__all__ = ["running"]  # fixture
CLOCK = SystemClock()
MAIN, SUB = LayerPlan(640, 360, 15, 700_000), LayerPlan(320, 180, 7, 110_000)
LONGEST_S = 60.0


async def test_the_picture_follows_the_uplink_down_and_up(running: Running) -> None:
    async with bad_network(running.engine.port) as relay:

        async def whip(request: web.Request) -> web.Response:
            answer = await running.engine.publish(CAMERA, await request.text())
            return web.Response(status=201, text=relay.through(answer.sdp), headers={"Location": "/none"})

        app = web.Application()
        app.router.add_post("/whip", whip)
        server = TestServer(app)
        await server.start_server()
        relay.uplink = link = Bottleneck(3_000_000)
        picture = Picture(BarcodeSource(), MAIN, SUB, preset="ultrafast")
        sound = open_sound("street", lambda: Pose(0, 0, 0), CLOCK)
        client = WhipClient(
            str(server.make_url("/whip")), str, picture, sound, lambda _: None, clock=CLOCK, rng=Random(2)
        )
        async with TaskOwner("camera") as tasks:
            run = tasks.start(client.run(), "publish")
            await running.streaming(CAMERA, layers=2)
            uplink = next(iter(running.engine._publishers.values())).inlet.uplink
            await until(lambda: link.passed > 200_000, "the picture has its full rate", LONGEST_S)
            assert picture.bitrates() == {"main": 700_000, "sub": 110_000}

            link.bps = 300_000
            await until(lambda: (uplink.bits_per_second or 0) < 300_000, "the server sees it", LONGEST_S)
            await until(lambda: sum(picture.bitrates().values()) < 300_000, "the camera follows", LONGEST_S)
            assert picture.bitrates()["sub"] > 0
            await until(lambda: max(link.waits[-20:]) < 0.25, "the queue is short again", LONGEST_S)

            link.bps = 100_000  # with all headers: sound alone takes 37 of them
            await until(lambda: picture.bitrates()["main"] == 0, "main is given up", LONGEST_S)
            fell = len(link.waits)
            await until(
                lambda: len(link.waits) > fell + 150 and sorted(link.waits[-100:])[95] < 0.5,
                "the queue has been short for three seconds: an alert would not wait",
                LONGEST_S,
            )
            sent, fell = client.sent, len(link.waits)
            await until(lambda: client.sent["sub"] > sent["sub"] + 30, "the picture goes on", LONGEST_S)
            assert client.sent["sound"] > sent["sound"] + 70, "of 107 in 30 pictures' time"
            stands = sorted(link.waits[fell:])
            assert stands[int(0.9 * len(stands))] < 0.5, "and it stays so"

            link.bps = 3_000_000
            await until(lambda: picture.bitrates()["main"] > 350_000, "main grows again", LONGEST_S)
            await client.close()
            async with asyncio.timeout(10):
                await run
        await server.close()
