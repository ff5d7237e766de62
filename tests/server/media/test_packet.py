"""RTP packets: any bytes are parsed or refused; padding and extensions come and go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media.packet import (
    HEADER,
    Header,
    PacketError,
    canonical,
    extension_value,
    padded,
    parse_header,
    signed16,
    timestamp_of,
    unwrapped,
)

FIXED = HEADER.pack(0x80, 0x80 | 102, 65_535, 4_000_000_000, 77)


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(content: bytes) -> None:
    try:
        header = parse_header(content)
    except PacketError:
        return
    assert 12 <= header.payload_start <= header.payload_end <= len(content)
    assert canonical(content, header)[12:] == content[header.payload_start : header.payload_end]


@given(st.binary(max_size=120), st.integers(0, 300))
def test_any_bytes_have_an_extension_or_none(content: bytes, number: int) -> None:
    found = extension_value(content, number)
    assert found is None or isinstance(found, bytes)


def test_csrc_extension_and_padding_are_stripped() -> None:
    extension = bytes.fromhex("bede0001") + bytes((0x31, ord("s"), ord("u"), 0))
    packet = bytes((0x80 | 0x20 | 0x10 | 2,)) + FIXED[1:] + bytes(8) + extension + b"payload" + b"\0\0\3"
    header = parse_header(packet)
    assert header == Header(True, 102, 65_535, 4_000_000_000, 77, 28, 35)
    plain = canonical(packet, header)
    assert plain == HEADER.pack(0x80, 0x80, 65_535, 4_000_000_000, 77) + b"payload"
    assert (parse_header(plain).sequence, timestamp_of(plain)) == (65_535, 4_000_000_000)
    assert extension_value(packet, 3) == b"su"
    assert extension_value(packet, 4) is None


def test_the_two_byte_form_of_extensions() -> None:
    packet = bytes((0x90,)) + FIXED[1:] + bytes.fromhex("10000002") + b"\x05\x03mid\0\0\0"
    assert extension_value(packet, 5) == b"mid"


@given(st.binary(min_size=1, max_size=1200), st.integers(0, 1500))
def test_padding_changes_nothing_but_the_size(payload: bytes, size: int) -> None:
    packet = HEADER.pack(0x80, 0, 1, 2, 3) + payload
    grown = padded(packet, size)
    header = parse_header(grown)
    assert grown[header.payload_start : header.payload_end] == payload
    assert len(grown) == (size if 0 < size - len(packet) <= 255 else len(packet))
    assert padded(grown, size + 9) == grown or not grown[0] & 0x20


@pytest.mark.parametrize(
    ("value", "near", "full"), [(1, 65_535, 65_537), (65_535, 65_537, 65_535), (5, 70_000, 65_541)]
)
def test_numbers_are_unwrapped_the_short_way(value: int, near: int, full: int) -> None:
    assert unwrapped(value, near) == full


@given(st.integers(0, 2**40), st.integers(-32_768, 32_767))
def test_unwrapping_finds_what_was_wrapped(near: int, step: int) -> None:
    assert unwrapped((near + step) & 0xFFFF, near) == near + step
    assert signed16(step) == step
