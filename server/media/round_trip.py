"""How long a camera takes to answer: from asking for a packet to its coming, smoothed as TCP does (RFC 6298)."""

from __future__ import annotations

GUESSED_S = 0.08  # a 4G uplink, until something was measured
SHORTEST_S = 0.02
LONGEST_S = 0.5  # a packet is given up after 1 s: later than this there is no second try
MARGIN_S = 0.02  # repairs are looked at every 15 ms, and the camera has a timer of its own
STALE_AFTER_S = 2.0


class RoundTrip:
    """`estimate_s` is None before the first measurement; `retry_s` is when to ask again for what did not come."""

    def __init__(self) -> None:
        self.estimate_s: float | None = None
        self._variation_s = 0.0
        self._clear_at = float("-inf")

    def note_repair(self, since_first_s: float, since_last_s: float, asks: int, now: float) -> None:
        """A packet came that was asked for `asks` times.

        If more than once, nobody knows which was answered (Karn): the first is taken, and only while no clear case was
        seen, since a round trip that has grown beyond `retry_s` shows no others.
        """
        if asks == 1:
            self._clear_at = now
            self.note(since_last_s)
        elif now - self._clear_at > STALE_AFTER_S:
            self.note(since_first_s)

    def note(self, seconds: float) -> None:
        """A round trip was measured."""
        sample = min(max(seconds, 0.0), 2 * LONGEST_S)
        if self.estimate_s is None:
            self.estimate_s, self._variation_s = sample, sample / 2
            return
        difference = sample - self.estimate_s
        self._variation_s += (abs(difference) - self._variation_s) / 4
        self.estimate_s += difference / 8

    @property
    def retry_s(self) -> float:
        """Within SHORTEST_S and LONGEST_S."""
        if self.estimate_s is None:
            return GUESSED_S + MARGIN_S
        return min(LONGEST_S, max(SHORTEST_S, self.estimate_s + max(MARGIN_S, 4 * self._variation_s)))
