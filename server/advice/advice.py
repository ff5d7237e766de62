"""Advice: a few words from command to one officer, and how far they have come. Pure."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import Any

from server import wire
from server.advice.receipt import Receipts
from server.errors import BadRequest

MOST_TEXT = 500  # characters: what a person can take in on a small screen in the street


@dataclass(frozen=True, slots=True)
class Advice:
    """One piece of advice. Times are Unix seconds; `seq` is the journal's number of this state."""

    id: str
    seq: int
    device_id: str
    call_sign: str
    text: str
    author_id: str
    author_name: str
    sent_at: float
    receipts: Receipts = field(default_factory=Receipts)

    def as_json(self) -> dict[str, Any]:
        """As consoles and the API see it."""
        return {
            "id": self.id,
            "seq": self.seq,
            "device_id": self.device_id,
            "call_sign": self.call_sign,
            "text": self.text,
            "author": {"id": self.author_id, "name": self.author_name},
            "sent_at": self.sent_at,
            "delivered_at": self.receipts.delivered_at,
            "shown_at": self.receipts.shown_at,
            "acknowledged_at": self.receipts.acknowledged_at,
        }

    def as_message(self) -> wire.Advice:
        """As the camera gets it."""
        return wire.Advice(advice_id=self.id, text=self.text, author=self.author_name, sent_at=self.sent_at)


def checked_text(text: object) -> str:
    """The words, trimmed. Raises BadRequest: 1 to 500 characters, line breaks allowed, no other control characters."""
    if not isinstance(text, str):
        raise BadRequest("text: expected a string")
    trimmed = text.strip()
    if not 1 <= len(trimmed) <= MOST_TEXT:
        raise BadRequest(f"text: expected 1 to {MOST_TEXT} characters, got {len(trimmed)}")
    if any(_is_control(sign) for sign in trimmed):
        raise BadRequest("text: control characters are not allowed")
    return trimmed


def _is_control(sign: str) -> bool:
    """Control characters would garble the officer's terminal; bidirectional overrides would show other words."""
    if sign == "\n":
        return False
    return unicodedata.category(sign) in ("Cc", "Cs") or "\u202a" <= sign <= "\u202e" or "\u2066" <= sign <= "\u2069"
