"""The address translation of a mobile network (NAT): a camera is seen by an address that is not its own, and may change.

Pure: raw IPv4 packets in and out, their checksums mended (RFC 1624).
"""

from __future__ import annotations

import ipaddress
import struct

TCP, UDP = 6, 17
CHECKSUM_AT = {TCP: 16, UDP: 6}  # in their own headers
SOURCE, DESTINATION = 12, 16  # in the IPv4 header
SMALLEST = 20


class Mapping:
    """`inside` is the camera's own address; `mapped` is the one that the world sees."""

    def __init__(self, inside: str, mapped: str) -> None:
        self._inside = ipaddress.IPv4Address(inside).packed
        self._mapped = ipaddress.IPv4Address(mapped).packed

    @property
    def mapped(self) -> str:
        """What the world sees now."""
        return str(ipaddress.IPv4Address(self._mapped))

    def rebind(self, mapped: str) -> None:
        """From now on the world sees this; what is still sent to the one before is lost."""
        self._mapped = ipaddress.IPv4Address(mapped).packed

    def outward(self, packet: bytes) -> bytes | None:
        """As it leaves; None for what is not the camera's own IPv4."""
        if not _is_ipv4(packet) or packet[SOURCE : SOURCE + 4] != self._inside:
            return None
        return _readdressed(packet, SOURCE, self._mapped)

    def inward(self, packet: bytes) -> bytes | None:
        """As it reaches the camera; None for what goes to an address that is not mapped."""
        if not _is_ipv4(packet) or packet[DESTINATION : DESTINATION + 4] != self._mapped:
            return None
        return _readdressed(packet, DESTINATION, self._inside)


def _is_ipv4(packet: bytes) -> bool:
    return len(packet) >= SMALLEST and packet[0] >> 4 == 4 and SMALLEST <= (packet[0] & 15) * 4 <= len(packet)


def _readdressed(packet: bytes, at: int, address: bytes) -> bytes:
    before = packet[at : at + 4]
    changed = bytearray(packet)
    changed[at : at + 4] = address
    _mend(changed, 10, before, address)
    header = (packet[0] & 15) * 4
    place = CHECKSUM_AT.get(packet[9])
    is_first = (packet[6] & 0x1F) << 8 | packet[7] == 0  # a later fragment has no header of its own
    if place is not None and is_first and len(packet) >= header + place + 2:
        checksum_at = header + place
        if packet[9] == TCP or changed[checksum_at : checksum_at + 2] != b"\0\0":  # UDP: 0 is "none" (RFC 768)
            _mend(changed, checksum_at, before, address)
    return bytes(changed)


def _mend(packet: bytearray, at: int, before: bytes, after: bytes) -> None:
    """RFC 1624: HC' = ~(~HC + ~m + m'), in ones' complement."""
    total = ~int.from_bytes(packet[at : at + 2], "big") & 0xFFFF
    for word in struct.unpack(">2H", before):
        total += ~word & 0xFFFF
    total += sum(struct.unpack(">2H", after))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    packet[at : at + 2] = (~total & 0xFFFF).to_bytes(2, "big")
