"""Receipts: sent → delivered → shown → acknowledged. Pure.

Receipts come twice and in any order; the result is the same. A later state implies the earlier ones:
what was shown has been delivered, even if the receipt for that was lost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum


class Reached(IntEnum):
    """How far a piece of advice has come."""

    SENT = 0
    DELIVERED = 1
    SHOWN = 2
    ACKNOWLEDGED = 3


@dataclass(frozen=True, slots=True)
class Receipts:
    """When each state was reached (Unix seconds); None: not yet."""

    delivered_at: float | None = None
    shown_at: float | None = None
    acknowledged_at: float | None = None

    @property
    def reached(self) -> Reached:
        """The furthest state."""
        if self.acknowledged_at is not None:
            return Reached.ACKNOWLEDGED
        if self.shown_at is not None:
            return Reached.SHOWN
        return Reached.SENT if self.delivered_at is None else Reached.DELIVERED


def receive(receipts: Receipts, state: Reached, at: float) -> Receipts:
    """The receipts after one more: the earliest proof of each state counts."""
    return replace(
        receipts,
        delivered_at=_earliest(receipts.delivered_at, at) if state >= Reached.DELIVERED else receipts.delivered_at,
        shown_at=_earliest(receipts.shown_at, at) if state >= Reached.SHOWN else receipts.shown_at,
        acknowledged_at=(
            _earliest(receipts.acknowledged_at, at) if state >= Reached.ACKNOWLEDGED else receipts.acknowledged_at
        ),
    )


def _earliest(held: float | None, at: float) -> float:
    return at if held is None else min(held, at)
