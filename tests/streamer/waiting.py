"""Waiting for something that happens in another thread or over a real network, never for long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

LONGEST_S = 12.0
LOOK_EVERY_S = 0.02


async def until(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds. Raises TimeoutError after 12 s."""
    turn = asyncio.Event()
    async with asyncio.timeout(LONGEST_S):
        while not condition():
            asyncio.get_running_loop().call_later(LOOK_EVERY_S, turn.set)
            await turn.wait()
            turn.clear()
