"""The clocks agree on what passing time means."""

from __future__ import annotations

from server.clock import HandClock, SystemClock


def test_the_hand_clock_stands_until_it_is_moved() -> None:
    clock = HandClock(wall=100.0)
    before = clock.monotonic()
    assert clock.wall() == 100.0
    clock.move(2.5)
    assert (clock.wall(), clock.monotonic() - before) == (102.5, 2.5)


def test_the_machines_clock_does_not_step_back() -> None:
    clock = SystemClock()
    readings = [clock.monotonic() for _ in range(100)]
    assert readings == sorted(readings)
    assert clock.wall() > 1_700_000_000
