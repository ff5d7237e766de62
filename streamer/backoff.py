"""How long to wait before the next try: full jitter, so that a thousand cameras do not return in one blow."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

FIRST_S = 0.5
CAP_S = 8.0  # reliability.md R10: full jitter, 0.5 to 8 s
UNHEARD_S = 1.0  # what reaches nobody hammers nobody; and who is back must be told of at once
# Where nothing listens the machine itself says no, at no cost to a server. One that is started again takes some seconds for
# that, and ten seconds after its start everything must be recorded again (reliability.md R5).
REFUSED_S = 2.0
FLOOR_S = 0.05  # a draw near 0 would hammer a server that refuses at once


@dataclass
class Backoff:
    """Waits drawn from 0 to a ceiling that doubles from `first_s` to `cap_s`; `reset` after a success."""

    rng: Random
    first_s: float = FIRST_S
    cap_s: float = CAP_S
    _failures: int = field(default=0, init=False)

    def next_wait(self) -> float:
        """Seconds to wait now; each call counts one more failure."""
        # 2**16 * 0.5 s is far over any cap: the exponent is bounded so that a week of failures stays a float
        ceiling = min(self.cap_s, self.first_s * 2.0 ** min(self._failures, 16))
        self._failures += 1
        return max(FLOOR_S, self.rng.uniform(0.0, ceiling))

    def next_look(self, within_s: float = UNHEARD_S) -> float:
        """Seconds to wait, at most `within_s`, after a try that no server has seen. Counts no failure."""
        return max(FLOOR_S, self.rng.uniform(0.0, within_s))

    def reset(self) -> None:
        """The link works again: the next failure starts small."""
        self._failures = 0
