"""When the next packet of a picture may leave: a key frame sent at once would stand in the uplink before an alert."""

from __future__ import annotations

from streamer.in_flight import InFlight

START_BPS = 3_000_000  # before the server has told anything
PACE = 1.25  # of the estimate: a key frame of a quarter second's rate takes a fifth of a second, and leaves no queue
BURST_S = 0.010  # so much may leave at once: a timer for each packet would cost more than it smooths
REPAIR_SHARE = 0.4  # of the estimate: 20 % loss takes a quarter, a queue that overflows would take all
REPAIR_BURST_S = 0.5


class Pacer:
    """A leaky bucket for pictures, a token bucket for their repairs. Times in monotonic seconds."""

    def __init__(self) -> None:
        self.in_flight = InFlight()
        self._bps = START_BPS
        self._free_at = float("-inf")  # when what was sent has drained
        self._repair_bits = START_BPS * REPAIR_SHARE * REPAIR_BURST_S
        self._refilled_at: float | None = None

    def set_rate(self, bps: int) -> None:
        """The uplink carries `bps`."""
        self._bps = bps
        self._repair_bits = min(self._repair_bits, self._most_repair_bits)

    @property
    def _most_repair_bits(self) -> float:
        return self._bps * REPAIR_SHARE * REPAIR_BURST_S

    def sent(self, size: int, now: float) -> None:
        """`size` bytes left: they take their time on the link, whatever they are."""
        self._free_at = max(now, self._free_at) + 8 * size / (PACE * self._bps)

    def wait_s(self, now: float) -> float:
        """How long the next packet of a picture has to wait, 0 for not at all."""
        ahead = self._free_at - now
        return ahead if ahead > BURST_S else 0.0

    def closed_s(self, now: float) -> float:
        """How long to wait before asking again, because more is on its way than the uplink carries; 0: it is not."""
        return self.in_flight.wait_s(self._bps, now)

    def allows_repair(self, size: int, now: float) -> bool:
        """Whether a packet of `size` bytes may be sent again; if so it counts as sent."""
        if self._refilled_at is not None:
            earned = (now - self._refilled_at) * self._bps * REPAIR_SHARE
            self._repair_bits = min(self._most_repair_bits, self._repair_bits + earned)
        self._refilled_at = now
        if self._repair_bits < 8 * size:
            return False
        self._repair_bits -= 8 * size
        self.sent(size, now)
        return True
