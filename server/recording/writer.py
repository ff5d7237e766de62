"""One recording on its way to disk: its stretches are muxed, sealed and committed in a thread, one after the other.

A disk that is full, or away, costs no picture that fits into memory: what waits is written when there is room again, and
what did not fit is declared as a gap. Nothing that was committed is ever touched.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median

import structlog

from server.clock import Clock
from server.errors import Conflict, NotFound, WatchroomError
from server.recording.disk import require_room
from server.recording.folder import WRITTEN_ELSEWHERE, RecordingFolder
from server.recording.holes import LOST, NOT_SENT, SOUND_LOST
from server.recording.master_key import PLAIN, MasterKeys
from server.recording.order import Keeping, OnRecording, RecordingNews, RecordingOrder
from server.recording.segment import Opened
from server.recording.segmenter import Stretch, muxed
from server.recording.signing import EvidenceKey

log = structlog.get_logger(__name__)

RETRY_S = 2.0  # reliability.md R6: it goes on by itself within 10 s
MOST_WAITING_BYTES = 24 << 20  # of one camera, while the disk is full: a minute and a half at 2 Mbit/s
GAP_S = 0.25  # between the end of one segment and the start of the next of a layer: the camera sent nothing


@dataclass(frozen=True, slots=True)
class _Job:
    stretch: Stretch
    prerecord: bool


class Writing:
    """`put` stretches; `run` writes them until `finish` or `leave`."""

    def __init__(
        self,
        root: Path,
        order: RecordingOrder,
        key: Callable[[], EvidenceKey],
        clock: Clock,
        pool: Executor,
        tell: OnRecording,
        master_keys: MasterKeys = PLAIN,
    ) -> None:
        self.order = order
        self.keeping = Keeping.KEPT
        self._root = root
        self._key = key
        self._master_keys = master_keys
        self._clock = clock
        self._pool = pool
        self._tell = tell
        # of the loop alone
        self._jobs: deque[_Job] = deque()
        self._in_hand: _Job | None = None  # a thread writes it now
        self._waiting_bytes = 0
        self._news = asyncio.Event()
        self._left = asyncio.Event()
        self._trouble = ""  # what comes is not all kept, though what is put is
        self._why_finished: str | None = None
        # looked at by the thread, too, while the loop waits for it
        self._earliest: float | None = None
        self._dropped: dict[str, float] = {}  # by layer: since when what came was not kept, server's Unix time
        # of the thread
        self._folder: RecordingFolder | None = None
        self._epoch = 0.0  # server's Unix time of media time 0
        self._ends: dict[str, float] = {}  # of each layer, server's Unix time
        self._told: dict[str, float] = {}  # by layer: until when there is nothing to tell, or all has been told
        self._resumed: set[str] = set()  # layers of which nothing was written yet since an earlier process
        self._has_sound: dict[str, bool] = {}
        self._offsets: list[float] = []  # the camera's clock minus the server's, of each stretch
        self._until: float | None = None
        self._segments = self._bytes = 0

    @property
    def waiting_bytes(self) -> int:
        """What was put and is not on disk yet."""
        return self._waiting_bytes

    def put(self, stretch: Stretch, earliest: float | None = None, *, prerecord: bool = False) -> None:
        """Have it written soon; a plain call. `earliest`: when what is not complete yet begins (Unix seconds)."""
        self._earliest = min(at for at in (self._earliest, earliest, stretch.start) if at is not None)
        self._jobs.append(_Job(stretch, prerecord))
        self._waiting_bytes += stretch.size
        while self._waiting_bytes > MOST_WAITING_BYTES and len(self._jobs) > 2:
            self._drop()  # the oldest: the newest is what is looked at now
        self._news.set()

    def take_over(self, other: Writing) -> None:
        """What an abandoned one could not write belongs to this one."""
        self._jobs.extendleft(reversed(other._jobs))
        self._waiting_bytes += other._waiting_bytes
        self._earliest = min((job.stretch.start for job in self._jobs), default=None)
        other._jobs.clear()
        other._waiting_bytes = 0
        other.finish("abandoned")
        self._news.set()

    def note_trouble(self, reason: str) -> None:
        """What comes cannot all be kept, whatever becomes of what is put; "" when it can again. A plain call."""
        before, self._trouble = self._trouble, reason
        if reason and reason != before:
            self._failed(reason)

    def _drop(self) -> None:
        job = self._jobs[0] if self._jobs[0] is not self._in_hand else self._jobs[1]
        self._done_with(job)
        first = min([job.stretch.begin, *(hole.start for hole in job.stretch.holes)])
        self._dropped.setdefault(job.stretch.layer, first)

    def _done_with(self, job: _Job) -> None:
        self._jobs.remove(job)
        self._waiting_bytes -= job.stretch.size

    def finish(self, why: str) -> None:
        """Nothing follows: what waits is written, then it is closed and sealed; a plain call."""
        self._why_finished = why
        self._news.set()

    def leave(self) -> None:
        """Write what waits, once, and let go: the recording stays open, and another process goes on with it."""
        self._left.set()
        self._news.set()

    async def run(self) -> None:
        """Until it is finished and closed, or left, or abandoned."""
        try:
            await self._write_all()
            await self._end()
        except (Conflict, NotFound) as error:
            log.error("a recording is left as it is", recording_id=self.order.recording_id, reason=error.detail)
            self._said(Keeping.ABANDONED, error.detail)

    async def _write_all(self) -> None:
        while self._jobs or not (self._left.is_set() or self._why_finished):
            if not self._jobs:
                self._news.clear()
                await self._news.wait()
                continue
            self._in_hand = job = self._jobs[0]
            is_done = await self._attempt(partial(self._write, job))
            self._in_hand = None
            if is_done:
                self._done_with(job)
            elif self._left.is_set():
                return
            else:
                await self._rest()

    async def _end(self) -> None:
        is_closed = False
        while not is_closed and not self._left.is_set():
            is_closed = await self._attempt(self._close)
            if not is_closed:
                await self._rest()
        if not is_closed:
            await asyncio.get_running_loop().run_in_executor(self._pool, self._release)

    async def _rest(self) -> None:
        """Before the next attempt; whoever ends the process is not kept waiting."""
        try:
            async with asyncio.timeout(RETRY_S):
                await self._left.wait()
        except TimeoutError:
            return

    async def _attempt(self, work: Callable[[], Keeping]) -> bool:
        """Run `work` in a thread; False if it is to be tried again. Raises Conflict, NotFound for what no waiting mends."""
        attempt = asyncio.get_running_loop().run_in_executor(self._pool, work)
        (result,) = await asyncio.gather(attempt, return_exceptions=True)
        if result is Keeping.KEPT and self._trouble:
            self._failed(self._trouble)
            return True
        if isinstance(result, Keeping):
            if self.keeping is Keeping.FAILING:
                log.warning("is recorded again", recording_id=self.order.recording_id)
            self._said(result)
            return True
        if isinstance(result, NotFound) or (isinstance(result, Conflict) and result.problem_kind != WRITTEN_ELSEWHERE):
            raise result
        if isinstance(
            result, OSError | WatchroomError
        ):  # full, away, another process's still, a key that cannot be read
            self._failed((result.strerror if isinstance(result, OSError) else None) or str(result))
            return False
        if not isinstance(result, Exception):
            raise result  # the loop ends
        log.error("a segment cannot be made", recording_id=self.order.recording_id, exc_info=result)
        self._failed(f"a segment cannot be made: {result}")
        if self._in_hand is None:
            return False
        # What this stretch holds cannot be written, and never will be: those behind it must be.
        self._dropped.setdefault(self._in_hand.stretch.layer, self._in_hand.stretch.begin)
        return True

    def _failed(self, reason: str) -> None:
        if self.keeping is not Keeping.FAILING:
            log.error("cannot be recorded", recording_id=self.order.recording_id, reason=reason)
        self._said(Keeping.FAILING, reason)

    def _said(self, keeping: Keeping, reason: str = "") -> None:
        self.keeping = keeping
        order = self.order
        self._tell(
            RecordingNews(
                order.recording_id, order.device_id, keeping, self._segments, self._bytes, self._until, reason
            )
        )

    # ---- in the writer's thread ------------------------------------------------------------------------

    def _write(self, job: _Job) -> Keeping:
        stretch, layer = job.stretch, job.stretch.layer
        require_room(self._root)
        folder = self._opened()
        self._look_back(folder)
        self._declare(folder, stretch)
        self._has_sound[layer] = self._has_sound.get(layer, False) or bool(stretch.sounds)
        number = folder.last.get(layer, 0) + 1
        segment = muxed(stretch, number, self._epoch, sound=self._has_sound[layer], prerecord=job.prerecord)
        folder.commit(segment)
        self._ends[layer] = stretch.end
        self._segments, self._bytes = self._segments + 1, folder.bytes
        self._until = max(self._until or 0.0, stretch.end)
        if stretch.captured_at is not None:
            self._offsets.append(stretch.captured_at - stretch.start)
        return Keeping.KEPT

    def _look_back(self, folder: RecordingFolder) -> None:
        """A little of what was believed at the restart, beside each segment: it must hold up nobody's picture."""
        try:
            folder.look_back()
        except OSError as error:  # it is read again, and told, at the end
            log.warning("a journal cannot be read", recording_id=self.order.recording_id, reason=str(error))

    def _opened(self) -> RecordingFolder:
        if self._folder is not None:
            return self._folder
        order = self.order
        if (self._root / order.recording_id).exists():
            folder = RecordingFolder.resume(
                self._root, order.recording_id, self._clock, "server-restart", self._master_keys
            )
            self._segments, self._bytes, self._epoch = sum(folder.last.values()), folder.bytes, folder.epoch
            self._ends = {layer: folder.epoch + end for layer, end in folder.ends.items()}
            self._resumed = set(self._ends)
            self._until = self._epoch + folder.next_media_time
        else:
            self._epoch = self._earliest if self._earliest is not None else self._clock.wall()
            folder = RecordingFolder.create(self._root, self._head(), self._clock, self._master_keys)
        self._folder = folder
        if folder.is_closed:  # an earlier process ended it, and could not sign it any more
            folder.close("stopped", self._until or self._epoch, self._key())
            raise Conflict(f"recording {order.recording_id} was closed already")
        return folder

    def _head(self) -> Opened:
        order = self.order
        return Opened(
            recording_id=order.recording_id,
            device_id=order.device_id,
            call_sign=order.call_sign,
            wearer=order.wearer,
            why=order.why,
            asked_at=order.asked_at,
            epoch=self._epoch,
            public_key=self._key().public_key,
        )

    def _declare(self, folder: RecordingFolder, stretch: Stretch) -> None:
        """The gap before this stretch, if there is one, and what is missing in it. A second attempt tells none again."""
        layer = stretch.layer
        known = [ends[layer] for ends in (self._ends, self._dropped) if layer in ends]
        told = self._told.setdefault(layer, min(known, default=stretch.begin))
        if known and stretch.begin - min(known) > GAP_S:
            inside = [one for one in stretch.holes if one.start < stretch.begin and one.why != SOUND_LOST]
            start = max(told, min([*known, *(one.start for one in inside)]))
            packets = sum(one.packets for one in inside) or None
            self._gap(folder, layer, start, stretch.begin, self._why(stretch, packets), packets)
            stretch.holes = [replace(one, packets=0) if one in inside else one for one in stretch.holes]
            self._ends[layer] = self._told[layer] = told = stretch.begin
        self._dropped.pop(layer, None)
        self._resumed.discard(layer)
        while stretch.holes:
            hole = stretch.holes[0]
            start = max(hole.start, told)
            if hole.end > start and (hole.why != NOT_SENT or hole.end - start > GAP_S):
                why = "camera-away" if hole.why == NOT_SENT and stretch.away else hole.why
                self._gap(folder, layer, start, hole.end, why, hole.packets or None)
            del stretch.holes[0]

    def _why(self, stretch: Stretch, lost: int | None) -> str:
        """Why nothing is there before it. A camera that only stuttered was not away."""
        if stretch.layer in self._dropped:
            return "no-space"
        if stretch.layer in self._resumed:
            return "server-restart"
        return "camera-away" if stretch.away else LOST if lost else NOT_SENT

    def _gap(
        self, folder: RecordingFolder, layer: str, start: float, end: float, why: str, packets: int | None
    ) -> None:
        if end <= start:  # by a new session's clock, which is behind
            return
        times = [round(at - self._epoch, 6) for at in (start, end)] + [round(at, 6) for at in (start, end)]
        folder.gap(layer, times[0], times[1], times[2], times[3], why, packets)

    def _release(self) -> None:
        if self._folder is not None:
            self._folder.leave()

    def _close(self) -> Keeping:
        if self._folder is None and not (self._root / self.order.recording_id).exists():
            return Keeping.CLOSED  # nothing came while it was to be recorded
        folder, clock = self._opened(), self._camera_clock()
        folder.close(self._why_finished or "stopped", self._until or self._clock.wall(), self._key(), clock)
        self._bytes = folder.bytes
        return Keeping.CLOSED

    def _camera_clock(self) -> dict[str, float] | None:
        """The camera's clock minus the server's, as far as this process saw it; None if it told no time."""
        if not self._offsets:
            return None
        spread = max(self._offsets) - min(self._offsets)
        return {"offset_s": round(median(self._offsets), 4), "spread_s": round(spread, 4)}
