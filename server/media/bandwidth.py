"""How much a camera's uplink carries: judged from arrivals, told to the camera when it has something new to know."""

from __future__ import annotations

from server.media.arrival_groups import ArrivalGroups
from server.media.overuse import QUEUE_BEGINS_S, OveruseDetector, QueueDelay, Signal
from server.media.rate_control import NOISE_OF_JITTER, RateControl, Seen

UPDATE_S = 0.1
RATE_WINDOW = 5  # updates: half a second
FULL_WINDOW = 2  # when a queue has begun to stand, of what came since: before, the link carried more
FULL_BEGINS_S = 0.1  # more than a key frame's own
FULL_NEWS_S = 0.6  # after which the longer window has seen nothing else
PAUSE_S = 1.5  # without any packet: nothing of before tells of now
LOSS_WINDOW_S = 1.0
LOSS_PACKETS = 20  # fewer tell nothing

TELL_EVERY_S = 1.0
TELL_LESS_AFTER_S = 0.1
TELL_MORE_AFTER_S = 0.25
TELL_LESS = 0.97
TELL_MORE = 1.05

DRAIN_BEGINS_S = 0.05  # with what stands longer than this, less is told than what the link carries
DRAIN_MOST = 0.7  # of the estimate is left out while 0.8 s or more stand in the queue
DRAIN_NARROW = 2.0  # times as much on a narrow link, where what is not counted takes a good part


class ReceivedRate:
    """Bits per second of the last updates."""

    def __init__(self) -> None:
        self._bits = 0
        self._slots: list[tuple[float, int]] = []  # seconds, bits
        self._since: float | None = None

    def add(self, size: int) -> None:
        """`size` bytes came."""
        self._bits += 8 * size

    def close_slot(self, now: float) -> None:
        """An update at `now`, in seconds."""
        if self._since is not None:
            self._slots = [*self._slots[1 - RATE_WINDOW :], (now - self._since, self._bits)]
        self._since, self._bits = now, 0

    def restart(self, now: float) -> None:
        """Forget what was before a pause."""
        self._slots, self._since, self._bits = [], now, 0

    def bps(self, slots: int) -> float | None:
        """Over the last `slots` updates; None while there are fewer."""
        last = self._slots[-slots:]
        seconds = sum(one for one, _ in last)
        return sum(bits for _, bits in last) / seconds if len(last) == slots and seconds > 0 else None


class FirstLosses:
    """The share of first sendings that did not come, over a second or more; repairs do not hide it."""

    def __init__(self) -> None:
        self._then: tuple[float, int, int] | None = None
        self.share = 0.0

    def note(self, now: float, expected: int, missed: int) -> None:
        """Counted so far: packets that should have come, and those that did not at first."""
        if self._then is None or expected < self._then[1]:
            self._then = (now, expected, missed)
            return
        at, expected_then, missed_then = self._then
        if now - at >= LOSS_WINDOW_S and expected - expected_then >= LOSS_PACKETS:
            self.share = min(1.0, max(0.0, (missed - missed_then) / (expected - expected_then)))
            self._then = (now, expected, missed)


class UplinkEstimate:
    """Takes every packet's bytes, and when it was sent; from `due_at` on (monotonic seconds), `update` it.

    No timers: where nothing comes, nothing is learnt.
    """

    def __init__(self, start_bps: int | None = None) -> None:
        self._groups = ArrivalGroups()
        self._detector = OveruseDetector()
        self._queue = QueueDelay()
        self._rate = ReceivedRate()
        self._losses = FirstLosses()
        self._control = RateControl(start_bps) if start_bps is not None else RateControl()
        self.due_at = float("-inf")
        self._overused = False
        self._full_since: float | None = None
        self._told_at: float | None = None
        self._told = 0
        self.bits_per_second = int(self._control.bits_per_second)

    def note_bytes(self, size: int) -> None:
        """So many came since the last call; to be told before `update`."""
        self._rate.add(size)

    def note_sent(self, size: int, sent: float, now: float) -> None:
        """A packet of `size` bytes came at `now`, which was sent at `sent` in seconds of the camera's clock."""
        self._queue.note(sent, now, size)
        variation = self._groups.add(sent, now)
        if variation is not None:
            self._detector.note(variation, self._queue.jitter_s)
            if self._detector.signal is Signal.OVERUSE:
                self._overused = True

    def update(self, now: float, expected: int, missed: int) -> None:
        """Judge what came; `expected` and `missed` count first sendings since the session's start."""
        paused = now - self.due_at > PAUSE_S
        self.due_at = now + UPDATE_S
        if paused:
            self._rate.restart(now)
            self._overused = False
            return
        self._rate.close_slot(now)
        self._losses.note(now, expected, missed)
        overuse = self._overused and self._queue.quick_s > QUEUE_BEGINS_S + self._queue.jitter_s
        self._overused = self._detector.signal is Signal.OVERUSE
        received = self._rate.bps(RATE_WINDOW)
        if received is None:
            return
        queue_s = self._queue.steady_s
        if self._queue.quick_s <= FULL_BEGINS_S:
            self._full_since = None
        elif self._full_since is None or now - self._full_since < FULL_NEWS_S:
            self._full_since = self._full_since if self._full_since is not None else now
            received = min(received, self._rate.bps(FULL_WINDOW) or received)
        seen = Seen(
            now=now,
            told_bps=self.bits_per_second,
            received_bps=received,
            carried_bps=self._queue.carried_bps,
            queue_s=queue_s,
            jitter_s=self._queue.jitter_s,
            overuse=overuse,
            underuse=self._detector.signal is Signal.UNDERUSE,
            loss=self._losses.share,
        )
        if self._control.update(seen):
            self._queue.accept(now)
        self._set(queue_s)

    @property
    def queue_s(self) -> float:
        """How long packets wait in the uplink's queue now."""
        return self._queue.steady_s

    def _set(self, queue_s: float) -> None:
        stands_s = queue_s - DRAIN_BEGINS_S - NOISE_OF_JITTER * self._queue.jitter_s
        drain = min(DRAIN_MOST, max(0.0, stands_s) * (DRAIN_NARROW if self._control.is_narrow else 1.0))
        self.bits_per_second = max(self._control.floor_bps, int(self._control.bits_per_second * (1 - drain)))

    def news(self, now: float) -> int | None:
        """What to tell the camera after an update: less at once, more soon, the same once a second. None: nothing."""
        if self._told_at is None:  # nothing is known yet
            self._told_at, self._told = now, self.bits_per_second
        since, rate = now - self._told_at, self.bits_per_second
        less = rate < self._told * TELL_LESS and since >= TELL_LESS_AFTER_S
        more = rate > self._told * TELL_MORE and since >= TELL_MORE_AFTER_S
        if not (less or more or since >= TELL_EVERY_S):
            return None
        self._told_at, self._told = now, rate
        return rate
