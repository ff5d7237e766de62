"""How long a recording is kept, whatever people say of it and in whatever order."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import Conflict, NotFound, StartError
from server.recording.marks import By, Entry, Mark, MarkKind, Marks
from server.recording.retention import DAY_S, GRACE_DAYS, RetentionTable, Superseded, Verdict

BY = By("p1", "Insp Achebe")
ENDED = 1_800_000_000.0
TABLE = RetentionTable.load(
    {"accidental": {"days": 2}, "training": {"days": 400, "tags": ["exercise"]}, "complaint": {"tags": ["Grievance"]}}
)


def marked(*marks: Mark, after_days: float = 1.0) -> Marks:
    """Marks that were all made some days after the recording's end."""
    return Marks.of(Entry(n, ENDED + after_days * DAY_S, BY, mark) for n, mark in enumerate(marks, 1))


def judged(marks: Marks | None = None, days: float = 0.0, ended_at: float | None = ENDED) -> Verdict:
    return TABLE.judge(ended_at, marks or Marks(), ENDED + days * DAY_S)


def days_of(at: float | None) -> float | None:
    return None if at is None else (at - ENDED) / DAY_S


def test_what_nobody_tags_may_go_on_day_30_and_no_earlier() -> None:
    verdict = judged()
    assert (verdict.rule, days_of(verdict.delete_at), verdict.review_at) == ("untagged", 30, None)
    assert not verdict.may_delete(ENDED + 30 * DAY_S - 0.001)
    assert verdict.may_delete(ENDED + 30 * DAY_S)


def test_what_is_evidential_is_reviewed_and_never_goes_by_itself() -> None:
    verdict = judged(marked(Mark(MarkKind.CATEGORY, "evidential", "R v Smith")))
    assert (verdict.rule, verdict.delete_at, days_of(verdict.review_at)) == ("evidential", None, 6 * 365)
    assert not verdict.may_delete(math.inf)


def test_a_review_date_that_a_person_sets_counts() -> None:
    verdict = judged(marked(Mark(MarkKind.CATEGORY, "mopi", "nominal", until=ENDED + 99 * DAY_S)))
    assert (verdict.rule, days_of(verdict.review_at)) == ("mopi", 99)


def test_the_longest_of_category_and_tags_wins() -> None:
    verdict = judged(marked(Mark(MarkKind.TAG, "exercise")))
    assert (verdict.rule, days_of(verdict.delete_at)) == ("training", 400)
    verdict = judged(marked(Mark(MarkKind.TAG, "exercise"), Mark(MarkKind.TAG, "grievance")))
    assert (verdict.rule, verdict.delete_at) == ("complaint", None)
    verdict = judged(marked(Mark(MarkKind.CATEGORY, "mopi"), Mark(MarkKind.TAG, "mopi-serious")))
    assert (verdict.rule, days_of(verdict.review_at)) == ("mopi-serious", 3650)


def test_a_tag_never_shortens() -> None:
    assert days_of(judged(marked(Mark(MarkKind.TAG, "accidental"))).delete_at) == 30
    shortened = judged(marked(Mark(MarkKind.CATEGORY, "accidental", "in the locker room")))
    assert days_of(shortened.delete_at) == 1 + GRACE_DAYS


def test_after_a_change_by_a_person_it_stands_in_the_list_before_it_goes() -> None:
    released = marked(Mark(MarkKind.CATEGORY, "untagged", "no further action"), after_days=100)
    assert days_of(judged(released, 100).delete_at) == 100 + GRACE_DAYS


def test_a_hold_a_share_and_an_open_recording_keep_it() -> None:
    held = marked(Mark(MarkKind.HOLD, "case", "R v Smith"), Mark(MarkKind.HOLD, "share", "CPS", ENDED + 40 * DAY_S))
    assert judged(held, 39).kept_by == ("case", "share")
    assert judged(held, 41).kept_by == ("case",)
    assert not judged(held, 400).may_delete(ENDED + 400 * DAY_S)
    verdict = judged(ended_at=None)
    assert (verdict.kept_by, verdict.delete_at) == (("open",), None)


def test_a_decision_to_retain_outlasts_the_category_until_its_review() -> None:
    kept = marked(Mark(MarkKind.DECISION, "retain", "inquest", ENDED + 900 * DAY_S))
    verdict = judged(kept, 31)
    assert (verdict.rule, verdict.delete_at, days_of(verdict.review_at)) == ("retained", None, 900)
    after = kept.after(Entry(2, ENDED, BY, Mark(MarkKind.CATEGORY, "untagged", "a slip")))
    assert judged(after, 31).rule == "retained"


def test_what_is_to_go_goes_a_week_after_the_decision_and_no_sooner_than_what_is_untagged() -> None:
    evidential, disposed = Mark(MarkKind.CATEGORY, "evidential"), Mark(MarkKind.DECISION, "dispose", "NFA")
    assert days_of(judged(marked(evidential, disposed, after_days=2)).delete_at) == 30
    verdict = judged(marked(evidential, disposed, after_days=2190))
    assert (verdict.rule, days_of(verdict.delete_at)) == ("disposed", 2190 + GRACE_DAYS)


def test_where_even_the_untagged_is_reviewed_a_decision_still_lets_it_go() -> None:
    table = RetentionTable.load({name: {"review_days": 365} for name in ("untagged", "mopi")})
    disposed = marked(Mark(MarkKind.DECISION, "dispose", "NFA"))
    assert days_of(table.judge(ENDED, disposed, ENDED).delete_at) == 1 + GRACE_DAYS


def test_a_category_that_the_force_took_away_keeps_and_asks_for_a_review() -> None:
    verdict = RetentionTable.load({}).judge(ENDED, marked(Mark(MarkKind.CATEGORY, "training")), ENDED)
    assert (verdict.rule, verdict.delete_at, verdict.review_at) == ("training", None, ENDED)


def test_a_force_edits_the_table() -> None:
    table = RetentionTable.load({"untagged": {"days": 60}, "evidential": {"days": 2557}, "mopi": {"title": "MoPI"}})
    assert table.find("untagged") is not None and table.judge(ENDED, Marks(), ENDED).delete_at == ENDED + 60 * DAY_S
    evidential, mopi = table.find("evidential"), table.find("mopi")
    assert evidential is not None and (evidential.days, evidential.review_days) == (2557, None)
    assert mopi is not None and (mopi.title, mopi.review_days) == ("MoPI", 2190)
    never = RetentionTable.load({"untagged": {"review_days": 365}})
    assert never.judge(ENDED, Marks(), ENDED).delete_at is None and "untagged" in never.reviewed


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"untagged": {"days": 0}}, r"^retention\.untagged\.days: .*greater than or equal to 1"),
        ({"untagged": {"days": "soon"}}, r"^retention\.untagged\.days: .*integer"),
        ({"untagged": {"day": 30}}, r"^retention\.untagged\.day: "),
        ({"training": {"title": "Training"}}, r"^retention\.training: expected either days, .* or review_days"),
        ({"mopi": {"days": 7, "review_days": 7}}, r"^retention\.mopi: expected either days"),
        ({"Mo PI": {"days": 7}}, r"^retention\.Mo PI\.name: "),
        ({"mopi": {"tags": ["a/b"]}}, r"^retention\.mopi\.tags: tag: expected"),
    ],
)
def test_a_mistake_in_the_table_is_told_at_start(changes: dict[str, dict[str, Any]], sentence: str) -> None:
    with pytest.raises(StartError, match=sentence):
        RetentionTable.load(changes)


# ---- whatever people say, in whatever order -----------------------------------------------------------

TIMES = st.floats(0, 4000).map(lambda days: ENDED + days * DAY_S)
TAGS = st.sampled_from(["accidental", "exercise", "grievance", "mopi", "evidential", "untagged", "seen"])
CATEGORIES = st.sampled_from(["accidental", "untagged", "training", "evidential", "mopi-serious", "forgotten"])
MARKS = st.one_of(
    st.builds(Mark, st.just(MarkKind.CATEGORY), CATEGORIES, st.just("why"), st.none() | TIMES),
    st.builds(Mark, st.sampled_from([MarkKind.TAG, MarkKind.UNTAG]), TAGS),
    st.builds(Mark, st.just(MarkKind.HOLD), st.sampled_from(["case", "share"]), st.just("why"), st.none() | TIMES),
    st.builds(Mark, st.just(MarkKind.LIFT), st.integers(1, 9).map(str)),
    st.builds(Mark, st.just(MarkKind.DECISION), st.sampled_from(["retain", "dispose"]), st.just("why"), TIMES),
    st.builds(Mark, st.just(MarkKind.NOTE)),
)


@st.composite
def histories(draw: st.DrawFn) -> Marks:
    """What some entries in the order of their times leave behind; those that cannot follow are left out."""
    marks = Marks()
    for at in sorted(draw(st.lists(TIMES, max_size=9))):
        try:
            marks = marks.after(Entry(marks.entries + 1, at, BY, draw(MARKS)))
        except (Conflict, NotFound):
            continue
    return marks


def goes_at(marks: Marks, ended_at: float | None = ENDED) -> float:
    at = TABLE.judge(ended_at, marks, ENDED).delete_at
    return math.inf if at is None else at


@given(histories(), TIMES)
def test_nothing_goes_while_it_is_open_or_held(marks: Marks, now: float) -> None:
    assert not TABLE.judge(None, marks, now).may_delete(now)
    if marks.holding(now):
        assert not TABLE.judge(ENDED, marks, now).may_delete(now)


@given(histories())
def test_nothing_goes_within_a_week_of_a_change_nor_before_its_shortest_term(marks: Marks) -> None:
    assert goes_at(marks) >= ENDED + TABLE.shortest_days * DAY_S
    if marks.changed_at is not None:
        assert goes_at(marks) >= marks.changed_at + GRACE_DAYS * DAY_S


@given(histories(), TAGS, TIMES)
def test_one_tag_more_never_makes_it_go_earlier(marks: Marks, tag: str, at: float) -> None:
    entry = Entry(marks.entries + 1, max(at, marks.changed_at or 0), BY, Mark(MarkKind.TAG, tag))
    if tag not in marks.tags:
        assert goes_at(marks.after(entry)) >= goes_at(marks)


@given(histories(), TIMES, TIMES)
def test_what_may_go_may_still_go_later(marks: Marks, now: float, then: float) -> None:
    verdict = TABLE.judge(ENDED, replace(marks, holds=()), now)
    if verdict.may_delete(min(now, then)):
        assert verdict.may_delete(max(now, then))


@given(histories())
def test_it_is_always_known_when_it_goes_or_when_somebody_must_look(marks: Marks) -> None:
    verdict = TABLE.judge(ENDED, marks, ENDED)
    assert (verdict.delete_at is None) != (verdict.review_at is None)


@given(histories(), st.floats(0, 1e9))
def test_what_ended_later_goes_no_earlier(marks: Marks, later: float) -> None:
    assert goes_at(marks, ENDED + later) >= goes_at(marks)


SHORTER = RetentionTable.load({"untagged": {"days": 2}, "complaint": {"days": 3}})
AFTER_EDIT = ENDED + 20 * DAY_S


def followed(before: RetentionTable, replaced_at: float = AFTER_EDIT) -> RetentionTable:
    """The shorter table, as it is in force since then."""
    table = RetentionTable.of(SHORTER.as_json())
    table.follow([Superseded(RetentionTable.of(before.as_json()), replaced_at)])
    return table


def test_an_edit_that_shortens_deletes_nothing_for_a_week() -> None:
    table = followed(RetentionTable.load({}))
    verdict = table.judge(ENDED, Marks(), AFTER_EDIT)
    assert (verdict.rule, days_of(verdict.delete_at)) == (
        "untagged",
        20 + GRACE_DAYS,
    )  # the old one would have kept it to 30
    assert not verdict.may_delete(AFTER_EDIT + GRACE_DAYS * DAY_S - 1)
    assert verdict.may_delete(AFTER_EDIT + GRACE_DAYS * DAY_S)
    complaint = marked(Mark(MarkKind.CATEGORY, "complaint", "C/412"))
    verdict = table.judge(ENDED, complaint, AFTER_EDIT)  # the old one would have reviewed it
    assert (verdict.rule, days_of(verdict.delete_at)) == ("complaint", 20 + GRACE_DAYS)


def test_what_the_old_table_would_have_deleted_within_the_week_goes_then() -> None:
    table = followed(RetentionTable.load({"untagged": {"days": 22}}))
    assert days_of(table.judge(ENDED, Marks(), AFTER_EDIT).delete_at) == 22


def test_an_edit_that_prolongs_counts_at_once_and_an_old_edit_no_more() -> None:
    longer = RetentionTable.load({"untagged": {"days": 60}})
    longer.follow([Superseded(RetentionTable.load({}), AFTER_EDIT)])
    assert days_of(longer.judge(ENDED, Marks(), AFTER_EDIT).delete_at) == 60
    table = followed(RetentionTable.load({}), ENDED - 100 * DAY_S)
    assert days_of(table.judge(ENDED, Marks(), AFTER_EDIT).delete_at) == 2


def test_a_table_is_the_same_when_it_is_read_back() -> None:
    for table in (TABLE, SHORTER):
        assert RetentionTable.of(table.as_json()).as_json() == table.as_json()
