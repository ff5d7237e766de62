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
    busy: list[str] = field(default_factory=list)  # failed beside others, passed alone: to be mended, and told

    def add(self, other: Tally) -> None:
        """Add another's counts."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.busy += other.busy

    def looked_at_again(self, alone: Tally) -> Tally:
        """This run's counts, after its failures were run again `alone`; unless not every one of them was."""
        if alone.passed + len(alone.failed) < len(self.failed):
            return self
        passed_now = [name for name in self.failed if name not in alone.failed]
        return Tally(
            passed=self.passed + len(passed_now),
            failed=[name for name in self.failed if name not in passed_now],
            skipped=self.skipped,
            busy=[*self.busy, *passed_now],
        )

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
