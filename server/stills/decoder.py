"""The decoding process as the server sees it: started when a picture is asked for, one at a time, ended when it rests."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog

from server.errors import Unavailable
from server.stills.decoding import LENGTH

log = structlog.get_logger(__name__)

ROOT = Path(__file__).resolve().parents[2]
INHERITED = ("PATH", "LANG", "LD_LIBRARY_PATH")
MOST_ANSWERED = 1_000_000  # bytes of a picture; 8 kB are usual, and what answers may be in a camera's hands
ANSWER_S = 20.0  # 5 ms is usual; at the lowest priority on a busy machine, and with the process's start, much more


class Decoder:
    """`rest` is to be called now and then, `close` at the end."""

    def __init__(self, command: Sequence[str] = (sys.executable, "-m", "server.stills.decoding")) -> None:
        self._command = command
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._was_used = False

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return None if self._process is None else self._process.pid

    async def picture(self, film: bytes) -> bytes | None:
        """The first picture of this film (an initialisation and its segment); None: it has none that can be decoded.

        Raises Unavailable when no process can be started.
        """
        async with self._turn:
            self._was_used = True
            process = await self._running()
            is_in_step = False
            try:
                async with asyncio.timeout(ANSWER_S):
                    answer = await _answer(process, film)
                is_in_step = True
            except (TimeoutError, asyncio.IncompleteReadError, ConnectionError, ValueError) as error:
                log.warning("a still cannot be decoded", pid=process.pid, reason=repr(error))
                return None
            finally:
                if not is_in_step:  # also when whoever asked has gone: what it says next is nobody's
                    await self._end()
        return answer or None

    async def rest(self) -> None:
        """End a process that nobody has asked since the last time: it holds some 60 MB."""
        async with self._turn:
            if not self._was_used:
                await self._end()
            self._was_used = False

    async def close(self) -> None:
        """End it."""
        async with self._turn:
            await self._end()

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        await self._end()
        # It opens what cameras sent: it inherits no password, whatever that is called.
        environment = {
            name: value for name, value in os.environ.items() if name in INHERITED or name.startswith("PYTHON")
        }
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                cwd=ROOT,
                env=environment,
            )
        except OSError as error:
            raise Unavailable(f"no process can be started that decodes pictures: {error.strerror}") from error
        return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            process.kill()
        await process.communicate()  # also reads what it still said: with a full pipe nobody learns that it has ended


async def _answer(process: asyncio.subprocess.Process, film: bytes) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(LENGTH.pack(len(film)) + film)
    await process.stdin.drain()
    size = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))[0]
    if size > MOST_ANSWERED:
        raise ValueError(f"a still of {size} bytes is none")
    return await process.stdout.readexactly(size)
