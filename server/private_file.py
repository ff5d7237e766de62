"""Files that only their owner may read, keys and passwords, and how a name becomes safe on disk."""

from __future__ import annotations

import os
from pathlib import Path


def write_private(path: Path, content: bytes) -> None:
    """Write `path` (mode 0600 from its first byte on), replacing an older one in one step, never half written.

    Raises OSError.
    """
    unfinished = path.with_suffix(path.suffix + ".new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def destroy_private(path: Path) -> None:
    """Overwrite and remove a key: what it opened, or a copy of that elsewhere, can be read no more. Raises OSError."""
    with path.open("r+b", 0) as file:
        file.write(bytes(path.stat().st_size))
        os.fsync(file)
    path.unlink()
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Names that were given or taken in `folder` are safe on disk when this returns. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
