"""Finding a recording: by time, camera, officer, or a kind of alert that stood meanwhile. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from server.errors import BadRequest
from server.replay.footage import Recording
from server.replay.view import RECORDING_ID, TIMES

FIELDS = ("from", "to", "device", "officer", "alert", "before", "limit")
USUAL, MOST = 50, 200
LONGEST_TEXT = 80


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for. `before`: the id that the page before ended with; ids sort by their start."""

    start: float | None = None
    end: float | None = None
    device_id: str | None = None
    officer: str = ""
    alert: str | None = None
    before: str | None = None
    limit: int = USUAL


def wanted(query: Mapping[str, str]) -> Wanted:
    """What a query asks for. Raises BadRequest that names the field."""
    for name in query:
        if name not in FIELDS:
            raise BadRequest(f"{name}: not expected; the fields are {', '.join(FIELDS)}")
    for name in ("device", "officer", "alert"):
        if len(query.get(name, "")) > LONGEST_TEXT:
            raise BadRequest(f"{name}: expected at most {LONGEST_TEXT} characters")
    before = query.get("before") or None
    if before is not None and not RECORDING_ID.fullmatch(before):
        raise BadRequest("before: expected a recording's id")
    return Wanted(
        start=_number(query, "from", *TIMES),
        end=_number(query, "to", *TIMES),
        device_id=query.get("device") or None,
        officer=query.get("officer", "").strip(),
        alert=query.get("alert") or None,
        before=before,
        limit=int(_number(query, "limit", 1, MOST) or USUAL),
    )


def fits(one: Recording, looked_for: Wanted, alerts: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a recording is what is looked for; `alerts` are those that stood meanwhile."""
    if looked_for.start is not None and one.end < looked_for.start:
        return False
    if looked_for.end is not None and one.start > looked_for.end:
        return False
    if looked_for.device_id not in (None, one.device_id):
        return False
    if looked_for.alert is not None and not any(alert["kind"] == looked_for.alert for alert in alerts_of(one, alerts)):
        return False
    return all(word in _text(one) for word in looked_for.officer.lower().split())


def alerts_of(one: Recording, alerts: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The camera's own alerts that stood while it recorded."""
    return [alert for alert in alerts if alert["device_id"] == one.device_id and _stood(alert, one.start, one.end)]


def listed(one: Recording, alerts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A row of the list."""
    shown = sorted(alerts_of(one, alerts), key=lambda alert: (alert["priority"], alert["raised_at"]))
    return {
        "id": one.id,
        "device_id": one.device_id,
        "call_sign": one.call_sign,
        "wearer": one.wearer,
        "why": one.why,
        "from": one.start,
        "to": one.end,
        "open": one.is_open,
        "signed": one.signed,
        "gaps": len(one.gaps),
        "alerts": [
            {name: alert[name] for name in ("id", "kind", "title", "priority", "raised_at", "place")} for alert in shown
        ],
    }


def _stood(alert: Mapping[str, Any], start: float, end: float) -> bool:
    """While its cause was there: until it was cleared, or else closed."""
    over = alert["cleared_at"] or alert["closed_at"] or math.inf
    return bool(alert["raised_at"] <= end and over >= start)


def _text(one: Recording) -> str:
    wearer = one.wearer or {}
    return f"{one.call_sign} {wearer.get('name') or ''} {wearer.get('collar_number') or ''}".lower()


def _number(query: Mapping[str, str], field: str, least: float, most: float) -> float | None:
    if not query.get(field):
        return None
    try:
        given = float(query[field])
    except ValueError:
        given = math.nan
    if not least <= given <= most:
        raise BadRequest(f"{field}: expected a number from {least:.0f} to {most:.0f}")
    return given
