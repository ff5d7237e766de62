"""Keys of a real terminal (a pty)."""

from __future__ import annotations

import asyncio
import os
import pty
import termios

import pytest

from streamer.controls import PRESSES
from streamer.keys import PRESS_OF, Keys, press_of


async def test_keys_come_one_by_one_and_the_terminal_is_given_back() -> None:
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    loop = asyncio.get_running_loop()
    pressed: asyncio.Queue[str] = asyncio.Queue()
    keys = Keys(theirs, pressed.put_nowait, loop.add_reader, loop.remove_reader)
    assert not termios.tcgetattr(theirs)[3] & termios.ICANON
    assert termios.tcgetattr(theirs)[3] & termios.ISIG  # Ctrl-C still ends the camera
    os.write(ours, "dé".encode())
    async with asyncio.timeout(5):
        assert [await pressed.get(), await pressed.get()] == ["d", "é"]
    keys.close()
    assert termios.tcgetattr(theirs) == before
    os.close(ours)
    os.close(theirs)


async def test_a_terminal_that_goes_away_ends_nothing_but_the_keys() -> None:
    ours, theirs = pty.openpty()
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()

    def unlisten(descriptor: int) -> None:
        loop.remove_reader(descriptor)
        gone.set()

    keys = Keys(theirs, lambda key: None, loop.add_reader, unlisten)
    os.close(ours)
    async with asyncio.timeout(5):
        await gone.wait()
    keys.close()
    os.close(theirs)


def test_what_is_no_terminal_is_refused() -> None:
    read, write = os.pipe()
    with pytest.raises(termios.error):
        Keys(read, lambda key: None, lambda descriptor, callback: None, lambda descriptor: None)
    os.close(read)
    os.close(write)


def test_every_key_presses_something_that_exists() -> None:
    assert set(PRESS_OF.values()) < set(PRESSES)
    assert press_of("w", watch_asked=False, streaming=True) == "watch_me"
    assert press_of("w", watch_asked=True, streaming=True) == "watch_cancel"
    assert press_of("l", watch_asked=True, streaming=True) == "stream_off"
    assert press_of("l", watch_asked=True, streaming=False) == "stream_on"
    assert press_of("z", watch_asked=True, streaming=False) is None
