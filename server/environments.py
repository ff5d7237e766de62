"""Where the installed packages lie, by what key, and which of them are whole. Standard library only, parses under 3.8.

An environment is a folder `.venv/<kind>-<lock>-<interpreter>`. It is whole once its mark exists: the mark is written
last, so an interrupted installation never looks finished. A running program holds a shared lock on the mark, so that
nobody clears its packages away.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

try:
    import fcntl
except ImportError:  # Windows: the bootstrap says so in one sentence
    fcntl = None  # type: ignore[assignment]

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RUN, TESTS = "run", "tests"
LOCK_FILES = {RUN: "requirements.txt", TESTS: "requirements-tests.txt"}
FRONT_FILES = ("package.json", "package-lock.json")
NAME = re.compile(r"(run|tests)-([0-9a-f]{12})-[0-9a-f]{8}$")


@dataclass(frozen=True)
class Environment:
    """A virtual environment for one kind of work (`run` or `tests`), and the browser packages that go with it."""

    kind: str
    path: str
    front: str  # the folder in which `npm ci` runs: static/, or a copy where that cannot be written

    @property
    def home(self) -> str:
        """The folder that holds this environment, its siblings and the lock against a double start."""
        return os.path.dirname(self.path)

    @property
    def python(self) -> str:
        """The environment's own interpreter."""
        return os.path.join(self.path, "bin", "python")

    @property
    def site_packages(self) -> str:
        """Where the environment's packages lie."""
        return os.path.join(self.path, "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages")

    @property
    def mark(self) -> str:
        """The file whose existence says that the environment is whole."""
        return os.path.join(self.path, "complete")

    @property
    def node_modules(self) -> str:
        """Where the browser packages lie."""
        return os.path.join(self.front, "node_modules")

    @property
    def front_mark(self) -> str:
        """The file that says for which lock, and for which kind, the browser packages are whole."""
        return os.path.join(self.node_modules, ".watchroom")


def locate(kind: str, root: str = ROOT) -> Environment:
    """The environment for this interpreter and today's lock file, whether it is there yet or not."""
    inside = os.path.join(root, ".venv", key(kind, root))
    static = os.path.join(root, "static")
    here = Environment(kind, inside, static)
    writable = os.access(root, os.W_OK) and (not os.path.exists(here.home) or os.access(here.home, os.W_OK))
    outside = cache_folder(root)
    if not (writable or python_ready(here)):
        here = Environment(kind, os.path.join(outside, os.path.basename(inside)), static)
    if not (os.access(static, os.W_OK) or front_ready(here, root)):
        here = Environment(kind, here.path, os.path.join(outside, "front"))
    return here


def cache_folder(root: str) -> str:
    """Where a project folder that cannot be written keeps its packages: the person's cache, by the folder's path."""
    usual = os.path.join(os.path.expanduser("~"), "Library/Caches" if sys.platform == "darwin" else ".cache")
    return os.path.join(os.environ.get("XDG_CACHE_HOME") or usual, "watchroom", digest(root.encode())[:12])


def key(kind: str, root: str = ROOT) -> str:
    """The folder's name: the same lock file and interpreter give the same one."""
    machine = os.uname().machine if hasattr(os, "uname") else ""
    interpreter = f"{sys.version}\n{sys.base_prefix}\n{machine}".encode()
    return "-".join((kind, lock_digest(kind, root), digest(interpreter)[:8]))


def lock_digest(kind: str, root: str) -> str:
    """The part of the key that changes with the lock file."""
    return digest(read(os.path.join(root, LOCK_FILES[kind])))[:12]


def front_digest(root: str = ROOT) -> str:
    """Changes with the browser packages that are asked for."""
    return digest(b"\0".join(read(os.path.join(root, "static", name)) for name in FRONT_FILES))[:12]


def python_ready(environment: Environment) -> bool:
    """Whether the Python packages are whole."""
    return os.path.exists(environment.mark) and os.path.exists(environment.python)


def front_ready(environment: Environment, root: str = ROOT) -> bool:
    """Whether the browser packages are whole; those for tests serve a plain run as well."""
    try:
        kind, _, found = read(environment.front_mark).decode().strip().partition(" ")
    except OSError:
        return False
    return found == front_digest(root) and (kind == TESTS or environment.kind == RUN)


def ready(environment: Environment, root: str = ROOT) -> bool:
    """Whether nothing is left to install."""
    return python_ready(environment) and front_ready(environment, root)


def write_mark(path: str, text: str) -> None:
    """Write a mark so that a loss of power leaves either none or all of it."""
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path))
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(temporary, 0o644)  # another account may run from a folder that it cannot write
    os.replace(temporary, path)


def locked_block(lock_text: str, name: str) -> str:
    """One package's lines, with its hashes, out of a lock file."""
    blocks = re.split(r"\n(?=[A-Za-z0-9])", "\n" + lock_text)
    return next(block.strip() + "\n" for block in blocks if block.strip().startswith(name + "=="))


@contextmanager
def held(path: str, waiting: str) -> Iterator[None]:
    """Hold the lock against a double start; `waiting` is called once when another process has it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(waiting, file=sys.stderr, flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def occupy(environment: Environment) -> int:
    """Say that this process lives on the environment, until it ends; returns the descriptor that says so."""
    descriptor = os.open(environment.mark, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def clear_stale(home: str, root: str = ROOT) -> list[str]:
    """Remove environments of earlier lock files that nobody runs on, and unfinished ones. Call under the lock."""
    current = {kind: lock_digest(kind, root) for kind in LOCK_FILES}
    removed = []
    for name in sorted(os.listdir(home)):
        named, mark = NAME.match(name), os.path.join(home, name, "complete")
        if named is None or (current[named[1]] == named[2] and os.path.exists(mark)):
            continue
        if not _occupied(mark):
            shutil.rmtree(os.path.dirname(mark))
            removed.append(name)
    return removed


def _occupied(mark: str) -> bool:
    if not os.path.exists(mark):
        return False
    with open(mark) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def read(path: str) -> bytes:
    """A file's bytes."""
    with open(path, "rb") as file:
        return file.read()
