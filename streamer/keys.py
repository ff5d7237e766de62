"""Keys in the terminal, one press each, without Enter."""

from __future__ import annotations

import os
import termios
import tty
from collections.abc import Callable

PRESS_OF = {
    "r": "record",
    "s": "record_stop",
    "e": "emergency",
    "h": "heard",
    "d": "taser.drawn",
    "a": "taser.armed",
    "t": "taser.trigger",
    "x": "taser.arc",
    "f": "taser.safe",
}


QUIT = ("q", "\x04")  # Ctrl-D as well


def press_of(key: str, *, watch_asked: bool, streaming: bool) -> str | None:
    """What a key presses; `w` and `l` go to and fro. None: nothing."""
    if key == "w":
        return "watch_cancel" if watch_asked else "watch_me"
    if key == "l":
        return "stream_off" if streaming else "stream_on"
    return PRESS_OF.get(key)


class Keys:
    """Takes a terminal's keys one by one; gives the terminal back as it was when closed.

    `listen(descriptor, callback)` and `unlisten(descriptor)` are the event loop's add_reader and remove_reader.
    """

    def __init__(
        self,
        descriptor: int,
        pressed: Callable[[str], None],
        listen: Callable[[int, Callable[[], None]], object],
        unlisten: Callable[[int], object],
    ) -> None:
        """Raises termios.error if `descriptor` is no terminal."""
        self._descriptor = descriptor
        self._pressed = pressed
        self._unlisten = unlisten
        self._before = termios.tcgetattr(descriptor)
        # cbreak, not raw: Ctrl-C still ends the camera, and lines still end where they should
        tty.setcbreak(descriptor, termios.TCSANOW)
        listen(descriptor, self._readable)

    def _readable(self) -> None:
        try:
            read = os.read(self._descriptor, 64)
        except OSError:
            read = b""
        if not read:  # the terminal is gone; the camera goes on without
            self._unlisten(self._descriptor)
        for key in read.decode("utf-8", errors="ignore"):
            self._pressed(key)

    def close(self) -> None:
        """Give the terminal back."""
        self._unlisten(self._descriptor)
        try:
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)
        except termios.error:
            return  # it has gone away meanwhile: there is nothing to give back
