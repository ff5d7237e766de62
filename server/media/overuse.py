"""Is the uplink's queue growing? A line through the delays, a threshold that adapts to the noise, a queue that stands.

After draft-ietf-rmcat-gcc-02 section 5.4 with the line of least squares that WebRTC uses for the Kalman filter.
"""

from __future__ import annotations

from collections import deque
from enum import Enum

from server.media.arrival_groups import Variation

GROUPS = 20  # in the line: 0.2 to 0.8 s
SMOOTHING = 0.9
GAIN = 4.0
MOST_COUNTED = 60  # the draft's cap: a line of few groups is told less
FIRST_THRESHOLD_MS = 12.5
THRESHOLD_MS = (6.0, 600.0)
RISE, FALL = 0.01, 0.00018  # per ms, the draft's K_u and K_d: up at once with the noise, down within 6 s
OUTLIER_MS = 15.0  # beyond the threshold: a jump of the route, not noise
OVERUSE_AFTER_S = 0.010
JUMP_MS = 40.0  # at once: another cell, a radio's retransmission – or a queue, which the next groups tell
JUMP_GROUPS = 3
STEEP_MS = (
    80.0  # in two groups, on a link that was calm: it carries far less now, and the line would take 0.5 s to say so
)
CALM_JITTER_S = 0.03  # a busy machine makes 10 to 25 ms; a radio that hands out its time in turns makes more

BASE_WINDOW_S = 10.0  # long enough to have seen an empty queue, short enough for the drift of a cheap clock
QUICK_WINDOW_S = 0.1
STEADY_WINDOW_S = 0.3
QUEUE_BEGINS_S = 0.025  # nothing stands below this: a packet's own time on the link, a radio's grant
JITTER_PACKETS = 64
LARGE_PACKET = 600  # bytes: their own time on the link tells its rate
SLOWEST_BPS, FASTEST_BPS = 50e3, 100e6
LARGE_PACKETS = 16  # a mean over so many: one late wake-up of ours does not hide what the link can do


class Signal(Enum):
    """What the delays say."""

    NORMAL = "normal"
    OVERUSE = "overuse"
    UNDERUSE = "underuse"


class Least:
    """The least of the last one to two windows: jitter only ever adds. `value` is infinite before the first.

    Only what is less than `present`, or came after `until`, changes anything: the rest need not be noted.
    """

    __slots__ = ("_before", "_window", "present", "until", "value")

    def __init__(self, window_s: float) -> None:
        self._window = window_s
        self._before = self.present = self.value = float("inf")  # of the window before, of this one, of both
        self.until = float("-inf")

    def note(self, value: float, now: float) -> None:
        """`value` was seen at `now`, in seconds."""
        if now > self.until:
            # after a silence of two windows nothing of before counts
            self._before = self.present if now - self.until < self._window else float("inf")
            self.present, self.until = value, now + self._window
        elif value < self.present:
            self.present = value
        self.value = min(self.present, self._before)

    def restart(self, value: float, now: float) -> None:
        """Forget what was before."""
        self.present = self.value = value
        self._before, self.until = float("inf"), now + self._window


class QueueDelay:
    """How long packets wait in the uplink's queue: their delay over the least that was seen lately."""

    def __init__(self) -> None:
        self._base = Least(BASE_WINDOW_S)
        self._quick = Least(QUICK_WINDOW_S)
        self._steady = Least(STEADY_WINDOW_S)
        self._large_s_per_bit = 1 / SLOWEST_BPS
        self.jitter_s = 0.0  # how far packets are above the least of their moment, in the mean

    def note(self, sent: float, arrived: float, size: int) -> None:
        """A packet of `size` bytes; the two clocks need not agree."""
        offset = arrived - sent
        base, quick, steady = self._base, self._quick, self._steady
        if offset < base.present or arrived > base.until:
            base.note(offset, arrived)
        if offset < quick.present or arrived > quick.until:
            quick.note(offset, arrived)
        if offset < steady.present or arrived > steady.until:
            steady.note(offset, arrived)
        self.jitter_s += (offset - steady.value - self.jitter_s) / JITTER_PACKETS
        if size >= LARGE_PACKET:
            took = min(1 / SLOWEST_BPS, (offset - base.value) / (8 * size))
            self._large_s_per_bit += (took - self._large_s_per_bit) / LARGE_PACKETS

    @property
    def quick_s(self) -> float:
        """What every packet of the last 0.1 to 0.2 s has waited at least."""
        return max(0.0, self._quick.value - self._base.value) if self._base.value < float("inf") else 0.0

    @property
    def steady_s(self) -> float:
        """What every packet of the last 0.3 to 0.6 s has waited at least."""
        return max(0.0, self._steady.value - self._base.value) if self._base.value < float("inf") else 0.0

    @property
    def carried_bps(self) -> float:
        """The link carries no more than this: the last large packets took as long as it takes for them, or longer."""
        return 1 / max(self._large_s_per_bit, 1 / FASTEST_BPS)

    def accept(self, now: float) -> None:
        """The delay of now is the route's own: no queue of ours."""
        self._base.restart(self._steady.value, now)


class OveruseDetector:
    """Fed with every group of packets; `signal` is what the last of them said."""

    def __init__(self) -> None:
        self.signal = Signal.NORMAL
        self.threshold_ms = FIRST_THRESHOLD_MS
        self._points: deque[tuple[float, float]] = deque(maxlen=GROUPS)  # arrival, smoothed delay; ms
        self._delay_ms = self._smoothed_ms = 0.0
        self._count = 0
        self._jump_ms: float | None = None
        self._after_jump: list[float] = []
        self._is_calm = True  # before the jump
        self._is_steep = False
        self._over_s: float | None = None
        self._overs = 0
        self._last_slope = 0.0
        self._updated: float | None = None

    def note(self, variation: Variation, jitter_s: float = 0.0) -> None:
        """Another group came, on a link of this jitter."""
        self._count += 1
        if self._jump_ms is None:
            self._is_calm = jitter_s < CALM_JITTER_S
        self._delay_ms += self._without_jump(1000 * (variation.arrived_apart - variation.sent_apart))
        self._smoothed_ms += (1 - SMOOTHING) * (self._delay_ms - self._smoothed_ms)
        self._points.append((1000 * variation.arrived, self._smoothed_ms))
        slope = _slope(self._points) if len(self._points) == GROUPS else self._last_slope
        told_ms = min(self._count, MOST_COUNTED) * slope * GAIN
        if self._is_steep:
            self.signal = Signal.OVERUSE
        else:
            self._judge(told_ms, slope, variation.sent_apart)
        self._adapt(abs(told_ms), variation.arrived)
        self._last_slope = slope

    def _without_jump(self, later_ms: float) -> float:
        """How much the delay has grown; a jump counts once the next groups have shown that it goes on, or came back."""
        self._is_steep = False
        if self._jump_ms is None:
            if later_ms <= JUMP_MS:
                return later_ms
            self._jump_ms, self._after_jump = later_ms, []
            return 0.0
        self._after_jump.append(later_ms)
        jump, after = self._jump_ms, sum(self._after_jump)
        if after > JUMP_MS / 2 or after < -jump / 2:
            self._jump_ms = None
            self._is_steep = self._is_calm and jump + after > STEEP_MS and after > 0
            return jump + later_ms
        if len(self._after_jump) == JUMP_GROUPS:
            self._jump_ms = None
        return later_ms

    def _judge(self, told_ms: float, slope: float, sent_apart: float) -> None:
        if told_ms > self.threshold_ms:
            self._over_s = sent_apart / 2 if self._over_s is None else self._over_s + sent_apart
            self._overs += 1
            if self._over_s > OVERUSE_AFTER_S and self._overs > 1 and slope >= self._last_slope:
                self._over_s, self._overs, self.signal = 0.0, 0, Signal.OVERUSE
            return
        self._over_s, self._overs = None, 0
        self.signal = Signal.UNDERUSE if told_ms < -self.threshold_ms else Signal.NORMAL

    def _adapt(self, size_ms: float, arrived: float) -> None:
        before, self._updated = self._updated, arrived
        if before is None or size_ms > self.threshold_ms + OUTLIER_MS:
            return
        passed_ms = min(100.0, 1000 * (arrived - before))
        speed = RISE if size_ms > self.threshold_ms else FALL
        threshold = self.threshold_ms + min(1.0, speed * passed_ms) * (size_ms - self.threshold_ms)
        self.threshold_ms = min(THRESHOLD_MS[1], max(THRESHOLD_MS[0], threshold))


def _slope(points: deque[tuple[float, float]]) -> float:
    """The line of least squares through the points; 0 if they are all of one moment. One pass: it is asked often."""
    first, start = points[0]
    x_sum = y_sum = xx_sum = xy_sum = 0.0
    for at, delay in points:
        x, y = at - first, delay - start
        x_sum += x
        y_sum += y
        xx_sum += x * x
        xy_sum += x * y
    count = len(points)
    spread = count * xx_sum - x_sum * x_sum
    return (count * xy_sum - x_sum * y_sum) / spread if spread > 0 else 0.0
