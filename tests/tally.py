"""Counts what test runners report as JUnit XML."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Tally:
    """How many checks passed; which failed; which could not be run, and why."""

    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Add another's counts."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def line(self) -> str:
        """The line that closes a run."""
        return f"{self.passed} passed, {len(self.failed)} failed, {len(self.skipped)} skipped"


def of_tool(name: str, passed: bool) -> Tally:
    """A tool is one check."""
    return Tally(passed=1) if passed else Tally(failed=[name])


def of_runner(name: str, report: Path, code: int) -> Tally:
    """The tests in a runner's JUnit report, one check each; a runner that broke down is one failed check.

    A test that fails and then fails again while it cleans up is reported twice, and counted once.
    """
    if not report.exists():
        return Tally(failed=[f"{name} ended with code {code} and no report"])
    worst: dict[str, tuple[int, str]] = {}
    for case in ET.parse(report).getroot().iter("testcase"):
        key = "::".join(filter(None, (case.get("classname", ""), case.get("name", ""))))
        worst[key] = max(worst.get(key, (0, "")), _outcome(case))
    tally = Tally()
    for key, (rank, reason) in worst.items():
        if rank == 2:
            tally.failed.append(key)
        elif rank == 1:
            tally.skipped.append((key, reason))
        else:
            tally.passed += 1
    if code and not tally.failed:
        tally.failed.append(f"{name} ended with code {code}")
    return tally


def _outcome(case: ET.Element) -> tuple[int, str]:
    if case.find("failure") is not None or case.find("error") is not None:
        return (2, "")
    skipped = case.find("skipped")
    return (0, "") if skipped is None else (1, skipped.get("message") or "no reason given")
