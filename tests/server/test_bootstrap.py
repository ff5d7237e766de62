"""Set-up on a machine of its own making: a small project, one tiny package in a folder, an npm that may misbehave."""

from __future__ import annotations

import glob
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from server import bootstrap, environments
from tests.source import ROOT

LONGEST_S = 120
COPIED = ("__init__", "__main__", "bootstrap", "environments", "installation", "interpreters")
COMMANDS = """
import os, sys, tinypackage, time
def main(argv):
    print(tinypackage.WORD, os.getcwd(), *argv, flush=True)
    if argv[:1] == ["stay"]:
        sys.stdin.read()
    return 7
"""
NPM = """#!/bin/sh
echo "$@" >> "$NPM_CALLS"
if [ -n "$NPM_HANGS" ]; then echo $$ > "$NPM_HANGS"; exec sleep 100; fi
mkdir -p node_modules
"""
# Stands in for uv where the test is not about installing: pip takes seconds.
UV = f"""#!{sys.executable}
import glob, os, sys, zipfile
python = sys.argv[sys.argv.index("--python") + 1]
folder, = glob.glob(os.path.join(os.path.dirname(python), "..", "lib", "python3*", "site-packages"))
zipfile.ZipFile(glob.glob(os.environ["UV_FIND_LINKS"] + "/*.whl")[0]).extractall(folder)
"""


def _heeds_interrupts() -> None:
    """In the child: what a shell without job control starts in its background ignores them, and so would the child."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass
class Project:
    """A clone in miniature, with the real bootstrap."""

    root: Path
    bin: Path
    wheels: Path

    @property
    def environ(self) -> dict[str, str]:
        """A clean HOME and no package registry: only the folder of wheels."""
        registry = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels), "PIP_CONFIG_FILE": os.devnull}
        uv = {"UV_NO_INDEX": "1", "UV_FIND_LINKS": str(self.wheels), "UV_NO_CONFIG": "1"}
        path = os.pathsep.join((str(self.bin), "/usr/bin", "/bin"))
        home = {"HOME": str(self.root.parent / "home"), "PATH": path, "NPM_CALLS": str(self.calls)}
        return registry | uv | home

    @property
    def calls(self) -> Path:
        return self.root.parent / "npm-calls.txt"

    def begin(self, *argv: str, python: str = sys.executable, **environ: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [python, str(self.root / "server"), *argv],
            cwd=self.root.parent,
            env=self.environ | environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_heeds_interrupts,
        )

    def run(self, *argv: str, python: str = sys.executable, **environ: str) -> tuple[int, str, str]:
        process = self.begin(*argv, python=python, **environ)
        printed, told = process.communicate(timeout=LONGEST_S)
        return process.returncode, printed, told

    def environments(self) -> list[Path]:
        return sorted(self.root.glob(".venv/run-*"))

    def lock(self, digest: str, comment: str = "") -> None:
        (self.root / "requirements.txt").write_text(f"{comment}tinypackage==1.0 \\\n    --hash=sha256:{digest}\n")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Nothing is installed yet."""
    project = Project(tmp_path / "main", tmp_path / "bin", tmp_path / "wheels")
    (project.root / "server").mkdir(parents=True)
    for name in COPIED:
        shutil.copy(ROOT / "server" / f"{name}.py", project.root / "server")
    (project.root / "server" / "commands.py").write_text(COMMANDS)
    (project.root / "static").mkdir()
    for name in environments.FRONT_FILES:
        (project.root / "static" / name).write_text("{}\n")
    project.wheels.mkdir()
    project.lock(_wheel(project.wheels))
    (project.root / "requirements-tests.txt").write_text("")
    (project.root / "requirements-setup.txt").write_text("uv==0.0.1 \\\n    --hash=sha256:00\n")
    project.bin.mkdir()
    _script(project.bin / "node", "#!/bin/sh\necho v99.0.0\n")
    _script(project.bin / "npm", NPM)
    _script(project.bin / "uv", UV)
    return project


def _wheel(folder: Path) -> str:
    path = folder / "tinypackage-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("tinypackage.py", "WORD = 'tiny'\n")
        wheel.writestr("tinypackage-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tinypackage\nVersion: 1.0\n")
        wheel.writestr(
            "tinypackage-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        names = ("tinypackage.py", "tinypackage-1.0.dist-info/METADATA", "tinypackage-1.0.dist-info/WHEEL")
        rows = [f"{name},," for name in (*names, "tinypackage-1.0.dist-info/RECORD")]
        wheel.writestr("tinypackage-1.0.dist-info/RECORD", "\n".join(rows) + "\n")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _script(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def _wait_for(path: Path) -> str:
    until = time.monotonic() + LONGEST_S
    while not (path.exists() and path.read_text().strip()):
        assert time.monotonic() < until, f"{path} never came"
        time.sleep(0.02)
    return path.read_text().strip()


def test_the_first_start_installs_and_the_second_does_not(project: Project) -> None:
    (project.bin / "uv").unlink()  # nor can pip find one: it installs everything itself
    code, printed, told = project.run("demo", "--port", "1")
    assert (code, printed) == (7, f"tiny {project.root.parent} demo --port 1\n"), told
    assert "Setting up" in told and "packages installed" in told and "Traceback" not in told
    calls = project.calls.read_text()
    assert "--omit=dev" in calls and "--ignore-scripts" in calls
    assert project.run("again") == (7, f"tiny {project.root.parent} again\n", "")
    assert project.calls.read_text() == calls


def test_two_starts_at_once_install_once(project: Project) -> None:
    both = [project.begin("one"), project.begin("two")]
    ends = [process.communicate(timeout=LONGEST_S) for process in both]
    assert [process.returncode for process in both] == [7, 7], ends
    assert len(project.calls.read_text().splitlines()) == 1
    assert sum("Setting up" in told for _, told in ends) == 1


def test_an_interrupted_load_says_nothing(project: Project) -> None:
    (project.root / "server" / "commands.py").write_text("raise KeyboardInterrupt\n")
    code, printed, told = project.run()
    assert (code, printed) == (130, "") and "Traceback" not in told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_set_up_says_one_line_and_is_taken_up_again(project: Project, number: signal.Signals) -> None:
    hangs = project.root.parent / "npm-pid.txt"
    process = project.begin("demo", NPM_HANGS=str(hangs))
    npm = int(_wait_for(hangs))
    process.send_signal(number)
    printed, told = process.communicate(timeout=LONGEST_S)
    assert (process.returncode, printed) == (130, "")
    assert "the next start takes it up again" in told and "Traceback" not in told
    with pytest.raises(ProcessLookupError):
        os.kill(npm, 0)
    assert not (project.root / "static" / "node_modules").exists()
    assert project.run("demo")[0] == 7


def test_an_interrupt_waits_for_what_must_not_be_cut_in_two() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), bootstrap.Interrupts() as interrupts:
        with interrupts.held():
            os.kill(os.getpid(), signal.SIGTERM)
            done.append("noted")
        done.append("never reached")
    assert done == ["noted"]


def test_half_an_environment_is_made_anew(project: Project) -> None:
    assert project.run("demo")[0] == 7
    (environment,) = project.environments()
    (environment / "complete").unlink()
    (environment / "left-over").touch()
    assert project.run("demo")[0] == 7
    assert project.environments() == [environment] and not (environment / "left-over").exists()


def test_a_package_that_the_lock_does_not_vouch_for_is_refused(project: Project) -> None:
    (project.bin / "uv").unlink()
    project.lock("0" * 64)
    code, printed, told = project.run("demo")
    assert (code, printed) == (1, "")
    assert "a download is not what the lock file vouches for" in told and "Traceback" not in told
    assert not list(project.root.glob(".venv/*/complete"))


def test_an_earlier_environment_goes_once_nobody_lives_on_it(project: Project) -> None:
    staying = project.begin("stay")
    assert staying.stdout is not None and staying.stdout.readline().startswith("tiny")
    (first,) = project.environments()
    project.lock(hashlib.sha256(next(project.wheels.iterdir()).read_bytes()).hexdigest(), comment="# second\n")
    assert project.run("demo")[0] == 7
    assert first in project.environments() and len(project.environments()) == 2
    staying.communicate(timeout=LONGEST_S)
    project.lock(hashlib.sha256(next(project.wheels.iterdir()).read_bytes()).hexdigest(), comment="# third\n")
    assert project.run("demo")[0] == 7
    assert first not in project.environments() and len(project.environments()) == 1


def test_set_up_alone_says_where(project: Project) -> None:
    code, printed, _ = project.run("setup")
    assert code == 0 and printed == f"Set up in {project.environments()[0]}\n"


def test_an_image_with_all_packages_needs_no_set_up(project: Project) -> None:
    (project.root / "server" / "commands.py").write_text("def main(argv):\n    return 9\n")
    assert project.run("demo", WATCHROOM_SETUP="off") == (9, "", "")
    assert not (project.root / ".venv").exists()


def test_an_older_python_hands_over_to_a_newer_one(project: Project) -> None:
    older = [
        path
        for minor in (8, 9, 10)
        for path in glob.glob(f"{os.path.expanduser('~')}/.pyenv/versions/3.{minor}.*/bin/python3")
    ]
    os.symlink(os.path.realpath(sys.executable), project.bin / f"python3.{sys.version_info[1]}")
    for python in older[:1]:
        code, printed, told = project.run("demo", python=python)
        assert (code, printed) == (7, f"tiny {project.root.parent} demo\n"), told


def test_a_folder_that_cannot_be_written_is_one_sentence(project: Project) -> None:
    (project.root / ".venv").write_text("in the way")
    code, printed, told = project.run("demo")
    assert (code, printed) == (1, "")
    assert told.count("\n") == 1 and ".venv" in told


def test_a_project_that_cannot_be_written_keeps_its_packages_in_the_cache(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(project.root.parent / "cache"))
    monkeypatch.setattr(os, "access", lambda *_: False)
    environment = environments.locate(environments.RUN, str(project.root))
    cache = environments.cache_folder(str(project.root))
    assert environment.path.startswith(cache) and environment.front == os.path.join(cache, "front")
    assert cache.startswith(str(project.root.parent / "cache"))


def test_a_finished_environment_in_a_read_only_project_is_used(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert project.run("demo")[0] == 7
    (made,) = project.environments()
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(environments, "key", lambda *_: made.name)
    environment = environments.locate(environments.RUN, str(project.root))
    assert environment.path == str(made) and environment.front == str(project.root / "static")
    assert environments.ready(environment, str(project.root))
