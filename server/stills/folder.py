"""Where stills are kept: DATA/stills, a folder for each recording. Everything here blocks.

They lie beside the recordings, not in them: whatever lies in a recording is evidence, and the verifier blames what is not in
its journal. Each can be made again, and goes with its recording (recording/removal).
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import structlog

from server.replay.footage import Placed
from server.replay.view import RECORDING_ID

log = structlog.get_logger(__name__)

STILLS = "stills"  # below DATA
RequireRoom = Callable[[Path, int], None]  # the folder, bytes that are to come; raises OSError


class StillFolder:
    """`is_there` says whether a recording still lies on disk."""

    def __init__(self, root: Path, require_room: RequireRoom, is_there: Callable[[str], bool]) -> None:
        self._root = root
        self._require_room = require_room
        self._is_there = is_there

    def load(self, part: Placed) -> bytes | None:
        """The still of this segment, if it was made."""
        try:
            return self._path(part).read_bytes()
        except FileNotFoundError:
            return None

    def save(self, part: Placed, jpeg: bytes) -> None:
        """Keep it. A disk that is full keeps recordings, not pictures of them: then it is made again another time."""
        path = self._path(part)
        own = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        try:
            self._require_room(self._root, len(jpeg))
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
                file.write(jpeg)
            own.rename(path)  # whole or not at all: another process may look for it
        except OSError as error:
            own.unlink(missing_ok=True)
            log.info("a still is not kept", recording_id=part.recording_id, reason=str(error))
        if not self._is_there(part.recording_id):  # deleted meanwhile
            shutil.rmtree(path.parent, ignore_errors=True)

    def tidy(self) -> None:
        """Take away the stills of what is deleted: a process that ends while it saves one may leave some."""
        for left in [*self._root.iterdir()] if self._root.is_dir() else []:
            if RECORDING_ID.fullmatch(left.name) and not self._is_there(left.name):
                shutil.rmtree(left, ignore_errors=True)  # another process may be at it

    def _path(self, part: Placed) -> Path:
        return self._root / part.recording_id / f"{part.layer}-{part.n:06d}.jpg"
