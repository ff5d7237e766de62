"""The recordings' root folder on disk: what it is called, what lies in it, as rows. Everything here blocks."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import structlog

from server.clock import Clock
from server.errors import NotFound, WatchroomError
from server.private_file import write_private
from server.recording.disk import RECORDINGS, space_at
from server.recording.folder import JOURNAL, MANIFEST, SIGNATURE, RecordingFolder
from server.recording.library import Library
from server.recording.order import Keeping, RecordingNews
from server.recording.signing import EvidenceKey
from server.recording.skimming import Skimmed, skimmed
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

    def found(self, place: str, known: Mapping[str, Recording] | None = None) -> tuple[set[str], list[Recording]]:
        """The ids of all that lies here, and its rows, but for those that are `known` as closed and are signed: nothing of them
        changes. Of those that are known as open only the end is read: after a crash a force's cameras wait for all of them.
        One that cannot be read is told in the log, and left alone.
        """
        rows, ids = known or {}, self._library.ids()
        found = [self._as_known(rows[one]) if one in rows else self._row(one, place) for one in ids]
        return set(ids), [row for row in found if row is not None]

    def _as_known(self, row: Recording) -> Recording | None:
        """As it is by now; None for what has not changed."""
        if row.state is RecordingState.CLOSED and (self._root / row.id / SIGNATURE).is_file():
            return None
        if row.state is not RecordingState.OPEN:
            return self._row(row.id, row.place)
        try:
            entries = self._library.latest(row.id, float("inf"))
        except (OSError, WatchroomError):
            return self._row(row.id, row.place)
        numbers = {entry["layer"]: entry["n"] for entry in entries if entry["kind"] == "segment"}
        if not numbers or entries[-1]["kind"] == "closed":
            return self._row(row.id, row.place)
        ends = [entry["start"] + entry["duration"] for entry in entries if entry["kind"] == "segment"]
        # its figures are for people, and exact again with the next segment
        return replace(row, until=entries[0]["epoch"] + max(ends), segments=max(row.segments, sum(numbers.values())))

    def _row(self, recording_id: str, place: str) -> Recording | None:
        try:
            found = skimmed((self._root / recording_id / JOURNAL).read_bytes())
        except OSError as error:
            log.error("a recording cannot be read", recording_id=recording_id, reason=str(error))
            return None
        if not found.others or found.others[0].get("kind") != "opened":
            log.error("a recording has no beginning", recording_id=recording_id)
            return None
        row = _row(recording_id, found, place)
        if row.state is RecordingState.CLOSED and not (self._root / recording_id / MANIFEST).is_file():
            self._sign(recording_id, row.device_id)
        return row

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


def _row(recording_id: str, found: Skimmed, place: str) -> Recording:
    opened = found.others[0]
    closed = next((entry for entry in found.others if entry["kind"] == "closed"), None)
    return Recording(
        id=recording_id,
        device_id=opened["device_id"],
        call_sign=opened["call_sign"],
        wearer=opened["wearer"],
        why=opened["why"],
        asked_at=opened["asked_at"],
        place=place,
        until=opened["epoch"] + found.end if found.segments else None,
        ended_at=closed["ended_at"] if closed is not None else None,
        state=RecordingState.CLOSED if closed is not None else RecordingState.OPEN,
        segments=found.segments,
        bytes=found.recorded_bytes,
    )
