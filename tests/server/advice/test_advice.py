"""The words themselves."""

from __future__ import annotations

import pytest

from server.advice.advice import Advice, checked_text
from server.advice.receipt import Receipts
from server.errors import BadRequest


def test_words_are_trimmed_and_may_have_lines() -> None:
    assert checked_text("  Hold, contain\nBackup 2 min \u2764\ufe0f ") == "Hold, contain\nBackup 2 min \u2764\ufe0f"


@pytest.mark.parametrize(
    "text", [None, 5, "", "   ", "x" * 501, "bell\a", "esc\x1b[2J", "a\u202eb", "a\u2066b", "\ud800", "tab\tbed"]
)
def test_what_would_not_be_read_as_typed_is_refused(text: object) -> None:
    with pytest.raises(BadRequest, match="text"):
        checked_text(text)


def test_shapes() -> None:
    advice = Advice("a1", 7, "cam-1", "Tango 21", "Hold", "p1", "Anna", 100.0, Receipts(101.0, 102.0))
    assert advice.as_json() == {
        "id": "a1",
        "seq": 7,
        "device_id": "cam-1",
        "call_sign": "Tango 21",
        "text": "Hold",
        "author": {"id": "p1", "name": "Anna"},
        "sent_at": 100.0,
        "delivered_at": 101.0,
        "shown_at": 102.0,
        "acknowledged_at": None,
    }
    assert (advice.as_message().advice_id, advice.as_message().author) == ("a1", "Anna")
