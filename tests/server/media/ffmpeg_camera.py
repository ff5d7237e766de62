"""FFmpeg's `whip` muxer as a camera, in a process of its own: URL, seconds, certificate file, key file."""

from __future__ import annotations

import fractions
import sys
import time
from typing import Any

import av

WIDTH, HEIGHT, FRAMES_PER_S, RATE = 320, 180, 25, 48_000


def main(url: str, seconds: float, certificate: str, key: str) -> None:
    options = {"cert_file": certificate, "key_file": key, "authorization": "camera"}
    out: Any = av.open(url, "w", format="whip", options=options)
    video = out.add_stream("libx264", rate=FRAMES_PER_S)
    video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    video.bit_rate, video.time_base = 400_000, fractions.Fraction(1, FRAMES_PER_S)
    video.options = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "g": "25"}
    sound = out.add_stream("libopus", rate=RATE)
    sound.layout, sound.format = "stereo", "s16"
    start, heard = time.monotonic(), 0
    for number in range(int(seconds * FRAMES_PER_S)):
        time.sleep(max(0.0, start + number / FRAMES_PER_S - time.monotonic()))
        picture = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane in picture.planes:
            plane.update(bytes((number * 5) % 256 for _ in range(plane.buffer_size)))
        picture.pts, picture.time_base = number, fractions.Fraction(1, FRAMES_PER_S)
        out.mux(video.encode(picture))
        while heard < (number + 1) * RATE // FRAMES_PER_S:
            quiet = av.AudioFrame(format="s16", layout="stereo", samples=960)
            quiet.planes[0].update(bytes(960 * 4))
            quiet.pts, quiet.sample_rate, quiet.time_base = heard, RATE, fractions.Fraction(1, RATE)
            heard += 960
            out.mux(sound.encode(quiet))
    out.close()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3], sys.argv[4])
