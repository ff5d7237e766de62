"""Pictures packed as small as the README wants them: with as many colours, and in as good a quality, as fit. Pure."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

MOST_BYTES = 400_000  # a picture
FILM_MOST_BYTES = 3_000_000
COLOURS = (256, 192, 128, 96, 64)
FILM_QUALITIES = (55, 45, 35, 25, 15)


class TooLarge(Exception):
    """Does not fit, however little it shows."""


def packed_picture(shot: Image.Image, most_bytes: int = MOST_BYTES) -> tuple[bytes, int]:
    """As PNG, and with how many colours. Raises TooLarge."""
    for colours in COLOURS:
        file = io.BytesIO()
        shot.quantize(colours, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
        if file.tell() <= most_bytes:
            return file.getvalue(), colours
    raise TooLarge(f"{file.tell()} bytes in {colours} colours: more than {most_bytes}")


def packed_film(
    frames: Sequence[Image.Image], lasts_ms: Sequence[int], most_bytes: int = FILM_MOST_BYTES
) -> tuple[bytes, int]:
    """As an animated WebP that begins again at its end, and in which quality. Raises TooLarge."""
    for quality in FILM_QUALITIES:
        file = io.BytesIO()
        frames[0].save(
            file,
            "WEBP",
            quality=quality,
            method=4,
            save_all=True,
            append_images=frames[1:],
            duration=list(lasts_ms),
            loop=0,
        )
        if file.tell() <= most_bytes:
            return file.getvalue(), quality
    raise TooLarge(f"{file.tell()} bytes in quality {quality}: more than {most_bytes}")
