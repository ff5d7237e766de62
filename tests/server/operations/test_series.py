"""Ten minutes of lines in a ring: nothing older is told, nothing newer is lost, and memory has a bound."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from server.operations.series import TOTALS, Series

VALUES = st.none() | st.integers(0, 1000).map(float)


def test_a_reader_gets_what_is_new_and_no_more() -> None:
    series = Series(span=10)
    for number in range(4):
        series.add(100.0 + number, {"total": {"in": float(number)}})
    told = series.after(1, ["total"])
    assert told == {"first": 2, "at": [102.0, 103.0], "groups": {"total": {"in": [2.0, 3.0]}}}
    assert series.after(3, ["total"]) == {"first": 4, "at": [], "groups": {"total": {"in": []}}}


def test_a_reader_of_a_server_that_started_anew_gets_everything() -> None:
    series = Series(span=10)
    series.add(1.0, {"total": {"in": 1.0}})
    assert series.after(5000, ["total"])["first"] == 0


def test_a_line_that_begins_later_has_no_value_before() -> None:
    series = Series(span=10)
    series.add(1.0, {"total": {"in": 1.0}})
    series.add(2.0, {"total": {"in": 2.0, "out": 5.0}, "camera": {"main": None}})
    series.add(3.0, {"total": {"out": 6.0}})
    groups = series.after(-1, ["total", "camera", "nobody"])["groups"]
    assert groups == {"total": {"in": [1.0, 2.0, None], "out": [None, 5.0, 6.0]}, "camera": {"main": [None] * 3}}


def test_a_total_grows_by_what_came_and_is_not_drawn() -> None:
    series = Series(span=5)
    for value in (1.0, None, 4.0, 4.0, 9.0):
        series.add(0.0, {"camera": {TOTALS + "nacks": value}})
    assert [series.growth("camera", "nacks", samples) for samples in (1, 2, 3, 100)] == [5.0, 5.0, 5.0, 8.0]
    assert series.growth("camera", "nothing", 4) == 0.0
    series.add(0.0, {"camera": {TOTALS + "nacks": 2.0}})
    assert series.growth("camera", "nacks", 2) == 5.0, "a camera that was forgotten begins anew"
    assert series.after(-1, ["camera"])["groups"] == {"camera": {}}


def test_groups_end_with_the_span_and_have_a_bound() -> None:
    series = Series(span=3, most_groups=2)
    series.add(0.0, {"a": {"x": 1.0}, "b": {"x": 1.0}, "c": {"x": 1.0}})
    assert series.groups == ["a", "b"]
    for _ in range(3):
        series.add(0.0, {"b": {"x": 1.0}})
    series.add(0.0, {"c": {"x": 1.0}})
    assert series.groups == ["b", "c"]


@given(st.lists(st.dictionaries(st.sampled_from("ab"), st.dictionaries(st.sampled_from("xy"), VALUES)), max_size=25))
def test_what_is_told_is_what_was_added(seconds: list[dict[str, dict[str, float | None]]]) -> None:
    series = Series(span=8)
    for number, groups in enumerate(seconds):
        series.add(float(number), groups)
    told = json.loads(json.dumps(series.after(-1, ["a", "b"])))
    kept = seconds[-8:]
    assert told["at"] == [float(number) for number in range(len(seconds))][-8:]
    for name, lines in told["groups"].items():
        for line, values in lines.items():
            assert values == [second.get(name, {}).get(line) for second in kept]
