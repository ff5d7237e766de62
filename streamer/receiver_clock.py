"""A GPS receiver's time in the camera's own clock. Pure.

The server estimates how far the camera's clock is off and corrects all that the camera says by that one figure
(reliability.md, R11). A receiver tells the true time: with a camera clock that is 10 s ahead, its fixes would be made
10 s old by the correction, and with one that is behind they would lie in the future and never be shown.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from streamer.gps_fix import GpsFix

SAMPLES = 10  # fixes, one a second: a clock that was set forward is followed within so many


class ReceiverClock:
    """How far the receiver's time lies behind the camera's, from the fixes themselves.

    A fix reaches us some tenths of a second after its moment, a stalled one later: the least of the last samples is
    the best. What is left of the delay in it makes a fix look at most that much younger.
    """

    def __init__(self) -> None:
        self._behind: deque[float] = deque(maxlen=SAMPLES)

    def in_ours(self, fix: GpsFix, now: float) -> GpsFix:
        """`fix`, read when the camera's clock said `now` (Unix seconds), in terms of that clock."""
        self._behind.append(now - fix.at)
        return replace(fix, at=fix.at + min(self._behind))
