"""What Pillow draws is in the array."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from streamer.street.canvas import canvas


def test_what_is_drawn_is_in_the_array_s_own_memory() -> None:
    pixels = np.zeros((6, 8), np.uint32)
    picture = canvas(pixels[2:])
    ImageDraw.Draw(picture).rectangle((1, 0, 2, 1), fill=(3, 2, 1))
    picture.paste((5, 0, 0), (4, 1), Image.new("L", (2, 2), 255))
    assert (pixels[2:4, 1:3] & 0xFFFFFF == 0x010203).all() and not (pixels[:2] & 0xFFFFFF).any()
    assert (pixels[3:5, 4:6] & 0xFFFFFF == 5).all()


def test_so_it_is_for_one_byte_a_pixel() -> None:
    index = np.full((4, 5), 7, np.uint8)
    ImageDraw.Draw(canvas(index)).polygon([(0, 0), (4, 0), (4, 1), (0, 1)], fill=9)
    assert (index[:2] == 9).all() and (index[2:] == 7).all()
