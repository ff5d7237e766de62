"""One recording on its way to disk: its stretches are muxed, sealed and committed in a thread, one after the other.

A disk that is full, or away, costs no picture that fits into memory: what waits is written when there is room again, and
what did not fit is declared as a gap. Nothing that was committed is ever touched.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import structlog

from server.clock import Clock
from server.errors import Conflict, NotFound
from server.recording.folder import WRITTEN_ELSEWHERE, RecordingFolder
from server.recording.order import Keeping, OnRecording, RecordingNews, RecordingOrder
from server.recording.segment import Opened
from server.recording.segmenter import Stretch, muxed
from server.recording.signing import EvidenceKey
from server.recording.upkeep import require_room

log = structlog.get_logger(__name__)

RETRY_S = 2.0  # reliability.md R6: it goes on by itself within 10 s
MOST_WAITING_BYTES = 24 << 20  # of one camera, while the disk is full: a minute and a half at 2 Mbit/s
GAP_S = 0.25  # between the end of one segment and the start of the next of a layer: the camera sent nothing


@dataclass(slots=True)
class _Job:
    stretch: Stretch
    prerecord: bool

    @property
    def size(self) -> int:
        pictures = sum(len(unit) for _, picture in self.stretch.pictures for unit in picture.units)
        return pictures + sum(len(packet) for _, packet in self.stretch.sounds)


class Writing:
    """`put` stretches; `run` writes them until `finish`."""

    def __init__(
        self,
        root: Path,
        order: RecordingOrder,
        key: Callable[[], EvidenceKey],
        clock: Clock,
        pool: Executor,
        tell: OnRecording,
    ) -> None:
        self.order = order
        self._root = root
        self._key = key
        self._clock = clock
        self._pool = pool
        self._tell = tell
        self._jobs: deque[_Job] = deque()
        self._waiting_bytes = 0
        self._dropped: dict[str, list[Stretch]] = {}
        self._news = asyncio.Event()
        self._why_finished: str | None = None
        self._leaves = False
        self._folder: RecordingFolder | None = None
        self._epoch = 0.0  # server's Unix time of media time 0
        self._ends: dict[str, float] = {}  # of each layer, server's Unix time
        self._resumed_at: float | None = None  # where what an earlier process wrote ends
        self._has_sound: dict[str, bool] = {}
        self._until: float | None = None
        self._segments = self._bytes = 0
        self.keeping = Keeping.KEPT

    def take_over(self, other: Writing) -> None:
        """What an abandoned one could not write belongs to this one."""
        self._jobs.extendleft(reversed(other._jobs))
        self._waiting_bytes += other._waiting_bytes
        other._jobs.clear()
        other.finish("abandoned")
        self._news.set()

    def put(self, stretch: Stretch, *, prerecord: bool = False) -> None:
        """Have it written soon; a plain call."""
        job = _Job(stretch, prerecord)
        self._jobs.append(job)
        self._waiting_bytes += job.size
        while self._waiting_bytes > MOST_WAITING_BYTES and len(self._jobs) > 1:
            lost = self._jobs.popleft()  # the oldest: the newest is what is looked at now
            self._waiting_bytes -= lost.size
            self._dropped.setdefault(lost.stretch.layer, []).append(lost.stretch)
        self._news.set()

    def finish(self, why: str) -> None:
        """Nothing follows: what waits is written, then it is closed and sealed; a plain call."""
        self._why_finished = why
        self._news.set()

    def leave(self) -> None:
        """Write what waits, once, and let go: the recording stays open, and another process goes on with it."""
        self._leaves = True
        self._news.set()

    async def run(self) -> None:
        """Until it is finished and closed, or left, or abandoned."""
        try:
            await self._run()
        except (Conflict, NotFound) as error:
            log.error("a recording is left as it is", recording_id=self.order.recording_id, reason=error.detail)
            self._said(Keeping.ABANDONED, error.detail)

    async def _run(self) -> None:
        while self._jobs or not (self._leaves or self._why_finished):
            if not self._jobs:
                self._news.clear()
                await self._news.wait()
                continue
            is_written = await self._attempt(self._write_first)
            if not is_written and self._leaves:
                break
            if not is_written:
                await asyncio.sleep(RETRY_S)
        if self._leaves:
            await asyncio.get_running_loop().run_in_executor(self._pool, self._release)
            return
        is_closed = await self._attempt(self._close)
        while not is_closed:
            await asyncio.sleep(RETRY_S)
            is_closed = await self._attempt(self._close)

    async def _attempt(self, work: Callable[[], Keeping]) -> bool:
        """Run `work` in a thread; False if the disk did not take it. Raises Conflict for what no waiting mends."""
        try:
            keeping = await asyncio.get_running_loop().run_in_executor(self._pool, work)
        except (OSError, Conflict) as error:  # full, away, or still another process's
            if isinstance(error, Conflict) and error.problem_kind != WRITTEN_ELSEWHERE:
                raise
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            if self.keeping is not Keeping.FAILING:
                log.error("cannot be recorded", recording_id=self.order.recording_id, reason=reason)
            self._said(Keeping.FAILING, reason)
            return False
        if self.keeping is Keeping.FAILING:
            log.warning("is recorded again", recording_id=self.order.recording_id)
        self._said(keeping)
        return True

    def _said(self, keeping: Keeping, reason: str = "") -> None:
        self.keeping = keeping
        order = self.order
        self._tell(
            RecordingNews(
                order.recording_id, order.device_id, keeping, self._segments, self._bytes, self._until, reason
            )
        )

    # ---- in the writer's thread ------------------------------------------------------------------------

    def _write_first(self) -> Keeping:
        job = self._jobs[0]
        stretch = job.stretch
        require_room(self._root)
        folder = self._opened(min(stretch.start, stretch.begin))
        self._declare(folder, stretch)
        layer = stretch.layer
        self._has_sound[layer] = self._has_sound.get(layer, False) or bool(stretch.sounds)
        number = folder.last.get(layer, 0) + 1
        segment = muxed(stretch, number, self._epoch, sound=self._has_sound[layer], prerecord=job.prerecord)
        sealed = folder.commit(segment)
        self._ends[layer] = stretch.end
        self._jobs.popleft()
        self._waiting_bytes -= job.size
        self._segments += 1
        self._bytes += sealed.bytes
        self._until = max(self._until or 0.0, stretch.end)
        return Keeping.KEPT

    def _opened(self, epoch: float) -> RecordingFolder:
        if self._folder is None:
            order = self.order
            if (self._root / order.recording_id).exists():
                folder = RecordingFolder.resume(self._root, order.recording_id, self._clock, "server-restart")
                self._segments, self._bytes, self._epoch = sum(folder.last.values()), folder.bytes, folder.epoch
                self._resumed_at = self._until = self._epoch + folder.next_media_time
            else:
                folder = RecordingFolder.create(self._root, self._head(epoch), self._clock)
                self._epoch = epoch
            self._folder = folder
            if folder.is_closed:  # an earlier process ended it, and could not sign it any more
                folder.close("stopped", self._until or epoch, self._key())
                raise Conflict(f"recording {order.recording_id} was closed already")
        return self._folder

    def _head(self, epoch: float) -> Opened:
        order = self.order
        return Opened(
            recording_id=order.recording_id,
            device_id=order.device_id,
            call_sign=order.call_sign,
            wearer=order.wearer,
            why=order.why,
            asked_at=order.asked_at,
            epoch=epoch,
            public_key=self._key().public_key,
        )

    def _declare(self, folder: RecordingFolder, stretch: Stretch) -> None:
        """The gap before this stretch, if there is one, and what was lost in it."""
        layer, before = stretch.layer, self._ends.get(stretch.layer, self._resumed_at)
        if before is not None and stretch.begin - before > GAP_S:
            is_new = layer not in self._ends
            why = "no-space" if self._dropped.get(layer) else "server-restart" if is_new else "camera-away"
            self._gap(folder, layer, before, stretch.begin, why, None)
            self._ends[layer] = stretch.begin  # told: an attempt that fails after this must not tell it again
            self._dropped.pop(layer, None)
        if stretch.lost:
            self._gap(folder, layer, stretch.begin, stretch.end, "lost", stretch.lost)
            stretch.lost = 0

    def _gap(
        self, folder: RecordingFolder, layer: str, start: float, end: float, why: str, packets: int | None
    ) -> None:
        times = [round(at - self._epoch, 6) for at in (start, end)] + [round(at, 6) for at in (start, end)]
        folder.gap(layer, times[0], times[1], times[2], times[3], why, packets)

    def _release(self) -> None:
        if self._folder is not None:
            self._folder.leave()

    def _close(self) -> Keeping:
        if self._folder is None and not (self._root / self.order.recording_id).exists():
            return Keeping.CLOSED  # nothing came while it was to be recorded
        folder = self._opened(self._clock.wall())
        folder.close(self._why_finished or "stopped", self._until or self._clock.wall(), self._key())
        return Keeping.CLOSED
