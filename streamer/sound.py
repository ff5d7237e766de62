"""The camera's sound: a microphone, or a street at dusk that is synthesised; Opus, mono, 48 kHz, 40 ms.

The street: the town's hum, wind, gulls far off, the officer's own steps at the pace of the pose, and
now and then the chirp of a radio.
"""

from __future__ import annotations

import asyncio
import fractions
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Protocol

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.error import FFmpegError
from numpy.typing import NDArray

from streamer.clock import Clock
from streamer.encoder import Encoded
from streamer.errors import StreamerError
from streamer.pose import Pose

log = logging.getLogger(__name__)

RATE = 48_000
# 40 ms: at 20 ms the headers of 50 packets a second (IP, UDP, RTP, SRTP: 56 bytes) take as much of an uplink as the sound.
BLOCK = 1920  # samples
BLOCK_S = BLOCK / RATE
BITS_PER_SECOND = 24_000
STEP_M = 0.72  # an adult's step
Floats = NDArray[np.float32]
SoundSink = Callable[[Encoded], object]


class SoundError(StreamerError):
    """A microphone cannot be opened or read; says which and why."""


class SoundSource(Protocol):
    """Blocks of 1920 mono samples, −1…1: synthesised, or from a microphone."""

    def blocks(self, stopped: threading.Event) -> Iterator[tuple[float, Floats]]:
        """(Unix time of the block's first sample, the block), at their pace. Raises SoundError."""


class StreetSynth:
    """Draws the street's sound block by block. Cheap: all that is long is made once."""

    def __init__(self, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        self._hum = _hum(rng)
        self._steps = [_footstep(rng) for _ in range(4)]
        self._chirp = _chirp()
        self._gull = _gull()
        self._rng = rng
        self._position = int(rng.integers(0, len(self._hum)))
        self._to_step = STEP_M
        self._tail: Floats = np.zeros(RATE, np.float32)  # what sounds are still ringing
        self._next_radio_s, self._next_gull_s = 4.0 + 10 * rng.random(), 9.0 + 20 * rng.random()

    def block(self, speed_mps: float) -> Floats:
        """The next 40 ms, for an officer who walks at `speed_mps`."""
        at = self._position % (len(self._hum) - BLOCK)
        self._position = at + BLOCK
        self._to_step -= max(0.0, speed_mps) * BLOCK_S
        if self._to_step <= 0 and speed_mps > 0.2:
            self._ring(self._steps[int(self._rng.integers(4))], 0.5 + 0.3 * min(1.0, speed_mps / 3))
            self._to_step = STEP_M * (1 + 0.08 * (self._rng.random() - 0.5)) * (1.4 if speed_mps > 2.5 else 1.0)
        self._next_radio_s -= BLOCK_S
        self._next_gull_s -= BLOCK_S
        if self._next_radio_s <= 0:
            self._ring(self._chirp, 0.16)
            self._next_radio_s = 8 + 25 * float(self._rng.random())
        if self._next_gull_s <= 0:
            self._ring(self._gull, 0.07)
            self._next_gull_s = 12 + 30 * float(self._rng.random())
        out: Floats = self._hum[at : at + BLOCK] + self._tail[:BLOCK]
        self._tail[:-BLOCK] = self._tail[BLOCK:]
        self._tail[-BLOCK:] = 0
        return out

    def _ring(self, sound: Floats, level: float) -> None:
        self._tail[: len(sound)] += sound * np.float32(level)


def _lowpass(noise: Floats, corner_hz: float) -> Floats:
    """One-pole-like low pass by FFT: these are made once."""
    spectrum = np.fft.rfft(noise)
    hz = np.fft.rfftfreq(len(noise), 1 / RATE)
    out: Floats = np.fft.irfft(spectrum / (1 + (hz / corner_hz) ** 2), len(noise)).astype(np.float32)
    return out / max(1e-6, float(np.abs(out).max()))


def _hum(rng: np.random.Generator) -> Floats:
    """Ten seconds of far traffic and wind that close into a loop (the FFT makes them periodic)."""
    n = RATE * 10
    traffic = _lowpass(rng.standard_normal(n).astype(np.float32), 120) * np.float32(0.05)
    wind = _lowpass(rng.standard_normal(n).astype(np.float32), 700) * np.float32(0.02)
    swell = 0.7 + 0.3 * np.sin(np.arange(n) / n * 2 * np.pi * 3)
    loop = (traffic + wind * swell).astype(np.float32)
    out: Floats = np.concatenate([loop, loop[:BLOCK]])
    return out


def _footstep(rng: np.random.Generator) -> Floats:
    """Heel and sole: two short thuds with a little grit."""
    n = int(0.16 * RATE)
    t = np.arange(n) / RATE
    thud = np.sin(2 * np.pi * (72 + 18 * rng.random()) * t) * np.exp(-t * 42)
    grit = _lowpass(rng.standard_normal(n).astype(np.float32), 2400) * np.exp(-((t - 0.055) ** 2) / 0.0005) * 0.35
    out: Floats = ((thud + grit) * 0.4).astype(np.float32)
    return out


def _chirp() -> Floats:
    """A radio's two tones, as after a transmission."""
    n = int(0.18 * RATE)
    t = np.arange(n) / RATE
    tone = np.where(t < 0.09, np.sin(2 * np.pi * 1240 * t), np.sin(2 * np.pi * 910 * t))
    out: Floats = (tone * np.minimum(1, np.minimum(t, 0.18 - t) * 200)).astype(np.float32)
    return out


def _gull() -> Floats:
    n = int(0.5 * RATE)
    t = np.arange(n) / RATE
    sweep = 2 * np.pi * np.cumsum(1500 - 900 * t + 160 * np.sin(t * 34)) / RATE
    out: Floats = (np.sin(sweep) * np.sin(np.pi * t / 0.5) ** 2 * 0.6).astype(np.float32)
    return out


class StreetSound:
    """The synthesised street at the pace of the clock."""

    def __init__(self, pose: Callable[[], Pose], clock: Clock, seed: int = 1) -> None:
        self._pose, self._clock, self._synth = pose, clock, StreetSynth(seed)

    def blocks(self, stopped: threading.Event) -> Iterator[tuple[float, Floats]]:
        """See SoundSource."""
        start, count = self._clock.monotonic(), 0
        offset = self._clock.wall() - start
        while not stopped.wait(max(0.0, start + (count + 1) * BLOCK_S - self._clock.monotonic())):
            if self._clock.monotonic() - start - count * BLOCK_S > 1.0:  # slept: go on from now
                start, count = self._clock.monotonic(), 0
                offset = self._clock.wall() - start
            yield start + count * BLOCK_S + offset, self._synth.block(self._pose().speed_mps)
            count += 1


class Microphone:
    """A microphone through FFmpeg: `alsa:default`, `pulse:default`, or the sound of `file:PATH` or `rtsp://…`."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._name, self._clock = name, clock

    def blocks(self, stopped: threading.Event) -> Iterator[tuple[float, Floats]]:
        """See SoundSource."""
        kind, _, device = self._name.partition(":")
        is_device = kind in ("alsa", "pulse")
        url = self._name if kind.startswith("rtsp") else device
        try:
            with av.open(url or "default", format=kind if is_device else None) as container:
                yield from self._read(container, stopped, kind == "file")
        except (FFmpegError, OSError, ValueError) as problem:
            raise SoundError(f"cannot hear {self._name}: {problem}") from problem

    def _read(
        self, container: av.container.InputContainer, stopped: threading.Event, is_file: bool
    ) -> Iterator[tuple[float, Floats]]:
        if not container.streams.audio:
            raise SoundError(f"{self._name} has no sound")
        resampler = AudioResampler(format="flt", layout="mono", rate=RATE, frame_size=BLOCK)
        start, count = self._clock.monotonic(), 0
        for frame in container.decode(container.streams.audio[0]):
            for part in resampler.resample(frame):
                if is_file:
                    stopped.wait(max(0.0, start + count * BLOCK_S - self._clock.monotonic()))
                if stopped.is_set():
                    return
                count += 1
                yield self._clock.wall() - BLOCK_S, part.to_ndarray().reshape(-1).astype(np.float32)


class OpusEncoder:
    """Opus for speech: mono, 24 kbit/s. Feed whole blocks."""

    def __init__(self) -> None:
        codec = av.AudioCodecContext.create("libopus", "w")
        codec.sample_rate, codec.layout, codec.format = RATE, "mono", "s16"
        codec.time_base = fractions.Fraction(1, RATE)
        codec.bit_rate = BITS_PER_SECOND
        codec.options = {"application": "voip", "frame_duration": str(round(BLOCK_S * 1000)), "compression_level": "2"}
        self._codec, self._pts = codec, 0

    def encode(self, block: Floats, at: float) -> Encoded | None:
        """One block whose first sample was captured at Unix time `at`."""
        samples = (np.clip(block, -1, 1) * 32767).astype(np.int16).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, self._pts
        frame.time_base = fractions.Fraction(1, RATE)
        self._pts += BLOCK
        packets = self._codec.encode(frame)
        return Encoded(b"".join(bytes(p) for p in packets), at, True) if packets else None


class Sound:
    """A camera's sound: reads and encodes in a thread, while somebody takes or keeps it."""

    def __init__(self, source: SoundSource) -> None:
        self._source = source
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._sink: SoundSink | None = None
        self._keeper: SoundSink | None = None
        self.error: SoundError | None = None

    def start(self, sink: SoundSink) -> None:
        """Begin to hand it out; the sink is called in this event loop."""
        if self._sink is not None:
            raise RuntimeError("the sound is already taken")
        self._sink = sink
        self._begin()

    async def stop(self) -> None:
        """No longer. Unless it is kept, it ends, and that is waited for."""
        self._sink = None
        if self._keeper is None:
            await self._end()

    def keep(self, sink: SoundSink) -> None:
        """Hand it to `sink` as well, also while nobody else takes it; again, where the source has failed."""
        self._keeper = sink
        self._begin()

    async def keep_no_more(self) -> None:
        """End of `keep`."""
        self._keeper = None
        if self._sink is None:
            await self._end()

    def _begin(self) -> None:
        if self._thread is not None and self._thread.is_alive():
            return
        loop = asyncio.get_running_loop()
        stopped = self._stopped = threading.Event()
        self.error = None

        def deliver(encoded: Encoded) -> None:
            for sink in (self._keeper, self._sink):
                if sink is not None and not stopped.is_set():
                    sink(encoded)

        self._thread = threading.Thread(target=self._run, args=(stopped, loop, deliver), name="sound", daemon=True)
        self._thread.start()

    async def _end(self) -> None:
        thread, self._thread = self._thread, None
        self._stopped.set()
        if thread is not None:
            await asyncio.to_thread(thread.join)

    def _run(self, stopped: threading.Event, loop: asyncio.AbstractEventLoop, deliver: SoundSink) -> None:
        encoder = OpusEncoder()
        try:
            for at, block in self._source.blocks(stopped):
                encoded = encoder.encode(block, at)
                if encoded is not None and not stopped.is_set():
                    loop.call_soon_threadsafe(deliver, encoded)
        except SoundError as problem:
            self.error = problem
            log.error("%s", problem)


def open_sound(name: str, pose: Callable[[], Pose], clock: Clock, seed: int = 1) -> Sound:
    """`street`, `alsa:DEVICE`, `pulse:SOURCE`, `file:PATH` or `rtsp://…`. Raises SoundError."""
    if name == "street":
        return Sound(StreetSound(pose, clock, seed))
    if name.split(":", 1)[0] not in ("alsa", "pulse", "file", "rtsp", "rtsps"):
        raise SoundError(f"{name!r} is no sound source: use street, alsa:default, pulse:default or file:PATH")
    return Sound(Microphone(name, clock))


__all__ = ["BLOCK_S", "Microphone", "OpusEncoder", "Sound", "SoundError", "StreetSound", "StreetSynth", "open_sound"]
