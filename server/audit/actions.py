"""What may be done with the audit: note something, read, export, check.

`note` and `viewing` return once the row is committed, and raise Unavailable where it cannot be: then nothing may be
shown. `noted_soon` and `refused` are plain calls for what has happened already; they are tried until they are written.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from typing import Any, Self

from sqlalchemy.ext.asyncio import AsyncConnection

from server.audit.asked import Asked
from server.audit.audit_entry import START, AuditEntry, ChainWalk, Fault, Note, What, noted
from server.audit.repeats import Repeats
from server.audit.store import AuditStore, Head
from server.clock import Clock
from server.database import Along
from server.errors import NotFound
from server.tasks import TaskOwner

SUM_EVERY_S = 5.0
COVERS_S = 60.0  # from the row that something is taken to its being fetched by that
CHECKED_AT_ONCE = 20_000  # rows of one answer: about a second
LOST = "the row is missing: the counter says that there was one"
FOREIGN = "the row was not written by Watchroom: the counter does not know it"
WRONG_END = "the row is not the one that the counter knows: it and all before it were written anew"


class Audit:
    """The audit of the installation. `note` needs `async with`; reading does not."""

    def __init__(self, store: AuditStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._repeats = Repeats()
        self._closing = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as closing:
            tasks = await closing.enter_async_context(TaskOwner("audit"))
            closing.push_async_callback(self._end)
            self._store.start(tasks)
            tasks.repeat(SUM_EVERY_S, self.sum_up, "repeats")
            self._closing = closing.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._closing.aclose()

    # ---- writing --------------------------------------------------------------------------------

    async def note(self, note: Note) -> None:
        """Commit a row. Raises Unavailable: it is not written, and what it is about must not happen."""
        await self._store.commit((self._clock.wall(), noted(note)))

    def within(self, *notes: Note) -> Along:
        """Rows that are written by the transaction of the change that they are about: there is no one without the other."""
        kept = [(self._clock.wall(), noted(note)) for note in notes]

        async def write(tx: AsyncConnection) -> None:
            await self._store.append_in(tx, kept)

        return write

    def note_soon(self, note: Note) -> None:
        """What has been done; the row is written as soon as it can be."""
        self._store.later((self._clock.wall(), noted(note)))

    def note_repeated(self, note: Note) -> None:
        """What may be tried again and again (a refusal): the first at once, those of the next minute as one row."""
        kept = noted(note)
        if self._repeats.is_news(kept, self._clock.wall()):
            self._store.later((self._clock.wall(), kept))

    async def sum_up(self, *, at_end: bool = False) -> None:
        """Write what was counted meanwhile."""
        for note in self._repeats.due(self._clock.wall(), at_end=at_end):
            self.note_soon(note)

    async def flush(self) -> None:
        """Wait until all that was noted is written."""
        await self._store.flush()

    async def _end(self) -> None:
        await self.sum_up(at_end=True)
        await self._store.close()

    # ---- reading --------------------------------------------------------------------------------

    async def page(self, asked: Asked) -> dict[str, Any]:
        """The rows that are asked for, the newest first; `more`: there may be others before them. And the time."""
        entries = await self._store.page(asked)
        more = len(entries) == asked.limit and entries[-1].seq > 1
        return {"at": self._clock.wall(), "rows": [entry.as_json() for entry in entries], "more": more}

    async def latest(self, person_id: str, what: What) -> dict[str, Any]:
        """The newest row of this kind that this person has caused. Raises NotFound."""
        entries = await self._store.page(Asked(person=person_id, what=what.value, limit=1))
        if not entries:
            raise NotFound(f"there is no row {what.value} of {person_id}")
        return entries[0].as_json()

    async def covers(self, seq: int, person_id: str, what: What, detail: Mapping[str, Any]) -> bool:
        """Whether that row says that this person does just this, now."""
        entries = await self._store.page(Asked(before=seq + 1, limit=1))
        one = entries[0] if entries and entries[0].seq == seq else None
        is_this = one is not None and (one.what, one.actor.id, dict(one.detail)) == (
            what.value,
            person_id,
            dict(detail),
        )
        return is_this and one is not None and 0 <= self._clock.wall() - one.at <= COVERS_S

    async def viewings(self, subjects: Mapping[str, Sequence[str]], asked: Asked) -> dict[str, Any]:
        """Who looked at these (ids by kind of subject), when, how and why, the newest first: for whom they show. From where
        somebody looked is for auditors."""
        entries = await self._store.viewings(subjects, asked.before, asked.limit)
        more = len(entries) == asked.limit and entries[-1].seq > 1
        return {"at": self._clock.wall(), "viewings": [_viewing(entry) for entry in entries], "more": more}

    async def between(
        self, whats: Sequence[str], subject_ids: Collection[str], start: float, end: float, limit: int
    ) -> list[AuditEntry]:
        """What of these kinds was done with these from `start` to `end` (Unix seconds), the oldest first, at most `limit`."""
        return await self._store.between(whats, subject_ids, start, end, limit)

    async def export(self, asked: Asked, upto: int) -> AsyncIterator[str]:
        """The rows that are asked for up to number `upto`, oldest first, as JSON lines, some at a time."""
        async for entries in self._store.chunks(asked, 0, upto):
            yield await asyncio.to_thread(_lines, entries)

    async def last(self) -> int:
        """The number of the newest row."""
        return (await self._store.head()).seq

    async def last_at(self) -> float | None:
        """When the newest row was noted (Unix seconds); None when there is none."""
        newest = await self._store.page(Asked(limit=1))
        return newest[0].at if newest else None

    async def check(self, after: int = 0, most: int = CHECKED_AT_ONCE) -> dict[str, Any]:
        """Walk the chain behind the row `after`, `most` rows at once: `checked` is the last that holds, `done` whether
        it is the end of the chain, `fault` the first row that does not hold. Raises NotFound for an `after` that is none.
        """
        head = await self._store.head()
        chain = START if after == 0 else await self._store.chain_of(after)
        if chain is None:
            raise NotFound(f"there is no row {after} to check from")
        walk = ChainWalk(after, chain)
        fault = await self._walked(walk, min(head.seq, after + most))
        done = fault is not None or walk.seq >= head.seq
        if fault is None and done:
            fault = _fault_at_end(walk, head)
        told = None if fault is None else asdict(fault)
        return {
            "at": self._clock.wall(),
            "rows": head.seq,
            "checked": walk.seq,
            "done": done,
            "fault": told,
            "chain": walk.chain,
        }

    async def _walked(self, walk: ChainWalk, upto: int) -> Fault | None:
        async for entries in self._store.chunks(Asked(), walk.seq, upto):
            fault = await asyncio.to_thread(walk.fault_in, entries)
            if fault is not None:
                return fault
        return None if walk.seq >= upto else Fault(walk.seq + 1, LOST)


def _viewing(entry: AuditEntry) -> dict[str, Any]:
    span = {name: entry.detail.get(name) for name in ("from", "to")}
    by = {"id": entry.actor.id, "name": entry.actor.name, "role": entry.actor.role}
    of = {"kind": entry.subject.kind, "id": entry.subject.id, "call_sign": entry.subject.name}
    return {"seq": entry.seq, "at": entry.at, "what": entry.what, "by": by, "of": of, "why": entry.why, **span}


def _fault_at_end(walk: ChainWalk, head: Head) -> Fault | None:
    if head.newest > head.seq:
        return Fault(head.seq + 1, FOREIGN)
    return None if walk.chain == head.chain else Fault(head.seq, WRONG_END)


def _lines(entries: list[AuditEntry]) -> str:
    return "".join(entry.line() for entry in entries)
