"""How much a camera's uplink carries, told once a second from what arrived (REMB wants a figure)."""

from __future__ import annotations

FLOOR_BPS = 100_000
CEILING_BPS = 20_000_000
START_BPS = 3_000_000

LOSS_HOLD = 0.02  # below this, loss is the radio's noise, not congestion (GCC, draft-ietf-rmcat-gcc-02 section 6)
LOSS_BACK_OFF = 0.10
DELAY_BACK_OFF_S = 0.15  # a queue of 150 ms stands in the uplink
GROWTH = 1.08
HEADROOM = 1.5  # never promise more than half again of what was seen to arrive: it is untested
DELAY_CUT = 0.85


class UplinkEstimate:
    """Grows 8 % a second while nothing is lost or queued; backs off in proportion to the loss, or to 85 %."""

    def __init__(self, start_bps: int = START_BPS) -> None:
        self.bits_per_second = start_bps

    def update(self, received_bps: float, loss: float, delay_s: float) -> int:
        """One second's figures: bits that arrived, the share lost (0–1), standing delay. Returns the new estimate."""
        current = float(self.bits_per_second)
        if loss > LOSS_BACK_OFF:
            current = min(current, max(received_bps, FLOOR_BPS)) * (1 - 0.5 * min(1.0, loss))
        elif delay_s > DELAY_BACK_OFF_S:
            current = min(current, received_bps * DELAY_CUT) if received_bps else current
        elif loss < LOSS_HOLD:
            current = max(current, min(current * GROWTH, received_bps * HEADROOM))
        self.bits_per_second = int(min(CEILING_BPS, max(FLOOR_BPS, current)))
        return self.bits_per_second
