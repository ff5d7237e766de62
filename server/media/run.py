"""Packets that go out together: as few sends as possible for each viewer."""

from __future__ import annotations

from collections.abc import Sequence

from server.media.packet import HEADER, HEADER_SIZE, MARKER_BIT, PADDING_BIT
from server.media.packet_cache import Entry

# A UDP datagram holds 65,507 bytes, and a kernel splits at most 64 segments from one send.
MAX_RUN_PACKETS = 40
MAX_RUN_BYTES = 58_000
MAX_SEGMENT = 1900  # larger packets are not of this net; each is sent alone, and IP fragments it

read_header = HEADER.unpack_from

Numbers = tuple[int, int, int, int, int]
"""What a viewer's packets differ in, before they are sealed: overhead, payload type, SSRC, and what is added to sequence
numbers and timestamps."""


class Run:
    """Packets of one size, of which the last may be shorter: one send with UDP GSO.

    `headers`: of each packet the first two bytes as one number (payload type 0), the sequence number, the timestamp.
    `octets` are bytes of RTP; of them `payload` without headers and padding, as a sender report counts (RFC 3550 6.4.1).
    """

    __slots__ = (
        *("count", "entries", "headers", "last_size", "lowest", "newest", "newest_timestamp"),
        *("octets", "payload", "size"),
    )

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self.size = len(entries[0][1])
        self.last_size = len(entries[-1][1])
        self.count = len(entries)
        self.octets = self.size * (self.count - 1) + self.last_size
        self.headers: list[tuple[int, int, int]] = []
        self.lowest = self.newest = entries[0][0]
        self.newest_timestamp = padding = 0
        for sequence, packet in entries:
            first, second, _, timestamp, _ = read_header(packet)
            self.headers.append((first << 8 | second & MARKER_BIT, sequence, timestamp))
            if first & PADDING_BIT:
                padding += packet[-1]
            if sequence >= self.newest:
                self.newest, self.newest_timestamp = sequence, timestamp
            if sequence < self.lowest:
                self.lowest = sequence
        self.payload = self.octets - HEADER_SIZE * self.count - padding

    def __len__(self) -> int:
        return self.count


def make_runs(entries: Sequence[Entry]) -> list[Run]:
    """Cut entries into runs, in order."""
    runs: list[Run] = []
    start = 0
    while start < len(entries):
        end = _run_end(entries, start)
        runs.append(Run(entries[start:end]))
        start = end
    return runs


def _run_end(entries: Sequence[Entry], start: int) -> int:
    size = len(entries[start][1])
    if size > MAX_SEGMENT:
        return start + 1
    last = min(len(entries), start + MAX_RUN_PACKETS, start + max(1, MAX_RUN_BYTES // (size + 16)))
    end = start + 1
    while end < last and len(entries[end][1]) == size:
        end += 1
    if end < last and len(entries[end][1]) < size:  # the last one may be shorter
        end += 1
    return end
