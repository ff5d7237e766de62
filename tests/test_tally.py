"""What the last line of a run says."""

from __future__ import annotations

from pathlib import Path

from tests.tally import Tally, of_runner, of_tool

REPORT = """<testsuites><testsuite>
<testcase classname="a" name="passes"/>
<testcase classname="a" name="fails"><failure message="x"/></testcase>
<testcase classname="a" name="fails"><error message="while it cleaned up"/></testcase>
<testcase classname="a" name="passes, but does not clean up"/>
<testcase classname="a" name="passes, but does not clean up"><error message="x"/></testcase>
<testcase classname="a" name="skipped"><skipped message="no redis-server"/></testcase>
</testsuite></testsuites>"""


def test_each_test_counts_once_by_its_worst_end(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    tally = of_runner("pytest", report, 1)
    assert tally.line() == "1 passed, 2 failed, 1 skipped"
    assert tally.skipped == [("a::skipped", "no redis-server")]


def test_a_runner_that_broke_down_is_a_failure(tmp_path: Path) -> None:
    assert of_runner("pytest", tmp_path / "none.xml", 3).line() == "0 passed, 1 failed, 0 skipped"
    report = tmp_path / "report.xml"
    report.write_text("<testsuite><testcase name='passes'/></testsuite>")
    assert of_runner("pytest", report, 0).line() == "1 passed, 0 failed, 0 skipped"
    assert of_runner("pytest", report, 5).line() == "1 passed, 1 failed, 0 skipped"


def test_what_fails_beside_others_and_passes_alone_is_told() -> None:
    first = Tally(passed=7, failed=["slow", "broken"], skipped=[("x", "y")])
    again = first.looked_at_again(Tally(passed=1, failed=["broken"]))
    assert (again.line(), again.failed, again.busy) == ("8 passed, 1 failed, 1 skipped", ["broken"], ["slow"])


def test_what_was_not_run_again_stays_failed() -> None:
    first = Tally(passed=7, failed=["slow", "pytest ended with code 3"])
    assert first.looked_at_again(Tally(passed=1)) is first
    assert first.looked_at_again(Tally(failed=["pytest, once more alone ended with code 5 and no report"])) is first


def test_tools_and_runners_add_up(tmp_path: Path) -> None:
    total = Tally()
    total.add(of_tool("ruff", True))
    total.add(of_tool("mypy", False))
    total.add(Tally(passed=2, skipped=[("node --test", "there is no Node.js")]))
    assert total.line() == "3 passed, 1 failed, 1 skipped" and total.failed == ["mypy"]
