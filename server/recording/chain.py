"""A journal's lines: how the next one is written, and which of those found are whole and in their chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from server.recording.verifier import START, Entry, canonical, chained, checked, parsed


@dataclass(frozen=True, slots=True)
class Link:
    """Where a chain stands: number and predecessor of the next entry."""

    i: int = 0
    previous: str = START

    def add(self, body: dict[str, Any], at: float) -> tuple[Entry, bytes, Link]:
        """The entry with its number and chain, its line, and where the chain then stands. Raises ValueError for NaN."""
        entry = {**body, "i": self.i, "at": at}
        entry["chain"] = chained(self.previous, entry)
        return checked(entry), canonical(entry) + b"\n", Link(self.i + 1, entry["chain"])


def whole_entries(data: bytes, link: Link) -> tuple[list[Entry], int, Link]:
    """The entries that follow `link`, up to the first line that is torn or not chained; the bytes that they take."""
    entries: list[Entry] = []
    at = 0
    while (end := data.find(b"\n", at) + 1) > 0:
        try:
            entry = checked(parsed(data[at:end]))
        except ValueError:
            break
        if entry["i"] != link.i or entry["chain"] != chained(link.previous, entry):
            break
        entries.append(entry)
        at, link = end, Link(link.i + 1, entry["chain"])
    return entries, at, link
