"""The journal's reader: every entry once, in order, whatever bells are lost and whatever the database does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from server.bus import LocalBus, Topic
from server.console.actions import JournalReader
from server.errors import Unavailable
from server.journal.entry import Entry, EntryKind
from server.tasks import TaskOwner


class Rows:
    """A journal in memory that can be away, or break in a way that nobody thought of."""

    def __init__(self) -> None:
        self.count = 0
        self.error: Exception | None = None

    async def after(self, seq: int, limit: int) -> list[Entry]:
        await asyncio.sleep(0)
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        numbers = range(seq + 1, min(self.count, seq + limit) + 1)
        return [Entry(number, 1.0, EntryKind.ACTIVITY, {"number": number}) for number in numbers]

    async def last_seq(self) -> int:
        return self.count


@pytest.fixture
async def tasks() -> AsyncIterator[TaskOwner]:
    async with TaskOwner("test") as owner:
        yield owner


async def turns() -> None:
    for _ in range(200):
        await asyncio.sleep(0)


async def test_what_stood_before_is_not_told_and_what_comes_is_told_once(tasks: TaskOwner) -> None:
    rows, bus = Rows(), LocalBus()
    got: list[int] = []
    rows.count = 7
    reader = JournalReader(rows.after, rows.last_seq, bus, tasks)
    reader.listen(lambda entry, _packed: got.append(entry.seq))
    await reader.start()
    rows.count = 1300
    for seq in (8, 1300, 900, 1300):
        await bus.publish(Topic.JOURNAL, {"seq": seq})
    await asyncio.gather(turns(), reader.look(), reader.look())
    assert got == list(range(8, 1301))
    assert reader.position == 1300


@pytest.mark.parametrize("error", [Unavailable("away"), ZeroDivisionError("a defect of ours")])
async def test_whatever_happens_to_one_reading_the_next_look_goes_on(tasks: TaskOwner, error: Exception) -> None:
    rows, bus = Rows(), LocalBus()
    got: list[int] = []
    reader = JournalReader(rows.after, rows.last_seq, bus, tasks)
    reader.listen(lambda entry, _packed: got.append(entry.seq))
    await reader.start()
    rows.count, rows.error = 3, error
    await bus.publish(Topic.JOURNAL, {"seq": 3})
    await turns()
    assert got == []
    await reader.look()
    assert got == [1, 2, 3]
