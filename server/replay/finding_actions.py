"""Finds recordings: rows and trails say which may fit, and only the journals of those are read, which decide."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from server.clock import Clock
from server.database import Among
from server.errors import NotFound, TooMany
from server.positions.area import Area, around
from server.positions.stay import Stay
from server.recording.sought import EARLIER_S, Sought
from server.replay.finding import NEAR_M, THERE_S, Wanted, fits, listed, stay_of
from server.replay.footage import Recording

if TYPE_CHECKING:
    from server.recording.store import Recording as Row
    from server.replay.actions import Sources

Json = dict[str, Any]
Stays = Mapping[str, Sequence[Stay]]  # by camera

MOST_READ = 500  # journals for one page of the list; each is some 10 ms when it was not read before
ROWS_AT_ONCE = 500
MOST_ROWS = 20_000  # looked at for one page; whoever asks again goes on behind them
MOST_ALERTS = 5000
MOST_WAITING = 4  # searches for a place: one goes on at a time, each some seconds of a thread


@dataclass(frozen=True, slots=True)
class _Times:
    """When something was so, by camera; it counts `slack_s` beyond its ends."""

    by_camera: Stays
    slack_s: float

    def may_hold(self, row: Row, now: float) -> bool:
        """Whether that may have been while this was recorded, as far as its row tells."""
        end = row.until if row.until is not None and row.ended_at is not None else now
        stays = self.by_camera.get(row.device_id, ())
        return any(stay.overlaps(row.asked_at - EARLIER_S, end + EARLIER_S) for stay in stays)

    def holds(self, one: Recording) -> bool:
        """Whether it was, as the journal tells."""
        return stay_of(one, self.by_camera.get(one.device_id, ()), self.slack_s) is not None


@dataclass(slots=True)
class _Page:
    """What was found so far. `last`: the id that was looked at last; `read`: journals."""

    rows: list[Recording]
    last: str | None = None
    read: int = 0


class Finder:
    """`outline` reads a recording's ends; it blocks, and raises NotFound for one that lies elsewhere."""

    def __init__(self, outline: Callable[[str], Recording], sources: Sources, clock: Clock) -> None:
        self._outline = outline
        self._sources = sources
        self._clock = clock
        self._looking = asyncio.Lock()
        self._waiting = 0

    async def page(self, looked_for: Wanted, own: str | None) -> Json:
        """A page of recordings, newest first; `own`: only those that this person wore the camera of."""
        now = self._clock.wall()
        within: list[_Times] = []
        near: Stays = {}
        if looked_for.incident is not None:
            stood = await self._sources.stood(looked_for.incident, 0.0, now, 1)
            if not stood:
                return {"at": now, "recordings": [], "next": None}
            ((device_id, (first, *_)),) = stood.items()
            looked_for = replace(looked_for, start=first.start, end=min(first.end, now))
            if looked_for.near:
                near = await self._near(looked_for, device_id, first, own)
                within.append(_Times(near, THERE_S))
        span = looked_for.start or 0.0, looked_for.end or now
        stays: Stays = {}
        if looked_for.area is not None:
            stays = await self._there(looked_for.area, *span, looked_for, own)
            within.append(_Times(stays, THERE_S))
        if looked_for.alert is not None:
            within.append(_Times(await self._sources.stood(looked_for.alert, *span, MOST_ALERTS), 0.0))
        found, after = await self._found(looked_for, own, within)
        alerts: Sequence[Json] = ()
        if found:
            span = min(one.start for one in found), max(one.end for one in found)
            cameras = Among(frozenset(one.device_id for one in found))
            alerts = await self._sources.alerts(*span, MOST_ALERTS, 0, cameras)
        rows = [listed(one, alerts, *(of.get(one.device_id, ()) for of in (stays, near))) for one in found]
        await asyncio.to_thread(self.tell_stamps, [row for row in rows if row["signed"]])
        return {"at": now, "recordings": rows, "next": after}

    def tell_stamps(self, signed: Iterable[Json]) -> None:
        """Add to each of these rows of recordings whether an authority has timestamped it. Blocks."""
        for row in signed:
            row["stamped"] = self._sources.stamped(row["id"])

    async def _near(self, looked_for: Wanted, device_id: str, stood: Stay, own: str | None) -> Stays:
        """When who was near where the alert of this camera was raised; the camera itself all the while."""
        start, end = looked_for.start or 0.0, looked_for.end or 0.0
        told = await self._sources.alerts(start, end, MOST_ALERTS, 0, Among(frozenset((device_id,))))
        alert = next((one for one in told if one["id"] == looked_for.incident), None)
        near: Stays = {}
        if alert is not None and alert["lat"] is not None:
            near = await self._there(around(alert["lat"], alert["lon"], NEAR_M), start, end, looked_for, own)
        return {**near, device_id: [replace(stood, nearest_m=0.0)]}

    async def _there(self, area: Area, start: float, end: float, looked_for: Wanted, own: str | None) -> Stays:
        """When who was in the area, of the cameras that the rest leaves. Raises BadRequest, TooMany."""
        if self._waiting > MOST_WAITING:
            raise TooMany("others look for a place at this moment; try again", headers={"Retry-After": "10"})
        self._waiting += 1
        try:
            async with self._looking:
                cameras = await self._cameras(_sought(looked_for, own, ()))
                return await self._sources.stays(area, start, end, cameras) if cameras != set() else {}
        finally:
            self._waiting -= 1

    async def _cameras(self, sought: Sought) -> set[str] | None:
        """Of all recordings that may fit; None: too many to look."""
        found: set[str] = set()
        for _ in range(MOST_ROWS // ROWS_AT_ONCE):
            rows = await self._sources.recordings(sought)
            found |= {row.device_id for row in rows}
            if len(rows) < sought.limit:
                return found
            sought = replace(sought, before=rows[-1].id)
        return None

    async def _found(
        self, looked_for: Wanted, own: str | None, within: Sequence[_Times]
    ) -> tuple[list[Recording], str | None]:
        """Those that fit, and where the next page goes on."""
        page, sought, seen = _Page([]), _sought(looked_for, own, within), 0
        while sought.device_ids != ():
            rows = await self._sources.recordings(sought)
            seen += len(rows)
            whole = await asyncio.to_thread(self._read, rows, looked_for, within, page)
            if not whole or (len(rows) == sought.limit and seen >= MOST_ROWS):
                return page.rows, page.last
            if len(rows) < sought.limit:
                break
            sought = replace(sought, before=page.last)
        return page.rows, None

    def _read(self, rows: Sequence[Row], looked_for: Wanted, within: Sequence[_Times], page: _Page) -> bool:
        """Add those that fit. False: the page is full, or enough has been read for it."""
        now = self._clock.wall()
        for row in rows:
            if len(page.rows) >= looked_for.limit or page.read >= MOST_READ:
                return False
            page.last = row.id
            if not all(times.may_hold(row, now) for times in within):
                continue
            page.read += 1
            try:
                one = self._outline(row.id)
            except NotFound:  # it lies at another host, or is gone
                continue
            if one.segments and fits(one, looked_for) and all(times.holds(one) for times in within):
                page.rows.append(one)
        return True


def _sought(looked_for: Wanted, own: str | None, within: Sequence[_Times]) -> Sought:
    devices = [set(times.by_camera) for times in within]
    if looked_for.device_id is not None:
        devices.append({looked_for.device_id})
    return Sought(
        start=looked_for.start,
        end=looked_for.end,
        device_ids=tuple(sorted(set.intersection(*devices))) if devices else None,
        person_id=own,
        officer=looked_for.officer,
        tag=looked_for.tag,
        category=looked_for.category,
        text=looked_for.text,
        before=looked_for.before,
        limit=ROWS_AT_ONCE,
    )
