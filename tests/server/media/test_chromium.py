"""Chromium as viewer and as camera, against a real engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright

from server.media.whep_session import WhepSession
from server.media.wish import Wish
from tests.patience import until as patiently
from tests.server.media.clients import Camera, Screen, pictures
from tests.server.media.conftest import CAMERA, INSPECTOR, Site, until
from tests.server.media.relay import Relay, bad_network

FLAGS = [
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]

WATCH = """async ([url, frames]) => {
  const connection = new RTCPeerConnection();
  connection.addTransceiver("video", {direction: "recvonly"});
  connection.addTransceiver("audio", {direction: "recvonly"});
  const video = document.body.appendChild(document.createElement("video"));
  video.muted = true; video.autoplay = true;
  video.srcObject = new MediaStream();
  connection.ontrack = (event) => video.srcObject.addTrack(event.track);
  await connection.setLocalDescription();
  const response = await fetch(url, {method: "POST", body: connection.localDescription.sdp,
    headers: {"Content-Type": "application/sdp", "Authorization": "Bearer hale"}});
  if (response.status !== 201) throw new Error(response.status + " " + await response.text());
  await connection.setRemoteDescription({type: "answer", sdp: await response.text()});
  window.viewing = {connection, location: response.headers.get("Location")};
  const limit = performance.now() + 15000;
  for (;;) {
    const stats = [...(await connection.getStats()).values()];
    const inbound = (kind) => stats.find((one) => one.type === "inbound-rtp" && one.kind === kind) ?? {};
    const found = {decoded: inbound("video").framesDecoded ?? 0, heard: inbound("audio").packetsReceived ?? 0,
      width: inbound("video").frameWidth, lost: inbound("video").packetsLost,
      cipher: stats.find((one) => one.type === "transport")?.srtpCipher};
    if (found.decoded >= frames && found.heard > 10) return found;
    if (performance.now() > limit) throw new Error(JSON.stringify(found));
    await new Promise((done) => setTimeout(done, 50));
  }
}"""

CLOCK = """async () => {
  const video = document.querySelector("video");
  const frame = await new Promise((done, fail) => {
    setTimeout(() => fail(new Error("no frame")), 5000);
    video.requestVideoFrameCallback((_, metadata) => done({rtp: metadata.rtpTimestamp, at: Date.now() / 1000}));
  });
  const response = await fetch(window.viewing.location, {headers: {"Authorization": "Bearer hale"}});
  return {frame, session: await response.json()};
}"""

VIEWER_OFFER = """async () => {
  const connection = window.viewing = new RTCPeerConnection();
  connection.addTransceiver("video", {direction: "recvonly"});
  const video = document.body.appendChild(document.createElement("video"));
  video.muted = true; video.autoplay = true;
  connection.ontrack = (event) => video.srcObject = new MediaStream([event.track]);
  await connection.setLocalDescription();
  return connection.localDescription.sdp;
}"""

CAMERA_OFFER = """async () => {
  const media = await navigator.mediaDevices.getUserMedia({video: {width: 640, height: 480}});
  const connection = window.viewing = new RTCPeerConnection();
  connection.addTransceiver(media.getVideoTracks()[0], {direction: "sendonly", streams: [media]});
  await connection.setLocalDescription();
  return connection.localDescription.sdp;
}"""

ANSWERED = """async (sdp) => window.viewing.setRemoteDescription({type: "answer", sdp})"""

RECEIVED = """async () => {
  const stats = [...(await window.viewing.getStats()).values()];
  const video = stats.find((one) => one.type === "inbound-rtp" && one.kind === "video") ?? {};
  return {decoded: video.framesDecoded ?? 0, apart: video.retransmittedPacketsReceived ?? 0,
    lost: video.packetsLost ?? 0, packets: video.packetsReceived ?? 0, pli: video.pliCount ?? 0,
    freezes: video.freezeCount ?? 0};
}"""

PUBLISH = """async ([url, codec]) => {
  const media = await navigator.mediaDevices.getUserMedia({video: {width: 640, height: 480}, audio: true});
  const connection = new RTCPeerConnection();
  const picture = media.getVideoTracks()[0];
  const wanted = RTCRtpSender.getCapabilities("video").codecs.filter((one) => one.mimeType === "video/" + codec);
  const main = connection.addTransceiver(picture, {direction: "sendonly", streams: [media]});
  const sub = connection.addTransceiver(picture.clone(), {direction: "sendonly", streams: [media],
    sendEncodings: [{scaleResolutionDownBy: 2}]});
  for (const one of [main, sub]) one.setCodecPreferences(wanted);
  connection.addTransceiver(media.getAudioTracks()[0], {direction: "sendonly", streams: [media]});
  await connection.setLocalDescription();
  const response = await fetch(url, {method: "POST", body: connection.localDescription.sdp,
    headers: {"Content-Type": "application/sdp", "Authorization": "Bearer camera"}});
  if (response.status !== 201) throw new Error(response.status + " " + await response.text());
  await connection.setRemoteDescription({type: "answer", sdp: await response.text()});
  window.publishing = connection;
}"""


# As RFC 9725 section 4.3.3 has it: nothing but the credentials is exchanged, the rest of both descriptions stays.
RESTART = """async () => {
  const {connection, location} = window.viewing;
  const credential = (sdp, name) => sdp.match(new RegExp("a=ice-" + name + ":(.*)\\r\\n"))[1];
  const pair = async () => {
    const stats = [...(await connection.getStats()).values()];
    const transport = stats.find((one) => one.type === "transport");
    const video = stats.find((one) => one.type === "inbound-rtp" && one.kind === "video");
    return {ufrag: transport.iceLocalUsernameFragment, state: transport.iceState, decoded: video.framesDecoded,
      changes: transport.selectedCandidatePairChanges};
  };
  const before = await pair(), answer = connection.remoteDescription.sdp;
  connection.restartIce();
  await connection.setLocalDescription();
  const offer = connection.localDescription.sdp;
  const line = (name) => "a=ice-" + name + ":" + credential(offer, name) + "\\r\\n";
  const response = await fetch(location, {method: "PATCH", body: line("ufrag") + line("pwd"), headers: {
    "If-Match": "*", "Content-Type": "application/trickle-ice-sdpfrag", "Authorization": "Bearer hale"}});
  if (response.status !== 200) throw new Error(response.status + " " + await response.text());
  const renewed = await response.text();
  let sdp = answer;
  for (const name of ["ufrag", "pwd"]) sdp = sdp.replaceAll(credential(answer, name), credential(renewed, name));
  await connection.setRemoteDescription({type: "answer", sdp});
  const limit = performance.now() + 15000;
  for (;;) {
    const after = await pair();
    if (after.ufrag !== before.ufrag && after.changes > before.changes && after.decoded > before.decoded + 30
      && ["connected", "completed"].includes(after.state)) return connection.connectionState;
    if (performance.now() > limit) throw new Error(JSON.stringify([before, after]));
    await new Promise((done) => setTimeout(done, 50));
  }
}"""


@pytest.fixture
async def page(site: Site, chromium_path: str) -> AsyncIterator[Page]:
    """A page of the site."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path, chromium_sandbox=False, args=FLAGS)
        opened = await browser.new_page()
        await opened.goto(site.url)
        yield opened
        await browser.close()


@pytest.mark.parametrize("codec", ["H264", "VP8"])
async def test_chromium_watches(site: Site, page: Page, codec: str) -> None:
    camera = Camera(codec, layers=((640, 360), (320, 180)))
    try:
        answer = await site.running.engine.publish(CAMERA, await camera.make_offer())
        await camera.take(answer.sdp)
        await site.running.streaming(layers=2)
        found: dict[str, Any] = await page.evaluate(WATCH, [f"{site.url}/whep/{CAMERA}?layer=main", 40])
        assert found["width"] == 640
        assert found["lost"] < 20
        assert "AEAD_AES_128_GCM" in found["cipher"], "we are passive, so the client's list does not decide"
        seen = await page.evaluate(CLOCK)
        clock = seen["session"]["clock"]
        age = seen["frame"]["at"] - (clock["received_at"] + (seen["frame"]["rtp"] - clock["rtp_timestamp"]) / 90_000)
        assert -0.05 < age < 2.0, "the picture's age comes out of the session's clock"
        switched = await page.evaluate(
            """async () => {
              await fetch(window.viewing.location + "/wish", {method: "POST", body: JSON.stringify({layer: "sub"}),
                headers: {"Content-Type": "application/json", "Authorization": "Bearer hale"}});
              const video = document.querySelector("video"), limit = performance.now() + 10000;
              while (video.videoWidth !== 320 && performance.now() < limit) await new Promise((d) => setTimeout(d, 20));
              return video.videoWidth;
            }"""
        )
        assert switched == 320
    finally:
        await camera.close()


async def received(page: Page, enough: Callable[[dict[str, int]], bool]) -> dict[str, int]:
    """Chromium's figures, as soon as they are `enough`."""
    turn = asyncio.Event()
    async with asyncio.timeout(30):
        while True:
            found: dict[str, int] = await page.evaluate(RECEIVED)
            if enough(found):
                return found
            asyncio.get_running_loop().call_later(0.05, turn.set)
            await turn.wait()
            turn.clear()


@asynccontextmanager
async def watching(site: Site, page: Page, camera: Camera) -> AsyncIterator[tuple[WhepSession, Relay]]:
    """Chromium, which watches `camera` through a bad network."""
    async with bad_network(site.running.engine.port) as relay:
        try:
            answer = await site.running.engine.publish(CAMERA, await camera.make_offer())
            await camera.take(answer.sdp)
            await site.running.streaming(layers=len(camera.tracks))
            watched = await site.running.engine.watch(CAMERA, INSPECTOR, await page.evaluate(VIEWER_OFFER))
            await page.evaluate(ANSWERED, relay.through(watched.sdp))
            await received(page, lambda now: now["decoded"] > 5)
            yield site.running.engine._viewers[watched.session_id], relay
        finally:
            await camera.close()


async def test_chromium_takes_repairs_by_rtx(site: Site, page: Page) -> None:
    async with watching(site, page, Camera(sound=False, layers=((640, 360),))) as (viewing, relay):
        before = await page.evaluate(RECEIVED)
        relay.loss_down = 0.1
        after = await received(page, lambda now: now["decoded"] >= before["decoded"] + 60 and now["apart"] > 5)
        relay.loss_down = 0.0
        assert after["pli"] == before["pli"], "what was lost came again: no key frame was needed"
        counts = viewing.outlet.counts
        assert counts["repair_apart"] == counts["repair_sent"] >= after["apart"]


async def test_a_link_that_cannot_carry_main_gets_sub(site: Site, page: Page) -> None:
    camera = Camera(sound=False, layers=((640, 360), (320, 180)))
    camera.tracks[0].coded = pictures("H264", 640, 360, rate=1_200_000)
    camera.tracks[1].coded = pictures("H264", 320, 180, rate=100_000)
    async with watching(site, page, camera) as (viewing, relay):
        await until(lambda: viewing.outlet.layer == "main")
        relay.rate_down = 500_000
        await until(lambda: viewing.outlet.layer == "sub", limit_s=40)
        assert viewing.describe(0.0)["reduced"] == "link"
        before = await page.evaluate(RECEIVED)
        await received(page, lambda now: now["decoded"] > before["decoded"] + 25)


async def test_a_hidden_tile_costs_nothing_and_is_back_at_once(site: Site, page: Page) -> None:
    camera = Camera(sound=False)
    async with watching(site, page, camera) as (viewing, _):
        (forwarder,) = viewing.feed.video.values()
        assert viewing.outlet.video is not None
        await site.running.engine.change_wish(viewing.id, {"picture": False})
        sent, asked = viewing.outlet.video.sent.packets, camera.tracks[0].keys_asked
        assert forwarder.watchers == 0
        assert viewing.describe(0.0)["layer"] is None
        await received(page, lambda now: now["pli"] > 0)  # 3 s without a picture: Chromium asks for one
        assert (viewing.outlet.video.sent.packets, camera.tracks[0].keys_asked) == (sent, asked)
        assert [person.name for person in site.running.watchers[-1][1]] == ["Insp. Hale"], "who may look any moment"
        before = await page.evaluate(RECEIVED)
        await site.running.engine.change_wish(viewing.id, {"picture": True})
        assert viewing.outlet.video.sent.packets > sent, "the last key frame is there already"
        after = await received(page, lambda now: now["decoded"] > before["decoded"] + 10)
        assert after["lost"] == 0


async def test_chromium_repairs_as_a_camera_by_rtx(site: Site, page: Page) -> None:
    async with bad_network(site.running.engine.port) as relay:
        answer = await site.running.engine.publish(CAMERA, await page.evaluate(CAMERA_OFFER))
        await page.evaluate(ANSWERED, relay.through(answer.sdp))
        await site.running.streaming()
        relay.loss_up = 0.1
        source = site.running.engine._publishers[answer.session_id].inlet.sources[0]
        await until(lambda: source.loss.recovered >= 10, limit_s=40)
        counters = site.running.engine.counters()
        assert counters["rtx_received"] >= source.loss.recovered
        # It probes its link with empty repairs, before a track's first packet too.
        assert counters.get("rtx_of_no_track", 0) < counters["rtx_received"]
        inlet = site.running.engine._publishers[answer.session_id].inlet
        assert "a=rtcp-xr:rcvr-rtt=all" in answer.sdp
        await until(lambda: inlet.counts["round_trips_told"] > 0, limit_s=40)
        assert source.loss.report().cumulative_lost >= source.loss.recovered, "repaired, and lost all the same"


@pytest.mark.parametrize("codec", ["H264", "VP8"])
async def test_chromium_is_a_camera_with_two_layers(site: Site, page: Page, codec: str) -> None:
    screen = Screen(codec)
    try:
        await page.evaluate(PUBLISH, [f"{site.url}/whip/{CAMERA}", codec])
        await site.running.streaming(layers=2)
        answer = await site.running.engine.watch(CAMERA, INSPECTOR, await screen.make_offer(), Wish("sub"))
        await screen.take(answer.sdp)
        sub = {frame.width for frame in await screen.frames(10)}
        await site.running.engine.change_wish(answer.session_id, {"layer": "main"})
        widths = [frame.width for frame in await screen.frames(60)]
        assert widths[-1] > max(sub)
        assert len(await screen.sounds(10)) == 10
    finally:
        await screen.close()


async def test_chromium_restarts_ice(site: Site, page: Page) -> None:
    camera = Camera(layers=((640, 360),))
    try:
        answer = await site.running.engine.publish(CAMERA, await camera.make_offer())
        await camera.take(answer.sdp)
        await site.running.streaming()
        await page.evaluate(WATCH, [f"{site.url}/whep/{CAMERA}", 10])
        (viewing,) = site.running.engine._viewers.values()
        before = viewing.peer._ice.ufrag
        assert await page.evaluate(RESTART) == "connected"
        assert viewing.peer._ice.ufrags == (viewing.peer._ice.ufrag,) != (before,), "the old one is forgotten"
    finally:
        await camera.close()


OUTGOING = """async () => {
  const stats = [...(await window.publishing.getStats()).values()];
  return Math.max(0, ...stats.map((one) => one.availableOutgoingBitrate ?? 0));
}"""


async def test_chromium_as_a_camera_is_told_when_its_packets_came(site: Site, page: Page) -> None:
    """Without feedback it would stay at the 300 kbit/s with which it starts."""
    await page.evaluate(PUBLISH, [f"{site.url}/whip/{CAMERA}", "H264"])
    await site.running.streaming(layers=2)
    publisher = next(iter(site.running.engine._publishers.values()))
    assert publisher.describe(0)["uplink_bps"] is None, "the estimate is its own"

    async def rate() -> float:
        return float(await page.evaluate(OUTGOING))

    async def grown() -> bool:
        return site.running.engine.counters()["uplink_told"] > 20 and await rate() > 600_000

    await patiently(grown, "it sends more than at the start", 40)


# Three encodings on one m-line, offered in either order; the page's own size is the largest one's.
SIMULCAST = """async ([codec, smallest_first]) => {
  const media = await navigator.mediaDevices.getUserMedia({video: {width: 1280, height: 720}});
  const connection = window.publishing = new RTCPeerConnection();
  const encodings = [{rid: "full", scaleResolutionDownBy: 1}, {rid: "half", scaleResolutionDownBy: 2},
    {rid: "quarter", scaleResolutionDownBy: 4}];
  const picture = connection.addTransceiver(media.getVideoTracks()[0], {direction: "sendonly", streams: [media],
    sendEncodings: smallest_first ? encodings.reverse() : encodings});
  const able = RTCRtpSender.getCapabilities("video").codecs;
  picture.setCodecPreferences(able.filter((one) => ["video/" + codec, "video/rtx"].includes(one.mimeType)));
  await connection.setLocalDescription();
  return connection.localDescription.sdp;
}"""

SENT = """async () => {
  const stats = [...(await window.publishing.getStats()).values()].filter((one) => one.type === "outbound-rtp");
  return Object.fromEntries(stats.map((one) => [one.rid, {ssrc: one.ssrc, frames: one.framesSent ?? 0,
    width: one.frameWidth ?? 0, pli: one.pliCount ?? 0, nack: one.nackCount ?? 0,
    again: one.retransmittedPacketsSent ?? 0, active: one.active}]));
}"""


@pytest.mark.parametrize(("codec", "smallest_first"), [("VP8", False), ("H264", True)])
async def test_chromium_is_a_camera_with_encodings_on_one_line(
    site: Site, page: Page, codec: str, smallest_first: bool
) -> None:
    """Simulcast (RFC 8853): main is the largest, sub the smallest, what is between is paused."""
    engine, main, sub = site.running.engine, Screen(codec), Screen(codec)
    async with bad_network(engine.port) as relay:
        try:
            answer = await engine.publish(CAMERA, await page.evaluate(SIMULCAST, [codec, smallest_first]))
            taken = "quarter;~half;full" if smallest_first else "full;~half;quarter"
            assert f"a=simulcast:recv {taken}\r\n" in answer.sdp
            await page.evaluate(
                "async (sdp) => window.publishing.setRemoteDescription({type: 'answer', sdp})",
                relay.through(answer.sdp),
            )
            await site.running.streaming(layers=2, limit_s=40)
            inlet = engine._publishers[answer.session_id].inlet
            await until(lambda: not inlet._sources.wants_sizes, 40)
            for screen, wish in ((main, Wish("main")), (sub, Wish("sub"))):
                await screen.take((await engine.watch(CAMERA, INSPECTOR, await screen.make_offer(), wish)).sdp)
            widths = [(await screen.frames(30))[-1].width for screen in (main, sub)]
            assert widths[0] == 4 * widths[1], "the largest and the smallest"
            sent: dict[str, dict[str, int]] = await page.evaluate(SENT)
            assert sent["full"]["width"] == widths[0] and sent["quarter"]["width"] == widths[1]
            assert sent["half"]["frames"] == 0, "paused: it costs the uplink nothing"
            of = {source.plan.rid: source for source in inlet.sources}
            assert {rid: source.ssrc for rid, source in of.items()} == {rid: sent[str(rid)]["ssrc"] for rid in of}
            relay.loss_up = 0.1
            await until(lambda: all(source.loss.recovered >= 5 for source in of.values()), limit_s=40)
            relay.loss_up = 0.0
            assert engine.counters()["rtx_received"] >= 10
            repaired: dict[str, dict[str, int]] = await page.evaluate(SENT)
            for rid, source in of.items():
                assert repaired[str(rid)]["nack"] > 0 and repaired[str(rid)]["again"] >= source.loss.recovered
                assert repaired[str(rid)]["pli"] > 0 and source.plis > 0
        finally:
            await main.close()
            await sub.close()
