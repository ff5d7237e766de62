"""The process that decodes, `python -m server.stills.decoding`: coded film comes in, a small picture goes out.

What a broken or hostile stream does to a decoder happens here, and not where the alerts are; and only while nobody else
wants the processor. Each way a message is its length (4 bytes) and its bytes; no bytes: there is no picture.
"""

from __future__ import annotations

import io
import os
import resource
import signal
import struct
import sys
from fractions import Fraction
from pathlib import Path

import av

from server.stills.still import BOX

LENGTH = struct.Struct(">I")
LEAST_PRIORITY = 19
MOST_PIXELS = 4096 * 2304  # of a coded picture: what no camera of ours sends is no picture
MOST_MEMORY = 1 << 30  # bytes of address space; 120 MB are usual, and 16 such pictures are 240 MB
FIRST_TO_GO = "1000"  # where memory runs out: sooner than the recorder
QUALITY = 5  # of 2 (best) to 31: some 8 kB for a street by night


def picture(film: bytes) -> bytes:
    """The first picture of an initialisation and its segment as a JPEG that fits into BOX. Raises av.FFmpegError, ValueError."""
    bounds = {"max_pixels": str(MOST_PIXELS)}  # libavcodec's own, so that it also holds for what stands in the stream
    with av.open(io.BytesIO(film), "r", format="mp4", options=bounds) as taken:
        if not taken.streams.video:
            raise ValueError("there is no picture in it")
        stream = taken.streams.video[0]
        stream.codec_context.options = bounds
        stream.codec_context.skip_frame = "NONKEY"
        stream.codec_context.thread_count = 1
        frame = next(taken.decode(stream), None)
    if frame is None:
        raise ValueError("there is no key frame in it")
    return _jpeg(frame)


def _jpeg(frame: av.VideoFrame) -> bytes:
    scale = min(BOX[0] / frame.width, BOX[1] / frame.height, 1.0)
    width, height = (max(2, round(side * scale / 2) * 2) for side in (frame.width, frame.height))
    coder = av.VideoCodecContext.create("mjpeg", "w")
    coder.width, coder.height, coder.pix_fmt, coder.time_base = width, height, "yuvj420p", Fraction(1, 25)
    coder.qmin = coder.qmax = QUALITY
    small = frame.reformat(width, height, "yuvj420p")
    small.pts = None
    return b"".join(bytes(packet) for packet in [*coder.encode(small), *coder.encode(None)])


def main() -> int:
    """Until whoever asks hangs up."""
    os.nice(LEAST_PRIORITY)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO)
    av.logging.set_level(av.logging.PANIC)  # what a decoder has to say of a broken picture is that there is none
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # Ctrl-C reaches every process of the terminal: the server ends this one
        signal.signal(number, signal.SIG_IGN)
    asked, answered = sys.stdin.buffer, sys.stdout.buffer
    while len(head := asked.read(LENGTH.size)) == LENGTH.size:
        film = asked.read(LENGTH.unpack(head)[0])
        try:
            found = picture(film)
        except (av.FFmpegError, ValueError, MemoryError):
            found = b""
        answered.write(LENGTH.pack(len(found)) + found)
        answered.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
