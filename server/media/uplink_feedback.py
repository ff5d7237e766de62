"""What a camera is told of its uplink: when each packet came, where it knows transport-cc, else our own estimate."""

from __future__ import annotations

from server.media import feedback
from server.media.arrival_groups import SEND_TIME_BITS, SendTimes
from server.media.bandwidth import UplinkEstimate
from server.media.packet import extension_value
from server.media.transport_feedback import TransportFeedback

SEND_TIME_TICKS_PER_S = 1 << 18


class UplinkFeedback:
    """Takes every packet of a camera, repairs too. `…_extension` are the numbers that the answer names."""

    def __init__(self, send_time_extension: int | None = None, transport_extension: int | None = None) -> None:
        self._transport_extension = transport_extension
        self._send_time_extension = send_time_extension
        self._transport = TransportFeedback()
        self._estimate = UplinkEstimate()
        self._send_times = SendTimes(SEND_TIME_BITS, SEND_TIME_TICKS_PER_S)

    def note_packet(self, packet: memoryview, now: float) -> None:
        """A well-formed packet came at `now` (monotonic seconds)."""
        if self._transport_extension is not None:
            value = extension_value(packet, self._transport_extension)
            if value is not None and len(value) == 2:
                self._transport.note(int.from_bytes(value, "big"), len(packet), now)
            return
        sent = None
        if self._send_time_extension is not None:
            value = extension_value(packet, self._send_time_extension)
            if value is not None and len(value) == 3:
                sent = self._send_times.seconds(int.from_bytes(value, "big"))
        self._estimate.note_packet(len(packet), sent, now)

    def is_due(self, now: float) -> bool:
        """Whether to ask for `news` now: asked with each packet, so it is cheap."""
        return self._estimate.is_due(now) if self._transport_extension is None else self._transport.is_due(now)

    def news(self, own: int, ssrc: int, pictures: list[int], expected: int, missed: int, now: float) -> list[bytes]:
        """RTCP packets for the camera that sends `ssrc`, whatever that is, and pictures under these SSRCs.

        Of its pictures' packets so many were expected and missed.
        """
        if self._transport_extension is not None:
            return self._transport.reports(own, ssrc, now)
        if not pictures:  # sound alone would only teach it to be modest
            return []
        self._estimate.update(now, expected, missed)
        limit = self._estimate.news(now)
        return [feedback.bandwidth_limit(own, limit, pictures)] if limit is not None else []

    @property
    def bits_per_second(self) -> int | None:
        """What the uplink carries by our estimate; None where the camera makes its own."""
        return self._estimate.bits_per_second if self._transport_extension is None else None

    @property
    def queue_s(self) -> float:
        """How long packets wait in the uplink's queue, as far as we know."""
        return self._estimate.queue_s
