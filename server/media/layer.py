"""Which of a camera's layers a viewer gets: what was asked for, what there is, and what the link carries."""

from __future__ import annotations

from collections.abc import Collection

MAIN = "main"
SUB = "sub"
LAYERS = (MAIN, SUB)

LOSS = "loss"  # the two kinds of evidence
LIMIT = "limit"
HEAVY_LOSS = 0.15
LIGHT_LOSS = 0.05
# Chromium promises 0.85 of what comes through a queue that fills; at the start, just what it saw (measured: from 0.83
# of what is sent). A queue that overflows is seen by its loss: with repairs on top, a link 2 % too narrow loses 15 %.
LIMIT_SHORT = 0.75
LIMIT_GROWS = 1.03  # in LIMIT_WINDOW_S: a growing limit gains 8 % a second
LIMIT_WINDOW_S = 1.0
LOWER_AFTER_S = 3.0
TRIAL_LOWER_AFTER_S = 1.0  # a return to main that fails shows it in its first seconds, and freezes the picture
TRIAL_S = 10.0
FORGIVEN_AFTER_S = 120.0  # who carried main for so long is not on the link that failed
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
        self._raised_at = float("-inf")
        self._limit_was: tuple[float, float] | None = None  # bit/s, when
        self._limit_grows = True

    def ask(self, layer: str) -> None:
        """The person wants another layer: the link is tried afresh."""
        self.asked = layer
        self._link_holds_main = True
        self._heavy_since = {}
        self._light_since = None
        self._falls = 0
        self._raised_at = float("-inf")

    def forget_evidence(self) -> None:
        """Nothing is sent from now on: what was heard until now says nothing of the link after the pause."""
        self._heavy_since = {}
        self._light_since = self._limit_was = None
        self._limit_grows = True

    def note_loss(self, fraction: float, now: float) -> None:
        """A receiver report says that this share (0–1) was lost; `now` in seconds."""
        self._judge(LOSS, now, is_heavy=fraction >= HEAVY_LOSS, is_light=fraction <= LIGHT_LOSS)

    def note_limit(self, bits_per_second: float, sent_bps: float, now: float) -> None:
        """The receiver thinks that no more than `bits_per_second` can come through; `sent_bps` is what is sent.

        A receiver promises half again of what it saw, and 8 % more each second: after a change to main its limit is
        below what is sent for some 20 s, and grows. Of a link that is too narrow it falls or stands.
        """
        before, since = self._limit_was or (0.0, float("-inf"))
        if now - since >= LIMIT_WINDOW_S:
            self._limit_grows = bits_per_second > before * LIMIT_GROWS
            self._limit_was = bits_per_second, now
        is_short = bits_per_second < sent_bps * LIMIT_SHORT
        self._judge(LIMIT, now, is_heavy=is_short and not self._limit_grows, is_light=not is_short)

    def _judge(self, kind: str, now: float, *, is_heavy: bool, is_light: bool) -> None:
        if is_heavy:
            self._light_since = None
            since = self._heavy_since.setdefault(kind, now)
            is_trial = kind == LOSS and now - self._raised_at < TRIAL_S
            patience = TRIAL_LOWER_AFTER_S if is_trial else LOWER_AFTER_S
            if self._link_holds_main and now - since >= patience:
                self._link_holds_main = False
                self._falls = self._falls + 1 if now - self._raised_at < FORGIVEN_AFTER_S else 1
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
            self._raised_at = now

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
