"""What an encoder is asked for, so that it spends what it may: what it left unspent is asked for on top, within bounds.

x264 at a constant rate leaves a tenth to a sixth unused, and half where its buffer holds a picture or two; a busy machine
that misses pictures leaves their share. An estimate that grows by what arrives would hear of that as of a slow link.
"""

from __future__ import annotations

MOST_UNSPENT_S = 0.8  # of the rate, asked for within a second: a fifth of the pictures may be missed …
# … and a still picture that comes to life stands 0.2 s in the pacer, with 1.0 it would be 0.3 s
MOST_OVERSPENT_S = 0.25  # a key frame's own
LONGEST_STEP_S = 0.5  # after a pause nothing is made up for


class Spending:
    """A balance of bits, within bounds. Times in seconds of any clock."""

    def __init__(self) -> None:
        self._balance = 0.0  # unspent bits; below 0 where too much was spent
        self._at: float | None = None

    def ask(self, may_bps: int, at: float) -> int:
        """What to ask the encoder for, for the picture of `at`, where `may_bps` may be spent: whole kbit/s."""
        passed = at - self._at if self._at is not None else 0.0
        self._at = at
        if 0 < passed <= LONGEST_STEP_S:
            self._balance += may_bps * passed
        self._balance = min(MOST_UNSPENT_S * may_bps, max(-MOST_OVERSPENT_S * may_bps, self._balance))
        return 1000 * round((may_bps + self._balance) / 1000)

    def spent(self, bits: int) -> None:
        """A picture took `bits`."""
        self._balance -= bits
