"""The simulated receiver errs as real ones do, and its accuracy is honest."""

from __future__ import annotations

import itertools
import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.gps_error import CANYON_M, OPEN_M, RADIUS_68, GpsErrorModel, Measured


def hours(seed: int, seconds: int) -> list[Measured | None]:
    model = GpsErrorModel(Random(seed))
    return [model.measure(0.0, 0.0, 1.4, 90.0, 1.0) for _ in range(seconds)]


def share_within(found: list[Measured]) -> float:
    return sum(math.hypot(m.x, m.y) <= m.accuracy_m for m in found) / len(found)


def test_about_68_of_100_true_errors_lie_within_the_accuracy() -> None:
    found = [m for seed in range(40) for m in hours(seed, 1500) if m is not None]
    assert share_within(found) == pytest.approx(0.68, abs=0.03)
    bad = [m for m in found if m.accuracy_m > 8.0]
    assert len(bad) > 2000
    assert share_within(bad) == pytest.approx(0.68, abs=0.06)


def test_the_error_walks_and_does_not_jump() -> None:
    found = hours(1, 600)
    steps = [math.hypot(b.x - a.x, b.y - a.y) for a, b in itertools.pairwise(found) if a and b]
    assert sorted(steps)[len(steps) // 2] < 1.5
    assert max(steps) < 5 * CANYON_M


def test_errors_of_neighbouring_seconds_are_alike_and_far_ones_are_not() -> None:
    pairs: dict[int, list[tuple[float, float]]] = {1: [], 200: []}
    for seed in range(30):
        found = [m for m in hours(seed, 1200) if m is not None and m.accuracy_m < OPEN_M * RADIUS_68 * 1.2]
        for lag, both in pairs.items():
            both += [(a.x, b.x) for a, b in zip(found, found[lag:], strict=False)]

    def correlation(both: list[tuple[float, float]]) -> float:
        return sum(a * b for a, b in both) / sum(a * a for a, _ in both)

    assert correlation(pairs[1]) > 0.85
    assert abs(correlation(pairs[200])) < 0.2


def test_there_are_moments_without_a_position_but_not_many() -> None:
    found = [m for seed in range(20) for m in hours(seed, 3000)]
    assert 0.001 < sum(m is None for m in found) / len(found) < 0.03


@settings(deadline=None)
@given(seed=st.integers(0, 2**32), speed=st.floats(0, 30), heading=st.floats(0, 359.99), step=st.floats(0.05, 5))
def test_what_is_measured_is_always_sound(seed: int, speed: float, heading: float, step: float) -> None:
    model = GpsErrorModel(Random(seed))
    for _ in range(30):
        measured = model.measure(100.0, -50.0, speed, heading, step)
        if measured is None:
            continue
        assert measured.speed_mps >= 0.0
        assert 0.0 <= measured.heading_deg < 360.0
        assert OPEN_M * RADIUS_68 * 0.9 < measured.accuracy_m < CANYON_M * RADIUS_68 * 1.1
        assert math.hypot(measured.x - 100, measured.y + 50) < 8 * CANYON_M


def test_the_same_seed_errs_the_same_way() -> None:
    assert hours(7, 50) == hours(7, 50)
    assert hours(7, 50) != hours(8, 50)
