"""The contract with aiortc's private parts: if a new version breaks it, these fail and say where."""

from __future__ import annotations

import asyncio
import inspect
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from aiortc import RTCPeerConnection, RTCRtpCodecParameters, RTCRtpSender
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    RtpPacket,
    pack_remb_fci,
)

from streamer.clock import SystemClock
from streamer.encoder import CLOCK_RATE, Encoded
from streamer.outgoing_track import LEAD_S, OutgoingTrack
from streamer.pacing import Pacer
from streamer.rtp_hooks import (
    Impairment,
    impair,
    ntp_time,
    on_bandwidth,
    on_key_request,
    on_receipt,
    pace,
    report_capture_time,
)
from streamer.tasks import TaskOwner
from tests.streamer.waiting import until


async def test_pli_and_fir_reach_the_encoder() -> None:
    connection = RTCPeerConnection()
    sender = connection.addTransceiver("video", direction="sendonly").sender
    asked: list[int] = []
    on_key_request(sender, lambda: asked.append(1))
    for fmt in (RTCP_PSFB_PLI, RTCP_PSFB_FIR):
        await sender._handle_rtcp_packet(RtcpPsfbPacket(fmt=fmt, ssrc=1, media_ssrc=sender._ssrc))
    assert len(asked) == 2
    await connection.close()


async def test_remb_for_this_sender_is_told_and_broken_ones_are_not() -> None:
    connection = RTCPeerConnection()
    sender = connection.addTransceiver("video", direction="sendonly").sender
    told: list[int] = []
    on_bandwidth(sender, told.append)
    for fci in (pack_remb_fci(250_000, [sender._ssrc]), pack_remb_fci(9_000, [sender._ssrc ^ 1]), b"REMB", b""):
        await sender._handle_rtcp_packet(RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=1, media_ssrc=0, fci=fci))
    assert told == [pytest.approx(250_000, rel=0.01)]
    await connection.close()


async def test_receipts_for_this_sender_are_told_and_go_on_to_aiortc() -> None:
    connection = RTCPeerConnection()
    sender = connection.addTransceiver("video", direction="sendonly").sender
    told: list[tuple[int, int]] = []
    on_receipt(sender, lambda ssrc, highest: told.append((ssrc, highest)))
    blocks = [
        RtcpReceiverInfo(ssrc, fraction_lost=0, packets_lost=0, highest_sequence=0x1FFFE, jitter=0, lsr=0, dlsr=0)
        for ssrc in (sender._ssrc ^ 1, sender._ssrc)
    ]
    await sender._handle_rtcp_packet(RtcpRrPacket(ssrc=1, reports=blocks))
    assert told == [(sender._ssrc, 0xFFFE)]
    assert any(one.type == "remote-inbound-rtp" for one in (await sender.getStats()).values())
    await connection.close()


class HeldSender:
    """aiortc's own sender of a track, whose packets leave when they are let."""

    def __init__(self) -> None:
        self.connection = RTCPeerConnection()
        self.track = OutgoingTrack("video", CLOCK_RATE, 1000.0, 4)
        self.sender = self.connection.addTransceiver(self.track, direction="sendonly").sender
        self.passed: list[RtpPacket] = []
        self.told: list[RtcpSrPacket] = []
        self.may_leave = asyncio.Event()
        self.may_leave.set()
        vars(self.sender.transport)["_send_rtp"] = self._keep
        vars(self.sender)["_send_rtcp"] = self._tell
        report_capture_time(self.sender, self.track)

    async def _keep(self, packet: bytes) -> None:
        self.passed.append(RtpPacket.parse(packet))
        await self.may_leave.wait()

    async def _tell(self, packets: list[Any]) -> None:
        self.told.extend(packets)

    async def report(self) -> RtcpSrPacket:
        """As aiortc makes it at this moment."""
        timestamp = vars(self.sender)["_RTCRtpSender__rtp_timestamp"]
        await self.sender._send_rtcp([RtcpSrPacket(1, RtcpSenderInfo(5, timestamp, 7, 8))])
        return self.told[-1]


async def test_a_report_while_a_picture_is_leaving_tells_the_capture_of_the_picture_that_it_names() -> None:
    """aiortc names the one before until the first packet has left, which waits behind the pacer."""
    held, codec = HeldSender(), RTCRtpCodecParameters("video/H264", 90_000, payloadType=96)
    async with TaskOwner("test") as tasks:
        sending = tasks.start(held.sender._run_rtp(codec), "sending")
        for captured_at, count in ((1000.25, 1), (1000.75, 2)):
            held.track.push(Encoded(b"\0\0\0\1\x65x", captured_at, True))
            await until(lambda count=count: len(held.passed) == count)  # type: ignore[misc]
            held.may_leave.clear()  # from the second on
            first = held.passed[0].timestamp
            report = (await held.report()).sender_info
            assert (report.rtp_timestamp, report.ntp_timestamp) == (first, ntp_time(1000.25))
        held.may_leave.set()
        await until(lambda: vars(held.sender)["_RTCRtpSender__rtp_timestamp"] != first)
        report = (await held.report()).sender_info
        assert (report.rtp_timestamp, report.ntp_timestamp) == (held.passed[1].timestamp, ntp_time(1000.75))
        sending.cancel()
    await held.connection.close()


async def test_sender_reports_tell_the_time_of_capture() -> None:
    connection = RTCPeerConnection()
    sender = connection.addTransceiver("video", direction="sendonly").sender
    sent: list[Any] = []

    async def keep(packets: list[Any]) -> None:
        sent.extend(packets)

    vars(sender)["_send_rtcp"] = keep
    track = OutgoingTrack("video", CLOCK_RATE, 1000.0, 4)
    report_capture_time(sender, track)

    def report() -> RtcpSrPacket:
        return RtcpSrPacket(ssrc=1, sender_info=RtcpSenderInfo(5, 6, 7, 8))

    await sender._send_rtcp([report()])
    assert sent == []  # nothing was captured yet
    track.push(Encoded(b"x", 1000.25, True))
    packet = await track.recv()
    assert packet.pts == CLOCK_RATE // 4 + LEAD_S * CLOCK_RATE
    await sender._send_rtcp([report()])
    assert sent[0].sender_info.ntp_timestamp == ntp_time(1000.25) == (2_208_989_800 << 32) + 2**30
    assert sent[0].sender_info.rtp_timestamp == 6
    await connection.close()


def test_aiortc_still_calls_through_the_instance() -> None:
    source = inspect.getsource(RTCRtpSender)
    calls = ("self._send_keyframe()", "self._send_rtcp(", "self.transport._send_rtp(", "self._next_encoded_frame(")
    for call in calls:
        assert call in source, f"aiortc no longer calls {call}"


async def test_impairment_sits_on_the_transport() -> None:
    connection = RTCPeerConnection()
    sender = connection.addTransceiver("video", direction="sendonly").sender
    passed: list[bytes] = []

    async def pass_on(packet: bytes) -> None:
        passed.append(packet)

    vars(sender.transport)["_send_rtp"] = pass_on
    impairment = Impairment(Random(1))
    impair(connection, impairment)
    media, report = b"\x80\x60" + bytes(10), b"\x80\xc8" + bytes(10)
    await sender.transport._send_rtp(media)
    impairment.stalled = True
    await sender.transport._send_rtp(media)
    await sender.transport._send_rtp(report)
    assert passed == [media, report]
    impairment.stalled, impairment.loss = False, 0.5
    for _ in range(400):
        await sender.transport._send_rtp(media)
    assert 150 < len(passed) - 2 < 250
    await connection.close()


async def test_a_full_queue_waits_for_the_next_key_frame() -> None:
    track = OutgoingTrack("video", CLOCK_RATE, 0.0, 3)
    for n in range(3):
        assert track.push(Encoded(b"p", float(n), n == 0))
    assert not track.push(Encoded(b"p", 3.0, False))
    assert not track.push(Encoded(b"p", 4.0, False))
    assert track.push(Encoded(b"key", 5.0, True))
    assert bytes(await track.recv()) == b"key"
    assert track.dropped == 5


async def test_timestamps_go_on_at_their_pace_when_the_clock_is_set_back() -> None:
    track = OutgoingTrack("video", CLOCK_RATE, 1000.0, 9)
    taken = []
    for captured_at in (1005.0, 1005.5, 1001.0, 1001.5, 1002.0):
        track.push(Encoded(b"p", captured_at, True))
        taken.append((await track.recv()).pts or 0)
    assert [round((after - before) / CLOCK_RATE, 3) for before, after in pairwise(taken)] == [0.5, 0.0, 0.5, 0.5]
    assert taken == sorted(set(taken))
    assert track.captured_at == 1002.0


async def test_what_was_captured_before_the_connection_was_asked_for_keeps_its_distance() -> None:
    """A busy camera's thread is up to a second behind with its sound: a sample that is dated too late seems never delayed."""
    track = OutgoingTrack("audio", 48_000, 1000.0, 9)
    taken = []
    for captured_at in (999.2, 999.24, 1000.04):
        track.push(Encoded(b"p", captured_at, True))
        taken.append((await track.recv()).pts or 0)
    assert [after - before for before, after in pairwise(taken)] == [1920, 38_400]
    assert taken[0] >= 0


class PacedSender:
    """A sender of pictures over a transport that keeps what is sent, with its time."""

    def __init__(self, bps: int) -> None:
        self.connection = RTCPeerConnection()
        self.sender = self.connection.addTransceiver("video", direction="sendonly").sender
        self.other = self.connection.addTransceiver("audio", direction="sendonly").sender
        self.passed: list[tuple[float, bytes]] = []
        self.pacer = Pacer()
        self.pacer.set_rate(bps)
        for transport in {self.sender.transport, self.other.transport}:
            vars(transport)["_send_rtp"] = self._keep
        pace(self.connection, self.pacer, SystemClock())

    async def _keep(self, packet: bytes) -> None:
        self.passed.append((asyncio.get_running_loop().time(), packet))

    def packet(self, ssrc: int, size: int = 1200) -> bytes:
        return b"\x80\x60" + bytes(6) + ssrc.to_bytes(4, "big") + bytes(size - 12)


async def test_the_packets_of_a_picture_leave_one_after_another() -> None:
    paced = PacedSender(1_000_000)
    for _ in range(10):
        await paced.sender.transport._send_rtp(paced.packet(paced.sender._ssrc))
    times = [at for at, _ in paced.passed]
    # ten packets are 96 kbit: 77 ms at 1.25 Mbit/s, the burst that may leave at once taken off
    assert times[-1] - times[0] > 0.04
    await paced.connection.close()


async def test_a_picture_waits_while_too_much_is_on_its_way() -> None:
    paced, clock = PacedSender(10_000_000), SystemClock()
    ssrc, flight = paced.sender._ssrc, paced.pacer.in_flight
    for number in range(20):  # receipts come after 1 ms, 5 ms apart
        flight.sent(ssrc, number, 100, clock.monotonic())
        await asyncio.sleep(0.005)
        flight.received(ssrc, number, clock.monotonic())
    paced.pacer.set_rate(100_000)
    async with TaskOwner("test") as tasks:

        async def picture() -> None:
            for _ in range(3):
                await paced.sender.transport._send_rtp(paced.packet(ssrc))

        sending = tasks.start(picture(), "picture")
        await until(lambda: flight.bytes >= 3600)
        assert len(paced.passed) == 3
        async with asyncio.timeout(10):
            await paced.other.transport._send_rtp(paced.packet(paced.other._ssrc, 100))
        assert len(paced.passed) == 4 and not sending.done()
        flight.received(ssrc, 19, clock.monotonic())
        flight.received(ssrc, 0, clock.monotonic())
        async with asyncio.timeout(10):
            await sending
    await paced.connection.close()


async def test_sound_reports_and_repairs_do_not_wait_behind_a_picture() -> None:
    paced = PacedSender(100_000)
    history = vars(paced.sender)["_RTCRtpSender__rtp_history"]
    for number in range(20):
        history[number] = RtpPacket(
            payload_type=96, sequence_number=number, ssrc=paced.sender._ssrc, payload=bytes(1000)
        )
    paced.pacer.sent(10_000_000, SystemClock().monotonic())  # ten minutes' worth
    async with TaskOwner("test") as tasks:
        picture = tasks.start(paced.sender.transport._send_rtp(paced.packet(paced.sender._ssrc)), "picture")
        await until(lambda: bool(paced.passed))
        async with asyncio.timeout(10):
            await paced.other.transport._send_rtp(paced.packet(paced.other._ssrc, 100))
            await paced.sender.transport._send_rtp(b"\x80\xc8" + bytes(50))
            for number in range(20):  # in the task that receives
                await paced.sender._retransmit(number)
        assert not picture.done(), "it was sent, and its sender waits before the next packet"
        assert len(paced.passed) == 1 + 2 + 2, "of the repairs 20 kbit: 0.4 of the estimate, for half a second"
        picture.cancel()
    await paced.connection.close()


def test_aiortc_still_repairs_through_the_instance() -> None:
    source = inspect.getsource(RTCRtpSender)
    assert "await self._retransmit(" in source and "abs_send_time" in source
