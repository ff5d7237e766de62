"""What follows from a signal: a new alert, a change of the open one of its family, or only an activity. Pure.

Signals may come twice and in any order. The same set of signals, without a person's action between,
leads to the same state, kind and count whatever the order of arrival.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypedDict

from server.alerts.alert import Alert, Happening, Origin, State, Step, Wearer, follow
from server.alerts.catalogue import AlertKind

BOUNCE_S = 10.0  # a contact that comes and goes: who has not been answered yet waits on, and nothing sounds anew
CHATTER_S = 60.0  # the same within a minute of the last is chatter (A4); later, it is news, even if acknowledged


class Effect(StrEnum):
    """What a signal did."""

    RAISE = "raised"
    ESCALATE = "escalated"
    RETURN = "raised again"
    REPEAT = "repeated"
    CLEAR = "cleared"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something that a camera, or the server about a camera, reports."""

    device_id: str
    origin: Origin
    received_at: float
    offset_s: float = 0.0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """Who and where, as known when the alert is raised."""

    call_sign: str
    wearer: Wearer | None = None
    lat: float | None = None
    lon: float | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Consequence:
    """The alert as it now is, and the lines to add to its history."""

    effect: Effect
    alert: Alert | None
    steps: tuple[Step, ...] = ()


class _Words(TypedDict):
    kind: str
    family: str
    title: str
    priority: int
    cause: str
    action: str
    time_allowed_s: float


def raise_new(
    alert_id: str, kind: AlertKind, seen: Occurrence, setting: Setting, known_clear: Origin | None
) -> Consequence:
    """A new alert. If what clears it has already arrived (out of order), it starts as cleared-unacknowledged."""
    alert = Alert(
        id=alert_id,
        seq=0,
        **_words(kind),
        device_id=seen.device_id,
        call_sign=setting.call_sign,
        wearer=setting.wearer,
        lat=setting.lat,
        lon=setting.lon,
        place=setting.place,
        state=State.RAISED,
        raised_at=seen.received_at,
        needs_since=seen.received_at,
        device_at=seen.origin.at,
        clock_offset_s=seen.offset_s,
        count=1,
        last_raise=seen.origin,
        last_at=seen.received_at,
    )
    raised = Consequence(Effect.RAISE, alert, (Step("raised", seen.received_at, None, _detail(kind.title, seen)),))
    if known_clear is None or not known_clear.after(seen.origin):
        return raised
    after = clear(alert, replace(seen, origin=known_clear, detail=""))
    return Consequence(Effect.RAISE, after.alert, raised.steps + after.steps)


def raise_again(alert: Alert, kind: AlertKind, seen: Occurrence, current: AlertKind) -> Consequence:
    """The family's alert is open: count what repeats its kind, and let a graver kind take it over."""
    counted = replace(
        alert,
        count=alert.count + (kind.kind == alert.kind),
        device_at=min(alert.device_at, seen.origin.at),
        last_raise=seen.origin if seen.origin.after(alert.last_raise) else alert.last_raise,
        last_at=max(alert.last_at, seen.received_at),
    )
    if kind.gravity > current.gravity:
        return _escalated(counted, kind, seen)
    if _is_news(alert, seen):
        state = follow(alert, Happening.RETURN)
        step = Step(Effect.RETURN.value, seen.received_at, None, _detail(kind.title, seen))
        again = _needs_somebody(replace(counted, state=state), seen)
        bounced = alert.state is State.CLEARED and seen.received_at - alert.last_at < BOUNCE_S
        return Consequence(Effect.RETURN, replace(again, needs_since=alert.needs_since) if bounced else again, (step,))
    return Consequence(Effect.REPEAT, replace(counted, state=follow(alert, Happening.REPEAT)))


def clear(alert: Alert, seen: Occurrence) -> Consequence:
    """The cause is gone, unless the camera has raised it again after that."""
    if not seen.origin.after(alert.last_clear):
        return Consequence(Effect.NOTHING, alert)
    noted = replace(alert, last_clear=seen.origin)
    if alert.last_raise.after(seen.origin):
        return Consequence(Effect.NOTHING, noted)
    state = follow(alert, Happening.CLEAR)
    if alert.cleared_at is not None:
        return Consequence(Effect.NOTHING, replace(noted, state=state))
    step = Step(Effect.CLEAR.value, seen.received_at, None, seen.detail)
    return Consequence(Effect.CLEAR, replace(noted, state=state, cleared_at=seen.received_at), (step,))


def _escalated(alert: Alert, kind: AlertKind, seen: Occurrence) -> Consequence:
    state = follow(alert, Happening.ESCALATE)
    # a TASER that is drawn, then armed, was armed once; what led to it stands in the history
    graver = _needs_somebody(replace(alert, state=state, count=1, **_words(kind)), seen)
    steps = (Step(Effect.ESCALATE.value, seen.received_at, None, _detail(f"{alert.title} → {kind.title}", seen)),)
    if alert.last_clear is None or not alert.last_clear.after(alert.last_raise):
        return Consequence(Effect.ESCALATE, graver, steps)
    over = replace(graver, state=follow(graver, Happening.CLEAR), cleared_at=seen.received_at)
    return Consequence(Effect.ESCALATE, over, (*steps, Step(Effect.CLEAR.value, seen.received_at)))


def _needs_somebody(alert: Alert, seen: Occurrence) -> Alert:
    """Whoever dealt with it before dealt with something else: the waiting begins anew."""
    return replace(alert, needs_since=seen.received_at, acknowledged_by=None, acknowledged_at=None, cleared_at=None)


def _is_news(alert: Alert, seen: Occurrence) -> bool:
    """Whether it must be dealt with anew. What happened before the last clear is only counted."""
    if not seen.origin.after(alert.last_clear):
        return False
    if alert.cleared_at is not None:
        return True
    return alert.state is State.ACKNOWLEDGED and seen.received_at - alert.last_at > CHATTER_S


def _words(kind: AlertKind) -> _Words:
    return {
        "kind": kind.kind,
        "family": kind.family,
        "title": kind.title,
        "priority": kind.priority if kind.priority != "activity" else 3,
        "cause": kind.cause,
        "action": kind.action,
        "time_allowed_s": kind.time_allowed_s or 0.0,
    }


def _detail(text: str, seen: Occurrence) -> str:
    return f"{text}; {seen.detail}" if seen.detail else text
