"""The camera's sole starter of tasks. Every task has an owner; closing the owner waits until its tasks have ended."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Self, TypeVar

from streamer.errors import StreamerError

log = logging.getLogger(__name__)

T = TypeVar("T")


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


async def until_one_ends(*coroutines: Coroutine[Any, Any, None], name: str) -> None:
    """Run all of them until the first ends or raises; the others are cancelled and awaited; what it raised is raised."""
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(one, name=f"{name}.{number}") for number, one in enumerate(coroutines)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


async def again_and_again(step: Callable[[], Coroutine[Any, Any, None]], name: str, wait_s: float = 1.0) -> None:
    """Run `step` for ever. What nobody expected is logged with its place, and after `wait_s` it is tried again.

    A StreamerError is raised: it is a sentence for a person, and trying again does not mend it.
    """
    while True:
        try:
            await step()
        except StreamerError:
            raise
        except Exception:
            log.exception("%s failed; it starts again in %.1f s", name, wait_s)
        await asyncio.sleep(wait_s)


async def in_thread(work: Callable[[], T], name: str) -> T:
    """What `work` returns or raises, done in a daemon thread: unlike `to_thread`, the program's end does not wait."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def deliver(result: T | None, error: Exception | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result: T | None = None
        problem: Exception | None = None
        try:
            result = work()
        except Exception as error:
            problem = error
        with suppress(RuntimeError):  # the loop has ended meanwhile: nobody waits
            loop.call_soon_threadsafe(deliver, result, problem)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await future
