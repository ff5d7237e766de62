"""RTP payloads to coded pictures: H.264 (RFC 6184) and VP8 (RFC 7741). Pure. Every whole NAL unit is kept as it came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from server.media.packet import HEADER_SIZE, MARKER_BIT, PADDING_BIT, timestamp_of

NAL_IDR = 5
SLICES = frozenset(range(1, 6))  # the units that hold picture
HEADS = frozenset((7, 9))  # SPS, and the delimiter before it
MOST_CARRIED = 32  # units of pictures that never came
NAL_STAP_A = 24
NAL_FU_A = 28
LAST_SINGLE_NAL = 23


@dataclass(frozen=True, slots=True)
class Picture:
    """One coded picture: `units` are NAL units (H.264) or the one frame (VP8). `timestamp` as in RTP, 90 kHz.

    `damaged`: a packet of it, or just before it, never came; what could be had of it is here. `torn`: it may be one of its
    own; a key frame that is not torn is whole.
    """

    timestamp: int
    units: tuple[bytes, ...]
    is_key: bool
    damaged: bool = False
    torn: bool = False


class Assembler(Protocol):
    """Packets in order to pictures."""

    def feed(self, packet: bytes) -> list[Picture]:
        """The next canonical packet; the pictures that are whole now (two, where a marker was lost)."""

    def lost(self) -> None:
        """Packets are missing before the next one."""

    def flush(self) -> list[Picture]:
        """What is there, whole or not: nothing follows."""


def payload_of(packet: bytes) -> bytes:
    """The payload of a canonical packet, without the padding that forwarding may have added."""
    end = len(packet) - packet[-1] if packet[0] & PADDING_BIT else len(packet)
    return packet[HEADER_SIZE:end]


def assembler_for(codec: str) -> Assembler:
    """For "H264" or "VP8". Raises ValueError for any other codec."""
    if codec not in ASSEMBLERS:
        raise ValueError(f"pictures are H264 or VP8, not {codec}")
    return ASSEMBLERS[codec]()


@dataclass(slots=True)
class H264Assembler:
    """Single NAL units, STAP-A and FU-A (packetisation mode 1, the only ones that WebRTC has)."""

    _timestamp: int | None = None
    _units: list[bytes] = field(default_factory=list)
    _fragments: list[bytes] = field(default_factory=list)
    _damaged: bool = False
    _torn: bool = False
    _behind_loss: bool = False  # the next packet is

    def feed(self, packet: bytes) -> list[Picture]:
        """See Assembler."""
        payload = payload_of(packet)
        if not payload:  # Chromium measures the link with such
            return []
        timestamp = timestamp_of(packet)
        ready = self.flush() if timestamp != self._timestamp else []
        if timestamp != self._timestamp:
            self._damaged = self._damaged or self._behind_loss
            self._torn = self._behind_loss and not _begins_key_picture(payload)
        self._timestamp, self._behind_loss = timestamp, False
        self._take(payload)
        if packet[1] & MARKER_BIT:
            ready += self.flush()
        return ready

    def lost(self) -> None:
        """See Assembler: a fragmented unit that misses a part is none."""
        self._behind_loss = True
        self._tear()

    def _tear(self) -> None:
        self._damaged = self._torn = True
        self._fragments.clear()

    def flush(self) -> list[Picture]:
        """See Assembler."""
        if self._fragments:
            self._tear()
        if self._timestamp is None or not any(unit[0] & 31 in SLICES for unit in self._units):
            # What was to be a picture lost all of it. Its parameter sets go before the next one: no decoder takes them alone.
            self._damaged = self._damaged or bool(self._units)
            del self._units[:-MOST_CARRIED]
            return []
        units, damaged, torn = tuple(self._units), self._damaged, self._torn
        self._units.clear()
        self._damaged = self._torn = False
        return [Picture(self._timestamp, units, any(unit[0] & 31 == NAL_IDR for unit in units), damaged, torn)]

    def _take(self, payload: bytes) -> None:
        kind = payload[0] & 31
        if kind == NAL_FU_A:
            self._take_fragment(payload)
        elif kind == NAL_STAP_A:
            self._take_aggregate(payload)
        elif 0 < kind <= LAST_SINGLE_NAL:
            self._units.append(payload)
        else:
            self._tear()  # of a mode that was not agreed on

    def _take_aggregate(self, payload: bytes) -> None:
        position = 1
        while position + 2 < len(payload):
            size = int.from_bytes(payload[position : position + 2], "big")
            unit = payload[position + 2 : position + 2 + size]
            if not unit or len(unit) < size:
                self._tear()
                return
            self._units.append(unit)
            position += 2 + size

    def _take_fragment(self, payload: bytes) -> None:
        if len(payload) < 3:
            self._tear()
            return
        flags = payload[1]
        if flags & 0x80:  # S: its header is put together from indicator and FU header
            if self._fragments:
                self._tear()
            self._fragments.append(bytes((payload[0] & 0xE0 | flags & 31,)))
        elif not self._fragments:
            self._tear()  # its start was lost
            return
        self._fragments.append(payload[2:])
        if flags & 0x40:  # E
            self._units.append(b"".join(self._fragments))
            self._fragments.clear()


def _begins_key_picture(payload: bytes) -> bool:
    """Whether nothing that a key frame needs was before it: its parameter sets come first (H.264 7.4.1.2.3)."""
    first = payload[3:4] if payload[0] & 31 == NAL_STAP_A else payload[:1]
    return bool(first) and first[0] & 31 in HEADS


@dataclass(slots=True)
class Vp8Assembler:
    """A frame is whole or nothing: its first partition's arithmetic code cannot be entered in the middle."""

    _timestamp: int | None = None
    _parts: list[bytes] = field(default_factory=list)
    _broken: bool = False  # a part of the frame at hand is missing
    _damaged: bool = False

    def feed(self, packet: bytes) -> list[Picture]:
        """See Assembler."""
        payload = payload_of(packet)
        if not payload:
            return []
        timestamp = timestamp_of(packet)
        ready = self.flush() if timestamp != self._timestamp else []
        self._timestamp = timestamp
        start = vp8_payload_start(payload)
        is_first = payload[0] & 0x17 == 0x10  # S, and partition 0
        if is_first and not self._parts:
            self._broken = False
        if start is None or not (is_first or self._parts):
            self.lost()
        elif not self._broken:
            self._parts.append(payload[start:])
        if packet[1] & MARKER_BIT:
            ready += self.flush()
        return ready

    def lost(self) -> None:
        """See Assembler."""
        self._damaged = self._broken = True
        self._parts.clear()

    def flush(self) -> list[Picture]:
        """See Assembler."""
        frame = b"".join(self._parts)
        self._parts.clear()
        if self._broken or not frame or self._timestamp is None:
            self._broken = False
            return []
        damaged, self._damaged = self._damaged, False
        return [Picture(self._timestamp, (frame,), frame[0] & 1 == 0, damaged)]


def vp8_payload_start(payload: bytes) -> int | None:
    """Where the frame's bytes start behind the payload descriptor (RFC 7741 section 4.2); None if nothing is left."""
    position = 1
    if payload[0] & 0x80:
        if len(payload) < 2:
            return None
        flags = payload[1]
        position = 2
        if flags & 0x80:  # PictureID, 7 or 15 bits
            position += 2 if position < len(payload) and payload[position] & 0x80 else 1
        position += bool(flags & 0x40) + bool(flags & 0x30)  # TL0PICIDX; TID and KEYIDX
    return position if position < len(payload) else None


ASSEMBLERS: dict[str, Callable[[], Assembler]] = {"H264": H264Assembler, "VP8": Vp8Assembler}
OPUS_FRAME_MS = (*(10, 20, 40, 60) * 3, *(10, 20) * 2, *(2.5, 5, 10, 20) * 4)  # by config, RFC 6716 table 2


def opus_duration_s(packet: bytes) -> float:
    """How long an Opus packet sounds, in seconds (RFC 6716 section 3.1); 0 for no packet at all."""
    if not packet:
        return 0.0
    frames = (1, 2, 2)[packet[0] & 3] if packet[0] & 3 < 3 else packet[1] & 63 if len(packet) > 1 else 0
    return OPUS_FRAME_MS[packet[0] >> 3] * frames / 1000
