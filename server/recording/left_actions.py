"""Recordings that were let go here because their camera's picture went to another process.

One that shares this data folder goes on in them. One that does not begins its own: then nobody writes the old one any more,
and it is for this process to close it.
"""

from __future__ import annotations

from server.clock import Clock
from server.errors import Unavailable
from server.recording.store import Recording, RecordingStore


class LeftOpen:
    """Of one process; by device."""

    def __init__(self, store: RecordingStore, clock: Clock, continue_s: float) -> None:
        self._store = store
        self._clock = clock
        self._continue_s = continue_s  # a camera that comes back within this time goes on in the same recording
        self._left: dict[str, Recording] = {}

    def add(self, recording: Recording) -> None:
        """It was let go."""
        self._left[recording.device_id] = recording

    def back(self, device_id: str) -> None:
        """The camera is recorded here again."""
        self._left.pop(device_id, None)

    async def due(self) -> list[Recording]:
        """Those that nobody goes on with; each once. While the database is away, none."""
        found = []
        for device_id, recording in list(self._left.items()):
            try:
                newest = await self._store.open_of(device_id)
            except Unavailable:
                break
            is_written = newest is not None and newest.id == recording.id and not self._is_old(newest)
            if not is_written:
                self.back(device_id)
                found += [recording] if newest is not None else []  # None: another process has closed it
        return found

    def _is_old(self, recording: Recording) -> bool:
        return self._clock.wall() - (recording.until or recording.asked_at) > self._continue_s
