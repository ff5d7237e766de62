"""What the audit's rows say of the room's doings."""

from __future__ import annotations

from server.audit.audit_entry import START, Actor, AuditEntry, Subject, What
from server.replay.room_command import commands

OKAFOR = Actor("person", "okafor", "D. Okafor", "control")
HALE = Actor("person", "hale", "Insp. Hale", "inspector")
DEVICES = {"r17": "et17-cam"}


def row(seq: int, at: float, what: What, subject: Subject, actor: Actor = OKAFOR, mark: str = "") -> AuditEntry:
    return AuditEntry(seq, at, what, actor, subject, "", "", "", {"mark": mark} if mark else {}, START, START)


def watches(seq: int, at: float, device: str = "et17-cam", actor: Actor = OKAFOR) -> AuditEntry:
    return row(seq, at, What.VIEW_LIVE, Subject("device", device, device[:4].upper()), actor)


def test_a_picture_that_is_taken_up_anew_was_watched_all_the_time() -> None:
    rows = [watches(1, 0), watches(2, 100), watches(3, 200), watches(4, 321), watches(5, 330, actor=HALE)]
    assert [(one.at, one.by) for one in commands(rows, DEVICES)] == [
        (0, "D. Okafor"),
        (321, "D. Okafor"),
        (330, "Insp. Hale"),
    ]


def test_other_cameras_other_recordings_and_other_changes_are_left_out() -> None:
    mine, other = Subject("recording", "r17", "ET17"), Subject("recording", "r22", "ET22")
    rows = [
        watches(1, 1, "et22-cam"),
        row(2, 2, What.CHANGE_RECORDING, other, mark="note"),
        row(3, 3, What.CHANGE_RECORDING, mine, mark="bookmark"),
        row(4, 4, What.CHANGE_RECORDING, mine),
        row(5, 5, What.CHANGE_RECORDING, mine, mark="note"),
    ]
    assert [(one.at, one.what, one.device_id) for one in commands(rows, DEVICES)] == [(5, "note", "et17-cam")]
