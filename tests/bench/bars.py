"""Whether a figure is as expected: judged alike by all benchmarks, which return 1 when a bar was missed."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """At most `limit` is expected, or at least."""

    limit: float
    at_least: bool = False

    def holds(self, value: float) -> bool:
        """Whether it is reached; what is not a number never does."""
        return value >= self.limit if self.at_least else value <= self.limit

    @property
    def sign(self) -> str:
        """For people."""
        return "≥" if self.at_least else "≤"


def exit_code(missed: Iterable[str]) -> int:
    """0, or 1 when a bar was missed. Each is named on stderr: the last line of stdout is the JSON object."""
    code = 0
    for what in missed:
        print(f"missed: {what}", file=sys.stderr)
        code = 1
    return code
