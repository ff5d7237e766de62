"""The recordings' root folder on disk: what it is called, what lies in it, as rows. Everything here blocks."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

import structlog

from server.clock import Clock
from server.errors import NotFound, WatchroomError
from server.private_file import write_private
from server.recording.disk import RECORDINGS, space_at
from server.recording.folder import SIGNATURE, RecordingFolder
from server.recording.library import Library
from server.recording.order import Keeping, RecordingNews
from server.recording.signing import EvidenceKey
from server.recording.space import Space
from server.recording.store import Recording, RecordingState

log = structlog.get_logger(__name__)

PLACE = "place.id"


class Upkeep:
    """Of one data folder."""

    def __init__(self, data: Path, library: Library, clock: Clock) -> None:
        self._data = data
        self._root = data / RECORDINGS
        self._library = library
        self._clock = clock

    def place(self) -> str:
        """What this folder is called among several hosts'. Raises OSError."""
        self._root.mkdir(parents=True, exist_ok=True)
        path = self._root / PLACE
        if not path.exists():
            own = path.with_name(f"{PLACE}.{secrets.token_hex(4)}")
            write_private(own, secrets.token_hex(8).encode())
            try:
                os.link(own, path)  # of two processes at once, the first one's stays
            except FileExistsError:
                log.info("the recordings' folder was named by another process")
            own.unlink()
        return path.read_text().strip()

    def space(self) -> Space:
        """How much room there is. Raises OSError."""
        return space_at(self._root)

    def found(self, place: str, sealed: frozenset[str] = frozenset()) -> tuple[set[str], list[Recording]]:
        """The ids of all that lies here, and its rows, but for those of `sealed` that are signed: nothing of them changes,
        and to read ten thousand journals takes minutes. One that cannot be read is told in the log, and left alone.
        """
        ids = self._library.ids()
        unknown = [one for one in ids if one not in sealed or not (self._root / one / SIGNATURE).is_file()]
        return set(ids), [row for row in (self._row(one, place) for one in unknown) if row is not None]

    def _row(self, recording_id: str, place: str) -> Recording | None:
        try:
            entries = self._library.entries(recording_id)
        except (OSError, WatchroomError) as error:
            log.error("a recording cannot be read", recording_id=recording_id, reason=str(error))
            return None
        if not entries or entries[0].get("kind") != "opened":
            log.error("a recording has no beginning", recording_id=recording_id)
            return None
        if entries[-1]["kind"] == "closed" and self._library.manifest(recording_id) is None:
            self._sign(recording_id, entries[0]["device_id"])
        return _row(recording_id, entries, place)

    def _sign(self, recording_id: str, device_id: str) -> None:
        """Its end stands in the journal; whoever wrote that was ended before it could sign."""
        try:
            self.close_left(recording_id, device_id)
        except (OSError, WatchroomError) as error:
            log.warning("a closed recording is not signed yet", recording_id=recording_id, reason=str(error))

    def close_left(self, recording_id: str, device_id: str) -> RecordingNews:
        """Seal a recording that nobody writes any more. Raises OSError, Conflict while somebody does."""
        try:
            folder = RecordingFolder.resume(self._root, recording_id, self._clock, "server-restart")
        except NotFound:
            return RecordingNews(recording_id, device_id, Keeping.CLOSED)
        until = folder.epoch + folder.next_media_time
        folder.close("left-open", until, EvidenceKey.of(self._data))
        return RecordingNews(recording_id, device_id, Keeping.CLOSED, sum(folder.last.values()), folder.bytes, until)


def _row(recording_id: str, entries: list[dict[str, Any]], place: str) -> Recording:
    opened = entries[0]
    segments = [entry for entry in entries if entry["kind"] == "segment"]
    closed = next((entry for entry in entries if entry["kind"] == "closed"), None)
    ends = [opened["epoch"] + entry["start"] + entry["duration"] for entry in segments]
    return Recording(
        id=recording_id,
        device_id=opened["device_id"],
        call_sign=opened["call_sign"],
        wearer=opened["wearer"],
        why=opened["why"],
        asked_at=opened["asked_at"],
        place=place,
        until=max(ends, default=None),
        ended_at=closed["ended_at"] if closed is not None else None,
        state=RecordingState.CLOSED if closed is not None else RecordingState.OPEN,
        segments=len(segments),
        bytes=sum(entry["bytes"] for entry in segments),
    )
