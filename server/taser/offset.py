"""How far a weapon's clock is from the server's: worked out from what the camera told at the time, or said by a person. Pure.

Nothing is moved without saying so: each event keeps the weapon's own time beside where it is placed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from server.taser.log import LoggedEvent

# A summer time that was not set is an hour, and a clock that was set by hand a year ago is minutes.
FURTHEST_S = 2 * 3600.0
MOST_TRIED = 200  # differences, each a millisecond of a thread
# Beyond that it is a sensor that chatters, or a window of months: everything meets something, and nobody can tell.
MOST_EVENTS, MOST_SIGNALS = 400, 200
SAME_S = 2.0  # a log knows whole seconds, and a signal comes within one
SIGNALS = {
    "taser.drawn": "drawn",
    "taser.armed": "armed",
    "taser.trigger": "trigger",
    "taser.arc": "arc",
    "taser.safe": "safe",
}
Signals = Mapping[str, Sequence[float]]  # by kind, in order
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
    tell, and it is unmatched; so it is where there are more of them than MOST_EVENTS or MOST_SIGNALS."""
    signals = _by_kind(told)
    logged = [(one.at, one.kind) for one in events if one.kind in signals]
    if len(logged) > MOST_EVENTS or len(told) > MOST_SIGNALS:
        return Offset(0.0)
    logged.sort()
    found: list[Offset] = []
    for difference, most in _promising(logged, signals):
        if found and most < max(one.pairs for one in found):
            break
        pairs = _pairs(logged, signals, difference)
        found.append(Offset(median(pairs), MATCHED, len(pairs), max(pairs) - min(pairs)))
    if not found:
        return Offset(0.0)
    best = max(found, key=lambda one: (one.pairs, -one.spread_s))
    if any(one.pairs == best.pairs and abs(one.seconds - best.seconds) > 2 * SAME_S for one in found):
        return Offset(0.0)
    return best


def _by_kind(told: Iterable[Told]) -> dict[str, list[float]]:
    """When each kind was told, in order."""
    found: dict[str, list[float]] = {}
    for one in sorted(told, key=lambda one: one.at):
        found.setdefault(one.kind, []).append(one.at)
    return found


def _promising(logged: Sequence[tuple[float, str]], signals: Signals) -> list[tuple[float, int]]:
    """Differences, and how many pairs at most meet under each; the best first."""
    apart = (at - one for at, kind in logged for one in signals[kind])
    near = sorted(one for one in apart if abs(one) <= FURTHEST_S)
    counted = {round(one, 3): bisect_right(near, one + SAME_S) - bisect_left(near, one - SAME_S) for one in near}
    return sorted(counted.items(), key=lambda item: -item[1])[:MOST_TRIED]


def _pairs(logged: Sequence[tuple[float, str]], signals: Signals, difference: float) -> list[float]:
    """The differences of those that meet under this one, each signal and each event once."""
    used: set[tuple[str, int]] = set()
    found = []
    for at, kind in logged:
        times, meets = signals[kind], at - difference
        first, last = bisect_left(times, meets - SAME_S), bisect_right(times, meets + SAME_S)
        near = [n for n in range(first, last) if (kind, n) not in used]
        if near:
            nearest = min(near, key=lambda n: abs(meets - times[n]))
            used.add((kind, nearest))
            found.append(at - times[nearest])
    return found
