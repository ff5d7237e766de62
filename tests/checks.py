"""Every check there is, in one command: `python3 -m tests`."""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from server import bootstrap, environments
from tests import programs, tally
from tests.tally import Tally

ROOT = Path(environments.ROOT)
PYTHON = ("server", "streamer", "tests")
# A file at a time, in the order of tests/conftest.py: by itself xdist begins with many tests.
BY_FILE = ("--dist", "loadfile", "--no-loadscope-reorder")
# Two workers for two cores, where a browser keeps one busy; three where tests wait for their servers: half of them took
# 264 s with two and left about half of both cores idle; with three 200 s.
BUSY, WAITING = ("-n", "2", *BY_FILE), ("-n", "3", *BY_FILE)
# What they measure needs both cores: with three workers 93 s instead of 207, and a picture that stood for 8 s (aiortc, 250 kbit/s).
ALONE = ("tests/links", "tests/browser/test_demo.py")
# CI's whole run has 90 minutes.
LONGEST_S = 3600.0
MOST_LOOKED_AT_AGAIN = 10  # more than these is no busy machine
MEMORY = Path("/dev/shm")  # a file system in memory, on Linux
ROOM_BYTES = 2 << 30  # four times what lies there at once


def main(argv: Sequence[str]) -> int:
    """Run all checks, or one part; returns the exit code."""
    options, rest = _parse(argv)
    if not options.no_install:
        programs.install(programs.missing())
    total = Tally()
    with in_memory():
        if rest:
            total.add(_pytest("pytest", [_part(word) for word in rest]))
        else:
            _everything(total)
    return _close(total, options.strict)


def _parse(argv: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(prog="python3 -m tests", description="Every check there is.", allow_abbrev=False)
    parser.add_argument("--strict", action="store_true", help="what could not be run counts as a failure")
    parser.add_argument("--no-install", action="store_true", help="install no programs, only say what is missing")
    parser.epilog = "Anything else goes to pytest: `python3 -m tests server/media` runs tests/server/media alone."
    return parser.parse_known_args(list(argv))


def _part(word: str) -> str:
    path = word.split("::")[0]
    return f"tests/{word}" if not word.startswith("-") and (ROOT / "tests" / path).exists() else word


def _everything(total: Tally) -> None:
    with ThreadPoolExecutor(1) as beside:
        read = beside.submit(_reading)
        total.add(_pytest("pytest", ["tests", "--ignore=tests/browser", "--ignore=tests/links", *WAITING]))
    found, printed = read.result()
    print(printed, end="", flush=True)
    total.add(found)
    total.add(_pytest("pytest in the browser", ["tests/browser", *(f"--ignore={path}" for path in ALONE), *BUSY]))
    total.add(_pytest("pytest over bad links, and the demo", ALONE))


def _reading() -> tuple[Tally, str]:
    """What only reads the source, and the scripts' own tests: beside the tests that wait for their servers. Returns
    what it found, and what it had printed.
    """
    total, printed, python = Tally(), io.StringIO(), sys.executable
    for name, command in (
        ("ruff check", ["ruff", "check", *PYTHON]),
        ("ruff format", ["ruff", "format", "--check", *PYTHON]),
        ("mypy", ["mypy", "--strict", *PYTHON]),
    ):
        total.add(_tool(name, [python, "-m", *command], printed))
    _front(total, printed)
    return total, printed.getvalue()


def _front(total: Tally, printed: io.StringIO) -> None:
    environment = environments.locate(environments.TESTS)
    node = bootstrap.node_command(environment)
    packages = Path(environment.node_modules)
    names = ("tsc", "tsc of the tests", "eslint", "prettier", "node --test")
    if node is None or not (packages / "typescript").exists():
        reason = "there is no Node.js of version 20.19 or newer" if node is None else "the browser packages are missing"
        total.skipped += [(name, reason) for name in names]
        return
    tsc = [node, str(packages / "typescript" / "bin" / "tsc"), "-p"]
    total.add(_tool("tsc", [*tsc, "static"], printed))
    tests = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests" / "static").rglob("*.test.js"))
    scripts = ["static/js", *(["tests/static"] if tests else [])]
    eslint = [node, str(packages / "eslint" / "bin" / "eslint.js"), "--config", "static/eslint.config.js"]
    total.add(_tool("eslint", [*eslint, "--max-warnings=0", *scripts], printed))
    prettier = [node, str(packages / "prettier" / "bin" / "prettier.cjs"), "--config", "static/.prettierrc.json"]
    written = [*scripts, "static/css", "static/*.js", "compose.yaml"]
    total.add(_tool("prettier", [*prettier, "--check", "--log-level=warn", *written], printed))
    if tests:
        total.add(_tool("tsc of the tests", [*tsc, "tests/static"], printed))
        total.add(_node_tests(node, tests, printed))


def _tool(name: str, command: Sequence[str], printed: io.StringIO) -> Tally:
    code = _run(name, command, printed)
    return tally.of_tool(name, code == 0)


def _pytest(name: str, arguments: Sequence[str]) -> Tally:
    """All of them; and the few that fail once more alone, since two cores that do two tests at once may be too slow."""
    with tempfile.TemporaryDirectory() as folder:
        report, alone = Path(folder) / "report.xml", Path(folder) / "alone.xml"
        pytest = [sys.executable, "-m", "pytest", "-q", "-o", f"cache_dir={folder}/cache"]
        code = _run(name, [*pytest, f"--junitxml={report}", *arguments])
        first = tally.of_runner(name, report, code)
        if not report.exists() or not 0 < len(first.failed) <= MOST_LOOKED_AT_AGAIN:
            return first
        code = _run(f"{name}, once more alone", [*pytest, f"--junitxml={alone}", *arguments, "--last-failed", "-n0"])
        return first.looked_at_again(tally.of_runner(name, alone, code))


def _node_tests(node: str, files: Sequence[str], printed: io.StringIO) -> Tally:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        spec = ["--test-reporter=spec", "--test-reporter-destination=stdout"]
        junit = ["--test-reporter=junit", f"--test-reporter-destination={report}"]
        code = _run("node --test", [node, "--test", *spec, *junit, *files], printed)
        return tally.of_runner("node --test", report, code)


def _run(name: str, command: Sequence[str], printed: io.StringIO | None = None) -> int:
    """Returns the exit code; what it prints goes to the terminal as it comes, or is `printed`."""
    print(f"── {name}", file=printed, flush=True)
    output = None if printed is None else subprocess.PIPE
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=_environment(), stdin=subprocess.DEVNULL, stdout=output,
            stderr=output and subprocess.STDOUT, timeout=LONGEST_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        print(f"{name} took longer than {LONGEST_S / 60:.0f} minutes", file=printed, flush=True)
        return 124
    print((done.stdout or b"").decode(errors="replace"), end="", file=printed, flush=True)
    return done.returncode


@contextmanager
def in_memory(memory: Path = MEMORY) -> Iterator[None]:
    """Temporary files lie in memory meanwhile, if there is room: databases and recordings are synced by the thousand."""
    if not os.access(memory, os.W_OK) or shutil.disk_usage(memory).free < ROOM_BYTES:
        yield
        return
    before = os.environ.get("TMPDIR")
    with tempfile.TemporaryDirectory(prefix="watchroom-tests-", dir=memory) as folder:
        os.chmod(folder, 0o711)  # PostgreSQL has an account of its own
        os.environ["TMPDIR"] = folder
        try:
            yield
        finally:
            os.environ.pop("TMPDIR")
            os.environ |= {"TMPDIR": before} if before else {}


def _environment() -> dict[str, str]:
    """Of every tool. Images for containers like to forbid Python its cache of compiled modules: the servers and cameras
    that the tests start by the hundred would each need 3.2 s of processor time for their start instead of 1.1 s.
    """
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _close(total: Tally, strict: bool) -> int:
    print("──")
    for name in total.failed:
        print(f"failed: {name}")
    for name in total.busy:
        print(f"failed beside other tests, passed alone: {name}")
    for name, reason in total.skipped:
        print(f"not run: {name}: {reason}")
    print(total.line(), flush=True)
    return 1 if total.failed or (strict and total.skipped) else 0
