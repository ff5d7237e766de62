"""How fast old footage may be uploaded: never at the cost of live picture, alerts or positions. Pure.

It starts slowly and grows while all that is live has its room; as soon as anything has not, it waits, and goes on at half.
"""

from __future__ import annotations

START_BPS = 128_000
MOST_BPS = 8_000_000
LEAST_BPS = 32_000
GROWTH = 1.25  # with each piece that took its time without live feeling it
PIECE_S = 0.5  # a piece takes so long: an alert that comes meanwhile shares the link with no more than that
LEAST_PIECE, MOST_PIECE = 4096, 256 * 1024


class Throttle:
    """Asked before each piece."""

    def __init__(self) -> None:
        self.bps = START_BPS
        self._was_clear = True

    def may_go(self, is_clear: bool) -> bool:
        """Whether a piece may be sent now; `is_clear`: live picture, alerts and positions lack nothing."""
        if not is_clear and self._was_clear:
            self.bps = max(LEAST_BPS, self.bps // 2)
        self._was_clear = is_clear
        return is_clear

    @property
    def piece(self) -> int:
        """Bytes of the next piece."""
        return int(min(MOST_PIECE, max(LEAST_PIECE, self.bps * PIECE_S / 8)))

    def sent(self, size: int, took_s: float) -> float:
        """A piece of `size` bytes has arrived after `took_s`: how long to wait before the next, in seconds."""
        due_s = 8 * size / self.bps
        if took_s <= due_s:  # slower, it is the link's own rate: to push harder would only fill its queue
            self.bps = min(MOST_BPS, round(self.bps * GROWTH))
        return max(0.0, due_s - took_s)
