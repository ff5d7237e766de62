"""The benchmarks' judgement: whatever is measured, a missed bar is told by name and by the exit code."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from tests.bench import forward, forward_table
from tests.bench.bars import Bar, exit_code
from tests.bench.figures import Figure, tell
from tests.bench.forward_table import Row
from tests.bench.load.servers import ENGINE, JANUS, RELAY


def test_a_bar_is_the_most_or_the_least_and_what_is_no_number_never_reaches_it() -> None:
    assert Bar(2).holds(2) and not Bar(2).holds(2.1)
    assert Bar(2, at_least=True).holds(2) and not Bar(2, at_least=True).holds(1.9)
    assert not Bar(2).holds(math.nan) and not Bar(2, at_least=True).holds(math.nan)


def test_a_missed_bar_is_named_and_is_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code([]) == 0
    assert exit_code(["the seek"]) == 1
    assert capsys.readouterr().err == "missed: the seek\n"


def test_a_table_of_figures_is_judged_at_the_percentile_that_has_the_bar(capsys: pytest.CaptureFixture[str]) -> None:
    slow_once = [1.0] * 10 + [9.0]
    assert tell("any", [Figure("middle", "in the middle", "ms", slow_once, "p50", 2)], {}) == 0
    assert tell("any", [Figure("tail", "at the end", "ms", slow_once, "value", 2)], {}) == 1
    assert tell("any", [Figure("share", "kept", "%", [98.0], "value", 97, at_least=True)], {}) == 0
    assert tell("any", [Figure("free", "without a bar", "ms", slow_once, "p95", None)], {}) == 0
    printed = capsys.readouterr()
    assert printed.err == "missed: at the end\n"
    assert "p50 ≤ 2 ms: ok" in printed.out and "value ≤ 2 ms: missed by 7" in printed.out
    assert json.loads(printed.out.splitlines()[-1])["benchmark"] == "any"


def test_what_could_not_be_measured_has_missed_its_bar(capsys: pytest.CaptureFixture[str]) -> None:
    assert tell("any", [Figure("gone", "never came", "ms", [], "p95", 5)], {}) == 1
    assert tell("any", [Figure("gone", "never came", "ms", [], "p95", None)], {}) == 0


def row(server: str, case: str, us: float, core: float = 0.1, lost: int = 0) -> Row:
    return Row(server, case, 1000.0, 25.0, us, core, lost, silent=0, forged=0, memory_mb=80.0, profiles=["GCM"])


def test_a_case_beside_several_servers_is_measured_once_a_round() -> None:
    plan = forward.planned(["1x10", "1x50"], ["1x1", "1x10"], alone=False)
    assert len(plan) == len(set(plan))
    assert plan[:4] == [(ENGINE, "1x1"), (RELAY, "1x1"), (ENGINE, "1x10"), (RELAY, "1x10")]
    assert (RELAY, "1x50") not in plan
    assert forward.planned(["1x50"], ["1x1"], alone=True) == [(ENGINE, "1x1"), (ENGINE, "1x50")]


def test_rounds_are_compared_each_within_itself_and_the_middle_is_judged() -> None:
    """A machine that is slow in one round is slow for both."""
    rounds = [
        *(row(ENGINE, "1x50", 5.0), row(JANUS, "1x50", 20.0)),
        *(row(ENGINE, "1x50", 50.0), row(JANUS, "1x50", 190.0)),
        *(row(ENGINE, "1x50", 7.0), row(JANUS, "1x50", 20.0)),
    ]
    table = forward_table.tabled(rounds, judged=True)
    (beside,) = [line for line in table if line.row.server == JANUS]
    assert beside.ratio == pytest.approx(50 / 190)
    assert beside.missed == []
    assert "≤ 0.30" in beside.markdown()


def test_a_relay_is_compared_by_processor_time_since_it_does_not_deliver_all_frames() -> None:
    rounds = [row(ENGINE, "1x1", 100.0, core=0.01), row(RELAY, "1x1", 120.0, core=0.2)]
    (beside,) = [line for line in forward_table.tabled(rounds, judged=True) if line.row.server == RELAY]
    assert beside.ratio == pytest.approx(0.05)
    assert beside.missed == ["1 × 1 beside MediaRelay: 1/20, expected ≤ 1/25"]


def test_400_viewers_lose_nothing_in_any_round_and_need_half_a_core() -> None:
    good, leaky = row(ENGINE, "1x400", 5.0, core=0.4), row(ENGINE, "1x400", 5.0, core=0.4, lost=3)
    (fine,) = forward_table.tabled([good, good, good], judged=True)
    (lost,) = forward_table.tabled([good, leaky, good], judged=True)
    assert fine.missed == []
    assert lost.missed == ["1 × 400: 3 packets, expected none lost"]


def test_a_load_that_starves_is_no_proof_of_400_viewers() -> None:
    (starved,) = forward_table.tabled([replace(row(ENGINE, "1x400", 5.0), frames_per_s=16.1)], judged=True)
    assert starved.missed == ["1 × 400: 16.1, expected frames/s ≥ 24.5"]


def test_without_bars_nothing_is_missed() -> None:
    rounds = [row(ENGINE, "1x400", 5.0, core=0.9, lost=3), row(ENGINE, "1x50", 9.0), row(JANUS, "1x50", 10.0)]
    assert [line.missed for line in forward_table.tabled(rounds, judged=False)] == [[], [], []]
