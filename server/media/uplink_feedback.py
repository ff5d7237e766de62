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
        self._before: tuple[float, int] | None = None  # when the last one went out, what had come by then

    def spend(self, size: int, came: int, now: float) -> None:
        """One of `size` bytes goes out at `now`, when so many bytes have come in all."""
        at, already = self._before or (now, came)
        allowed = SHARE * (came - already) / (now - at) if now > at else 0.0
        self._before = now, came
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
        self._came: list[tuple[bytes, int, float]] = []  # of each packet since: its header, its size, when it came
        self._bytes = self._judged = 0  # that came, and what of it the estimate has been told
        self.due_at = float("-inf") if self._is_told else float("inf")

    def note_packet(self, packet: memoryview, header_size: int, now: float) -> None:
        """A well-formed packet came at `now` (monotonic seconds). What it says of when it was sent is judged with all that
        came since, before the next news: packet by packet, on caches gone cold, that was a tenth of what a camera costs.
        """
        size = len(packet)
        self._bytes += size
        if self.times_packets:
            self._came.append((bytes(packet[:header_size]), size, now))

    def _judge_arrivals(self) -> None:
        came, self._came = self._came, []
        extension, transport, estimate = self._extension, self._transport, self._estimate
        if extension is None:
            return
        for header, size, at in came:
            value = extension_value(header, extension)
            if value is None:
                continue
            if self._transport_extension is not None:
                if len(value) == 2:
                    transport.note(int.from_bytes(value, "big"), size, at)
            elif len(value) == 3:
                estimate.note_sent(size, self._send_times.seconds(int.from_bytes(value, "big")), at)

    def begin(self) -> None:
        """A track begins: with a picture's next packet there is an estimate."""
        if self._transport_extension is None and self._is_told:
            self.due_at = float("-inf")

    def receipt(self, own: int, pictures: list[tuple[int, Report]], now: float) -> bytes | None:
        """A receiver report on the pictures' SSRCs, if one is due: what has come. A camera that knows it sends no more
        than the uplink carries in a round trip, long before the estimate can have seen that it has fallen.
        """
        if self._transport_extension is not None or now < self._receipts.due_at:
            return None
        packet = feedback.receiver_report(own, [(ssrc, figures, 0, 0) for ssrc, figures in pictures])
        self._receipts.spend(len(packet) + OVERHEAD, self._bytes, now)
        return packet if pictures else None

    def news(self, own: int, ssrc: int, pictures: list[int], expected: int, missed: int, now: float) -> list[bytes]:
        """RTCP packets for the camera that sends `ssrc`, whatever that is, and pictures under these SSRCs.

        Of its pictures' packets so many were expected and missed.
        """
        if self._transport_extension is not None:
            self._judge_arrivals()
            reports = self._transport.reports(own, ssrc, now)
            self.due_at = self._transport.due_at
            return reports
        self.due_at = self._receipts.due_at
        if not pictures:  # sound alone would only teach it to be modest
            self._judge_arrivals()
            return []
        estimate, found = self._estimate, []
        if now >= estimate.due_at:
            estimate.note_bytes(self._bytes - self._judged)
            self._judged = self._bytes
            self._judge_arrivals()
            estimate.update(now, expected, missed)
            limit = estimate.news(now)
            found = [feedback.bandwidth_limit(own, limit, pictures)] if limit is not None else []
        self.due_at = min(self.due_at, estimate.due_at)
        return found

    @property
    def bits_per_second(self) -> int | None:
        """What the uplink carries by our estimate; None where the camera makes its own, or obeys none."""
        return self._estimate.bits_per_second if self._is_told and self._transport_extension is None else None

    @property
    def queue_s(self) -> float:
        """How long packets wait in the uplink's queue, as far as the last update knew."""
        return self._estimate.queue_s
