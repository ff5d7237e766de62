"""Where a camera goes: to the worker that has it, else to the one with the least to do."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from server.media.placement import STAYS_S, Load, Placement

READY = ("media-1", "media-2", "media-3")


def test_cameras_are_spread_evenly_while_nothing_is_known_of_the_load() -> None:
    placement = Placement()
    counts = Counter(placement.place(f"camera-{number}", READY, 0.0) for number in range(30))
    assert set(counts.values()) == {10}


def test_a_busy_worker_gets_no_more_cameras() -> None:
    placement = Placement()
    for second in range(3):
        placement.note_load("media-1", Load(second, 0.8 * second))
        placement.note_load("media-2", Load(second, 0.02 * second))
    assert {placement.place(f"camera-{number}", ("media-1", "media-2"), 3.0) for number in range(20)} == {"media-2"}


def test_a_camera_that_comes_back_in_time_finds_its_feed_where_it_was() -> None:
    placement = Placement()
    first = placement.place("camera-1", READY, 0.0)
    for number in range(10):
        placement.note_load(first, Load(number, 0.9 * number))
    placement.note("camera-1", 1.0, present=True)
    placement.note("camera-1", 10.0, present=False)
    assert placement.place("camera-1", READY, 10.0 + STAYS_S - 1) == first
    placement.note("camera-1", 100.0, present=False)
    assert placement.place("camera-1", READY, 100.0 + STAYS_S + 1) != first


def test_a_camera_that_streams_for_hours_keeps_its_place_whoever_else_comes() -> None:
    placement = Placement()
    first = placement.place("camera-1", READY, 0.0)
    placement.note("camera-1", 1.0, present=True)
    for hour in range(1, 5):
        placement.place(f"camera-{hour + 1}", READY, 3600.0 * hour)
    assert placement.where("camera-1") == first
    assert placement.place("camera-1", READY, 5 * 3600.0) == first
    assert "camera-1" in placement.forget(first)


def test_cameras_of_a_worker_that_died_go_to_the_others() -> None:
    placement = Placement()
    where = {f"camera-{number}": placement.place(f"camera-{number}", READY, 0.0) for number in range(9)}
    gone = [device_id for device_id, worker in where.items() if worker == "media-2"]
    assert placement.forget("media-2") == gone
    left = ("media-1", "media-3")
    assert {placement.place(device_id, left, 1.0) for device_id in gone} == set(left)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 8),
            st.sets(st.sampled_from(READY), min_size=1),
            st.floats(0, 100),
            st.floats(0, 2),
        ),
        max_size=60,
    )
)
def test_a_camera_is_always_at_a_ready_worker_and_never_moves_without_need(
    steps: list[tuple[int, set[str], float, float]],
) -> None:
    placement, now, cpu = Placement(), 0.0, Counter[str]()
    last: dict[str, tuple[str, float]] = {}
    for number, ready, wait, used in steps:
        now += wait
        for worker in READY:
            cpu[worker] += used if worker == READY[number % 3] else 0.0  # type: ignore[assignment]
            placement.note_load(worker, Load(now, cpu[worker]))
        device_id = f"camera-{number}"
        chosen = placement.place(device_id, sorted(ready), now)
        assert chosen in ready
        before = last.get(device_id)
        if before is not None and before[0] in ready and now - before[1] < STAYS_S:
            assert chosen == before[0]
        last[device_id] = (chosen, now)
