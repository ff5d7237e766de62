"""Chromium as viewer and as camera, against a real engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright

from server.media.wish import Wish
from tests.patience import until as patiently
from tests.server.media.clients import Camera, Screen
from tests.server.media.conftest import CAMERA, INSPECTOR, Site

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


@pytest.mark.parametrize("codec", ["H264", "VP8"])
async def test_chromium_is_a_camera_with_two_layers(site: Site, page: Page, codec: str) -> None:
    screen = Screen(codec)
    try:
        await page.evaluate(PUBLISH, [f"{site.url}/whip/{CAMERA}", codec])
        await site.running.streaming(layers=2)
        answer = await site.running.engine.watch(CAMERA, INSPECTOR, await screen.make_offer(), Wish("sub"))
        await screen.take(answer.sdp)
        sub = {frame.width for frame in await screen.frames(10)}
        site.running.engine.change_wish(answer.session_id, {"layer": "main"})
        widths = [frame.width for frame in await screen.frames(60)]
        assert widths[-1] > max(sub)
        assert len(await screen.sounds(10)) == 10
    finally:
        await screen.close()


OUTGOING = """async () => {
  const stats = [...(await window.publishing.getStats()).values()];
  const pair = stats.find((one) => one.type === "candidate-pair" && one.nominated);
  return pair?.availableOutgoingBitrate ?? 0;
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
