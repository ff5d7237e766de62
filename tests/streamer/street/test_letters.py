"""Call signs in other letters than the burnt-in font has: written in those that it has, or left out; never drawn as boxes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFont

from streamer.pose import Overlay
from streamer.street.burnt_in import BurntIn
from streamer.street.letters import in_ascii

FONT = ImageFont.load_default(20)
BOX = bytes(FONT.getmask("\U0010ffff"))


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("ET17", "ET17"),
        ("ЕТ-17", "ET-17"),
        ("Щука 7", "Shchuka 7"),
        ("Київ-2", "Kiyiv-2"),
        ("Łódź 3", "Lodz 3"),
        *((f"ET{dash}17", "ET-17") for dash in "\u2010\u2011\u2012\u2013\u2014"),
        ("O\u2019Hara 4", "O'Hara 4"),
        ("دورية-12", ""),
        ("巡邏-12", ""),
        ("", ""),
    ],
)
def test_a_call_sign_is_written_in_the_font_s_letters_or_left_out(words: str, shown: str) -> None:
    assert in_ascii(words) == shown


@given(st.text(max_size=20))
def test_no_letter_is_ever_drawn_as_a_box(words: str) -> None:
    assert all(bytes(FONT.getmask(letter)) != BOX for letter in in_ascii(words))


def test_what_cannot_be_written_leaves_no_trace_in_the_picture() -> None:
    def picture(call_sign: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        image = Image.new("RGBX", (640, 360))
        BurntIn(640, 360).draw(
            image,
            Overlay(call_sign, "0417", battery_pct=80, recording=True, taser_drawn=False, device_id="body-1"),
            1e9,
        )
        return np.asarray(image)

    assert np.array_equal(picture("دورية"), picture(""))
    assert np.array_equal(picture("ЕТ17"), picture("ET17"))
