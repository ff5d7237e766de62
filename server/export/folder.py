"""Where one process keeps its bundles: a folder of its own below `exports`, locked for as long as the process lives.

Several processes share a data folder. What a dead one left, nobody can fetch any more: it goes at the next start.
Everything here blocks.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

OURS = re.compile(r"[0-9a-f]{32}(\.[a-z0-9]+)?")  # what else lies there, somebody else put there


class OwnFolder:
    """`take` before use."""

    def __init__(self, root: Path) -> None:
        self.path = root / secrets.token_hex(16)
        self._root = root
        self._lock: int | None = None

    def take(self) -> None:
        """Remove what dead processes left, and make and lock this one's. Raises OSError."""
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _locked(self._root, fcntl.LOCK_EX):  # nobody removes a folder that another has made and not locked yet
            for left in sorted(self._root.iterdir()):
                if OURS.fullmatch(left.name):
                    _remove_if_left(left)
            self.path.mkdir(mode=0o700)
            self._lock = _opened(self.path)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def leave(self) -> None:
        """Remove it with all that is in it: without its process nobody can fetch a bundle."""
        if self._lock is not None:
            shutil.rmtree(self.path, ignore_errors=True)  # the next start removes what could not be
            os.close(self._lock)
            self._lock = None


def _remove_if_left(path: Path) -> None:
    if not path.is_dir():
        path.unlink(missing_ok=True)
        return
    with suppress(BlockingIOError), _locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB):  # held: its process lives
        shutil.rmtree(path, ignore_errors=True)


def _opened(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    descriptor = _opened(folder)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)
