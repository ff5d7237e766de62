"""When was it, on the server's clock: one track's RTP timestamps laid beside those of the camera's other tracks. Pure.

Sound and picture are kept in step by the camera's own clock (its sender reports, RFC 3550 6.4.1), and the whole is laid on
the server's clock by the least delayed arrival. Neither may move a picture against its neighbours while a segment lasts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from server.media.packet import signed32
from server.media.source_clock import SourceClock

STEP_S = 0.02  # less is not heard (lips: 40 ms), and the least delayed arrival moves by some ms
LOST_TRACK_S = 0.5  # the camera's clock was set, or the first arrivals were very late: its offset is taken anew
MOVE_S = 0.015  # less than a packet of sound, so that no time steps back
MOVE_EVERY_S = 0.9  # a segment's shortest: all its tracks settle on the same
SEEN_S = 0.005  # a smaller move of the offset waits for the next
LATE_S = 10.0  # a queue in the network is shorter; what seems older than that has a timestamp that jumped
EARLY_S = 1.0  # nothing comes before it was captured, but for what the clocks' mapping may err


@dataclass(slots=True)
class CameraOffset:
    """The server's clock minus the camera's, seconds; one for all tracks of a camera's session. None: not known yet.

    It is that of the least delayed arrival of any track. What comes first is often late (a machine that has just started, a
    burst): then it follows, by little at a time, so that two cameras of one incident do not stand apart for a whole shift.
    """

    seconds: float | None = None
    _told: dict[int, float] = field(default_factory=dict)  # by track: its present least delayed arrival
    _moved_at: float = 0.0

    def told(self, track: int, offset: float, came: float, *, settles: bool) -> float:
        """What counts now, after `track` has told its own at server time `came`. It moves only where a segment begins."""
        if self.seconds is None or abs(offset - self.seconds) > LOST_TRACK_S:
            self.seconds, self._told = offset, {track: offset}
            return offset
        self._told[track] = offset
        if settles and abs(came - self._moved_at) >= MOVE_EVERY_S:
            away = min(self._told.values()) - self.seconds
            self.seconds += max(-MOVE_S, min(MOVE_S, away))
            self._moved_at = came
        return self.seconds


class TrackTime:
    """Of one source. Times are Unix seconds of the server's clock."""

    def __init__(self, clock: SourceClock, offset: CameraOffset) -> None:
        self._clock = clock
        self._offset = offset
        self._newest: int | None = None  # unwrapped timestamp
        self._shift: float | None = None
        self._settles = False
        self._last: float | None = None

    def at(self, timestamp: int, came: float, *, is_true: bool = True) -> float:
        """When what bears `timestamp` and came at server time `came` was captured; it never steps back.

        `is_true`: the server's clock was not set, so that what is known of arrivals by it may be believed.
        """
        ticks = self._unwrap(timestamp)
        seconds = ticks / self._clock.clock_rate
        if self._shift is None or self._settles:
            self._adjust(seconds, timestamp, came, is_true=is_true)
        at = seconds + (self._shift or 0.0)
        last = self._last if self._last is not None else at
        if at < last - STEP_S or not came - LATE_S <= at <= came + EARLY_S:  # its timestamps jumped
            at = max(came, last)
            self._shift = at - seconds
        self._last = max(last, at)
        return at

    def _adjust(self, seconds: float, timestamp: int, came: float, *, is_true: bool) -> None:
        settles, self._settles = self._settles, False
        known = self._offset.seconds
        wanted = self._wanted(timestamp, came, settles=settles) if is_true else None
        if wanted is None or not came - LATE_S <= wanted <= came + EARLY_S:
            wanted = came if self._shift is None else seconds + self._shift
        least = STEP_S if known is None or self._clock.captured_at(timestamp) is None else SEEN_S
        if self._shift is None or abs(wanted - seconds - self._shift) > least:
            self._shift = wanted - seconds

    def settle(self) -> None:
        """A new segment begins: what has become known of the clocks meanwhile counts from the next sample on."""
        self._settles = True

    def captured_at(self, timestamp: int) -> float | None:
        """By the camera's own clock, None before its first report."""
        return self._clock.captured_at(timestamp)

    def _wanted(self, timestamp: int, came: float, *, settles: bool) -> float | None:
        received, captured = self._clock.received_at(timestamp), self._clock.captured_at(timestamp)
        if received is None or captured is None:
            return received
        return captured + self._offset.told(id(self), received - captured, came, settles=settles)

    def _unwrap(self, timestamp: int) -> int:
        if self._newest is None:
            self._newest = timestamp
        ticks = self._newest + signed32(timestamp - self._newest)
        self._newest = max(self._newest, ticks)
        return ticks
