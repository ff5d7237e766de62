"""RTP packets as bytes (RFC 3550 section 5.1): parsed, stripped to a canonical form, padded.

A canonical packet has no CSRC, no header extension and, unless we padded it, no padding; its payload
starts at byte 12. It is kept as `bytes`, because one camera's packet is copied to many viewers.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

HEADER = struct.Struct("!BBHII")
HEADER_SIZE = 12
UINT16 = struct.Struct("!H")
EXTENSION_HEADER = struct.Struct("!HH")

VERSION_BITS = 0x80
PADDING_BIT = 0x20
EXTENSION_BIT = 0x10
MARKER_BIT = 0x80
MAX_PADDING = 255

ONE_BYTE_PROFILE = 0xBEDE  # RFC 8285 section 4.2
TWO_BYTE_PROFILE = 0x1000  # RFC 8285 section 4.3, the upper 12 bits


new_tuple = tuple.__new__  # of a NamedTuple: its own is a function in Python, and costs three times as much


class PacketError(ValueError):
    """Not an RTP packet."""


class Header(NamedTuple):
    """The fixed header's fields that forwarding needs, and where the payload lies."""

    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload_start: int
    payload_end: int


def parse_header(packet: memoryview | bytes) -> Header:
    """Raises PacketError for anything that is not a whole RTP packet of version 2."""
    size = len(packet)
    if size < HEADER_SIZE:
        raise PacketError(f"{size} bytes are too few for an RTP header")
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(packet)
    if first >> 6 != 2:
        raise PacketError(f"RTP version {first >> 6}")
    start = HEADER_SIZE + 4 * (first & 15)
    if first & EXTENSION_BIT:
        if start + 4 > size:
            raise PacketError("header extension beyond the end")
        start += 4 + 4 * int(UINT16.unpack_from(packet, start + 2)[0])
    end = size
    if first & PADDING_BIT:
        padding = packet[size - 1]
        if padding == 0:
            raise PacketError("padding of no bytes")
        end -= padding
    if start > end:
        raise PacketError("header, extension and padding exceed the packet")
    return new_tuple(Header, (second >= MARKER_BIT, second & 0x7F, sequence, timestamp, ssrc, start, end))


def canonical(packet: memoryview | bytes, header: Header) -> bytes:
    """The packet without CSRC, extension and padding, and with payload type 0 (each viewer has its own)."""
    marker = MARKER_BIT if header.marker else 0
    fixed = HEADER.pack(VERSION_BITS, marker, header.sequence, header.timestamp, header.ssrc)
    return b"".join((fixed, packet[header.payload_start : header.payload_end]))


def padded(packet: bytes, size: int) -> bytes:
    """A canonical packet grown to `size` bytes by RTP padding; unchanged if that is not possible."""
    missing = size - len(packet)
    if not 0 < missing <= MAX_PADDING or packet[0] & PADDING_BIT:
        return packet
    return bytes((packet[0] | PADDING_BIT,)) + packet[1:] + bytes(missing - 1) + bytes((missing,))


FILLER_SIZE = HEADER_SIZE + 1


def filler(beside: bytes, sequence: int) -> bytes:
    """A canonical packet without content (one byte of padding) in the picture of `beside`, under another number."""
    return bytes((VERSION_BITS | PADDING_BIT, 0)) + UINT16.pack(sequence & 0xFFFF) + beside[4:HEADER_SIZE] + b"\x01"


def is_filler(packet: bytes) -> bool:
    """Whether it stands for a packet that never came."""
    return len(packet) == FILLER_SIZE and bool(packet[0] & PADDING_BIT)


def extension_value(packet: memoryview | bytes, extension_id: int) -> bytes | None:
    """The value of header extension `extension_id` (RFC 8285, one-byte or two-byte form), None if absent."""
    size = len(packet)
    if size < HEADER_SIZE or not packet[0] & EXTENSION_BIT:
        return None
    start = HEADER_SIZE + 4 * (packet[0] & 15)
    if start + 4 > size:
        return None
    profile, words = EXTENSION_HEADER.unpack_from(packet, start)
    block = bytes(packet[start + 4 : start + 4 + 4 * words])
    if profile == ONE_BYTE_PROFILE:
        return _one_byte_value(block, extension_id)
    if profile & 0xFFF0 == TWO_BYTE_PROFILE:
        return _two_byte_value(block, extension_id)
    return None


def _one_byte_value(block: bytes, extension_id: int) -> bytes | None:
    position = 0
    while position < len(block):
        identity, size = block[position] >> 4, (block[position] & 15) + 1
        if block[position] == 0:  # padding
            position += 1
            continue
        if identity == 15:  # reserved: processing stops (RFC 8285 section 4.2)
            return None
        if identity == extension_id:
            return block[position + 1 : position + 1 + size]
        position += 1 + size
    return None


def _two_byte_value(block: bytes, extension_id: int) -> bytes | None:
    position = 0
    while position + 1 < len(block):
        identity, size = block[position], block[position + 1]
        if identity == 0:
            position += 1
            continue
        if identity == extension_id:
            return block[position + 2 : position + 2 + size]
        position += 2 + size
    return None


def timestamp_of(packet: bytes) -> int:
    """The 32-bit timestamp, in the codec's clock rate."""
    return int.from_bytes(packet[4:8], "big")


def signed16(difference: int) -> int:
    """The shortest way round a 16-bit circle, −32768 … 32767."""
    return ((difference + 0x8000) & 0xFFFF) - 0x8000


def signed32(difference: int) -> int:
    """The shortest way round a 32-bit circle."""
    return ((difference + 0x80000000) & 0xFFFFFFFF) - 0x80000000


def unwrapped(value: int, near: int) -> int:
    """The number that ends in the 16 bits of `value` and lies nearest to `near`."""
    return near + signed16(value - near)
