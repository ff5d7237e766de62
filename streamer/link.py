"""How bad the radio is made: a scenario's `net.degrade`, felt by the media and by the telemetry alike."""

from __future__ import annotations

from collections.abc import Callable


class Link:
    """The present impairment: `loss` 0 to 1 of media packets, `stalled`: nothing gets through either way."""

    def __init__(self) -> None:
        self.loss = 0.0
        self.stalled = False
        self._listeners: list[Callable[[], None]] = []

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each change."""
        self._listeners.append(listener)

    def impair(self, loss: float, stalled: bool) -> None:
        """From now on; `impair(0, False)` is a good link again."""
        self.loss, self.stalled = loss, stalled
        for listener in self._listeners:
            listener()

    @property
    def bars_pct(self) -> int:
        """What a modem would show, 0 to 100."""
        return 0 if self.stalled else round(88 * (1.0 - min(1.0, self.loss * 4)))
