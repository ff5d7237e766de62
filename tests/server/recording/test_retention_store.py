"""Marks and tombstones as they are kept, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from server.database import Database
from server.errors import Conflict, NotFound
from server.recording import retention_store
from server.recording.marks import By, Mark, MarkKind, Marks
from server.recording.retention import DAY_S, RetentionTable
from server.recording.retention_store import RetentionStore, Tombstone, matching
from server.recording.segment import recording_id
from server.recording.sought import Sought
from server.recording.store import Recording, RecordingState, RecordingStore, recording_table

BY = By("p1", "Insp Achebe")
NOW = 1_800_000_000.0
TABLE = RetentionTable.load({"accidental": {"days": 2}, "training": {"days": 400, "tags": ["exercise"]}})


def a_recording(number: int = 0, days_ago: float = 40.0, **fields: object) -> Recording:
    ended = NOW - days_ago * DAY_S
    usual: dict[str, object] = {
        "id": f"20261128T204600Z-et17-{number:08x}",
        "device_id": "et17-1",
        "call_sign": "ET17",
        "wearer": {"name": "PC Marsh", "collar_number": "0417", "person_id": None},
        "why": "officer",
        "asked_at": ended - 60,
        "place": "here",
        "ended_at": ended,
        "state": RecordingState.CLOSED,
        "segments": 30,
        "bytes": 3000,
    }
    return Recording(**{**usual, **fields})  # type: ignore[arg-type]


def tombstone_of(recording: Recording) -> Tombstone:
    root, at = "ab" * 32, recording.asked_at
    about = (recording.id, recording.device_id, recording.call_sign, recording.wearer)
    return Tombstone(*about, at, at + 60, 30, 3000, root, root, "untagged", "30 days", "here", NOW)


async def kept(database: Database, *recordings: Recording) -> RetentionStore:
    for one in recordings:
        await RecordingStore(database).keep(one)
    return RetentionStore(database)


async def test_marks_are_added_in_order_and_read_back_as_they_were(database: Database) -> None:
    one = a_recording()
    store = await kept(database, one)
    said = [
        Mark(MarkKind.NOTE, text="first line\nsecond ‘line’"),
        Mark(MarkKind.CATEGORY, "evidential", "R v Smith", NOW + 5.25),
        Mark(MarkKind.TAG, "arrest"),
        Mark(MarkKind.HOLD, "share", "CPS", NOW + 9),
    ]
    for n, mark in enumerate(said, 1):
        assert (await store.add(one.id, NOW + n, BY, mark)).n == n
    recording, entries = await store.entries(one.id)
    assert recording == one
    assert [(entry.n, entry.at, entry.by, entry.mark) for entry in entries] == [
        (n, NOW + n, BY, mark) for n, mark in enumerate(said, 1)
    ]
    with pytest.raises(Conflict, match="tagged arrest already"):
        await store.add(one.id, NOW, BY, Mark(MarkKind.TAG, "arrest"))
    assert len((await store.entries(one.id))[1]) == 4
    for call in (store.entries("nobody"), store.add("nobody", NOW, BY, said[0])):
        with pytest.raises(NotFound):
            await call


async def test_marks_of_the_same_moment_are_all_kept(database: Database) -> None:
    one = a_recording()
    store = await kept(database, one)
    await asyncio.gather(*(store.add(one.id, NOW, BY, Mark(MarkKind.TAG, f"tag {n}")) for n in range(12)))
    entries = (await store.entries(one.id))[1]
    assert [entry.n for entry in entries] == list(range(1, 13))
    assert len(Marks.of(entries).tags) == 12


async def test_of_a_hold_and_a_deletion_at_the_same_moment_one_sees_the_other(database: Database) -> None:
    ones = [a_recording(number) for number in range(12)]
    store = await kept(database, *ones)

    async def hold(one: Recording) -> bool:
        try:
            await store.add(one.id, NOW, BY, Mark(MarkKind.HOLD, "case", "R v Smith"))
        except Conflict:
            return False
        return True

    async def bury(one: Recording) -> bool:
        return await store.bury(tombstone_of(one), lambda _, marks: not marks.holding(NOW))

    outcomes = await asyncio.gather(*(step for one in ones for step in (hold(one), bury(one))))
    for one, held, buried in zip(ones, outcomes[::2], outcomes[1::2], strict=True):
        assert held != buried
        recording, entries = await store.entries(one.id)
        assert (recording.state is RecordingState.DELETED, len(entries)) == (buried, int(held))


async def test_what_is_deleted_stays_so_and_takes_no_marks(database: Database) -> None:
    one = a_recording()
    store = await kept(database, one)
    assert await store.bury(tombstone_of(one), lambda *_: True)
    assert not await store.bury(tombstone_of(one), lambda *_: True)
    await RecordingStore(database).keep(one)  # as the reconciliation would, from a folder that came back
    recording, _ = await store.entries(one.id)
    assert recording.state is RecordingState.DELETED
    with pytest.raises(Conflict, match="is deleted"):
        await store.add(one.id, NOW, BY, Mark(MarkKind.TAG, "arrest"))
    assert await store.unremoved("here") == await store.buried([one.id, "nobody"]) == [tombstone_of(one)]
    assert await store.unremoved("elsewhere") == []
    await store.removed(one.id, NOW + 1)
    assert await store.unremoved("here") == []


async def test_they_are_found_by_tag_category_and_words(database: Database) -> None:
    ones = [a_recording(number) for number in range(5)]
    store = await kept(database, *ones, a_recording(9, state=RecordingState.OPEN, ended_at=None, call_sign="ET20"))
    await store.add(ones[0].id, NOW, BY, Mark(MarkKind.TAG, "arrest"))
    await store.add(ones[1].id, NOW, BY, Mark(MarkKind.CATEGORY, "training", "exercise Kestrel"))
    await store.add(ones[2].id, NOW, BY, Mark(MarkKind.TAG, "exercise"))
    await store.add(ones[3].id, NOW, BY, Mark(MarkKind.NOTE, text="100 % of it is in the High Street"))
    await store.bury(tombstone_of(ones[4]), lambda *_: True)

    async def found(tag: str = "", category: str = "", text: str = "") -> list[int]:
        return numbers(await store.matching(TABLE, Sought(tag=tag, category=category, text=text)))

    assert await found() == [9, 3, 2, 1, 0]
    assert await found(tag="arrest") == [0]
    assert await found(category="training") == [2, 1]
    assert await found(category="untagged") == [9, 3, 2, 0]
    assert await found(text="high street") == [3]
    assert await found(text="100 % marsh") == [3]
    assert await found(text="exercise") == [2, 1]
    assert await found(text="et20") == [9]
    assert await found(text="marsh", category="training", tag="exercise") == [2]
    assert await found(text="nobody") == []
    assert len(await store.matching(TABLE, Sought(limit=2))) == 2


def numbers(found: list[Recording]) -> list[int]:
    return [int(one.id.rpartition("-")[2], 16) for one in found]


def an_hour(number: int, **fields: object) -> Recording:
    """It begins at that hour after NOW, and lasts for ten minutes."""
    at = NOW + number * 3600
    usual = {"id": recording_id(at, "et17-1", f"{number:08x}"), "asked_at": at, "until": at + 600, "ended_at": at + 600}
    return a_recording(**{**usual, **fields})  # type: ignore[arg-type]


async def test_they_are_found_by_time_camera_officer_and_wearer(database: Database) -> None:
    lindqvist = {"name": "PC Lindqvist", "collar_number": "0688", "person_id": "p9"}
    goes_on: dict[str, object] = {"until": None, "ended_at": None, "state": RecordingState.OPEN}
    others = an_hour(4, device_id="et22-1", call_sign="ET22", wearer=lindqvist), an_hour(5, wearer=None)
    store = await kept(database, an_hour(1, **goes_on), an_hour(2), an_hour(3), *others)

    async def found(**asked: Any) -> list[int]:
        return numbers(await store.matching(TABLE, Sought(**asked)))

    assert await found() == [5, 4, 3, 2, 1]
    assert await found(start=NOW + 3 * 3600 + 300, end=NOW + 3 * 3600 + 400) == [3, 1]  # 1 goes on
    assert await found(end=NOW + 2 * 3600 - 60) == [2, 1]  # 2 has a pre-event buffer
    assert await found(start=NOW + 5 * 3600 + 640) == [5, 1]  # its row may be some seconds old
    assert await found(device_ids=("et22-1",)) == [4]
    assert await found(device_ids=()) == []
    assert await found(person_id="p9") == [4]
    assert await found(officer="LINDQVIST 0688") == [4]
    assert await found(officer="et17 marsh") == [3, 2, 1]
    assert await found(before=an_hour(3).id, limit=1) == [2]


async def test_a_search_among_ten_thousand_goes_by_an_index(database: Database) -> None:
    rows = [an_hour(number).as_json() for number in range(10_000)]
    async with database.transaction() as tx:
        await tx.execute(sa.insert(recording_table), rows)
    sought = Sought(start=NOW + 100 * 3600, end=NOW + 101 * 3600)
    assert numbers(await RetentionStore(database).matching(TABLE, sought)) == [101, 100]
    async with database.reading() as connection:
        if connection.dialect.name == "sqlite":
            query = matching(TABLE, sought).compile(compile_kwargs={"literal_binds": True})
            plan = [row.detail for row in await connection.execute(sa.text(f"EXPLAIN QUERY PLAN {query}"))]
            assert "SEARCH recording USING" in plan[0] and "id<?" in plan[0] and "TEMP B-TREE" not in str(plan)


async def _marked_at_random(store: RetentionStore, one: Recording, random: Random) -> None:
    choices = [
        Mark(
            MarkKind.CATEGORY, random.choice(["accidental", "untagged", "training", "evidential", "forgotten"]), "why"
        ),
        Mark(MarkKind.CATEGORY, "mopi", "why", NOW + random.uniform(-9, 9) * DAY_S),
        Mark(MarkKind.TAG, random.choice(["exercise", "mopi", "accidental", "seen"])),
        Mark(MarkKind.HOLD, "case", "why", NOW + random.uniform(-9, 9) * DAY_S),
        Mark(MarkKind.DECISION, "retain", "why", NOW + random.uniform(-9, 9) * DAY_S),
        Mark(MarkKind.DECISION, "dispose", "why"),
        Mark(MarkKind.NOTE, text="a note"),
    ]
    at = NOW - random.uniform(10, 400) * DAY_S
    for mark in random.sample(choices, random.choice([0, 0, 1, 2, 3])):
        try:
            await store.add(one.id, at, BY, mark)
        except Conflict:
            continue


@pytest.mark.parametrize("changes", [{}, {"untagged": {"review_days": 20}}])
async def test_nothing_that_is_due_is_overlooked(
    database: Database, monkeypatch: pytest.MonkeyPatch, changes: dict[str, dict[str, int]]
) -> None:
    """What the database picks out against every recording judged one by one, over several chunks."""
    monkeypatch.setattr(retention_store, "CHUNK", 7)
    own: dict[str, dict[str, Any]] = {"accidental": {"days": 2}, "training": {"days": 400, "tags": ["exercise"]}}
    table, random = RetentionTable.load({**own, **changes}), Random(5)
    ones = [a_recording(number, random.choice([1.0, 29.0, 31.0, 500.0, 4000.0])) for number in range(60)]
    store = await kept(database, *ones)
    goes, review = set(), set()
    for one in ones:
        await _marked_at_random(store, one, random)
        verdict = table.judge(one.ended_at, Marks.of((await store.entries(one.id))[1]), NOW)
        goes |= {one.id} if verdict.may_delete(NOW) else set()
        review |= {one.id} if verdict.review_at is not None and verdict.review_at <= NOW else set()
    ending = [pair async for chunk in store.ending(table, NOW, "here") for pair in chunk]
    assert {one.id for one, marks in ending if table.judge(one.ended_at, marks, NOW).may_delete(NOW)} == goes
    reviewed = [pair async for chunk in store.reviewed(table, NOW) for pair in chunk]
    due = {one.id for one, marks in reviewed if (table.judge(one.ended_at, marks, NOW).review_at or 9e9) <= NOW}
    assert due == review
    assert (goes or changes) and review and len(ending) < len(ones)
    assert [pair async for chunk in store.ending(table, NOW, "elsewhere") for pair in chunk] == []
