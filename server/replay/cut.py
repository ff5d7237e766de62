"""What a timeline lacks: more was there than is read at once. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Cut:
    """Of `what` (a list of the timeline) only the first were read: from `since` (Unix seconds) on some lack. `own`: of the
    view's own cameras; else of others'."""

    what: str
    own: bool
    since: float

    def as_json(self) -> dict[str, Any]:
        """As the page tells it."""
        return asdict(self)

    def words(self) -> str:
        """For whoever is refused."""
        return f"{self.what.replace('_', ' ')} of {'these' if self.own else 'other'} cameras"
