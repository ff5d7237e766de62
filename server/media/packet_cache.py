"""The last packets of one track, as they were sent: they answer NACKs and give a new viewer the last key frame."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from server.media.packet import is_filler, timestamp_of

Entry = tuple[int, bytes]
"""The camera's extended sequence number, and the canonical packet."""


class PacketCache:
    """A ring of `size` packets (a power of two) by extended sequence number.

    Less is cheaper: what comes takes the place of what was let go last, and 1.2 MB of packets do not stay in a processor's
    cache (1024 kept instead of 300 cost a camera of 1.5 Mbit/s a fifth of its processor time).
    """

    def __init__(self, size: int) -> None:
        if size < 1 or size & (size - 1):
            raise ValueError(f"the size must be a power of two, not {size}")
        self._mask = size - 1
        self._slots: list[Entry | None] = [None] * size
        self._key_at: int | None = None
        self._newest: int | None = None
        self._oldest: int | None = None  # what lies before is let go

    def put(self, sequence: int, packet: bytes, *, key: bool = False) -> None:
        """Keep one packet; `key` as in `put_all`."""
        self.put_all(((sequence, packet),), (sequence,) if key else ())

    def put_all(self, entries: Iterable[Entry], keys: Collection[int] = ()) -> None:
        """Keep these packets. A key frame starts with those of `keys`, or one of its parts does: the first of them counts.

        What is older than the ring is ignored, and what comes for a filler: it was sent so, and repairs repeat it.
        """
        slots, mask, newest = self._slots, self._mask, self._newest
        for entry in entries:
            sequence = entry[0]
            if newest is None or sequence > newest:
                self._newest = newest = sequence
            elif self.is_old(sequence):
                continue
            slot = slots[sequence & mask]
            if slot is not None and slot[0] == sequence and is_filler(slot[1]):
                continue
            slots[sequence & mask] = entry
            if keys and sequence in keys and self._starts_earlier_or_anew(sequence, entry[1]):
                self._key_at = sequence

    def _starts_earlier_or_anew(self, sequence: int, packet: bytes) -> bool:
        """SPS, PPS and IDR share a timestamp, and may come in any order."""
        if self._key_at is None:
            return True
        known = self.get(self._key_at)
        is_same = known is not None and timestamp_of(known) == timestamp_of(packet)
        return sequence < self._key_at if is_same else sequence > self._key_at

    def get(self, sequence: int) -> bytes | None:
        """The packet with this extended sequence number, None if it never came or is too old."""
        slot = self._slots[sequence & self._mask]
        if slot is None or slot[0] != sequence or self._newest is None or self.is_old(sequence):
            return None
        return slot[1]

    def is_old(self, sequence: int) -> bool:
        """Whether it lies before all that can be kept."""
        if self._newest is None:
            return False
        return sequence < self._newest - self._mask or (self._oldest is not None and sequence < self._oldest)

    def let_go(self, before: int) -> None:
        """Nobody needs the packets before this extended sequence number: those are old from now on."""
        newest, slots, mask = self._newest, self._slots, self._mask
        if newest is None or before > newest:
            return
        oldest = max(self._oldest or 0, newest - mask)
        if before > oldest:
            for sequence in range(oldest, before):
                slots[sequence & mask] = None
            self._oldest = before

    @property
    def newest(self) -> int | None:
        """The highest extended sequence number kept."""
        return self._newest

    @property
    def key_at(self) -> int | None:
        """Where the last key frame starts, None before the first."""
        return self._key_at

    def since_key_frame(self) -> list[Entry]:
        """All kept packets from the start of the last key frame on, in order; empty if that start is gone."""
        if self._key_at is None or self._newest is None or self.get(self._key_at) is None:
            return []
        found = ((sequence, self.get(sequence)) for sequence in range(self._key_at, self._newest + 1))
        return [(sequence, packet) for sequence, packet in found if packet is not None]
