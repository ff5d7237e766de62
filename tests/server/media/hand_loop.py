"""An event loop whose timers follow a clock that a test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from server.clock import HandClock


class HandLoop:
    """What is run on it may start timers; those that are due by `clock` run at the end of each `run`."""

    def __init__(self, clock: HandClock) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.time = clock.monotonic  # type: ignore[method-assign]

    def run(self, act: Callable[[], object] = lambda: None) -> None:
        """`act`, a plain function, on the loop."""

        async def turn() -> None:
            act()

        self._loop.run_until_complete(turn())

    def close(self) -> None:
        """Nothing of it is left."""
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()
