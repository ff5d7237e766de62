"""Coded pictures and sound to be recorded, and RTP packets of them (RFC 6184, RFC 7741)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import av
import numpy as np

from server.media.packet import HEADER, MARKER_BIT, VERSION_BITS
from server.media.packet_cache import Entry

FPS = 15
OPUS_S = 0.02
LARGEST = 1100  # bytes of payload


@dataclass(frozen=True)
class Coded:
    """One picture: NAL units, or the one VP8 frame."""

    units: tuple[bytes, ...]
    is_key: bool


@cache
def h264(
    count: int, width: int = 320, height: int = 180, key_every: int = 1000, profile: str = "Baseline"
) -> tuple[Coded, ...]:
    """Pictures of a moving pattern; each key frame with its parameter sets."""
    codec = av.VideoCodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
    codec.framerate, codec.time_base, codec.bit_rate = Fraction(FPS), Fraction(1, FPS), 600_000
    codec.gop_size, codec.max_b_frames, codec.profile = key_every, 0, profile
    more = ":8x8dct=1:cabac=1" if profile == "High" else ""
    settings = f"repeat-headers=1:annexb=1:scenecut=0{more}"
    codec.options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": settings}
    found = [packet for index in range(count) for packet in codec.encode(_frame(index, width, height))]
    return tuple(Coded(tuple(nal_units(bytes(packet))), packet.is_keyframe) for packet in found)


@cache
def vp8(count: int, width: int = 320, height: int = 180, key_every: int = 1000) -> tuple[Coded, ...]:
    """The same in VP8."""
    codec = av.VideoCodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
    codec.framerate, codec.time_base, codec.bit_rate, codec.gop_size = (
        Fraction(FPS),
        Fraction(1, FPS),
        600_000,
        key_every,
    )
    codec.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    found = [packet for index in range(count) for packet in codec.encode(_frame(index, width, height))]
    return tuple(Coded((bytes(packet),), packet.is_keyframe) for packet in found)


def _frame(index: int, width: int, height: int) -> av.VideoFrame:
    planes = np.full((height * 3 // 2, width), 128, dtype=np.uint8)
    planes[:height] = (np.indices((height, width)).sum(0) * 2 + index * 9) % 256
    frame = av.VideoFrame.from_ndarray(planes, "yuv420p")
    frame.pts, frame.time_base = index, Fraction(1, FPS)
    return frame


@cache
def opus(count: int, noise: bool = False) -> tuple[bytes, ...]:
    """Packets of a tone, 20 ms each, or of noise, of which no two are the same."""
    codec = av.AudioCodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format, codec.time_base = 48_000, "stereo", "s16", Fraction(1, 48_000)
    found: list[bytes] = []
    chance = np.random.default_rng(1)
    for index in range(count + 2):
        tone = np.sin(np.arange(index * 960, index * 960 + 960) * 440 * 2 * np.pi / 48_000) * 8000
        tone = chance.uniform(-8000, 8000, 960) if noise else tone
        frame = av.AudioFrame.from_ndarray(np.repeat(tone.astype(np.int16), 2).reshape(1, -1), "s16", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, index * 960, Fraction(1, 48_000)
        found += [bytes(packet) for packet in codec.encode(frame)]
    return tuple(found[:count])


def decoded(film: bytes, kind: str) -> list[float]:
    """When each picture ("video") or piece of sound ("audio") is shown, seconds, as FFmpeg decodes them."""
    with av.open(io.BytesIO(film), "r") as container:
        if kind == "video":
            return [frame.time or 0.0 for frame in container.decode(container.streams.video[0])]
        return [frame.time or 0.0 for frame in container.decode(container.streams.audio[0])]


def nal_units(annex_b: bytes) -> list[bytes]:
    """The units between start codes."""
    parts = annex_b.split(b"\0\0\1")[1:]
    return [part[:-1] if part.endswith(b"\0") and index < len(parts) - 1 else part for index, part in enumerate(parts)]


def h264_payloads(units: Sequence[bytes]) -> list[bytes]:
    """Small units together (STAP-A), large ones in parts (FU-A), others alone."""
    found: list[bytes] = []
    small: list[bytes] = []

    def end_small() -> None:
        if len(small) == 1:
            found.append(small[0])
        elif small:
            found.append(b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in small))
        small.clear()

    for unit in units:
        if len(unit) <= LARGEST // 4:
            if sum(map(len, small)) + len(unit) > LARGEST:
                end_small()
            small.append(unit)
            continue
        end_small()
        if len(unit) <= LARGEST:
            found.append(unit)
            continue
        parts = [unit[at : at + LARGEST] for at in range(1, len(unit), LARGEST)]
        for index, part in enumerate(parts):
            flags = (0x80 if index == 0 else 0) | (0x40 if index == len(parts) - 1 else 0)
            found.append(bytes((unit[0] & 0xE0 | 28, flags | unit[0] & 31)) + part)
    end_small()
    return found


def vp8_payloads(frame: bytes, picture_id: int) -> list[bytes]:
    """With a PictureID of 15 bits, as browsers send it."""
    parts = [frame[at : at + LARGEST] for at in range(0, len(frame), LARGEST)]
    told = (picture_id & 0x7FFF | 0x8000).to_bytes(2, "big")
    return [bytes((0x90 if index == 0 else 0x80, 0x80)) + told + part for index, part in enumerate(parts)]


def packets(payloads: Iterable[tuple[int, Sequence[bytes]]], first: int = 70_000) -> list[Entry]:
    """Canonical packets of (timestamp, payloads of one picture); the last of each bears the marker."""
    found: list[Entry] = []
    sequence = first
    for timestamp, parts in payloads:
        for index, part in enumerate(parts):
            marker = MARKER_BIT if index == len(parts) - 1 else 0
            head = HEADER.pack(VERSION_BITS, marker, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, 7)
            found.append((sequence, head + part))
            sequence += 1
    return found
