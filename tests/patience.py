"""Waiting for what another process does: a condition and a limit, never a fixed time."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any

EVERY_S = 0.05
BROWSER_S = 40.0  # two browsers on two slow cores: the sheet of all states stood after 20 to 30 s


async def until(condition: Callable[[], Any], what: str, within_s: float = 20.0) -> Any:
    """The first true thing that `condition` returns, or that its coroutine does. Fails, naming `what` was waited for and what was seen last."""
    limit = time.monotonic() + within_s
    while True:
        seen = condition()
        if inspect.isawaitable(seen):
            seen = await seen
        if seen:
            return seen
        if time.monotonic() > limit:
            raise AssertionError(f"{what}: not within {within_s:g} s; seen last: {seen!r}")
        await asyncio.sleep(EVERY_S)
