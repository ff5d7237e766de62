"""The cameras' processes: started, watched, and ended with the demo, whatever ends it."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog

from server.tasks import TaskOwner

log = structlog.get_logger(__name__)

GRACE_S = 2.4  # the nursery needs up to 1.8 s; Ctrl-C must have ended everything within 3 s
RESTART_S = 2.0


class Children:
    """Cameras, forked by a nursery (streamer/nursery.py), each with its own log file.

    The nursery holds the reading end of a pipe as its standard input, and each camera one from the nursery: when this
    process dies, however it dies, all of them end.
    """

    def __init__(self, logs: Path, tasks: TaskOwner, root: Path) -> None:
        self._logs = logs
        self._tasks = tasks
        self._root = root
        self._nursery: asyncio.subprocess.Process | None = None
        self._orders: dict[str, dict[str, Any]] = {}
        self._ending = False

    async def open(self) -> None:
        """Start the nursery; it loads what cameras need while the server loads what it needs."""
        self._logs.mkdir(parents=True, exist_ok=True)
        with (self._logs / "nursery.log").open("ab") as output:
            self._nursery = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "streamer.nursery",
                cwd=self._root,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=output,
                start_new_session=True,  # the terminal's Ctrl-C comes to us alone; we end them in order
            )
        self._tasks.start(self._watch(self._nursery), "nursery")

    def start(self, name: str, arguments: Sequence[str]) -> None:
        """Start a camera as `name`; it is started again if it ends before `close`."""
        self._orders[name] = {"name": name, "argv": list(arguments), "log": str(self._logs / f"{name}.log")}
        self._order(name)

    def _order(self, name: str) -> None:
        if self._nursery is not None and self._nursery.stdin is not None:
            self._nursery.stdin.write(json.dumps(self._orders[name]).encode() + b"\n")

    async def _watch(self, nursery: asyncio.subprocess.Process) -> None:
        assert nursery.stdout is not None  # a pipe, see above
        async for line in nursery.stdout:
            ended = json.loads(line)
            if not self._ending:
                log.warning("camera ended; it is started again", camera=ended["name"], code=ended["code"])
                self._tasks.start(self._again(ended["name"]), f"again.{ended['name']}")
        if not self._ending:
            log.error("the cameras' nursery has ended, and all cameras with it; it is started again", log="nursery.log")
            await asyncio.sleep(RESTART_S)
            await self.open()
            for name in self._orders:
                self._order(name)

    async def _again(self, name: str) -> None:
        await asyncio.sleep(RESTART_S)
        self._order(name)

    async def close(self) -> None:
        """End all of them; those that do not end in time are killed."""
        self._ending = True
        nursery = self._nursery
        if nursery is None or nursery.returncode is not None:
            return
        if not self._orders:  # it may still be loading, and has nothing to end in order
            nursery.kill()
        elif nursery.stdin is not None:
            nursery.stdin.close()
        try:
            await asyncio.wait_for(nursery.wait(), GRACE_S)
        except TimeoutError:
            log.warning("cameras did not end in time; killed", pid=nursery.pid)
            nursery.send_signal(signal.SIGKILL)
            await nursery.wait()
