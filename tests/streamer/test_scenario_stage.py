"""Who is where: the same in every process, calm, and colleagues do arrive."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.scenario import Inject, Officer, Repeat, Scenario, parse
from streamer.scenario_path import MAX_TURN_DPS, turn_between
from streamer.scenario_stage import STAND_OFF_M, Doing, OfficerPart, Stage, beside, shorten
from streamer.town import Town

NIGHT = parse((Path(__file__).parents[2] / "streamer" / "scenarios" / "night_shift.toml").read_text())
PATROLS = [officer.patrol for officer in NIGHT.officers]


def check_calm(part: OfficerPart, start: float, until: float, step: float = 0.04) -> None:
    """From one picture to the next: no jump, no turn that is too fast."""
    fastest = max(part.officer.speed_mps, part.officer.respond_mps)
    last = part.place(start)
    for number in range(1, int((until - start) / step)):
        here = part.place(start + number * step)
        assert last.distance_to(here.x, here.y) <= fastest * step * 1.001 + 1e-6, start + number * step
        assert abs(turn_between(last.heading_deg, here.heading_deg)) <= MAX_TURN_DPS * step + 0.2
        last = here


def test_the_night_shift_is_calm_and_converges(night_town: Town) -> None:
    stage = Stage(NIGHT, night_town)
    for officer in NIGHT.officers:
        check_calm(stage.part(officer.call_sign), 0, 130, step=0.1)
    marsh = stage.part("ET17").place(65)
    for colleague in ("ET22", "ET09", "ET40"):
        part = stage.part(colleague)
        assert part.doing(65) is Doing.STAND, colleague
        there = part.place(65)
        assert STAND_OFF_M - 1 < there.distance_to(marsh.x, marsh.y) < STAND_OFF_M + 4
        towards = math.degrees(math.atan2(marsh.x - there.x, marsh.y - there.y))
        assert abs(turn_between(there.heading_deg, towards)) < 2
        assert part.doing(200) is Doing.PATROL
        assert part.place(200).speed_mps > 0


def test_all_expectations_of_nearness_hold(night_town: Town) -> None:
    stage = Stage(NIGHT, night_town)
    for inject in NIGHT.injects:
        for expectation in inject.expect:
            if expectation.what == "near":
                at = inject.at + expectation.within_s
                target = stage.part(expectation.value).place(at)
                assert stage.part(inject.unit).place(at).distance_to(target.x, target.y) < 15


def test_after_a_night_all_still_walk_the_streets(night_town: Town) -> None:
    stage = Stage(NIGHT, night_town)
    for officer in NIGHT.officers:
        part = stage.part(officer.call_sign)
        for at in (7_200.0, 28_800.0):
            place = part.place(at)
            assert night_town.street_at(place.x, place.y)
        check_calm(part, 28_800, 28_830, step=0.1)


def test_halt_and_resume_lose_nothing_of_the_patrol(night_town: Town) -> None:
    scenario = Scenario("T", "t", NIGHT.officers[:1], (Inject(10, "ET17", "halt"), Inject(30, "ET17", "resume")))
    part = Stage(scenario, night_town).part("ET17")
    stood, later = part.place(12), part.place(29)
    assert (later.x, later.y, later.heading_deg, later.speed_mps) == (stood.x, stood.y, stood.heading_deg, 0)
    assert part.doing(20) is Doing.HALT
    undisturbed = Stage(Scenario("T", "t", NIGHT.officers[:1], ()), night_town).part("ET17")
    # 20 s of standing; braking and gathering speed cost 0.6 s each
    behind = undisturbed.place(100 - 20)
    assert part.place(100).distance_to(behind.x, behind.y) < 1.4 * 1.3


def test_whoever_walks_away_is_followed(night_town: Town) -> None:
    officers = NIGHT.officers[:2]
    scenario = Scenario("T", "t", officers, (Inject(5, "ET22", "respond", {"to": "ET17"}),))
    stage = Stage(scenario, night_town)
    chaser, target = stage.part("ET22"), stage.part("ET17")
    met = next(at for at in range(5, 400) if chaser.doing(at) is Doing.STAND)
    place = target.place(met)
    assert chaser.place(met).distance_to(place.x, place.y) < STAND_OFF_M + 8


def test_two_who_come_to_one_another_meet(night_town: Town) -> None:
    injects = (Inject(5, "ET22", "respond", {"to": "ET17"}), Inject(5, "ET17", "respond", {"to": "ET22"}))
    stage = Stage(Scenario("T", "t", NIGHT.officers[:2], injects), night_town)
    one, two = stage.part("ET22").place(300), stage.part("ET17").place(300)
    assert one.distance_to(two.x, two.y) < 40
    assert stage.part("ET22").doing(300) is Doing.STAND


def test_an_unknown_time_before_the_start_is_the_start(night_town: Town) -> None:
    part = Stage(NIGHT, night_town).part("ET17")
    assert part.place(-60) == part.place(0)
    assert part.place(0).speed_mps == 0


def test_who_is_called_off_a_step_beside_their_round_takes_that_step(night_town: Town) -> None:
    """13 cm of it were left out once, and the picture jumped."""
    injects = (Inject(19.5, "ET22", "respond", {"to": "ET17"}), Inject(49.7, "ET22", "resume", {}))
    check_calm(Stage(Scenario("T", "t", NIGHT.officers[:3], injects), night_town).part("ET22"), 49, 60)


units = [officer.call_sign for officer in NIGHT.officers[:3]]
moves = st.builds(
    lambda at, unit, do, to: Inject(round(at, 1), unit, do, {"to": to} if do == "respond" and to != unit else {}),
    st.floats(0, 200),
    st.sampled_from(units),
    st.sampled_from(["halt", "resume", "respond"]),
    st.sampled_from(units),
).filter(lambda inject: inject.do != "respond" or bool(inject.params))


@settings(max_examples=40, deadline=None)
@given(injects=st.lists(moves, max_size=10), repeated=st.lists(moves, max_size=2), data=st.data())
def test_any_scenario_is_calm_and_the_same_whoever_asks_first(
    night_town: Town, injects: list[Inject], repeated: list[Inject], data: st.DataObject
) -> None:
    repeat = Repeat(100, 250, tuple(sorted(repeated, key=lambda i: i.at))) if repeated else None
    ordered = tuple(sorted(injects, key=lambda inject: inject.at))
    scenario = Scenario("T", "t", NIGHT.officers[:3], ordered, repeat)
    one, other = Stage(scenario, night_town), Stage(scenario, night_town)
    asked = data.draw(st.lists(st.tuples(st.sampled_from(units), st.floats(0, 600)), min_size=1, max_size=12))
    for unit, at in asked:
        one.part(unit).place(at)
    for unit, at in reversed(asked):
        assert one.part(unit).place(at) == other.part(unit).place(at)
    first = ordered[0].at if ordered else 100.0
    check_calm(one.part(asked[0][0]), max(0.0, first - 1), first + 60)


def test_lines_are_shortened_and_ended_beside() -> None:
    assert shorten([(0, 0), (0, 10), (6, 10)], 8.0) == [(0, 0), (0, 8)]
    assert shorten([(0, 0), (0, 3)], 8.0) == [(0, 0)]
    assert beside([(0, 0), (0, 9)], 1.5) == [(0, 0), (1.5, 9.0)]
    assert beside([(0, 0)], 1.5) == [(0, 0)]


def test_speed_is_told_as_it_is(night_town: Town) -> None:
    officer = Officer("ET1", "1", "PC", ("Harbour Street", "Quay Road"), speed_mps=2.0)
    part = Stage(Scenario("T", "t", (officer,), ()), night_town).part("ET1")
    assert part.place(0.6).speed_mps == pytest.approx(1.0)
    assert part.place(5).speed_mps == pytest.approx(2.0)
