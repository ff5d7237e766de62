"""A client behind a firewall that lets nothing through but a real coturn, with the credentials that the server gives."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aioice.stun
import aioice.turn
import pytest
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCIceServer, RTCIceTransportPolicy
from playwright.async_api import Page, async_playwright

from server.access.permission import Role
from server.access.person import Person
from server.app import Watchroom
from server.config import Config
from server.media.ice_servers import TURN_S, IceServers
from tests.local_servers import LocalTurn
from tests.server.media.clients import Camera
from tests.server.media.conftest import CAMERA, Site, until
from tests.server.media.test_chromium import FLAGS

WATCH_THROUGH = """async ([url, iceServers]) => {
  const connection = new RTCPeerConnection({iceServers, iceTransportPolicy: "relay"});
  connection.addTransceiver("video", {direction: "recvonly"});
  await connection.setLocalDescription();
  const response = await fetch(url, {method: "POST", body: connection.localDescription.sdp,
    headers: {"Content-Type": "application/sdp", "Authorization": "Bearer hale"}});
  await connection.setRemoteDescription({type: "answer", sdp: await response.text()});
  const limit = performance.now() + 20000;
  for (;;) {
    const stats = [...(await connection.getStats()).values()];
    const decoded = stats.find((one) => one.type === "inbound-rtp")?.framesDecoded ?? 0;
    const transport = stats.find((one) => one.type === "transport");
    const pair = stats.find((one) => one.id === transport?.selectedCandidatePairId);
    const local = stats.find((one) => one.id === pair?.localCandidateId);
    if (decoded >= 20) return {kind: local.candidateType, by: local.relayProtocol};
    if (performance.now() > limit) throw new Error(JSON.stringify(stats));
    await new Promise((done) => setTimeout(done, 50));
  }
}"""


def given(turn: LocalTurn, url: str, *, seconds_ago: float = 0, secret: str | None = None) -> dict[str, Any]:
    """What the server gives, or gave, to a camera."""
    made = IceServers(lambda: time.time() - seconds_ago, (), (url,), secret or turn.secret)
    return made.given_to(CAMERA)[0]


@pytest.fixture
async def page(site: Site, chromium_path: str) -> AsyncIterator[Page]:
    """A page of the site."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path, chromium_sandbox=False, args=FLAGS)
        opened = await browser.new_page()
        await opened.goto(site.url)
        yield opened
        await browser.close()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_camera_and_a_viewer_that_only_reach_coturn_are_connected(
    site: Site, page: Page, turn_server: LocalTurn, transport: str
) -> None:
    server = given(turn_server, f"{turn_server.url}?transport={transport}")
    camera = Camera(
        sound=False,
        configuration=RTCConfiguration(
            iceServers=[RTCIceServer(**server)],
            bundlePolicy=RTCBundlePolicy.MAX_BUNDLE,
            iceTransportPolicy=RTCIceTransportPolicy.RELAY,
        ),
    )
    try:
        offer = await camera.make_offer()
        assert "typ relay" in offer and "typ host" not in offer
        await camera.take((await site.running.engine.publish(CAMERA, offer)).sdp)
        await site.running.streaming()
        seen = await page.evaluate(WATCH_THROUGH, [f"{site.url}/whep/{CAMERA}", [server]])
        assert seen == {"kind": "relay", "by": transport}
        assert turn_server.secret not in turn_server.log, "not even coturn tells"
    finally:
        await camera.close()


async def test_a_viewer_whose_firewall_stops_udp_watches_by_tcp_within_seconds(
    site: Site, page: Page, turn_server: LocalTurn
) -> None:
    """A browser tries all of a relay's URLs at once."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        urls = (f"turn:127.0.0.1:{silent.getsockname()[1]}", f"{turn_server.url}?transport=tcp")
        server = IceServers(time.time, (), urls, turn_server.secret).given_to(CAMERA)[0]
        camera = Camera(sound=False)
        try:
            await camera.take((await site.running.engine.publish(CAMERA, await camera.make_offer())).sdp)
            await site.running.streaming()
            began = time.monotonic()
            seen = await page.evaluate(WATCH_THROUGH, [f"{site.url}/whep/{CAMERA}", [server]])
            assert seen == {"kind": "relay", "by": "tcp"}
            assert time.monotonic() - began < 6.0, "20 pictures included"
        finally:
            await camera.close()


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"seconds_ago": TURN_S + 60.0}, id="expired"),
        pytest.param({"secret": "guessed"}, id="made with another secret"),
    ],
)
async def test_expired_and_forged_credentials_are_refused(turn_server: LocalTurn, wrong: dict[str, Any]) -> None:
    server = given(turn_server, turn_server.url, **wrong)
    with pytest.raises(aioice.stun.TransactionFailed, match="401"):
        await aioice.turn.create_turn_endpoint(
            asyncio.DatagramProtocol,
            server_addr=("127.0.0.1", turn_server.port),
            username=server["username"],
            password=server["credential"],
        )


async def test_stretched_credentials_are_refused(turn_server: LocalTurn) -> None:
    """Who has good ones cannot make them last."""
    server = given(turn_server, turn_server.url)
    expiry, _, name = server["username"].partition(":")
    with pytest.raises(aioice.stun.TransactionFailed, match="401"):
        await aioice.turn.create_turn_endpoint(
            asyncio.DatagramProtocol,
            server_addr=("127.0.0.1", turn_server.port),
            username=f"{int(expiry) + 86_400}:{name}",
            password=server["credential"],
        )


async def test_it_relays_to_the_media_server_and_to_nobody_else(turn_server: LocalTurn) -> None:
    server = given(turn_server, turn_server.url)
    heard: list[bytes] = []

    class Listener(asyncio.DatagramProtocol):
        def datagram_received(self, datagram: bytes, address: object) -> None:
            heard.append(datagram)

    loop = asyncio.get_running_loop()
    relayed, _ = await aioice.turn.create_turn_endpoint(
        asyncio.DatagramProtocol,
        server_addr=("127.0.0.1", turn_server.port),
        username=server["username"],
        password=server["credential"],
    )
    media, _ = await loop.create_datagram_endpoint(Listener, local_addr=("127.0.0.1", 0))
    private, _ = await loop.create_datagram_endpoint(Listener, local_addr=("127.0.0.2", 0))
    try:
        relayed.sendto(b"into the private network", private.get_extra_info("sockname"))
        relayed.sendto(b"media", media.get_extra_info("sockname"))
        await until(lambda: bool(heard))
        await until(lambda: "denied" in turn_server.log or "403" in turn_server.log)
        assert heard == [b"media"]
    finally:
        for each in (relayed, media, private):
            each.close()
        await asyncio.sleep(0.1)  # aioice gives its allocation back


async def test_the_server_gives_them_to_everybody_who_builds_peers(tmp_path: Path) -> None:
    (tmp_path / "watchroom.toml").write_text('turn_urls = ["turn:t.example:3478"]\nturn_secret = "north-sea"\n')
    async with Watchroom(Config.load(tmp_path, {"port": 0})) as watchroom:
        links = watchroom.ice_servers.links("person-1")
        assert len(links) == 1 and ':person-1"' in links[0]
        person = Person("person-1", "hale", "Insp. Hale", Role.INSPECTOR)
        (seen,) = watchroom.sockets._room.settings(person)["ice_servers"]
        assert seen["username"].endswith(":person-1")
        told = watchroom.uplink._ice_servers(CAMERA)
        assert told[0]["urls"] == ["turn:t.example:3478"] and told[0]["username"].endswith(f":{CAMERA}")
    assert not any(
        b"north-sea" in file.read_bytes() for file in tmp_path.rglob("*") if file.suffix != ".toml" and file.is_file()
    )
