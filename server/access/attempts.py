"""How often a sign-in may fail, for a name and for an address.

Attempts count when they begin, so that a hundred at once cannot slip through together; a good one is taken
back. The tightest limit is for one name from one address, and the limit for a name does not hold where that person
signed in lately: strangers elsewhere cannot lock an operator out.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass

MOST_KEYS = 20_000  # of some 200 bytes: the memory that an attacker can take


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `times` in any `within_s` seconds."""

    times: int
    within_s: float


PAIR = Limit(5, 60)
NAME = Limit(30, 300)
KNOWN_S = 7 * 24 * 3600.0  # over a week's shifts an operator comes back to the same desk
ADDRESS = Limit(60, 300)  # a whole control room may share one address; only failures count
Key = tuple[str, str]


def limits_for(name: str, address: str) -> dict[Key, Limit]:
    """What one attempt counts against."""
    return {("pair", f"{address} {name}"): PAIR, ("name", name): NAME, ("address", address): ADDRESS}


class Attempts:
    """The attempts of the last minutes. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._times: OrderedDict[Key, deque[float]] = OrderedDict()
        self._known: OrderedDict[Key, float] = OrderedDict()  # pairs, by when they were last good

    def take(self, limits: dict[Key, Limit], now: float) -> float:
        """Count one attempt and return 0; or count nothing and return the seconds to wait."""
        is_known = any(now - self._known.get(key, -KNOWN_S) < KNOWN_S for key in limits)
        wait = max(self._wait(key, limit, now) for key, limit in limits.items() if not is_known or key[0] != "name")
        if wait > 0:
            return wait
        for key in limits:
            self._times.setdefault(key, deque()).append(now)
            self._times.move_to_end(key)
        while len(self._times) > MOST_KEYS:
            self._times.popitem(last=False)
        return 0.0

    def take_back(self, limits: dict[Key, Limit], at: float) -> None:
        """The attempt of `at` was good: it does not count, and the name is well known at this address."""
        for key in limits:
            times = self._times.get(key)
            if key[0] == "pair":
                self._know(key, at)
            if times is None:
                continue
            if key[0] == "pair":
                times.clear()
            elif at in times:
                times.remove(at)
            if not times:
                del self._times[key]

    def _know(self, pair: Key, at: float) -> None:
        self._known[pair] = at
        self._known.move_to_end(pair)
        while len(self._known) > MOST_KEYS:
            self._known.popitem(last=False)

    def _wait(self, key: Key, limit: Limit, now: float) -> float:
        times = self._times.get(key, deque())
        while times and now - times[0] >= limit.within_s:
            times.popleft()
        return limit.within_s - (now - times[0]) if len(times) >= limit.times else 0.0
