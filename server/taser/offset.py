"""How far a weapon's clock is from the server's: worked out from what the camera told at the time, or said by a person. Pure.

Nothing is moved without saying so: each event keeps the weapon's own time beside where it is placed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from server.taser.log import LoggedEvent

# A summer time that was not set is an hour, and a clock that was set by hand a year ago is minutes.
FURTHEST_S = 2 * 3600.0
MOST_TRIED = 200  # differences, each some milliseconds of a thread
SAME_S = 2.0  # a log knows whole seconds, and a signal comes within one
SIGNALS = {
    "taser.drawn": "drawn",
    "taser.armed": "armed",
    "taser.trigger": "trigger",
    "taser.arc": "arc",
    "taser.safe": "safe",
}
UNMATCHED, MATCHED, SET = "unmatched", "matched", "set"


@dataclass(frozen=True, slots=True)
class Told:
    """One of our own signals: its kind as the log calls it, and when it was by the server's clock (Unix seconds)."""

    kind: str
    at: float


@dataclass(frozen=True, slots=True)
class Offset:
    """`seconds`: by how much the weapon's clock is ahead. `how`: matched with `pairs` signals, which lie within `spread_s`;
    set by a person (`by`, `why`); or unmatched, where 0 is no finding."""

    seconds: float
    how: str = UNMATCHED
    pairs: int = 0
    spread_s: float = 0.0
    by: str = ""
    why: str = ""

    @property
    def words(self) -> str:
        """For the timeline and the bundle."""
        return f"weapon's clock {self._apart}, {self._how}" if self.how != UNMATCHED else f"weapon's clock, {self._how}"

    @property
    def _apart(self) -> str:
        if abs(self.seconds) < 0.05:
            return "as the server's"
        return f"{abs(self.seconds):.1f} s {'ahead' if self.seconds > 0 else 'behind'}"

    @property
    def _how(self) -> str:
        if self.how == SET:
            return f"set by {self.by}"
        if self.how == MATCHED:
            return f"matched with {self.pairs} {'signal' if self.pairs == 1 else 'signals'}"
        return "not matched with any signal: placed by its own time"

    def as_json(self) -> dict[str, Any]:
        """For the API."""
        told = {
            "seconds": round(self.seconds, 3),
            "how": self.how,
            "pairs": self.pairs,
            "spread_s": round(self.spread_s, 3),
        }
        return {**told, "by": self.by, "why": self.why, "words": self.words}


def estimated(events: Iterable[LoggedEvent], told: Sequence[Told]) -> Offset:
    """The difference under which most events meet a signal of their kind. Where two differences serve as well, nobody can
    tell, and it is unmatched."""
    shared = {one.kind for one in told}
    logged = sorted((one.at, one.kind) for one in events if one.kind in shared)
    found: list[Offset] = []
    for difference, most in _promising(logged, told):
        if found and most < max(one.pairs for one in found):
            break
        pairs = _pairs(logged, told, difference)
        found.append(Offset(median(pairs), MATCHED, len(pairs), max(pairs) - min(pairs)))
    if not found:
        return Offset(0.0)
    best = max(found, key=lambda one: (one.pairs, -one.spread_s))
    if any(one.pairs == best.pairs and abs(one.seconds - best.seconds) > 2 * SAME_S for one in found):
        return Offset(0.0)
    return best


def _promising(logged: Sequence[tuple[float, str]], told: Sequence[Told]) -> list[tuple[float, int]]:
    """Differences, and how many pairs at most meet under each; the best first."""
    apart = sorted(at - one.at for at, kind in logged for one in told if one.kind == kind)
    near = [one for one in apart if abs(one) <= FURTHEST_S]
    counted = {round(one, 3): bisect_right(near, one + SAME_S) - bisect_left(near, one - SAME_S) for one in near}
    return sorted(counted.items(), key=lambda item: -item[1])[:MOST_TRIED]


def _pairs(logged: Sequence[tuple[float, str]], told: Sequence[Told], difference: float) -> list[float]:
    """The differences of those that meet under this one, each signal and each event once."""
    free = list(told)
    found = []
    for at, kind in logged:
        near = [one for one in free if one.kind == kind and abs(at - one.at - difference) <= SAME_S]
        if near:
            one = min(near, key=lambda signal: abs(at - signal.at - difference))
            free.remove(one)
            found.append(at - one.at)
    return found
