"""How the estimate moves: additive increase, multiplicative decrease (draft-ietf-rmcat-gcc-02 section 5.5 and 6)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

FLOOR_BPS = 100_000  # less only on a NARROW link: jitter that begins may look like any fall for a moment
LEAST_BPS = 16_000  # a small picture now and then, whose send times tell how the queue drains
CEILING_BPS = 20_000_000
START_BPS = 3_000_000

DECREASE = 0.85
GROWTH = 1.08  # a second, far from the last known limit
FAST_GROWTH = 1.3  # a second, while large packets pass as on a link of MORE times the rate: 250 to 1000 kbit/s in 9 s
MORE = 1.4
BACK_GROWTH = 0.12  # of the limit a second, from the 85 % that drain the queue back to NEARLY all: it carried that
NEARLY = 0.92  # of the limit
NEARLY_NARROW = 0.82  # on a narrow link, where a key frame of 1.5 kB alone takes 0.1 s
NEAR_GROWTH = 0.0175  # of the limit a second from there on: 8 s to the next trial, and its queue stays short
NEAR = (0.75, 1.05)  # of the limit
HEADROOM = 1.5  # never promise more than half again of what was seen to arrive: it is untested
SEEN_DECAY = 0.97  # an update: pictures differ in size, and what came two seconds ago was carried too
UNTESTED_BPS = 240_000  # but so much may be tried: main comes back with that, while sub alone shows less
NARROW_HEADROOM = 1.2  # on a narrow link, unless large packets pass as on a wider one: it was seen to be full with less
HOLD_S = 0.5  # after a decrease, and while a queue stands
AGAIN_AFTER_S = 0.3  # the camera's answer to the last decrease cannot be seen sooner …
SINCE_S = (0.5, 1.0)  # after a decrease: all that is measured has come since …
TOO_LITTLE = 1.25  # … and so much more than the estimate is no noise of it
FAR_LESS = 0.6  # … but for a link that has fallen this far, each update counts

FALLING_S = 0.02  # below its mean of half a second: the queue drains
QUEUE_SMOOTHING = 0.2  # of an update, ten a second
OBEYED = 1.5  # of what the sender was told; it has its own least rate

RECEIVED_SMOOTHING = 0.2  # of an update: a mean over half a second more
LEARNT = 0.92  # of what came while a queue drained
STANDING_S = 0.1  # a queue that stands though it does not grow
LARGEST_PACKET_BITS = 10_400  # 1300 bytes: alone on a link of 100 kbit/s it takes as long
LONGEST_ROUTE_S = 0.6  # what is delayed longer stands in a queue, whatever it looks like
NOISE_OF_JITTER = 0.5  # a short queue cannot be told from the least of a jitter this much larger
STANDS_S = 1.0  # so long, with what is left out of the estimate to drain it, before the estimate itself is lowered
NARROW_BPS = 150_000  # of RTP: with its headers, reports and telemetry about 190 on the link
NARROW_QUEUE_S = 0.35  # jitter of 300 ms never looks like that …
NARROW_AFTER_S = 0.3  # … for so long
FULL_S = 0.5  # a queue on a narrow link lasts so long: all that the rate was measured of came while the link was full …
PROVEN_S = 45.0  # … or so it seems: with few packets jitter looks the same, so a long queue is proof only for so long
LINGERS_S = 3.0  # so long, one that is so short that it only keeps the estimate from growing …
LINGERING_JITTER_S = 0.03  # … where it may be the radio's: it hands out its time in turns, and even the least waits
UNMOVED_AFTER_S = 1.5
UNMOVED_S = 0.05  # 15 % less than the link carries drains 0.2 s in that time

NOISE_LOSS = 0.02  # below this, loss is the radio's noise
QUEUE_LOSS = 0.10  # lost while a queue stands: it overflows
POLICED_LOSS = 0.35  # lost with no queue at all: a policer, a queue of a few packets; no radio worth using


class Seen(NamedTuple):
    """What the receiver saw until `now` (monotonic seconds), and what it told the sender.

    `loss` (0–1) is of first sendings: repairs do not hide it.
    """

    now: float
    told_bps: float
    received_bps: float
    carried_bps: float
    queue_s: float
    jitter_s: float
    overuse: bool
    underuse: bool
    loss: float


class _Before(NamedTuple):
    """Estimate, limit and what came, before less was sent."""

    bits_per_second: float
    limit_bps: float | None
    received_bps: float


@dataclass(slots=True)
class _Trial:
    """Since when a queue stands, or less is sent because of it; the longest since. `began`: with the queue itself."""

    at: float
    queue_s: float
    before: _Before | None
    began: float
    longest_s: float
    received_bps: float
    carried_bps: float = 0.0


class RateControl:
    """`update` with what was seen, ten times a second or less often; `bits_per_second` is the estimate."""

    def __init__(self, start_bps: int = START_BPS) -> None:
        self.bits_per_second = float(start_bps)
        self.limit_bps: float | None = None  # what the link carried when it was full
        self._updated: float | None = None
        self._decreased_at = self._lowered_at = float("-inf")
        self._lossy_at = float("-inf")
        self._trial: _Trial | None = None
        self._before: _Before | None = None  # as it was at the first decrease since a queue began
        self._short_at: float | None = None  # when no queue was last in the way of growth
        self._mean_queue_s = 0.0
        self._seen_bps = 0.0  # the most that came, lately
        self._narrow_since: float | None = None
        self._full_since: float | None = None
        self._stood_at = float("-inf")  # a queue that no jitter looks like
        self.is_narrow = False

    @property
    def floor_bps(self) -> int:
        """The least that is told, also while a queue drains."""
        return LEAST_BPS if self.is_narrow else FLOOR_BPS

    def update(self, seen: Seen) -> bool:
        """Returns whether the delay is the route's own: it did not move when the rate did."""
        passed = min(1.0, seen.now - self._updated) if self._updated is not None else 0.0
        self._updated = seen.now
        self._mean_queue_s += QUEUE_SMOOTHING * (seen.queue_s - self._mean_queue_s)
        self._seen_bps = max(seen.received_bps, self._seen_bps * SEEN_DECAY)
        noise_s = seen.jitter_s * NOISE_OF_JITTER
        short = seen.queue_s < STANDING_S / 2 + noise_s
        if short or self._short_at is None:
            self._short_at = seen.now
        if short and seen.now - self._decreased_at > STANDS_S:
            self._before = None
        self._look_for_narrow(seen, short)
        self._learn_while_full(seen, short)
        if self._revised(seen):
            return False
        lingers = seen.now - self._short_at > LINGERS_S and seen.jitter_s > LINGERING_JITTER_S
        stands = lingers or (
            seen.queue_s > STANDING_S + noise_s + LARGEST_PACKET_BITS / max(seen.received_bps, FLOOR_BPS)
        )
        if seen.overuse or not stands:
            self._trial = None
        if stands and not seen.overuse:
            return self._tries_less(seen)
        if seen.overuse:
            self._decrease(seen, full=stands)
        elif seen.loss > POLICED_LOSS:
            self._lose(seen)
        elif not seen.underuse and short and seen.now - self._decreased_at > HOLD_S:
            self._grow(seen, passed)
        return False

    def _look_for_narrow(self, seen: Seen, short: bool) -> None:
        """The floor alone may be more than the link carries, beside all that the estimate does not count."""
        if short and self.bits_per_second > NARROW_BPS:
            self.is_narrow = False
        is_long = seen.queue_s >= NARROW_QUEUE_S + seen.jitter_s * NOISE_OF_JITTER
        if is_long:
            self._stood_at = seen.now
        if not is_long or seen.received_bps > NARROW_BPS:
            self._narrow_since = None
        elif self._narrow_since is None:
            self._narrow_since = seen.now
        elif seen.now - self._narrow_since > NARROW_AFTER_S:
            self.is_narrow = True

    def _is_proven_narrow(self, now: float) -> bool:
        return self.is_narrow and now - self._stood_at < PROVEN_S

    def _learn_while_full(self, seen: Seen, short: bool) -> None:
        """A queue on a narrow link that is too short for a decrease: what comes meanwhile is what the link carries. The
        estimate had stayed half again as high, and filled the link anew as soon as less told had drained it.
        """
        if not self._is_proven_narrow(seen.now) or short:
            self._full_since = None
        elif self._full_since is None:
            self._full_since = seen.now
        elif seen.now - self._full_since >= FULL_S and seen.received_bps < self.bits_per_second:
            self.limit_bps = max(seen.received_bps, self.limit_bps or self.floor_bps)
            self._set(min(self.bits_per_second, LEARNT * self.limit_bps))

    def _revised(self, seen: Seen) -> bool:
        """What has come since a decrease is what the link carries. Jitter that begins holds packets back at first, and a
        decrease that is made of the few that came then is too large.
        """
        since, carried = seen.now - self._lowered_at, DECREASE * seen.received_bps
        is_since = SINCE_S[0] <= since < SINCE_S[1]
        if seen.overuse or not is_since or carried < TOO_LITTLE * self.bits_per_second:
            return False
        self.limit_bps = max(seen.received_bps, self.limit_bps or self.floor_bps)
        self._set(carried)
        return True

    def _tries_less(self, seen: Seen) -> bool:
        """A queue stands and does not grow: whether it stands although less was sent. Then all is as before."""
        trial = self._trial
        if trial is None:
            self._trial = self._new_trial(seen)
            return False
        trial.queue_s = max(trial.queue_s, seen.queue_s)
        trial.longest_s = max(trial.longest_s, seen.queue_s)
        trial.received_bps += RECEIVED_SMOOTHING * (seen.received_bps - trial.received_bps)
        if seen.now - trial.began >= SINCE_S[0]:
            trial.carried_bps = max(trial.carried_bps, trial.received_bps)
            self._learn_from_draining(seen, trial)
        if seen.now - trial.at < (STANDS_S if trial.before is None else UNMOVED_AFTER_S):
            return False
        if trial.queue_s - seen.queue_s >= UNMOVED_S:  # it drains
            trial.at, trial.queue_s = seen.now, seen.queue_s
            return False
        if trial.before is not None and seen.queue_s < LONGEST_ROUTE_S:
            rate, self.limit_bps, received = trial.before
            self._set(max(self.bits_per_second, min(rate, received / DECREASE)))
            self._trial = None
            return True
        if self._before is not None and seen.jitter_s > LINGERING_JITTER_S:  # less is sent already
            self._trial = self._new_trial(seen, self._before)
            return False
        before = _Before(self.bits_per_second, self.limit_bps, seen.received_bps)
        self._trial = self._new_trial(seen, before)
        self._decrease(seen, full=True)
        return False

    def _new_trial(self, seen: Seen, before: _Before | None = None) -> _Trial:
        last = self._trial
        if last is None:
            return _Trial(seen.now, seen.queue_s, before, seen.now, seen.queue_s, seen.received_bps)
        return replace(last, at=seen.now, queue_s=seen.queue_s, before=before)

    def _learn_from_draining(self, seen: Seen, trial: _Trial) -> None:
        """A queue that drains since less was told: meanwhile all comes that the link carries, and more than was told.

        Without that the estimate would stand as high as before the fall, and fill the queue anew as soon as it is empty.
        """
        carries = trial.carried_bps
        drains = trial.longest_s - seen.queue_s >= UNMOVED_S
        is_long = trial.longest_s > NARROW_QUEUE_S + seen.jitter_s * NOISE_OF_JITTER
        if drains and is_long and seen.told_bps < carries and carries * LEARNT < self.bits_per_second:
            self._lowered_at = seen.now
            self.limit_bps = max(carries, self.floor_bps)
            self._set(carries * LEARNT)

    def _decrease(self, seen: Seen, *, full: bool) -> None:
        is_far_less = seen.received_bps < FAR_LESS * self.bits_per_second
        if seen.now - self._decreased_at < AGAIN_AFTER_S and not is_far_less:
            return
        drains = seen.queue_s < self._mean_queue_s - FALLING_S
        if drains and seen.received_bps < OBEYED * seen.told_bps:
            return  # what comes is what was told, and no measure of the link
        if self._before is None:
            self._before = _Before(self.bits_per_second, self.limit_bps, self._seen_bps)
        self._decreased_at = seen.now
        self._seen_bps = seen.received_bps
        is_obeyed = seen.told_bps > DECREASE * seen.received_bps  # else what was lost was sent before it was told
        overflows = full and is_obeyed and not drains and seen.loss > QUEUE_LOSS
        cut = DECREASE * (1 - 0.5 * seen.loss) if overflows else DECREASE
        if seen.received_bps * cut < self.bits_per_second:
            self._lowered_at = seen.now
            self._set(seen.received_bps * cut)
        limit = max(seen.received_bps, self.floor_bps)
        if self.limit_bps is None or not NEAR[0] < limit / self.limit_bps < 1 / NEAR[0]:
            self.limit_bps = limit
        else:
            self.limit_bps += 0.3 * (limit - self.limit_bps)

    def _lose(self, seen: Seen) -> None:
        if seen.now - self._lossy_at < 1.0:
            return
        self._lossy_at = self._decreased_at = seen.now
        self._set(min(self.bits_per_second, seen.received_bps) * (1 - 0.5 * seen.loss))

    def _grow(self, seen: Seen, passed: float) -> None:
        rate, limit = self.bits_per_second, self.limit_bps
        is_wider = seen.carried_bps > rate * MORE
        if limit is not None and (rate > limit * NEAR[1] or seen.carried_bps > limit * MORE):
            self.limit_bps = limit = None
        if limit is not None and rate > limit * NEAR[0]:
            nearly = NEARLY_NARROW if self.is_narrow else NEARLY
            grown = rate + limit * (BACK_GROWTH if rate < nearly * limit else NEAR_GROWTH) * passed
        else:
            fast = is_wider and seen.loss < NOISE_LOSS
            grown = rate * (FAST_GROWTH if fast else GROWTH) ** passed
        tested = (
            self._seen_bps * NARROW_HEADROOM
            if self._is_proven_narrow(seen.now) and not is_wider
            else max(self._seen_bps * HEADROOM, UNTESTED_BPS)
        )
        self._set(max(rate, min(grown, tested)))

    def _set(self, bps: float) -> None:
        self.bits_per_second = min(CEILING_BPS, max(self.floor_bps, bps))
