"""What is tried again and again is one row a minute, not one a try: a player that asks for ever must bury nothing."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

from server.audit.audit_entry import Note

WINDOW_S = 60.0
MOST_KEPT = 1000  # at once; beyond it, each is written: rows are lost to nobody's cleverness


@dataclass(slots=True)
class _Run:
    first_at: float
    note: Note
    more: int = 0
    last_at: float = 0.0


class Repeats:
    """The first try is told at once; those of the minute after it are counted, and told as one. Times: Unix seconds."""

    def __init__(self) -> None:
        self._runs: dict[Hashable, _Run] = {}

    def is_news(self, note: Note, at: float) -> bool:
        """Whether it is to be written now; otherwise `due` tells of it later."""
        run = self._runs.get(_key(note))
        if run is not None:
            run.more, run.last_at, run.note = run.more + 1, at, note
            return False
        if len(self._runs) < MOST_KEPT:
            self._runs[_key(note)] = _Run(at, note)
        return True

    def due(self, at: float, *, at_end: bool = False) -> list[Note]:
        """The counted ones whose minute is over (all of them at the server's end), each with how often and until when."""
        over = [key for key, run in self._runs.items() if at_end or at - run.first_at >= WINDOW_S]
        return [_summed(run) for run in map(self._runs.pop, over) if run.more]


def _key(note: Note) -> Hashable:
    return (note.what, note.actor.kind, note.actor.id, note.subject.kind, note.subject.id, note.why, note.address)


def _summed(run: _Run) -> Note:
    return replace(run.note, detail={**run.note.detail, "times": run.more, "until": run.last_at})
