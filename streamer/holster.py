"""The TASER as its holster and handle report it: a table of states under one law.

The law: a report that goes forward is always believed, even if the one before it was missed (a sensor may lose a
message; an armed TASER must never be refused because nobody saw it drawn). A report of what is already so, or of a
draw while it is out, is an error and raises no second alert. Trigger and arc may come again and again.
"""

from __future__ import annotations

from enum import Enum
from typing import Literal

from streamer.errors import PressError


class Holster(Enum):
    """Where the TASER is."""

    SAFE = "safe"
    DRAWN = "drawn"
    ARMED = "armed"
    TRIGGERED = "trigger"
    ARCING = "arc"


Report = Literal["taser.drawn", "taser.armed", "taser.trigger", "taser.arc", "taser.safe"]
REPORTS: tuple[Report, ...] = ("taser.drawn", "taser.armed", "taser.trigger", "taser.arc", "taser.safe")

NEXT: dict[tuple[Holster, Report], Holster] = {
    (Holster.SAFE, "taser.drawn"): Holster.DRAWN,
    (Holster.SAFE, "taser.armed"): Holster.ARMED,
    (Holster.SAFE, "taser.trigger"): Holster.TRIGGERED,
    (Holster.SAFE, "taser.arc"): Holster.ARCING,
    (Holster.DRAWN, "taser.armed"): Holster.ARMED,
    (Holster.DRAWN, "taser.trigger"): Holster.TRIGGERED,
    (Holster.DRAWN, "taser.arc"): Holster.ARCING,
    (Holster.DRAWN, "taser.safe"): Holster.SAFE,
    (Holster.ARMED, "taser.trigger"): Holster.TRIGGERED,
    (Holster.ARMED, "taser.arc"): Holster.ARCING,
    (Holster.ARMED, "taser.safe"): Holster.SAFE,
    (Holster.TRIGGERED, "taser.trigger"): Holster.TRIGGERED,
    (Holster.TRIGGERED, "taser.arc"): Holster.ARCING,
    (Holster.TRIGGERED, "taser.safe"): Holster.SAFE,
    (Holster.ARCING, "taser.trigger"): Holster.TRIGGERED,
    (Holster.ARCING, "taser.arc"): Holster.ARCING,
    (Holster.ARCING, "taser.safe"): Holster.SAFE,
}


def after(state: Holster, report: Report) -> Holster:
    """The state that `report` leads to. Raises PressError for a pair that the table does not have."""
    try:
        return NEXT[state, report]
    except KeyError:
        raise PressError(f"The TASER is {state.value} already; {report} changes nothing.") from None
