"""Retransmission packets (RFC 4588 section 4): under an SSRC and a numbering of their own, the original's number first.

A repair that goes this way is a new packet: it needs no padding that the original had, and repeats no AES-GCM nonce.
"""

from __future__ import annotations

from server.media.packet import HEADER_SIZE, PADDING_BIT, UINT16, Header, PacketError


def wrapped(packet: bytes, number: int) -> bytes:
    """A canonical packet as a retransmission of the one that its receiver knows by the 16-bit `number`."""
    if not packet[0] & PADDING_BIT:
        return packet[:HEADER_SIZE] + UINT16.pack(number) + packet[HEADER_SIZE:]
    bare = bytes((packet[0] & ~PADDING_BIT,)) + packet[1:HEADER_SIZE]
    return bare + UINT16.pack(number) + packet[HEADER_SIZE : -packet[-1]]


def original(packet: memoryview | bytes, header: Header) -> Header:
    """The header of the packet that is repaired; it fits the same bytes. Raises PacketError if they are too few."""
    if header.payload_end - header.payload_start < UINT16.size:
        raise PacketError("a retransmission without the original's number")
    (number,) = UINT16.unpack_from(packet, header.payload_start)
    return header._replace(sequence=number, payload_start=header.payload_start + UINT16.size)
