"""Where recordings lie below the data folder, and how much room there is. Everything here blocks.

A media worker imports this too: neither this nor what it imports knows of a database, which takes 1.4 s to load.
"""

from __future__ import annotations

import errno
import shutil
from dataclasses import replace
from pathlib import Path

from server.recording.space import Space

RECORDINGS = "recordings"


def space_at(root: Path) -> Space:
    """Of the disk that `root` lies on; it is made if it is not there. Raises OSError."""
    root.mkdir(parents=True, exist_ok=True)
    usage = shutil.disk_usage(root)
    return Space(usage.free, usage.total)


def require_room(root: Path, more: int = 0) -> None:
    """Raises OSError (ENOSPC) when only the reserve is left, or would be once `more` bytes are written."""
    space = space_at(root)
    if replace(space, free=space.free - more).is_full:
        raise OSError(errno.ENOSPC, "the disk is full; the rest is kept for alerts and audit")
