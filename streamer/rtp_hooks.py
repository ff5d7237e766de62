"""The private parts of aiortc that the camera touches, all in this module; pinned by a contract test.

Measured on aiortc 1.16: `RTCRtpSender` calls its own `_send_keyframe`, `_handle_rtcp_packet` and
`_send_rtcp` through the instance, and sends through `transport._send_rtp`; so wrapping them on the
instance is enough, and nothing of the library is changed for others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from random import Random
from typing import Any

from aiortc import RTCPeerConnection, RTCRtpSender
from aiortc.rtp import RTCP_PSFB_APP, RtcpPsfbPacket, RtcpRrPacket, RtcpSrPacket, unpack_remb_fci

from streamer.clock import Clock
from streamer.outgoing_track import OutgoingTrack
from streamer.pacing import Pacer

NTP_EPOCH = 2_208_988_800  # seconds from 1900 to 1970 (RFC 5905)


REPAIRS: ContextVar[bool] = ContextVar("REPAIRS", default=False)  # each task of aiortc has a context of its own


def ntp_time(wall: float) -> int:
    """Unix seconds as a 64-bit NTP timestamp."""
    seconds = int(wall)
    return (seconds + NTP_EPOCH) << 32 | int((wall - seconds) * 2**32)


def on_key_request(sender: RTCRtpSender, wanted: Callable[[], None]) -> None:
    """Call `wanted` for every PLI and FIR (RFC 4585 6.3.1, RFC 5104 4.3.1)."""
    vars(sender)["_send_keyframe"] = wanted


def on_bandwidth(sender: RTCRtpSender, estimate: Callable[[int], None]) -> None:
    """Call `estimate` with the bits a second of every REMB that names this sender."""
    original = sender._handle_rtcp_packet

    async def handle(packet: Any) -> None:
        if isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
            bits = _remb(packet.fci, sender._ssrc)
            if bits is not None:
                estimate(bits)
            return
        await original(packet)

    vars(sender)["_handle_rtcp_packet"] = handle


def on_receipt(sender: RTCRtpSender, received: Callable[[int, int], None]) -> None:
    """Call `received` with SSRC and highest number (16 bits) of every report block that names this sender."""
    original = sender._handle_rtcp_packet

    async def handle(packet: Any) -> None:
        if isinstance(packet, RtcpRrPacket):
            for report in packet.reports:
                if report.ssrc == sender._ssrc:
                    received(report.ssrc, report.highest_sequence & 0xFFFF)
        await original(packet)

    vars(sender)["_handle_rtcp_packet"] = handle


def _remb(fci: bytes, ssrc: int) -> int | None:
    try:
        bits, ssrcs = unpack_remb_fci(fci)
    except ValueError:
        return None
    return int(bits) if ssrc in ssrcs else None


def report_capture_time(sender: RTCRtpSender, track: OutgoingTrack) -> None:
    """Let sender reports tell when the picture that they name was *captured*.

    aiortc writes the time of sending; the server computes a picture's age from these reports, and
    would never see what drawing, encoding and waiting took. They name a picture once its first packet has left:
    until then (the pacer may hold it) the one before, and with the newer one's time a whole camera was dated too late.
    """
    original, next_frame = sender._send_rtcp, sender._next_encoded_frame
    left: tuple[int, float | None] = (0, None)  # the last one that has left whole: its timestamp, when it was captured

    async def take(codec: Any) -> Any:
        nonlocal left
        left = vars(sender)["_RTCRtpSender__rtp_timestamp"], track.captured_at
        return await next_frame(codec)

    async def send(packets: list[Any]) -> None:
        for report in (p for p in packets if isinstance(p, RtcpSrPacket)):
            named = report.sender_info.rtp_timestamp
            captured_at = left[1] if named == left[0] else track.captured_at
            if captured_at is None:
                return  # nothing was sent yet: an all-zero report would map timestamps to 1900
            report.sender_info.ntp_timestamp = ntp_time(captured_at)
        await original(packets)

    vars(sender)["_next_encoded_frame"] = take
    vars(sender)["_send_rtcp"] = send


class Impairment:
    """A bad link on purpose (exercises and tests): loses a share of outgoing packets, or all media."""

    def __init__(self, rng: Random) -> None:
        self.loss = 0.0
        self.stalled = False
        self._rng = rng

    def loses(self, packet: bytes) -> bool:
        """Whether this RTP or RTCP packet is lost; while stalled, RTCP still passes (RFC 5761 tells them apart)."""
        if self.stalled and not 192 <= packet[1] <= 223:
            return True
        return self.loss > 0 and self._rng.random() < self.loss


def impair(connection: RTCPeerConnection, impairment: Impairment) -> None:
    """Put `impairment` between the senders of a connection and their transports."""
    for transport in {sender.transport for sender in connection.getSenders()}:
        vars(transport)["_send_rtp"] = _lossy(transport._send_rtp, impairment)


def _lossy(original: Callable[[bytes], Any], impairment: Impairment) -> Callable[[bytes], Any]:
    async def send(packet: bytes) -> None:
        if not impairment.loses(packet):
            await original(packet)

    return send


def pace(connection: RTCPeerConnection, pacer: Pacer, clock: Clock) -> None:
    """Let the packets of pictures leave one after another as `pacer` says, and repairs as far as it allows them.

    aiortc sends a whole picture at once. A packet is sent, then its sender waits, so that its send time
    (abs-send-time, by which the server finds a queue) is true; sound and reports do not wait. Nor does a picture's next
    packet leave while more is on its way than the uplink carries.
    """
    senders = [sender for sender in connection.getSenders() if sender.kind == "video"]
    pictures = {sender._ssrc for sender in senders}
    for sender in senders:
        vars(sender)["_retransmit"] = _marked(sender._retransmit)
    for transport in {sender.transport for sender in senders}:
        vars(transport)["_send_rtp"] = _paced(transport._send_rtp, pictures, pacer, clock)


def _marked(original: Callable[[int], Any]) -> Callable[[int], Any]:
    async def retransmit(sequence_number: int) -> None:
        before = REPAIRS.set(True)
        try:
            await original(sequence_number)
        finally:
            REPAIRS.reset(before)

    return retransmit


def _paced(original: Callable[[bytes], Any], pictures: set[int], pacer: Pacer, clock: Clock) -> Callable[[bytes], Any]:
    async def send(packet: bytes) -> None:
        if REPAIRS.get():  # in the task that receives: it must not wait
            if pacer.allows_repair(len(packet), clock.monotonic()):
                await original(packet)
            return
        await original(packet)
        if 192 <= packet[1] <= 223:  # RTCP (RFC 5761)
            return
        now, ssrc = clock.monotonic(), int.from_bytes(packet[8:12], "big")
        pacer.sent(len(packet), now)
        if ssrc in pictures:
            pacer.in_flight.sent(ssrc, int.from_bytes(packet[2:4], "big"), len(packet), now)
            wait = pacer.wait_s(now)
            if wait:
                await asyncio.sleep(wait)
            while wait := pacer.closed_s(clock.monotonic()):  # noqa: ASYNC110 – each look may let a probe go
                await asyncio.sleep(wait)

    return send
