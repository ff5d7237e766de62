"""Finding a recording: by time, place, camera, officer, a kind of alert that stood meanwhile, what was said of it, or one alert,
while which it was recorded. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.errors import BadRequest
from server.positions.area import Area, area_of
from server.positions.stay import Stay
from server.recording.marks import checked_tag
from server.replay.footage import Recording
from server.replay.view import RECORDING_ID, TIMES

SAID = ("tag", "category", "text")  # what people have said of it
FIELDS = ("from", "to", "device", "officer", "alert", "incident", "near", "area", *SAID, "before", "limit")
USUAL, MOST = 50, 200
LONGEST_TEXT = 80
LONGEST_WITH_AREA_S = 7 * 86_400.0  # every trail of that time is looked at
NEAR_M = 250.0  # of where an alert was raised: a street's length, from which somebody sees or is there within a minute
THERE_S = 15.0  # a position stands for so long: who was there a moment before it began was there


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for. `incident`: an alert's id, for everything that was recorded while it stood; `near`: of its
    own camera and of those that came within NEAR_M of where it was raised alone. `before`: the id that the page before ended with; ids sort by their start."""

    start: float | None = None
    end: float | None = None
    device_id: str | None = None
    officer: str = ""
    alert: str | None = None
    incident: str | None = None
    near: bool = False
    area: Area | None = None
    tag: str = ""
    category: str = ""
    text: str = ""
    before: str | None = None
    limit: int = USUAL

    @property
    def by_what_was_said(self) -> bool:
        """Whether it asks for tag, category or words of notes."""
        return any(getattr(self, name) for name in SAID)


def wanted(query: Mapping[str, str]) -> Wanted:
    """What a query asks for. Raises BadRequest that names the field."""
    for name in query:
        if name not in FIELDS:
            raise BadRequest(f"{name}: not expected; the fields are {', '.join(FIELDS)}")
    for name in ("device", "officer", "alert", "incident", "area", "category", "text"):
        if len(query.get(name, "")) > LONGEST_TEXT:
            raise BadRequest(f"{name}: expected at most {LONGEST_TEXT} characters")
    before = query.get("before") or None
    if before is not None and not RECORDING_ID.fullmatch(before):
        raise BadRequest("before: expected a recording's id")
    if query.get("near", "yes") != "yes" or ("near" in query and not query.get("incident")):
        raise BadRequest("near: expected yes, with incident, or to be left out")
    start, end = _number(query, "from", *TIMES), _number(query, "to", *TIMES)
    if start is not None and end is not None and end <= start:
        raise BadRequest("to: expected a time after from")
    return Wanted(
        start=start,
        end=end,
        device_id=query.get("device") or None,
        officer=query.get("officer", "").strip(),
        alert=query.get("alert") or None,
        incident=query.get("incident") or None,
        near=query.get("near") == "yes",
        area=_area(query, start, end),
        tag=checked_tag(query["tag"]) if query.get("tag") else "",
        category=query.get("category", "").strip(),
        text=query.get("text", "").strip(),
        before=before,
        limit=int(_number(query, "limit", 1, MOST) or USUAL),
    )


def fits(one: Recording, looked_for: Wanted) -> bool:
    """Whether a recording is what is looked for, as far as it can tell by itself."""
    if looked_for.start is not None and one.end < looked_for.start:
        return False
    if looked_for.end is not None and one.start > looked_for.end:
        return False
    if looked_for.device_id not in (None, one.device_id):
        return False
    return all(word in _text(one) for word in looked_for.officer.lower().split())


def stay_of(one: Recording, stays: Sequence[Stay], slack_s: float = THERE_S) -> Stay | None:
    """From when to when its camera was there while it recorded; None: never."""
    there = [stay for stay in stays if stay.overlaps(one.start - slack_s, one.end + slack_s)]
    if not there:
        return None
    first, last = max(there[0].start, one.start), min(there[-1].end, one.end)
    return Stay(min(first, one.end), max(last, one.start), min(stay.nearest_m for stay in there))


def alerts_of(one: Recording, alerts: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The camera's own alerts that stood while it recorded."""
    return [alert for alert in alerts if alert["device_id"] == one.device_id and _stood(alert, one.start, one.end)]


def listed(
    one: Recording, alerts: Iterable[Mapping[str, Any]], stays: Sequence[Stay] = (), near: Sequence[Stay] = ()
) -> dict[str, Any]:
    """A row of the list; `stays`: when its camera was in the area that is looked for, `near`: near the alert that is."""
    there, nearest = stay_of(one, stays), stay_of(one, near)
    near_m = nearest.nearest_m if nearest is not None else math.inf
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
        "stamped": None,
        "gaps": len(one.gaps),
        "near_m": round(near_m) if near_m < math.inf else None,
        "there": None if there is None else {"from": there.start, "to": there.end},
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


def _area(query: Mapping[str, str], start: float | None, end: float | None) -> Area | None:
    if not query.get("area"):
        return None
    if start is None or end is None or end - start > LONGEST_WITH_AREA_S:
        days = LONGEST_WITH_AREA_S / 86_400
        raise BadRequest(f"area: expected with from and to, at most {days:.0f} days apart: who was there then?")
    return area_of(query["area"])


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
