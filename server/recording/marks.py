"""What people have said of a recording: its category, tags, notes, holds, and the decision to retain or to dispose. Pure.

Each is an entry that is only ever added, with its author, time and reason; where the recording stands is worked out from
all of them in order.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Self

from server.errors import BadRequest, Conflict, NotFound

MOST_TAGS = 50
LONGEST_TAG = 40  # characters
LONGEST_NOTE = 2000  # characters
_TAG = re.compile(r"\w[\w .'&-]*")


class MarkKind(StrEnum):
    """What an entry does."""

    CATEGORY = "category"
    TAG = "tag"
    UNTAG = "untag"
    NOTE = "note"
    HOLD = "hold"
    LIFT = "lift"
    DECISION = "decision"


class HoldKind(StrEnum):
    """Why nobody may delete it."""

    CASE = "case"
    SHARE = "share"  # somebody outside may open it, or has been promised it


class Outcome(StrEnum):
    """What a review ends with."""

    RETAIN = "retain"
    DISPOSE = "dispose"


@dataclass(frozen=True, slots=True)
class By:
    """Who."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Mark:
    """What somebody wants to say. `value`: the category, the tag, the kind of hold, the number of the hold to lift, or the
    outcome; `text`: why, or the note itself; `until` (Unix seconds): the review date, or the end of a hold."""

    kind: MarkKind
    value: str = ""
    text: str = ""
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A mark as it was kept: the `n`th of its recording, from 1."""

    n: int
    at: float
    by: By
    mark: Mark

    def as_json(self) -> dict[str, Any]:
        """For the API."""
        return {"n": self.n, "at": self.at, "by": asdict(self.by), **asdict(self.mark)}


@dataclass(frozen=True, slots=True)
class Hold:
    """`n` is the number of the entry that placed it; without `until` it stands until it is lifted."""

    n: int
    kind: HoldKind
    why: str
    by: By
    at: float
    until: float | None


@dataclass(frozen=True, slots=True)
class Decision:
    """The newest one. `review_at`: when a recording that was retained is reviewed again."""

    outcome: Outcome
    why: str
    by: By
    at: float
    review_at: float | None


@dataclass(frozen=True, slots=True)
class Marks:
    """Where a recording stands. `review_at`: set by hand with the category; `changed_at`: the last entry but notes."""

    entries: int = 0
    category: str | None = None
    review_at: float | None = None
    tags: tuple[str, ...] = ()
    holds: tuple[Hold, ...] = ()
    decision: Decision | None = None
    changed_at: float | None = None

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Self:
        """From all entries, in order."""
        marks = cls()
        for entry in entries:
            marks = marks.after(entry)
        return marks

    def after(self, entry: Entry) -> Self:
        """With one entry more. Raises Conflict for one that says what stands already, NotFound for one that ends nothing."""
        counted = replace(self, entries=entry.n)
        if entry.mark.kind is MarkKind.NOTE:
            return counted
        changed = replace(counted, changed_at=entry.at)
        match entry.mark.kind:
            case MarkKind.CATEGORY:
                after = replace(changed, category=entry.mark.value, review_at=entry.mark.until)
            case MarkKind.TAG:
                after = replace(changed, tags=self._with_tag(entry.mark.value))
            case MarkKind.UNTAG:
                after = replace(changed, tags=self._without_tag(entry.mark.value))
            case MarkKind.HOLD:
                after = replace(changed, holds=(*self.holds, _hold(entry)))
            case MarkKind.LIFT:
                return replace(changed, holds=self._without_hold(entry.mark.value))
            case MarkKind.DECISION:
                return replace(changed, decision=self._decided(entry))
        return after._undisposed()

    def holding(self, now: float) -> tuple[Hold, ...]:
        """The holds that stand at this time (Unix seconds)."""
        return tuple(hold for hold in self.holds if hold.until is None or hold.until > now)

    def _with_tag(self, tag: str) -> tuple[str, ...]:
        if tag in self.tags:
            raise Conflict(f"it is tagged {tag} already")
        if len(self.tags) >= MOST_TAGS:
            raise Conflict(f"it has {MOST_TAGS} tags already; that is the most")
        return tuple(sorted((*self.tags, tag)))

    def _without_tag(self, tag: str) -> tuple[str, ...]:
        if tag not in self.tags:
            raise NotFound(f"it is not tagged {tag}")
        return tuple(other for other in self.tags if other != tag)

    def _without_hold(self, number: str) -> tuple[Hold, ...]:
        left = tuple(hold for hold in self.holds if str(hold.n) != number)
        if left == self.holds:
            raise NotFound(f"no hold {number} stands")
        return left

    def _decided(self, entry: Entry) -> Decision:
        outcome = Outcome(entry.mark.value)
        if outcome is Outcome.DISPOSE and self.holding(entry.at):
            raise Conflict("it is held; lift the hold before it is disposed of")
        return Decision(outcome, entry.mark.text, entry.by, entry.at, entry.mark.until)

    def _undisposed(self) -> Self:
        """Whoever marks it anew after it was to go, saves it: somebody has to decide again."""
        if self.decision is not None and self.decision.outcome is Outcome.DISPOSE:
            return replace(self, decision=None)
        return self


def checked_tag(text: object) -> str:
    """A tag as it is kept: small letters, so that nobody tags twice. Raises BadRequest."""
    tag = unicodedata.normalize("NFC", " ".join(text.split())).lower() if isinstance(text, str) else ""
    if len(tag) > LONGEST_TAG or not _TAG.fullmatch(tag):
        raise BadRequest(f"tag: expected 1 to {LONGEST_TAG} letters, digits, spaces or any of . _ ' & -")
    return tag


def checked_note(text: object) -> str:
    """A note. Raises BadRequest."""
    note = unicodedata.normalize("NFC", text).strip() if isinstance(text, str) else ""
    strange = any(unicodedata.category(mark)[0] == "C" and mark not in "\n\t" for mark in note)
    if not 1 <= len(note) <= LONGEST_NOTE or strange:
        raise BadRequest(f"text: expected 1 to {LONGEST_NOTE} printable characters")
    return note


def _hold(entry: Entry) -> Hold:
    mark = entry.mark
    return Hold(entry.n, HoldKind(mark.value), mark.text, entry.by, entry.at, mark.until)
