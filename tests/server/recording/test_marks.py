"""What people say of a recording, entry by entry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import BadRequest, Conflict, NotFound
from server.recording.marks import (
    MOST_TAGS,
    By,
    Entry,
    Mark,
    MarkKind,
    Marks,
    Outcome,
    checked_note,
    checked_tag,
)

INSPECTOR = By("p1", "Insp Achebe")


def said(*marks: Mark) -> Marks:
    """Marks after these, one second apart from second 1 on."""
    return Marks.of(Entry(n, float(n), INSPECTOR, mark) for n, mark in enumerate(marks, 1))


def test_a_note_is_counted_and_changes_nothing_else() -> None:
    assert said(Mark(MarkKind.NOTE, text="He says his name at 20:47:10")) == Marks(entries=1)


def test_tags_come_and_go_and_none_is_there_twice() -> None:
    marks = said(Mark(MarkKind.TAG, "stop"), Mark(MarkKind.TAG, "arrest"), Mark(MarkKind.UNTAG, "stop"))
    assert marks.tags == ("arrest",)
    with pytest.raises(Conflict, match="tagged arrest already"):
        marks.after(Entry(4, 4.0, INSPECTOR, Mark(MarkKind.TAG, "arrest")))
    with pytest.raises(NotFound, match="not tagged stop"):
        marks.after(Entry(4, 4.0, INSPECTOR, Mark(MarkKind.UNTAG, "stop")))
    with pytest.raises(Conflict, match="50 tags"):
        said(*(Mark(MarkKind.TAG, f"t{n}") for n in range(MOST_TAGS + 1)))


def test_each_hold_is_lifted_by_its_number_and_one_with_an_end_ends_by_itself() -> None:
    marks = said(Mark(MarkKind.HOLD, "case", "R v Smith"), Mark(MarkKind.HOLD, "share", "CPS", until=100.0))
    assert [hold.n for hold in marks.holding(99.0)] == [1, 2]
    assert [hold.n for hold in marks.holding(100.0)] == [1]
    marks = marks.after(Entry(3, 3.0, INSPECTOR, Mark(MarkKind.LIFT, "1", "acquitted")))
    assert [hold.kind.value for hold in marks.holding(99.0)] == ["share"]
    with pytest.raises(NotFound, match="no hold 1"):
        marks.after(Entry(4, 4.0, INSPECTOR, Mark(MarkKind.LIFT, "1")))


def test_what_is_held_is_not_disposed_of() -> None:
    with pytest.raises(Conflict, match="it is held"):
        said(Mark(MarkKind.HOLD, "case", "R v Smith"), Mark(MarkKind.DECISION, "dispose", "review"))


@pytest.mark.parametrize("kind", ["category", "tag", "hold"])
def test_whoever_marks_it_after_it_was_to_go_saves_it(kind: str) -> None:
    values = {"category": "evidential", "tag": "arrest", "hold": "case"}
    decided = said(Mark(MarkKind.DECISION, "dispose", "review"))
    assert decided.decision is not None and decided.decision.outcome is Outcome.DISPOSE
    assert said(Mark(MarkKind.DECISION, "dispose"), Mark(MarkKind(kind), values[kind])).decision is None
    assert said(Mark(MarkKind.DECISION, "retain", until=9e9), Mark(MarkKind(kind), values[kind])).decision is not None


def test_a_tag_is_kept_in_small_letters_without_strange_marks() -> None:
    assert checked_tag("  Use  of FORCE ") == "use of force"
    for wrong in ("", " ", "a/b", "-", "x" * 41, "a\x00b", None, 7):
        with pytest.raises(BadRequest, match=r"^tag: "):
            checked_tag(wrong)


def test_a_note_may_have_lines() -> None:
    assert checked_note(" one\ntwo ") == "one\ntwo"
    for wrong in ("", "x" * 2001, "a\x00", "a\u202eb", None):
        with pytest.raises(BadRequest, match=r"^text: "):
            checked_note(wrong)


@given(st.text())
def test_a_tag_that_is_kept_stays_as_it_is(text: str) -> None:
    try:
        kept = checked_tag(text)
    except BadRequest:
        return
    assert checked_tag(kept) == kept
