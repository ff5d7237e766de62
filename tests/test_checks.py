"""The one command: what goes to pytest, and what it ends with."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import checks, programs
from tests.checks import _close, _parse, _part
from tests.conftest import FIRST
from tests.tally import Tally


def test_a_part_is_meant_below_tests() -> None:
    assert _part("server/test_bootstrap.py") == "tests/server/test_bootstrap.py"
    assert _part("server/test_bootstrap.py::test_x") == "tests/server/test_bootstrap.py::test_x"
    assert _part("tests/server") == "tests/server"
    assert _part("-x") == "-x"


def test_options_are_ours_and_the_rest_is_for_pytest() -> None:
    options, rest = _parse(["--strict", "server", "-k", "bus", "--no-install"])
    assert options.strict and options.no_install and rest == ["server", "-k", "bus"]


@pytest.mark.parametrize(
    ("tally", "strict", "code"),
    [
        (Tally(passed=1), True, 0),
        (Tally(passed=1, skipped=[("a", "no redis-server")]), False, 0),
        (Tally(passed=1, skipped=[("a", "no redis-server")]), True, 1),
        (Tally(passed=1, failed=["a"]), False, 1),
    ],
)
def test_what_could_not_be_run_is_named_and_fails_when_strict(
    tally: Tally, strict: bool, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _close(tally, strict) == code
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == tally.line()
    assert not tally.skipped or "not run: a: no redis-server" in lines


def test_without_the_right_to_install_the_line_to_type_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    programs.install(["redis-server"])
    told = capsys.readouterr().out
    assert told == "Missing: redis-server. Type: sudo apt-get install -y --no-install-recommends redis-server\n"
    programs.install([])
    assert capsys.readouterr().out == ""


def test_what_is_run_first_is_there() -> None:
    assert [name for name in FIRST if not (checks.ROOT / "tests" / name).is_file()] == []


def test_what_is_installed_is_not_started(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    ask = ["sh", "-c", '"$1" coturn start; echo "says $?"; exit 7', "ask", str(policy)]
    done = subprocess.run(["sh", "-c", programs.UNSTARTED, policy, *ask], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (7, "says 101\n")
    assert not policy.exists()
    policy.write_text("#!/bin/sh\nexit 104\n")
    policy.chmod(0o755)
    done = subprocess.run(["sh", "-c", programs.UNSTARTED, policy, *ask], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (7, "says 104\n")
    assert policy.exists(), "it was there before"


def test_tools_compile_modules_once_even_where_the_machine_forbids_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert checks._run("python", [sys.executable, "-c", "import sys; sys.exit(sys.dont_write_bytecode)"]) == 0


def test_temporary_files_lie_in_memory_while_tests_run_and_nothing_is_left_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "ROOM_BYTES", 0)
    monkeypatch.setenv("TMPDIR", "/before")
    with checks.in_memory(tmp_path):
        (folder,) = tmp_path.iterdir()
        look = f"import sys, tempfile; sys.exit(tempfile.gettempdir() != {str(folder)!r})"
        assert checks._run("python", [sys.executable, "-c", look]) == 0
    assert not folder.exists()
    for memory in (tmp_path / "none", tmp_path):
        monkeypatch.setattr(checks, "ROOM_BYTES", 1 << 60)
        with checks.in_memory(memory):
            assert os.environ["TMPDIR"] == "/before"


def test_what_runs_beside_the_tests_is_printed_when_it_has_ended(capfd: pytest.CaptureFixture[str]) -> None:
    printed = io.StringIO()
    found = checks._tool(
        "a tool", [sys.executable, "-c", "print('its words', flush=True); raise SystemExit('and its error')"], printed
    )
    assert found.failed == ["a tool"]
    assert printed.getvalue() == "── a tool\nits words\nand its error\n"
    assert capfd.readouterr() == ("", "")


def test_a_part_alone_runs_only_pytest(monkeypatch: pytest.MonkeyPatch) -> None:
    run: list[list[str]] = []

    def keep(_name: str, command: list[str], _printed: io.StringIO | None = None) -> int:
        run.append(command)
        return 0

    monkeypatch.setattr(checks, "_run", keep)
    assert checks.main(["--no-install", "server"]) == 1, "no report: pytest broke down"
    assert len(run) == 1 and run[0][-1] == "tests/server"
