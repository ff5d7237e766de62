"""The camera against the real media engine: both layers and the sound arrive, and their clock is the camera's."""

from __future__ import annotations

import asyncio
import functools
import socket
import time
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from aiortc import RTCConfiguration, RTCIceTransportPolicy

from server.media.ice_servers import IceServers
from streamer import whip_client
from streamer.backoff import Backoff
from streamer.capture import Picture
from streamer.clock import SystemClock
from streamer.ladder import LayerPlan
from streamer.pose import Pose
from streamer.sound import open_sound
from streamer.tasks import TaskOwner
from streamer.whip_client import WhipClient
from tests.local_servers import LocalTurn
from tests.server.media.conftest import CAMERA, Running, Site, running, site
from tests.streamer.test_whip_client import BarcodeSource
from tests.streamer.waiting import until

__all__ = ["running", "site"]  # fixtures
CLOCK = SystemClock()


async def test_the_engine_takes_main_sub_and_sound(running: Running, site: Site) -> None:
    states: list[bool] = []
    picture = Picture(BarcodeSource(), LayerPlan(640, 360, 15, 700_000), LayerPlan(320, 180, 7, 120_000))
    client = WhipClient(
        f"{site.url}/whip/{CAMERA}",
        lambda: "camera",
        picture,
        open_sound("street", lambda: Pose(0, 0, 0), CLOCK),
        states.append,
        clock=CLOCK,
        rng=Random(2),
        backoff=Backoff(Random(2), first_s=0.05, cap_s=0.1),
    )
    async with TaskOwner("camera") as tasks:
        run = tasks.start(client.run(), "publish")
        await running.streaming(CAMERA, layers=2)
        publisher = next(iter(running.engine._publishers.values()))
        await until(lambda: all(track["packets"] > 5 for track in publisher.describe(0)["tracks"]))
        tracks = publisher.describe(0)["tracks"]
        assert {(t["kind"], t["layer"], t["codec"]) for t in tracks} == {
            ("video", "main", "H264"),
            ("video", "sub", "H264"),
            ("audio", "main", "opus"),
        }
        clocks = [source.forwarder.clock for source in publisher.inlet.sources]
        await until(lambda: all(c.reported_at is not None for c in clocks))
        await client.close()
        async with asyncio.timeout(10):
            await run
    assert states == [True, False]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port of which no TURN server ever answers, by UDP or by TCP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        yield int(silent.getsockname()[1])


@pytest.mark.parametrize(
    "url",
    ["turn:127.0.0.1:{}", "turn:127.0.0.1:{}?transport=tcp", "turn:no-such-host.invalid", "turn:[::1]:{}", "turn::bad"],
)
async def test_a_turn_server_that_is_of_no_use_does_not_keep_the_camera_from_publishing(
    running: Running, site: Site, silent_port: int, url: str
) -> None:
    servers: list[dict[str, Any]] = [{"urls": [url.format(silent_port)], "username": "1:x", "credential": "c"}]
    client = WhipClient(
        f"{site.url}/whip/{CAMERA}",
        lambda: "camera",
        Picture(BarcodeSource(), LayerPlan(640, 360, 15, 700_000), None),
        None,
        lambda flows: None,
        clock=CLOCK,
        rng=Random(2),
        ice_servers=lambda: servers,
        backoff=Backoff(Random(2), first_s=0.05, cap_s=0.1),
    )
    async with TaskOwner("camera") as tasks:
        run = tasks.start(client.run(), "publish")
        try:
            await running.streaming(CAMERA, limit_s=30.0)
        finally:
            await client.close()
            async with asyncio.timeout(10):
                await run


async def test_the_next_url_of_a_turn_server_is_tried_where_the_first_does_not_lead_out(
    running: Running, site: Site, silent_port: int, turn_server: LocalTurn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A firewall that lets nothing out but TCP to the TURN server: 5 s until the first URL is given up (aioice), 4 s
    in which the direct way might still open; it was 23 s in all.
    """
    only_relayed = functools.partial(RTCConfiguration, iceTransportPolicy=RTCIceTransportPolicy.RELAY)
    monkeypatch.setattr(whip_client, "RTCConfiguration", only_relayed)
    urls = (f"turn:127.0.0.1:{silent_port}", f"{turn_server.url}?transport=tcp")
    client = WhipClient(
        f"{site.url}/whip/{CAMERA}",
        lambda: "camera",
        Picture(BarcodeSource(), LayerPlan(640, 360, 15, 700_000), None),
        None,
        lambda flows: None,
        clock=CLOCK,
        rng=Random(2),
        ice_servers=functools.partial(IceServers(time.time, (), urls, turn_server.secret).given_to, CAMERA),
        backoff=Backoff(Random(2), first_s=0.05, cap_s=0.1),
    )
    async with TaskOwner("camera") as tasks:
        run = tasks.start(client.run(), "publish")
        try:
            await running.streaming(CAMERA, limit_s=14.0)
        finally:
            await client.close()
            async with asyncio.timeout(10):
                await run
