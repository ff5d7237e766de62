"""A process of a benchmark, and how it is told what to do: one JSON object a line in, one line out."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Self

from tests.installation import ENVIRONMENT, ROOT

READY = {"ready": True}
LONGEST_S = 300.0
LINE_LIMIT = 1 << 22


class Child:
    """A Python module of ours as a process, bound to `cores`. It never outlives its context."""

    def __init__(self, module: str, *arguments: str, cores: frozenset[int]) -> None:
        self._module = module
        self._arguments = arguments
        self._cores = cores
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None, f"{self._module} does not run"
        return self._process.pid

    async def ask(self, order: str, **details: Any) -> dict[str, Any]:
        """Have it do something; returns what it answers. Fails if it ends instead."""
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps({"order": order, **details}).encode() + b"\n")
        await process.stdin.drain()
        return await self._answer(process.stdout, order)

    async def _answer(self, stream: asyncio.StreamReader, order: str) -> dict[str, Any]:
        line = await asyncio.wait_for(stream.readline(), LONGEST_S)
        assert line, f"{self._module} ended at {order!r}: see above"
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self._module,
            *self._arguments,
            cwd=ROOT,
            env=os.environ | ENVIRONMENT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE_LIMIT,
        )
        os.sched_setaffinity(self._process.pid, self._cores)
        assert self._process.stdout is not None
        assert await self._answer(self._process.stdout, "start") == READY
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        process, self._process = self._process, None
        assert process is not None and process.stdin is not None
        process.stdin.close()  # it ends when it has nothing more to read
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


Doing = Callable[..., Awaitable[Mapping[str, Any]]]


async def obey(orders: Mapping[str, Doing]) -> None:
    """In the child: say that it is ready, then do what is ordered until the parent closes."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    reader = asyncio.StreamReader(limit=LINE_LIMIT)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    _say(READY)
    while line := await reader.readline():
        order = json.loads(line)
        _say(await orders[order.pop("order")](**order))


def _say(answer: Mapping[str, Any]) -> None:
    print(json.dumps(answer), flush=True)
