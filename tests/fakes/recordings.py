"""Lays down true recordings: H.264 and Opus in CMAF segments, made by libavformat, in folders that the recorder's own code writes.

Every picture carries a barcode of its media time, so that a page tells which moment it shows.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
from PIL import Image

from server.clock import HandClock
from server.recording.fmp4 import (
    PICTURE_RATE,
    PICTURE_TRACK,
    SOUND_TRACK,
    PictureFormat,
    Sample,
    TrackRun,
    initialisation,
    media_segment,
)
from server.recording.folder import RecordingFolder
from server.recording.master_key import PLAIN, MasterKeys
from server.recording.segment import Opened, Segment, recording_id
from server.recording.signing import EvidenceKey
from streamer.street.barcode import draw_barcode
from tests.server.recording.coded import FPS, OPUS_S, Coded, opus, vp8

Paint = Callable[[float], Image.Image]

WIDTH, HEIGHT = 640, 360
SEGMENT_S = 2.0
RATES = {"main": 25, "sub": 10}
SOUND_HZ = 48_000
LATE_S = (0.012, 0.031, 0.004, 0.018)  # a network's delays, in turn


@dataclass(frozen=True)
class Film:
    """One layer, cut: the initialisation, and each segment's bytes, start and duration in seconds of media time."""

    init: bytes
    segments: tuple[bytes, ...]
    pictures: int
    sound: bool
    codec: str = "h264"
    keyed_every: int = 1  # one segment in so many begins on a key frame

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.segments) * SEGMENT_S


def plain(at: float) -> Image.Image:
    """A grey picture whose lightness follows the time."""
    tone = int(60 + 60 * (at % 10) / 10)
    return Image.new("RGB", (WIDTH, HEIGHT), (tone, tone, tone + 20))


def film(seconds: float, layer: str = "main", paint: Paint = plain, sound: bool = True) -> Film:
    """Encode and cut. `seconds` is rounded up to whole segments."""
    count = int(-(-seconds // SEGMENT_S))
    rate = RATES[layer]
    held = io.BytesIO()
    # CMAF: each fragment alone, times from 0, no edit list that would move them
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof+cmaf", "use_editlist": "0"}
    with av.open(held, "w", format="mp4", options={**options, "video_track_timescale": "90000"}) as container:
        picture = container.add_stream("libx264", rate=rate)
        (picture.width, picture.height), picture.pix_fmt = paint(0.0).size, "yuv420p"
        gop = str(int(rate * SEGMENT_S))
        coding = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "crf": "30"}
        picture.options = {**coding, "g": gop, "keyint_min": gop, "sc_threshold": "0"}
        voice = container.add_stream("libopus", rate=SOUND_HZ, layout="mono") if sound else None
        for number in range(int(count * SEGMENT_S * rate)):
            image = paint(number / rate)
            draw_barcode(image, number / rate)
            frame = av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            container.mux(picture.encode(frame))
            if voice is not None and number % rate == 0:
                container.mux([packet for part in _tone(number // rate) for packet in voice.encode(part)])
        for stream in (picture, voice):
            container.mux(stream.encode(None) if stream is not None else [])
    init, segments = _cut(held.getvalue())
    return Film(init, tuple(segments[:count]), int(rate * SEGMENT_S), sound)


@cache
def usual_film(seconds: float, layer: str, sound: bool = True) -> Film:
    """The plain one, made once."""
    return film(seconds, layer, sound=sound)


@cache
def vp8_film(seconds: float, sound: bool = True, keyed_every: int = 1) -> Film:
    """In VP8, as the recorder itself writes it: libavformat's MP4 takes none."""
    count = int(-(-seconds // SEGMENT_S))
    pictures = vp8(int(count * SEGMENT_S * FPS), key_every=int(FPS * SEGMENT_S) * keyed_every)
    packets = opus(int(count * SEGMENT_S / OPUS_S))
    segments = [_vp8_segment(pictures, packets, number, sound) for number in range(count)]
    init = initialisation(PictureFormat("vp8", 320, 180), sound=sound)
    return Film(init, tuple(segments), int(FPS * SEGMENT_S), sound, "vp8", keyed_every)


def _vp8_segment(pictures: Sequence[Coded], packets: Sequence[bytes], number: int, sound: bool) -> bytes:
    seen, heard = int(FPS * SEGMENT_S), int(SEGMENT_S / OPUS_S)
    shown = [
        Sample(one.units[0], PICTURE_RATE // FPS, one.is_key) for one in pictures[number * seen : (number + 1) * seen]
    ]
    told = [Sample(one, int(SOUND_HZ * OPUS_S)) for one in packets[number * heard : (number + 1) * heard]]
    runs = [
        TrackRun(PICTURE_TRACK, int(number * SEGMENT_S * PICTURE_RATE), shown),
        TrackRun(SOUND_TRACK, int(number * SEGMENT_S * SOUND_HZ), told),
    ]
    return media_segment(number + 1, runs if sound else runs[:1])


def _tone(second: int) -> Iterator[av.AudioFrame]:
    """A second of 440 Hz, softly, in Opus's frames of 20 ms."""
    at = np.arange(SOUND_HZ) / SOUND_HZ
    wave = (np.sin(2 * np.pi * 440 * at) * 3000).astype(np.int16)
    for start in range(0, SOUND_HZ, 960):
        frame = av.AudioFrame.from_ndarray(wave[None, start : start + 960], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_HZ, second * SOUND_HZ + start, Fraction(1, SOUND_HZ)
        yield frame


def _cut(data: bytes) -> tuple[bytes, list[bytes]]:
    """ftyp and moov; then each moof with its mdat."""
    init, segments, at = b"", list[bytes](), 0
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        box = data[at : at + size]
        if kind in (b"ftyp", b"moov"):
            init += box
        elif kind == b"moof":
            segments.append(box)
        elif kind == b"mdat":
            segments[-1] += box
        at += size
    return init, segments


@dataclass(frozen=True)
class Laid:
    """A recording on disk: its id, and when media time 0 was on the server's clock."""

    id: str
    device_id: str
    base: float


@dataclass(frozen=True)
class Wish:
    """What is to be recorded: from `base` (server's Unix time of media time 0) on; `without`: numbers of segments that are lost."""

    device_id: str
    call_sign: str
    base: float
    wearer: dict[str, str] | None = None
    ahead_s: float = 0.0
    asked_after_s: float = 0.0
    without: Sequence[int] = ()
    silent: int = 0  # so many segments are of `before`: its sound began later
    why_lost: str = "camera-away"
    closed: bool = True
    late: Sequence[int] = ()  # numbers of segments that are written behind the next one


def lay(
    data: Path, wish: Wish, films: dict[str, Film], keys: MasterKeys = PLAIN, before: dict[str, Film] | None = None
) -> Laid:
    """Write the recording into `data`/recordings as the recorder does."""
    clock = HandClock(wish.base)
    key = EvidenceKey.of(data)
    name = recording_id(wish.base, wish.device_id, f"{int(wish.base * 1000) & 0xFFFFFFFF:08x}")
    asked = wish.base + wish.asked_after_s
    opened = Opened(name, wish.device_id, wish.call_sign, wish.wearer, "officer", asked, wish.base, key.public_key)
    folder = RecordingFolder.create(data / "recordings", opened, clock, keys)
    try:
        count = max(len(one.segments) for one in films.values())
        for number in sorted(range(count), key=lambda number: number + 1.5 * (number in wish.late)):
            clock.move(SEGMENT_S)
            for layer, one in films.items():
                _commit(folder, wish, layer, before[layer] if before and number < wish.silent else one, number)
        if wish.closed:
            ended = wish.base + max(one.seconds for one in films.values())
            folder.close("officer", ended, key, {"offset_s": wish.ahead_s, "spread_s": 0.01})
    finally:
        folder.leave()
    return Laid(name, wish.device_id, wish.base)


def _commit(folder: RecordingFolder, wish: Wish, layer: str, one: Film, number: int) -> None:
    if number >= len(one.segments):
        return
    start = number * SEGMENT_S
    if number in wish.without:
        if number - 1 not in wish.without:
            lost = next(n for n in range(number, 10_000) if n not in wish.without) * SEGMENT_S
            folder.gap(layer, start, lost, wish.base + start, wish.base + lost, wish.why_lost)
        return
    folder.commit(
        Segment(
            layer=layer,
            init=one.init,
            data=one.segments[number],
            start=start,
            duration=SEGMENT_S,
            captured_at=wish.base + start + wish.ahead_s,
            received_at=wish.base + start + LATE_S[number % len(LATE_S)],
            key=number % one.keyed_every == 0,
            pictures=one.pictures,
            codec=one.codec,
            sound=one.sound,
            width=WIDTH,
            height=HEIGHT,
            prerecord=start < wish.asked_after_s,
        )
    )
