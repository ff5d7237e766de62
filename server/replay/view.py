"""A view: one person's looking at recordings, for a reason. Without one nothing is shown. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.errors import BadRequest
from server.units.unit import DEVICE_ID

RECORDING_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[a-z0-9-]{3,40}")
MOST_CAMERAS = 9  # tiles of a replay, keys 1 to 9
MOST_RECORDINGS = 200
LONGEST_VIEW_S = 24 * 3600.0  # of recorded time
OPEN_S = 8 * 3600.0  # a view ends by itself after a shift
WHY_LENGTH = (3, 200)
TIMES = (0.0, 4e9)
REWIND = "live rewind"


@dataclass(frozen=True, slots=True)
class View:
    """`start` to `end` (None: as it grows) of these recordings. Times are Unix seconds."""

    id: str
    person_id: str
    name: str
    role: str
    session_id: str
    recording_ids: tuple[str, ...]
    device_ids: tuple[str, ...]
    start: float
    end: float | None
    why: str
    opened_at: float
    expires_at: float

    def as_json(self) -> dict[str, Any]:
        """As whoever opened it sees it."""
        return {
            "id": self.id,
            "by": self.name,
            "why": self.why,
            "recordings": list(self.recording_ids),
            "from": self.start,
            "to": self.end,
            "opened_at": self.opened_at,
            "expires_at": self.expires_at,
        }

    def covers(self, start: float, end: float) -> bool:
        """Whether any of that stretch is within it."""
        return end > self.start and (self.end is None or start < self.end)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks to see: recordings, or cameras from a time to another (`end` None: on and on, as it grows).

    `how` is REWIND for who looks back from a living picture, else empty.
    """

    recording_ids: tuple[str, ...]
    device_ids: tuple[str, ...]
    start: float | None
    end: float | None
    why: str
    how: str = ""


def asked(body: Mapping[str, Any], duty: str = "") -> Asked:
    """What a request asks for; who looks back from a living picture (`rewind`) has for a reason an alert's, given, or
    what they are on duty as, or none yet. Raises BadRequest that names the field.
    """
    unknown = body.keys() - {"recordings", "device_ids", "from", "to", "why", "rewind"}
    if unknown:
        raise BadRequest(f"{min(unknown)}: not expected; the fields are recordings, device_ids, from, to, why, rewind")
    recordings = _names(body, "recordings", RECORDING_ID, MOST_RECORDINGS)
    devices = _names(body, "device_ids", DEVICE_ID, MOST_CAMERAS)
    if bool(recordings) == bool(devices):
        raise BadRequest("recordings: expected either recordings, or device_ids with from")
    start, end = _time(body, "from"), _time(body, "to")
    if devices and start is None:
        raise BadRequest("from: cameras are seen from a time on, or to another: Unix seconds are expected")
    if start is not None and end is not None and not 0 < end - start <= LONGEST_VIEW_S:
        raise BadRequest(f"to: expected after from, by at most {LONGEST_VIEW_S / 3600:.0f} hours")
    if _is_rewind(body):
        given = body.get("why")
        why = duty if given in (None, "") else reason(given)
        return Asked(recordings, devices, start, end, why, REWIND)
    return Asked(recordings, devices, start, end, reason(body.get("why")))


def reason(text: object) -> str:
    """Why somebody looks. Raises BadRequest."""
    least, most = WHY_LENGTH
    trimmed = text.strip() if isinstance(text, str) else ""
    if not least <= len(trimmed) <= most:
        raise BadRequest(f"why: expected the reason of this viewing, {least} to {most} characters; it is logged")
    return trimmed


def parts_in(text: str | None) -> tuple[int, ...] | None:
    """How many parts each recording had, as a timeline tells it: "2.0". None where it was not said. Raises BadRequest."""
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})*", text, re.ASCII):
        raise BadRequest('parts: expected the number of parts of each recording, as the timeline tells them: "2.0"')
    return tuple(int(one) for one in text.split(".")[:MOST_RECORDINGS])


def _is_rewind(body: Mapping[str, Any]) -> bool:
    given = body.get("rewind", False)
    if not isinstance(given, bool):
        raise BadRequest("rewind: expected true or false")
    if given and not body.get("device_ids"):
        raise BadRequest("rewind: expected with device_ids: one looks back at a camera")
    return given


def time_in(query: Mapping[str, str], field: str) -> float:
    """Unix seconds. Raises BadRequest."""
    try:
        at = float(query.get(field, ""))
    except ValueError:
        at = math.nan
    if not TIMES[0] <= at <= TIMES[1]:
        raise BadRequest(f"{field}: expected Unix seconds")
    return at


def _names(body: Mapping[str, Any], field: str, pattern: re.Pattern[str], most: int) -> tuple[str, ...]:
    given = body.get(field, [])
    if not isinstance(given, list) or len(given) > most:
        raise BadRequest(f"{field}: expected a list of at most {most} ids")
    if not all(isinstance(one, str) and pattern.fullmatch(one) for one in given):
        raise BadRequest(f"{field}: expected ids")
    return tuple(dict.fromkeys(given))


def _time(body: Mapping[str, Any], field: str) -> float | None:
    given = body.get(field)
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or not TIMES[0] <= given <= TIMES[1]:
        raise BadRequest(f"{field}: expected Unix seconds")
    return float(given)
