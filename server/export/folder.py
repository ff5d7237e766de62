"""Where one process keeps its bundles: a folder of its own below `exports`, locked for as long as the process lives.

Several processes share a data folder. A finished bundle has a file beside it that says what it is (`keep`): the next process
that starts takes it over from a dead one. Whatever else a dead one left goes then. Everything here blocks.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from server.private_file import sync_folder, write_private

OURS = re.compile(r"[0-9a-f]{32}(\.[a-z0-9]+)?")  # what else lies there, somebody else put there
BUNDLE, BESIDE = ".zip", ".json"


class OwnFolder:
    """`take` before use."""

    def __init__(self, root: Path) -> None:
        self.path = root / secrets.token_hex(16)
        self._root = root
        self._lock: int | None = None

    def take(self) -> list[dict[str, Any]]:
        """Make and lock this one's, and take over or remove what dead processes left. What is said of the finished bundles
        that lie in it now. Raises OSError."""
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _locked(self._root, fcntl.LOCK_EX):  # nobody removes a folder that another has made and not locked yet
            self.path.mkdir(mode=0o700)
            self._lock = _opened(self.path)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for left in sorted(self._root.iterdir()):
                if OURS.fullmatch(left.name) and left != self.path:
                    self._take_over(left)
        told = [_read(path) for path in sorted(self.path.glob(f"*{BESIDE}"))]
        return [one for one in told if one is not None]

    def bundle(self, export_id: str) -> Path:
        """Where it lies, or will."""
        return self.path / f"{export_id}{BUNDLE}"

    def find(self, export_id: str) -> Path | None:
        """Where a finished one lies, whichever process made it; None: nowhere any more."""
        return next((path for path in self._root.glob(f"*/{export_id}{BUNDLE}") if _is_finished(path)), None)

    def is_there(self, folder: str) -> bool:
        """Whether a process's folder still is."""
        return (self._root / folder).is_dir()

    def keep(self, export_id: str, told: dict[str, Any]) -> None:
        """It is finished, and outlives this process. Raises OSError."""
        write_private(self.path / f"{export_id}{BESIDE}", json.dumps(told).encode())
        sync_folder(self.path)

    def remove(self, export_id: str) -> None:
        """Whatever of it is there, whichever process made it. Raises OSError."""
        for path in self._root.glob(f"*/{export_id}.*"):
            path.unlink(missing_ok=True)

    def leave(self) -> None:
        """Remove it, but for finished bundles."""
        if self._lock is None:
            return
        for path in self.path.iterdir():
            if not _is_finished(path):
                path.unlink(missing_ok=True)
        with suppress(OSError):  # there are some
            self.path.rmdir()
        os.close(self._lock)
        self._lock = None

    def _take_over(self, left: Path) -> None:
        if not left.is_dir():
            left.unlink(missing_ok=True)
            return
        with suppress(BlockingIOError), _locked(left, fcntl.LOCK_EX | fcntl.LOCK_NB):  # held: its process lives
            # the bundle first: what stands in a file beside it has to be there
            for path in sorted(left.iterdir(), key=lambda one: one.suffix == BESIDE):
                if _is_finished(path) or (path.suffix == BESIDE and (self.path / f"{path.stem}{BUNDLE}").exists()):
                    path.rename(self.path / path.name)
            shutil.rmtree(left, ignore_errors=True)


def _is_finished(path: Path) -> bool:
    """Whether it is a bundle with its word beside it, or that word."""
    both = path.with_suffix(BUNDLE), path.with_suffix(BESIDE)
    return path in both and all(one.is_file() for one in both)


def _read(path: Path) -> dict[str, Any] | None:
    """None, and it goes with its bundle, if it cannot be read."""
    with suppress(ValueError):
        told = json.loads(path.read_bytes())
        if isinstance(told, dict) and told.get("id") == path.stem:
            return told
    path.with_suffix(BUNDLE).unlink(missing_ok=True)
    path.unlink()
    return None


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
