"""What goes on in the installation: read once a second, kept for ten minutes, told to /status, /metrics and /readyz."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from server.clock import Clock
from server.errors import NotFound
from server.media.figures import CameraFigures, EngineFigures, WorkerFigures
from server.media.ledger import Ledger
from server.operations.seconds import TOTAL, Reading, camera_group, lines_between, process_group, told_at
from server.operations.series import SPAN, TOTALS, Series, Values
from server.process import STEP_S, Process
from server.tasks import TaskOwner

READ_S = 1.0
CHECK_WITHIN_S = 2.0  # a dependency that takes longer does not answer
MINUTE = 60
OWN = "server"

Check = Callable[[], Awaitable[bool]]


class Status:
    """`read_media` gives the figures of all workers; `call_sign` raises NotFound for a camera that was revoked."""

    def __init__(
        self,
        clock: Clock,
        read_media: Callable[[], EngineFigures],
        call_sign: Callable[[str], str],
        checks: Mapping[str, Check],
        disk: Callable[[], dict[str, int] | None] = lambda: None,
        doubts: Callable[[], list[str]] = list,
    ) -> None:
        self._clock = clock
        self._read_media = read_media
        self._call_sign_of = call_sign
        self._checks = checks
        self._disk = disk
        self._doubts = doubts
        self._ledger = Ledger()
        self._series = Series()
        self._process = Process(clock)
        self._answers: dict[str, dict[str, Any]] = {}
        self._reading: Reading | None = None

    def start(self, tasks: TaskOwner) -> None:
        """Read from now on."""
        tasks.repeat(STEP_S, self._process.step, "status.lag")
        tasks.repeat(READ_S, self.read, "status.read")
        tasks.repeat(READ_S, self._check_again, "status.check")  # apart: one that hangs must not hold up the readings

    async def read(self) -> None:
        """Once a second."""
        now = Reading(self._clock.monotonic(), self._figures_now())
        lines = lines_between(self._reading or Reading(now.at, EngineFigures()), now)
        self._reading = replace(now, lines=lines)
        self._series.add(self._clock.wall(), lines)

    def _figures_now(self) -> EngineFigures:
        figures = self._ledger.take(self._read_media(), self._clock.monotonic())
        if any(worker.pid == self._process.pid for worker in figures.workers):
            return figures  # the engine is in this process
        return EngineFigures((self._own(), *figures.workers), figures.cameras)

    def _own(self) -> WorkerFigures:
        process = self._process
        return WorkerFigures(
            OWN, process.pid, cpu_s=process.cpu_s, rss_bytes=process.rss_bytes, loop_lag_s=process.loop_lag_s
        )

    @property
    def figures(self) -> EngineFigures:
        """The last reading, at most a second old: each camera once, its counts whole."""
        return self._reading.figures if self._reading is not None else EngineFigures()

    @property
    def answers(self) -> Mapping[str, Mapping[str, Any]]:
        """Of each dependency, when it was last asked: `ok`, and how many `seconds` it took (of the bus: a message's way)."""
        return self._answers

    def call_sign(self, device_id: str) -> str:
        """Of a camera; its id where it was revoked meanwhile."""
        try:
            return self._call_sign_of(device_id)
        except NotFound:
            return device_id

    async def check(self) -> dict[str, bool]:
        """Whether each dependency answers now, asked at the same time."""
        names = list(self._checks)
        answers = await asyncio.gather(*[self._ask(self._checks[name]) for name in names])
        self._answers = dict(zip(names, answers, strict=True))
        return {name: bool(answer["ok"]) for name, answer in self._answers.items()}

    async def _check_again(self) -> None:
        await self.check()

    async def _ask(self, check: Check) -> dict[str, Any]:
        started = self._clock.monotonic()
        try:
            async with asyncio.timeout(CHECK_WITHIN_S):
                ok = await check()
        except TimeoutError:
            ok = False
        return {"ok": ok, "seconds": round(self._clock.monotonic() - started, 4)}

    # ---- as /api/status tells it -------------------------------------------------------------------------

    def tell(self, camera: str | None, after: int) -> dict[str, Any]:
        """Everything now, and the lines of the totals, of the processes and of `camera` since sample `after`."""
        figures, lines = self.figures, self._reading.lines if self._reading is not None else {}
        groups = [TOTAL, *[process_group(worker.name) for worker in figures.workers]]
        if camera is not None:
            groups.append(camera_group(camera))
        return {
            "at": self._clock.wall(),
            "span": SPAN,
            "checks": self._answers,
            "disk": self._disk(),
            "doubts": self._doubts(),
            "processes": [self._process_now(worker, lines) for worker in figures.workers],
            "cameras": [self._camera_now(one, lines) for one in figures.cameras],
            "lines": self._series.after(after, groups),
        }

    def _process_now(self, worker: WorkerFigures, lines: Mapping[str, Values]) -> dict[str, Any]:
        now = self._clock.monotonic()
        silent = round(now - told_at(worker, now), 1)
        return {**worker.as_json(), "silent_s": silent, "now": _short(lines.get(process_group(worker.name), {}))}

    def _camera_now(self, camera: CameraFigures, lines: Mapping[str, Values]) -> dict[str, Any]:
        group = camera_group(camera.device_id)
        pictures = [layer for layer in camera.layers if layer.kind == "video"]
        return {
            "device_id": camera.device_id,
            "call_sign": self.call_sign(camera.device_id),
            "worker": camera.worker,
            "connected": camera.connected,
            "flowing": [layer.layer for layer in pictures if layer.flowing],
            "codec": pictures[0].codec if pictures else None,
            "reduced": camera.viewers.reduced,
            "now": _short(lines.get(group, {})),
            # A freeze or a burst of loss lasts seconds: who looks up after it must still find it.
            "minute": {
                line: round(self._series.growth(group, line, MINUTE), 2) for line in ("frozen", "nacks", "plis")
            },
        }


def _short(values: Values) -> dict[str, float | None]:
    drawn = {line: value for line, value in values.items() if not line.startswith(TOTALS)}
    return {line: value if value is None else round(value, 4) for line, value in drawn.items()}
