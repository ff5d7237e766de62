"""A refusal is told at once, and those that follow it once a minute: none is lost, and none buries the others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.audit.audit_entry import Actor, Note, Subject, What
from server.audit.repeats import MOST_KEPT, WINDOW_S, Repeats


def refusal(who: str, of: str = "et17") -> Note:
    return Note(What.ACCESS_REFUSED, Actor("person", who), Subject("device", of), "not recording", detail={"a": 1})


def test_the_first_is_news_and_the_rest_of_its_minute_is_one_row() -> None:
    repeats = Repeats()
    assert repeats.is_news(refusal("p1"), 100.0)
    assert not repeats.is_news(refusal("p1"), 102.0)
    assert not repeats.is_news(refusal("p1"), 104.0)
    assert repeats.is_news(refusal("p2"), 104.0) and repeats.is_news(refusal("p1", "et22"), 104.0)
    assert repeats.due(100.0 + WINDOW_S - 1) == []
    (row,) = repeats.due(100.0 + WINDOW_S)
    assert (row.actor.id, row.detail) == ("p1", {"a": 1, "times": 2, "until": 104.0})
    assert repeats.is_news(refusal("p1"), 161.0), "a new minute"


def test_what_is_counted_is_told_at_the_end() -> None:
    repeats = Repeats()
    repeats.is_news(refusal("p1"), 100.0)
    assert repeats.due(101.0, at_end=True) == []
    repeats.is_news(refusal("p1"), 102.0)
    repeats.is_news(refusal("p1"), 103.0)
    assert [row.detail["times"] for row in repeats.due(104.0, at_end=True)] == [1]


def test_more_than_can_be_counted_are_written_one_by_one() -> None:
    repeats = Repeats()
    for number in range(MOST_KEPT):
        repeats.is_news(refusal(str(number)), 100.0)
    assert repeats.is_news(refusal("one more"), 100.0) and repeats.is_news(refusal("one more"), 101.0)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 30)), max_size=60))
def test_every_try_is_told_exactly_once(tries: list[tuple[str, float]]) -> None:
    repeats, at, told = Repeats(), 1000.0, 0
    for who, wait in tries:
        at += wait
        told += sum(int(row.detail["times"]) for row in repeats.due(at))
        told += repeats.is_news(refusal(who), at)
    told += sum(int(row.detail["times"]) for row in repeats.due(at, at_end=True))
    assert told == len(tries)
