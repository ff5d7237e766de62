"""The barcode carries any time, and nothing else reads as one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from streamer.street.barcode import CELLS, draw_barcode, read_barcode, read_bits, time_bits


@given(st.floats(0, 4e9))
def test_any_time_comes_back_from_the_picture(at: float) -> None:
    picture = Image.new("L", (640, 360), 90).convert("RGB")
    draw_barcode(picture, at)
    assert read_barcode(np.asarray(picture.convert("L"))) == round(at * 1000) % 2**32


@given(st.floats(0, 4e9), st.integers(0, CELLS - 1))
def test_one_wrong_cell_is_noticed(at: float, cell: int) -> None:
    bits = time_bits(at)
    bits[cell] = not bits[cell]
    assert read_bits(bits) is None


def test_plain_pictures_are_no_barcodes() -> None:
    for tone in (0, 16, 128, 235, 255):
        assert read_barcode(np.full((360, 640), tone, np.uint8)) is None
    assert read_barcode(np.zeros((360, 320), np.uint8)) is None
