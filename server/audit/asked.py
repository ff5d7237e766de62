"""What somebody asks of the audit: which rows, and from where on. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from server.errors import BadRequest

MOST = 200  # rows of one answer
LONGEST_TEXT = 100
LATEST = 4e9  # Unix seconds: the year 2096


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows; what is None or empty asks for nothing. Times are Unix seconds, `until` not included.

    `what` is a whole name (view.live) or the word before its dot; `person` an actor's id, or a part of a name.
    """

    since: float | None = None
    until: float | None = None
    person: str = ""
    what: str = ""
    subject: str = ""
    text: str = ""
    before: int | None = None  # rows with a smaller number than this
    limit: int = 50

    @classmethod
    def of_query(cls, query: Mapping[str, str]) -> Self:
        """`from`, `to`, `person`, `what`, `subject`, `text`, `before`, `limit`. Raises BadRequest that names one."""
        texts = {name: query.get(name, "").strip() for name in ("person", "what", "subject", "text")}
        for name, text in texts.items():
            if len(text) > LONGEST_TEXT:
                raise BadRequest(f"{name}: expected at most {LONGEST_TEXT} characters")
        limit = _whole(query, "limit")
        before = _whole(query, "before")
        if limit is not None and not 1 <= limit <= MOST:
            raise BadRequest(f"limit: expected 1 to {MOST}, not {limit}")
        return cls(_time(query, "from"), _time(query, "to"), **texts, before=before, limit=limit or 50)

    def as_json(self) -> dict[str, str | float]:
        """Only what it asks for, without the paging: what an export was of."""
        named = {"from": self.since, "to": self.until, "person": self.person, "what": self.what}
        asked = {**named, "subject": self.subject, "text": self.text}
        return {name: value for name, value in asked.items() if value not in (None, "")}


def after_of(query: Mapping[str, str]) -> int:
    """`after`: the number of a row, 0 if it is left out. Raises BadRequest."""
    return _whole(query, "after") or 0


def row_of(query: Mapping[str, str]) -> int | None:
    """`row`: the number of one that says so already, None if it is left out. Raises BadRequest."""
    return _whole(query, "row")


def _whole(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise BadRequest(f"{name}: expected a whole number, or to be left out")
    return int(text)


def _time(query: Mapping[str, str], name: str) -> float | None:
    text = query.get(name, "")
    if not text:
        return None
    try:
        at = float(text)
    except ValueError:
        at = -1.0
    if not 0 <= at <= LATEST:  # refuses NaN too
        raise BadRequest(f"{name}: expected Unix seconds, or to be left out")
    return at
