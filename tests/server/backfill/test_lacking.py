"""What is wanted of a camera's own footage: holes, damaged stretches, a beginning and an end that never came; each once."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from server.backfill.lacking import LEAST_S, answer, joined, known, reaches, without
from server.wire import FootageAnswer, HeldSpan

T = 1_800_000_000.0
AHEAD = 100.0  # of the camera's clock
ID = "20270115T080000Z-et17-3fa2c1d0"


def journal(
    *starts: float, closed: bool = True, layer: str = "main", ahead: float | None = AHEAD
) -> list[dict[str, Any]]:
    """Segments of two seconds that begin at these media times."""
    entries: list[dict[str, Any]] = [{"kind": "opened", "epoch": T}]
    for start in starts:
        captured = None if ahead is None else T + start + ahead
        entries.append({"kind": "segment", "layer": layer, "start": start, "duration": 2.0, "captured_at": captured})
    return entries + ([{"kind": "closed"}] if closed else [])


def damaged(start: float, end: float) -> dict[str, Any]:
    return {"kind": "gap", "layer": "main", "from": T + start, "to": T + end, "why": "lost", "packets": 3}


def held(start: float, end: float, ordered: float | None = None) -> HeldSpan:
    """By media time."""
    ordered_at = start if ordered is None else ordered
    return HeldSpan(start=T + AHEAD + start, end=T + AHEAD + end, ordered_at=T + AHEAD + ordered_at)


def asked(
    entries: list[dict[str, Any]],
    *spans: HeldSpan,
    parts: list[dict[str, Any]] | None = None,
    prerecord_s: float = 30.0,
) -> FootageAnswer:
    one = known(ID, entries, parts or [])
    assert one is not None
    return answer([one], spans, prerecord_s)


def wanted(*given: Any, **more: Any) -> list[tuple[float, float]]:
    """By media time."""
    told = asked(*given, **more).wanted
    return [(round(one.start - T - AHEAD, 3), round(one.end - T - AHEAD, 3)) for one in told]


def test_a_hole_is_wanted_by_the_cameras_clock_and_named_by_the_servers() -> None:
    told = asked(journal(0, 2, 8, 10), held(-1, 12))
    assert [(one.start, one.end) for one in told.wanted] == [(T + AHEAD + 4, T + AHEAD + 8)]
    assert told.wanted[0].id == f"{ID}.{round((T + 4) * 1000)}.{round((T + 8) * 1000)}"


def test_nothing_is_wanted_of_what_is_whole_and_the_camera_may_let_it_go() -> None:
    told = asked(journal(0, 2, 4), held(0, 6))
    assert told.wanted == []
    assert any(start <= T + AHEAD and end >= T + AHEAD + 6 for start, end in told.kept)


def test_a_stretch_in_which_packets_were_lost_is_wanted() -> None:
    assert wanted([*journal(0, 2, 4, closed=False), damaged(2, 4), {"kind": "closed"}], held(0, 6)) == [(2, 4)]


def test_only_what_the_camera_holds_is_wanted() -> None:
    assert wanted(journal(0, 2, 8, 10), held(6, 12)) == [(6, 8)]
    assert wanted(journal(0, 2, 8, 10), held(20, 30)) == []


def test_a_beginning_that_the_server_never_had_is_wanted_as_far_back_as_it_would_have_kept() -> None:
    assert wanted(journal(60, 62), held(0, 64, ordered=40)) == [(10, 60)]
    assert wanted(journal(60, 62), held(0, 64, ordered=40), prerecord_s=0) == [(40, 60)]
    assert wanted(journal(60, 62), held(57, 64)) == [], "two pre-event buffers begin at other moments"


def test_an_end_that_never_came_is_wanted_once_the_recording_is_closed() -> None:
    assert wanted(journal(0, 2), held(0, 20)) == [(4, 20)]
    assert wanted(journal(0, 2, closed=False), held(0, 20)) == []
    assert wanted(journal(0, 2), held(0, 4.5)) == []


def test_what_a_part_has_answered_for_is_not_wanted_again_whatever_came() -> None:
    part = {"asked": {"start": T + 4, "end": T + 8}}
    assert wanted(journal(0, 2, 8, 10), held(0, 12), parts=[part]) == []
    assert wanted(journal(0, 2, 8, 10), held(0, 12), parts=[{"asked": {"start": T + 4, "end": T + 6}}]) == [(6, 8)]


def test_a_long_loss_is_several_uploads() -> None:
    found = wanted(journal(0, 1502), held(0, 1504))
    assert len(found) == 3 and found[0][0] == 2 and found[-1][1] == 1502
    assert all(before[1] == after[0] for before, after in pairwise(found))


def test_main_counts_where_there_is_one() -> None:
    both = [*journal(0, 2, 8, closed=False), *journal(0, 2, 4, 6, 8, layer="sub")[1:]]
    assert wanted(both, held(0, 10)) == [(4, 8)]
    assert wanted(journal(0, 2, 8, layer="sub"), held(0, 10)) == [(4, 8)]


def test_a_recording_without_times_of_the_camera_asks_for_nothing() -> None:
    assert known(ID, journal(0, 8, ahead=None), []) is None
    assert known(ID, [{"kind": "opened", "epoch": T}], []) is None


def test_what_two_recordings_lack_is_wanted_once() -> None:
    first = known(ID, journal(0, 2), [])
    second = known(ID + "b", journal(20, 22), [])
    assert first is not None and second is not None
    told = answer([second, first], [held(0, 24)], 30.0)
    assert [
        (one.id[: len(ID) + 1], round(one.start - T - AHEAD), round(one.end - T - AHEAD)) for one in told.wanted
    ] == [(ID + ".", 4, 20)]


def test_a_clock_that_was_set_meanwhile_is_followed_on_each_side() -> None:
    entries = journal(0, 2, closed=False) + journal(8, 10, ahead=AHEAD + 3600)[1:]
    told = asked(entries, HeldSpan(start=T + AHEAD, end=T + AHEAD + 3612, ordered_at=T + AHEAD))
    assert [(one.start - T, one.end - T) for one in told.wanted] == [(4 + AHEAD, 8 + AHEAD + 3600)]


intervals = st.lists(
    st.tuples(st.integers(0, 100), st.integers(1, 30)).map(lambda one: (one[0], one[0] + one[1])), max_size=8
)


@given(intervals, intervals)
def test_what_is_left_is_in_the_one_and_not_in_the_other(
    ours: list[tuple[int, int]], taken: list[tuple[int, int]]
) -> None:
    left = without([(float(start), float(end)) for start, end in ours], taken)
    for moment in (at + 0.5 for at in range(140)):
        inside = any(start < moment < end for start, end in ours)
        gone = any(start < moment < end for start, end in taken)
        assert any(start < moment < end for start, end in left) == (inside and not gone)


@given(intervals)
def test_joined_covers_the_same_without_overlap(ours: list[tuple[int, int]]) -> None:
    found = joined([(float(start), float(end)) for start, end in ours])
    assert all(after[0] - before[1] >= LEAST_S for before, after in pairwise(found))
    for moment in (at + 0.5 for at in range(140)):
        assert any(start < moment < end for start, end in found) == any(start < moment < end for start, end in ours)


def numbered(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [entry | {"i": number} for number, entry in enumerate(entries)]


@given(
    st.sets(st.integers(0, 399), min_size=150),
    st.lists(st.tuples(st.integers(560, 800), st.integers(1, 200)), min_size=1, max_size=3),
    st.integers(1, 398),
    st.booleans(),
)
def test_a_journals_end_that_reaches_far_enough_back_says_the_same(
    there: set[int], spans: list[tuple[int, int]], cut_at: int, closed: bool
) -> None:
    whole = numbered(journal(*(2.0 * n for n in sorted(there)), closed=closed))
    end = [whole[0], *whole[1 + min(cut_at, len(there) - 1) :]]
    given_spans = [held(start, start + length) for start, length in spans]
    if reaches(end, given_spans, T + 2000):
        told, full = asked(end, *given_spans), asked(whole, *given_spans)
        assert told.wanted == full.wanted
        assert told.kept[-1][1] == full.kept[-1][1]


def test_a_journals_end_is_not_enough_where_it_may_not_reach_what_is_held() -> None:
    whole = numbered(journal(*(2.0 * n for n in range(400))))
    end = [whole[0], *whole[300:]]  # from 598 s on
    assert reaches(end, [held(610, 900)], T + 1000)
    assert not reaches(end, [held(590, 900)], T + 1000)
    assert not reaches(end, [held(610, 900)], T + 500)  # by a clock that was set since
    assert not reaches([*end, *numbered(journal(800, ahead=9.0))[1:]], [held(700, 900)], T + 1000)
    assert not reaches([whole[0], *numbered(journal(*range(598, 700, 2), layer="sub"))[1:]], [held(650, 700)], T + 1000)
    assert not reaches([whole[0], *numbered(journal(*range(598, 700, 2), ahead=None))[1:]], [held(650, 700)], T + 1000)
