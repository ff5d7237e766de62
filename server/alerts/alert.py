"""An alert: what it is, the states it goes through, and who did what to it. Pure.

Acknowledged is not resolved (console.md, A5). The law is one table, `NEXT`; a pair that is not in it
is an error, never a guess. What the camera reports may come twice and in any order (reliability.md,
R12): the order of a camera's own numbers decides, not the order of arrival.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

Wearer = dict[str, str]  # name, collar_number


class State(StrEnum):
    """Where an alert stands. `CLEARED`: its cause is gone, and nobody has acknowledged it."""

    RAISED = "raised"
    CLEARED = "cleared"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    FALSE = "false"


OPEN = frozenset({State.RAISED, State.CLEARED, State.ACKNOWLEDGED})


class Happening(StrEnum):
    """What can happen to an open alert."""

    REPEAT = "repeat"  # the same again, while it still stands: only counted
    RETURN = "return"  # the same again, after it was cleared or dealt with: it needs somebody anew
    ESCALATE = "escalate"  # something graver of the same family
    CLEAR = "clear"  # the cause is gone
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    FALSE = "false"


NEXT: dict[tuple[State, Happening], State] = {
    (State.RAISED, Happening.REPEAT): State.RAISED,
    (State.RAISED, Happening.ESCALATE): State.RAISED,
    (State.RAISED, Happening.CLEAR): State.CLEARED,
    (State.RAISED, Happening.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.RAISED, Happening.RESOLVE): State.RESOLVED,
    (State.RAISED, Happening.FALSE): State.FALSE,
    (State.CLEARED, Happening.RETURN): State.RAISED,
    (State.CLEARED, Happening.ESCALATE): State.RAISED,
    (State.CLEARED, Happening.REPEAT): State.CLEARED,
    (State.CLEARED, Happening.CLEAR): State.CLEARED,
    (State.CLEARED, Happening.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.CLEARED, Happening.RESOLVE): State.RESOLVED,
    (State.CLEARED, Happening.FALSE): State.FALSE,
    (State.ACKNOWLEDGED, Happening.REPEAT): State.ACKNOWLEDGED,
    (State.ACKNOWLEDGED, Happening.RETURN): State.RAISED,
    (State.ACKNOWLEDGED, Happening.ESCALATE): State.RAISED,
    (State.ACKNOWLEDGED, Happening.CLEAR): State.ACKNOWLEDGED,
    (State.ACKNOWLEDGED, Happening.RESOLVE): State.RESOLVED,
    (State.ACKNOWLEDGED, Happening.FALSE): State.FALSE,
}


class NotPossible(ValueError):
    """The state does not allow what was asked."""


@dataclass(frozen=True, slots=True)
class By:
    """Who did it."""

    id: str
    name: str

    def as_json(self) -> dict[str, str]:
        """As the console shows it."""
        return {"id": self.id, "name": self.name}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an alert's history. `by` is None when a camera or the server did it."""

    action: str
    at: float
    by: By | None = None
    detail: str = ""

    def as_json(self) -> dict[str, Any]:
        """As the console shows it."""
        return {"action": self.action, "at": self.at, "by": self.by and self.by.as_json(), "detail": self.detail}


@dataclass(frozen=True, slots=True)
class Origin:
    """The number and time that the camera itself gave to what it reported."""

    outbox_id: str
    seq: int
    at: float

    def after(self, other: Origin | None) -> bool:
        """Whether this happened after `other`: by number within one outbox, else by time."""
        if other is None:
            return True
        if self.outbox_id == other.outbox_id:
            return (self.seq, self.at) > (other.seq, other.at)
        return self.at > other.at


@dataclass(frozen=True, slots=True)
class Alert:
    """The current state of one alert. Times are Unix seconds; `seq` is the journal's number of this state."""

    id: str
    seq: int
    kind: str
    family: str
    title: str
    priority: int
    cause: str
    action: str
    time_allowed_s: float
    device_id: str
    call_sign: str
    wearer: Wearer | None
    lat: float | None
    lon: float | None
    place: str | None
    state: State
    raised_at: float
    needs_since: float  # since when it has needed somebody: raised, raised again, or graver
    device_at: float
    clock_offset_s: float
    count: int
    last_raise: Origin
    last_clear: Origin | None = None
    last_at: float = 0.0  # server's time of the newest occurrence
    acknowledged_by: By | None = None
    acknowledged_at: float | None = None
    cleared_at: float | None = None
    closed_by: By | None = None
    closed_at: float | None = None

    @property
    def open(self) -> bool:
        """Whether it still stands in the tray."""
        return self.state in OPEN


def follow(alert: Alert, happening: Happening) -> State:
    """The state after `happening`. Raises NotPossible when the law has no such pair."""
    try:
        return NEXT[alert.state, happening]
    except KeyError:
        raise NotPossible(f"an alert that is {alert.state.value} cannot {happening.value}") from None


def acknowledged(alert: Alert, by: By, at: float) -> tuple[Alert, Step]:
    """Somebody has it in hand."""
    state = follow(alert, Happening.ACKNOWLEDGE)
    return replace(alert, state=state, acknowledged_by=by, acknowledged_at=at), Step("acknowledged", at, by)


def closed(alert: Alert, happening: Happening, by: By, at: float, detail: str = "") -> tuple[Alert, Step]:
    """Ended (`RESOLVE`) or never real (`FALSE`). Who closes an alert has seen it: it counts as acknowledged too."""
    state = follow(alert, happening)
    return (
        replace(
            alert,
            state=state,
            closed_by=by,
            closed_at=at,
            acknowledged_by=alert.acknowledged_by or by,
            acknowledged_at=alert.acknowledged_at if alert.acknowledged_by else at,
        ),
        Step(state.value, at, by, detail),
    )


def as_json(alert: Alert, steps: list[Step]) -> dict[str, Any]:
    """The alert as consoles and the API see it; `steps` oldest first."""
    shown = {
        "id": alert.id,
        "seq": alert.seq,
        "kind": alert.kind,
        "family": alert.family,
        "title": alert.title,
        "priority": alert.priority,
        "cause": alert.cause,
        "action": alert.action,
        "time_allowed_s": alert.time_allowed_s,
        "device_id": alert.device_id,
        "call_sign": alert.call_sign,
        "wearer": alert.wearer,
        "lat": alert.lat,
        "lon": alert.lon,
        "place": alert.place,
        "state": alert.state.value,
        "raised_at": alert.raised_at,
        "needs_since": alert.needs_since,
        "device_at": alert.device_at,
        "clock_offset_s": alert.clock_offset_s,
        "count": alert.count,
        "last_at": alert.last_at,
        "acknowledged_by": alert.acknowledged_by and alert.acknowledged_by.as_json(),
        "acknowledged_at": alert.acknowledged_at,
        "cleared_at": alert.cleared_at,
        "closed_by": alert.closed_by and alert.closed_by.as_json(),
        "closed_at": alert.closed_at,
    }
    return {**shown, "steps": [step.as_json() for step in steps]}
