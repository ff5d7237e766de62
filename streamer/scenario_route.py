"""Ways along a town's streets: where a patrol's stops are, and how to walk from any point to any other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from streamer.errors import ScenarioError
from streamer.scenario import Officer, Stop
from streamer.scenario_path import PIVOT_ABOVE_DEG, XY, bearing, thin, turn_between
from streamer.town import Segment, Town, distance_to_segment

BESIDE_MIDDLE_M = 2.0  # off the middle of the street
ON_WHEELS_MPS = 4.5  # faster than anybody patrols on foot
ON_STREET_M = 100.0


def round_of(town: Town, officer: Officer) -> list[XY]:
    """The patrol's round through all its stops and back to the first. Raises ScenarioError."""
    nodes = [stop_node(town, stop, f"{officer.call_sign} patrol[{k}]") for k, stop in enumerate(officer.patrol)]
    line: list[XY] = []
    for a, b in zip(nodes, nodes[1:] + nodes[:1], strict=True):
        leg = town.route(a, b)
        if not leg:
            raise ScenarioError(f"{officer.call_sign} patrol", "stops that streets join; two of these are apart")
        line += leg[:-1]
    line = thin(line)
    if len(line) < 2:
        raise ScenarioError(f"{officer.call_sign} patrol", "at least two stops that are not the same place")
    return to_the_right([line[-1], *line, line[0]], side_of(officer))[1:-1]


def side_of(officer: Officer) -> float:
    """Metres to the right of the middle: on foot one faces what comes, on wheels one keeps to the left."""
    return -BESIDE_MIDDLE_M if officer.speed_mps > ON_WHEELS_MPS else BESIDE_MIDDLE_M


def stop_node(town: Town, stop: Stop, field: str) -> int:
    """The street graph's node for one stop of a patrol. Raises ScenarioError that names the field."""
    if not isinstance(stop, str):
        lon, lat = stop
        return town.nearest_node(*town.to_local(lat, lon))
    names = [name.strip() for name in stop.split("/")]
    ends = [_points_of(town, name, field) for name in names]
    if len(ends) == 1:
        return _middle(town, ends[0])
    shared = ends[0].intersection(*ends[1:])
    if not shared:
        raise ScenarioError(field, f"streets that cross; {' and '.join(names)} do not")
    return town.nearest_node(*min(shared))


def way(town: Town, start: XY, goal: XY, side_m: float) -> list[XY]:
    """The shortest walk along streets between two points, both included; in between `side_m` right of the middle.

    Raises ScenarioError when no street joins them.
    """
    from_street, to_street = _street_at(town, start), _street_at(town, goal)
    if from_street is not None and from_street is to_street:
        return [start, goal]
    tried = [
        (_length([start, *middle, goal]), middle)
        for a in _ends(town, from_street, start)
        for b in _ends(town, to_street, goal)
        if (middle := town.route(a, b))
    ]
    if not tried:
        raise ScenarioError("respond", f"a way between {start} and {goal}; no street joins them")
    best = min(tried)[1]
    return [start, *to_the_right([start, *best, goal], side_m)[1:-1], goal]


def to_the_right(line: Sequence[XY], metres: float) -> list[XY]:
    """The line moved sideways; a corner's point is moved along both sides' mean, a hairpin gets two points."""
    if len(line) < 2:
        return list(line)
    headings = [bearing(a, b) for a, b in pairwise(line)]
    moved = [_side(line[0], headings[0], metres)]
    for point, before, after in zip(line[1:-1], headings, headings[1:], strict=False):
        turn = turn_between(before, after)
        if abs(turn) > PIVOT_ABOVE_DEG:
            moved += [_side(point, before, metres), _side(point, after, metres)]
        else:
            # 1 / cos keeps the distance to both lines; at 150 degrees it would be 3.9 times as far: 2 is enough
            reach = min(2.0, 1.0 / math.cos(math.radians(turn) / 2.0))
            moved.append(_side(point, before + turn / 2.0, metres * reach))
    return [*moved, _side(line[-1], headings[-1], metres)]


def _side(point: XY, heading_deg: float, metres: float) -> XY:
    heading = math.radians(heading_deg)
    return (point[0] + metres * math.cos(heading), point[1] - metres * math.sin(heading))


def _points_of(town: Town, name: str, field: str) -> set[XY]:
    points = {point for segment in town.segments if segment.name == name for point in (segment.a, segment.b)}
    if not points:
        raise ScenarioError(field, f"a street of {town.name}; it has no {name!r}")
    return points


def _middle(town: Town, points: set[XY]) -> int:
    x = sum(point[0] for point in points) / len(points)
    y = sum(point[1] for point in points) / len(points)
    nearest = min(points, key=lambda point: (math.dist(point, (x, y)), point))
    return town.nearest_node(*nearest)


def _street_at(town: Town, point: XY) -> Segment | None:
    near = list(town.segments_near(*point, ON_STREET_M))
    if not near:
        return None
    return min(near, key=lambda segment: distance_to_segment(point, segment.a, segment.b))


def _ends(town: Town, street: Segment | None, point: XY) -> tuple[int, ...]:
    if street is None:
        return (town.nearest_node(*point),)
    return (town.nearest_node(*street.a), town.nearest_node(*street.b))


def _length(line: Sequence[XY]) -> float:
    return sum(math.dist(a, b) for a, b in pairwise(line))
