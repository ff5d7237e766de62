"""What the server makes of a position: now, late, from the future, or from somewhere impossible."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import wire
from server.positions.fix import Fix, Standing, distance_m, judge, newer

NOW = 1_800_000_000.0


def raw(at: float = NOW, seq: int = 1, lat: float = 51.0, lon: float = -1.0) -> wire.Fix:
    return wire.Fix(seq=seq, at=at, lat=lat, lon=lon, accuracy_m=5)


def judged(at: float, previous: Fix | None = None, received_at: float = NOW, offset_s: float = 0.0) -> Fix:
    return judge("cam-1", "outbox-1", raw(at), previous, received_at, offset_s)


@pytest.mark.parametrize(
    ("at", "standing"),
    [
        (NOW, Standing.LIVE),
        (NOW - 4.9, Standing.LIVE),
        (NOW - 5.1, Standing.LATE),
        (NOW - 3600, Standing.LATE),
        (NOW + 1.9, Standing.LIVE),
        (NOW + 2.1, Standing.FUTURE),
        (NOW + 3600, Standing.FUTURE),
    ],
)
def test_standing_follows_the_time_of_the_fix_not_of_its_arrival(at: float, standing: Standing) -> None:
    assert judged(at).standing is standing


def test_a_fix_older_than_the_live_one_is_late_even_if_it_is_fresh() -> None:
    live = judged(NOW)
    assert judged(NOW - 1, live).standing is Standing.LATE
    assert judged(NOW + 1, live).standing is Standing.LIVE


@pytest.mark.parametrize("skew", [-3600.0, -2.5, 2.5, 3600.0])
def test_a_camera_with_a_wrong_clock_is_still_live_and_both_times_are_kept(skew: float) -> None:
    fix = judged(NOW + skew, offset_s=skew)
    assert fix.standing is Standing.LIVE
    assert (fix.at, fix.device_at, fix.offset_s) == (NOW, NOW + skew, skew)


def test_a_small_offset_is_travel_time_and_changes_nothing() -> None:
    assert judged(NOW - 1.5, offset_s=-1.5).at == NOW - 1.5


def test_an_impossible_jump_is_noted_but_an_inaccurate_fix_may_wander() -> None:
    live = judged(NOW)
    far = raw(NOW + 1, lat=51.01)  # 1.1 km in a second
    assert judge("cam-1", "o", far, live, NOW + 1).jump
    vague = far.model_copy(update={"accuracy_m": 800.0})
    assert not judge("cam-1", "o", vague, live, NOW + 1).jump
    assert not judge("cam-1", "o", far.model_copy(update={"at": NOW + 60}), live, NOW + 60).jump


def test_the_last_known_position_is_live_before_late_and_never_from_the_future() -> None:
    late, live = judged(NOW - 60), judged(NOW - 2)
    future = judged(NOW + 60)
    assert newer(None, future) is None
    assert newer(None, late) is late
    assert newer(late, live) is live
    assert newer(live, judged(NOW - 10)) is live
    assert newer(live, future) is live


fixes = st.builds(
    lambda at, received, offset: judge("cam-1", "o", raw(at), None, received, offset),
    st.floats(NOW - 100, NOW + 100),
    st.floats(NOW - 100, NOW + 100),
    st.floats(-50, 50),
)


@given(st.lists(fixes, max_size=8).flatmap(lambda many: st.tuples(st.just(many), st.permutations(many))))
def test_the_last_known_position_does_not_depend_on_the_order_of_arrival(orders: tuple[list[Fix], list[Fix]]) -> None:
    def last(many: list[Fix]) -> tuple[float, Standing] | None:
        held: Fix | None = None
        for fix in many:
            held = newer(held, fix)
        return (held.at, held.standing) if held else None

    assert last(orders[0]) == last(orders[1])


@given(fixes)
def test_json_comes_back_from_another_process(fix: Fix) -> None:
    assert Fix.from_json({**fix.as_json(), "something": "newer"}) == replace(fix, outbox_id="", seq=0)


def test_distances_are_right() -> None:
    assert distance_m(51, -1, 51, -1) == 0
    assert distance_m(51, -1, 52, -1) == pytest.approx(111_195, rel=1e-3)
    assert distance_m(0, 179.9, 0, -179.9) == pytest.approx(22_239, rel=1e-3)
