"""Runs a line for `ffmpeg` of the README's kind by FFmpeg's own libraries (PyAV), where there is no such program.

Arguments: seconds, then the line's words. One lavfi input of pictures, one of sound, one output; as fast as `-re`.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import Any

import av

FLAGS = frozenset(("-re",))
OF_VIDEO = {"-preset": "preset", "-tune": "tune", "-profile:v": "profile", "-g": "g", "-b:v": "b"}
OF_SOUND = {"-b:a": "b"}
OF_MUXER = {"-authorization": "authorization", "-cert_file": "cert_file", "-key_file": "key_file"}


@dataclass
class Line:
    """What the words say."""

    inputs: list[tuple[str, str]] = field(default_factory=list)  # format, source
    said: dict[str, str] = field(default_factory=dict)
    output: str = ""

    @classmethod
    def of(cls, words: list[str]) -> Line:
        line, rest = cls(), [word for word in words if word not in FLAGS]
        while len(rest) > 1:
            name, value = rest.pop(0), rest.pop(0)
            if name == "-i":
                line.inputs.append((line.said.pop("-f"), value))
            else:
                line.said[name] = value
        line.output = rest[0]
        return line

    def options(self, names: dict[str, str]) -> dict[str, str]:
        return {name: self.said[word] for word, name in names.items() if word in self.said}


def main(seconds: float, words: list[str]) -> None:
    line = Line.of(words)
    pictures, sounds = (av.open(source, format=kind) for kind, source in line.inputs)
    out: Any = av.open(line.output, "w", format=line.said["-f"], options=line.options(OF_MUXER))
    shown: Any = pictures.streams.video[0]
    video = out.add_stream(line.said["-c:v"], rate=shown.average_rate, options=line.options(OF_VIDEO))
    video.width, video.height, video.pix_fmt = shown.width, shown.height, line.said["-pix_fmt"]
    sound = out.add_stream(line.said["-c:a"], rate=48_000, options=line.options(OF_SOUND))
    sound.layout, sound.format = {"1": "mono", "2": "stereo"}[line.said["-ac"]], "s16"
    resampler = av.AudioResampler(format="s16", layout=sound.layout, rate=48_000, frame_size=960)
    heard: Any = sounds.decode(audio=0)
    start, heard_s = time.monotonic(), 0.0
    for picture in pictures.decode(video=0):
        at = picture.time or 0.0
        if at >= seconds:
            break
        time.sleep(max(0.0, start + at - time.monotonic()))
        frame = picture.reformat(format=video.pix_fmt)
        frame.pts, frame.time_base = picture.pts, picture.time_base
        out.mux(video.encode(frame))
        while heard_s < at:
            for part in resampler.resample(next(heard)):
                heard_s = (part.time or 0.0) + 0.02
                out.mux(sound.encode(part))
    out.close()


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2:])
