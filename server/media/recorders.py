"""The seam behind which a process's cameras are recorded: recording/recorder, or nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from server.media.forwarder import Forwarder
from server.recording.order import RecordingOrder


class Recorders(Protocol):
    """Who records cameras in this process (recording/recorder). Plain calls."""

    @property
    def waiting_bytes(self) -> int:
        """What waits for the disk."""

    def start(self) -> None:
        """Begin."""

    def on_track(self, device_id: str, forwarder: Forwarder, ask_camera: Callable[[], None]) -> None:
        """A camera's track has its first packet; `ask_camera` has its key-frame requests looked at."""

    def on_away(self, device_id: str) -> None:
        """Its session has ended."""

    def record(self, device_id: str, order: RecordingOrder | None) -> None:
        """Record it into this recording; None: no longer. The same order again changes nothing."""

    def release(self, device_id: str) -> None:
        """Another process goes on with its recording."""

    async def close(self) -> None:
        """Everything that has come is written; recordings stay open for the next process."""


class NoRecorders:
    """Nothing is recorded: an engine that is measured, or tried alone."""

    waiting_bytes = 0

    def start(self) -> None:
        """See Recorders."""

    def on_track(self, device_id: str, forwarder: Forwarder, ask_camera: Callable[[], None]) -> None:
        """See Recorders."""

    def on_away(self, device_id: str) -> None:
        """See Recorders."""

    def record(self, device_id: str, order: RecordingOrder | None) -> None:
        """See Recorders."""

    def release(self, device_id: str) -> None:
        """See Recorders."""

    async def close(self) -> None:
        """See Recorders."""
