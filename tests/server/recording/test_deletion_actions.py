"""The job that deletes: when, in which order, and what is found after it was stopped anywhere."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from server.audit.actions import Audit
from server.audit.asked import Asked
from server.audit.audit_entry import Note
from server.audit.store import AuditStore
from server.clock import HandClock
from server.database import Database
from server.errors import NotFound, Unavailable
from server.recording.actions import Disk, Field, Media, Recordings
from server.recording.deletion_actions import AGAIN, UNDONE, Deletion, Shelf
from server.recording.library import Library
from server.recording.marks import By, Mark, MarkKind
from server.recording.master_key import PLAIN, MasterKeys
from server.recording.order import Keeping, RecordingNews
from server.recording.removal import ASIDE, OnTheWay, Removal
from server.recording.retention import DAY_S, RetentionTable
from server.recording.retention_store import RetentionStore, Tombstone
from server.recording.store import Recording, RecordingState, RecordingStore
from server.recording.turn_store import Turns
from server.recording.upkeep import Upkeep
from server.recording.verifier import main as verify
from server.tasks import TaskOwner
from server.units.unit import Device, Unit
from tests.server.recording.recordings import BEGAN, IDENTITY, MASTER, new_folder, recording, segment
from tests.source import ROOT

OTHER = "20261128T214600Z-et17-3fa2c1d1"
ENDED = BEGAN + 8  # of a recording of four segments
BY = By("p1", "Insp Achebe")


class Stopped(BaseException):
    """The process ends here."""


@dataclass
class House:
    """One data folder with its database, and the job on it."""

    data: Path
    database: Database
    audit: Audit
    clock: HandClock = field(default_factory=lambda: HandClock(ENDED))
    table: RetentionTable = field(default_factory=lambda: RetentionTable.load({}))
    looked: int = 0  # how often somebody asked what is due

    def __post_init__(self) -> None:
        self.root = self.data / "recordings"
        self.library = Library(self.root)
        self.upkeep = Upkeep(self.data, self.library, self.clock)
        self.rows, self.store = RecordingStore(self.database), RetentionStore(self.database)
        self.removal = Removal(self.root)

    def deletion(self) -> Deletion:
        """The job as a process has it after its start."""
        shelf = Shelf(self.upkeep.place, self.library, self.removal)
        return Deletion(self.store, self.table, shelf, self.clock, self.note, self.due_at, Turns(self.database))

    async def due_at(self) -> float:
        """The clock is believed here."""
        self.looked += 1
        return self.clock.wall()

    async def note(self, note: Note) -> None:
        await self.audit.note(note)

    async def recorded(self, identity: str = IDENTITY, keys: MasterKeys = PLAIN) -> None:
        """A whole recording, and the rows that a start makes of what is on disk."""
        recording(self.root, identity=identity, keys=keys)
        for row in self.upkeep.found(self.upkeep.place())[1]:
            await self.rows.keep(row)

    async def restarted(self) -> None:
        """What a start does: rows and folders are brought in line, and what was begun is finished."""
        async with TaskOwner("start") as tasks:
            recordings = Recordings(
                self.rows,
                Disk(self.upkeep.place, self.upkeep.found, _close_left, self.upkeep.space),
                Media(lambda *_: None, lambda _: None, lambda _: None),
                Field(lambda _: Unit(Device("et17-1", "ET17")), lambda _: None, lambda *_: None, _say_nothing),
                self.clock,
                tasks,
                _say_nothing,
                _say_nothing,
            )
            await recordings.start()
            await self.deletion().finish()
            await recordings.close()

    async def on_day(self, day: float, job: Deletion | None = None) -> None:
        """Run the job so many days after the recording's end."""
        self.clock.move(ENDED + day * DAY_S - self.clock.wall())
        await (job or self.deletion()).run()

    async def row(self, identity: str = IDENTITY) -> Recording:
        found = await self.rows.one(identity)
        assert found is not None
        return found

    async def tombstone(self, identity: str = IDENTITY) -> Tombstone | None:
        found = await self.store.buried([identity])
        return found[0] if found else None

    async def audited(self) -> list[tuple[str, str]]:
        """What and why, oldest first."""
        return [(row["what"], row["why"]) for row in (await self.audit.page(Asked()))["rows"]][::-1]

    def is_whole(self, identity: str = IDENTITY) -> bool:
        return verify([str(self.root / identity)]) == 0


def _close_left(recording_id: str, device_id: str) -> RecordingNews:
    return RecordingNews(recording_id, device_id, Keeping.CLOSED)


async def _say_nothing(*_: str) -> None:
    await asyncio.sleep(0)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    database = Database(str(tmp_path / "watchroom.sqlite"))
    await database.migrate()
    async with Audit(AuditStore(database), HandClock()) as audit:
        yield House(tmp_path, database, audit)
    await database.close()


async def test_what_nobody_tags_is_deleted_on_day_30_and_leaves_a_tombstone_and_a_row(house: House) -> None:
    await house.recorded()
    whole = house.removal.look(IDENTITY)
    await house.on_day(29.99)
    assert house.is_whole() and await house.tombstone() is None and await house.audited() == []
    await house.on_day(30)
    assert house.library.ids() == [] and house.removal.left_aside() == []
    assert (await house.row()).state is RecordingState.DELETED
    stone = await house.tombstone()
    assert stone is not None and whole is not None
    assert (stone.device_id, stone.call_sign) == ("et17-3fa2c1", "ET17") and stone.wearer is not None
    assert (stone.started_at, stone.ended_at, stone.segments, stone.bytes) == (BEGAN, ENDED, 8, whole.bytes)
    assert (stone.merkle_root, stone.manifest_sha256) == (whole.merkle_root, whole.manifest_sha256)
    assert (stone.rule, stone.deleted_at, stone.removed_at) == ("untagged", house.clock.wall(), house.clock.wall())
    assert await house.audited() == [("delete.recording", "Untagged: 30 days after its end")]
    await house.on_day(31)
    assert len(await house.audited()) == 1


@pytest.mark.parametrize(("keys", "destroyed"), [(MASTER, True), (PLAIN, False)])
async def test_the_tombstone_says_whether_its_key_was_destroyed(
    house: House, keys: MasterKeys, destroyed: bool
) -> None:
    await house.recorded(keys=keys)
    await house.on_day(31)
    stone = await house.tombstone()
    assert stone is not None and stone.removed_at is not None
    assert (stone.key_destroyed, stone.as_json()["key_destroyed"]) == (destroyed, destroyed)
    (row,) = (await house.audit.page(Asked()))["rows"]
    assert row["detail"]["key_destroyed"] is destroyed


async def test_what_its_camera_was_still_uploading_goes_with_it_and_audit_and_tombstone_say_how_much(
    house: House,
) -> None:
    await house.recorded()
    gone: list[str] = []
    house.removal = Removal(house.root, on_the_way=OnTheWay(lambda one: 4711 if one == IDENTITY else 0, gone.append))
    await house.on_day(30)
    assert gone == [IDENTITY]
    (row,) = (await house.audit.page(Asked()))["rows"]
    assert row["detail"]["unjoined_bytes"] == 4711
    stone = await house.tombstone()
    assert stone is not None and stone.as_json()["unjoined_bytes"] == 4711


async def test_what_the_audit_cannot_take_is_not_deleted(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.recorded()

    async def refuse(_: Note) -> None:
        raise Unavailable("the audit cannot be written")

    monkeypatch.setattr(house, "note", refuse)
    await house.on_day(31)
    assert house.is_whole() and await house.tombstone() is None
    assert (await house.row()).state is RecordingState.CLOSED
    monkeypatch.undo()
    await house.on_day(32)
    assert (await house.row()).state is RecordingState.DELETED


async def test_the_audit_has_its_row_before_anything_is_done(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.recorded()
    seen: list[tuple[bool, Tombstone | None]] = []

    async def looking(note: Note) -> None:
        seen.append((house.is_whole(), await house.tombstone()))
        await house.audit.note(note)

    monkeypatch.setattr(house, "note", looking)
    await house.on_day(31)
    assert seen == [(True, None)]


@pytest.mark.parametrize(
    "mark",
    [
        Mark(MarkKind.CATEGORY, "evidential", "R v Smith"),
        Mark(MarkKind.TAG, "mopi"),
        Mark(MarkKind.HOLD, "case", "R v Smith"),
        Mark(MarkKind.HOLD, "share", "CPS", ENDED + 99 * DAY_S),
        Mark(MarkKind.DECISION, "retain", "inquest", ENDED + 99 * DAY_S),
    ],
    ids=lambda mark: f"{mark.kind.value} {mark.value}",
)
async def test_what_is_marked_to_be_kept_stays(house: House, mark: Mark) -> None:
    await house.recorded()
    await house.recorded(OTHER)
    await house.store.add(IDENTITY, ENDED, BY, mark)
    await house.on_day(60)
    assert house.library.ids() == [IDENTITY] and house.is_whole()
    assert (await house.row(OTHER)).state is RecordingState.DELETED


async def test_a_decision_to_dispose_is_the_reason_that_stays(house: House) -> None:
    await house.recorded()
    await house.store.add(IDENTITY, ENDED, BY, Mark(MarkKind.CATEGORY, "evidential", "R v Smith"))
    await house.store.add(IDENTITY, ENDED + 40 * DAY_S, BY, Mark(MarkKind.DECISION, "dispose", "no further action"))
    await house.on_day(46.9)
    assert house.is_whole()
    await house.on_day(47)
    assert await house.audited() == [("delete.recording", "Insp Achebe decided: no further action")]


async def test_a_hold_of_the_last_moment_saves_it_and_the_audit_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.recorded()
    notes = 0

    async def held_meanwhile(note: Note) -> None:
        nonlocal notes
        await house.audit.note(note)
        notes += 1
        if notes == 1:
            await house.store.add(IDENTITY, house.clock.wall(), BY, Mark(MarkKind.HOLD, "case", "R v Smith"))

    monkeypatch.setattr(house, "note", held_meanwhile)
    await house.on_day(31)
    assert house.is_whole() and await house.tombstone() is None
    assert [what for what, _ in await house.audited()] == ["delete.recording", "change.recording"]
    assert (await house.audited())[-1][1] == UNDONE


async def test_what_is_open_on_disk_is_kept_whatever_its_row_says(house: House) -> None:
    folder = new_folder(house.root)
    folder.commit(segment(0))
    (row,) = house.upkeep.found(house.upkeep.place())[1]
    assert row.state is RecordingState.OPEN
    await house.rows.keep(row)
    await house.on_day(99)
    await house.rows.keep(replace(row, state=RecordingState.CLOSED, ended_at=ENDED))
    for _ in ("written", "left open"):
        await house.on_day(99)
        folder.leave()
    assert house.library.ids() == [IDENTITY] and await house.tombstone() is None
    assert await house.audited() == []


async def test_what_is_missing_or_lies_elsewhere_is_not_called_deleted(house: House) -> None:
    await house.recorded()
    row = await house.row()
    await house.rows.keep(replace(row, id=OTHER, place="another host"))
    (house.root / IDENTITY).rename(house.data / "on another disk")
    await house.on_day(31)
    assert await house.tombstone() is None
    await house.restarted()
    assert (await house.row()).state is RecordingState.MISSING
    await house.on_day(31)
    assert await house.tombstone() is None and await house.tombstone(OTHER) is None
    (house.data / "on another disk").rename(house.root / IDENTITY)
    await house.restarted()
    await house.on_day(31)
    assert (await house.row()).state is RecordingState.DELETED


async def test_a_recording_of_which_nothing_came_to_disk_leaves_a_tombstone_too(house: House) -> None:
    place = house.upkeep.place()
    empty = Recording(IDENTITY, "et17-1", "ET17", None, "officer", BEGAN, place, None, BEGAN, RecordingState.CLOSED)
    await house.rows.keep(empty)
    await house.on_day(31)
    stone = await house.tombstone()
    assert stone is not None and (stone.segments, stone.merkle_root, stone.removed_at is None) == (0, None, False)


STEPS = ("noted", "buried", "set aside", "half removed", "removed")


@pytest.mark.parametrize("step", STEPS)
async def test_wherever_the_process_ends_the_next_start_or_hour_ends_it_well(
    house: House, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    await house.recorded()
    stop(house, monkeypatch, step)
    with pytest.raises(Stopped):
        await house.on_day(31)
    monkeypatch.undo()
    house.removal = Removal(house.root)  # the lock of a process that ended is free
    begun = await house.tombstone() is not None
    assert begun == (step != "noted")
    assert house.library.ids() == ([IDENTITY] if step in ("noted", "buried") else [])
    assert house.is_whole() == (step in ("noted", "buried"))
    await house.restarted()
    assert house.is_whole() == (not begun)
    assert (await house.row()).state is (RecordingState.DELETED if begun else RecordingState.CLOSED)
    await house.on_day(32)
    stone = await house.tombstone()
    assert stone is not None and stone.removed_at is not None
    assert (await house.row()).state is RecordingState.DELETED
    assert list((house.root / ASIDE).iterdir()) == [] and house.library.ids() == []
    assert [what for what, _ in await house.audited()] == ["delete.recording"] * (1 if begun else 2)


def stop(house: House, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Have the process end right behind this step of a deletion."""
    unlink, gone = os.unlink, 0

    async def noted(note: Note) -> None:
        await house.audit.note(note)
        raise Stopped

    def stopped(*_: object) -> None:
        raise Stopped

    def unlinked(path: str, *, dir_fd: int | None = None) -> None:
        nonlocal gone
        gone += 1
        if gone > (5 if step == "half removed" else 0):
            raise Stopped
        unlink(path, dir_fd=dir_fd)

    if step == "noted":
        monkeypatch.setattr(house, "note", noted)
    elif step == "buried":
        monkeypatch.setattr(house.removal, "remove", stopped)
    elif step == "removed":
        monkeypatch.setattr(house.store, "removed", stopped)
    else:
        monkeypatch.setattr(os, "unlink", unlinked)


async def test_a_restored_copy_of_what_is_deleted_does_not_bring_it_back(house: House) -> None:
    await house.recorded()
    await house.on_day(31)
    recording(house.root)
    await house.restarted()
    assert (await house.row()).state is RecordingState.DELETED and house.library.ids() == []
    assert (await house.audited())[-1] == ("delete.recording", AGAIN)


async def test_what_lies_aside_without_a_tombstone_is_left_as_it_is(house: House) -> None:
    await house.recorded()
    (house.root / ASIDE).mkdir()
    (house.root / IDENTITY).rename(house.root / ASIDE / IDENTITY)
    await house.restarted()
    await house.on_day(31)
    assert house.removal.left_aside() == [IDENTITY]
    assert (await house.row()).state is RecordingState.MISSING


async def test_while_another_process_deletes_this_one_does_not(house: House) -> None:
    await house.recorded()
    other = Removal(house.root)
    assert other.take_turn()
    await house.on_day(31)
    assert house.is_whole()
    other.give_turn()
    await house.on_day(31)
    assert (await house.row()).state is RecordingState.DELETED


DELETING = """
import asyncio, os, signal, sys
from pathlib import Path
from server.audit.actions import Audit
from server.audit.store import AuditStore
from server.clock import HandClock
from server.database import Database
from server.recording.deletion_actions import Shelf, keeping
from server.recording.library import Library
from server.recording.removal import Removal
from server.recording.upkeep import Upkeep

def kill(event, left=[int(sys.argv[4])]):
    if event == sys.argv[3]:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

async def delete(data, now):
    database, clock, root = Database(str(data / "watchroom.sqlite")), HandClock(now), data / "recordings"
    library = Library(root)
    async with Audit(AuditStore(database), clock) as audit:
        shelf = Shelf(Upkeep(data, library, clock).place, library, Removal(root))
        await keeping(database, {}, shelf, clock, audit, audit.last_at)[1].run()
    await database.close()

sys.addaudithook(lambda event, _: kill(event))
asyncio.run(delete(Path(sys.argv[1]), float(sys.argv[2])))
"""


async def test_a_process_killed_while_it_deletes_leaves_no_half_recording(house: House) -> None:
    """Real kills: before the folder is set aside, then before its first file goes, then among the others."""
    ids = [IDENTITY, OTHER]
    for identity in ids:
        await house.recorded(identity)
    for event, after in (("os.rename", 0), ("os.remove", 0), ("os.remove", 5)):
        arguments = ("-c", DELETING, str(house.data), str(ENDED + 99 * DAY_S), event, str(after))
        child = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=ROOT)
        assert await child.wait() == -signal.SIGKILL
        assert all(house.is_whole(identity) for identity in house.library.ids())
    assert house.library.ids() == [OTHER] and house.removal.left_aside() == [IDENTITY]
    await house.restarted()
    assert house.library.ids() == [OTHER] and house.removal.left_aside() == []
    await house.on_day(99)
    assert house.library.ids() == [] and house.removal.left_aside() == []
    assert [(await house.row(identity)).state for identity in ids] == [RecordingState.DELETED] * 2
    with pytest.raises(NotFound):
        house.library.opened(ids[0])


async def test_of_two_processes_one_looks_every_hour_and_the_other_when_that_one_is_gone(house: House) -> None:
    await house.recorded()
    first, second = house.deletion(), house.deletion()
    for one in (first, second):
        await one.begin()
    for _ in range(3):
        for one in (first, second):
            await one.look()
    assert house.looked == 3
    await second.look()  # a round of its own has gone by without the first one
    assert house.looked == 4
    await first.look()  # which was only slow
    assert house.looked == 4
    await second.look()
    assert house.looked == 5


async def test_a_process_alone_looks_in_the_first_hour_after_each_start(house: House) -> None:
    await house.recorded()
    for number in range(3):
        one = house.deletion()
        await one.begin()
        await one.look()
        assert house.looked == number + 1
