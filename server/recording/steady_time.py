"""Time of day that does not step, for as long as a camera's session lasts. Pure.

A server's clock that is set would lay pictures over those of an hour ago, or leave an hour without any. A recording goes on
by the monotonic clock instead, and follows the wall clock only as slowly as a clock is disciplined.
"""

from __future__ import annotations

from dataclasses import dataclass

STEP_S = 0.5  # more at once is no drift: the clock was set
MOST_SLEW_S = 0.002  # at each look, four times a second: 8 ms a second catches any drift, and nobody sees it


@dataclass(slots=True)
class SteadyTime:
    """`wall` each time with both clocks. `is_true`: the wall clock agrees."""

    _offset: float | None = None
    is_true: bool = True

    def wall(self, now: float, wall: float) -> float:
        """The time of day at monotonic `now`, while the machine's clock says `wall` (Unix seconds)."""
        wanted = wall - now
        if self._offset is None:
            self._offset = wanted
        off = wanted - self._offset
        self.is_true = abs(off) < STEP_S
        if self.is_true:
            self._offset += min(max(off, -MOST_SLEW_S), MOST_SLEW_S)
        return now + self._offset
