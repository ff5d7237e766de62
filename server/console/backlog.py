"""What still has to be sent to one console. Pure.

Journal entries are never dropped and never reordered; fixes and units are coalesced to the newest per camera.
A console that falls more than 1 MiB behind overflows: it is disconnected and resumes by number (R9).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

import msgpack

from server import wire

LIMIT_BYTES = 1024 * 1024


class Backlog:
    """Ready-packed messages for one console, in the order that matters: entries, then positions, then the beat."""

    def __init__(self, position: int, limit_bytes: int = LIMIT_BYTES) -> None:
        self.position = position  # the number of the last entry that was queued or sent
        self.overflowed = False
        self._limit = limit_bytes
        self._entries: deque[bytes] = deque()
        self._fixes: dict[str, bytes] = {}
        self._units: dict[str, bytes] = {}
        self._size = 0
        self._beat = False
        self._warning = ""

    @property
    def size(self) -> int:
        """Bytes that wait; never above the limit."""
        return self._size

    def add_entry(self, seq: int, packed: bytes) -> None:
        """Queue an entry; one that was queued or sent before is passed over. Nothing is taken after an overflow."""
        if self.overflowed or seq <= self.position:
            return
        if self._fits(len(packed)):
            self._entries.append(packed)
            self.position = seq

    def add_latest(self, fixes: Mapping[str, bytes], units: Mapping[str, bytes]) -> None:
        """Queue the newest fix and state of cameras (packed, by device_id), in place of older ones."""
        for waiting, newer in ((self._fixes, fixes), (self._units, units)):
            for device_id, packed in newer.items():
                if self.overflowed or not self._fits(len(packed) - len(waiting.get(device_id, b""))):
                    return
                waiting[device_id] = packed

    def add_beat(self, warning: str = "") -> None:
        """Queue a sign of life; two of them are one. `warning`: what the whole room must know now."""
        self._beat = True
        self._warning = warning

    def take(self, server_time: float) -> bytes | None:
        """The next message to send; None when there is none."""
        if self.overflowed:
            return None
        if self._entries:
            packed = self._entries.popleft()
            self._size -= len(packed)
            return packed
        if self._fixes or self._units:
            packed = latest_message(server_time, list(self._fixes.values()), list(self._units.values()))
            self._fixes.clear()
            self._units.clear()
            self._size = 0
            return packed
        if self._beat:
            self._beat = False
            told = {"server_time": server_time, "seq": self.position, "warning": self._warning}
            return wire.pack_map({"t": "beat", **told})
        return None

    def _fits(self, more: int) -> bool:
        if self._size + more > self._limit:
            self.overflowed = True
            return False
        self._size += more
        return True


def latest_message(server_time: float, fixes: Sequence[bytes], units: Sequence[bytes]) -> bytes:
    """`latest` made of parts that are packed already: packed once for all consoles, not once for each."""
    packer = msgpack.Packer(use_bin_type=True, autoreset=False)
    packer.pack_map_header(4)
    for plain in ("t", "latest", "server_time", server_time, "fixes"):
        packer.pack(plain)
    packer.pack_array_header(len(fixes))
    head = packer.bytes()
    packer.reset()
    packer.pack("units")
    packer.pack_array_header(len(units))
    return b"".join((head, *fixes, packer.bytes(), *units))
