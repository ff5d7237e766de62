"""One viewer's numbering of one track: sequence numbers and timestamps go on without a jump, whatever feeds it.

Law: a sequence number of the viewer stands for one packet of one source for ever. Repeating it with other
bytes would repeat an AES-GCM nonce (RFC 7714 section 8.4), which gives the key's secrets away. So each source
has its own stretch of the viewer's numbers, stretches never overlap, and what lies before a stretch is refused.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from server.media.packet import unwrapped

Source = TypeVar("Source")
LOW = 0x8000
KEPT_STRETCHES = 4  # enough to repair what was lost around a change of layer


@dataclass(frozen=True, slots=True)
class Stretch(Generic[Source]):
    """From `starts_at` (the viewer's extended number) on, packets come from `source`.

    Add `sequence_shift` to the source's extended number, and `timestamp_shift` to its timestamp.
    """

    source: Source
    starts_at: int
    sequence_shift: int
    timestamp_shift: int


def _anywhere_low() -> tuple[int, int]:
    return 1 + secrets.randbits(12), secrets.randbits(32)


class SharedStart:
    """Of one source: the numbers with which viewers begin. Those who come while they are low see the same ones, so that
    a packet is prepared once for all of them. Low, because a receiver guesses the roll-over counter as 0: who joined
    near 65535 with loss would never decrypt. `choose` gives a number and a timestamp.
    """

    def __init__(self, choose: Callable[[], tuple[int, int]] = _anywhere_low) -> None:
        self._choose = choose
        self._sequence_shift: int | None = None
        self._timestamp_shift = 0

    def first(self, sequence: int, timestamp: int) -> tuple[int, int]:
        """The viewer's extended sequence number and timestamp for this first packet (extended number) of the source."""
        if self._sequence_shift is None or not 0 < sequence + self._sequence_shift < LOW:
            shown, shown_timestamp = self._choose()
            self._sequence_shift, self._timestamp_shift = shown - sequence, shown_timestamp - timestamp
        return sequence + self._sequence_shift, (timestamp + self._timestamp_shift) & 0xFFFFFFFF


@dataclass(slots=True)
class Progress:
    """How far a numbering has come: the extended number that follows, the newest timestamp, both as the viewer sees them."""

    following: int
    last_timestamp: int

    def note_sent(self, newest: int, timestamp: int) -> None:
        """A run up to the extended number `newest`, which has `timestamp`, goes out."""
        if newest >= self.following:
            self.following = newest + 1
        if 0 < (timestamp - self.last_timestamp) & 0xFFFFFFFF < 0x80000000:
            self.last_timestamp = timestamp


class Renumbering(Generic[Source]):
    """Starts at `first_sequence` (keep it low: a receiver guesses the roll-over counter as 0) and `first_timestamp`.

    `progress` is one object for all viewers who are sent the same packets under the same numbers (see Unison).
    """

    __slots__ = ("_first_timestamp", "_stretches", "current", "progress")

    def __init__(self, first_sequence: int, first_timestamp: int) -> None:
        self._first_timestamp = first_timestamp & 0xFFFFFFFF
        self.progress = Progress(first_sequence, self._first_timestamp)
        self._stretches: list[Stretch[Source]] = []
        self.current: Stretch[Source] | None = None  # the one that is being sent

    def start_at(self, first_sequence: int, first_timestamp: int) -> None:
        """Before anything was sent: begin with these instead."""
        self._first_timestamp = first_timestamp & 0xFFFFFFFF
        self.progress = Progress(first_sequence, self._first_timestamp)

    @property
    def last_timestamp(self) -> int:
        """The newest timestamp sent, as the viewer saw it."""
        return self.progress.last_timestamp

    def begin(self, source: Source, sequence: int, timestamp: int, elapsed_ticks: int) -> Stretch[Source]:
        """Go on with `source` at its extended `sequence`; `elapsed_ticks` after the last picture that was sent."""
        before, following = self.progress.last_timestamp, self.progress.following
        first = (before + max(1, elapsed_ticks)) & 0xFFFFFFFF if self._stretches else self._first_timestamp
        stretch = Stretch(source, following, following - sequence, (first - timestamp) & 0xFFFFFFFF)
        self._stretches = [*self._stretches[1 - KEPT_STRETCHES :], stretch]
        self.progress = Progress(following, first)
        self.current = stretch
        return stretch

    def admits(self, sequence: int) -> bool:
        """Whether the source's packet lies in the current stretch (a late one from before it does not)."""
        stretch = self._stretches[-1]
        return sequence + stretch.sequence_shift >= stretch.starts_at

    def takes(self, lowest: int, newest: int, timestamp: int) -> bool:
        """Whether all packets from `lowest` to `newest`, which has `timestamp`, lie in the current stretch (extended
        numbers). If so they count as sent.
        """
        stretch = self._stretches[-1]
        shift = stretch.sequence_shift
        if lowest + shift < stretch.starts_at:
            return False
        self.progress.note_sent(newest + shift, (timestamp + stretch.timestamp_shift) & 0xFFFFFFFF)
        return True

    def origin(self, viewer_sequence: int) -> tuple[Stretch[Source], int] | None:
        """Which stretch the viewer's 16-bit number belongs to, and the source's number; None if never sent."""
        following = self.progress.following
        extended = unwrapped(viewer_sequence, following - 1)
        if extended >= following:
            return None
        for stretch in reversed(self._stretches):
            if extended >= stretch.starts_at:
                return stretch, extended - stretch.sequence_shift
        return None
