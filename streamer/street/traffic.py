"""Driving cars: each goes round one block for ever, so that its place follows from the time and every camera sees the same.

The streets cut a town into blocks. Round each runs one lane with the block on its left hand, the side that is driven
on: every lane belongs to one block, at every crossing it bends to the left, and so no car ever meets another's path.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from streamer.street.surroundings import CELL_M, Car, chance, parked_side
from streamer.town import Segment

SPEED_MPS = 7.0
APART_M = 105.0  # from car to car in one lane: about two of both lanes are in sight
NARROWEST_M = 4.4  # of a street that cars drive through
KERB_M = 1.1  # from a car's middle to the kerb
PARKED_M = 3.05  # … where cars are parked along it
CORNER_M = 2.2  # before and after a corner the wheel is turned
BEND_M = 7.0  # … and before and after a bend
SHARPEST_M = 5.0  # farther from the node no corner is cut or swung out to
SHORT_M = 0.6  # a piece of street that is no longer is none to turn in
TIGHT_M = 8.0  # nobody drives through one that is no longer: from a sharp corner into the next a car would spin
AXLE_M = 1.3
MEET_M, STEP_M = 1.8, 0.5  # two whose middles come nearer than 1.7 m lie in each other; looked for at each step
SAME_WAY_M = 12.0  # along one round: what is nearer than that is the way itself
CELLS_DOWN = 1 << 24  # more than any town has
PAST_M = 1.9  # from a car's middle to an officer whom it passes
SWERVE_M, ABREAST_M = 18.0, 5.0  # it begins to swerve so far before, and has done so
XY = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Lane:
    """One side of a street piece: the node it comes from, the one it goes to, and metres left of the middle."""

    a: XY
    b: XY
    off: float

    @property
    def length(self) -> float:
        return math.dist(self.a, self.b)

    @property
    def along(self) -> XY:
        return ((self.b[0] - self.a[0]) / self.length, (self.b[1] - self.a[1]) / self.length)

    def at(self, metres: float) -> XY:
        (dx, dy), off = self.along, self.off
        return (self.a[0] + dx * metres - dy * off, self.a[1] + dy * metres + dx * off)


class Traffic:
    """All driving cars of a town."""

    def __init__(self, segments: Iterable[Segment]) -> None:
        rounds = _without_meetings([line for block in _blocks(_lanes(segments)) if len(line := _line(block)) > 2])
        points = np.array([p for line in rounds for p in (*line, line[0])], float).reshape(-1, 2)
        steps = np.hypot(*np.diff(points, axis=0).T) if len(points) else np.zeros(0)
        self._points = points
        self._metres = np.concatenate([[0.0], np.cumsum(steps)])  # along all rounds, one after the other
        starts, lengths, offsets, boxes, first = [], [], [], [], 0
        for line in rounds:
            start, end = self._metres[first], self._metres[first + len(line)]
            first += len(line) + 1
            count = int((end - start) / APART_M)
            xs, ys = zip(*line, strict=True)
            boxes += [(min(xs), max(xs), min(ys), max(ys))] * count
            for k in range(count):
                starts.append(start)
                lengths.append(end - start)
                offsets.append((k + 0.6 * chance(*line[0], k)) * (end - start) / count)
        self._starts, self._lengths, self._offsets = np.array(starts), np.array(lengths), np.array(offsets)
        self._boxes = np.array(boxes, float).reshape(-1, 4)  # what each car's round lies in
        self._round_here = lru_cache(maxsize=8)(self._whose_round)
        self._colours = [int(chance(k, 5) * 1000) for k in range(len(starts))]

    def near(self, x: float, y: float, reach: float, at: float) -> list[Car]:
        """The cars within `reach` metres of a point at Unix time `at`."""
        here = self._round_here(math.floor(x / CELL_M), math.floor(y / CELL_M), reach)
        if not len(here):
            return []
        driven = at * SPEED_MPS + self._offsets
        places = self._at(driven[here], here)
        which = here[np.hypot(places[:, 0] - x, places[:, 1] - y) < reach]
        axles = np.concatenate([driven[which] + AXLE_M, driven[which] - AXLE_M])
        front, rear = np.split(self._at(axles, np.concatenate([which, which])), 2)
        middle, turned = ((front + rear) / 2).tolist(), front - rear
        turned /= np.maximum(np.hypot(turned[:, 0], turned[:, 1]), 1e-6)[:, None]
        return [
            Car((px, py), (ax, ay), self._colours[k], drives=True)
            for k, (px, py), (ax, ay) in zip(which.tolist(), middle, turned.tolist(), strict=True)
        ]

    def _whose_round(self, i: int, j: int, reach: float) -> NDArray[np.intp]:
        """The cars whose round comes within `reach` metres of a cell."""
        left, right, low, high = self._boxes.T
        x, y = i * CELL_M, j * CELL_M
        wide = (left < x + CELL_M + reach) & (right > x - reach)
        return np.flatnonzero(wide & (low < y + CELL_M + reach) & (high > y - reach))

    def _at(self, driven: NDArray[np.float64], which: NDArray[np.intp]) -> NDArray[np.float64]:
        """Where the cars `which` are, each after so many metres."""
        metres = self._starts[which] + driven % self._lengths[which]
        step = np.clip(np.searchsorted(self._metres, metres, side="right") - 1, 0, len(self._points) - 2)
        long = np.maximum(self._metres[step + 1] - self._metres[step], 1e-9)
        share = ((metres - self._metres[step]) / long)[:, None]
        out: NDArray[np.float64] = self._points[step] * (1 - share) + self._points[step + 1] * share
        return out


def making_way(cars: list[Car], officers: list[XY]) -> list[Car]:
    """`cars` as they drive round officers, on foot or on wheels; for all cameras in the same way."""
    return [_round_them(car, officers) for car in cars]


def _round_them(car: Car, officers: list[XY]) -> Car:
    (ax, ay), aside, turn = car.along, 0.0, 0.0
    for x, y in officers:
        dx, dy = x - car.at[0], y - car.at[1]
        ahead, right = dx * ax + dy * ay, dx * ay - dy * ax
        if abs(ahead) < SWERVE_M and abs(right) < PAST_M:
            t = min(1.0, (SWERVE_M - abs(ahead)) / (SWERVE_M - ABREAST_M))
            # to the middle of the road, unless the officer is nearer to that
            far = PAST_M + right if right < PAST_M / 3 else right - PAST_M
            aside += far * t * t * (3 - 2 * t)
            turn += math.copysign(far * 6 * t * (1 - t) / (SWERVE_M - ABREAST_M), ahead * far)
    if not aside:
        return car
    long = math.hypot(1.0, turn)
    return replace(
        car,
        at=(car.at[0] + ay * aside, car.at[1] - ax * aside),
        along=((ax + ay * turn) / long, (ay - ax * turn) / long),
    )


def _lanes(segments: Iterable[Segment]) -> list[_Lane]:
    """Both lanes of each street that is wide enough and leads on at both ends."""
    streets = _joined([s for s in segments if s.kind != "path" and s.width >= NARROWEST_M])
    streets = [(a, b, s) for a, b, s in streets if math.dist(a, b) > TIGHT_M]
    while True:
        ends: dict[XY, int] = {}
        for p in (p for a, b, _ in streets for p in (a, b)):
            ends[p] = ends.get(p, 0) + 1
        leading_on = [(a, b, s) for a, b, s in streets if ends[a] > 1 and ends[b] > 1]
        if len(leading_on) == len(streets):
            break
        streets = leading_on
    lanes = []
    for one, other, s in streets:
        parked = parked_side(s)
        for a, b, side in ((one, other, 1), (other, one, -1)):
            lanes.append(_Lane(a, b, s.width / 2 - (PARKED_M if parked == side else KERB_M)))
    return lanes


def _joined(streets: list[Segment]) -> list[tuple[XY, XY, Segment]]:
    """`streets` with their ends, but for those that are too short to turn in: the two ends of such become one."""
    same: dict[XY, XY] = {}

    def end(p: XY) -> XY:
        while p in same:
            p = same[p]
        return p

    for s in streets:
        if math.dist(s.a, s.b) < SHORT_M and end(s.a) != end(s.b):
            same[end(s.a)] = end(s.b)
    return [(end(s.a), end(s.b), s) for s in streets if end(s.a) != end(s.b)]


def _blocks(lanes: list[_Lane]) -> list[list[_Lane]]:
    """The lanes in closed rounds: at each node on into the one that lies next to the left."""
    leaving: dict[XY, list[_Lane]] = {}
    for lane in lanes:
        leaving.setdefault(lane.a, []).append(lane)

    def after(lane: _Lane) -> _Lane:
        back = math.atan2(lane.a[1] - lane.b[1], lane.a[0] - lane.b[0])

        def turn(other: _Lane) -> float:
            """How far clockwise of where we came from: all the way round only where there is no other way."""
            dx, dy = other.along
            return (back - math.atan2(dy, dx) - 1e-9) % math.tau

        return min(leaving[lane.b], key=turn)

    blocks, left = [], dict.fromkeys(lanes)
    while left:
        lane = next(iter(left))
        block = []
        while lane in left:
            del left[lane]
            block.append(lane)
            lane = after(lane)
        blocks.append(block)
    return blocks


def _without_meetings(rounds: list[list[XY]]) -> list[list[XY]]:
    """`rounds` without those in which a car would meet another's path, or its own: at a narrow fork a corner is cut, or swung
    out, over the neighbour's. What meets the most others goes first, of equals the shortest.
    """
    driven = [_driven(line) for line in rounds]
    if not driven:
        return rounds
    counts = np.array([len(one) for one in driven])
    whose, step = np.repeat(np.arange(len(rounds)), counts), np.concatenate([np.arange(n) for n in counts])
    one, other = _close_pairs(np.concatenate(driven), MEET_M)
    along = np.abs(step[one] - step[other])
    meet = (whose[one] != whose[other]) | (np.minimum(along, counts[whose[one]] - along) * STEP_M > SAME_WAY_M)
    left = set(zip(whose[one][meet].tolist(), whose[other][meet].tolist(), strict=True))
    left = {(min(pair), max(pair)) for pair in left}
    gone = {k for k, m in left if k == m}
    while left := {pair for pair in left if gone.isdisjoint(pair)}:
        met = Counter(itertools.chain.from_iterable(left))
        gone.add(max(met, key=lambda k: (met[k], -int(counts[k]))))
    return [line for k, line in enumerate(rounds) if k not in gone]


def _driven(line: list[XY]) -> NDArray[np.float64]:
    """Where a car's middle is after each step of its round: between its axles, which cut a corner."""
    points = np.array([*line, line[0]], float)
    metres = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    whole = metres[-1]
    wanted = np.arange(0.0, whole, STEP_M)
    front, rear = (
        np.stack([np.interp((wanted + axle) % whole, metres, points[:, k]) for k in (0, 1)], axis=1)
        for axle in (AXLE_M, -AXLE_M)
    )
    middle: NDArray[np.float64] = (front + rear) / 2
    return middle


def _close_pairs(points: NDArray[np.float64], reach: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The pairs of points, by their numbers, that are nearer to each other than `reach`; each pair once."""
    cells = np.floor(points / reach).astype(np.int64)
    keys = cells[:, 0] * CELLS_DOWN + cells[:, 1]
    order = np.argsort(keys)
    ones, others = [], []
    for right, up in ((0, 0), (1, 0), (0, 1), (1, 1), (1, -1)):  # half of the neighbours: the other half finds this one
        wanted = keys + right * CELLS_DOWN + up
        first, end = (np.searchsorted(keys[order], wanted, side=side) for side in ("left", "right"))
        counts = end - first
        one = np.repeat(np.arange(len(points)), counts)
        within = np.arange(len(one)) - np.repeat(np.cumsum(counts) - counts, counts)
        other = order[np.repeat(first, counts) + within]
        near = np.hypot(*(points[one] - points[other]).T) < reach
        near &= (one < other) | bool(right or up)
        ones.append(one[near])
        others.append(other[near])
    return np.concatenate(ones), np.concatenate(others)


def _line(block: list[_Lane]) -> list[XY]:
    """The points that a car drives through: straight along each lane, in a curve from one into the next."""
    line: list[XY] = []
    for lane, after in itertools.pairwise([*block, block[0]]):
        (dx, dy), (ex, ey) = lane.along, after.along
        (px, py), (qx, qy) = lane.at(lane.length), after.at(0.0)
        cross = dx * ey - dy * ex
        # where the two lanes' middles meet: metres past the end of this one, metres into the one after
        past, into = (
            (9.0, 9.0)
            if not cross
            else (
                ((qx - px) * ey - (qy - py) * ex) / cross,
                ((qx - px) * dy - (qy - py) * dx) / cross,
            )
        )
        if max(abs(past), abs(into)) < SHARPEST_M:
            corner, before = lane.at(lane.length + past), CORNER_M + max(0.0, past)  # the outer lane is no wider
        else:  # all but straight on, or all but back
            past = into = 0.0
            corner, before = ((px + qx) / 2, (py + qy) / 2), BEND_M
        leaves = lane.at(max(lane.length * 0.52, lane.length + past - before))
        enters = after.at(min(after.length * 0.48, into + before))
        for t in (0.0, 0.25, 0.5, 0.75, 1.0):
            u, v, w = (1 - t) ** 2, 2 * t * (1 - t), t * t
            line.append((u * leaves[0] + v * corner[0] + w * enters[0], u * leaves[1] + v * corner[1] + w * enters[1]))
    return line
