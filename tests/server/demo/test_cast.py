"""Who plays in the demo, for any number of cameras."""

from __future__ import annotations

import pytest

from server.demo.cast import cast, extended, picture_size, runs
from server.demo.play import BUILT_IN, _with_extra
from streamer.scenario import parse

TEXT = BUILT_IN.read_text()


@pytest.mark.parametrize("cameras", [1, 3, 6, 9, 50])
def test_the_scenario_that_is_played_has_every_officer(cameras: int) -> None:
    scenario = parse(TEXT)
    officers = cast(scenario, cameras)
    played = parse(_with_extra(TEXT, scenario, cameras))
    assert len([officer for officer in officers if runs(officer)]) == cameras
    assert len(officers) == len({officer.call_sign for officer in officers})
    off = [one for one in scenario.officers if not runs(one)]
    assert [one for one in officers if not runs(one)] == (off if cameras >= len(scenario.officers) - len(off) else [])
    for officer in officers:
        assert played.officer(officer.call_sign) == officer
    assert played.injects == scenario.injects and played.repeat == scenario.repeat


def test_few_cameras_are_the_scenarios_own_first_ones_and_the_file_stays_as_it_is() -> None:
    scenario = parse(TEXT)
    assert [officer.call_sign for officer in cast(scenario, 2)] == [o.call_sign for o in scenario.officers[:2]]
    assert extended(scenario, 2) == ""


def test_the_main_picture_is_larger_where_there_are_cores_to_draw_it() -> None:
    assert [picture_size(6, cores) for cores in (1, 2, 3, 4, 16)] == ["", "", "", "640x360", "640x360"]
    assert (picture_size(8, 4), picture_size(9, 4), picture_size(50, 8)) == ("640x360", "", "")
