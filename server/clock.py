"""The sole reader of time."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What time it is: `wall` in Unix seconds (UTC), `monotonic` in seconds that never step back."""

    def wall(self) -> float: ...

    def monotonic(self) -> float: ...


class SystemClock:
    """The machine's clock: the system's own functions, since each picture asks several times, with cold caches."""

    wall = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)


class HandClock:
    """A clock that stands until it is moved: for tests and for scenarios that are replayed."""

    def __init__(self, wall: float = 1_800_000_000.0) -> None:
        self._wall = wall
        self._monotonic = 1000.0

    def wall(self) -> float:
        """Unix seconds, as set."""
        return self._wall

    def monotonic(self) -> float:
        """Seconds, as moved."""
        return self._monotonic

    def move(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self._wall += seconds
        self._monotonic += seconds
