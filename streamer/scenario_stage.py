"""Who truly is where in a scenario: a pure function of (scenario, town, time), the same in every process.

Each officer's shift is a row of legs (patrol, halt, travel to a colleague, stand by, walk back), made in order of
time as they are asked for. A leg that needs a colleague's place looks only at what that colleague did *before* that
moment, so that two officers who respond to one another still end in a definite place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from streamer.scenario import Inject, Officer, Scenario
from streamer.scenario_path import XY, Place, Trajectory, bearing, walk, walk_round
from streamer.scenario_route import round_of, side_of, way
from streamer.scenario_timeline import Timeline
from streamer.town import Town

EASE_S = 1.2  # to full pace, and back to a stand
STAND_OFF_M = 8.0  # close enough to help, far enough to see both people in the picture
SIDE_BY_SIDE_M = 1.6  # so that two who come down the same street do not stand in one another
AIM_AGAIN_M = 5.0  # the colleague has moved on by more than this meanwhile: go after them
MOVES = ("halt", "resume", "respond")


class Doing(Enum):
    """What an officer's feet do; the value is the national status code (mission.md)."""

    PATROL = 2
    TRAVEL = 5
    STAND = 6
    HALT = 7


@dataclass(frozen=True, slots=True)
class Ride:
    """Progress along a trajectory: eases in from `rate` (1 is full pace), and out before an open end or a halt."""

    trajectory: Trajectory
    began: float
    walked: float = 0.0  # seconds at full pace
    rate: float = 0.0
    halting: bool = False

    def progress(self, at: float) -> tuple[float, float]:
        """(seconds walked at full pace, rate from 0 to 1) at scenario time `at`."""
        passed = max(0.0, at - self.began)
        if self.halting:
            braking = min(passed, self.rate * EASE_S)
            return self.walked + self.rate * braking - braking**2 / (2 * EASE_S), self.rate - braking / EASE_S
        ease, gain, cruise = self._phases()
        if passed < gain:
            return self.walked + self.rate * passed + passed**2 / (2 * ease), self.rate + passed / ease
        gained = self.walked + (1.0 - self.rate**2) * ease / 2.0
        if passed < gain + cruise:
            return gained + passed - gain, 1.0
        braking = min(passed - gain - cruise, ease)
        return gained + cruise + braking - braking**2 / (2 * ease) if ease else gained, 1.0 - braking / (ease or 1.0)

    @property
    def ends(self) -> float:
        """Scenario time at which an open trajectory is walked to its end; for ever if closed or halting."""
        if self.halting or self.trajectory.closed:
            return math.inf
        ease, gain, cruise = self._phases()
        return self.began + gain + cruise + ease

    def place(self, at: float) -> Place:
        """Where that is."""
        walked, rate = self.progress(at)
        place = self.trajectory.at(walked)
        return Place(place.x, place.y, place.heading_deg, place.speed_mps * rate)

    def _phases(self) -> tuple[float, float, float]:
        """(ease, seconds of speeding up, seconds at full pace)."""
        if self.trajectory.closed:
            return EASE_S, (1.0 - self.rate) * EASE_S, math.inf
        left = max(0.0, self.trajectory.seconds - self.walked)
        ease = min(EASE_S, 2.0 * left / (2.0 - self.rate**2))
        return ease, (1.0 - self.rate) * ease, max(0.0, left - (2.0 - self.rate**2) * ease / 2.0)


@dataclass(frozen=True, slots=True)
class Leg:
    """One stretch of a shift; `to` is the colleague it is about, `then` the patrol's progress to go on from."""

    doing: Doing
    ride: Ride
    to: str = ""
    then: float = 0.0


class Stage:
    """All officers of a scenario in its town."""

    def __init__(self, scenario: Scenario, town: Town) -> None:
        self.scenario = scenario
        self.town = town
        self._parts = {
            officer.call_sign: OfficerPart(self, officer, index) for index, officer in enumerate(scenario.officers)
        }

    def part(self, call_sign: str) -> OfficerPart:
        """The part of one officer. Raises ScenarioError."""
        return self._parts[self.scenario.officer(call_sign).call_sign]


class OfficerPart:
    """One officer's part: the true place at any scenario time."""

    def __init__(self, stage: Stage, officer: Officer, index: int) -> None:
        self.officer = officer
        self._stage = stage
        # -1, 0, 1, -2 ...: beside one another, not behind
        self._side = SIDE_BY_SIDE_M * (index // 2 + 1) * (1 if index % 2 else -1) if index else 0.0
        self._moves = _moves_of(stage.scenario, officer.call_sign)
        self._patrol = walk_round(round_of(stage.town, officer), officer.speed_mps)
        self._legs = [Leg(Doing.PATROL, Ride(self._patrol, 0.0))]
        self._decided = -1.0  # all injects up to here are in the legs

    def place(self, at: float) -> Place:
        """The true place at scenario time `at` (seconds)."""
        return self._leg(at, through=True).ride.place(at)

    def place_before(self, at: float) -> Place:
        """The true place at `at`, by what was decided before that moment."""
        return self._leg(at, through=False).ride.place(at)

    def doing(self, at: float) -> Doing:
        """What the officer's feet do at scenario time `at`."""
        return self._leg(at, through=True).doing

    def _leg(self, at: float, *, through: bool) -> Leg:
        while (change := self._next_change()) < at or (through and change == at):
            self._decide(change)
        for leg in reversed(self._legs):
            if leg.ride.began < at or (through and leg.ride.began == at):
                return leg
        return self._legs[0]

    def _next_change(self) -> float:
        move = self._moves.next_after(self._decided)
        return min(self._legs[-1].ride.ends, math.inf if move is None else move)

    def _decide(self, at: float) -> None:
        """Make the legs that begin at `at`: by an inject, or because the last leg has come to its end."""
        last = self._legs[-1]
        injects = self._moves.between(self._decided, at)
        made = self._arrived(last, at) if last.ride.ends <= at else last
        for inject in injects:
            made = self._told(made, inject)
        self._decided = max(self._decided, at)
        if made is not last:
            self._legs.append(made)

    def _arrived(self, leg: Leg, at: float) -> Leg:
        here = leg.ride.place(at)
        if leg.doing is Doing.PATROL:
            return Leg(Doing.PATROL, Ride(self._patrol, at, walked=leg.then))
        if leg.doing is Doing.TRAVEL:
            target = self._stage.part(leg.to).place_before(at)
            if here.distance_to(target.x, target.y) > STAND_OFF_M + abs(self._side) + AIM_AGAIN_M:
                return self._travel(here, leg.to, at)
        return Leg(Doing.STAND, _still(here, at), to=leg.to)

    def _told(self, leg: Leg, inject: Inject) -> Leg:
        walked, rate = leg.ride.progress(inject.at)
        here = leg.ride.place(inject.at)
        if inject.do == "respond":
            return self._travel(here, inject.text("to"), inject.at)
        if inject.do == "halt":
            return Leg(Doing.HALT, Ride(leg.ride.trajectory, inject.at, walked, rate, halting=True))
        if leg.doing is Doing.PATROL:
            return leg
        if leg.ride.trajectory is self._patrol:
            return Leg(Doing.PATROL, Ride(self._patrol, inject.at, walked, rate))
        return self._go_back(here, inject.at)

    def _travel(self, here: Place, to: str, at: float) -> Leg:
        target = self._stage.part(to).place_before(at)
        route = way(self._stage.town, (here.x, here.y), (target.x, target.y), side_of(self.officer))
        stop = beside(shorten(route, STAND_OFF_M), self._side)
        end = stop[-1]
        path = walk(
            stop,
            self.officer.respond_mps,
            from_heading=here.heading_deg,
            to_heading=bearing(end, (target.x, target.y)),
        )
        return Leg(Doing.TRAVEL, Ride(path, at), to=to)

    def _go_back(self, here: Place, at: float) -> Leg:
        back = self._patrol.nearest(here.x, here.y)
        there = self._patrol.at(back)
        route = way(self._stage.town, (here.x, here.y), (there.x, there.y), side_of(self.officer))
        path = walk(route, self.officer.speed_mps, from_heading=here.heading_deg, to_heading=there.heading_deg)
        return Leg(Doing.PATROL, Ride(path, at), then=back)


def _still(here: Place, at: float) -> Ride:
    return Ride(Trajectory((), closed=True, where=Place(here.x, here.y, here.heading_deg, 0.0)), at, halting=True)


def _moves_of(scenario: Scenario, call_sign: str) -> Timeline:
    """Only the injects that move the officer's feet."""

    def moves(injects: tuple[Inject, ...]) -> tuple[Inject, ...]:
        return tuple(inject for inject in injects if inject.do in MOVES)

    whole = Timeline.of(scenario, call_sign)
    rounds = replace(whole.repeat, injects=moves(whole.repeat.injects)) if whole.repeat else None
    return Timeline(moves(whole.injects), rounds if rounds and rounds.injects else None)


def shorten(line: Sequence[XY], by_m: float) -> list[XY]:
    """The line without its last `by_m` metres; its first point alone if it is no longer than that."""
    left = list(line)
    while len(left) > 1:
        a, b = left[-2], left[-1]
        length = math.dist(a, b)
        if length > by_m:
            part = (length - by_m) / length
            left[-1] = (a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part)
            return left
        by_m -= length
        left.pop()
    return left


def beside(line: Sequence[XY], side_m: float) -> list[XY]:
    """The line with its last point moved `side_m` metres to the right of the last stretch."""
    if len(line) < 2 or side_m == 0.0:
        return list(line)
    heading = math.radians(bearing(line[-2], line[-1]))
    end = (line[-1][0] + side_m * math.cos(heading), line[-1][1] - side_m * math.sin(heading))
    return [*line[:-1], end]
