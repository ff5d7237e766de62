"""RTCP: any bytes are parsed or refused; what we write, others (aiortc) read."""

from __future__ import annotations

from contextlib import suppress

from aiortc import rtp
from hypothesis import given
from hypothesis import strategies as st

from server.media import feedback
from server.media.feedback import (
    BandwidthLimit,
    FeedbackError,
    KeyFrameRequest,
    KeyFrameRequests,
    Nack,
    ReceiverDelay,
    RepairBudget,
    ReportBlock,
    SenderReport,
)
from server.media.loss import Report

ssrcs = st.integers(0, 2**32 - 1)


@given(st.binary(max_size=300))
def test_any_bytes_are_parsed_or_refused(content: bytes) -> None:
    with suppress(FeedbackError):
        feedback.parse(content)


@given(st.sampled_from([200, 201, 203, 205, 206, 207]), st.integers(0, 31), st.binary(max_size=80), st.booleans())
def test_any_body_behind_a_right_header(kind: int, count: int, body: bytes, padded: bool) -> None:
    body += bytes(-len(body) % 4)
    first = 0x80 | (0x20 if padded else 0) | count
    with suppress(FeedbackError):
        feedback.parse(bytes((first, kind)) + (len(body) // 4).to_bytes(2, "big") + body)


@given(ssrcs, st.lists(st.integers(0, 65_535), min_size=1, max_size=60, unique=True))
def test_a_nack_names_all_that_is_missing(ssrc: int, missing: list[int]) -> None:
    packet = feedback.nack(1, ssrc, missing)
    (found,) = feedback.parse(packet)
    assert isinstance(found, Nack)
    assert (found.ssrc, sorted(found.sequences)) == (ssrc, sorted(missing))
    (theirs,) = rtp.RtcpPacket.parse(packet)
    assert isinstance(theirs, rtp.RtcpRtpfbPacket)
    assert sorted(theirs.lost) == sorted(missing)


def test_of_an_endless_nack_no_more_is_read_than_can_be_answered() -> None:
    """One packet of them took 0.4 ms: 5,400 numbers, of which 128 were used."""
    missing = list(range(34 * 200))
    (found,) = feedback.parse(feedback.nack(1, 2, missing))
    assert isinstance(found, Nack)
    assert found.sequences == tuple(missing[: feedback.MAX_MISSING])


@given(st.integers(0, 2**40), st.lists(ssrcs, max_size=4))
def test_remb_is_right_to_five_digits(rate: int, about: list[int]) -> None:
    packet = feedback.bandwidth_limit(1, rate, about)
    (found,) = feedback.parse(packet)
    assert isinstance(found, BandwidthLimit)
    assert found.ssrcs == tuple(about)
    assert rate - rate / 2**17 <= found.bits_per_second <= rate
    (theirs,) = rtp.RtcpPacket.parse(packet)
    assert isinstance(theirs, rtp.RtcpPsfbPacket)
    assert rtp.unpack_remb_fci(theirs.fci) == (found.bits_per_second, about)


def test_reports_come_through() -> None:
    block = (9, Report(25, -3, 70_000, 12), 5, 65_536)
    assert feedback.parse(feedback.receiver_report(1, [block])) == [ReportBlock(9, 25, -3, 70_000, 12, 5, 65_536)]
    report = SenderReport(7, feedback.ntp_from_unix(1_800_000_000.25), 123, 2**32 + 5, 10)
    compound = feedback.sender_report(report, "watchroom")
    assert feedback.parse(compound) == [SenderReport(7, report.ntp, 123, 5, 10)]
    assert feedback.unix_from_ntp(report.ntp) == 1_800_000_000.25
    assert [type(one).__name__ for one in rtp.RtcpPacket.parse(compound)] == ["RtcpSrPacket", "RtcpSdesPacket"]
    assert feedback.parse(feedback.picture_loss(1, 4)) == [KeyFrameRequest(4)]
    assert feedback.parse(feedback.goodbye([4, 5])) == [], "DTLS and consent end sessions"
    [goodbye] = rtp.RtcpPacket.parse(feedback.goodbye([4, 5]))
    assert isinstance(goodbye, rtp.RtcpByePacket) and goodbye.sources == [4, 5]
    fir = bytes((0x84, 206, 0, 4)) + bytes(8) + (77).to_bytes(4, "big") + bytes((1, 0, 0, 0))
    assert feedback.parse(fir) == [KeyFrameRequest(77)]


def test_a_round_trip_is_asked_for_and_told_back() -> None:
    assert feedback.receiver_reference(1, 0x0102030405060708).hex() == "80cf000400000001040000020102030405060708"
    told = bytes.fromhex("80cf00050000000905000003000000010304050600008000")
    assert feedback.parse(told) == [ReceiverDelay(1, 0x03040506, 0x8000)]
    longer = bytes.fromhex("80cf0006000000090500000300000001030405060000800007000000")
    assert feedback.parse(longer) == [ReceiverDelay(1, 0x03040506, 0x8000)]


def test_many_ask_and_the_camera_is_asked_once() -> None:
    requests = KeyFrameRequests()
    assert not requests.is_due(0.0)
    for _ in range(50):
        requests.ask()
    assert requests.is_due(1.0)
    assert not requests.is_due(1.49)
    assert requests.is_due(1.5), "it did not come: ask again"
    requests.satisfied()
    assert not requests.is_due(9.0)


@given(st.lists(st.tuples(st.floats(0, 0.2), st.integers(1, 1500)), max_size=200), st.floats(0, 500_000))
def test_repairs_stay_within_their_share(asks: list[tuple[float, int]], rate: float) -> None:
    budget, now, spent = RepairBudget(), 0.0, 0
    for pause, size in asks:
        now += pause
        if budget.allows(size, now, rate):
            spent += size
    allowed = max(RepairBudget.FLOOR_BYTES_PER_S, rate * RepairBudget.SHARE)
    assert spent <= RepairBudget.FLOOR_BYTES_PER_S + allowed * (now + RepairBudget.BURST_S)
