"""What may be done about keeping a recording: marked by people, and looked up."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import Any

from server.clock import Clock
from server.database import Along
from server.errors import BadRequest, Conflict
from server.recording.marks import By, Entry, HoldKind, Mark, MarkKind, Marks, Outcome
from server.recording.retention import DAY_S, Category, RetentionTable
from server.recording.retention_store import RetentionStore
from server.recording.sought import Sought
from server.recording.store import Recording, RecordingState

MOST_LISTED = 500
SHARED_DAYS = 30.0
RETAINED_DAYS = 365.0  # until the next review, where nobody says another date
HeldBack = Callable[[], Awaitable[str]]  # why nothing is deleted by the clock; empty where it is
AlongOf = Callable[[Recording], Along]  # the audit's row of it


class Retention:
    """Marks and what follows from them."""

    def __init__(self, store: RetentionStore, table: RetentionTable, clock: Clock, held_back: HeldBack) -> None:
        self._store = store
        self.table = table
        self._clock = clock
        self._held_back = held_back

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

    async def mark(self, recording_id: str, by: By, mark: Mark, along: AlongOf) -> dict[str, Any]:
        """Add a mark, in one commit with its row of the audit. Raises NotFound, Conflict, BadRequest, Unavailable."""
        recording, entries = await self._store.entries(recording_id)
        if recording.state is RecordingState.DELETED:
            raise Conflict(f"recording {recording_id} is deleted")
        mark = self._checked(recording, mark)
        Marks.of(entries).after(Entry(len(entries) + 1, self._clock.wall(), by, mark))
        await self._store.add(recording_id, self._clock.wall(), by, mark, along(recording))
        return await self.of(recording_id)

    async def hold_shared(self, recording_ids: Sequence[str], by: By, why: str, along: AlongOf) -> None:
        """What leaves the building stays here for a month: whoever gets it may ask for the whole, or have the proof checked
        against it. It ends by itself, and can be lifted. Raises as `mark` does."""
        now = self._clock.wall()
        until = now + SHARED_DAYS * DAY_S
        for recording_id in recording_ids:
            _, entries = await self._store.entries(recording_id)
            shares = [hold for hold in Marks.of(entries).holding(now) if hold.kind is HoldKind.SHARE]
            if not any(hold.until is None or hold.until > until - DAY_S for hold in shares):
                await self.mark(recording_id, by, Mark(MarkKind.HOLD, HoldKind.SHARE.value, why, until), along)

    def _checked(self, recording: Recording, mark: Mark) -> Mark:
        now = self._clock.wall()
        if mark.until is not None and mark.until <= now:
            raise BadRequest("the date must be in the future")
        if mark.kind is MarkKind.CATEGORY:
            category = self._known(mark.value)
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
        rules = {"rules": _by_rule(going), "held_back": await self._held_back()}
        return {"at": now, "days": days, "counts": counts, **rules, **listed}

    def _told(self, recording: Recording, marks: Marks, name: str, until: float) -> dict[str, Any] | None:
        """A row of the list, if it has this date by then; one that is held is not about to go."""
        verdict = self.table.judge(recording.ended_at, marks, until)
        at = verdict.delete_at if name == "delete_at" else verdict.review_at
        if at is None or at > until or (verdict.kept_by and name == "delete_at"):
            return None
        about = {"id": recording.id, "device_id": recording.device_id, "call_sign": recording.call_sign}
        times = {"from": recording.asked_at, "to": recording.ended_at, name: at}
        return {**about, "wearer": recording.wearer, **times, "rule": verdict.rule, "bytes": recording.bytes}

    async def matching(self, sought: Sought) -> list[Recording]:
        """Recordings that are not deleted, newest first. Raises BadRequest for a category that the table has not."""
        if sought.category:
            self._known(sought.category)
        return await self._store.matching(self.table, sought)

    def _known(self, name: str) -> Category:
        category = self.table.find(name)
        if category is None:
            raise BadRequest(f"category: expected one of {', '.join(one.name for one in self.table.categories)}")
        return category


def _by_rule(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """How much goes by which rule."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        one = found.setdefault(row["rule"], {"rule": row["rule"], "deletions": 0, "bytes": 0})
        one["deletions"] += 1
        one["bytes"] += row["bytes"]
    return [found[rule] for rule in sorted(found)]


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
