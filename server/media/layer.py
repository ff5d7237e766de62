"""Which of a camera's layers a viewer gets: what was asked for, what there is, and what the link carries."""

from __future__ import annotations

from collections.abc import Collection

MAIN = "main"
SUB = "sub"
LAYERS = (MAIN, SUB)

HEAVY_LOSS = 0.15
LIGHT_LOSS = 0.05
LOWER_AFTER_S = 3.0
RAISE_AFTER_S = (10.0, 20.0, 40.0, 80.0)  # each failed return to main makes the next trial later


class LayerChoice:
    """Fed with the viewer's receiver reports; `reduced` says why less is shown than asked for, None when it is not."""

    def __init__(self, asked: str) -> None:
        self.asked = asked
        self.reduced: str | None = None
        self._link_holds_main = True
        self._heavy_since: float | None = None
        self._light_since: float | None = None
        self._falls = 0

    def ask(self, layer: str) -> None:
        """The person wants another layer: the link is tried afresh."""
        self.asked = layer
        self._link_holds_main = True
        self._heavy_since = self._light_since = None
        self._falls = 0

    def note_loss(self, fraction: float, now: float) -> None:
        """A receiver report says that this share (0–1) was lost; `now` in seconds."""
        if fraction >= HEAVY_LOSS:
            self._light_since = None
            self._heavy_since = now if self._heavy_since is None else self._heavy_since
            if self._link_holds_main and now - self._heavy_since >= LOWER_AFTER_S:
                self._link_holds_main = False
                self._falls += 1
            return
        self._heavy_since = None
        if fraction > LIGHT_LOSS:
            self._light_since = None
            return
        self._light_since = now if self._light_since is None else self._light_since
        wait = RAISE_AFTER_S[min(max(self._falls, 1), len(RAISE_AFTER_S)) - 1]
        if not self._link_holds_main and now - self._light_since >= wait:
            self._link_holds_main = True

    def choose(self, available: Collection[str]) -> str | None:
        """The layer to send, out of those that flow; None when there is none."""
        self.reduced = None
        if self.asked == MAIN and not self._link_holds_main and SUB in available:
            self.reduced = "link"
            return SUB
        if self.asked in available:
            return self.asked
        other = next((layer for layer in LAYERS if layer in available), None)
        if other == SUB and self.asked == MAIN:
            self.reduced = "camera"
        return other
