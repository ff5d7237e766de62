"""The time by which recordings are deleted: the server's clock, as far as it can be believed. Pure.

A clock that is set years ahead would delete everything that is kept for days. So what the clock says is compared with
what was known the hour before, and at a start with what was known before it: the newest row of audit and journal.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.recording.retention import DAY_S, GRACE_DAYS

LEAP_S = (
    3 * DAY_S
)  # more than this, while the server was off or ran, is a long outage or a wrong clock: a person must see it
BELIEVED_S = GRACE_DAYS * DAY_S  # who has not put the clock right after a week of warnings means it


@dataclass(frozen=True, slots=True)
class DueTime:
    """`trusted`: Unix seconds. `ran_s`: for how long the server has run since the clock leapt ahead of that."""

    trusted: float
    ran_s: float = 0.0

    def after(self, wall: float, elapsed_s: float) -> DueTime:
        """What is to be believed when the clock says `wall`, `elapsed_s` of running time later."""
        at_least = self.trusted + elapsed_s
        ran_s = self.ran_s + elapsed_s
        if wall - at_least <= LEAP_S or ran_s >= BELIEVED_S:
            return DueTime(wall)
        return DueTime(at_least, ran_s)

    def held_back(self, wall: float) -> str:
        """Why nothing is deleted by the clock, for people; empty where it is."""
        if wall - self.trusted <= LEAP_S:
            return ""
        days, left = (wall - self.trusted) / DAY_S, (BELIEVED_S - self.ran_s) / DAY_S
        return f"the server's clock is {days:.0f} days ahead of what was last known; it is believed after {left:.1f} days more"
