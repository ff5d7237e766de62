"""How far a camera's clock is from the server's (reliability.md, R11). Pure."""

from __future__ import annotations

from collections import deque

SAMPLES = 12  # one a few seconds: an adjusted clock is believed within about a minute


class ClockOffset:
    """An estimate from messages that are sent at once and never stored: hello and status.

    Travel makes a sample too small by the time under way and nothing makes it too great, so the
    greatest of the last samples is the best. Positive: the camera's clock is ahead.
    """

    def __init__(self) -> None:
        self._samples: deque[float] = deque(maxlen=SAMPLES)

    def add(self, device_at: float, received_at: float) -> None:
        """One message said `device_at` and arrived at `received_at` (both Unix seconds)."""
        self._samples.append(device_at - received_at)

    @property
    def seconds(self) -> float:
        """The estimate; 0 before the first message."""
        return max(self._samples, default=0.0)
