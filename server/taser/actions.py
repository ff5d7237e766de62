"""What may be done with logs of weapons: bring one in, say how far its clock is off, and place its events.

Its events are placed by the weapon's own time less the offset, and each says both. The offset is matched with what the
camera told at the time; what a person sets counts before that, with a name and a reason.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from server.clock import Clock
from server.database import Along
from server.errors import BadRequest
from server.recording.marks import By
from server.taser.log import TaserLog, excerpt, read_log
from server.taser.offset import FURTHEST_S, SET, SIGNALS, Offset, Told, estimated
from server.taser.store import Item, Setting, TaserStore

log = structlog.get_logger(__name__)

Json = dict[str, Any]
Signals = Callable[[str, Collection[str], float, float, int], Awaitable[list[tuple[str, float]]]]  # kind, server's time
# device_id, from, to → call sign, and who wore it then, if that is known; raises NotFound
Bearer = Callable[[str, float, float], Awaitable[tuple[str, Mapping[str, Any] | None]]]
MOST_LISTED = 200
MOST_SIGNALS = 500
KEPT = 8  # files that were read, in memory: some 30 MB each at most
LONGEST_WINDOW_S = 7 * 86_400.0
MOST_OFFSET_S = 366 * 86_400.0


@dataclass(frozen=True, slots=True)
class Offered:
    """A file, as somebody brings it: of which camera's officer, for which time (Unix seconds), and how it is read."""

    device_id: str
    start: float
    end: float
    name: str
    why: str
    utc_offset: str = ""
    date_order: str = ""


class TaserLogs:
    """Logs of weapons of this installation."""

    def __init__(self, store: TaserStore, bearer: Bearer, signals: Signals, clock: Clock) -> None:
        self._store = store
        self._bearer = bearer
        self._signals = signals
        self._clock = clock
        self._read: OrderedDict[str, TaserLog] = OrderedDict()

    async def bring_in(self, offered: Offered, content: bytes, by: By, along: Callable[[Item], Along]) -> Json:
        """Keep a file, with its audit row. Raises BadRequest that names row and column, NotFound, Conflict, Unavailable."""
        if not 0 < offered.end - offered.start <= LONGEST_WINDOW_S:
            raise BadRequest(f"to: expected after from, by at most {LONGEST_WINDOW_S / 86_400:.0f} days")
        call_sign, wearer = await self._bearer(offered.device_id, offered.start, offered.end)
        read = await asyncio.to_thread(read_log, content, offered.utc_offset, offered.date_order)
        item = Item(
            id=secrets.token_hex(16),
            device_id=offered.device_id,
            call_sign=call_sign,
            wearer=wearer,
            serial=read.serial,
            name=offered.name,
            sha256=hashlib.sha256(content).hexdigest(),
            bytes=len(content),
            events=len(read.events),
            zone=read.zone,
            utc_offset=offered.utc_offset,
            date_order=offered.date_order,
            start=offered.start,
            end=offered.end,
            why=offered.why,
            at=self._clock.wall(),
            by_id=by.id,
            by_name=by.name,
        )
        placed = _placed(item, read, await self._offset(item, read, None))
        if not placed["placed"]:
            raise BadRequest(
                f"from, to: none of the {len(read.events)} events lies in that time", offset=placed["offset"]
            )
        await self._store.add(item, _shown(placed), content, along(item))
        self._keep(item.id, read)
        return await self.one(item.id)

    async def set_offset(self, log_id: str, seconds: float | None, why: str, by: By, along: Along) -> Json:
        """Say by how much its clock is ahead; None: as it is matched. Raises NotFound, BadRequest, Unavailable."""
        if seconds is not None and not abs(seconds) <= MOST_OFFSET_S:  # nor is NaN, and an integer has any length
            raise BadRequest(
                "offset_s: expected the seconds by which the weapon's clock is ahead, at most a year, or null"
            )
        setting = Setting(self._clock.wall(), by.id, by.name, seconds, why)
        item = await self._store.one(log_id)
        read = await self._reading(item)
        placed = _placed(item, read, await self._offset(item, read, setting))
        await self._store.set_offset(log_id, setting, _shown(placed), along)
        return await self.one(log_id)

    async def item(self, log_id: str) -> Item:
        """A log as it was brought in. Raises NotFound."""
        return await self._store.one(log_id)

    async def one(self, log_id: str) -> Json:
        """A log without its events, which are for who replays that time, and all that was said of its clock. Raises NotFound."""
        item = await self._store.one(log_id)
        said = (await self._store.settings([log_id]))[log_id]
        placed = await self._now(item, said)
        return {**item.as_json(), **_shown(placed), "problem": placed["problem"], "settings": _told(said)}

    async def listed(self) -> Json:
        """The newest logs, as they stood when their clock was last set: no file is read."""
        found = await self._store.newest(MOST_LISTED)
        said = await self._store.settings([item.id for item, _ in found])
        logs = [{**item.as_json(), **shown, "problem": "", "settings": _told(said[item.id])} for item, shown in found]
        return {"at": self._clock.wall(), "logs": logs}

    async def between(self, start: float, end: float) -> list[Json]:
        """The logs that were brought in for any of this time, each with those of its events that are placed in it."""
        found = []
        items = await self._store.between(start, end)
        said = await self._store.settings([item.id for item in items])
        for item in items:
            placed = await self._now(item, said[item.id])
            inside = [event for event in placed["placed"] if start <= event["at"] <= end]
            found.append({**placed, "placed": inside})
        return found

    async def excerpts(self, rows: Mapping[str, Collection[int]]) -> dict[str, bytes]:
        """The rows of these files, by id, below the names of their columns. Raises NotFound."""
        return {
            log_id: await asyncio.to_thread(excerpt, await self._store.content(log_id), frozenset(wanted))
            for log_id, wanted in rows.items()
        }

    def forget(self, log_id: str) -> None:
        """It is deleted: of its file nothing stays in memory."""
        self._read.pop(log_id, None)

    # ---- how it is placed ---------------------------------------------------------------------------

    async def _now(self, item: Item, said: Sequence[Setting]) -> Json:
        """It with its events. One that a later version cannot read any more says so, and holds no replay up."""
        try:
            read = await self._reading(item)
        except BadRequest as error:
            log.error("a TASER log cannot be read", log_id=item.id, error=error.detail)
            return _placed(item, TaserLog("", item.zone, ()), Offset(0.0), f"it cannot be read: {error.detail}")
        return _placed(item, read, await self._offset(item, read, said[-1] if said else None))

    async def _offset(self, item: Item, read: TaserLog, said: Setting | None) -> Offset:
        if said is not None and said.seconds is not None:
            return Offset(said.seconds, SET, by=said.by_name, why=said.why)
        signals = await self._signals(item.device_id, SIGNALS, item.start, item.end, MOST_SIGNALS)
        told = [Told(SIGNALS[kind], at) for kind, at in signals]
        near = [one for one in read.events if item.start - FURTHEST_S <= one.at <= item.end + FURTHEST_S]
        return await asyncio.to_thread(estimated, near, told)

    async def _reading(self, item: Item) -> TaserLog:
        known = self._read.get(item.id)
        if known is None:
            content = await self._store.content(item.id)
            known = await asyncio.to_thread(read_log, content, item.utc_offset, item.date_order)
        self._keep(item.id, known)
        return known

    def _keep(self, log_id: str, read: TaserLog) -> None:
        self._read[log_id] = read
        self._read.move_to_end(log_id)
        while len(self._read) > KEPT:
            self._read.popitem(last=False)


def _placed(item: Item, read: TaserLog, offset: Offset, problem: str = "") -> Json:
    events = [
        {"at": event.at - offset.seconds, **event.as_json()}
        for event in read.events
        if item.start <= event.at - offset.seconds <= item.end
    ]
    placed = sorted(events, key=lambda event: event["at"])
    return {**item.as_json(), "offset": offset.as_json(), "problem": problem, "placed": placed}


def _shown(placed: Json) -> Json:
    """Of its events as a list has it; `within`: how many are placed in the time that it was brought in for."""
    return {"within": len(placed["placed"]), "offset": placed["offset"]}


def _told(said: Sequence[Setting]) -> list[Json]:
    return [{"at": one.at, "by": one.by_name, "offset_s": one.seconds, "why": one.why} for one in said]
