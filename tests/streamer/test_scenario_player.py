"""A part is played through the same presses as a hand's; what was before the start is taken as having been."""

from __future__ import annotations

from pathlib import Path
from random import Random

from streamer.gps import SimulatedGps
from streamer.gps_error import GpsErrorModel
from streamer.link import Link
from streamer.scenario import parse
from streamer.scenario_player import LOOK_EVERY_S, Player
from streamer.scenario_stage import Stage
from streamer.town import Town
from tests.streamer.conftest import Bench

NIGHT = parse((Path(__file__).parents[2] / "streamer" / "scenarios" / "night_shift.toml").read_text())


class Played:
    """One officer's part, with all that it moves."""

    def __init__(self, bench: Bench, town: Town, unit: str) -> None:
        part = Stage(NIGHT, town).part(unit)
        self.link = Link()
        self.gps = SimulatedGps(lambda at: part.place(at), town.to_wgs84, GpsErrorModel(Random(1)), bench.clock)
        bench.kit.recording, bench.kit.streaming = part.officer.recording, part.officer.recording == "recording"
        self.player = Player(NIGHT, part, bench.kit, self.link, self.gps)

    def run(self, start: float, until: float) -> None:
        now = start
        while now <= until:
            wait = self.player.step(now)
            assert 0.0 <= wait <= LOOK_EVERY_S
            now += max(wait, 0.001)


def kinds(bench: Bench) -> list[str]:
    return [kind for kind, _ in bench.signals()]


def test_marsh_draws_arms_and_makes_safe(bench: Bench, night_town: Town) -> None:
    played = Played(bench, night_town, "ET17")
    played.run(0, 20)
    assert kinds(bench) == ["taser.drawn"]
    played.run(20, 22)
    assert kinds(bench) == ["taser.drawn", "taser.armed"]
    assert bench.kit.status_code == 0
    played.run(22, 110)
    assert kinds(bench) == ["taser.drawn", "taser.armed", "taser.safe"]
    assert bench.kit.status_code == 2
    assert any("no advice" in said for said in bench.said)  # heard, though nobody has advised: told, and no harm done


def test_a_bad_link_comes_and_goes(bench: Bench, night_town: Town) -> None:
    played = Played(bench, night_town, "ET31")
    played.run(0, 14)
    assert (played.link.stalled, bench.kit.signal_pct) == (True, 0)
    played.run(14, 23)
    assert (played.link.stalled, bench.kit.signal_pct) == (False, 88)


def test_positions_are_lost_and_come_back(bench: Bench, night_town: Town) -> None:
    played = Played(bench, night_town, "ET22")
    played.run(0, 31)
    assert played.gps.lost
    assert bench.kit.status_code == 5
    played.run(31, 43)
    assert not played.gps.lost


def test_the_battery_runs_down_and_is_told_once(bench: Bench, night_town: Town) -> None:
    played = Played(bench, night_town, "ET31")
    played.run(0, 120)
    assert bench.kit.battery_pct == 40
    played.run(120, 200)
    assert bench.kit.battery_pct == 14
    assert kinds(bench).count("battery.low") == 1


def test_a_camera_that_starts_in_the_middle_knows_how_things_stand(bench: Bench, night_town: Town) -> None:
    """After a kill at 40 s the TASER is still armed, and the server has heard of it: nothing is told twice."""
    Played(bench, night_town, "ET17").run(40, 41)
    assert kinds(bench) == []
    assert bench.kit.holster.value == "armed"


def test_a_camera_that_starts_a_moment_late_still_does_what_was_due(bench: Bench, night_town: Town) -> None:
    Played(bench, night_town, "ET17").run(21.5, 22)
    assert kinds(bench) == ["taser.armed"]


def test_before_the_start_nothing_happens(bench: Bench, night_town: Town) -> None:
    played = Played(bench, night_town, "ET14")
    played.run(-30, 7)
    assert kinds(bench) == []
    played.run(7, 9)
    assert kinds(bench) == ["watch.requested"]


def test_the_rounds_never_end_in_a_press_that_the_kit_refuses(bench: Bench, night_town: Town) -> None:
    """Half an hour of every part: a scenario that presses *safe* on a safe TASER would show it here."""
    for officer in NIGHT.officers:
        bench.said.clear()
        bench.kit.holster = type(bench.kit.holster)("safe")
        Played(bench, night_town, officer.call_sign).run(0, 1800)
        assert [said for said in bench.said if "already" in said or "not " in said] == []
        assert not bench.kit.watch_asked
