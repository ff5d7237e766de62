"""How much room recordings have left, and from when on somebody must know. Pure."""

from __future__ import annotations

from dataclasses import dataclass

# Kept free for the database and the audit: alerts go on when recording cannot. Of a small disk a fiftieth.
RESERVE_BYTES = 256 << 20
RESERVE_PART = 50
LOW_SHARE = 0.15
SCARCE_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Space:
    """Bytes of the disk on which recordings lie."""

    free: int
    total: int

    @property
    def share(self) -> float:
        """Of the disk that is free, 0 to 1."""
        return self.free / self.total if self.total else 0.0

    @property
    def is_full(self) -> bool:
        """Only the reserve is left: nothing is recorded any more."""
        return self.free < min(RESERVE_BYTES, self.total // RESERVE_PART)

    @property
    def warning(self) -> str:
        """What an engineer must know, "" while there is room."""
        for share in (SCARCE_SHARE, LOW_SHARE):
            if self.share < share:
                return f"less than {share:.0%} of the disk for recordings is free"
        return ""
