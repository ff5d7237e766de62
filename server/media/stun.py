"""STUN binding requests and their answers (RFC 8489), as an ICE-lite agent needs them (RFC 8445 section 7.3).

`parse` raises StunError for anything that is not a well-formed STUN message, and nothing else.
"""

from __future__ import annotations

import hmac
import ipaddress
import struct
import zlib
from dataclasses import dataclass

MAGIC_COOKIE = 0x2112A442
HEADER_SIZE = 20
BINDING_REQUEST = 0x0001
BINDING_SUCCESS = 0x0101
BINDING_ERROR = 0x0111

USERNAME = 0x0006
MESSAGE_INTEGRITY = 0x0008
ERROR_CODE = 0x0009
XOR_MAPPED_ADDRESS = 0x0020
USE_CANDIDATE = 0x0025
FINGERPRINT = 0x8028
ICE_CONTROLLED = 0x8029

FINGERPRINT_XOR = 0x5354554E
ROLE_CONFLICT = 487
MAX_USERNAME = 512  # RFC 8489 section 14.3: fewer than 509 bytes


class StunError(ValueError):
    """Not a STUN message that we understand."""


@dataclass(frozen=True, slots=True)
class BindingRequest:
    """An ICE connectivity check. `signed_part` is what MESSAGE-INTEGRITY covers, with the length it implies."""

    transaction_id: bytes
    username: str
    use_candidate: bool
    controlled: bool
    signed_part: bytes
    integrity: bytes

    def is_signed_with(self, password: str) -> bool:
        """Whether the sender knew `password`; compared in constant time."""
        expected = hmac.digest(password.encode(), self.signed_part, "sha1")
        return hmac.compare_digest(expected, self.integrity)


def parse_request(datagram: bytes) -> BindingRequest:
    """Raises StunError unless this is a binding request with user name and message integrity."""
    if len(datagram) < HEADER_SIZE:
        raise StunError("shorter than a STUN header")
    kind, length, cookie = struct.unpack_from("!HHI", datagram)
    if cookie != MAGIC_COOKIE or length % 4 or length + HEADER_SIZE != len(datagram):
        raise StunError("cookie or length do not match")
    if kind != BINDING_REQUEST:
        raise StunError(f"message type {kind:#06x} is not a binding request")
    found = _attributes(datagram)
    username, _ = found.get(USERNAME, (b"", 0))
    integrity, integrity_at = found.get(MESSAGE_INTEGRITY, (b"", 0))
    if not username or len(username) > MAX_USERNAME or len(integrity) != 20:
        raise StunError("user name or message integrity is missing")
    try:
        name = username.decode()
    except UnicodeDecodeError as error:
        raise StunError("the user name is not UTF-8") from error
    signed_part = datagram[:2] + struct.pack("!H", integrity_at - HEADER_SIZE + 24) + datagram[4:integrity_at]
    return BindingRequest(
        transaction_id=datagram[8:20],
        username=name,
        use_candidate=USE_CANDIDATE in found,
        controlled=ICE_CONTROLLED in found,
        signed_part=signed_part,
        integrity=integrity,
    )


def _attributes(datagram: bytes) -> dict[int, tuple[bytes, int]]:
    """Attributes by type, with their offset; those after MESSAGE-INTEGRITY are unsigned and left out."""
    found: dict[int, tuple[bytes, int]] = {}
    position = HEADER_SIZE
    while position < len(datagram):
        if position + 4 > len(datagram):
            raise StunError("an attribute is cut off")
        kind, size = struct.unpack_from("!HH", datagram, position)
        value = datagram[position + 4 : position + 4 + size]
        if len(value) != size:
            raise StunError("an attribute is longer than the message")
        if kind == FINGERPRINT:
            _check_fingerprint(datagram, position, value)
        elif MESSAGE_INTEGRITY not in found:
            found.setdefault(kind, (value, position))
        position += 4 + size + -size % 4
    return found


def _check_fingerprint(datagram: bytes, position: int, value: bytes) -> None:
    if position + 8 != len(datagram) or len(value) != 4:
        raise StunError("the fingerprint is not the last attribute")
    if int.from_bytes(value, "big") != zlib.crc32(datagram[:position]) ^ FINGERPRINT_XOR:
        raise StunError("the fingerprint does not match")


def success(request: BindingRequest, address: tuple[str, int, *tuple[int, ...]], password: str) -> bytes:
    """The answer to a good check: the address that it came from, signed."""
    body = _attribute(XOR_MAPPED_ADDRESS, _xored(address, request.transaction_id))
    return _signed(BINDING_SUCCESS, request.transaction_id, body, password)


def refusal(request: BindingRequest, code: int, reason: str, password: str) -> bytes:
    """An error response, e.g. 487 role conflict (RFC 8445 section 7.3.1.1)."""
    body = _attribute(ERROR_CODE, struct.pack("!HBB", 0, code // 100, code % 100) + reason.encode())
    return _signed(BINDING_ERROR, request.transaction_id, body, password)


def binding_request(transaction_id: bytes, username: str, password: str, *, nominate: bool = False) -> bytes:
    """A connectivity check as a full agent sends it."""
    body = _attribute(USERNAME, username.encode()) + (_attribute(USE_CANDIDATE, b"") if nominate else b"")
    return _signed(BINDING_REQUEST, transaction_id, body, password)


def _xored(address: tuple[str, int, *tuple[int, ...]], transaction_id: bytes) -> bytes:
    ip = ipaddress.ip_address(address[0])
    key = struct.pack("!I", MAGIC_COOKIE) + transaction_id
    host = bytes(a ^ b for a, b in zip(ip.packed, key, strict=False))
    return struct.pack("!BBH", 0, 1 if ip.version == 4 else 2, address[1] ^ (MAGIC_COOKIE >> 16)) + host


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def _signed(kind: int, transaction_id: bytes, body: bytes, password: str) -> bytes:
    def header(size: int) -> bytes:
        return struct.pack("!HHI", kind, size, MAGIC_COOKIE) + transaction_id

    digest = hmac.digest(password.encode(), header(len(body) + 24) + body, "sha1")
    body += _attribute(MESSAGE_INTEGRITY, digest)
    checksum = zlib.crc32(header(len(body) + 8) + body) ^ FINGERPRINT_XOR
    return header(len(body) + 8) + body + _attribute(FINGERPRINT, struct.pack("!I", checksum))
