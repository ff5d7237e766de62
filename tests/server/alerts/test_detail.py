"""A signal's details in the words of the room's history."""

from __future__ import annotations

import pytest

from server.alerts.detail import BY, in_words
from server.wire import Scalar


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ({}, ""),
        ({"by": "officer"}, "by hand"),
        ({"by": "PS Rahman"}, "by PS Rahman"),
        ({"battery_pct": 14}, "battery 14 %"),
        ({"count": 1, "by": "start"}, "count 1"),
        ({"cartridge_bay": None}, "cartridge bay None"),
    ],
)
def test_details_are_told_as_people_say_them(detail: dict[str, Scalar], words: str) -> None:
    assert in_words("recording.started", detail) == words


def test_what_only_the_officer_can_do_needs_no_word_for_who_did_it() -> None:
    assert in_words("watch.cancelled", {"by": "officer"}) == ""
    assert in_words("watch.cancelled", {"by": "PS Rahman"}) == "by PS Rahman"


def test_every_word_that_the_camera_uses_for_who_did_it_has_its_phrase() -> None:
    assert set(BY) == {"officer", "control", "start", "end"}
