"""When was a picture taken, when did it arrive: one track's RTP timestamps against the camera's and our clock."""

from __future__ import annotations

from server.media.feedback import SenderReport, unix_from_ntp
from server.media.packet import signed32

WINDOW_S = 10.0  # long enough to have seen an undelayed packet, short enough to follow the drift of a cheap clock


class SourceClock:
    """Maps RTP timestamps of one source to the camera's wall clock (sender reports) and to ours (arrivals).

    The arrival that counts is the least delayed one of the last one to two windows: jitter only ever adds.
    """

    def __init__(self, clock_rate: int) -> None:
        self.clock_rate = clock_rate
        self._newest: int | None = None  # unwrapped timestamp
        self._report: tuple[int, float, float] | None = None  # unwrapped timestamp, camera's Unix time, arrival
        self._offset_now: float | None = None  # least (arrival − timestamp) of this window
        self._offset_before: float | None = None
        self._window_started = 0.0
        self.delay_s = 0.0
        self.last_sender_report = 0
        self.reported_at: float | None = None

    def note_packet(self, timestamp: int, wall: float) -> None:
        """A packet of `timestamp` arrived at `wall` (Unix seconds)."""
        newest = self._newest
        # as `_unwrap`, without a call: each picture comes here
        ticks = timestamp if newest is None else newest + ((timestamp - newest + 2**31) & 0xFFFFFFFF) - 2**31
        if newest is None or ticks > newest:
            self._newest = ticks
        offset = wall - ticks / self.clock_rate
        least, before = self._offset_now, self._offset_before
        if least is None or wall - self._window_started > WINDOW_S or wall < self._window_started:
            before, least = least, offset
            self._offset_before, self._offset_now = before, least
            self._window_started = wall
        elif offset < least:
            self._offset_now = least = offset
        self.delay_s = offset - (least if before is None or least < before else before)

    def note_report(self, report: SenderReport, wall: float) -> None:
        """The camera's own mapping came at `wall`."""
        self._report = (self._unwrap(report.timestamp), unix_from_ntp(report.ntp), wall)
        self.last_sender_report = report.ntp >> 16 & 0xFFFFFFFF
        self.reported_at = wall

    def received_at(self, timestamp: int) -> float | None:
        """When a packet of `timestamp` arrives here if nothing delays it; Unix seconds of our clock."""
        if self._offset_now is None:
            return None
        return self._unwrap(timestamp) / self.clock_rate + self._least_offset()

    def captured_at(self, timestamp: int) -> float | None:
        """When the camera says that it was captured; Unix seconds of its clock, None before its first report."""
        if self._report is None:
            return None
        ticks, camera_time, _ = self._report
        return camera_time + (self._unwrap(timestamp) - ticks) / self.clock_rate

    def timestamp_at(self, wall: float) -> int | None:
        """The RTP timestamp that the camera gives, by arrivals, to the moment `wall`."""
        if self._offset_now is None:
            return None
        return int((wall - self._least_offset()) * self.clock_rate) & 0xFFFFFFFF

    def _least_offset(self) -> float:
        assert self._offset_now is not None
        return self._offset_now if self._offset_before is None else min(self._offset_now, self._offset_before)

    def _unwrap(self, timestamp: int) -> int:
        if self._newest is None:
            return timestamp
        return self._newest + signed32(timestamp - self._newest)
