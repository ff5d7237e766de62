"""Packets of one source in the order of their numbers. Pure.

A recorder has time where a viewer has none: it waits for a repair as long as one may still be asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from server.media.packet_cache import Entry

WAIT_S = 1.2  # the inlet asks for a missing packet for 1.0 s (media/loss), and the last answer needs a round trip
MOST_HELD = 1024  # packets behind one hole: 4 s of 3 Mbit/s


Arrived = tuple[bytes, float]
"""A packet, and when it came (monotonic seconds)."""


@dataclass(frozen=True, slots=True)
class Lost:
    """So many packets never came."""

    packets: int


class Reorder:
    """`put` what comes, then `take` what is in order; times are monotonic seconds.

    `begins_after_s`: for so long after the first one another may come that lies before it.
    """

    def __init__(self, begins_after_s: float = 0.0) -> None:
        self._begins_after_s = begins_after_s
        self._begins_at: float | None = None  # until then nothing is taken; None once something was
        self._next: int | None = None
        self._held: dict[int, Arrived] = {}
        self.late = 0  # came after they had been given up

    def put(self, entries: Sequence[Entry], now: float) -> None:
        """Extended sequence numbers with their packets, in any order, also twice."""
        if not entries:
            return
        first = min(sequence for sequence, _ in entries)
        if self._next is None:
            self._begins_at = now + self._begins_after_s
        elif self._begins_at is None or self._next < first:
            first = self._next
        self._next = first
        for sequence, packet in entries:
            if sequence >= first:
                self._held.setdefault(sequence, (packet, now))
            else:
                self.late += 1

    def take(self, now: float) -> Iterator[Arrived | Lost]:
        """What is due at `now`, in order: packets, and `Lost` where the wait for one is over."""
        held = self._held
        if self._begins_at is not None and now < self._begins_at:
            return
        while held and self._next is not None:
            self._begins_at = None
            found = held.pop(self._next, None)
            if found is not None:
                yield found
                self._next += 1
                continue
            first = min(held)
            if now - held[first][1] < WAIT_S and len(held) <= MOST_HELD:
                return
            yield Lost(first - self._next)
            self._next = first

    def flush(self) -> Iterator[Arrived | Lost]:
        """All that is held, holes told: nothing more comes of this source."""
        self._begins_at = None
        while self._held:
            first = min(self._held)
            if self._next is not None and first > self._next:
                yield Lost(first - self._next)
            yield self._held.pop(first)
            self._next = first + 1
