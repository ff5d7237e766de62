"""Which recordings somebody looks for, as far as their rows can tell. Pure."""

from __future__ import annotations

from dataclasses import dataclass

EARLIER_S = 125.0  # a recording begins with its pre-event buffer, 120 s at most, before it is asked for
LATER_S = 60.0  # the row's end is some seconds old while it goes on


@dataclass(frozen=True, slots=True)
class Sought:
    """What is None or empty asks for nothing. `start` and `end`: Unix seconds, of which any may be in it.

    `person_id` wore the camera; `officer` and `text` are words, all of which must occur: in call sign, name or collar
    number, and in notes, reasons or tags as well. `before`: only ids that sort before this one, so older ones.
    """

    start: float | None = None
    end: float | None = None
    device_ids: tuple[str, ...] | None = None
    person_id: str | None = None
    officer: str = ""
    tag: str = ""
    category: str = ""
    text: str = ""
    before: str | None = None
    limit: int = 200
