"""Coded pictures, made once: 720p, 25 a second, 1.5 Mbit/s, cut into RTP payloads as a camera of ours cuts them."""

from __future__ import annotations

import fractions
from typing import Any

import av
import numpy
from aiortc.codecs.h264 import H264Encoder

WIDTH, HEIGHT = 1280, 720
FRAMES_PER_S = 25
BITS_PER_S = 1_500_000
LOOP_FRAMES = 50
TICKS = 90_000 // FRAMES_PER_S


def coded_loop() -> list[list[bytes]]:
    """LOOP_FRAMES pictures as lists of payloads; the first is a key frame. It may follow itself."""
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.bit_rate = BITS_PER_S
    encoder.time_base = fractions.Fraction(1, FRAMES_PER_S)
    encoder.framerate = fractions.Fraction(FRAMES_PER_S)
    encoder.gop_size = LOOP_FRAMES
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency"}
    packer, found = H264Encoder(), []
    for number, picture in enumerate(_street()):
        picture.pts, picture.time_base = number, encoder.time_base
        for packet in encoder.encode(picture):
            payloads, _ = packer.pack(packet)
            found.append(payloads)
    return found


def _street() -> list[av.VideoFrame]:
    """A grainy scene that moves: what a body-worn camera's encoder has to do."""
    chance = numpy.random.default_rng(1)
    scene = chance.integers(40, 200, (HEIGHT // 8, WIDTH // 8, 3), dtype=numpy.uint8).repeat(8, 0).repeat(8, 1)
    frames = []
    for number in range(LOOP_FRAMES):
        grain = chance.integers(0, 24, (HEIGHT, WIDTH, 1), dtype=numpy.uint8)
        moved = numpy.roll(scene, (number * 2, number * 4), axis=(0, 1))
        frames.append(av.VideoFrame.from_ndarray(moved + grain, format="rgb24"))
    return frames
