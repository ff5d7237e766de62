"""The camera's sole starter of tasks. Every task has an owner; closing the owner waits until its tasks have ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Self

log = logging.getLogger(__name__)


class TaskOwner:
    """Starts tasks, logs what they raise with the task's name, and cancels and awaits them when closed.

    >>> async with TaskOwner("uplink") as tasks:
    ...     tasks.start(run(), "status")
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    def start(self, coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run `coroutine` as a task of this owner. Raises RuntimeError once the owner is closed."""
        if self._closed:
            coroutine.close()
            raise RuntimeError(f"{self._name} is closed; {name} cannot be started")
        task = asyncio.get_running_loop().create_task(coroutine, name=f"{self._name}.{name}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            log.error("%s failed: %s", task.get_name(), error, exc_info=error)

    async def close(self) -> None:
        """Cancel what still runs and wait until all of it has ended. May be called twice."""
        self._closed = True
        while self._tasks:
            running = list(self._tasks)
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            self._tasks.difference_update(running)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
