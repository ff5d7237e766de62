"""Address translation: only the addresses change, and every checksum stays right."""

from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.links.mapping import TCP, UDP, Mapping

CAMERA, WORLD, SERVER = "10.88.0.2", "10.88.0.12", "10.88.0.1"


def checksum(data: bytes) -> int:
    """RFC 1071; 0 over data that contains its own right checksum."""
    padded = data + bytes(len(data) % 2)
    total: int = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def pseudo(packet: bytes) -> bytes:
    """RFC 768's and RFC 9293's pseudo-header, and what it is for."""
    header = (packet[0] & 15) * 4
    body = packet[header:]
    return packet[12:20] + struct.pack(">BBH", 0, packet[9], len(body)) + body


def made(source: str, target: str, protocol: int, body: bytes, options: bytes = b"", *, summed: bool = True) -> bytes:
    """A packet with right checksums; UDP's may be left out."""
    header = struct.pack(
        ">BBHHHBBH4s4s",
        0x45 + len(options) // 4, 0, 20 + len(options) + len(body) + (20 if protocol == TCP else 8), 7, 0, 64, protocol, 0,
        socket.inet_aton(source), socket.inet_aton(target),
    ) + options  # fmt: skip
    header = header[:10] + struct.pack(">H", checksum(header)) + header[12:]
    if protocol == TCP:
        segment = struct.pack(">HHIIBBHHH", 4000, 443, 1, 2, 5 << 4, 0x18, 1000, 0, 0) + body
        at = 16
    else:
        segment = struct.pack(">HHHH", 4000, 443, 8 + len(body), 0) + body
        at = 6
    packet = header + segment
    if summed:
        value = checksum(pseudo(packet)) or 0xFFFF
        packet = header + segment[:at] + struct.pack(">H", value) + segment[at + 2 :]
    return packet


@given(st.sampled_from([TCP, UDP]), st.binary(max_size=60), st.sampled_from([b"", bytes(8)]), st.integers(3, 254))
def test_there_and_back_only_the_addresses_change_and_the_checksums_stay_right(
    protocol: int, body: bytes, options: bytes, mapped: int
) -> None:
    nat = Mapping(CAMERA, f"10.88.0.{mapped}")
    packet = made(CAMERA, SERVER, protocol, body, options)
    out = nat.outward(packet)
    assert out is not None and socket.inet_ntoa(out[12:16]) == nat.mapped
    assert checksum(out[: 20 + len(options)]) == 0 and checksum(pseudo(out)) == 0
    back = nat.inward(made(SERVER, nat.mapped, protocol, body, options))
    assert back is not None and socket.inet_ntoa(back[16:20]) == CAMERA
    assert checksum(back[: 20 + len(options)]) == 0 and checksum(pseudo(back)) == 0
    assert back[20 + len(options) + 20 :] == made(SERVER, CAMERA, protocol, body, options)[20 + len(options) + 20 :]


def test_after_a_rebinding_the_old_address_leads_nowhere() -> None:
    nat = Mapping(CAMERA, CAMERA)
    assert nat.outward(made(CAMERA, SERVER, UDP, b"x")) == made(CAMERA, SERVER, UDP, b"x")
    nat.rebind(WORLD)
    assert nat.inward(made(SERVER, CAMERA, UDP, b"x")) is None
    assert nat.inward(made(SERVER, WORLD, UDP, b"x")) == made(SERVER, CAMERA, UDP, b"x")
    assert nat.outward(made(CAMERA, SERVER, UDP, b"x")) == made(WORLD, SERVER, UDP, b"x")


def test_a_udp_packet_without_a_checksum_stays_without_one_and_a_later_fragment_is_all_body() -> None:
    nat = Mapping(CAMERA, WORLD)
    out = nat.outward(made(CAMERA, SERVER, UDP, b"x", summed=False))
    assert out is not None and out[26:28] == b"\0\0"
    fragment = bytearray(made(CAMERA, SERVER, UDP, b"body"))
    fragment[6:8] = struct.pack(">H", 100)
    moved = nat.outward(bytes(fragment))
    assert moved is not None and moved[20:] == bytes(fragment[20:])


@pytest.mark.parametrize(
    "alien",
    [
        b"",
        b"\x45",
        bytes([0x60]) + bytes(60),
        bytes([0x44]) + bytes(60),
        bytes([0x4F]) + bytes(30),
        made("10.0.0.9", SERVER, UDP, b"x"),
    ],
)
def test_what_is_not_the_cameras_is_dropped(alien: bytes) -> None:
    assert Mapping(CAMERA, WORLD).outward(alien) is None
    assert Mapping(CAMERA, WORLD).inward(alien) is None
