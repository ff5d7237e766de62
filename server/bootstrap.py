"""Makes a fresh machine ready, then goes on in the right Python. Standard library only, parses under Python 3.8.

Shared by `python3 -m server`, `python3 -m streamer`, `python3 -m tests` and `python3 -m tests.bench`:

    sys.exit(enter("streamer", "streamer.command:main", sys.argv[1:]))

The lock files are made again, after a change of pyproject.toml, by these three (uv from the tests' environment):

    L="uv pip compile --universal --fork-strategy fewest --generate-hashes --no-header --no-emit-index-url"
    $L --python-version 3.11 pyproject.toml -o requirements.txt
    $L --python-version 3.11 pyproject.toml --extra tests -c requirements.txt -o requirements-tests.txt
    $L --python-version 3.11 --group setup -o requirements-setup.txt
"""

from __future__ import annotations

import gc
import importlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from server import environments, interpreters
from server.environments import ROOT, RUN, TESTS, Environment
from server.installation import WHEEL_NODE, Installation, SetUpError

if TYPE_CHECKING:
    from typing import Self

__all__ = ["RUN", "TESTS", "SetUpError", "enter", "loading", "node_command", "prepare"]

# Set for the environment's own Python and its children: nothing is left to look for.
ENTERED = "WATCHROOM_ENVIRONMENT"
# `off`: this Python already has every package (an image, a distribution's own build).
SETUP = "WATCHROOM_SETUP"
# Where the browser packages lie when it is not static/node_modules; the server's static route reads it.
NODE_MODULES = "WATCHROOM_NODE_MODULES"
# A connection of 2 Mbit/s needs about 12 minutes for the packages.
LONGEST_S = 1800
# The oldest Node.js that does: npm alone is content with less than eslint 10.
OLDEST_NODE = {RUN: (16, 0), TESTS: (20, 19)}
# Variables that would send an installer elsewhere than into the environment.
MISLEADING = frozenset(
    ["PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX", "PIP_USER", "UV_TARGET", "UV_PREFIX"]
)


def enter(package: str, entry: str, argv: Sequence[str], kind: str = RUN) -> int:
    """Run `entry` (`module:function`, given argv, returns an exit code) in an environment that has all it needs.

    The first time on a machine this installs; it then replaces this process by the environment's Python, which comes
    through here again. Returns the exit code.
    """
    code = prepare(package, argv, kind)
    if code is not None:
        return code
    module, _, function = entry.partition(":")
    try:
        with loading():
            main = getattr(importlib.import_module(module), function)
    except KeyboardInterrupt:  # loading takes a second or two; Ctrl-C then deserves no trace either
        return 130
    return int(main(list(argv)))


@contextmanager
def loading() -> Iterator[None]:
    """A block that loads modules. Nothing of them is garbage, and to look for some takes a tenth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # nor is it ever looked at again: all packets would wait for that, 60 ms each time
        gc.enable()


def prepare(package: str, argv: Sequence[str] | None = None, kind: str = RUN) -> int | None:
    """Install what is missing. None: this very process may go on; a number: exit with it.

    With `argv`, a process that is not in the environment is replaced by one that is. Without, set-up is all there is.
    """
    entered = os.environ.get(SETUP) == "off" or _inside(kind)
    if entered and argv is not None:
        return None
    try:
        with Interrupts() as interrupts:
            if entered:
                return 0
            if not interpreters.suits(sys.version_info[:2]):
                _change_interpreter(package, ["setup"] if argv is None else argv)
            environment = _installed(kind, interrupts)
    except SetUpError as problem:
        _say(str(problem))
        return 1
    except KeyboardInterrupt:
        _say("Set-up stopped before it was finished; the next start takes it up again.")
        return 130
    except OSError as problem:
        _say(f"Set-up cannot write or run {problem.filename or 'a file'}: {problem.strerror or problem}.")
        return 1
    if argv is not None:
        _go_on_in(environment, package, argv)
    print(f"Set up in {environment.path}")
    return 0


def _inside(kind: str) -> bool:
    entered = os.environ.get(ENTERED, "")
    if not entered or not os.path.isdir(entered) or not os.path.samefile(sys.prefix, entered):
        return False
    # The tests' packages include all that a run needs.
    return os.path.basename(entered).startswith((kind + "-", TESTS + "-"))


def _go_on_in(environment: Environment, package: str, argv: Sequence[str]) -> NoReturn:
    os.environ[ENTERED] = environment.path
    if environment.front != os.path.join(ROOT, "static"):
        os.environ[NODE_MODULES] = environment.node_modules
    os.set_inheritable(environments.occupy(environment), True)
    _replace(environment.python, package, argv)


def _replace(python: str, package: str, argv: Sequence[str]) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    # By its folder, not by -m: whatever the working directory is, it may hold a package of the same name.
    os.execv(python, [python, os.path.join(ROOT, *package.split(".")), *argv])


def _change_interpreter(package: str, argv: Sequence[str]) -> None:
    """Go on in a suitable Python of this machine. Raises SetUpError when it has none."""
    for path in interpreters.candidates(os.environ, os.path.expanduser("~")):
        found = _output([path, "-c", interpreters.PROBE]).split()
        if found[:1] == ["cpython"] and interpreters.suits(tuple(map(int, found[1:]))):
            _replace(path, package, argv)
    if sys.version_info >= interpreters.OLDEST:
        return  # newer than any that was tried: it may well work
    try:
        release = environments.read("/etc/os-release").decode()
    except OSError:
        release = ""
    raise SetUpError(interpreters.what_to_install(sys.version_info[:2], release))


def _installed(kind: str, interrupts: Interrupts) -> Environment:
    """The whole environment for `kind`, installed now if need be."""
    if os.name != "posix":
        raise SetUpError("Watchroom runs on Linux and macOS; on Windows, start it inside WSL.")
    environment = environments.locate(kind)
    if environments.ready(environment):
        return environment
    waiting = "Another start of Watchroom is setting up; waiting for it."
    with environments.held(os.path.join(environment.home, "lock"), waiting):
        if not environments.ready(environment):
            _install(environment, interrupts)
    return environment


def _install(environment: Environment, interrupts: Interrupts) -> None:
    _say(f"Setting up in {environment.home} (once; about half a minute on an ordinary connection)")
    for name in environments.clear_stale(environment.home):
        _say(f"removed {name}, which belonged to an earlier version")
    node = _machine_node(environment.kind)
    npm = shutil.which("npm") if node else None
    with Installation(environment, ROOT, Installer, _say, interrupts.held) as installation:
        installation.run([npm] if npm else None)


def node_command(environment: Environment) -> str | None:
    """The Node.js that the checks run on: the machine's own if it is new enough, otherwise the environment's."""
    wheel = os.path.join(environment.site_packages, WHEEL_NODE)
    return _machine_node(environment.kind) or (wheel if os.path.exists(wheel) else None)


def _machine_node(kind: str) -> str | None:
    node = shutil.which("node")
    if node is None:
        return None
    parts = _output([node, "--version"]).strip().lstrip("v").split(".")
    version = tuple(int(part) for part in parts[:2] if part.isdigit())
    return node if version >= OLDEST_NODE[kind] else None


class Installer:
    """A started pip, uv or npm, whose printing is kept for the case that it fails."""

    def __init__(self, command: Sequence[str], folder: str) -> None:
        self._printed = tempfile.TemporaryFile()  # noqa: SIM115 - stop() closes it
        self._process = subprocess.Popen(
            list(command),
            cwd=folder,
            env=_environ(),
            stdin=subprocess.DEVNULL,
            stdout=self._printed,
            stderr=subprocess.STDOUT,
        )

    def finish(self) -> str:
        """Wait for it. Returns an empty text when all went well, otherwise the end of what it printed."""
        try:
            code = self._process.wait(LONGEST_S)
        except subprocess.TimeoutExpired:
            return f"timed out after {LONGEST_S // 60} minutes"
        self._printed.seek(0)
        printed = self._printed.read().decode(errors="replace")[-20_000:]
        return "" if code == 0 else printed or f"it ended with code {code}"

    def stop(self) -> None:
        """End it if it still runs, and wait until it has gone."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._printed.close()


def _environ() -> dict[str, str]:
    environ = {name: value for name, value in os.environ.items() if name not in MISLEADING}
    index = environ.get("PIP_INDEX_URL")
    if index:
        environ.setdefault("UV_DEFAULT_INDEX", index)
    # The machine's own certificates, for all three: an organisation's network often adds one.
    environ.update(NODE_USE_SYSTEM_CA="1", UV_SYSTEM_CERTS="1", PIP_DISABLE_PIP_VERSION_CHECK="1", UV_NO_PROGRESS="1")
    environ["NODE_DISABLE_COMPILE_CACHE"] = "1"  # npm would leave a folder among the temporary ones
    return environ


def _output(command: Sequence[str]) -> str:
    """What a short command prints; nothing if it fails."""
    try:
        done = subprocess.run(
            list(command), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _say(text: str) -> None:
    print("Watchroom: " + text, file=sys.stderr, flush=True)


class Interrupts:
    """SIGINT and SIGTERM raise KeyboardInterrupt: a polite kill ends set-up as Ctrl-C does, installers and all."""

    def __init__(self) -> None:
        self._held = False
        self._came = False
        self._before: list[tuple[int, object]] = []

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before.append((number, signal.signal(number, self._stop)))
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before:
            signal.signal(number, before)  # type: ignore[arg-type]  # what signal() itself gave

    def _stop(self, _number: int, _frame: object) -> None:
        self._came = True
        if not self._held:
            raise KeyboardInterrupt

    @contextmanager
    def held(self) -> Iterator[None]:
        """An interrupt within the block is raised when the block is left."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._came:
            raise KeyboardInterrupt
