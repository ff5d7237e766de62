"""One entry of the journal: the new state of an alert, a piece of advice, a unit, or an activity."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class EntryKind(StrEnum):
    """What an entry's body is."""

    ALERT = "alert"
    ADVICE = "advice"
    ACTIVITY = "activity"
    UNIT = "unit"


@dataclass(frozen=True, slots=True)
class Entry:
    """`seq` grows by one with each entry of the installation; `at` is the server's wall clock (Unix seconds)."""

    seq: int
    at: float
    kind: EntryKind
    body: dict[str, Any]

    def as_message(self) -> dict[str, Any]:
        """The entry as the console's channel carries it."""
        return {"t": "entry", "seq": self.seq, "at": self.at, "kind": self.kind.value, "body": self.body}
