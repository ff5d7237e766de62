"""How large a picture is, from its own bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.recording.picture_size import SizeError, parse_sps, vp8_size
from tests.server.recording.coded import h264, vp8

SIZES = [(320, 180), (640, 360), (176, 144), (1280, 720), (162, 122), (854, 480)]


def sps_of(width: int, height: int, profile: str = "Baseline") -> bytes:
    return next(unit for unit in h264(1, width, height, profile=profile)[0].units if unit[0] & 31 == 7)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_what_x264_writes_is_read_with_its_cropping(width: int, height: int) -> None:
    found = parse_sps(sps_of(width, height))
    assert (found.width, found.height) == (width, height)
    assert found.profile == 66


def test_a_high_profile_tells_its_chroma_too() -> None:
    found = parse_sps(sps_of(640, 360, "High"))
    assert (found.width, found.height, found.profile, found.chroma_format, found.luma_depth) == (640, 360, 100, 1, 8)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_key_frame_of_vp8_tells_its_size(width: int, height: int) -> None:
    assert vp8_size(vp8(1, width, height)[0].units[0]) == (width, height)


@given(st.binary(max_size=60))
def test_no_bytes_break_it(data: bytes) -> None:
    for parse in (parse_sps, vp8_size):
        try:
            parse(data)
        except SizeError:
            continue


@given(st.integers(0, 200), st.integers(0, 7))
def test_no_flipped_bit_breaks_it(position: int, bit: int) -> None:
    unit = bytearray(sps_of(320, 180))
    unit[position % len(unit)] ^= 1 << bit
    try:
        parse_sps(bytes(unit))
    except SizeError:
        return
