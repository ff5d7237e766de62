"""What a media engine is told to record. Pure, plain data: it crosses to a worker process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self


class Keeping(StrEnum):
    """Whether what is recorded is kept."""

    KEPT = "kept"  # it lies on disk, at most some seconds behind
    FAILING = "failing"  # it cannot be written; live goes on, and it is tried again
    CLOSED = "closed"  # sealed: nothing follows
    ABANDONED = "abandoned"  # its journal is damaged, or closed: it is left as it is, and another one must follow


@dataclass(frozen=True, slots=True)
class RecordingOrder:
    """Record this camera into this recording, from the pre-event buffer on. `asked_at`: server's Unix seconds."""

    recording_id: str
    device_id: str
    call_sign: str
    wearer: dict[str, Any] | None
    why: str
    asked_at: float

    def as_map(self) -> dict[str, Any]:
        """For another process."""
        return asdict(self)

    @classmethod
    def of_map(cls, found: Mapping[str, Any]) -> Self:
        """See as_map."""
        return cls(**found)


@dataclass(frozen=True, slots=True)
class RecordingNews:
    """How a recording goes. `until`: server's Unix seconds of the last moment that lies on disk, None before the first."""

    recording_id: str
    device_id: str
    keeping: Keeping
    segments: int = 0
    bytes: int = 0
    until: float | None = None
    reason: str = ""

    def as_map(self) -> dict[str, Any]:
        """For another process."""
        return {**asdict(self), "keeping": self.keeping.value}

    @classmethod
    def of_map(cls, found: Mapping[str, Any]) -> Self:
        """See as_map."""
        return cls(**{**found, "keeping": Keeping(found["keeping"])})


OnRecording = Callable[[RecordingNews], None]


def unheard(_news: RecordingNews) -> None:
    """An OnRecording where nothing is recorded."""
