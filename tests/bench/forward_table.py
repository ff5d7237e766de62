"""What `forward` has measured, beside each other: medians of the rounds, ratios, bars, a table for the README."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tests.bench.bars import Bar
from tests.bench.load.servers import ENGINE, JANUS, JANUS_LOOPS, RELAY

# media.md: ours at most so much of the other's.
BARS = {
    ("1x1", RELAY): Bar(1 / 25),
    ("1x4", RELAY): Bar(1 / 80),
    ("1x50", JANUS): Bar(0.30),
    ("1x50", JANUS_LOOPS): Bar(0.50),
}
FULL_CASE, CORE_BAR = "1x400", Bar(0.5)  # and no packet lost, while all pictures come
ALL_PICTURES = Bar(24.5, at_least=True)  # of 25 a second
HEAD = (
    "| cameras × viewers | server | µs a packet | frames/s | lost | core | MB | ours to it | expected |\n"
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |"
)


@dataclass(frozen=True)
class Row:
    """One server with one load. `core` is the share of one core that it used, `frames_per_s` what each viewer got."""

    server: str
    case: str
    packets_per_s: float
    frames_per_s: float
    us_per_packet: float
    core: float
    lost: int
    silent: int
    forged: int
    memory_mb: float
    profiles: list[str]

    def ratio_of(self, other: Row) -> float:
        """This one's cost as a share of the other's: of MediaRelay's processor time, since it does not deliver all frames."""
        if other.server == RELAY:
            return self.core / other.core
        return self.us_per_packet / other.us_per_packet


@dataclass(frozen=True)
class Line:
    """A row of the table: of all rounds the median, with the worst loss and memory. `ratios`: ours to it, by round."""

    row: Row
    ratios: list[float]
    expected: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def ratio(self) -> float | None:
        """Ours to it, in the middle round."""
        return _middle(self.ratios) if self.ratios else None

    def markdown(self) -> str:
        """For the README."""
        row = self.row
        ratio = "" if self.ratio is None else _share(self.ratio, row.server)
        trouble = [f"{count} {what}" for count, what in ((row.silent, "silent"), (row.forged, "forged")) if count]
        words = [
            *(_spelt(row.case), row.server, f"{row.us_per_packet:.1f}", f"{row.frames_per_s:.1f}", str(row.lost)),
            *(f"{row.core:.2f}", f"{row.memory_mb:.0f}", ratio, "; ".join(self.expected + trouble)),
        ]
        return f"| {' | '.join(words)} |"


def tabled(rows: Sequence[Row], *, judged: bool) -> list[Line]:
    """The rows of all rounds, in the order in which they were measured, as the lines of one table."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row.case, row.server), []).append(row)
    lines = []
    for (case, server), same in found.items():
        rounds = [] if server == ENGINE else zip(found[case, ENGINE], same, strict=True)
        line = Line(_of_all(same), [ours.ratio_of(other) for ours, other in rounds])
        lines.append(_judged(line) if judged else line)
    return lines


def _of_all(rows: list[Row]) -> Row:
    middle = sorted(rows, key=lambda row: row.us_per_packet)[len(rows) // 2]
    return replace(
        middle,
        lost=max(row.lost for row in rows),
        silent=max(row.silent for row in rows),
        forged=max(row.forged for row in rows),
        memory_mb=max(row.memory_mb for row in rows),
    )


def _judged(line: Line) -> Line:
    row, expected, missed = line.row, [], []
    bar = BARS.get((row.case, row.server))
    if bar is not None and line.ratio is not None:
        limit = f"{bar.sign} {_share(bar.limit, row.server)}"
        expected.append(limit + _verdict(bar.holds(line.ratio)))
        if not bar.holds(line.ratio):
            missed.append(f"{_spelt(row.case)} beside {row.server}: {_share(line.ratio, row.server)}, expected {limit}")
    if (row.case, row.server) == (FULL_CASE, ENGINE):
        for holds, bar_told, value in (
            (CORE_BAR.holds(row.core), f"core ≤ {CORE_BAR.limit:g}", f"{row.core:.2f}"),
            (row.lost == 0, "none lost", f"{row.lost} packets"),
            (ALL_PICTURES.holds(row.frames_per_s), f"frames/s ≥ {ALL_PICTURES.limit:g}", f"{row.frames_per_s:.1f}"),
        ):
            expected.append(bar_told + _verdict(holds))
            missed += [] if holds else [f"{_spelt(row.case)}: {value}, expected {bar_told}"]
    return replace(line, expected=expected, missed=missed)


def _verdict(holds: bool) -> str:
    return "" if holds else ": missed"


def _share(ratio: float, server: str) -> str:
    """Beside MediaRelay a fraction: 1/25."""
    return f"1/{round(1 / ratio)}" if server == RELAY else f"{ratio:.2f}"


def _spelt(case: str) -> str:
    return case.replace("x", " × ")


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
