"""Deletes logs of weapons that have been kept long enough: as long as what its camera recorded then, and at least as long as
what nobody has marked, counted from when it was brought in. The row of the audit and the tombstone are in one commit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from server.audit.audit_entry import SYSTEM, Note, Subject, What
from server.clock import Clock
from server.database import Along
from server.recording.marks import Marks
from server.recording.retention import RetentionTable
from server.taser.store import Item, TaserStore, Tombstone

log = structlog.get_logger(__name__)

IsRecorded = Callable[[str, float, float], Awaitable[bool]]  # of a camera, whether anything of that time is still kept


class LogDeletion:
    """`within` makes a row of the audit that a change's own transaction writes; `forget`: it is not to be read any more."""

    def __init__(
        self,
        store: TaserStore,
        table: RetentionTable,
        is_recorded: IsRecorded,
        within: Callable[..., Along],
        forget: Callable[[str], None],
        clock: Clock,
    ) -> None:
        self._store = store
        self._table = table
        self._is_recorded = is_recorded
        self._within = within
        self._forget = forget
        self._clock = clock

    async def run(self, due: float) -> None:
        """Delete what is due by then (Unix seconds). Raises Unavailable."""
        for item in await self._store.brought_in_before(due):
            verdict = self._table.judge(item.at, Marks(), due)
            if not verdict.may_delete(due) or await self._is_recorded(item.device_id, item.start, item.end):
                continue
            tombstone = _tombstone(item, verdict.rule, self._clock.wall())
            if await self._store.bury(tombstone, self._within(_deletion(tombstone))):
                self._forget(item.id)
                log.info("a TASER log is deleted", log_id=item.id, rule=verdict.rule)


def _tombstone(item: Item, rule: str, at: float) -> Tombstone:
    return Tombstone(
        id=item.id,
        device_id=item.device_id,
        call_sign=item.call_sign,
        serial=item.serial,
        sha256=item.sha256,
        bytes=item.bytes,
        start=item.start,
        end=item.end,
        at=item.at,
        rule=rule,
        deleted_at=at,
    )


def _deletion(tombstone: Tombstone) -> Note:
    detail = {
        "rule": tombstone.rule,
        "device_id": tombstone.device_id,
        "from": tombstone.start,
        "to": tombstone.end,
        "bytes": tombstone.bytes,
        "sha256": tombstone.sha256,
    }
    subject = Subject("taser-log", tombstone.id, tombstone.call_sign)
    return Note(What.DELETE_TASER_LOG, SYSTEM, subject, "kept as long as what was recorded then", detail=detail)
