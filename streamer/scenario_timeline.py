"""The injects of a scenario in order of time, with the rounds that come again for ever."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count, islice, takewhile

from streamer.scenario import Inject, Repeat, Scenario


@dataclass(frozen=True)
class Timeline:
    """What is done when. Without a call sign: by all units."""

    injects: tuple[Inject, ...]
    repeat: Repeat | None = None

    @classmethod
    def of(cls, scenario: Scenario, call_sign: str | None = None) -> Timeline:
        """The timeline of one unit of the scenario, or of all."""

        def ours(injects: tuple[Inject, ...]) -> tuple[Inject, ...]:
            return tuple(inject for inject in injects if call_sign in (None, inject.unit))

        repeat = scenario.repeat and replace(scenario.repeat, injects=ours(scenario.repeat.injects))
        return cls(ours(scenario.injects), repeat if repeat and repeat.injects else None)

    def between(self, after: float, until: float) -> list[Inject]:
        """All injects with `after` < at ≤ `until` (seconds), in order of time."""
        rounds = takewhile(lambda inject: inject.at <= until, self._rounds(after))
        due = [inject for inject in (*self.injects, *rounds) if after < inject.at <= until]
        return sorted(due, key=lambda inject: inject.at)

    def next_after(self, after: float) -> float | None:
        """When the next inject comes, in seconds; None if none does."""
        coming = [inject.at for inject in self.injects if inject.at > after]
        coming += islice((inject.at for inject in self._rounds(after) if inject.at > after), 1)
        return min(coming, default=None)

    def _rounds(self, after: float) -> Iterator[Inject]:
        """The repeated injects with their times, from the round that holds `after` on, for ever."""
        repeat = self.repeat
        if repeat is None:
            return
        first = max(0, math.floor((after - repeat.first_at) / repeat.every_s)) if math.isfinite(after) else 0
        for number in count(first):
            began = repeat.first_at + number * repeat.every_s
            for inject in repeat.injects:
                yield replace(inject, at=began + inject.at)
