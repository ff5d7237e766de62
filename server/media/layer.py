"""Which of a camera's layers a viewer gets: what was asked for, what there is, and what the link carries."""

from __future__ import annotations

from collections.abc import Collection

MAIN = "main"
SUB = "sub"
LAYERS = (MAIN, SUB)

HEAVY_LOSS = 0.15
LIGHT_LOSS = 0.05
LIMIT_GROWS = 1.02  # a growing limit gains 8 % a second
LOWER_AFTER_S = 3.0
RAISE_AFTER_S = (10.0, 20.0, 40.0, 80.0)  # each failed return to main makes the next trial later


class LayerChoice:
    """Fed with what the viewer's receiver says; `reduced` says why less is shown than asked for, None if it is not.

    Two kinds of evidence are heavy: loss, and a bandwidth limit (REMB) below what is sent that does not grow.
    """

    def __init__(self, asked: str) -> None:
        self.asked = asked
        self.reduced: str | None = None
        self._link_holds_main = True
        self._heavy_since: dict[str, float] = {}
        self._light_since: float | None = None
        self._falls = 0
        self._limit = 0.0

    def ask(self, layer: str) -> None:
        """The person wants another layer: the link is tried afresh."""
        self.asked = layer
        self._link_holds_main = True
        self._heavy_since = {}
        self._light_since = None
        self._falls = 0

    def note_loss(self, fraction: float, now: float) -> None:
        """A receiver report says that this share (0–1) was lost; `now` in seconds."""
        self._judge("loss", now, is_heavy=fraction >= HEAVY_LOSS, is_light=fraction <= LIGHT_LOSS)

    def note_limit(self, bits_per_second: float, sent_bps: float, now: float) -> None:
        """The receiver thinks that no more than `bits_per_second` can come through; `sent_bps` is what is sent.

        A receiver promises half again of what it saw, and 8 % more each second: after a change to main its limit is
        below what is sent for some 20 s, and grows. Of a link that is too narrow it stands or falls.
        """
        grows = bits_per_second > self._limit * LIMIT_GROWS
        self._limit = bits_per_second
        is_short = bits_per_second < sent_bps
        self._judge("limit", now, is_heavy=is_short and not grows, is_light=not is_short)

    def _judge(self, kind: str, now: float, *, is_heavy: bool, is_light: bool) -> None:
        if is_heavy:
            self._light_since = None
            since = self._heavy_since.setdefault(kind, now)
            if self._link_holds_main and now - since >= LOWER_AFTER_S:
                self._link_holds_main = False
                self._falls += 1
            return
        self._heavy_since.pop(kind, None)
        if not is_light:
            self._light_since = None
        elif not self._heavy_since:
            self._note_light(now)

    def _note_light(self, now: float) -> None:
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
