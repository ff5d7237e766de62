"""What a page says in place of what it cannot show: what happened, then what to do. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Trouble:
    """A problem in words for a person; `again`: the same address may work later; `reference` finds it in the log."""

    title: str
    line: str
    todo: str
    again: bool = False
    reference: str = ""


_AWAY = "The server is there, but something that it needs does not answer"
_WORDS: dict[int, tuple[str, str]] = {
    400: ("This address cannot be understood", "Look at it again, or go back to where you came from."),
    401: ("Sign in first", "You go on to this address from there."),
    403: ("This page is for others", "An admin can give you another role; or sign out, and in again as somebody else."),
    404: (
        "There is nothing at this address",
        "It may be mistyped, or what stood here is gone. Nothing is lost by it: go to the start and on from there.",
    ),
    405: ("This address is not opened as a page", "Programs use it. Go to the start and on from there."),
    429: ("Too often in a short time", "Wait a moment, then try again."),
    503: ("Not at this moment", "Try again in a few seconds. If it stays so, tell IT support."),
}


def trouble_of(problem: Mapping[str, Any]) -> Trouble:
    """The words for a problem document (RFC 9457)."""
    status, detail = int(problem["status"]), _sentence(str(problem.get("detail", "")))
    again = status in (429, 503)
    if status in _WORDS:
        title, todo = _WORDS[status]
        said = {404: "", 503: f"{_AWAY}. {detail}"}
        return Trouble(title, said.get(status, detail), todo, again)
    if status >= 500:
        return Trouble(
            "Something went wrong here, and it is not your fault",
            "The server met something that nobody foresaw. What was recorded and reported is not lost by it.",
            "Try again. If it comes again, tell IT support; with the reference they find it in the log.",
            True,
            str(problem.get("reference", "")),
        )
    return Trouble(str(problem["title"]), detail, "Go to the start and on from there.")


def _sentence(detail: str) -> str:
    words = detail.strip()
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith('.') else '.'}" if words else ""
