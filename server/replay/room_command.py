"""Commands: what the room did while it was recorded, but for what stands in alerts and advice themselves. Pure.

The audit knows it: who began to watch a camera, who wrote on its recording. Of what they wrote only the kind is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from server.audit.audit_entry import AuditEntry, What

AUDITED = (What.VIEW_LIVE, What.CHANGE_RECORDING)
AGAIN_S = 120.0  # a picture that is taken up anew sooner (another layer, a lost link) was watched all the time
WATCHES = "watches"
MARKS: Mapping[str, str] = {
    "category": "Category set",
    "tag": "Tag set",
    "untag": "Tag taken away",
    "note": "Note written",
    "hold": "Held",
    "lift": "Hold lifted",
    "decision": "Review decided",
}


@dataclass(frozen=True, slots=True)
class Command:
    """Somebody (`by`, a name) did `what` (WATCHES, or a key of MARKS) with a camera; `at`: Unix seconds."""

    at: float
    by: str
    what: str
    device_id: str
    call_sign: str


def commands(entries: Iterable[AuditEntry], device_of: Mapping[str, str]) -> list[Command]:
    """What was done with these cameras, in order. `device_of`: recording's id → its camera; other cameras are left out."""
    cameras = set(device_of.values())
    watched: dict[tuple[str, str], float] = {}  # when it was last asked for
    found = []
    for entry in sorted(entries, key=lambda one: one.seq):
        person, subject = entry.actor, entry.subject
        if entry.what == What.VIEW_LIVE and subject.id in cameras:
            key = (person.id, subject.id)
            is_again = entry.at - watched.get(key, -AGAIN_S) < AGAIN_S
            watched[key] = entry.at
            if not is_again:
                found.append(Command(entry.at, person.name, WATCHES, subject.id, subject.name))
        elif entry.what == What.CHANGE_RECORDING and subject.id in device_of and entry.detail.get("mark") in MARKS:
            mark = str(entry.detail["mark"])
            found.append(Command(entry.at, person.name, mark, device_of[subject.id], subject.name))
    return found
