"""One row of the audit: who did or saw what, when, why and from where; and the chain that holds the rows together.

Data Protection Act 2018 s.62 asks for logs of collection, alteration, consultation (with its justification, time and
identity), disclosure, combination and erasure. A row's `chain` is the SHA-256 of the row before it and of itself, as
the lines of a recording's journal have it: whoever changes, removes or inserts a row breaks all that follow.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from urllib.parse import unquote

from server.errors import BadRequest
from server.wire import storable

LONGEST_WHY = 200  # characters
LONGEST_AGENT = 120  # of a User-Agent; what follows are versions of versions
LONGEST_ID, LONGEST_NAME, LONGEST_ADDRESS = 64, 120, 64
LONGEST_DETAIL = 2000  # bytes of JSON: a detail says which, it is no copy
NOT_STATED = "not stated"
REASON = "Viewing-Reason"  # a request's header: percent-encoded (RFC 3986), UTF-8
START = "00" * 32  # what the first row's chain stands on


class What(StrEnum):
    """What was done. The word before the dot is one of the law's."""

    COLLECT_ASKED = "collect.asked"  # the camera, to record
    COLLECT_STARTED = "collect.started"
    COLLECT_RESUMED = "collect.resumed"
    COLLECT_ENDED = "collect.ended"
    COLLECT_TASER_LOG = "collect.taser-log"
    VIEW_LIVE = "view.live"
    VIEW_REPLAY = "view.replay"
    VIEW_THUMBNAIL = "view.thumbnail"
    VIEW_EXPORT = "view.export"
    CHANGE_PERSON_ADDED = "change.person-added"
    CHANGE_PERSON = "change.person"
    CHANGE_PASSWORD = "change.password"
    CHANGE_SIGN_IN_LINK = "change.sign-in-link"
    CHANGE_SIGNED_OUT = "change.signed-out"
    CHANGE_PERSON_OFF = "change.person-off"
    CHANGE_TOKEN_MADE = "change.token-made"
    CHANGE_TOKEN_REVOKED = "change.token-revoked"
    CHANGE_CAMERA_ADDED = "change.camera-added"
    CHANGE_CAMERA = "change.camera"
    CHANGE_CAMERA_REVOKED = "change.camera-revoked"
    CHANGE_RECORDING = "change.recording"  # tag, category, retention
    CHANGE_RETENTION_TABLE = "change.retention-table"
    CHANGE_TASER_CLOCK = "change.taser-clock"  # how far a weapon's clock is taken to be from the server's
    DECIDE_ALERT = "decide.alert"  # acknowledged, resolved, false
    DECIDE_ADVICE = "decide.advice"  # words sent to an officer
    SHARE_EXPORT_READY = "share.export-ready"
    SHARE_EXPORT = "share.export"
    SHARE_AUDIT = "share.audit"
    COMBINE = "combine.recordings"
    DELETE_RECORDING = "delete.recording"
    DELETE_TASER_LOG = "delete.taser-log"
    ACCESS_SIGNED_IN = "access.signed-in"
    ACCESS_SIGNED_OUT = "access.signed-out"
    ACCESS_NOT_SIGNED_IN = "access.not-signed-in"
    ACCESS_REFUSED = "access.refused"

    @property
    def needs_why(self) -> bool:
        """Consultation and disclosure carry their justification."""
        return self.value.startswith(("view.", "share."))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: `kind` is person, device, system, or nobody (whoever could not sign in)."""

    kind: str
    id: str = ""
    name: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What it was done to: a device, recording, incident, person, token …; `name` as it was called then."""

    kind: str
    id: str
    name: str = ""


SYSTEM = Actor("system", name="Watchroom")


@dataclass(frozen=True, slots=True)
class Note:
    """What is to be written, before it has its number. `address` and `agent` say from where; `detail` is small JSON."""

    what: What
    actor: Actor
    subject: Subject
    why: str = ""
    address: str = ""
    agent: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A row. `seq` grows by one with each; `at` is the server's wall clock (Unix seconds) when it was noted."""

    seq: int
    at: float
    what: str
    actor: Actor
    subject: Subject
    why: str
    address: str
    agent: str
    detail: Mapping[str, Any]
    previous: str
    chain: str

    def as_json(self) -> dict[str, Any]:
        """As the API shows it and the export has it."""
        return {**self._unchained(), "chain": self.chain}

    def line(self) -> str:
        """Its line of the export, from which anybody can work the chain out again."""
        return canonical(self.as_json()) + "\n"

    def worked_out(self) -> str:
        """The chain that its content asks for."""
        return hashlib.sha256(bytes.fromhex(self.previous) + canonical(self._unchained()).encode()).hexdigest()

    def _unchained(self) -> dict[str, Any]:
        return {
            "seq": self.seq,
            "at": self.at,
            "what": self.what,
            "actor": _shown(self.actor),
            "subject": _shown(self.subject),
            "why": self.why,
            "address": self.address,
            "agent": self.agent,
            "detail": dict(self.detail),
            "previous": self.previous,
        }


def canonical(value: object) -> str:
    """The one way to write it as JSON: sorted keys, no spaces, UTF-8. Raises ValueError for NaN and infinity."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def noted(note: Note) -> Note:
    """The note as it can be kept: texts that every database takes, not longer than their columns.

    A view or share without a reason says so. Raises ValueError for a detail that is no small JSON: the caller's defect.
    """
    detail = _storable(note.detail)
    if len(canonical(detail).encode()) > LONGEST_DETAIL:
        raise ValueError(f"the detail of {note.what} is longer than {LONGEST_DETAIL} bytes")
    actor, subject = note.actor, note.subject
    why = _cut(note.why, LONGEST_WHY)
    return Note(
        note.what,
        Actor(actor.kind, _cut(actor.id, LONGEST_ID), _cut(actor.name, LONGEST_NAME), actor.role),
        Subject(subject.kind, _cut(subject.id, LONGEST_ID), _cut(subject.name, LONGEST_NAME)),
        why if why or not note.what.needs_why else NOT_STATED,
        _cut(note.address, LONGEST_ADDRESS),
        _cut(note.agent, LONGEST_AGENT),
        detail,
    )


def chained(note: Note, seq: int, at: float, previous: str) -> AuditEntry:
    """The row that follows the one whose chain is `previous`."""
    unchained = AuditEntry(
        seq,
        at,
        note.what.value,
        note.actor,
        note.subject,
        note.why,
        note.address,
        note.agent,
        note.detail,
        previous,
        "",
    )
    return replace(unchained, chain=unchained.worked_out())


def checked_why(why: str | None) -> str:
    """A reason that somebody gave, empty for none. Raises BadRequest."""
    given = unicodedata.normalize("NFC", why or "").strip()
    if len(given) > LONGEST_WHY or any(unicodedata.category(mark)[0] == "C" for mark in given):
        raise BadRequest(f"why: expected at most {LONGEST_WHY} printable characters")
    return given


def why_of(headers: Mapping[str, str], query: Mapping[str, str]) -> str:
    """The reason that a request gives in its header, empty for none. Raises BadRequest, also where it stands in the address,
    which proxies log: a reason that was dropped in silence would be a row that says "not stated"."""
    if "why" in query:
        raise BadRequest(f"why: expected in the header {REASON} (percent-encoded); addresses stand in logs")
    return checked_why(unquote(headers.get(REASON, "")))


@dataclass(frozen=True, slots=True)
class Fault:
    """The first row that is not what was written, and in plain words what is wrong with it."""

    seq: int
    why: str


@dataclass(slots=True)
class ChainWalk:
    """Walks rows in the order of their numbers, from behind the row `seq` whose chain is `chain`."""

    seq: int = 0
    chain: str = START

    def fault_in(self, entries: Iterable[AuditEntry]) -> Fault | None:
        """The first fault in the rows that follow; None: all of them hold, and the walk stands behind the last."""
        for entry in entries:
            fault = self._fault_of(entry)
            if fault is not None:
                return Fault(min(entry.seq, self.seq + 1), fault)
            self.seq, self.chain = entry.seq, entry.chain
        return None

    def _fault_of(self, entry: AuditEntry) -> str | None:
        if entry.seq > self.seq + 1:
            return f"the row is missing; the next one there is has the number {entry.seq}"
        if entry.seq <= self.seq:
            return f"the row stands behind row {self.seq}"
        if entry.previous != self.chain:
            return "the row does not follow from the one before it: one of the two was put in another's place"
        try:
            is_whole = entry.worked_out() == entry.chain
        except ValueError:
            is_whole = False
        return None if is_whole else "the row's content is not what was written"


def _shown(one: Actor | Subject) -> dict[str, str]:
    shown = {"kind": one.kind, "id": one.id, "name": one.name}
    return {**shown, "role": one.role} if isinstance(one, Actor) else shown


def _cut(text: str, most: int) -> str:
    kept = storable(text)
    return kept if len(kept) <= most else kept[: most - 1] + "…"


def _storable(value: Any) -> Any:
    """The same, with U+FFFD for what no database takes."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable(name): _storable(inner) for name, inner in value.items()}
    return [_storable(inner) for inner in value] if isinstance(value, list | tuple) else value
