"""A simulated colleague at another desk: who only looks on sees an incident answered, and the room calm again.

The colleague takes what nobody else takes: acknowledges, writes a line, resolves. After each act of a person it leaves the
room to them for a while. Its acts are a person's own, in alerts, history and audit, under a name that says what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from server.advice.actions import Advising
from server.alerts.actions import Alerts
from server.alerts.alert import OPEN, By, Happening
from server.clock import Clock
from server.errors import Conflict
from streamer.scenario import Colleague

LOOKS_S = 1.0
Shown = Mapping[str, Any]  # an alert, or advice, as consoles see it


class Deed(StrEnum):
    """What the colleague does with an alert."""

    ACKNOWLEDGE = "acknowledge"
    ADVISE = "advise"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True)
class Act:
    """The next thing to do, and with which alert."""

    deed: Deed
    alert: Shown


def due(plan: Colleague, me: str, alerts: Sequence[Shown], advice: Sequence[Shown], now: float) -> Act | None:
    """What the colleague, whose person's id is `me`, does at `now` (Unix seconds). Nothing while somebody else acts."""
    if now < max(_acts_of_others(me, alerts, advice), default=0.0) + plan.away_s:
        return None
    standing = [alert for alert in alerts if alert["state"] in OPEN]
    for alert in sorted(standing, key=lambda one: (one["priority"], one["needs_since"])):
        deed = _deed(plan, alert, advice, now)
        if deed is not None:
            return Act(deed, alert)
    return None


def _acts_of_others(me: str, alerts: Iterable[Shown], advice: Iterable[Shown]) -> list[float]:
    """When people did something. That a console has shown an alert is nobody's act."""
    steps = [step for alert in alerts for step in alert["steps"] if step["action"] != "seen"]
    done = [step["at"] for step in steps if step["by"] is not None and step["by"]["id"] != me]
    return done + [item["sent_at"] for item in advice if item["author"]["id"] != me]


def _deed(plan: Colleague, alert: Shown, advice: Iterable[Shown], now: float) -> Deed | None:
    taken_at, over_at = alert["acknowledged_at"], alert["cleared_at"]
    if alert["acknowledged_by"] is None:
        return Deed.ACKNOWLEDGE if now >= alert["needs_since"] + plan.after_s else None
    if over_at is None and alert["priority"] == 3:
        over_at = taken_at  # a weak battery is known from then on; nothing clears it
    if over_at is not None:
        return Deed.RESOLVE if now >= max(taken_at, over_at) + plan.closes_after_s else None
    said = any(item["device_id"] == alert["device_id"] and item["sent_at"] >= taken_at for item in advice)
    if alert["priority"] == 1 and not said and now >= taken_at + plan.says_after_s:
        return Deed.ADVISE
    return None


class Desk:
    """The colleague's desk: looks every second, and does what is due."""

    def __init__(self, plan: Colleague, by: By, alerts: Alerts, advising: Advising, clock: Clock) -> None:
        self._plan = plan
        self._by = by
        self._alerts = alerts
        self._advising = advising
        self._clock = clock

    async def look(self) -> None:
        """Look once. A person who is quicker wins."""
        alerts, advice = await self._alerts.standing(), await self._advising.newest()
        act = due(self._plan, self._by.id, alerts, advice, self._clock.wall())
        if act is not None:
            with suppress(Conflict):
                await self._do(act)

    async def _do(self, act: Act) -> None:
        alert = act.alert
        if act.deed is Deed.ADVISE:
            once = f"{alert['id']} {alert['needs_since']}"
            await self._advising.send(alert["device_id"], self._plan.says, once, self._by.id, self._by.name)
            return
        happening = Happening.ACKNOWLEDGE if act.deed is Deed.ACKNOWLEDGE else Happening.RESOLVE
        await self._alerts.act(alert["id"], happening, self._by)
