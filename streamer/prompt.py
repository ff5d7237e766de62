"""What the officer sees: one line per thing, in the terminal, with the UTC time. Advice stands out, and rings."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import TextIO

from server import wire
from streamer.clock import Clock

BOLD, PLAIN, BELL = "\x1b[1m", "\x1b[0m", "\a"
HELP = (
    "Keys: r record · s stop · l stream on/off · w watch me (again: cancel) · e EMERGENCY · h heard · "
    "TASER: d drawn, a armed, t trigger, x arc, f safe · ? help · q quit"
)
REMEMBERED_ALERTS = 64
_ALERT_WORDS = {"acknowledged": "has seen", "resolved": "has closed", "false": "has closed as false"}


class Prompt:
    """Lines on `out`. On a terminal advice is bold and rings; elsewhere it is plain text."""

    def __init__(self, out: TextIO, clock: Clock, call_sign: str) -> None:
        self.call_sign = call_sign
        self._out = out
        self._clock = clock
        self._watching: tuple[str, ...] | None = None
        self._alerts: dict[str, tuple[str, str | None]] = {}  # by id: what was said of it last

    def say(self, text: str, *, loud: bool = False) -> bool:
        """One line. True if it was written: a terminal that has gone away shows nothing."""
        line = f"{datetime.fromtimestamp(self._clock.wall(), UTC):%H:%M:%S} {self.call_sign} {clean(text)}"
        try:
            if loud and self._out.isatty():
                line = f"{BELL}{BOLD}{line}{PLAIN}"
            self._out.write(line + "\n")
            self._out.flush()
        except (OSError, ValueError):
            return False
        return True

    @property
    def is_screen(self) -> bool:
        """Whether lines come before somebody's eyes: on a terminal, and not in a log that nobody reads."""
        try:
            return self._out.isatty()
        except ValueError:  # closed
            return False

    def advice(self, text: str, author: str, *, keys: bool) -> bool:
        """A piece of advice; with `keys` the officer is told how to answer. True if it was shown."""
        return self.say(f"ADVICE from {author}: {text}" + ("  (h: heard)" if keys else ""), loud=True)

    def watchers(self, watchers: list[wire.Watcher]) -> None:
        """Who watches now; said only when it has changed."""
        names = tuple(f"{watcher.name} ({watcher.role})" for watcher in watchers)
        if names == self._watching:
            return
        first, self._watching = self._watching is None, names
        if not names:
            if not first:
                self.say("Nobody watches you now.")
            return
        count = "1 person watches you" if len(names) == 1 else f"{len(names)} people watch you"
        self.say(f"{count}: {', '.join(names)}")

    def alert(self, update: wire.AlertUpdate) -> None:
        """What became of the officer's own alert; the server tells all of them again with each new connection."""
        words, news = _ALERT_WORDS.get(update.state), (update.state, update.by)
        if self._alerts.get(update.alert_id) == news:
            return
        self._alerts.pop(update.alert_id, None)
        self._alerts[update.alert_id] = news
        if len(self._alerts) > REMEMBERED_ALERTS:
            del self._alerts[next(iter(self._alerts))]
        if words is not None:
            self.say(f"{update.by or 'Control'} {words} your alert: {update.kind.replace('.', ' ')}.")


def clean(text: str) -> str:
    """Text that cannot steer a terminal: control and invisible characters become spaces, runs of space one."""
    return " ".join("".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text).split())
