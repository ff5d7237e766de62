"""Small media clients for tests: aiortc as camera and as viewer, pictures encoded once."""

from __future__ import annotations

import asyncio
import fractions
import functools
import time
from typing import Any

import aiortc.codecs
import av
import numpy
from aiohttp import ClientSession
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)

# With its default policy aiortc 1.16 leaves the second video m-line on a transport of its own that never starts.
CONFIGURATION = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
WAIT_S = 10.0
FRAMES_PER_S = 25


@functools.cache
def pictures(
    codec: str, width: int = 320, height: int = 180, count: int = 25, rate: int = 400_000
) -> tuple[tuple[bytes, bool], ...]:
    """`count` coded frames that loop: the first one is a key frame. `rate` in bit/s."""
    encoder: Any = av.CodecContext.create({"H264": "libx264", "VP8": "libvpx"}[codec], "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.bit_rate = rate
    encoder.time_base = fractions.Fraction(1, FRAMES_PER_S)
    encoder.gop_size = count
    if codec == "H264":
        encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline"}
    else:
        encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    found = []
    noise = numpy.random.default_rng(1).integers(0, 255, (height, width, 3), dtype=numpy.uint8)
    for number in range(count):
        frame = av.VideoFrame.from_ndarray(numpy.roll(noise // 4, number * 8, axis=1), format="rgb24")
        frame.pts = number
        found += [(bytes(packet), packet.is_keyframe) for packet in encoder.encode(frame)]
    return tuple(found)


class CodedTrack(MediaStreamTrack):
    """Sends coded pictures as they are; goes back to the key frame when asked for one."""

    kind = "video"

    def __init__(self, coded: tuple[tuple[bytes, bool], ...]) -> None:
        super().__init__()
        self.coded = coded
        self.wants_key = False
        self.keys_asked = 0
        self.sent = 0
        self._next = 0
        self._start: float | None = None

    def ask_key(self) -> None:
        """A PLI came."""
        self.wants_key = True
        self.keys_asked += 1

    async def recv(self) -> Any:
        """The next picture, at its time."""
        if self._start is None:
            self._start = time.monotonic()
        await asyncio.sleep(max(0.0, self._start + self.sent / FRAMES_PER_S - time.monotonic()))
        if self.wants_key:
            self.wants_key, self._next = False, 0
        content, _ = self.coded[self._next]
        self._next = (self._next + 1) % len(self.coded)
        packet = av.Packet(content)
        packet.pts = self.sent * (90_000 // FRAMES_PER_S)
        packet.time_base = fractions.Fraction(1, 90_000)
        self.sent += 1
        return packet


class ToneTrack(MediaStreamTrack):
    """Sound."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._sent = 0
        self._start: float | None = None

    async def recv(self) -> Any:
        """20 ms of it, at its time."""
        if self._start is None:
            self._start = time.monotonic()
        await asyncio.sleep(max(0.0, self._start + self._sent * 0.02 - time.monotonic()))
        frame = av.AudioFrame(format="s16", layout="mono", samples=960)
        frame.planes[0].update(bytes(1920))
        frame.sample_rate, frame.pts, frame.time_base = 48_000, self._sent * 960, fractions.Fraction(1, 48_000)
        self._sent += 1
        return frame


def _prefer(transceiver: Any, codec: str, *, rtx: bool) -> None:
    able = RTCRtpSender.getCapabilities("video").codecs
    wanted = {f"video/{codec.lower()}", "video/rtx"} if rtx else {f"video/{codec.lower()}"}
    transceiver.setCodecPreferences([one for one in able if one.mimeType.lower() in wanted])


async def _settle(connection: RTCPeerConnection) -> None:
    async with asyncio.timeout(WAIT_S):
        while connection.connectionState != "connected":
            assert connection.connectionState not in ("failed", "closed")
            await asyncio.sleep(0.01)


class Camera:
    """An aiortc publisher: one picture for each entry of `layers`, and sound. With `rtx`, repairs go apart."""

    def __init__(
        self,
        codec: str = "H264",
        *,
        layers: tuple[tuple[int, int], ...] = ((320, 180),),
        sound: bool = True,
        rtx: bool = False,
        configuration: RTCConfiguration = CONFIGURATION,
    ):
        self.connection = RTCPeerConnection(configuration)
        self.tracks = [CodedTrack(pictures(codec, width, height)) for width, height in layers]
        self.answer = ""
        self.offer = ""
        if sound:
            self.connection.addTrack(ToneTrack())
        for track in self.tracks:
            sender: Any = self.connection.addTrack(track)
            sender._send_keyframe = track.ask_key
        for transceiver in self.connection.getTransceivers():
            if transceiver.kind == "video":
                _prefer(transceiver, codec, rtx=rtx)

    async def make_offer(self) -> str:
        """The SDP to post."""
        await self.connection.setLocalDescription(await self.connection.createOffer())
        self.offer = self.connection.localDescription.sdp
        return self.offer

    async def take(self, answer: str) -> None:
        """The answer came: connect."""
        self.answer = answer
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await _settle(self.connection)

    async def close(self) -> None:
        """End it."""
        await self.connection.close()


class Screen:
    """An aiortc viewer that decodes. With `rtx`, it takes repairs apart."""

    def __init__(self, codec: str = "H264", *, sound: bool = True, rtx: bool = False):
        self.connection = RTCPeerConnection(CONFIGURATION)
        self.video = self.connection.addTransceiver("video", direction="recvonly")
        _prefer(self.video, codec, rtx=rtx)
        self.audio = self.connection.addTransceiver("audio", direction="recvonly") if sound else None
        self.answer = ""

    async def make_offer(self) -> str:
        """The SDP to post."""
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp

    async def take(self, answer: str) -> None:
        """The answer came: connect."""
        self.answer = answer
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await _settle(self.connection)

    async def frames(self, count: int) -> list[Any]:
        """The next decoded pictures."""
        async with asyncio.timeout(WAIT_S + count / FRAMES_PER_S):
            return [await self.video.receiver.track.recv() for _ in range(count)]

    async def sounds(self, count: int) -> list[Any]:
        """The next decoded 20 ms of sound."""
        assert self.audio is not None
        async with asyncio.timeout(WAIT_S):
            return [await self.audio.receiver.track.recv() for _ in range(count)]

    async def close(self) -> None:
        """End it."""
        await self.connection.close()


async def post_offer(http: ClientSession, url: str, offer: str) -> tuple[int, str, Any]:
    """Status, body, headers."""
    async with http.post(url, data=offer, headers={"Content-Type": "application/sdp"}) as response:
        return response.status, await response.text(), response.headers


__all__ = ["Camera", "CodedTrack", "Screen", "ToneTrack", "aiortc", "pictures", "post_offer"]
