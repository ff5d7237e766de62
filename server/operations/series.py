"""The last ten minutes, a value a second: what an engineer sees who opens /status after the fault."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from itertools import pairwise
from math import isnan, nan
from typing import Any

SPAN = 600  # samples, one a second
# 4 bytes a sample: a camera's 20 lines take 48 kB, 200 cameras 10 MB, the most of groups 19 MB.
MOST_GROUPS = 400

TOTALS = "total of "  # such a line only grows; it is asked for by `growth`, and not drawn

Values = Mapping[str, float | None]


class Series:
    """Groups of lines (a camera's, a process's, the totals'); each line has a value, or none, for each second.

    A group that was not told of for the whole span is dropped; beyond MOST_GROUPS the newest ones get no lines.
    """

    def __init__(self, span: int = SPAN, most_groups: int = MOST_GROUPS) -> None:
        self._span = span
        self._most = most_groups
        self._times = array("d", [nan]) * span
        self._groups: dict[str, dict[str, array[float]]] = {}
        self._told: dict[str, int] = {}
        self.newest = -1  # the number of the newest sample; the first is 0

    @property
    def groups(self) -> list[str]:
        """Those that have lines."""
        return list(self._groups)

    def add(self, at: float, groups: Mapping[str, Values]) -> None:
        """The second's values, at `at` (Unix seconds). None, or a line left out: nobody knows."""
        self.newest += 1
        slot = self.newest % self._span
        self._times[slot] = at
        for name, values in groups.items():
            self._add_group(name, values)
        for name, lines in self._groups.items():
            values = groups.get(name, {})
            for line, kept in lines.items():
                value = values.get(line)
                kept[slot] = nan if value is None else value
        for name in [name for name, told in self._told.items() if self.newest - told >= self._span]:
            del self._groups[name], self._told[name]

    def _add_group(self, name: str, values: Values) -> None:
        if name not in self._groups and len(self._groups) >= self._most:
            return
        lines = self._groups.setdefault(name, {})
        for line in values:
            if line not in lines:
                lines[line] = array("f", [nan]) * self._span
        self._told[name] = self.newest

    def after(self, sample: int, names: list[str]) -> dict[str, Any]:
        """The samples after number `sample` of these groups as JSON: `first` is the number of the first one.

        All that there are, if `sample` is older than the span, or is not ours (a server that started anew).
        """
        oldest = max(0, self.newest - self._span + 1)
        first = sample + 1 if oldest <= sample + 1 <= self.newest + 1 else oldest
        slots = [number % self._span for number in range(first, self.newest + 1)]
        return {
            "first": first,
            "at": [round(self._times[slot], 3) for slot in slots],
            "groups": {
                name: {
                    line: [_told(kept[slot]) for slot in slots]
                    for line, kept in self._groups[name].items()
                    if not line.startswith(TOTALS)
                }
                for name in names
                if name in self._groups
            },
        }

    def growth(self, group: str, line: str, samples: int) -> float:
        """By how much a total has grown in the newest `samples`; one that began anew counts from there."""
        kept = self._groups.get(group, {}).get(TOTALS + line)
        if kept is None:
            return 0.0
        numbers = range(max(0, self.newest - min(samples, self._span - 1)), self.newest + 1)
        known = [value for number in numbers if not isnan(value := kept[number % self._span])]
        return sum(max(0.0, after - before) for before, after in pairwise(known))


def _told(value: float) -> float | None:
    """Short in JSON: a ten-thousandth is finer than any of the graphs."""
    return None if isnan(value) else round(value, 4)
