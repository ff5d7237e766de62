"""The cameras' processes: started, watched, and ended with the demo, whatever ends it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog

from server.tasks import TaskOwner

log = structlog.get_logger(__name__)

GRACE_S = 1.5  # Ctrl-C must have ended everything within 3 s
RESTART_S = 2.0


class Children:
    """Child processes, each with its own log file.

    A child holds the reading end of a pipe as its standard input: when this process dies, however it
    dies, the pipe closes, and a child that was started with `--until-stdin-closes` ends by itself.
    """

    def __init__(self, logs: Path, tasks: TaskOwner) -> None:
        self._logs = logs
        self._tasks = tasks
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._ending = False

    async def start(self, name: str, arguments: Sequence[str], cwd: Path) -> None:
        """Start `python arguments…` as `name`; it is started again if it ends before `close`."""
        self._logs.mkdir(parents=True, exist_ok=True)
        process = await self._spawn(name, arguments, cwd)
        self._tasks.start(self._keep(name, arguments, cwd, process), f"child.{name}")

    async def _spawn(self, name: str, arguments: Sequence[str], cwd: Path) -> asyncio.subprocess.Process:
        with (self._logs / f"{name}.log").open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *arguments,
                cwd=cwd,
                stdin=asyncio.subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,  # the terminal's Ctrl-C comes to us alone; we end them in order
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        self._running[name] = process
        return process

    async def _keep(
        self, name: str, arguments: Sequence[str], cwd: Path, process: asyncio.subprocess.Process
    ) -> None:
        while True:
            code = await process.wait()
            if self._ending:
                return
            log.warning("camera ended; it is started again", camera=name, code=code, log=f"{name}.log")
            await asyncio.sleep(RESTART_S)
            process = await self._spawn(name, arguments, cwd)

    async def close(self) -> None:
        """End all of them: SIGTERM, and SIGKILL for those that have not ended after GRACE_S."""
        self._ending = True
        running = [process for process in self._running.values() if process.returncode is None]
        for process in running:
            _send(process, signal.SIGTERM)
        if not running:
            return
        waits = [self._tasks.start(process.wait(), "child.end") for process in running]
        await asyncio.wait(waits, timeout=GRACE_S)
        for process in running:
            if process.returncode is None:
                log.warning("camera did not end in time; killed", pid=process.pid)
                _send(process, signal.SIGKILL)
        await asyncio.wait(waits)


def _send(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except ProcessLookupError:
        log.debug("camera has ended already", pid=process.pid)
