"""Samples and how they are told: a table for people, one JSON object as the last line."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.bars import Bar, exit_code


@dataclass(frozen=True)
class Figure:
    """One measured thing; `limit` is the expected figure at `judged` ("p50", "p95" or "value"), the most or the least."""

    name: str
    what: str
    unit: str
    samples: Sequence[float]
    judged: str
    limit: float | None
    at_least: bool = False

    def percentile(self, share: float) -> float:
        """The sample that this share of all does not exceed."""
        ordered = sorted(self.samples)
        return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]

    @property
    def value(self) -> float:
        """What is compared with the limit."""
        return {"p50": self.percentile(0.5), "p95": self.percentile(0.95), "value": self.samples[-1]}[self.judged]

    @property
    def bar(self) -> Bar | None:
        """What is expected."""
        return None if self.limit is None else Bar(self.limit, self.at_least)

    @property
    def holds(self) -> bool:
        """Whether it is as expected. What could not be measured is not."""
        return self.bar is None or (len(self.samples) > 0 and self.bar.holds(self.value))

    @property
    def expected(self) -> str:
        """The bar and whether it is reached, for people."""
        if self.bar is None:
            return ""
        verdict = "ok" if self.holds else f"missed by {abs(self.value - self.bar.limit):.3g}"
        return f"{self.judged} {self.bar.sign} {self.bar.limit:g} {self.unit}: {verdict}"

    def as_json(self) -> dict[str, Any]:
        """For the last line."""
        found: dict[str, Any] = {"unit": self.unit, "samples": len(self.samples), "p50": round(self.percentile(0.5), 1)}
        found |= {"p95": round(self.percentile(0.95), 1), "max": round(max(self.samples), 1)}
        return found | ({"expected": self.limit, "judged": self.judged, "holds": self.holds} if self.bar else {})


def tell(benchmark: str, figures: Sequence[Figure], about: dict[str, Any]) -> int:
    """Print the table and the JSON line; returns the exit code: 1 if a bar was missed."""
    print(f"{'':46} {'n':>4} {'p50':>8} {'p95':>8} {'max':>8}  expected")
    for figure in figures:
        if not figure.samples:
            print(f"{figure.what:46} {'none':>4}{'':29}{'missed' if not figure.holds else ''}".rstrip())
            continue
        p50, p95, most = figure.percentile(0.5), figure.percentile(0.95), max(figure.samples)
        what = f"{figure.what}, {figure.unit}"
        print(f"{what:46} {len(figure.samples):>4} {p50:>8.1f} {p95:>8.1f} {most:>8.1f}  {figure.expected}")
    found = {figure.name: figure.as_json() for figure in figures if figure.samples}
    print(json.dumps({"benchmark": benchmark, **about, "figures": found}))
    return exit_code(figure.what for figure in figures if not figure.holds)


def resident_mb(pid: int) -> float:
    """A process's resident memory now, in MB (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_seconds(pids: Sequence[int]) -> float:
    """Processor time that these processes have used so far (Linux)."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:  # ended meanwhile
            continue
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def processes_below(pid: int) -> list[int]:
    """A process's children, their children and so on (Linux)."""
    found, waiting = [], [pid]
    while waiting:
        parent = waiting.pop()
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            children = [int(word) for word in task.read_text().split()]
            found += children
            waiting += children
    return found
