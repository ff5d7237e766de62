"""What OBS, FFmpeg and GStreamer offer is answered so that they can go on."""

from __future__ import annotations

import math
import re

import pytest
from aiortc.sdp import MediaDescription, SessionDescription

from tests.server.media.clients import Camera
from tests.server.media.conftest import CAMERA, INSPECTOR, Running
from tests.server.media.offers import (
    FFMPEG,
    GSTREAMER,
    GSTREAMER_VIEWER,
    OBS,
    OBS_LAYERS,
    WHEPCLIENTSRC,
    WHIPCLIENTSINK,
)


def read(answer: str) -> tuple[SessionDescription, dict[str, MediaDescription]]:
    """As another parser understands it."""
    session = SessionDescription.parse(answer)
    return session, {media.kind: media for media in session.media}


@pytest.mark.parametrize(
    ("offer", "setup", "video", "audio"),
    [
        pytest.param(OBS, "passive", 96, 111, id="OBS"),
        pytest.param(FFMPEG, "active", 106, 111, id="FFmpeg"),
        pytest.param(GSTREAMER, "passive", 96, 97, id="GStreamer"),
        pytest.param(WHIPCLIENTSINK, "passive", 97, 100, id="whipclientsink"),
    ],
)
async def test_a_foreign_camera_is_answered(running: Running, offer: str, setup: str, video: int, audio: int) -> None:
    answer = await running.engine.publish(CAMERA, offer.replace("\n", "\r\n"))
    session, media = read(answer.sdp)
    offered = SessionDescription.parse(offer)
    assert [one.kind for one in session.media] == [one.kind for one in offered.media], "one m-line for each, in order"
    assert session.group[0].items == offered.group[0].items
    first, *others = media["video"].rtp.codecs
    assert first.payloadType == video and all(one.mimeType == "video/rtx" for one in others)
    assert [codec.payloadType for codec in media["audio"].rtp.codecs] == [audio]
    for one in media.values():
        assert (one.direction, one.rtcp_mux, one.port) == ("recvonly", True, running.engine.port)
        assert one.ice is not None and one.ice.iceLite and one.ice_candidates
    assert answer.sdp.count(f"a=setup:{setup}\r\n") == 2
    (publisher,) = running.engine._publishers.values()
    assert {plan.kind: plan.ssrcs[:1] for plan in publisher.inlet._sources.plans} == {
        one.kind: (one.ssrc[0].ssrc,) for one in offered.media
    }


@pytest.mark.parametrize(
    ("offer", "expected"),
    [
        pytest.param(OBS, {"goog-remb"}, id="OBS"),
        pytest.param(OBS.replace("fb:96 goog", "fb:* goog"), {"goog-remb"}, id="any-codec"),
        pytest.param(OBS.replace("fb:96 goog", "fb:97 goog"), set(), id="another-codec"),
        pytest.param(
            OBS.replace("a=rtcp-fb:96 goog-remb\n", "").replace(
                "opus/48000/2", "opus/48000/2\na=rtcp-fb:111 goog-remb"
            ),
            set(),
            id="sound-alone",
        ),
        pytest.param(FFMPEG, set(), id="FFmpeg"),
        pytest.param(GSTREAMER, set(), id="GStreamer"),  # transport-cc without its header extension
        pytest.param(WHIPCLIENTSINK, {"transport-cc"}, id="whipclientsink"),
    ],
)
async def test_a_camera_is_told_of_its_uplink_what_it_offered_to_hear(
    running: Running, offer: str, expected: set[str]
) -> None:
    """And never what it did not (RFC 4585 section 4.2)."""
    answer = await running.engine.publish(CAMERA, offer.replace("\n", "\r\n"))
    assert set(re.findall("transport-cc|goog-remb", answer.sdp)) == expected
    (publisher,) = running.engine._publishers.values()
    assert (publisher.inlet.uplink.due_at == math.inf) == (not expected)
    assert publisher.peer.times_packets == (expected == {"transport-cc"}), "OBS says by no packet when it was sent"


@pytest.mark.parametrize(
    ("offer", "codec", "video", "audio"),
    [
        pytest.param(GSTREAMER_VIEWER, "H264", [101], [96], id="webrtcbin"),
        pytest.param(WHEPCLIENTSRC, "H264", [97, 108], [101, 124], id="whepclientsrc"),
        pytest.param(WHEPCLIENTSRC, "VP8", [96, 104], [101, 124], id="whepclientsrc-VP8"),
    ],
)
async def test_gstreamer_may_watch(
    running: Running, offer: str, codec: str, video: list[int], audio: list[int]
) -> None:
    camera = Camera(codec)
    try:
        await camera.take((await running.engine.publish(CAMERA, await camera.make_offer())).sdp)
        await running.streaming(layers=1)
        answer = await running.engine.watch(CAMERA, INSPECTOR, offer)
        _, media = read(answer.sdp)
        assert [codec.payloadType for codec in media["video"].rtp.codecs][: len(video)] == video
        assert [codec.payloadType for codec in media["audio"].rtp.codecs] == audio
        assert {one.direction for one in media.values()} == {"sendonly"}
        for one, told in ((media["video"], video), (media["audio"], audio)):
            assert one.msid and len({source.ssrc for source in one.ssrc}) == len(told)  # one, and one of its repairs
    finally:
        await camera.close()


async def test_obs_with_layers_hears_that_none_is_refused(running: Running) -> None:
    """It streams nothing else: it counts the semicolons of `a=simulcast` (whip-utils.h, simulcast_layers_in_answer)."""
    answer = await running.engine.publish(CAMERA, OBS_LAYERS.replace("\n", "\r\n"))
    lines = answer.sdp.split("\r\n")
    assert lines.count("a=simulcast:recv 0;~1;2") == 1
    assert [line for line in lines if line.startswith("a=rid")] == ["a=rid:0 recv", "a=rid:1 recv", "a=rid:2 recv"]
    assert {
        "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid",
        "a=extmap:2 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    } <= set(lines)
    (publisher,) = running.engine._publishers.values()
    plans = [(plan.layer, plan.key, plan.ssrcs) for plan in publisher.inlet._sources.plans if plan.kind == "video"]
    assert plans == [("main", ("1", "0"), ()), ("sub", ("1", "2"), ())]
