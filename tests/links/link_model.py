"""One direction of a bad link: what is lost, what waits, and when the rest arrives. Pure: time and chance are given.

A packet passes a queue that empties at the link's rate, then the air, which loses, delays and reorders. Times are
monotonic seconds.
"""

from __future__ import annotations

import heapq
from collections import Counter, deque
from dataclasses import dataclass
from random import Random
from typing import Any, Self

# How long the air keeps one delay: a cell hands out its time in turns of tens of milliseconds.
WANDER_S = 0.1


@dataclass(frozen=True, slots=True)
class Conditions:
    """How bad it is. `loss` is a share of the packets; `burst` the mean number lost in a row, where chance alone would
    lose fewer. `jitter_s` comes on top of `delay_s`, evenly from nought; packets that `reorder` each draw their own,
    the others share one that changes every WANDER_S. `rate_bps` 0 is no limit; else `queue_bytes` may wait for it.
    """

    loss: float = 0.0
    burst: float = 1.0
    delay_s: float = 0.0
    jitter_s: float = 0.0
    reorder: bool = False
    rate_bps: float = 0.0
    queue_bytes: int = 60_000
    down: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError for what no link can be."""
        if not 0 <= self.loss <= 1:
            raise ValueError("loss is a share from 0 to 1")
        if min(self.delay_s, self.jitter_s, self.rate_bps, self.queue_bytes) < 0 or self.burst < 1:
            raise ValueError("delay, jitter, rate and queue are not negative, and a burst is at least one packet")

    @classmethod
    def read(cls, fields: dict[str, Any]) -> Self:
        """From JSON. Raises ValueError, TypeError for a name that is none."""
        return cls(**fields)


PERFECT = Conditions()


class LinkDirection:
    """`offer` what was sent into it; `arrived` gives what has come through by now."""

    def __init__(self, rng: Random, conditions: Conditions = PERFECT) -> None:
        self._rng = rng
        self._conditions = conditions
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._sent_at = 0.0  # when the queue's first packet has left it
        self._air: list[tuple[float, int, bytes]] = []
        self._number = 0
        self._latest = 0.0  # arrival of the last packet of those that keep their order
        self._in_burst = False
        self._wander = 0.0
        self._wander_until = 0.0
        self.counts: Counter[str] = Counter(offered=0, lost=0, overflowed=0, arrived=0, arrived_bytes=0)

    @property
    def conditions(self) -> Conditions:
        """As they are now."""
        return self._conditions

    def change(self, conditions: Conditions, now: float) -> None:
        """From now on. A link that goes down loses what was on its way."""
        self._leave_queue(now)
        if conditions.down:
            self.counts["lost"] += self.waiting
            self._queue.clear()
            self._air.clear()
            self._queued_bytes = 0
            self._latest = now
        self._conditions = conditions
        self._wander_until = now
        if not conditions.rate_bps:
            while self._queue:
                self._next_leaves(now)

    @property
    def waiting(self) -> int:
        """Packets on their way."""
        return len(self._queue) + len(self._air)

    @property
    def queued_bytes(self) -> int:
        """What waits for the rate."""
        return self._queued_bytes

    def offer(self, packet: bytes, now: float) -> None:
        """A packet is sent into the link."""
        self._leave_queue(now)
        self.counts["offered"] += 1
        conditions = self._conditions
        if conditions.down:
            self.counts["lost"] += 1
        elif not conditions.rate_bps:
            self._into_air(packet, now)
        elif self._queue and self._queued_bytes + len(packet) > conditions.queue_bytes:
            self.counts["overflowed"] += 1
        else:
            if not self._queue:
                self._sent_at = now + len(packet) * 8 / conditions.rate_bps
            self._queue.append(packet)
            self._queued_bytes += len(packet)

    def arrived(self, now: float) -> list[bytes]:
        """What has come through by now, in the order in which it did."""
        self._leave_queue(now)
        found = []
        while self._air and self._air[0][0] <= now:
            found.append(heapq.heappop(self._air)[2])
        self.counts["arrived"] += len(found)
        self.counts["arrived_bytes"] += sum(len(packet) for packet in found)
        return found

    def due_at(self) -> float | None:
        """When to ask `arrived` again; None while nothing is on its way."""
        times = ([self._sent_at] if self._queue else []) + ([self._air[0][0]] if self._air else [])
        return min(times, default=None)

    # ---- the queue ---------------------------------------------------------------------------------------

    def _leave_queue(self, now: float) -> None:
        while self._queue and self._sent_at <= now:
            self._next_leaves(self._sent_at)

    def _next_leaves(self, at: float) -> None:
        packet = self._queue.popleft()
        self._queued_bytes -= len(packet)
        self._into_air(packet, at)
        if self._queue and self._conditions.rate_bps:
            self._sent_at = at + len(self._queue[0]) * 8 / self._conditions.rate_bps

    # ---- the air -----------------------------------------------------------------------------------------

    def _into_air(self, packet: bytes, at: float) -> None:
        if self._loses():
            self.counts["lost"] += 1
            return
        arrives = at + self._conditions.delay_s + self._jitter(at)
        if not self._conditions.reorder:
            arrives = self._latest = max(arrives, self._latest)
        self._number += 1
        heapq.heappush(self._air, (arrives, self._number, packet))

    def _loses(self) -> bool:
        """Gilbert's two states: in a burst everything is lost; its mean length and the share lost are as asked."""
        loss, burst = self._conditions.loss, self._conditions.burst
        if loss <= 0 or loss >= 1 or burst * (1 - loss) <= 1:  # chance alone makes bursts of 1 / (1 - loss)
            self._in_burst = False
            return self._rng.random() < loss
        if self._in_burst:
            self._in_burst = self._rng.random() >= 1 / burst
        else:
            self._in_burst = self._rng.random() < loss / (burst * (1 - loss))
        return self._in_burst

    def _jitter(self, at: float) -> float:
        jitter = self._conditions.jitter_s
        if not jitter:
            return 0.0
        if self._conditions.reorder:
            return self._rng.uniform(0, jitter)
        if at >= self._wander_until:
            self._wander = self._rng.uniform(0, jitter)
            self._wander_until = at + WANDER_S
        return self._wander
