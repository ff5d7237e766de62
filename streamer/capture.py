"""Pictures from a street that is drawn, a file, an RTSP source or a USB camera, encoded in a thread of their own.

`street[:PRESET]`, `file:PATH`, `rtsp://…`, `v4l2:/dev/video0`. H.264 without B-frames (baseline or main profile)
goes through as it is; anything else is decoded and encoded anew.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import av
from av.bitstream import BitStreamFilterContext
from av.error import FFmpegError

from streamer.clock import Clock
from streamer.encoder import Encoded, Layers
from streamer.errors import StreamerError
from streamer.ladder import Layer, LayerPlan
from streamer.pose import Colleague, Overlay, Pose
from streamer.street.painter import StreetPainter

log = logging.getLogger(__name__)

OPEN_WITHIN_S = 10.0
PASSED_PROFILES = ("Baseline", "Constrained Baseline", "Main")  # what every WebRTC viewer decodes (RFC 7742)
WHOLE = 0.9  # of the rates that were planned
Sink = Callable[[Layer, Encoded], None]


class CaptureError(StreamerError):
    """A picture source cannot be opened or read; says which and why."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One picture: a frame to encode, or H.264 that goes through (then `frame` is for the sub layer only)."""

    at: float
    frame: av.VideoFrame | None = None
    passed: Encoded | None = None


class PictureSource(Protocol):
    """Where pictures come from: the street, or what FFmpeg opens."""

    def pictures(self, stopped: threading.Event) -> Iterator[Taken]:
        """Pictures at their pace until `stopped` is set. Raises CaptureError."""


class StreetSource:
    """The drawn street, `fps` times a second."""

    def __init__(
        self,
        painter: StreetPainter,
        pose: Callable[[], Pose],
        overlay: Callable[[], Overlay],
        clock: Clock,
        fps: int,
        others: Callable[[], tuple[Colleague, ...]] = tuple,
    ) -> None:
        self._painter, self._pose, self._overlay, self._clock, self._fps = painter, pose, overlay, clock, fps
        self._others = others

    def pictures(self, stopped: threading.Event) -> Iterator[Taken]:
        """See PictureSource."""
        due = self._clock.monotonic()
        while not stopped.wait(max(0.0, due - self._clock.monotonic())):
            now = self._clock.monotonic()
            due = max(due + 1 / self._fps, now)  # a late frame is not made up for by a burst
            at = self._clock.wall()
            pixels = self._painter.draw(self._pose(), self._overlay(), at, self._others())
            yield Taken(at, av.VideoFrame.from_ndarray(pixels, format="rgba"))


class MediaSource:
    """What FFmpeg opens: a file (over and over, at its own pace), RTSP, a V4L2 device."""

    def __init__(self, name: str, clock: Clock, may_pass: bool = True) -> None:
        self._name, self._clock, self._may_pass = name, clock, may_pass

    def pictures(self, stopped: threading.Event) -> Iterator[Taken]:
        """See PictureSource."""
        while not stopped.is_set():
            try:
                with _open(self._name) as container:
                    yield from self._read(container, stopped)
            except (FFmpegError, OSError) as problem:
                raise CaptureError(f"cannot read pictures from {self._name}: {problem}") from problem
            if not self._name.startswith("file:"):
                return

    def _read(self, container: av.container.InputContainer, stopped: threading.Event) -> Iterator[Taken]:
        if not container.streams.video:
            raise CaptureError(f"{self._name} has no video")
        stream = container.streams.video[0]
        passes = self._may_pass and passes_through(stream)
        if not passes and stream.codec_context.has_b_frames:
            log.info("%s has B-frames, which live viewers cannot show in time: encoded anew", self._name)
        to_annexb = BitStreamFilterContext("h264_mp4toannexb", stream) if passes else None
        pace = _Pace(self._clock, self._name.startswith("file:"))
        for packet in container.demux(stream):
            if stopped.is_set():
                return
            if packet.pts is None or not packet.size:
                continue
            if to_annexb is not None and packet.time_base is not None:
                at, is_key = pace.wait(float(packet.pts * packet.time_base), stopped), packet.is_keyframe
                frame = next(iter(packet.decode()), None)
                data = b"".join(bytes(p) for p in to_annexb.filter(packet))
                yield Taken(at, frame, Encoded(data, at, is_key))
                continue
            for frame in packet.decode():
                yield Taken(pace.wait(frame.time or 0.0, stopped), frame)


class _Pace:
    """Turns a file's own times into waiting; a live source sets its own pace."""

    def __init__(self, clock: Clock, is_file: bool) -> None:
        self._clock, self._is_file = clock, is_file
        self._start: tuple[float, float] | None = None

    def wait(self, position: float, stopped: threading.Event) -> float:
        """Wait until `position` seconds into the source is due; returns the Unix time of capture."""
        if self._is_file:
            now = self._clock.monotonic()
            if self._start is None:
                self._start = (now, position)
            stopped.wait(max(0.0, min(5.0, self._start[0] + position - self._start[1] - now)))
        return self._clock.wall()


def passes_through(stream: av.VideoStream) -> bool:
    """Whether a stream is H.264 that every viewer decodes as it is: 4:2:0, baseline or main, no B-frames."""
    context = stream.codec_context
    return bool(
        context.name == "h264"
        and not context.has_b_frames
        and context.pix_fmt in ("yuv420p", "yuvj420p")
        and (context.profile or "") in PASSED_PROFILES
    )


def _open(name: str) -> av.container.InputContainer:
    if name.startswith("file:"):
        return av.open(name.removeprefix("file:"))
    if name.startswith("v4l2:"):
        return av.open(name.removeprefix("v4l2:"), format="v4l2", options={"video_size": "1280x720", "framerate": "25"})
    options = {"rtsp_transport": "tcp", "fflags": "nobuffer"} if name.startswith("rtsp") else {}
    return av.open(name, options=options, timeout=OPEN_WITHIN_S)


class Picture:
    """A camera's picture: reads its source and encodes main and sub in one thread, while somebody takes or keeps it.

    `start`, `stop` and `keep` belong to the event loop's thread; the sinks are called there too.
    """

    def __init__(
        self, source: PictureSource, main: LayerPlan, sub: LayerPlan | None, preset: str = "superfast"
    ) -> None:
        self._source = source
        self._plans = (main, sub, preset)
        self._layers: Layers | None = None
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._sink: Sink | None = None
        self._keeper: Sink | None = None
        self._keyed: set[Layer] = set()  # the sink has had a key frame of these
        self.error: CaptureError | None = None

    @property
    def has_sub(self) -> bool:
        """Whether there is a sub layer."""
        return self._plans[1] is not None

    @property
    def is_running(self) -> bool:
        """Whether pictures are being taken; False also after the source failed (see `error`)."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def is_whole(self) -> bool:
        """Whether every layer is as large as it was planned: the uplink has room for all of it."""
        main, sub, _ = self._plans
        planned = main.bps + (sub.bps if sub is not None else 0)
        return sum(self.bitrates().values()) >= WHOLE * planned

    def start(self, sink: Sink) -> None:
        """Begin to hand pictures out, with new encoders: the first of each layer is a key frame."""
        if self._sink is not None:
            raise RuntimeError("the picture is already taken")
        self._sink = sink
        self._begin()

    async def stop(self) -> None:
        """No longer. Unless pictures are kept, it ends, and that is waited for."""
        self._sink = None
        if self._keeper is None:
            await self._end()
        elif self.is_running:
            self._begin()  # what is only kept is not made smaller for a link

    def keep(self, sink: Sink) -> None:
        """Hand every picture to `sink` as well, also while nobody else takes any; again, where the source has failed."""
        before, self._keeper = self._keeper, sink
        if not self.is_running:
            self._begin()
        elif before is None and self._layers is not None:
            self._layers.keeps = True

    async def keep_no_more(self) -> None:
        """End of `keep`."""
        self._keeper = None
        if self._layers is not None:
            self._layers.keeps = False
        if self._sink is None:
            await self._end()

    def request_key(self, layer: Layer) -> None:
        """A viewer needs a key frame (PLI). What goes through unencoded has its own key frames only."""
        if self._layers is not None:
            self._layers.request_key(layer)

    def share_uplink(self, bps: int) -> None:
        """The uplink carries `bps` for pictures and sound together (REMB)."""
        if self._layers is not None:
            self._layers.share_uplink(bps)

    @property
    def has_room_for_sound(self) -> bool:
        """Whether the uplink has: not while a long queue on a narrow one drains."""
        return self._layers is None or self._layers.has_sound

    def bitrates(self) -> dict[Layer, int]:
        """What each layer aims at, bits a second; 0 while it is given up."""
        return self._layers.bitrates() if self._layers else {}

    def _begin(self) -> None:
        """New encoders from the next picture on, and a thread, if there is none."""
        main, sub, preset = self._plans
        self._layers = Layers(main, sub, preset)
        self._layers.keeps = self._keeper is not None
        self._keyed.clear()
        if self.is_running:
            return
        self._stopped, self.error = threading.Event(), None
        # The loop hears of each picture by a call of its own: what was handed over last may come after the end.
        loop, stopped = asyncio.get_running_loop(), self._stopped

        def hand_over(layers: Layers, layer: Layer, encoded: Encoded) -> None:
            if not stopped.is_set():
                loop.call_soon_threadsafe(self._give, stopped, layers, layer, encoded)

        self._thread = threading.Thread(target=self._run, args=(stopped, hand_over), name="picture", daemon=True)
        self._thread.start()

    async def _end(self) -> None:
        thread, self._thread = self._thread, None
        self._stopped.set()
        if thread is not None:
            await asyncio.to_thread(thread.join)

    def _give(self, stopped: threading.Event, layers: Layers, layer: Layer, encoded: Encoded) -> None:
        if stopped.is_set():
            return
        if self._keeper is not None:
            self._keeper(layer, encoded)
        if self._sink is None or layers is not self._layers or not encoded.is_sent:
            return
        if encoded.is_key:
            self._keyed.add(layer)
        if layer in self._keyed:
            self._sink(layer, encoded)

    def _run(self, stopped: threading.Event, hand_over: Callable[[Layers, Layer, Encoded], None]) -> None:
        try:
            for taken in self._source.pictures(stopped):
                layers = self._layers
                if layers is not None:
                    self._encode(layers, taken, hand_over)
        except CaptureError as problem:
            self.error = problem
            log.error("%s", problem)

    @staticmethod
    def _encode(layers: Layers, taken: Taken, hand_over: Callable[[Layers, Layer, Encoded], None]) -> None:
        if taken.passed is not None:
            passes = layers.lets_pass(taken.passed)
            if passes or layers.keeps:
                hand_over(layers, "main", replace(taken.passed, is_sent=passes))
        if taken.frame is None:
            return
        skip: frozenset[Layer] = frozenset({"main"} if taken.passed is not None else ())
        for layer, encoded in layers.encode(taken.frame, taken.at, skip):
            hand_over(layers, layer, encoded)
