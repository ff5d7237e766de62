"""Who was revoked a moment ago: whoever was let in just before, and comes to the engine just after. Pure."""

from __future__ import annotations

from server.errors import Unauthorised

LATELY_S = 3.0  # an answer of the database is never so old; an officer who signs in again waits no longer


class RevokedLately:
    """Names of devices, persons and sign-in sessions. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}

    def note(self, name: str, now: float) -> None:
        """It was revoked at `now`."""
        self._at[name] = now

    def refuse(self, now: float, *names: str) -> None:
        """Raises Unauthorised if one of them was revoked lately."""
        self._at = {name: at for name, at in self._at.items() if now - at < LATELY_S}
        if any(name in self._at for name in names):
            raise Unauthorised("access was revoked")
