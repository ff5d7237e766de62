"""Cameras that are to be looked at: each by itself, one look at a time, so that none waits for another's database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from server.tasks import TaskOwner


class Judging:
    """`soon` is a plain call: a look begins after it, though not before `start`. `look` raises nothing."""

    def __init__(self, look: Callable[[str], Awaitable[None]], tasks: TaskOwner) -> None:
        self._look = look
        self._tasks = tasks
        self._wanted: set[str] = set()
        self._looking: dict[str, asyncio.Task[None]] = {}
        self._is_started = False

    def start(self) -> None:
        """Look at those that were told of until now, and from now on."""
        self._is_started = True
        for device_id in self._wanted:
            self._begin(device_id)

    def soon(self, device_id: str) -> None:
        """Look at this camera; once more if it is looked at already, for that may have begun too early."""
        self._wanted.add(device_id)
        if self._is_started and device_id not in self._looking:
            self._begin(device_id)

    def _begin(self, device_id: str) -> None:
        self._looking[device_id] = self._tasks.start(self._look_while_wanted(device_id), "recording.judge")

    async def _look_while_wanted(self, device_id: str) -> None:
        try:
            while device_id in self._wanted:
                self._wanted.discard(device_id)
                await self._look(device_id)
        finally:
            del self._looking[device_id]
