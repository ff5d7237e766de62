"""Samples and how they are told: a table for people, one JSON object as the last line."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One measured thing; `limit` is the expected figure at `judged` ("p50", "p95" or "value")."""

    name: str
    what: str
    unit: str
    samples: Sequence[float]
    judged: str
    limit: float | None

    def percentile(self, share: float) -> float:
        """The sample that this share of all does not exceed."""
        ordered = sorted(self.samples)
        return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]

    @property
    def value(self) -> float:
        """What is compared with the limit."""
        return {"p50": self.percentile(0.5), "p95": self.percentile(0.95), "value": self.samples[-1]}[self.judged]

    @property
    def verdict(self) -> str:
        """Whether it is as expected."""
        if self.limit is None:
            return ""
        return "ok" if self.value <= self.limit else f"over by {self.value - self.limit:.0f} {self.unit}"

    def as_json(self) -> dict[str, Any]:
        """For the last line."""
        found: dict[str, Any] = {"unit": self.unit, "samples": len(self.samples), "p50": round(self.percentile(0.5), 1)}
        found |= {"p95": round(self.percentile(0.95), 1), "max": round(max(self.samples), 1)}
        return found | ({"expected": self.limit, "judged": self.judged} if self.limit is not None else {})


def tell(benchmark: str, figures: Sequence[Figure], about: dict[str, Any]) -> None:
    """Print the table and the JSON line."""
    print(f"{'':46} {'n':>4} {'p50':>8} {'p95':>8} {'max':>8}  expected")
    for figure in figures:
        if not figure.samples:
            print(f"{figure.what:46} {'none':>4}")
            continue
        p50, p95, most = figure.percentile(0.5), figure.percentile(0.95), max(figure.samples)
        expected = (
            f"{figure.judged} ≤ {figure.limit:g} {figure.unit}: {figure.verdict}" if figure.limit is not None else ""
        )
        what = f"{figure.what}, {figure.unit}"
        print(f"{what:46} {len(figure.samples):>4} {p50:>8.1f} {p95:>8.1f} {most:>8.1f}  {expected}")
    found = {figure.name: figure.as_json() for figure in figures if figure.samples}
    print(json.dumps({"benchmark": benchmark, **about, "figures": found}))


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
