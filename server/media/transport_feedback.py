"""When each packet came, told to a camera that controls its rate itself (transport-cc).

draft-holmer-rmcat-transport-wide-cc-extensions-01: all streams of a transport share one sequence, and the feedback
lists arrivals in steps of 250 µs.
"""

from __future__ import annotations

import struct

from server.media.packet import unwrapped

TICK_S = 0.00025
REFERENCE_TICKS = 256  # 64 ms
REMEMBERED_S = 0.5  # a packet that overtakes a report is told with the next
MOST_PACKETS = 1000  # in one report: a longer gap is an outage
SMALL_DELTA = 255
LARGE_DELTA = 32_767
LOST, SMALL, LARGE = 0, 1, 2
LONGEST_RUN = 0x1FFF
BITS, PAIRS = 14, 7  # symbols in a status vector chunk

INTERVAL_S = (0.05, 0.25)
SHARE = 0.05  # of what comes: RFC 3550 section 6.2 gives so much to RTCP
OVERHEAD = 28 + 8 + 4 + 14  # IPv4 and UDP, an empty receiver report, RTCP header, SRTCP

KIND, FMT = 205, 15  # RTPFB, transport-wide congestion control


class TransportFeedback:
    """Notes arrivals, and from `due_at` on writes what was noted since the last time."""

    def __init__(self) -> None:
        self._arrivals: dict[int, int] = {}  # unwrapped number → tick
        self._highest: int | None = None
        self._next = 0  # the first number of the next report
        self._forgotten = -1  # up to this number, arrivals are no longer remembered
        self._count = 0
        self.due_at = float("-inf")
        self._bytes = 0
        self._since: float | None = None

    def note(self, sequence: int, size: int, now: float) -> None:
        """A packet of `size` bytes with the transport-wide number `sequence` came at `now` (monotonic seconds)."""
        self._bytes += size
        if self._highest is None:
            self._highest = self._next = number = sequence + 0x10000
            self._forgotten = number - 1
        else:
            number = unwrapped(sequence, self._highest)
            self._highest = max(self._highest, number)
        if number in self._arrivals or number <= self._forgotten:
            return
        self._arrivals[number] = int(now / TICK_S)
        self._next = min(self._next, number)  # a late one: all since is told again

    def reports(self, own: int, media: int, now: float) -> list[bytes]:
        """RTCP packets, none if nothing came; the next is due after 50 to 250 ms, as 5 % of what comes allows."""
        found = []
        if self._highest is not None:
            start = max(self._next, self._highest - MOST_PACKETS + 1)
            numbers = sorted(number for number in self._arrivals if number >= start)
            while numbers:
                told = self._fitting(numbers)
                found.append(self._write(own, media, start, numbers[:told]))
                start, numbers = numbers[told - 1] + 1, numbers[told:]
            self._next = max(self._next, start)
        self._forget(int((now - REMEMBERED_S) / TICK_S))
        self._plan(sum(len(report) + OVERHEAD for report in found), now)
        return found

    def _forget(self, oldest: int) -> None:
        gone = [number for number, tick in self._arrivals.items() if tick < oldest]
        for number in gone:
            del self._arrivals[number]
        self._forgotten = max(self._forgotten, max(gone, default=self._forgotten))

    def _plan(self, size: int, now: float) -> None:
        passed = now - self._since if self._since is not None else 0.0
        rate = self._bytes / passed if passed > 0 else 0.0
        self._since, self._bytes = now, 0
        wanted = size / (SHARE * rate) if rate else INTERVAL_S[1]
        self.due_at = now + min(INTERVAL_S[1], max(INTERVAL_S[0], wanted))

    def _fitting(self, numbers: list[int]) -> int:
        """How many of these one report can hold: a delta has 16 bits."""
        before = self._arrivals[numbers[0]]
        for index, number in enumerate(numbers):
            if abs(self._arrivals[number] - before) > LARGE_DELTA:
                return index
            before = self._arrivals[number]
        return len(numbers)

    def _write(self, own: int, media: int, start: int, numbers: list[int]) -> bytes:
        reference = self._arrivals[numbers[0]] // REFERENCE_TICKS
        symbols, deltas, before = [LOST] * (numbers[-1] - start + 1), b"", reference * REFERENCE_TICKS
        for number in numbers:
            tick = self._arrivals[number]
            is_small = 0 <= tick - before <= SMALL_DELTA
            symbols[number - start] = SMALL if is_small else LARGE
            deltas += struct.pack("!B" if is_small else "!h", tick - before)
            before = tick
        body = struct.pack("!IIHH", own, media, start & 0xFFFF, len(symbols))
        body += ((reference & 0xFFFFFF) << 8 | self._count & 0xFF).to_bytes(4, "big")
        body += b"".join(chunk.to_bytes(2, "big") for chunk in _chunks(symbols)) + deltas
        self._count += 1
        padding = -len(body) % 4
        if padding:
            body += bytes(padding - 1) + bytes((padding,))
        return struct.pack("!BBH", (0xA0 if padding else 0x80) | FMT, KIND, len(body) // 4) + body


def _chunks(symbols: list[int]) -> list[int]:
    """Packet status chunks (section 3.1.1): runs where they are long, else vectors of one or two bits."""
    found, at = [], 0
    while at < len(symbols):
        run = _run(symbols, at)
        vector = symbols[at : at + BITS]
        if run >= BITS or (run > PAIRS and LARGE in vector) or at + run == len(symbols):
            found.append(symbols[at] << 13 | run)
            at += run
        elif LARGE not in vector:
            found.append(0x8000 | sum(symbol << BITS - 1 - place for place, symbol in enumerate(vector)))
            at += BITS
        else:
            pairs = symbols[at : at + PAIRS]
            found.append(0xC000 | sum(symbol << 2 * (PAIRS - 1 - place) for place, symbol in enumerate(pairs)))
            at += PAIRS
    return found


def _run(symbols: list[int], start: int) -> int:
    end = start + 1
    while end < len(symbols) and end - start < LONGEST_RUN and symbols[end] == symbols[start]:
        end += 1
    return end - start
