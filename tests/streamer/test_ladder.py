"""Whatever an uplink does: no more is promised than it has, a picture has bits enough, and steps are rare."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streamer.ladder import (
    AUDIBLE_FROM_BPS,
    FALL_AFTER_S,
    LEAST_BITS,
    LEAST_SUB_BPS,
    LOWEST_SUB_BPS,
    RISE_AFTER_S,
    SOUND_BPS,
    Ladder,
    LayerPlan,
    Shares,
    rungs,
)

MAIN, SUB = LayerPlan(1280, 720, 25, 2_000_000), LayerPlan(320, 180, 7, 110_000)
STREET = LayerPlan(512, 288, 15, 450_000)
HAIR_S = 1e-6  # sums of seconds are not exact

plans = st.builds(
    LayerPlan,
    st.integers(32, 960).map(lambda half: 2 * half),
    st.integers(18, 540).map(lambda half: 2 * half),
    st.integers(1, 60),
    st.integers(100_000, 8_000_000),
)
told = st.lists(st.tuples(st.floats(0.01, 2.0), st.integers(0, 4_000_000)), min_size=1, max_size=150)


@given(plans)
def test_each_rung_is_smaller_or_slower_and_even(plan: LayerPlan) -> None:
    found = rungs(plan)
    assert (found[0].width, found[0].height, found[0].fps) == (plan.width, plan.height, plan.fps)
    assert found[0].bps <= plan.bps
    for before, after in pairwise(found):
        assert after.pixels_per_s < before.pixels_per_s and after.bps <= before.bps
        assert after.width % 2 == after.height % 2 == 0
        assert after.width / after.height == pytest.approx(plan.width / plan.height, rel=0.05)


@settings(max_examples=60)
@example(LayerPlan(870, 224, 3, 100_000), [(0.8076170084125095, 25_871)])  # 1.0 s later is 0.9999… s by subtraction
@given(plans, told)
def test_the_picture_has_bits_enough_or_is_the_smallest(plan: LayerPlan, course: list[tuple[float, int]]) -> None:
    ladder, at = Ladder(plan), 0.0
    smallest = rungs(plan)[-1]
    for passed, bps in course:
        at += passed
        first = ladder.choose(bps, at)
        at += FALL_AFTER_S + HAIR_S
        chosen = ladder.choose(bps, at)  # after a second of it
        least = min(LEAST_BITS, 0.7 * plan.bps / plan.pixels_per_s) * chosen.pixels_per_s
        assert bps >= least - 1 or (chosen.width, chosen.fps) == (smallest.width, smallest.fps)
        assert chosen.bps <= max(plan.bps, 1)
        assert chosen.pixels_per_s <= first.pixels_per_s or bps >= least


@settings(max_examples=60)
@given(told)
def test_a_picture_grows_only_after_some_seconds_of_a_better_link(course: list[tuple[float, int]]) -> None:
    ladder, at, before = Ladder(MAIN), 0.0, MAIN
    better_since: float | None = None
    for passed, bps in course:
        at += passed
        chosen = ladder.choose(bps, at)
        if bps < 1.29 * LEAST_BITS * before.pixels_per_s:
            better_since = None
        elif better_since is None:
            better_since = at
        if chosen.pixels_per_s > before.pixels_per_s:
            assert better_since is not None and at - better_since >= RISE_AFTER_S - 1e-6
        before = chosen


def test_a_link_that_falls_and_returns_walks_the_ladder() -> None:
    ladder = Ladder(MAIN)
    assert ladder.choose(2_000_000, 0) == MAIN
    assert ladder.choose(1_300_000, 1) == MAIN, "x264 bridges a moment"
    assert ladder.choose(1_300_000, 2).height == 540
    small = ladder.choose(160_000, 3)
    assert (small.width, small.height, small.fps) == (480, 270, 13), "at once: it would break up"
    assert small.bps == 240_000, "its buffer is as small"
    assert ladder.choose(2_000_000, 4).height == 270
    assert ladder.choose(2_000_000, 10.9).height == 270, "a fall was lately: not up and down"
    assert ladder.choose(2_000_000, 11.1) == MAIN


def test_a_rate_that_rocks_makes_no_step() -> None:
    ladder = Ladder(STREET)
    seen = {ladder.choose(150_000 + (number % 2) * 60_000, number / 4) for number in range(400)}
    assert {(one.width, one.fps) for one in seen} == {(512, 15)}


def test_whoever_plans_few_bits_gets_the_size_that_was_asked_for() -> None:
    plan = LayerPlan(1920, 1080, 25, 1_000_000)
    ladder = Ladder(plan)
    assert all(ladder.choose(1_000_000, float(at)) == plan for at in range(20))


@settings(max_examples=60)
@given(plans, st.none() | st.just(SUB), told)
def test_no_more_is_shared_than_there_is(
    main: LayerPlan, sub: LayerPlan | None, course: list[tuple[float, int]]
) -> None:
    shares, at = Shares(main, sub), 0.0
    for passed, bps in course:
        at += passed
        shares.divide(bps, at)
        at += 1.1
        found = shares.divide(bps, at)
        assert sum(found.values()) <= max(bps - SOUND_BPS, LEAST_SUB_BPS)
        least = LOWEST_SUB_BPS if found["main"] else LEAST_SUB_BPS
        assert found["main"] <= main.bps and (sub is None or least <= found["sub"] <= sub.bps)
        assert shares.has_sound or not (sub and found["main"]), "sound is given up last …"
        assert shares.has_sound or bps < AUDIBLE_FROM_BPS, "… and only where nothing else helps"
        assert found["main"] or sub is not None, "the only layer is never given up"


def test_main_is_given_up_before_sub_and_comes_back() -> None:
    shares = Shares(STREET, SUB)
    assert shares.divide(700_000, 0) == {"main": 450_000, "sub": 110_000}
    assert shares.divide(300_000, 1) == {"main": 211_200, "sub": 52_800}
    assert shares.divide(160_000, 2)["main"] == 80_000, "not for one bad second"
    assert shares.divide(160_000, 3.1) == {"main": 0, "sub": 110_000}
    assert shares.divide(100_000, 4) == {"main": 0, "sub": 64_000}
    assert shares.divide(200_000, 5)["main"] == 0
    assert shares.divide(200_000, 6.9)["main"] == 0
    assert shares.divide(200_000, 7.1) == {"main": 114_000, "sub": 50_000}
    assert shares.divide(100_000, 8.2)["main"] == 0, "at once: there is nothing for it"


def test_sound_pauses_while_a_narrow_link_drains_and_comes_back() -> None:
    shares = Shares(STREET, SUB)
    assert shares.divide(80_000, 0) == {"main": 0, "sub": 44_000} and shares.has_sound
    assert shares.divide(40_000, 1) == {"main": 0, "sub": LEAST_SUB_BPS} and shares.has_sound
    assert shares.divide(25_000, 2) == {"main": 0, "sub": LEAST_SUB_BPS} and not shares.has_sound
    shares.divide(36_000, 3)
    assert not shares.has_sound, "not off and on"
    shares.divide(40_000, 4)
    assert shares.has_sound


def test_a_picture_that_comes_encoded_needs_what_it_needs() -> None:
    shares = Shares(MAIN, SUB)
    assert shares.divide(1_000_000, 0, needs_main=1_500_000)["main"] == 0
    assert shares.divide(2_500_000, 1, needs_main=1_500_000)["main"] == 0
    assert shares.divide(2_500_000, 3.1, needs_main=1_500_000)["main"] == 2_000_000
