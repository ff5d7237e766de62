"""Coded pictures, made once and cut into RTP payloads as a camera of ours cuts them: a main layer's, or a sub layer's."""

from __future__ import annotations

import fractions
from dataclasses import dataclass
from typing import Any

import av
import numpy
from aiortc.codecs.h264 import H264Encoder

LOOP_FRAMES = 50


@dataclass(frozen=True)
class Size:
    """How large, how many a second, how many bits."""

    width: int
    height: int
    frames_per_s: int
    bits_per_s: int


MAIN = Size(1280, 720, 25, 1_500_000)
SUB = Size(320, 180, 10, 150_000)


def coded_loop(size: Size = MAIN) -> list[list[bytes]]:
    """LOOP_FRAMES pictures as lists of payloads; the first is a key frame. It may follow itself."""
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = size.width, size.height, "yuv420p"
    encoder.bit_rate = size.bits_per_s
    encoder.time_base = fractions.Fraction(1, size.frames_per_s)
    encoder.framerate = fractions.Fraction(size.frames_per_s)
    encoder.gop_size = LOOP_FRAMES
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency"}
    packer, found = H264Encoder(), []
    for number, picture in enumerate(_street(size)):
        picture.pts, picture.time_base = number, encoder.time_base
        for packet in encoder.encode(picture):
            payloads, _ = packer.pack(packet)
            found.append(payloads)
    return found


def _street(size: Size) -> list[av.VideoFrame]:
    """A grainy scene that moves: what a body-worn camera's encoder has to do."""
    chance = numpy.random.default_rng(1)
    blocks = (-(-size.height // 8), size.width // 8, 3)
    scene = chance.integers(40, 200, blocks, dtype=numpy.uint8).repeat(8, 0).repeat(8, 1)[: size.height]
    frames = []
    for number in range(LOOP_FRAMES):
        grain = chance.integers(0, 24, (size.height, size.width, 1), dtype=numpy.uint8)
        moved = numpy.roll(scene, (number * 2, number * 4), axis=(0, 1))
        frames.append(av.VideoFrame.from_ndarray(moved + grain, format="rgb24"))
    return frames
