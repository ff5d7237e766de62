"""Reads what the stores hold of an interval: first of the view's own cameras, then of the others, so that however busy the
force was, nothing of what is looked at is left out for it. Where more is there than is read at once, the facts say so."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from server.database import Among
from server.recording.sought import Sought
from server.replay.cut import Cut
from server.replay.decided import TOLD_WITHIN_S, Stretch, cameras_in
from server.replay.footage import Recording
from server.replay.room_command import commands
from server.replay.timeline import Facts

if TYPE_CHECKING:
    from server.replay.actions import Sources
    from server.replay.store import BookmarkStore
    from server.replay.view import View

Json = dict[str, Any]
Row = TypeVar("Row")

MOST_ROWS = 5000  # of the own cameras' alerts, their states, advice, activity or commands; and of all others' as many


@dataclass(slots=True)
class _Read:
    """What was read of some cameras."""

    own: bool
    alerts: list[Json] = field(default_factory=list)
    alert_states: list[tuple[float, Json]] = field(default_factory=list)
    advice: list[Json] = field(default_factory=list)
    activity: list[tuple[float, Json]] = field(default_factory=list)
    decisions: list[Json] = field(default_factory=list)
    cuts: list[Cut] = field(default_factory=list)

    def first(self, what: str, rows: Sequence[Row], at: Callable[[Row], float]) -> list[Row]:
        """Of one row more than are kept, those that are; notes what lacks. `at`: from when on, told by the last of them."""
        if len(rows) > MOST_ROWS:
            self.cuts.append(Cut(what, self.own, at(rows[MOST_ROWS - 1])))
        return list(rows[:MOST_ROWS])


class FactReader:
    """Of one server's stores."""

    def __init__(self, sources: Sources, bookmarks: BookmarkStore) -> None:
        self._sources = sources
        self._bookmarks = bookmarks

    async def of(self, view: View, found: Sequence[Recording], end: float, *, of_all: bool) -> Facts:
        """What there is of these recordings from the view's start to `end`, and of every other camera too if `of_all`."""
        cameras = Among(frozenset(view.device_ids))
        own = await self._read(cameras, view.start, end)
        others = await self._read(replace(cameras, others=True), view.start, end) if of_all else _Read(own=False)
        fixes = await self._sources.fixes(view.start, end, None if of_all else cameras)
        signs = await self._sources.call_signs()
        device_of = {one.id: one.device_id for one in found}
        asked = {*device_of, *device_of.values()}
        decisions = sorted([*own.decisions, *others.decisions], key=lambda one: (float(one["at"]), str(one["id"])))
        seen = cameras_in(decisions) - set(view.device_ids) if of_all else set()
        done = await self._sources.done(asked, view.start, end, MOST_ROWS + 1)
        marks = await self._bookmarks.of(view.recording_ids, view.start, end, MOST_ROWS + 1)
        return Facts(
            start=view.start,
            end=end,
            recordings=found,
            fixes=fixes,
            alerts=sorted([*own.alerts, *others.alerts], key=lambda one: int(one["seq"])),
            alert_states=_by_time([*own.alert_states, *others.alert_states]),
            advice=sorted([*own.advice, *others.advice], key=lambda one: (float(one["sent_at"]), str(one["id"]))),
            activity=_by_time([*own.activity, *others.activity]),
            taser_logs=await self._sources.taser_logs(view.start, end),
            bookmarks=own.first("bookmarks", marks, lambda one: one.at),
            commands=commands(own.first("commands", done, lambda one: one.at), device_of),
            call_signs={one: signs.get(one, one) for one in {*fixes, *view.device_ids}}
            | {one.device_id: one.call_sign for one in found},
            cuts=[*own.cuts, *others.cuts],
            grew=view.end is None,
            decisions=decisions,
            elsewhere=await self._recorded(seen, view.start, end),
        )

    async def _recorded(self, device_ids: set[str], start: float, end: float) -> dict[str, list[Stretch]]:
        """When each of these cameras was recorded in that time, as far as anything of it is still kept."""
        if not device_ids:
            return {}
        sought = Sought(start - TOLD_WITHIN_S, end, tuple(sorted(device_ids)), limit=MOST_ROWS)
        found: dict[str, list[Stretch]] = {}
        rows = await self._sources.recordings(sought)
        for row in (one for one in rows if one.state.value != "missing"):
            found.setdefault(row.device_id, []).append((row.asked_at, math.inf if row.until is None else row.until))
        return found

    async def _read(self, cameras: Among, start: float, end: float) -> _Read:
        read, most, ask = _Read(own=not cameras.others), MOST_ROWS + 1, self._sources
        # by when they last changed: any of the interval may lack
        read.alerts = read.first("alerts", await ask.alerts(start, end, most, None, cameras), lambda _: start)
        states = await ask.alert_states([str(one["id"]) for one in read.alerts], start, end, most)
        stood = [one for one in states if one[0] < start]
        read.alert_states = stood + read.first("alert_states", states[len(stood) :], _when)
        read.advice = read.first(
            "advice", await ask.advice(start, end, most, cameras), lambda one: float(one["sent_at"])
        )
        read.activity = read.first("activity", await ask.activity(start, end, most, cameras), _when)
        decisions = await ask.decisions(start - TOLD_WITHIN_S, end, most, cameras)
        read.decisions = read.first("decisions", decisions, lambda one: float(one["at"]))
        return read


def _when(told: tuple[float, Json]) -> float:
    return told[0]


def _by_time(told: Sequence[tuple[float, Json]]) -> list[tuple[float, Json]]:
    return sorted(told, key=lambda one: (one[0], int(one[1]["seq"])))
