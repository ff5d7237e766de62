"""What may be done about keeping a recording: marked by people, and looked up."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from server.clock import Clock
from server.errors import BadRequest, Conflict
from server.recording.marks import By, Entry, Mark, MarkKind, Marks, Outcome
from server.recording.retention import DAY_S, RetentionTable
from server.recording.retention_store import RetentionStore
from server.recording.store import Recording, RecordingState

MOST_LISTED = 500
RETAINED_DAYS = 365.0  # until the next review, where nobody says another date
Commit = Callable[[Recording], Awaitable[None]]  # to the audit, or raises Unavailable


class Retention:
    """Marks and what follows from them."""

    def __init__(self, store: RetentionStore, table: RetentionTable, clock: Clock) -> None:
        self._store = store
        self.table = table
        self._clock = clock

    async def of(self, recording_id: str) -> dict[str, Any]:
        """All that is known of keeping this recording, or of its end. Raises NotFound."""
        recording, entries = await self._store.entries(recording_id)
        marks, now = Marks.of(entries), self._clock.wall()
        tombstones = await self._store.buried([recording_id])
        deleted = recording.state is RecordingState.DELETED
        verdict = {} if deleted else self.table.judge(recording.ended_at, marks, now).as_json()
        return {
            "at": now,
            "recording_id": recording_id,
            "state": recording.state.value,
            "category": marks.category,
            "tags": list(marks.tags),
            "holds": [asdict(hold) for hold in marks.holding(now)],
            "decision": None if marks.decision is None else asdict(marks.decision),
            **verdict,
            "entries": [entry.as_json() for entry in entries],
            "tombstone": tombstones[0].as_json() if tombstones else None,
        }

    async def mark(self, recording_id: str, by: By, mark: Mark, commit: Commit) -> dict[str, Any]:
        """Add a mark, once the audit has it. Raises NotFound, Conflict, BadRequest, Unavailable."""
        recording, entries = await self._store.entries(recording_id)
        if recording.state is RecordingState.DELETED:
            raise Conflict(f"recording {recording_id} is deleted")
        mark = self._checked(recording, mark)
        Marks.of(entries).after(Entry(len(entries) + 1, self._clock.wall(), by, mark))
        await commit(recording)
        await self._store.add(recording_id, self._clock.wall(), by, mark)
        return await self.of(recording_id)

    def _checked(self, recording: Recording, mark: Mark) -> Mark:
        now = self._clock.wall()
        if mark.until is not None and mark.until <= now:
            raise BadRequest("the date must be in the future")
        if mark.kind is MarkKind.CATEGORY:
            category = self.table.find(mark.value)
            if category is None:
                names = ", ".join(one.name for one in self.table.categories)
                raise BadRequest(f"category: expected one of {names}")
            if mark.until is not None and category.review_days is None:
                raise BadRequest(f"review_at: {category.name} is not reviewed, it ends after {category.days} days")
        if mark.kind is MarkKind.DECISION:
            if recording.ended_at is None:
                raise Conflict(f"recording {recording.id} goes on: decide when it has ended")
            if mark.value == Outcome.RETAIN.value and mark.until is None:
                return Mark(mark.kind, mark.value, mark.text, now + RETAINED_DAYS * DAY_S)
        return mark

    async def upcoming(self, days: float) -> dict[str, Any]:
        """What would be deleted within so many days if nobody did anything, and what must be reviewed, soonest first."""
        now = self._clock.wall()
        until = now + days * DAY_S
        going, reviews = [], []
        async for chunk in self._store.ending(self.table, until):
            going += [told for one in chunk if (told := self._told(*one, "delete_at", until)) is not None]
        async for chunk in self._store.reviewed(self.table, until):
            reviews += [told for one in chunk if (told := self._told(*one, "review_at", until)) is not None]
        total = sum(one["bytes"] for one in going)
        counts = {"deletions": len(going), "reviews": len(reviews), "bytes": total}
        listed = {"deletions": _soonest(going, "delete_at"), "reviews": _soonest(reviews, "review_at")}
        return {"at": now, "days": days, "counts": counts, **listed}

    def _told(self, recording: Recording, marks: Marks, name: str, until: float) -> dict[str, Any] | None:
        """A row of the list, if it has this date by then; one that is held is not about to go."""
        verdict = self.table.judge(recording.ended_at, marks, until)
        at = verdict.delete_at if name == "delete_at" else verdict.review_at
        if at is None or at > until or (verdict.kept_by and name == "delete_at"):
            return None
        about = {"id": recording.id, "device_id": recording.device_id, "call_sign": recording.call_sign}
        times = {"from": recording.asked_at, "to": recording.ended_at, name: at}
        return {**about, "wearer": recording.wearer, **times, "rule": verdict.rule, "bytes": recording.bytes}

    async def matching(self, tag: str = "", category: str = "", text: str = "", limit: int = 200) -> list[str]:
        """Recordings' ids, newest first. See RetentionStore.matching."""
        return await self._store.matching(self.table, tag, category, text, limit)


def _soonest(rows: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: row[name])[:MOST_LISTED]


def checked_days(text: str | None) -> float:
    """How far ahead to look: 7 days, or as asked for. Raises BadRequest."""
    if text is None:
        return 7.0
    try:
        days = float(text)
    except ValueError:
        days = math.nan
    if not 0 <= days <= 366:
        raise BadRequest("days: expected 0 to 366")
    return days
