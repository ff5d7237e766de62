"""Pillow draws straight into an array of numpy's: no copy there, none back."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray
from PIL import Image


def canvas(pixels: NDArray[Any]) -> Image.Image:
    """A picture over the memory of whole rows of an array: RGBX for four bytes a pixel, L for one."""
    mode = "L" if pixels.itemsize == 1 else "RGBX"
    picture = Image.frombuffer(mode, (pixels.shape[1], pixels.shape[0]), pixels, "raw", mode, 0, 1)
    picture.readonly = 0  # or Pillow would draw on a copy of its own
    return picture
