"""What a role may do. Whatever is not in the table is refused."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What a person is here."""

    CONTROL = "control"
    INSPECTOR = "inspector"
    SUPERVISOR = "supervisor"  # of officers: answers for what they recorded, and for who looked at it
    OFFICER = "officer"
    TRAINER = "trainer"
    INVESTIGATOR = "investigator"  # works with what was recorded, away from the room
    STANDARDS = "standards"  # professional standards: complaints and conduct
    ADMIN = "admin"
    ENGINEER = "engineer"
    DISPLAY = "display"  # a screen on a wall
    AUDITOR = "auditor"


class Permission(StrEnum):
    """One kind of thing that can be done."""

    SEE = "see"  # units, positions, alerts, advice: the room without its pictures
    WATCH = "watch"  # a camera's picture and sound
    HANDLE_ALERTS = "handle-alerts"  # acknowledge, resolve, call false
    ADVISE = "advise"  # words to an officer
    REQUEST = "request"  # ask a camera to record or to stream
    CAMERA = "camera"  # publish from one's own phone
    REPLAY = "replay"  # recordings, of every camera
    REPLAY_OWN = "replay-own"  # recordings of the camera that one wore oneself
    EXPORT = "export"  # take recordings out, as a bundle
    OPERATE = "operate"  # figures of the installation
    ADMINISTER = "administer"  # persons and cameras: who and what is let in
    AUDIT = "audit"  # who did and saw what
    TAG_EVIDENCE = "tag-evidence"  # tags and notes on recordings
    IMPORT_EVIDENCE = "import-evidence"  # what another maker's kit recorded: a TASER's log
    MANAGE_EVIDENCE = "manage-evidence"  # how long recordings are kept: category, hold, decision


_LOOK = frozenset({Permission.SEE, Permission.WATCH})
_ROOM = _LOOK | {
    Permission.HANDLE_ALERTS,
    Permission.ADVISE,
    Permission.REQUEST,
    Permission.REPLAY,
    Permission.TAG_EVIDENCE,
}
_EVIDENCE = frozenset({Permission.EXPORT, Permission.IMPORT_EVIDENCE, Permission.MANAGE_EVIDENCE})
_CASE = _EVIDENCE | {Permission.REPLAY, Permission.TAG_EVIDENCE}  # nothing live, no order to a camera or a person
GRANTED: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.CONTROL: _ROOM,
        Role.INSPECTOR: _ROOM | _EVIDENCE,
        Role.SUPERVISOR: _ROOM | _EVIDENCE | {Permission.AUDIT},
        Role.INVESTIGATOR: _CASE,
        Role.STANDARDS: _CASE | {Permission.AUDIT},
        Role.ADMIN: _ROOM | _EVIDENCE | {Permission.OPERATE, Permission.ADMINISTER, Permission.AUDIT},
        Role.TRAINER: _LOOK | {Permission.REPLAY, Permission.IMPORT_EVIDENCE},
        Role.DISPLAY: _LOOK,
        Role.OFFICER: frozenset({Permission.CAMERA, Permission.REPLAY_OWN}),
        Role.ENGINEER: frozenset({Permission.OPERATE}),  # keeps it running, and sees nobody's picture or position
        Role.AUDITOR: frozenset({Permission.AUDIT}),  # sees who looked, and nothing of what they saw
    }
)


def may_only_look(role: str) -> bool:
    """Whether `role` may see the room and change nothing in it: what a screen may be that nobody guards."""
    return GRANTED.get(Role(role)) == _LOOK


def may(role: str, permission: Permission) -> bool:
    """Whether `role` may do it; an unknown role may do nothing."""
    try:
        return permission in GRANTED[Role(role)]
    except (ValueError, KeyError):
        return False
