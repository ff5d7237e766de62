"""RTCP as bytes and back (RFC 3550 section 6, RFC 3611, RFC 4585, REMB), and how often a camera may be asked for a key frame.

`parse` raises FeedbackError for what is not a well-formed compound packet, and nothing else.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from server.media.loss import Report
from server.media.packet import new_tuple

SENDER_REPORT = 200
RECEIVER_REPORT = 201
SOURCE_DESCRIPTION = 202
GOODBYE = 203
TRANSPORT_FEEDBACK = 205
PAYLOAD_FEEDBACK = 206
EXTENDED_REPORT = 207

RECEIVER_REFERENCE = 4  # RFC 3611 section 4.4
RECEIVER_DELAY = 5  # section 4.5

REPORT_HEAD = struct.Struct("!BBHI")
REPORT_BLOCK = struct.Struct("!IIIIII")

FMT_NACK = 1
FMT_PLI = 1
FMT_FIR = 4
FMT_APPLICATION = 15

MAX_MISSING = 128  # in one NACK: no more of it is read
MAX_PACKETS = 32  # in one compound datagram
NTP_EPOCH = 2_208_988_800  # seconds from 1900 to 1970


class FeedbackError(ValueError):
    """Not a well-formed RTCP packet."""


class ReportBlock(NamedTuple):
    """What a receiver says of one source. `delay` (DLSR) in 1/65536 s."""

    ssrc: int
    fraction_lost: int
    cumulative_lost: int
    highest_sequence: int
    jitter: int
    last_sender_report: int
    delay: int


@dataclass(frozen=True, slots=True)
class SenderReport:
    """`ntp` in 1/2**32 s since 1900, and the RTP timestamp of the same moment."""

    ssrc: int
    ntp: int
    timestamp: int
    packets: int
    octets: int


@dataclass(frozen=True, slots=True)
class Nack:
    """These 16-bit sequence numbers of `ssrc` did not come; at most MAX_MISSING."""

    ssrc: int
    sequences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyFrameRequest:
    """PLI or FIR: the receiver cannot decode without a new key frame."""

    ssrc: int


@dataclass(frozen=True, slots=True)
class BandwidthLimit:
    """REMB: the receiver thinks that no more than this can come through."""

    bits_per_second: int
    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReceiverDelay:
    """DLRR: the sender had the reference time of receiver `ssrc` for `delay` (1/65536 s) when it sent this."""

    ssrc: int
    last_reference: int
    delay: int


Feedback = ReceiverDelay | ReportBlock | SenderReport | Nack | KeyFrameRequest | BandwidthLimit


def parse(compound: bytes) -> list[Feedback]:
    """All that a compound packet says and that we know; unknown packet types are skipped."""
    found: list[Feedback] = []
    position = 0
    for _ in range(MAX_PACKETS):
        if position == len(compound):
            return found
        if position + 4 > len(compound):
            raise FeedbackError("a header is cut off")
        first, kind, words = struct.unpack_from("!BBH", compound, position)
        end = position + 4 + 4 * words
        if first >> 6 != 2 or end > len(compound):
            raise FeedbackError("wrong version or length")
        padding = _padding(compound, position + 4, end) if first & 0x20 else 0
        body = compound[position + 4 : end - padding]
        found += _parse_one(kind, first & 31, body)
        position = end
    raise FeedbackError(f"more than {MAX_PACKETS} packets in one datagram")


def _padding(compound: bytes, start: int, end: int) -> int:
    size = compound[end - 1] if end > start else 0
    if not 0 < size <= end - start:
        raise FeedbackError("padding longer than the packet")
    return size


def _parse_one(kind: int, count: int, body: bytes) -> Sequence[Feedback]:
    try:
        if kind == SENDER_REPORT:
            ssrc, ntp, timestamp, packets, octets = struct.unpack_from("!IQIII", body)
            return [SenderReport(ssrc, ntp, timestamp, packets, octets), *_blocks(body, 24, count)]
        if kind == RECEIVER_REPORT:
            return _blocks(body, 4, count)
        if kind == TRANSPORT_FEEDBACK and count == FMT_NACK:
            return [_nack(body)]
        if kind == EXTENDED_REPORT:
            return _receiver_delays(body)
        if kind == PAYLOAD_FEEDBACK:
            return _payload_feedback(count, body)
    except struct.error as error:
        raise FeedbackError(f"RTCP type {kind} is cut off") from error
    return []


def _blocks(body: bytes, start: int, count: int) -> list[ReportBlock]:
    blocks = []
    for index in range(count):
        ssrc, lost, highest, jitter, last, delay = REPORT_BLOCK.unpack_from(body, start + 24 * index)
        cumulative = ((lost & 0xFFFFFF) ^ 0x800000) - 0x800000  # 24 bits, signed
        blocks.append(new_tuple(ReportBlock, (ssrc, lost >> 24, cumulative, highest, jitter, last, delay)))
    return blocks


def _nack(body: bytes) -> Nack:
    _, ssrc = struct.unpack_from("!II", body)
    wanted: list[int] = []
    for position in range(8, len(body) - 3, 4):
        first, mask = struct.unpack_from("!HH", body, position)
        wanted.append(first)
        wanted += [(first + bit + 1) & 0xFFFF for bit in range(16) if mask >> bit & 1]
        if len(wanted) >= MAX_MISSING:
            break
    return Nack(ssrc, tuple(wanted[:MAX_MISSING]))


def _receiver_delays(body: bytes) -> list[Feedback]:
    found: list[Feedback] = []
    position = 4
    while position < len(body):
        kind, _, words = struct.unpack_from("!BBH", body, position)
        end = position + 4 + 4 * words
        if kind == RECEIVER_DELAY:
            starts = range(position + 4, min(end, len(body)) - 11, 12)
            found += [ReceiverDelay(*struct.unpack_from("!III", body, at)) for at in starts]
        position = end
    return found


def _payload_feedback(fmt: int, body: bytes) -> list[Feedback]:
    _, ssrc = struct.unpack_from("!II", body)
    if fmt == FMT_PLI:
        return [KeyFrameRequest(ssrc)]
    if fmt == FMT_FIR:
        return [KeyFrameRequest(struct.unpack_from("!I", body, at)[0]) for at in range(8, len(body) - 7, 8)]
    if fmt == FMT_APPLICATION and body[8:12] == b"REMB":
        count, high, low = struct.unpack_from("!BBH", body, 12)
        mantissa = (high & 3) << 16 | low
        return [BandwidthLimit(mantissa << (high >> 2), struct.unpack_from(f"!{count}I", body, 16))]
    return []


# ---- what we say ---------------------------------------------------------------------------------------


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def receiver_report(own: int, blocks: list[tuple[int, Report, int, int]]) -> bytes:
    """One RR; each block is (ssrc, figures, LSR, DLSR in 1/65536 s)."""
    told = blocks[:31]
    packet = REPORT_HEAD.pack(0x80 | len(told), RECEIVER_REPORT, 1 + 6 * len(told), own)
    for ssrc, (fraction, lost, highest, jitter), last, delay in told:
        packet += REPORT_BLOCK.pack(ssrc, fraction << 24 | lost & 0xFFFFFF, highest, jitter, last, delay & 0xFFFFFFFF)
    return packet


def compound(own: int, packet: bytes) -> bytes:
    """Feedback goes in a compound packet that starts with a report (RFC 3550 section 6.1)."""
    return receiver_report(own, []) + packet


def sender_report(report: SenderReport, cname: str) -> bytes:
    """One SR with the SDES that a compound packet needs."""
    body = struct.pack(
        "!IQIII",
        report.ssrc,
        report.ntp,
        report.timestamp,
        report.packets & 0xFFFFFFFF,
        report.octets & 0xFFFFFFFF,
    )
    name = cname.encode()[:255]
    item = struct.pack("!IBB", report.ssrc, 1, len(name)) + name + b"\0"
    return _packet(SENDER_REPORT, 0, body) + _packet(SOURCE_DESCRIPTION, 1, item + bytes(-len(item) % 4))


def receiver_reference(own: int, ntp: int) -> bytes:
    """RRTR: our time, that the sender tells us back (RFC 3611 section 4.4)."""
    return _packet(EXTENDED_REPORT, 0, struct.pack("!IBBHQ", own, RECEIVER_REFERENCE, 0, 2, ntp))


def nack(own: int, ssrc: int, sequences: list[int]) -> bytes:
    """A generic NACK; neighbours share a field (RFC 4585 section 6.2.1)."""
    body = struct.pack("!II", own, ssrc)
    pending = list(sequences)
    while pending:
        first = pending[0]
        # A field does not cross from 65535 to 0: aiortc 1.16 would read 65536.
        later = [sequence - first - 1 if sequence > first else 0xFFFF for sequence in pending[1:]]
        mask = 0
        for distance in later:
            mask |= 1 << distance if distance < 16 else 0
        body += struct.pack("!HH", first, mask)
        pending = [sequence for sequence, distance in zip(pending[1:], later, strict=True) if distance >= 16]
    return _packet(TRANSPORT_FEEDBACK, FMT_NACK, body)


def picture_loss(own: int, ssrc: int) -> bytes:
    """A PLI (RFC 4585 section 6.3.1)."""
    return _packet(PAYLOAD_FEEDBACK, FMT_PLI, struct.pack("!II", own, ssrc))


def bandwidth_limit(own: int, bits_per_second: int, ssrcs: list[int]) -> bytes:
    """REMB (draft-alvestrand-rmcat-remb-03): an 18-bit mantissa and an exponent."""
    exponent = max(0, bits_per_second.bit_length() - 18)
    mantissa = bits_per_second >> exponent
    body = struct.pack("!II4sBBH", own, 0, b"REMB", len(ssrcs), exponent << 2 | mantissa >> 16, mantissa & 0xFFFF)
    return _packet(PAYLOAD_FEEDBACK, FMT_APPLICATION, body + struct.pack(f"!{len(ssrcs)}I", *ssrcs))


def goodbye(ssrcs: list[int]) -> bytes:
    """BYE."""
    return _packet(GOODBYE, len(ssrcs), struct.pack(f"!{len(ssrcs)}I", *ssrcs))


def ntp_from_unix(seconds: float) -> int:
    """64-bit NTP time of a Unix time."""
    return int((seconds + NTP_EPOCH) * 2**32) & 0xFFFFFFFFFFFFFFFF


def unix_from_ntp(ntp: int) -> float:
    """Unix seconds of a 64-bit NTP time."""
    return ntp / 2**32 - NTP_EPOCH


class KeyFrameRequests:
    """Many viewers ask, the camera is asked once."""

    # 500 ms: a key frame costs about 10 frames of bitrate; asking faster starves the uplink.
    INTERVAL_S = 0.5

    def __init__(self) -> None:
        self._asked_at = float("-inf")
        self._pending = False

    def ask(self) -> None:
        """Somebody needs a key frame."""
        self._pending = True

    def satisfied(self) -> None:
        """A key frame came: whoever had asked before is served."""
        self._pending = False

    @property
    def is_pending(self) -> bool:
        """Whether somebody waits."""
        return self._pending

    def is_due(self, now: float) -> bool:
        """Whether to ask the camera now (seconds); then it counts as asked, until the interval has passed again."""
        if not self._pending or now - self._asked_at < self.INTERVAL_S:
            return False
        self._asked_at = now
        return True


class RepairBudget:
    """A token bucket of bytes: retransmissions may take a share of what a viewer is sent, not more."""

    SHARE = 0.25
    FLOOR_BYTES_PER_S = 25_000
    BURST_S = 1.0

    def __init__(self) -> None:
        self._tokens = float(self.FLOOR_BYTES_PER_S)
        self._at: float | None = None

    def allows(self, size: int, now: float, sending_bytes_per_s: float) -> bool:
        """Whether `size` bytes may be repeated now; if so they are spent."""
        if self.left(now, sending_bytes_per_s) < size:
            return False
        self.spend(size)
        return True

    def left(self, now: float, sending_bytes_per_s: float) -> float:
        """How many bytes may be repeated now."""
        rate = max(self.FLOOR_BYTES_PER_S, sending_bytes_per_s * self.SHARE)
        if self._at is not None:
            self._tokens = min(rate * self.BURST_S, self._tokens + (now - self._at) * rate)
        self._at = now
        return self._tokens

    def spend(self, size: int) -> None:
        """So many bytes are repeated."""
        self._tokens -= size


class NackBudget(RepairBudget):
    """The same for what a camera is asked to repeat: its uplink carries the picture first."""

    # Where 20 % is lost both ways, 36 % of all asking is in vain: it takes 0.39 of what arrives at first, measured with
    # a third: 65 % of the pictures, and gaps of 7 s. Beyond half the encoder has to give way, not the picture.
    SHARE = 1 / 2
    FLOOR_BYTES_PER_S = 4_000  # a third of 100 kbit/s; a narrow link drains below that only for seconds
