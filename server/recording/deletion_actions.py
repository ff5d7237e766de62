"""Deletes what has been kept long enough: noted in the audit first, then a tombstone, then the folder.

From the tombstone on, a recording is deleted for good. Whatever stops the rest is finished at the next start or hour; what
cannot be noted, or is marked by somebody meanwhile, stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import structlog

from server.audit.audit_entry import SYSTEM, Note, Subject, What
from server.clock import Clock
from server.database import Database
from server.errors import Conflict, Unavailable
from server.recording.library import Library
from server.recording.marks import Marks
from server.recording.removal import Remains, Removal
from server.recording.retention import RetentionTable, Verdict
from server.recording.retention_actions import Retention
from server.recording.retention_store import Forget, RetentionStore, Tombstone
from server.recording.rules_actions import Newest, Rules
from server.recording.rules_store import RulesStore
from server.recording.store import Recording
from server.recording.turn_store import Turns
from server.tasks import TaskOwner

if TYPE_CHECKING:
    from server.audit.actions import Audit

log = structlog.get_logger(__name__)

# The first time one hour after the start: a machine that wakes with a wrong clock has set it by then.
EVERY_S = 3600.0
MOST_A_RUN = 250  # a force of 15,800 items a month has 22 an hour due: whatever goes wrong, somebody sees it in time
Beside = Callable[[float], Awaitable[None]]  # Unix seconds: what was due by then
AGAIN = "found again after its deletion, as a restored copy would be"
UNDONE = "not deleted after all: it was marked meanwhile"


@dataclass(frozen=True, slots=True)
class Shelf:
    """One data folder: what it is called (`place` blocks), what lies there, and how it is taken away."""

    place: Callable[[], str]
    library: Library
    removal: Removal


class Deletion:
    """The job. `note` commits to the audit, or raises Unavailable; `due_at` is the time by which it deletes. `turns`: of the
    processes that share a data folder one looks every hour."""

    def __init__(
        self,
        store: RetentionStore,
        table: RetentionTable,
        shelf: Shelf,
        clock: Clock,
        note: Callable[[Note], Awaitable[None]],
        due_at: Callable[[], Awaitable[float]],
        turns: Turns,
    ) -> None:
        self._turns = turns
        self._store = store
        self._table = table
        self._shelf = shelf
        self._clock = clock
        self._note = note
        self._due_at = due_at
        self._now = 0.0  # what it told for this run
        self._one_at_a_time = asyncio.Lock()
        self._beside: list[Beside] = []

    def add(self, beside: Beside) -> None:
        """Have something else deleted in the same turn, by the same time, after the recordings."""
        self._beside.append(beside)

    def start(self, tasks: TaskOwner) -> None:
        """Finish what was begun, and look for what is due every hour."""
        tasks.start(self.begin(), "deletion.finish")
        tasks.repeat(EVERY_S, self.look, "deletion.run")

    async def begin(self) -> None:
        """What a start does."""
        await self.finish()
        await self._has_turn()

    async def look(self) -> None:
        """Delete what is due, unless another process of this folder does."""
        if await self._has_turn():
            await self.run()

    async def _has_turn(self) -> bool:
        place = await asyncio.to_thread(self._shelf.place)
        try:
            return await self._turns.take(f"deletion.{place}")
        except Unavailable as error:
            log.warning("nothing is deleted for the moment", reason=str(error))
            return False

    async def finish(self) -> None:
        """Take away what has its tombstone already."""
        await self._in_turn(self._finish)

    async def run(self) -> None:
        """Delete what is due."""
        await self._in_turn(self._finish, self._delete_due, self._delete_beside)

    async def _in_turn(self, *steps: Callable[[str], Awaitable[None]]) -> None:
        """One process of those that share the folder; while the database or the audit is away, nobody."""
        async with self._one_at_a_time:
            if not self._shelf.removal.take_turn():  # no thread: cancelled in between, it would keep the turn for ever
                log.info("another process is deleting")
                return
            try:
                place = await asyncio.to_thread(self._shelf.place)
                for step in steps:
                    await step(place)
            except Unavailable as error:
                log.warning("nothing is deleted for the moment", reason=str(error))
            finally:
                self._shelf.removal.give_turn()

    # ---- what is due ----------------------------------------------------------------------------

    async def _delete_due(self, place: str) -> None:
        self._now = await self._due_at()
        deleted = 0
        async for chunk in self._store.ending(self._table, self._now, place):
            for recording, marks in chunk:
                verdict = self._judged(recording, marks)
                if not verdict.may_delete(self._now):
                    continue
                if deleted >= MOST_A_RUN:
                    log.warning("more is due than is deleted at once: it goes on in an hour", deleted=deleted)
                    return
                deleted += await self._delete(recording, marks, verdict)

    async def _delete_beside(self, _place: str) -> None:
        for delete in self._beside:
            await delete(self._now)

    def _judged(self, recording: Recording, marks: Marks) -> Verdict:
        return self._table.judge(recording.ended_at, marks, self._now)

    def _still(self, recording: Recording, marks: Marks) -> bool:
        return self._judged(recording, marks).may_delete(self._now)

    async def _delete(self, recording: Recording, marks: Marks, verdict: Verdict) -> bool:
        """Whether it is gone."""
        try:
            remains = await asyncio.to_thread(self._shelf.removal.look, recording.id)
        except (OSError, Conflict) as error:
            log.error("a recording that is due is not deleted", recording_id=recording.id, reason=str(error))
            return False
        if remains is None and recording.segments:
            log.error("a recording that is due is not where it should be", recording_id=recording.id)
            return False
        tombstone = self._tombstone(recording, remains, verdict.rule, self._why(verdict.rule, marks))
        await self._note(_deletion(tombstone))
        buried = await self._store.bury(tombstone, self._still)
        if buried:
            log.info("a recording is deleted", recording_id=recording.id, rule=tombstone.rule)
            await self._remove(tombstone.id)
        else:
            await self._note(replace(_deletion(tombstone), what=What.CHANGE_RECORDING, why=UNDONE))
        return buried

    def _why(self, rule: str, marks: Marks) -> str:
        category = self._table.find(rule)
        if category is None:
            decided = marks.decision
            return f"{decided.by.name} decided: {decided.why}"[:200] if decided is not None else rule
        return f"{category.title}: {category.days} days after its end"

    def _tombstone(self, recording: Recording, remains: Remains | None, rule: str, why: str) -> Tombstone:
        """What the disk says counts; a recording of which nothing ever came to disk is known by its row."""
        at = recording.asked_at
        found = remains or Remains(at, recording.ended_at or at, recording.segments, recording.bytes, "", None)
        return Tombstone(
            id=recording.id,
            device_id=recording.device_id,
            call_sign=recording.call_sign,
            wearer=recording.wearer,
            started_at=found.started_at,
            ended_at=found.ended_at,
            segments=found.segments,
            bytes=found.bytes,
            merkle_root=found.merkle_root or None,
            manifest_sha256=found.manifest_sha256,
            rule=rule,
            why=why,
            place=recording.place,
            deleted_at=self._clock.wall(),
            key_destroyed=found.is_encrypted,
            unjoined_bytes=found.unjoined,
        )

    # ---- what was begun -------------------------------------------------------------------------

    async def _finish(self, place: str) -> None:
        unremoved = await self._store.unremoved(place)
        for tombstone in unremoved:
            log.warning("a deletion is finished", recording_id=tombstone.id)
            await self._remove(tombstone.id)
        tried = {tombstone.id for tombstone in unremoved}
        there = [one for one in await asyncio.to_thread(self._shelf.library.ids) if one not in tried]
        for tombstone in await self._store.buried(there):  # a backup brought it back
            log.warning("a deleted recording is on disk again", recording_id=tombstone.id)
            await self._note(replace(_deletion(tombstone), why=AGAIN))
            await self._remove(tombstone.id)
        left = await asyncio.to_thread(self._shelf.removal.left_aside)
        for unknown in set(left) - tried - {tombstone.id for tombstone in await self._store.buried(left)}:
            log.error("a recording is being deleted that has no tombstone: left as it is", recording_id=unknown)

    async def _remove(self, recording_id: str) -> None:
        try:
            await asyncio.to_thread(self._shelf.removal.remove, recording_id)
        except (OSError, Conflict) as error:
            log.error("a deleted recording is still on disk", recording_id=recording_id, reason=str(error))
            return
        await self._store.removed(recording_id, self._clock.wall())


def keeping(
    database: Database,
    changes: Mapping[str, Mapping[str, Any]],
    shelf: Shelf,
    clock: Clock,
    audit: Audit,
    newest: Newest,
    forget: Forget | None = None,
) -> tuple[Retention, Deletion, Rules]:
    """What people do about keeping recordings, the job, and what both go by. Raises StartError for a mistake in the table."""
    store, table = RetentionStore(database, forget), RetentionTable.load(changes)
    turns = Turns(database)
    rules = Rules(RulesStore(database), turns, table, clock, newest, audit.within)
    job = Deletion(store, table, shelf, clock, audit.note, rules.due_at, turns)
    return Retention(store, table, clock, rules.held_back), job, rules


def _deletion(tombstone: Tombstone) -> Note:
    detail: dict[str, Any] = {
        "rule": tombstone.rule,
        "device_id": tombstone.device_id,
        "from": tombstone.started_at,
        "to": tombstone.ended_at,
        "segments": tombstone.segments,
        "bytes": tombstone.bytes,
        "merkle_root": tombstone.merkle_root,
        "manifest_sha256": tombstone.manifest_sha256,
        "key_destroyed": tombstone.key_destroyed,
    }
    if tombstone.unjoined_bytes:
        detail["unjoined_bytes"] = tombstone.unjoined_bytes
    subject = Subject("recording", tombstone.id, tombstone.call_sign)
    return Note(What.DELETE_RECORDING, SYSTEM, subject, tombstone.why, detail=detail)
