"""A viewer's NACKs answered: the same bytes again, or a retransmission packet (RFC 4588), within a budget."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence

from server.media import rtx
from server.media.feedback import MAX_MISSING, RepairBudget
from server.media.renumbering import Renumbering, Stretch
from server.media.run import Run
from server.media.send_plan import SendPlan
from server.media.track import UpTrack

REPAIR_AGAIN_AFTER_S = 0.02
REMEMBERED_REPAIRS = 256
KEPT_FILLERS = 2048  # of the last changes of source: no receiver asks for what lies so far back

SendRun = Callable[[Run, int, int, int, int], bool]
"""Peer.send_run: the run, payload type, SSRC, and what to add to sequence numbers and timestamps."""


class Repairs:
    """Of one track of one viewer. Retransmissions are numbered apart: no number of theirs comes twice."""

    def __init__(self, plan: SendPlan, numbering: Renumbering[UpTrack], send: SendRun, counts: Counter[str]) -> None:
        self._plan = plan
        self._numbering = numbering
        self._send = send
        self._counts = counts
        self._budget = RepairBudget()
        self._repaired_at: OrderedDict[int, float] = OrderedDict()
        self._fillers: OrderedDict[int, bytes] = OrderedDict()  # by the viewer's extended number
        self._next = plan.first_sequence

    def keep(self, sequence: int, filler: bytes) -> None:
        """This viewer was sent `filler` under its extended number: whatever comes later, it is repeated so."""
        self._fillers[sequence] = filler
        if len(self._fillers) > KEPT_FILLERS:
            self._fillers.popitem(last=False)

    def answer(self, sequences: Sequence[int], now: float, sending_bytes_per_s: float) -> None:
        """The viewer misses these 16-bit numbers."""
        for sequence in sequences[:MAX_MISSING]:
            again = now - self._repaired_at.get(sequence, float("-inf"))
            if again < REPAIR_AGAIN_AFTER_S:
                self._counts["repair_too_soon"] += 1
                continue
            sent = self._repair(sequence, now, sending_bytes_per_s)
            self._counts["repair_sent" if sent else "repair_failed"] += 1

    def _repair(self, sequence: int, now: float, sending_bytes_per_s: float) -> bool:
        origin = self._numbering.origin(sequence)
        if origin is None:
            return False
        stretch, number = origin
        packet = self._fillers.get(number + stretch.sequence_shift) or stretch.source.cache.get(number)
        payload_type = self._plan.payload_types.get(stretch.source.codec)
        if packet is None or payload_type is None or not self._budget.allows(len(packet), now, sending_bytes_per_s):
            return False
        self._repaired_at[sequence] = now
        self._repaired_at.move_to_end(sequence)
        if len(self._repaired_at) > REMEMBERED_REPAIRS:
            self._repaired_at.popitem(last=False)
        repair_type = self._plan.repair_types.get(stretch.source.codec)
        if repair_type is not None and self._plan.repair_ssrc is not None:
            return self._send_apart(packet, sequence, repair_type, self._plan.repair_ssrc, stretch)
        run = Run([(number, packet)])
        return self._send(run, payload_type, self._plan.ssrc, stretch.sequence_shift, stretch.timestamp_shift)

    def _send_apart(self, packet: bytes, sequence: int, repair_type: int, ssrc: int, stretch: Stretch[UpTrack]) -> bool:
        run = Run([(self._next, rtx.wrapped(packet, sequence))])
        self._next += 1  # sent or not: sealed it may be already
        self._counts["repair_apart"] += 1
        return self._send(run, repair_type, ssrc, 0, stretch.timestamp_shift)
