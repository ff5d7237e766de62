"""This process as its operating system and its event loop see it: processor time, memory, lag."""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path

from server.clock import Clock

STEP_S = 0.25  # how often the loop's lag is looked at, where nothing else tells of it
REMEMBERED_S = 2.0  # who reads once a second misses none, even after a second that came late
STATM = Path("/proc/self/statm")


class Process:
    """Read once a second or so; `step` is to be repeated every `step_s` seconds on the loop that is measured."""

    def __init__(self, clock: Clock, step_s: float = STEP_S) -> None:
        self._clock = clock
        self._step_s = step_s
        self._lags: deque[float] = deque(maxlen=round(REMEMBERED_S / step_s))
        self._stepped_at: float | None = None
        self.pid = os.getpid()

    async def step(self, waited_s: float = 0.0) -> None:
        """Note how much later than asked for this was called, or the longest that anything else has waited since."""
        now = self._clock.monotonic()
        if self._stepped_at is not None:
            self._lags.append(max(waited_s, now - self._stepped_at - self._step_s))
        self._stepped_at = now

    @property
    def loop_lag_s(self) -> float:
        """The worst lag that a step, or what it was told of, has met in the last two seconds: a packet waited so long."""
        return max(self._lags, default=0.0)

    @property
    def cpu_s(self) -> float:
        """Processor seconds since its start, of user and system, all threads."""
        times = os.times()
        return times.user + times.system

    @property
    def rss_bytes(self) -> int | None:
        """Resident memory in bytes; None where the system does not tell (macOS)."""
        try:
            pages = int(STATM.read_text().split()[1])
        except (OSError, IndexError, ValueError):
            return None
        return pages * os.sysconf("SC_PAGE_SIZE")
