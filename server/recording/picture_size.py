"""How large a picture is, from its own bytes: an H.264 sequence parameter set (ITU-T H.264 7.3.2.1.1), a VP8 key frame. Pure."""

from __future__ import annotations

from dataclasses import dataclass

CHROMA_PROFILES = frozenset((100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135))
MOST_DEPTH = 14  # bits of a sample, ITU-T H.264 7.4.2.1.1
VP8_START_CODE = b"\x9d\x01\x2a"


class SizeError(ValueError):
    """The bytes say no size."""


@dataclass(frozen=True, slots=True)
class Sps:
    """What a file's header repeats of a sequence parameter set. Width and height in pixels, after cropping."""

    profile: int
    constraints: int
    level: int
    width: int
    height: int
    chroma_format: int = 1
    luma_depth: int = 8
    chroma_depth: int = 8


def parse_sps(unit: bytes) -> Sps:
    """A whole NAL unit of type 7. Raises SizeError."""
    if len(unit) < 5 or unit[0] & 31 != 7:
        raise SizeError("not a sequence parameter set")
    bits = _Bits(unit[4:].replace(b"\0\0\3", b"\0\0"))  # emulation prevention, 7.4.1
    profile, constraints, level = unit[1], unit[2], unit[3]
    bits.unsigned()  # seq_parameter_set_id
    chroma, luma_depth, chroma_depth = _chroma(bits) if profile in CHROMA_PROFILES else (1, 8, 8)
    bits.unsigned()  # log2_max_frame_num_minus4
    _skip_picture_order(bits)
    bits.unsigned()  # max_num_ref_frames
    bits.take(1)  # gaps_in_frame_num_value_allowed_flag
    wide, high = bits.unsigned() + 1, bits.unsigned() + 1
    fields = 2 - bits.take(1)  # frame_mbs_only_flag
    if fields == 2:
        bits.take(1)  # mb_adaptive_frame_field_flag
    bits.take(1)  # direct_8x8_inference_flag
    left = right = top = bottom = 0
    if bits.take(1):
        left, right, top, bottom = (bits.unsigned() for _ in range(4))
    across, down = (2 if chroma in (1, 2) else 1), (2 if chroma == 1 else 1) * fields
    width, height = 16 * wide - across * (left + right), 16 * high * fields - down * (top + bottom)
    if not (0 < width <= 16384 and 0 < height <= 16384):
        raise SizeError(f"a picture of {width} by {height}")
    return Sps(profile, constraints, level, width, height, chroma, luma_depth, chroma_depth)


def _chroma(bits: _Bits) -> tuple[int, int, int]:
    chroma = bits.unsigned()
    if chroma == 3:
        bits.take(1)
    depths = bits.unsigned() + 8, bits.unsigned() + 8
    if chroma > 3 or max(depths) > MOST_DEPTH:
        raise SizeError(f"chroma format {chroma}, {depths} bits")
    bits.take(1)  # qpprime_y_zero_transform_bypass_flag
    if bits.take(1):
        for index in range(12 if chroma == 3 else 8):
            if bits.take(1):
                _skip_scaling_list(bits, 16 if index < 6 else 64)
    return chroma, *depths


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _skip_picture_order(bits: _Bits) -> None:
    kind = bits.unsigned()
    if kind == 0:
        bits.unsigned()
    elif kind == 1:
        bits.take(1)
        bits.signed()
        bits.signed()
        for _ in range(min(bits.unsigned(), 255)):
            bits.signed()


def vp8_size(frame: bytes) -> tuple[int, int]:
    """Width and height of a VP8 key frame (RFC 6386 section 9.1). Raises SizeError."""
    if len(frame) < 10 or frame[0] & 1 or frame[3:6] != VP8_START_CODE:
        raise SizeError("not a VP8 key frame")
    return int.from_bytes(frame[6:8], "little") & 0x3FFF, int.from_bytes(frame[8:10], "little") & 0x3FFF


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = len(data) * 8

    def take(self, count: int) -> int:
        if count > self._left:
            raise SizeError("it ends too early")
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def unsigned(self) -> int:
        """Exp-Golomb, 9.1."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 32:
                raise SizeError("not a number")
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        number = self.unsigned()
        return (number + 1) // 2 if number & 1 else -(number // 2)
