"""One media worker as its server sees it: started, called, watched, and started again when it dies."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import structlog

from server.clock import Clock
from server.errors import StartError, Unavailable, WatchroomError
from server.media import worker_wire as wire
from server.media.settings import MediaSettings
from server.tasks import TaskOwner

log = structlog.get_logger(__name__)

ROOT = Path(__file__).resolve().parents[2]
START_S = 30.0  # a fresh process on a busy machine; half a second is usual
SILENT_S = 10.0  # figures come every second: a loop that has not turned for so long hangs, and nobody's picture moves
END_S = 2.5  # for its good-byes, and for what it has recorded; Ctrl-C must have ended everything within 3 s
AGAIN_S = (0.0, 0.5, 1.0, 2.0, 5.0)  # a worker that dies at once every time must not eat the machine
STEADY_S = 30.0  # whoever lived so long is started again at once
RETRY_AFTER_S = 1

OnReply = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class WorkerLogs:
    """How a worker logs: as its server does."""

    json: bool = True
    level: str = "info"


class WorkerOwner(Protocol):
    """Who has the worker. Plain calls."""

    def on_event(self, worker: WorkerProcess, event: str, args: dict[str, Any]) -> None: ...

    def on_ready(self, worker: WorkerProcess) -> None: ...

    def on_lost(self, worker: WorkerProcess) -> None: ...


@dataclass(slots=True)
class _Call:
    result: asyncio.Future[Any]
    on_reply: OnReply | None


class WorkerProcess:
    """`start` once; from then on it is kept alive until `close`."""

    def __init__(
        self, name: str, settings: MediaSettings, how: WorkerLogs, clock: Clock, tasks: TaskOwner, owner: WorkerOwner
    ) -> None:
        self.name = name
        self.settings = settings
        self._logs = how
        self._clock = clock
        self._tasks = tasks
        self._owner = owner
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: dict[int, _Call] = {}
        self._next_id = 0
        self._is_closing = False
        self._keeping: asyncio.Task[Any] | None = None
        self.is_ready = False
        self.port = 0
        self.deaths = 0

    @property
    def pid(self) -> int | None:
        """The present process."""
        return self._process.pid if self._process is not None else None

    async def start(self) -> None:
        """Raises StartError with a sentence for the terminal."""
        reader = await self._spawn()
        reading = self._tasks.start(self._read(reader), f"{self.name}.read")
        await self._begin()
        self._keeping = self._tasks.start(self._keep(reading), f"{self.name}.keep")

    async def close(self) -> None:
        """Let it say its good-byes, and end it."""
        self._is_closing = True
        self.is_ready = False
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        self._hang_up()
        await self._end_process()

    # ---- alive -----------------------------------------------------------------------------------------

    async def _keep(self, reading: asyncio.Task[Any]) -> None:
        quick_deaths = 0
        while True:
            began = self._clock.monotonic()
            await asyncio.wait((reading,))
            self.is_ready = False
            await self._end_process()
            self._lost()
            quick_deaths = 0 if self._clock.monotonic() - began > STEADY_S else quick_deaths + 1
            while True:
                await asyncio.sleep(AGAIN_S[min(max(quick_deaths - 1, 0), len(AGAIN_S) - 1)])
                try:
                    reading = await self._start_again()
                    break
                except WatchroomError as error:
                    await self._end_process()
                    quick_deaths += 1
                    log.error("a media worker does not start again", worker=self.name, reason=error.detail)
            log.info("a media worker is back", worker=self.name, pid=self.pid, port=self.port)

    async def _start_again(self) -> asyncio.Task[Any]:
        reader = await self._spawn()
        reading = self._tasks.start(self._read(reader), f"{self.name}.read")
        await self._begin()
        return reading

    def _lost(self) -> None:
        self.deaths += 1
        code = self._process.returncode if self._process is not None else None
        log.error("a media worker is gone", worker=self.name, pid=self.pid, code=code)
        self._hang_up()
        self._owner.on_lost(self)

    def _hang_up(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        waiting, self._waiting = self._waiting, {}
        for call in waiting.values():
            if not call.result.done():
                call.result.set_exception(self._gone())

    def _gone(self) -> Unavailable:
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        return Unavailable("the media worker is starting again", headers=headers)

    async def _end_process(self) -> None:
        process = self._process
        if process is None:
            return
        try:
            async with asyncio.timeout(END_S if self._is_closing else 0.0):
                await process.wait()
        except TimeoutError:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def _spawn(self) -> asyncio.StreamReader:
        """Raises StartError, also for what a machine at its limits refuses."""
        try:
            ours, theirs = socket.socketpair()
            with theirs:
                return await self._spawn_with(ours, theirs)
        except OSError as error:
            raise StartError(f"media worker {self.name} cannot be started: {error.strerror}") from error

    async def _spawn_with(self, ours: socket.socket, theirs: socket.socket) -> asyncio.StreamReader:
        # A worker opens packets from anywhere: it inherits no password of the database's.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WATCHROOM_")}
        command = (sys.executable, "-m", "server.media_worker", str(theirs.fileno()), self.name)
        with ExitStack() as unless_taken:  # also if the server ends in this moment
            unless_taken.callback(ours.close)
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                cwd=ROOT,
                env=environment,
            )
            reader, self._writer = await asyncio.open_connection(sock=ours, limit=wire.MAX_FRAME)
            unless_taken.pop_all()
        return reader

    async def _begin(self) -> None:
        settings = wire.settings_as_map(self.settings)
        try:
            async with asyncio.timeout(START_S):
                answer = await self.call(
                    "start", settings=settings, log_json=self._logs.json, log_level=self._logs.level
                )
        except TimeoutError as error:
            raise StartError(f"media worker {self.name} does not answer within {START_S:.0f} s") from error
        except Unavailable as error:
            raise StartError(f"media worker {self.name} ended while it started; its log says why") from error
        self.port = int(answer["port"])
        self.is_ready = True
        self._owner.on_ready(self)

    # ---- calls and events ------------------------------------------------------------------------------

    async def call(self, name: str, /, *, on_reply: OnReply | None = None, **args: Any) -> Any:
        """What the worker answers. `on_reply` hears of it before any later event of the worker is handled.

        Raises what the worker raised, or Unavailable if it is gone.
        """
        return await self._ask(name, args, on_reply)

    def tell(self, name: str, /, **args: Any) -> None:
        """A call whose answer nobody waits for; of no effect while the worker is gone, for then all is gone with it."""
        if self._writer is not None:
            self._ask(name, args, None).add_done_callback(_note_failure)

    def _ask(self, name: str, args: dict[str, Any], on_reply: OnReply | None) -> asyncio.Future[Any]:
        result: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self._writer is None:
            result.set_exception(self._gone())
            return result
        self._next_id += 1
        framed = wire.frame({"call": name, "args": args, "id": self._next_id})
        self._waiting[self._next_id] = _Call(result, on_reply)
        self._writer.write(framed)
        return result

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Until the worker is gone, or has been silent for too long."""
        patience = START_S
        try:
            while True:
                async with asyncio.timeout(patience):
                    size = wire.frame_size(await reader.readexactly(wire.LENGTH.size))
                    message = wire.unframe(await reader.readexactly(size))
                patience = SILENT_S
                self._hear(message)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        except TimeoutError:
            log.error("a media worker says nothing; it is ended", worker=self.name, seconds=SILENT_S)
        except wire.FrameError as error:
            log.error("a media worker speaks another language; it is ended", worker=self.name, reason=str(error))
        finally:
            self._hang_up()

    def _hear(self, message: dict[str, Any]) -> None:
        if "event" in message:
            self._owner.on_event(self, message["event"], message["args"])
            return
        call = self._waiting.pop(message["id"])
        failed = "error" in message
        if call.on_reply is not None and not failed:  # also when nobody waits any more: the session is there
            call.on_reply(message["result"])
        if call.result.done():
            return
        if failed:
            call.result.set_exception(wire.error_of_map(message["error"]))
        else:
            call.result.set_result(message["result"])


def settings_of(settings: MediaSettings, index: int) -> MediaSettings:
    """The worker's own port: the ports follow each other from the configured one on; 0 stays 0."""
    return replace(settings, port=settings.port + index if settings.port else 0)


def _note_failure(result: asyncio.Future[Any]) -> None:
    error = None if result.cancelled() else result.exception()
    if error is not None:
        log.info("a media worker was not told", reason=str(error))
