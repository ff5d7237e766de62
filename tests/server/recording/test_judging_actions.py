"""Cameras are looked at by themselves, one look at a time, and never too early."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict

from server.recording.judging_actions import Judging
from server.tasks import TaskOwner
from tests.server.media.conftest import until


class Looks:
    """What was looked at, and when a look ends."""

    def __init__(self) -> None:
        self.begun: Counter[str] = Counter()
        self.now: Counter[str] = Counter()
        self.gates: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def look(self, device_id: str) -> None:
        self.begun[device_id] += 1
        self.now[device_id] += 1
        assert self.now[device_id] == 1
        await self.gates[device_id].wait()
        self.now[device_id] -= 1


async def test_nothing_is_looked_at_before_the_start_and_then_all_that_was_told_of() -> None:
    looks = Looks()
    async with TaskOwner("test") as tasks:
        judging = Judging(looks.look, tasks)
        for device_id in ("a", "b", "a"):
            judging.soon(device_id)
        await asyncio.sleep(0)
        assert looks.begun == {}
        judging.start()
        await until(lambda: looks.begun == {"a": 1, "b": 1})


async def test_one_that_takes_its_time_holds_up_nobody_and_is_looked_at_once_more_if_it_changed_meanwhile() -> None:
    looks = Looks()
    async with TaskOwner("test") as tasks:
        judging = Judging(looks.look, tasks)
        judging.start()
        judging.soon("slow")
        await until(lambda: looks.begun["slow"] == 1)
        looks.gates["quick"].set()
        for _ in range(3):
            judging.soon("quick")
            judging.soon("slow")
            await until(lambda: not looks.now["quick"])
        assert looks.begun["slow"] == 1
        looks.gates["slow"].set()
        await until(lambda: looks.begun["slow"] == 2 and not looks.now["slow"])
        judging.soon("slow")
        await until(lambda: looks.begun["slow"] == 3)
