"""The drawn street: milliseconds a frame for each preset on one core, beside a fixed numpy workload in the same run.

Frames of a walk through the demo's town at 640 × 360, with colleagues near; drawn, encoded (H.264, as a camera encodes
it) and measured against the yardstick in turn, so that the ratios hold on a busy machine, too. The yardstick is one
frame's look-up of every pixel in a table of colours, eight times. Expected: at most 8 ms a frame.
"""

from __future__ import annotations

import argparse
import math
import os
import time

import av
import numpy as np

from streamer.config import TOWNS
from streamer.encoder import Layers
from streamer.ladder import LayerPlan
from streamer.pose import Colleague, Overlay, Pose
from streamer.street.look import PRESETS
from streamer.street.painter import StreetPainter
from streamer.whereabouts import read_town
from tests.bench.figures import Figure, tell

LONGEST_MS = 8
WIDTH, HEIGHT, FPS = 640, 360, 10
AT = 1_795_387_267.0
OVERLAY = Overlay("ET17", "0417", 83, True, True, "et17-b4")


def main(argv: list[str]) -> int:
    """Run the benchmark; returns the exit code: 1 if a bar was missed."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.bench street", description=__doc__)
    parser.add_argument("--frames", type=int, default=200, help="of each preset [200]")
    given = parser.parse_args(argv)
    figures = []
    for preset in PRESETS:
        drawn, encoded, yards = _measure(preset, given.frames)
        figures.append(Figure(preset, f"{preset}: to draw a frame", "ms", drawn, "p50", LONGEST_MS))
        for name, what, other in (("yards", "the yardstick", yards), ("ratio", "to encode it", encoded)):
            share = [100 * _middle(drawn) / _middle(other)]
            figures.append(Figure(f"{preset}_{name}", f"{preset}: beside {what}", "%", share, "value", None))
    about = {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1), "size": f"{WIDTH}x{HEIGHT}"}
    return tell("street", figures, about)


def _middle(samples: list[float]) -> float:
    return sorted(samples)[len(samples) // 2]


def _measure(preset: str, frames: int) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds of CPU of this thread to draw, and to encode, each frame; and for the yardstick after it."""
    painter = StreetPainter(read_town(TOWNS / "estuary.geojson"), WIDTH, HEIGHT, preset=preset)
    layers = Layers(LayerPlan(WIDTH, HEIGHT, FPS, 450_000), None, "ultrafast")
    drawn, encoded, yards = [], [], []
    rng = np.random.default_rng(1)
    table = rng.integers(0, 2**32, 2**16, np.uint32)
    shades = rng.integers(0, 2**16, (HEIGHT, WIDTH), np.uint16)
    for number in range(frames):
        at, walked = AT + number / FPS, 1.4 * number / FPS
        pose = Pose(186, -190 + walked, 20 * math.sin(number / 40), 1.4)
        others = (Colleague(190, -170, 180, 3.0), Colleague(183, -160, 190, 8.0, in_vehicle=True))
        began = time.thread_time()
        pixels = painter.draw(pose, OVERLAY, at, others)
        between = time.thread_time()
        list(layers.encode(av.VideoFrame.from_ndarray(pixels, format="rgba"), at))
        after = time.thread_time()
        for _ in range(8):
            np.take(table, shades, mode="clip")
        yards.append((time.thread_time() - after) * 1000)
        encoded.append((after - between) * 1000)
        drawn.append((between - began) * 1000)
    return drawn[5:], encoded[5:], yards[5:]  # the first look builds the surroundings
