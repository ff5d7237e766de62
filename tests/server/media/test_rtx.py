"""Retransmissions: what is unwrapped is what was wrapped; aiortc reads the same."""

from __future__ import annotations

import pytest
from aiortc import rtp
from hypothesis import given
from hypothesis import strategies as st

from server.media import rtx
from server.media.packet import HEADER, PacketError, canonical, padded, parse_header

payloads = st.binary(min_size=1, max_size=200)


@given(payloads, st.integers(0, 100), st.integers(0, 65_535), st.integers(0, 65_535), st.booleans())
def test_what_is_unwrapped_is_what_was_wrapped(
    payload: bytes, padding: int, own: int, number: int, marker: bool
) -> None:
    packet = HEADER.pack(0x80, 0x80 if marker else 0, own, 77, 5) + payload
    wrapped = rtx.wrapped(padded(packet, len(packet) + padding), number)
    header = rtx.original(wrapped, parse_header(wrapped))
    assert (header.sequence, header.timestamp, header.marker) == (number, 77, marker)
    assert canonical(wrapped, header) == HEADER.pack(0x80, 0x80 if marker else 0, number, 77, 5) + payload
    theirs = rtp.unwrap_rtx(rtp.RtpPacket.parse(wrapped), payload_type=0, ssrc=5)
    assert (theirs.sequence_number, theirs.payload) == (number, payload)


@pytest.mark.parametrize("payload", [b"", b"\x01"])
def test_a_retransmission_of_nothing_is_refused(payload: bytes) -> None:
    packet = HEADER.pack(0x80, 0, 1, 2, 3) + payload
    with pytest.raises(PacketError, match="number"):
        rtx.original(packet, parse_header(packet))
