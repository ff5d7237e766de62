"""What is on its way to the server, and how much may be: more than the uplink carries in a round trip stands in a queue.

As the congestion window of libwebrtc and of TCP: a link that has become far slower, or stands still, is noticed within a
round trip, long before its queue can be measured and a lower rate be told.
"""

from __future__ import annotations

import math
from collections import deque

SLACK_S = 0.03  # beyond the round trip and the receipts' own distance: a key frame leaves faster than its rate
GAPS = 1.5  # between receipts: what was sent since the last is not yet told of
MOST_JITTER_S = 0.4  # R4: 300 ms
JITTERS = 6.0  # times the mean change of the round trip …
OWN_CHANGE_BITS = 4_800  # … without what a packet before it or none makes: 44 ms on 110 kbit/s, which is no jitter
SMOOTHING = 1 / 128  # of a receipt: 6 s, so that a queue that grows is not taken for what is usual
KNOWN_AFTER = 8  # receipts
LEAST_BYTES = 2_800  # two packets: one on its way, one to follow
LEAST_WINDOW_S = 2.0  # the least round trip of two to four seconds: another route, or jitter, holds up no longer
PROBE_S = 0.25  # without a receipt for so long, one packet goes: it tells that the link is back
UNHEARD_GAPS = 3.0  # times the usual distance of receipts: they come no longer the way they came
SELDOM_S = 0.5  # a server whose receipts are further apart tells nothing in time
SAME_S = 0.002  # one receipt names both layers
SILENT_S = 5.0  # none at all for so long: no queue is that long, the way back is broken
REORDERED_S = 0.5  # what left so long before one that has come is lost, whatever its SSRC: R4's jitter is 300 ms
LOOK_S = 0.02  # how often to look for room


class InFlight:
    """Pictures' packets that were sent, by SSRC, until a receipt names them or a later one. Monotonic seconds.

    Without receipts (another server's) nothing is bounded.
    """

    def __init__(self) -> None:
        self._sent: dict[int, deque[tuple[int, int, float]]] = {}  # number, bytes, when
        self.bytes = 0
        self._received_at: float | None = None
        self._gap_s = self._jitter_s = 0.0  # between receipts; between two round trips; in the mean
        self._gaps = 0
        self._least_s = self._least_before_s = float("inf")
        self._least_since = float("-inf")
        self._last_s: float | None = None
        self._probed_at = float("-inf")

    def sent(self, ssrc: int, number: int, size: int, now: float) -> None:
        """A packet of `size` bytes with a sequence number of 16 bits left."""
        if self._received_at is None:
            self._received_at = now
        self._sent.setdefault(ssrc, deque()).append((number, size, now))
        self.bytes += size
        self._forget(now - SILENT_S)

    def received(self, ssrc: int, highest: int, now: float) -> None:
        """The server has had everything of `ssrc` up to the number `highest`, or will never have it."""
        waiting, came_at = self._sent.get(ssrc), None
        while waiting and (highest - waiting[0][0]) & 0xFFFF < 0x8000:
            _, size, came_at = waiting.popleft()
            self.bytes -= size
        if came_at is None:
            return
        self._forget(came_at - REORDERED_S)
        apart_s = now - self._received_at if self._received_at is not None else 0.0
        if apart_s > SAME_S:
            self._note_gap(apart_s, now - came_at)
        self._received_at = now
        self._note_round_trip(now - came_at, now)

    def _forget(self, before: float) -> None:
        """What left before then is no longer on its way: the last packets of a layer that was given up may be lost."""
        for waiting in self._sent.values():
            while waiting and waiting[0][2] < before:
                self.bytes -= waiting.popleft()[1]

    def _note_gap(self, apart_s: float, took_s: float) -> None:
        self._gaps += 1
        gain = max(SMOOTHING, 1 / self._gaps)
        self._gap_s += gain * (min(1.0, apart_s) - self._gap_s)
        if self._last_s is not None:
            self._jitter_s += gain * (abs(took_s - self._last_s) - self._jitter_s)
        self._last_s = took_s

    def _note_round_trip(self, took_s: float, now: float) -> None:
        if now - self._least_since > LEAST_WINDOW_S:
            self._least_before_s, self._least_s, self._least_since = self._least_s, took_s, now
        self._least_s = min(self._least_s, took_s)

    def window(self, bps: float) -> float:
        """Bytes that may be on their way where the uplink carries `bps`; infinite where receipts tell nothing in time."""
        round_trip_s = min(self._least_s, self._least_before_s)
        if self._gap_s > SELDOM_S or self._gaps < KNOWN_AFTER:
            return float("inf")
        jitter_s = math.sqrt(max(0.0, self._jitter_s**2 - (OWN_CHANGE_BITS / bps) ** 2))  # two causes' squares add up
        seconds = round_trip_s + GAPS * self._gap_s + SLACK_S + min(MOST_JITTER_S, JITTERS * jitter_s)
        return max(LEAST_BYTES, bps * seconds / 8)

    def is_unheard(self, now: float) -> bool:
        """Whether packets are on their way and no receipt has come for longer than it should have: the camera may have
        another mapped address by now, from which the server takes nothing before a check has come from there.
        """
        if self._received_at is None or not self.bytes or self._gap_s > SELDOM_S or self._gaps < KNOWN_AFTER:
            return False
        return max(PROBE_S, UNHEARD_GAPS * self._gap_s) <= now - self._received_at < SILENT_S

    def wait_s(self, bps: float, now: float) -> float:
        """How long to wait before looking whether the next packet may leave; 0: it may."""
        if self.bytes < self.window(bps) or self._received_at is None or now - self._received_at > SILENT_S:
            return 0.0
        if now - max(self._received_at, self._probed_at) >= PROBE_S:
            self._probed_at = now
            return 0.0
        return LOOK_S
