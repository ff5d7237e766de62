"""The order of injects, and rounds that come again for ever."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from streamer.scenario import Inject, Officer, Repeat, Scenario
from streamer.scenario_timeline import Timeline


def done(at: float, unit: str = "ET1") -> Inject:
    return Inject(at, unit, "halt")


def test_only_ones_own_injects() -> None:
    officers = tuple(Officer(unit, "1", "PC", ("A", "B")) for unit in ("ET1", "ET2"))
    repeat = Repeat(100, 50, (done(1, "ET2"),))
    scenario = Scenario("T", "t", officers, (done(1), done(2, "ET2")), repeat)
    assert [inject.at for inject in Timeline.of(scenario, "ET1").between(0, 1e3)] == [1]
    assert Timeline.of(scenario, "ET1").next_after(1) is None
    assert [inject.at for inject in Timeline.of(scenario, "ET2").between(0, 210)] == [2, 101, 151, 201]
    assert len(Timeline.of(scenario).between(-1, 101)) == 3


def test_before_the_start_everything_is_still_to_come() -> None:
    timeline = Timeline((done(0),), Repeat(0, 10, (done(0),)))
    assert timeline.next_after(-math.inf) == 0
    assert [inject.at for inject in timeline.between(-math.inf, 10)] == [0, 0, 10]


times = st.floats(0, 200).map(lambda at: round(at, 1))


@given(
    once=st.lists(times, max_size=8),
    again=st.lists(st.floats(0, 19).map(lambda at: round(at, 2)), max_size=5),
    first_at=times,
    steps=st.lists(st.floats(0.1, 60), min_size=1, max_size=20),
)
def test_stepping_finds_each_inject_once_and_in_order(
    once: list[float], again: list[float], first_at: float, steps: list[float]
) -> None:
    repeat = Repeat(first_at, 20.0, tuple(done(at) for at in sorted(again))) if again else None
    timeline = Timeline(tuple(done(at) for at in sorted(once)), repeat)
    found: list[float] = []
    now = -1.0
    for step in steps:
        found += [inject.at for inject in timeline.between(now, now + step)]
        now += step
    assert found == sorted(found)
    assert found == [inject.at for inject in timeline.between(-1.0, now)]


@given(once=st.lists(times, max_size=5), again=st.lists(st.floats(0, 19), max_size=4), start=st.floats(-1, 500))
def test_walking_from_next_to_next_misses_nothing(once: list[float], again: list[float], start: float) -> None:
    repeat = Repeat(33.0, 20.0, tuple(done(at) for at in sorted(again))) if again else None
    timeline = Timeline(tuple(done(at) for at in sorted(once)), repeat)
    walked: list[float] = []
    coming = timeline.next_after(start)
    while coming is not None and coming <= start + 100:
        walked.append(coming)
        coming = timeline.next_after(coming)
    assert walked == sorted({inject.at for inject in timeline.between(start, start + 100)})
