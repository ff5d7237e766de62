"""The sole starter of tasks. Every task has an owner; closing the owner waits until its tasks have ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Self

import structlog

log = structlog.get_logger(__name__)


class TaskOwner:
    """Starts tasks, logs what they raise, and cancels and awaits them when closed.

    >>> async with TaskOwner("recorder") as tasks:
    ...     tasks.start(run(), "recorder.flush")
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run `coroutine` as a task of this owner. What it raises is logged with its name, never swallowed."""
        task = asyncio.get_running_loop().create_task(coroutine, name=f"{self._name}.{name}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def repeat(self, seconds: float, step: Callable[[], Coroutine[Any, Any, None]], name: str) -> asyncio.Task[Any]:
        """Call `step` every `seconds` until closed; a step that raises is logged and the next one still comes."""
        return self.start(self._repeat(seconds, step, name), name)

    async def _repeat(self, seconds: float, step: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await step()
            except Exception:
                log.exception("step failed; it is tried again", task=f"{self._name}.{name}", seconds=seconds)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            log.error("task failed", task=task.get_name(), exc_info=error)

    async def finish(self, seconds: float) -> None:
        """Let what runs come to its own end, for at most `seconds`; then close."""
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=seconds)
        await self.close()

    async def close(self) -> None:
        """Cancel what still runs and wait until all of it has ended."""
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
