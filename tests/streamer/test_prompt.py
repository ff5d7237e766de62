"""Lines for the officer, on a real terminal (a pty) and elsewhere."""

from __future__ import annotations

import io
import os
import pty

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.prompt import BELL, BOLD, Prompt, clean
from tests.streamer.conftest import HandClock


def test_a_line_has_the_utc_time_and_the_call_sign() -> None:
    out = io.StringIO()
    assert Prompt(out, HandClock(1_795_214_458.0), "ET17").say("Recording.")
    assert not Prompt(out, HandClock(), "ET17").is_screen
    assert out.getvalue() == "22:40:58 ET17 Recording.\n"


def test_on_a_terminal_advice_is_bold_and_rings() -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        prompt = Prompt(terminal, HandClock(), "ET17")
        assert prompt.advice("Wait for ET22.", "Achebe", keys=True)
        assert prompt.say("Recording.")
        assert prompt.is_screen
        shown = os.read(ours, 1000).decode()
    os.close(ours)
    assert shown.startswith(BELL + BOLD)
    assert "ADVICE from Achebe: Wait for ET22.  (h: heard)" not in shown  # runs of space become one
    assert "ADVICE from Achebe: Wait for ET22. (h: heard)" in shown
    assert shown.count(BELL) == 1


def test_a_terminal_that_has_gone_away_shows_nothing() -> None:
    ours, theirs = pty.openpty()
    terminal = os.fdopen(theirs, "w")
    os.close(ours)
    assert not Prompt(terminal, HandClock(), "ET17").say("Recording.")
    with pytest.raises(OSError, match="Input/output"):
        terminal.close()
    closed = io.StringIO()
    closed.close()
    assert not Prompt(closed, HandClock(), "ET17").say("Recording.")
    assert not Prompt(closed, HandClock(), "ET17").is_screen


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb", "a [2Jb"),
        ("one\r\ntwo\ttabs", "one two tabs"),
        ("right\u202eto left", "right to left"),
        ("Café – “no” ½", "Café – “no” ½"),
        ("\x9b31m", "31m"),
    ],
)
def test_text_from_elsewhere_cannot_steer_the_terminal(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(st.text())
def test_nothing_but_printable_text_comes_out(text: str) -> None:
    assert all(character.isprintable() for character in clean(text))
