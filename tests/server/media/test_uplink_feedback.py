"""A camera that knows transport-cc is told arrivals; any other our estimate, from its send times."""

from __future__ import annotations

from itertools import pairwise

import pytest

from server.media import feedback
from server.media.arrival_groups import SEND_TIME_BITS, SendTimes
from server.media.bandwidth import UplinkEstimate
from server.media.feedback import BandwidthLimit, ReportBlock
from server.media.loss import LossTracker
from server.media.packet import HEADER, parse_header
from server.media.uplink_feedback import SEND_TIME_TICKS_PER_S, UplinkFeedback
from tests.server.media.test_transport_feedback import read

SEND_TIME, TRANSPORT = 3, 5


def packet(number: int, sent_s: float, size: int = 1000) -> memoryview:
    """With both header extensions (RFC 8285)."""
    send_time = int(sent_s * (1 << 18)) & 0xFFFFFF
    block = bytes((SEND_TIME << 4 | 2,)) + send_time.to_bytes(3, "big")
    block += bytes((TRANSPORT << 4 | 1,)) + (number & 0xFFFF).to_bytes(2, "big") + b"\0"
    head = HEADER.pack(0x90, 96, number & 0xFFFF, 0, 7) + bytes.fromhex("bede0002") + block
    return memoryview(head + bytes(size - len(head)))


def note(uplink: UplinkFeedback, came: memoryview, now: float) -> None:
    uplink.note_packet(came, parse_header(came).payload_start, now)


def play(uplink: UplinkFeedback, seconds: float, link_bps: float) -> list[bytes]:
    """800 kbit/s into a link of `link_bps`."""
    free_at, found = 0.0, []
    for number in range(int(seconds * 100)):
        sent = number * 0.01
        free_at = max(free_at, sent) + 8000 / link_bps
        note(uplink, packet(number, sent), free_at + 0.03)
        if free_at + 0.03 >= uplink.due_at:
            found += uplink.news(1, 7, [7, 8], number, 0, free_at + 0.03)
    return found


def test_an_estimate_is_made_of_send_times() -> None:
    uplink = UplinkFeedback(send_time_extension=SEND_TIME)
    told = [one for packet in play(uplink, 10, 400_000) for one in feedback.parse(packet)]
    limits = [one for one in told if isinstance(one, BandwidthLimit)]
    assert limits == told and {one.ssrcs for one in limits} == {(7, 8)}
    assert limits[-1].bits_per_second < 400_000
    assert uplink.bits_per_second is not None and uplink.bits_per_second < 400_000
    assert uplink.queue_s > 1


def test_packets_that_are_judged_together_tell_what_they_would_one_by_one() -> None:
    """They all come through one buffer; for the first seconds they are of sound alone, of which nothing may pile up."""
    uplink, alone, times = UplinkFeedback(SEND_TIME), UplinkEstimate(), SendTimes(SEND_TIME_BITS, SEND_TIME_TICKS_PER_S)
    buffer, free_at, told = memoryview(bytearray(1500)), 0.0, 0
    for number in range(4000):
        sent, pictures = number * 0.01, [7] if number >= 500 else []
        now = free_at = max(free_at, sent) + 8000 / (2e6 if number < 2000 else 4e5)
        came, size = packet(number, sent), 1000 if pictures else 200
        buffer[:size] = came[:size]
        note(uplink, buffer[:size], now)
        alone.note_bytes(size)
        alone.note_sent(size, times.seconds(int(sent * SEND_TIME_TICKS_PER_S) & 0xFFFFFF), now)
        if now < uplink.due_at:
            continue
        uplink.receipt(1, [], now)
        said = uplink.news(1, 7, pictures, number, 0, now)
        if pictures and now >= alone.due_at:
            alone.update(now, number, 0)
            limit = alone.news(now)
            assert said == ([feedback.bandwidth_limit(1, limit, pictures)] if limit is not None else [])
            told += len(said)
        assert len(uplink._came) <= 26, "a quarter of a second"
        assert uplink.bits_per_second == alone.bits_per_second
    assert told > 30
    assert uplink.queue_s == alone.queue_s > 1


def test_a_camera_that_controls_itself_is_told_when_packets_came() -> None:
    uplink = UplinkFeedback(SEND_TIME, TRANSPORT)
    reports = [read(one) for one in play(uplink, 2, 400_000)]
    assert len(reports) >= 8
    arrivals = [at for _, some in reports for at in some]
    assert len(arrivals) > 150 and None not in arrivals
    assert uplink.bits_per_second is None, "the estimate is the camera's own"


def test_packets_without_the_extensions_are_only_counted() -> None:
    for uplink in (UplinkFeedback(SEND_TIME), UplinkFeedback(SEND_TIME, TRANSPORT)):
        for number in range(100):
            note(uplink, memoryview(HEADER.pack(0x80, 96, number, 0, 7) + bytes(100)), number * 0.01)
            if number * 0.01 >= uplink.due_at:
                assert uplink.news(1, 7, [7], number, 0, number * 0.01) == []


def test_a_camera_that_offered_neither_is_told_nothing() -> None:
    """Feedback that was not negotiated must not be sent (RFC 4585 section 4.2), and costs a tenth of a camera."""
    uplink = UplinkFeedback(SEND_TIME, has_remb=False)
    uplink.begin()
    assert play(uplink, 10, 400_000) == []
    assert not uplink.times_packets and uplink.due_at == float("inf")
    assert uplink.bits_per_second is None and uplink.queue_s == 0


def test_an_estimate_waits_for_the_first_picture() -> None:
    uplink = UplinkFeedback(SEND_TIME)
    for number in range(300):
        note(uplink, packet(number, number * 0.01), number * 0.01)
        assert uplink.news(1, 7, [], 0, 0, number * 0.01) == []


@pytest.mark.parametrize("bps", [50e3, 200e3, 4e6])
def test_receipts_tell_what_came_within_their_budget(bps: float) -> None:
    uplink, loss = UplinkFeedback(SEND_TIME), LossTracker(90_000, repairs=True)
    taken: list[tuple[float, int]] = []
    size, seconds = 1000, 10.0
    for number in range(int(bps * seconds / 8 / size)):
        now = number * 8 * size / bps
        note(uplink, packet(number, now, size), now)
        loss.received(number & 0xFFFF, now)
        if now >= uplink.due_at:
            receipt = uplink.receipt(1, [(7, loss.figures())], now)
            if receipt is not None:
                (block,) = feedback.parse(receipt)
                assert isinstance(block, ReportBlock)
                assert (block.ssrc, block.highest_sequence & 0xFFFF) == (7, number & 0xFFFF)
                taken.append((now, len(receipt)))
    spaces = [later - earlier for (earlier, _), (later, _) in pairwise(taken)]
    assert min(spaces) >= 0.05 - 1e-6 and max(spaces) <= 0.25 + 8 * size / bps + 1e-6
    told_bps = 8 * sum(told + 54 for _, told in taken) / seconds  # 54: IP, UDP and SRTCP, as counted there
    assert told_bps <= max(0.06 * bps, 8 * 86 / 0.25 * 1.05)


def test_a_camera_that_controls_itself_gets_no_receipts() -> None:
    uplink = UplinkFeedback(SEND_TIME, TRANSPORT)
    note(uplink, packet(1, 0.0), 0.0)
    assert uplink.receipt(1, [(7, LossTracker(90_000, repairs=True).figures())], 0.0) is None
