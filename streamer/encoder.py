"""H.264 as live viewers need it: constrained baseline, no B-frames, a key frame when asked, at any rate.

aiortc's own encoder never goes below 500 kbit/s, so the camera encodes for itself and hands finished
pictures to aiortc. Requests (key frame, bitrate) may come from any thread; `encode` runs in one.
"""

from __future__ import annotations

import fractions
import math
from dataclasses import dataclass, replace

import av
from av.video.frame import PictureType
from av.video.reformatter import VideoReformatter

from streamer.ladder import Ladder, Layer, LayerPlan, Shares
from streamer.spending import MOST_UNSPENT_S, Spending

CLOCK_RATE = 90_000
TIME_BASE = fractions.Fraction(1, CLOCK_RATE)
KEY_EVERY_S = 4.0  # a key frame costs about ten others; a viewer who joins is served from the server's cache
KEY_APART_S = 0.5  # asking faster starves the uplink
BUFFER_S = 0.25  # of the rate: a key frame may not swallow more …
BUFFER_PICTURES = 2  # … where that holds two pictures: with one, x264 uses half of the rate
SMOOTHING = 0.03  # of a passed picture in the mean of its rate


@dataclass(frozen=True, slots=True)
class Encoded:
    """One picture in Annex B, and the Unix time at which it was captured.

    `is_sent`: it goes to the server now; what the link has no room for may still be kept here.
    """

    data: bytes
    captured_at: float
    is_key: bool
    is_sent: bool = True


class Scaler:
    """Pictures of one source to planes of one size.

    Kept from picture to picture: `VideoFrame.reformat` makes a new one with threads of its own each time, which cost
    half a millisecond of a 512×288 picture's seven.
    """

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def planes(self, frame: av.VideoFrame, width: int | None = None, height: int | None = None) -> av.VideoFrame:
        """`frame` as YUV 4:2:0, in its own size if none is given; itself if it is that already."""
        return self._reformatter.reformat(frame, width, height, "yuv420p", threads=1)


class LayerEncoder:
    """x264 for one layer. Frames of another size are scaled; frames above its rate are left out."""

    def __init__(self, plan: LayerPlan, preset: str = "superfast") -> None:
        self.plan = plan
        self._preset = preset
        self._wanted_bps = plan.bps
        self._wants_key = False
        self._last_key: float = -math.inf
        self._last_at: float = -math.inf
        self._pts = -1
        self._first_at: float | None = None
        self._scaler = Scaler()
        self._spending = Spending()
        self._codec = self._open()

    def request_key(self) -> None:
        """The next picture shall be a key frame (but never two within half a second)."""
        self._wants_key = True

    def follow(self, plan: LayerPlan, bps: int) -> None:
        """Aim at `bps` from the next picture on, never over the plan's rate. A new plan begins with a key frame."""
        self._wanted_bps = min(plan.bps, bps)
        if plan != self.plan:
            self.plan = plan
            self._spending = Spending()
            self._codec = self._open()

    @property
    def bps(self) -> int:
        """The rate that is aimed at."""
        return self._wanted_bps

    def is_due(self, at: float) -> bool:
        """Whether a frame captured at `at` belongs to this layer's rate (a fifth of a step early counts)."""
        return at - self._last_at >= 0.8 / self.plan.fps or at < self._last_at

    def encode(self, frame: av.VideoFrame, at: float) -> Encoded | None:
        """`frame`, captured at Unix time `at`, encoded; None while the encoder gives nothing."""
        asked = self._spending.ask(self._wanted_bps, at)
        if self._codec.bit_rate != asked:
            self._codec.bit_rate = asked  # libx264 takes it over without a new key frame
        scaled = self._scaler.planes(frame, self.plan.width, self.plan.height)
        key = self._wants_key and at - self._last_key >= KEY_APART_S
        scaled.pict_type = PictureType.I if key else PictureType.NONE
        scaled.pts, scaled.time_base = self._next_pts(at), TIME_BASE
        packets = self._codec.encode(scaled)
        self._last_at = at
        if not packets:
            return None
        is_key = any(p.is_keyframe for p in packets)
        if is_key:
            self._last_key, self._wants_key = at, False
        data = b"".join(bytes(p) for p in packets)
        self._spending.spent(8 * len(data))
        return Encoded(data, at, is_key)

    def _next_pts(self, at: float) -> int:
        """Strictly rising, though the wall clock may be set back."""
        if self._first_at is None:
            self._first_at = at
        self._pts = max(self._pts + 1, round((at - self._first_at) * CLOCK_RATE))
        return self._pts

    def _open(self) -> av.VideoCodecContext:
        plan = self.plan
        codec = av.VideoCodecContext.create("libx264", "w")
        codec.width, codec.height, codec.pix_fmt = plan.width, plan.height, "yuv420p"
        codec.framerate, codec.time_base = fractions.Fraction(plan.fps), TIME_BASE
        most_bps = round(plan.bps * (1 + MOST_UNSPENT_S))
        codec.bit_rate, codec.gop_size, codec.max_b_frames = most_bps, round(plan.fps * KEY_EVERY_S), 0
        codec.profile, codec.thread_count = "Baseline", 1
        codec.options = {
            "preset": self._preset,
            "tune": "zerolatency",
            "maxrate": str(most_bps),
            "bufsize": str(round(plan.bps * max(BUFFER_S, BUFFER_PICTURES / plan.fps))),
            "forced-idr": "1",
            "x264-params": "repeat-headers=1:annexb=1:scenecut=0:sliced-threads=0",
        }
        # Opened at the most that is ever asked for, its buffer's rate too: x264 takes over a new bitrate only up to that,
        # and only if both are the same (measured: opened lower, never).
        codec.open()
        return codec


class Layers:
    """The main and the sub layer of one camera. All but the requests is for the encoding thread.

    `keeps`: what the uplink has no room for is encoded all the same, as it was planned, to be kept here.
    """

    def __init__(self, main: LayerPlan, sub: LayerPlan | None, preset: str = "superfast") -> None:
        self.keeps = False
        self._scaler = Scaler()
        plans: dict[Layer, LayerPlan] = {"main": main} if sub is None else {"main": main, "sub": sub}
        self.encoders: dict[Layer, LayerEncoder] = {layer: LayerEncoder(plan, preset) for layer, plan in plans.items()}
        self._plans = plans
        self._ladders = {layer: Ladder(plan) for layer, plan in plans.items()}
        self._shares = Shares(main, sub)
        self._bps: dict[Layer, int] = {layer: plan.bps for layer, plan in plans.items()}
        self._uplink_bps: int | None = None  # nothing was told yet: all that was planned
        self._passed = PassedRate()
        self._passes = True
        self._sends: dict[Layer, bool] = dict.fromkeys(plans, True)

    def encode(
        self, frame: av.VideoFrame, at: float, skip: frozenset[Layer] = frozenset()
    ) -> list[tuple[Layer, Encoded]]:
        """The layers for which this frame is due, but for those in `skip`; of those that are given up, what is kept."""
        self._follow(at)
        out: list[tuple[Layer, Encoded]] = []
        frame = self._scaler.planes(frame)  # once for both layers: scaling planes costs a quarter of scaling RGB
        for layer, encoder in self.encoders.items():
            if layer in skip or not (self._bps[layer] or self.keeps) or not encoder.is_due(at):
                continue
            encoded = encoder.encode(frame, at)
            if encoded is not None:
                # A layer that comes back does so with a key frame: what was kept meanwhile was not sent.
                self._sends[layer] = bool(self._bps[layer]) and (self._sends[layer] or encoded.is_key)
                out.append((layer, replace(encoded, is_sent=self._sends[layer])))
        return out

    def lets_pass(self, encoded: Encoded) -> bool:
        """Whether a picture of main that is encoded already goes out: not while main is given up, then from a key on."""
        self._passed.note(encoded)
        self._follow(encoded.captured_at)
        self._passes = bool(self._bps["main"]) and (self._passes or encoded.is_key)
        return self._passes

    def request_key(self, layer: Layer) -> None:
        """See LayerEncoder.request_key."""
        if layer in self.encoders:
            self.encoders[layer].request_key()

    def share_uplink(self, bps: int) -> None:
        """The uplink carries `bps` from now on: taken over with the next picture."""
        self._uplink_bps = bps

    @property
    def has_sound(self) -> bool:
        """Whether the uplink has room for sound, as of the last picture."""
        return self._shares.has_sound

    def bitrates(self) -> dict[Layer, int]:
        """What each layer aims at, bits a second; 0 for one that is given up."""
        return {layer: encoder.bps if self._bps[layer] else 0 for layer, encoder in self.encoders.items()}

    def _follow(self, at: float) -> None:
        if self._uplink_bps is None:
            return
        before, self._bps = self._bps, self._shares.divide(self._uplink_bps, at, self._passed.bps)
        for layer, bps in self._bps.items():
            if layer == "main" and self._passed.bps is not None:
                continue
            if not bps and not self.keeps:
                continue
            if not bps:
                self.encoders[layer].follow(self._plans[layer], self._plans[layer].bps)
                continue
            if not before[layer]:
                self.encoders[layer].request_key()
            self.encoders[layer].follow(self._ladders[layer].choose(bps, at), bps)


class PassedRate:
    """How much a picture that comes encoded takes: it cannot be made smaller."""

    def __init__(self) -> None:
        self.bps: int | None = None
        self._at: float | None = None
        self._mean_bits = self._mean_s = 0.0

    def note(self, encoded: Encoded) -> None:
        """Another one came."""
        before, self._at = self._at, encoded.captured_at
        if before is None or not 0 < encoded.captured_at - before < 1:
            return
        self._mean_bits += SMOOTHING * (8 * len(encoded.data) - self._mean_bits)
        self._mean_s += SMOOTHING * (encoded.captured_at - before - self._mean_s)
        self.bps = round(self._mean_bits / self._mean_s)
