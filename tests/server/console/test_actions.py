"""The journal's reader: every entry once, in order, whatever bells are lost and whatever the database does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from server import wire
from server.bus import LocalBus, Topic
from server.console.actions import WARNED_BEATS, Channel, Consoles, JournalReader
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


async def test_what_everybody_must_know_comes_with_each_beat_until_it_is_over_or_nobody_says_it_any_more(
    tasks: TaskOwner,
) -> None:
    rows, bus = Rows(), LocalBus()
    reader = JournalReader(rows.after, rows.last_seq, bus, tasks)
    consoles = Consoles(reader, bus, tasks, fix_of=lambda _: None, unit_of=lambda _: None)
    await consoles.start()
    channel = Channel(0, lambda: None)
    consoles.join(channel)

    async def beat() -> str:
        await consoles.beat()
        raw = channel.backlog.take(1.0)
        assert raw is not None
        return str(wire.unpack_map(raw)["warning"])

    assert await beat() == ""
    await bus.publish(Topic.LATEST, {"warnings": {"here": "the disk is low"}})
    await bus.publish(Topic.LATEST, {"warnings": {"there": "the disk is low", "far": "no disk"}})
    assert [await beat() for _ in range(2)] == ["no disk; the disk is low"] * 2
    for place in ("here", "far"):
        await bus.publish(Topic.LATEST, {"warnings": {place: ""}})
    assert await beat() == "the disk is low"
    told = [await beat() for _ in range(WARNED_BEATS)]
    assert (told[0], told[-1]) == ("the disk is low", ""), "its process has died"
