"""TaskOwner: nothing outlives its owner, nothing is swallowed."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from server.tasks import TaskOwner


async def test_closing_waits_until_every_task_has_ended() -> None:
    ended: list[str] = []

    async def slow_to_end() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("ended")

    async with TaskOwner("test") as tasks:
        tasks.start(slow_to_end(), "one")
        tasks.start(slow_to_end(), "two")
        await asyncio.sleep(0)
    assert ended == ["ended", "ended"]


async def test_what_a_task_raises_is_logged_with_its_name() -> None:
    async def breaks() -> None:
        raise LookupError("no such thing")

    with capture_logs() as logs:
        async with TaskOwner("test") as tasks:
            task = tasks.start(breaks(), "breaker")
            await asyncio.wait([task])
    assert [(line["event"], line["task"]) for line in logs] == [("task failed", "test.breaker")]


async def test_a_step_that_raises_does_not_end_the_repetition() -> None:
    steps = 0
    enough = asyncio.Event()

    async def step() -> None:
        nonlocal steps
        steps += 1
        if steps == 3:
            enough.set()
        raise ValueError("again")

    with capture_logs() as logs:
        async with TaskOwner("test") as tasks:
            tasks.repeat(0, step, "stepper")
            await asyncio.wait_for(enough.wait(), 5)
    assert len(logs) >= 2


async def test_a_task_cancelled_from_outside_is_forgotten_without_a_log_line() -> None:
    with capture_logs() as logs:
        async with TaskOwner("test") as tasks:
            task = tasks.start(asyncio.Event().wait(), "waits")
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
    assert logs == []
