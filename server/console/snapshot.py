"""The first message to a console: everything it needs to show, or what it needs to go on. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MOST_BEHIND = 5_000  # entries; beyond that the whole state is smaller than the way to it

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of the room. All of it was read after `seq` was: entries above `seq` may repeat parts of it."""

    seq: int
    server_time: float
    person: Json
    settings: Json
    units: Sequence[Json]
    fixes: Sequence[Json]
    alerts: Sequence[Json]
    advice: Sequence[Json]
    activity: Sequence[Json]
    catalogue: Sequence[Json]

    def as_message(self, reset: bool = False) -> Json:
        """As the channel carries it; `reset`: the console must forget what it knew."""
        return {
            "t": "snapshot",
            "seq": self.seq,
            "reset": reset,
            "server_time": self.server_time,
            "person": self.person,
            "settings": self.settings,
            "units": list(self.units),
            "fixes": list(self.fixes),
            "alerts": list(self.alerts),
            "advice": list(self.advice),
            "activity": list(self.activity),
            "catalogue": list(self.catalogue),
        }


def resumed(seq: int, server_time: float, settings: Json, units: Sequence[Json], fixes: Sequence[Json]) -> Json:
    """The answer to `?after=seq`: the entries follow; what is latest-only comes along, and what expires."""
    return {
        "t": "resumed",
        "seq": seq,
        "server_time": server_time,
        "settings": settings,
        "units": list(units),
        "fixes": list(fixes),
    }


def can_resume(after: int, last: int, next_kept: int | None) -> bool:
    """Whether the entries after `after` are all there; `next_kept` is the number of the first one above it.

    A number above the last is from another database (one that was restored, say): what the console knows is void.
    """
    if not 0 <= after <= last or last - after > MOST_BEHIND:
        return False
    return after == last or next_kept == after + 1
