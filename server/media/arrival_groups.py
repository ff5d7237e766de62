"""When packets were sent against when they came: groups of a burst, and how much later each came than the one before.

After draft-ietf-rmcat-gcc-02 section 5.2 (pre-filtering) and 5.3 (inter-group delay variation).
"""

from __future__ import annotations

from typing import NamedTuple

from server.media.packet import new_tuple

BURST_S = 0.005  # packets sent within 5 ms are one group; so are those that a queue let go at once
LONGEST_BURST_S = 0.1
RESTART_AFTER_S = 3.0  # a jump of either clock beyond this: the sender's clock, or a pause
SEND_TIME_BITS = 24  # abs-send-time: 6.18 fixed-point seconds, which wrap after 64 s


class Variation(NamedTuple):
    """Two neighbouring groups: seconds between them when sent and when they came; `arrived` in monotonic seconds."""

    sent_apart: float
    arrived_apart: float
    arrived: float


class SendTimes:
    """Wrapping counters of the sender (abs-send-time, RTP timestamps) as seconds that rise for ever."""

    def __init__(self, bits: int, ticks_per_s: float) -> None:
        self._mask = (1 << bits) - 1
        self._half = 1 << bits - 1
        self._ticks_per_s = ticks_per_s
        self._last: int | None = None  # unwrapped

    def seconds(self, value: int) -> float:
        """The moment that `value` means: the one nearest to the value before."""
        last = self._last
        if last is None:
            self._last = last = value
        else:
            self._last = last = last + ((value - last + self._half) & self._mask) - self._half
        return last / self._ticks_per_s


class ArrivalGroups:
    """Takes packets in the order of their arrival; gives a Variation whenever a group is complete."""

    def __init__(self) -> None:
        self._before: tuple[float, float] | None = None  # sent, arrived: the last of the group before
        self._first_sent = self._sent = float("-inf")  # the last of this group
        self._first_arrived = self._arrived = float("-inf")

    def add(self, sent: float, arrived: float) -> Variation | None:
        """A packet; seconds of the sender's and of our clock. A late one (reordered, repaired) belongs to no group."""
        if 0 <= sent - self._first_sent <= BURST_S and arrived - self._arrived <= RESTART_AFTER_S:  # as most do
            if sent > self._sent:
                self._sent = sent
            self._arrived = arrived
            return None
        if abs(sent - self._sent) > RESTART_AFTER_S or arrived - self._arrived > RESTART_AFTER_S:
            self._before = None
            self._begin(sent, arrived)
            return None
        if sent < self._first_sent:
            return None
        if self._has_caught_up(sent, arrived):
            self._sent, self._arrived = max(self._sent, sent), arrived
            return None
        if sent < self._sent:  # late as well: a queue had let go what was sent after it
            return None
        variation, before = None, self._before
        if before is not None:
            variation = new_tuple(Variation, (self._sent - before[0], self._arrived - before[1], self._arrived))
        self._before = (self._sent, self._arrived)
        self._begin(sent, arrived)
        return variation

    def _begin(self, sent: float, arrived: float) -> None:
        self._first_sent = self._sent = sent
        self._first_arrived = self._arrived = arrived

    def _has_caught_up(self, sent: float, arrived: float) -> bool:
        """Whether it stood in one queue with the one before."""
        came_apart = arrived - self._arrived
        waited_less = came_apart < sent - self._sent
        return waited_less and came_apart <= BURST_S and arrived - self._first_arrived < LONGEST_BURST_S
