"""What a camera is told of its uplink: when each packet came, where it knows transport-cc, what came and our own estimate
where it knows REMB, else nothing: no feedback that was not offered (RFC 4585 section 4.2).
"""

from __future__ import annotations

from server.media import feedback
from server.media.arrival_groups import SEND_TIME_BITS, SendTimes
from server.media.bandwidth import UplinkEstimate
from server.media.loss import Report
from server.media.packet import extension_value
from server.media.transport_feedback import INTERVAL_S, OVERHEAD, SHARE, TransportFeedback

SEND_TIME_TICKS_PER_S = 1 << 18


class ReceiptBudget:
    """When the next receipt is due: after 50 to 250 ms, as 5 % of what comes allows."""

    def __init__(self) -> None:
        self.due_at = float("-inf")
        self._bytes = 0
        self._since: float | None = None

    def note(self, size: int) -> None:
        """So many bytes came."""
        self._bytes += size

    def spend(self, size: int, now: float) -> None:
        """One of `size` bytes goes out at `now`."""
        passed = now - self._since if self._since is not None else 0.0
        allowed = SHARE * self._bytes / passed if passed > 0 else 0.0
        self._since, self._bytes = now, 0
        wanted = size / allowed if allowed else INTERVAL_S[1]
        self.due_at = now + min(INTERVAL_S[1], max(INTERVAL_S[0], wanted))


class UplinkFeedback:
    """Takes every packet of a camera, repairs too. `…_extension` are the numbers that the answer names.

    From `due_at` (monotonic seconds) on, `receipt` and then `news` may have something to tell: compared with each packet.
    It is never due for a camera that has neither REMB nor transport-cc: receiver reports of each second are all that it
    gets. `times_packets` says whether it matters to the millisecond when each packet came.
    """

    def __init__(
        self,
        send_time_extension: int | None = None,
        transport_extension: int | None = None,
        *,
        has_remb: bool = True,
    ) -> None:
        self._transport_extension = transport_extension
        self._extension = send_time_extension if transport_extension is None else transport_extension
        self._is_told = has_remb or transport_extension is not None
        self.times_packets = self._is_told and self._extension is not None
        self._transport = TransportFeedback()
        self._estimate = UplinkEstimate()
        self._receipts = ReceiptBudget()
        self._send_times = SendTimes(SEND_TIME_BITS, SEND_TIME_TICKS_PER_S)
        self._bytes = 0  # that came since they were last judged
        self.due_at = float("-inf") if self._is_told else float("inf")

    def note_packet(self, packet: memoryview, now: float) -> None:
        """A well-formed packet came at `now` (monotonic seconds)."""
        size = len(packet)
        self._bytes += size
        if not self.times_packets or self._extension is None:
            return
        value = extension_value(packet, self._extension)
        if value is None:
            return
        if self._transport_extension is not None:
            if len(value) == 2:
                self._transport.note(int.from_bytes(value, "big"), size, now)
        elif len(value) == 3:
            self._estimate.note_sent(size, self._send_times.seconds(int.from_bytes(value, "big")), now)

    def begin(self) -> None:
        """A track begins: with a picture's next packet there is an estimate."""
        if self._transport_extension is None and self._is_told:
            self.due_at = float("-inf")

    def _judge_bytes(self) -> None:
        size, self._bytes = self._bytes, 0
        self._receipts.note(size)
        self._estimate.note_bytes(size)

    def receipt(self, own: int, pictures: list[tuple[int, Report]], now: float) -> bytes | None:
        """A receiver report on the pictures' SSRCs, if one is due: what has come. A camera that knows it sends no more
        than the uplink carries in a round trip, long before the estimate can have seen that it has fallen.
        """
        if self._transport_extension is not None or now < self._receipts.due_at:
            return None
        self._judge_bytes()
        packet = feedback.receiver_report(own, [(ssrc, figures, 0, 0) for ssrc, figures in pictures])
        self._receipts.spend(len(packet) + OVERHEAD, now)
        return packet if pictures else None

    def news(self, own: int, ssrc: int, pictures: list[int], expected: int, missed: int, now: float) -> list[bytes]:
        """RTCP packets for the camera that sends `ssrc`, whatever that is, and pictures under these SSRCs.

        Of its pictures' packets so many were expected and missed.
        """
        if self._transport_extension is not None:
            reports = self._transport.reports(own, ssrc, now)
            self.due_at = self._transport.due_at
            return reports
        self.due_at = self._receipts.due_at
        if not pictures:  # sound alone would only teach it to be modest
            return []
        if now >= self._estimate.due_at:
            self._judge_bytes()
            self._estimate.update(now, expected, missed)
        self.due_at = min(self.due_at, self._estimate.due_at)
        limit = self._estimate.news(now)
        return [feedback.bandwidth_limit(own, limit, pictures)] if limit is not None else []

    @property
    def bits_per_second(self) -> int | None:
        """What the uplink carries by our estimate; None where the camera makes its own, or obeys none."""
        return self._estimate.bits_per_second if self._is_told and self._transport_extension is None else None

    @property
    def queue_s(self) -> float:
        """How long packets wait in the uplink's queue, as far as we know."""
        return self._estimate.queue_s
