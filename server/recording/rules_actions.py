"""What the deletion goes by: the force's table with those that it replaced lately, and a clock that is not believed blindly."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import structlog

from server.audit.audit_entry import SYSTEM, Note, Subject, What
from server.clock import Clock
from server.database import Along
from server.errors import StartError
from server.recording.due_time import DueTime
from server.recording.retention import DAY_S, GRACE_DAYS, RetentionTable, Superseded
from server.recording.rules_store import Categories, RulesStore
from server.recording.turn_store import Turns

log = structlog.get_logger(__name__)

COUNTING = "retention-clock"  # the job of counting for how long the force's server has run
Newest = Callable[[], Awaitable[float | None]]  # when something was last written into audit or journal, before now


class Rules:
    """`start` before the first deletion; `within` makes a row of the audit to be written by a change's own transaction."""

    def __init__(
        self,
        store: RulesStore,
        turns: Turns,
        table: RetentionTable,
        clock: Clock,
        newest: Newest,
        within: Callable[..., Along],
    ) -> None:
        self._store = store
        self._turns = turns
        self._table = table
        self._clock = clock
        self._newest = newest
        self._within = within
        self._looked_at: float | None = None  # monotonic
        self.doubts: list[str] = []  # about what was in force before, for people

    async def start(self) -> None:
        """Know what was in force before, and note what is now."""
        due = await self._due_time()
        held = await self._store.in_force(self._table.as_json(), self._clock.wall(), self._changed)
        # Of those that were replaced longer ago no date lies ahead any more: they need not be judged by, every time.
        lately = [(before, at) for (_, before), (at, _) in pairwise(held) if at + GRACE_DAYS * DAY_S > due.trusted]
        followed = [_superseded(before, at) for before, at in lately]
        self._table.follow(followed)
        self.doubts = [_doubt(one) for one in followed if one.doubtful]
        for doubt in self.doubts:
            log.error("an older table of categories cannot be read", reason=doubt)

    async def due_at(self) -> float:
        """The time (Unix seconds) by which recordings are deleted. Where the clock leapt, the log says so."""
        due = await self._due_time()
        reason = due.held_back(self._clock.wall())
        if reason:
            log.error("the clock is not believed", reason=reason)
        return due.trusted

    async def held_back(self) -> str:
        """Why the clock is not believed, for people; empty where it is."""
        due = await self._store.due_time()
        return due.held_back(self._clock.wall()) if due is not None else ""

    async def _due_time(self) -> DueTime:
        monotonic, wall = self._clock.monotonic(), self._clock.wall()
        counts = await self._turns.take(COUNTING)  # two that run at once are one server that runs
        elapsed = 0.0 if self._looked_at is None or not counts else monotonic - self._looked_at
        held = before = await self._store.due_time()
        if before is None:
            newest = await self._newest()
            before = DueTime(wall if newest is None else min(wall, newest))
        due = before.after(wall, elapsed)
        if not await self._store.keep_due_time(held, due):  # another process has counted this time already
            due = await self._store.due_time() or due
        self._looked_at = monotonic
        return due

    def _changed(self, before: Categories) -> Along:
        old, new = _by_name(before), _by_name(self._table.as_json())
        names = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
        log.warning("the table of categories was changed", categories=names)
        detail = {name: [_terms(old.get(name)), _terms(new.get(name))] for name in names[:10]}
        return self._within(Note(What.CHANGE_RETENTION_TABLE, SYSTEM, Subject("retention", "table"), detail=detail))


def _superseded(categories: Categories, at: float) -> Superseded:
    """One that a later version refuses stops no start: what it kept is not known, so that nothing goes for a week."""
    try:
        return Superseded(RetentionTable.of(categories), at)
    except StartError as error:
        return Superseded(None, at, doubtful=str(error))


def _doubt(one: Superseded) -> str:
    until = datetime.fromtimestamp(one.replaced_at + GRACE_DAYS * DAY_S, UTC)
    return (
        f"The table of categories before this one cannot be read ({one.doubtful}): nothing is deleted "
        f"before {until:%d %b %Y %H:%M} UTC."
    )


def _by_name(categories: Categories) -> dict[str, Any]:
    return {one["name"]: one for one in categories}


def _terms(category: dict[str, Any] | None) -> list[Any] | None:
    """Days, days until a review, and how many tags count as it."""
    if category is None:
        return None
    return [
        category.get("days"),
        category.get("review_days"),
        len(category.get("tags", ())),
    ]  # perhaps another version's
