"""A bookmark: a second of recordings that somebody wants to find again, with a few words. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.errors import BadRequest
from server.replay.view import TIMES

LONGEST_NOTE = 200


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Of these recordings; `at`: the moment that is marked, `made_at`: when it was. Unix seconds."""

    id: str
    recording_ids: tuple[str, ...]
    at: float
    note: str
    by_id: str
    by_name: str
    made_at: float

    def as_json(self) -> dict[str, Any]:
        """For the API."""
        return {"id": self.id, "at": self.at, "note": self.note, "by": self.by_name, "made_at": self.made_at}

    def words(self) -> str:
        """As it stands among the events."""
        return f"{self.note or 'Bookmark'}, {self.by_name}"


def wished(body: Mapping[str, Any]) -> tuple[float, str]:
    """The moment (Unix seconds) and the words of a request, which may be none. Raises BadRequest that names the field."""
    unknown = body.keys() - {"at", "note"}
    if unknown:
        raise BadRequest(f"{min(unknown)}: not expected; the fields are at, note")
    at, note = body.get("at"), body.get("note", "")
    if isinstance(at, bool) or not isinstance(at, int | float) or not TIMES[0] <= at <= TIMES[1]:
        raise BadRequest("at: expected Unix seconds")
    text = unicodedata.normalize("NFC", note).strip() if isinstance(note, str) else "\0"
    if len(text) > LONGEST_NOTE or any(unicodedata.category(mark)[0] == "C" for mark in text):
        raise BadRequest(f"note: expected at most {LONGEST_NOTE} printable characters")
    return float(at), text
