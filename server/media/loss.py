"""What one RTP source lost: extended sequence numbers, when to ask again, and the receiver report's figures.

RFC 3550 sections 6.4.1 and appendix A; NACK budget after RFC 4585 section 6.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from server.media.packet import new_tuple, signed16
from server.media.round_trip import RoundTrip

MAX_MISSING = 512  # a longer gap is an outage, not loss: asking for it would flood the uplink
# 8 asks in 0.9 s at 60 ms: where 20 % is lost both ways, one packet in 17,000 stays away (with 5 asks, one in 800).
# If the link has become slow, the first answer still comes before the last ask.
MAX_ASKS = 10
LATER = 1.25
GIVE_UP_AFTER_S = 1.0  # a packet later than this cannot be shown any more
FIRST_ASK_AFTER_S = 0.006  # a reordered packet is rarely later
MAX_NACKS_PER_ROUND = 100
RESTART_AFTER = 3000  # RFC 3550 appendix A.1, MAX_DROPOUT: a jump beyond this is a new numbering
MAX_FOLLOWING = 16  # packets: a jump is often over a link that loses some
# What is sent first may be overtaken, and what came first then is not the beginning: a picture's parameter sets lie there.
OVERTAKEN_S = 1.0  # a queue in front of a cell is seldom longer, and 300 ms of jitter is
MAX_OVERTAKEN = 128  # packets: 300 ms of 4 Mbit/s


@dataclass(slots=True)
class _Missing:
    since: float
    asked_at: float
    first_asked_at: float = 0.0
    asks: int = 0


class Report(NamedTuple):
    """One report block's figures. `fraction_lost` in 1/256; `jitter` in the codec's clock rate."""

    fraction_lost: int
    cumulative_lost: int
    highest_sequence: int
    jitter: int


class LossTracker:
    """Follows one SSRC. Sequence numbers come out extended to as many bits as needed, starting above 65536.

    `round_trip` is fed with what was asked for and came; it may be shared by all SSRCs of a camera. `repairs_apart`:
    what was asked for comes under another SSRC, so what comes under this one is only late.
    """

    def __init__(
        self, clock_rate: int, *, repairs: bool, repairs_apart: bool = False, round_trip: RoundTrip | None = None
    ) -> None:
        self._clock_rate = clock_rate
        self._repairs = repairs
        self._repairs_apart = repairs_apart
        self._round_trip = round_trip if round_trip is not None else RoundTrip()
        self.highest: int | None = None
        self._first = 0
        self._first_at = 0.0
        self._far: int | None = None  # the last one's number, if it was far off
        self._received = 0
        self._missing: dict[int, _Missing] = {}
        self._jitter = 0.0
        self._last_transit: float | None = None
        self._last_expected = 0
        self._last_received = 0
        self.missed = 0  # did not come with their neighbours: lost, whether repaired later or not
        self.recovered = 0
        self.abandoned = 0
        self._abandoned: list[int] = []  # extended numbers, not yet taken

    def received(self, sequence: int, now: float) -> int | None:
        """The extended number of a packet that came at `now` (seconds); None when it is of no use.

        That is: too old, or there already. A packet taken twice would be padded anew, and go out as other bytes
        under a number that was used (see renumbering).
        """
        if self.highest is None:
            return self._begin(sequence + 0x10000, now)
        # as `signed16`, without a call: each packet comes here
        step = ((sequence - self.highest + 0x8000) & 0xFFFF) - 0x8000
        if not -RESTART_AFTER <= step <= RESTART_AFTER:
            return self._far_off(sequence, now)
        self._far = None
        self._received += 1
        extended = self.highest + step
        if step > 0:
            if step > 1:
                self._note_gap(self.highest + 1, extended, now)
            self.highest = extended
        elif extended < self._first:
            return self._overtaken(extended, now)
        elif self._repairs and not self._fills_gap(extended, now, is_repair=not self._repairs_apart):
            return None
        return extended

    def _begin(self, extended: int, now: float) -> int:
        self.highest = self._first = extended
        self._first_at = now
        self._received = 1
        return extended

    def _overtaken(self, extended: int, now: float) -> int | None:
        """The beginning lies further back than what came first: what is between them is only late, or lost."""
        if now - self._first_at > OVERTAKEN_S or self._first - extended > MAX_OVERTAKEN:
            return None
        self._note_gap(extended + 1, self._first, now)
        self._first = extended
        return extended

    def repaired(self, sequence: int, now: float) -> int | None:
        """As `received`, for a packet that came as a retransmission under another SSRC (RFC 4588).

        It is no second packet of this one: the reports go on to say what the network lost.
        """
        if self.highest is None:
            return None
        extended = self.highest + signed16(sequence - self.highest)
        return extended if self._fills_gap(extended, now, is_repair=True) else None

    def _fills_gap(self, extended: int, now: float, *, is_repair: bool) -> bool:
        missing = self._missing.pop(extended, None)
        if missing is None:
            return False
        self.recovered += 1
        self.missed -= missing.asks == 0 or not is_repair  # it was late, not lost
        if missing.asks and is_repair:
            self._round_trip.note_repair(now - missing.first_asked_at, now - missing.asked_at, missing.asks, now)
        return True

    def _far_off(self, sequence: int, now: float) -> int | None:
        """The source has jumped if a second one follows the first; then numbers go on upwards, and nothing between is asked for.

        One alone is a packet that stood in a queue for long (RFC 3550 appendix A.1, bad_seq).
        """
        assert self.highest is not None
        first, self._far = self._far, sequence
        following = 0 if first is None else signed16(sequence - first)
        if first is None or not 0 < following <= MAX_FOLLOWING:
            return None
        self._far = None
        self._missing.clear()
        self._last_expected = self._last_received = 0
        begin = self._begin(self.highest + ((first - self.highest) & 0xFFFF), now)
        self._note_gap(begin, begin + following, now)  # the first one, which was not believed, is asked for again
        self.highest = begin + following
        return self.highest

    def _note_gap(self, start: int, end: int, now: float) -> None:
        if not self._repairs or start == end:
            return
        if end - start > MAX_MISSING:
            self._abandon(list(self._missing))
            return
        self.missed += end - start
        for sequence in range(start, end):
            self._missing[sequence] = _Missing(since=now, asked_at=now)
        while len(self._missing) > MAX_MISSING:
            self._abandon([next(iter(self._missing))])

    def due(self, now: float, retry_s: float, most: int = MAX_NACKS_PER_ROUND) -> list[int]:
        """The 16-bit numbers to ask for now, no more than `most`; again after `retry_s`, and then ever later."""
        wanted: list[int] = []
        gone: list[int] = []
        for sequence, missing in self._missing.items():
            if now - missing.since > GIVE_UP_AFTER_S:
                gone.append(sequence)
                continue
            wait = FIRST_ASK_AFTER_S if missing.asks == 0 else retry_s * LATER ** (missing.asks - 1)
            if missing.asks < MAX_ASKS and now - missing.asked_at >= wait and len(wanted) < most:
                if missing.asks == 0:
                    missing.first_asked_at = now
                missing.asks += 1
                missing.asked_at = now
                wanted.append(sequence & 0xFFFF)
        self._abandon(gone)
        return wanted

    def _abandon(self, sequences: list[int]) -> None:
        for sequence in sequences:
            del self._missing[sequence]
        self.abandoned += len(sequences)
        self._abandoned += sequences

    def take_abandoned(self) -> list[int]:
        """The extended numbers that were given up since the last call."""
        taken, self._abandoned = self._abandoned, []
        return taken

    @property
    def expected(self) -> int:
        """How many packets should have come so far."""
        return self.highest - self._first + 1 if self.highest is not None else 0

    @property
    def is_missing_any(self) -> bool:
        """Whether `due` may have something to say."""
        return bool(self._missing)

    @property
    def needs_a_look(self) -> bool:
        """Whether there is something to ask for, or to be told of as given up."""
        return bool(self._missing or self._abandoned)

    def give_up(self) -> None:
        """What is missing now is of no use any more."""
        self._abandon(list(self._missing))

    def note_transit(self, timestamp: int, now: float) -> None:
        """Feed the jitter (RFC 3550 appendix A.8) with a packet's timestamp and arrival in seconds."""
        transit = now * self._clock_rate - timestamp
        if self._last_transit is not None:
            difference = abs((transit - self._last_transit + 2**31) % 2**32 - 2**31)  # timestamps wrap at 2**32
            if difference < self._clock_rate * 10:  # a jump of the source's timestamps is not jitter
                self._jitter += (difference - self._jitter) / 16
        self._last_transit = transit

    @property
    def jitter_s(self) -> float:
        """The interarrival jitter in seconds."""
        return self._jitter / self._clock_rate

    def report(self) -> Report:
        """The figures since the last call, as a report block wants them."""
        figures = self.figures()
        self._last_expected, self._last_received = self.expected, self._received
        return figures

    def figures(self) -> Report:
        """As `report`, which goes on from where it was."""
        highest, first = (self.highest, self._first) if self.highest is not None else (0, 1)
        expected = highest - first + 1
        lost = max(-0x800000, min(0x7FFFFF, expected - self._received))
        new_expected = expected - self._last_expected
        new_lost = new_expected - (self._received - self._last_received)
        fraction = min(255, (new_lost << 8) // new_expected) if new_expected > 0 and new_lost > 0 else 0
        return new_tuple(
            Report, (fraction, lost, (highest - 0x10000) & 0xFFFFFFFF if highest else 0, int(self._jitter))
        )
