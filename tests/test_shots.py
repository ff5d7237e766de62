"""The README's pictures: each is there, of a size that a page loads at once, and what does not fit is not written."""

from __future__ import annotations

import random
import re

import pytest
from PIL import Image

from tests.readme import README
from tests.shots.packing import FILM_MOST_BYTES, MOST_BYTES, TooLarge, packed_film, packed_picture

PICTURE = re.compile(r"\]\((static/readme/[^)]+)\)")
FOLDER = README.parent / "static" / "readme"


def noise(seed: int) -> Image.Image:
    """What no format makes small."""
    return Image.frombytes("RGB", (96, 54), random.Random(seed).randbytes(96 * 54 * 3))


def test_the_readme_names_each_of_its_pictures_and_each_is_small_enough() -> None:
    named = {README.parent / one for one in PICTURE.findall(README.read_text())}
    assert named == set(FOLDER.iterdir())
    for one in named:
        most = FILM_MOST_BYTES if one.suffix == ".webp" else MOST_BYTES
        assert one.stat().st_size <= most, one.name
        with Image.open(one) as picture:
            picture.load()
            assert picture.width >= 800, one.name


def test_the_film_moves_and_begins_again() -> None:
    with Image.open(FOLDER / "first-minute.webp") as film:
        assert getattr(film, "n_frames", 1) >= 20
        assert film.info["loop"] == 0


def test_a_picture_has_as_many_colours_as_fit() -> None:
    many, _ = packed_picture(noise(1))
    packed, colours = packed_picture(noise(1), len(many) - 1)
    assert len(packed) < len(many)
    assert colours == 192


def test_a_film_has_the_best_quality_that_fits() -> None:
    frames, lasts = [noise(one) for one in range(3)], [100, 200, 300]
    best, quality = packed_film(frames, lasts)
    packed, lower = packed_film(frames, lasts, len(best) - 1)
    assert (quality, lower) == (55, 45)
    assert len(packed) < len(best)


def test_what_is_too_large_in_the_lowest_quality_is_not_packed() -> None:
    with pytest.raises(TooLarge, match="more than 1000"):
        packed_film([noise(1), noise(2)], [100, 100], 1000)
    with pytest.raises(TooLarge, match="more than 1000"):
        packed_picture(noise(1), 1000)
