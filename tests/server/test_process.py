"""How late the loop is, as the figures tell it."""

from __future__ import annotations

import os

import pytest

from server.clock import HandClock
from server.process import REMEMBERED_S, STEP_S, Process


@pytest.mark.parametrize("step_s", [STEP_S, 1.0])
async def test_the_worst_lag_of_the_last_two_seconds_is_told(step_s: float) -> None:
    clock = HandClock()
    process = Process(clock, step_s)
    await process.step()
    assert process.loop_lag_s == 0.0
    clock.move(step_s + 0.4)
    await process.step()
    assert process.loop_lag_s == pytest.approx(0.4)
    clock.move(step_s)
    await process.step()
    assert process.loop_lag_s == pytest.approx(0.4), "one that looks once a second is told of it too"
    for _ in range(round(REMEMBERED_S / step_s)):
        clock.move(step_s)
        await process.step()
    assert process.loop_lag_s == pytest.approx(0.0)


async def test_what_a_packet_has_waited_is_lag_though_the_step_was_in_time() -> None:
    clock = HandClock()
    process = Process(clock, 1.0)
    await process.step(0.3)
    clock.move(1.0)
    await process.step(0.2)
    assert process.loop_lag_s == pytest.approx(0.2)


def test_it_is_this_process() -> None:
    process = Process(HandClock())
    before = process.cpu_s
    sum(n * n for n in range(1_000_000))
    assert process.cpu_s > before
    assert process.pid == os.getpid()
