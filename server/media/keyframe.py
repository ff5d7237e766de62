"""Where a picture can be entered: does this RTP payload start a key frame, and of which size? H.264 (RFC 6184), VP8 (RFC 7741)."""

from __future__ import annotations

from collections.abc import Iterator

from server.recording.picture_size import SizeError, parse_sps, vp8_size

NAL_IDR = 5
NAL_SPS = 7
NAL_STAP_A = 24
NAL_FU_A = 28
ENTRY_NALS = frozenset((NAL_IDR, NAL_SPS))


def starts_key_frame(codec: str, packet: bytes, start: int = 12) -> bool:
    """Whether the payload at `start` begins a key frame of `codec` ("H264" or "VP8"). Any bytes are allowed."""
    if codec == "VP8":
        return _vp8(packet, start)
    if codec != "H264":
        return False
    size = len(packet)
    if start >= size:
        return False
    kind = packet[start] & 31
    if kind == NAL_FU_A:  # the start bit, and the unit's type
        return start + 1 < size and packet[start + 1] & 0x80 != 0 and packet[start + 1] & 31 in ENTRY_NALS
    if kind == NAL_STAP_A:
        return any(unit in ENTRY_NALS for unit in _aggregated(packet, start))
    return kind in ENTRY_NALS


def begins_with_sets(codec: str, packet: bytes, start: int = 12) -> bool:
    """Whether a key frame that starts here needs nothing before it: always in VP8, from the SPS on in H.264, where an IDR
    may have overtaken its parameter sets.
    """
    if codec != "H264":
        return True
    kind = packet[start] & 31 if start < len(packet) else 0
    if kind == NAL_STAP_A:
        return NAL_SPS in _aggregated(packet, start)
    if kind == NAL_FU_A:
        kind = packet[start + 1] & 31 if start + 1 < len(packet) else 0
    return kind == NAL_SPS


def pixels(codec: str, payload: memoryview | bytes) -> int | None:
    """Width times height, where this payload starts a key frame and tells them; else None. Any bytes are allowed."""
    whole = bytes(payload)
    if not starts_key_frame(codec, whole, 0):
        return None
    try:
        if codec == "VP8":
            width, height = vp8_size(whole[_after_vp8_descriptor(whole, 0) :])
        else:
            sets = parse_sps(next((unit for unit in _units(whole) if unit[:1] and unit[0] & 31 == NAL_SPS), b""))
            width, height = sets.width, sets.height
    except SizeError:
        return None
    return width * height or None  # VP8 can say 0


def _units(payload: bytes) -> Iterator[bytes]:
    """The whole NAL units of an H.264 payload; of a fragmented one none."""
    kind = payload[0] & 31
    if kind not in (NAL_STAP_A, NAL_FU_A):
        yield payload
    at = 1
    while kind == NAL_STAP_A and at + 2 < len(payload):
        size = int.from_bytes(payload[at : at + 2])
        yield payload[at + 2 : at + 2 + size]
        at += 2 + size


def _aggregated(packet: bytes, start: int) -> Iterator[int]:
    """The types of a STAP-A's units (RFC 6184 section 5.7.1): an access unit delimiter or SEI may lead the SPS."""
    at = start + 1  # behind its own header: for each unit 2 bytes of length
    while at + 2 < len(packet):
        yield packet[at + 2] & 31
        at += 2 + int.from_bytes(packet[at : at + 2])


def _vp8(packet: bytes, start: int) -> bool:
    size = len(packet)
    if start >= size:
        return False
    first = packet[start]
    if not first & 0x10 or first & 0x07:  # S: start of a partition; PID: the first one
        return False
    position = _after_vp8_descriptor(packet, start)
    return position < size and packet[position] & 0x01 == 0  # P: 0 says key frame


def _after_vp8_descriptor(packet: bytes, start: int) -> int:
    return _after_vp8_extension(packet, start + 1) if packet[start] & 0x80 else start + 1


def _after_vp8_extension(packet: bytes, position: int) -> int:
    if position >= len(packet):
        return position
    flags = packet[position]
    position += 1
    if flags & 0x80:  # PictureID, 7 or 15 bits
        position += 2 if position < len(packet) and packet[position] & 0x80 else 1
    if flags & 0x40:  # TL0PICIDX
        position += 1
    if flags & 0x30:  # TID / KEYIDX
        position += 1
    return position
