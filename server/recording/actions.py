"""Which camera is recorded into which recording, and how that goes.

A camera is recorded while it says that it records (or streams, if it never says anything), by the process that has its
picture. The order goes to the media engine first and the row into the database after: a locked database must not cost a
second of evidence. The folders' journals are the truth; rows are brought in line with them at start, both ways.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import structlog

from server.clock import Clock
from server.errors import NotFound, Unavailable, WatchroomError
from server.recording.judging_actions import Judging
from server.recording.left_actions import LeftOpen
from server.recording.order import Keeping, RecordingNews, RecordingOrder
from server.recording.segment import recording_id
from server.recording.space import Space
from server.recording.store import Recording, RecordingState, RecordingStore, followed
from server.tasks import TaskOwner
from server.units.unit import RecordMode, Unit

log = structlog.get_logger(__name__)

LOOK_S = 2.0
SAVE_EVERY_S = 5.0  # the row's figures are for people; what counts is in the journal
CONTINUE_S = 15 * 60.0  # a camera that comes back within this time goes on in the same recording
RETURN_S = 60.0  # one that sends no telemetry, and streams no more: reliability.md R1
STALLED_S = 10.0  # a camera streams, a segment is at most 2 s, and nothing has come to disk for so long
CLOSING_S = 30.0  # the worker that had it should have closed it by now; it may have died
DATABASE_S = 1.0
FAILING = "recording.failing"
Alarm = Callable[[str, str, str], Coroutine[Any, Any, None]]
Calm = Callable[[str, str], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Media:
    """The media engine, as far as recording needs it. See MediaEngine."""

    record: Callable[[str, RecordingOrder | None], None]
    release: Callable[[str], None]
    publisher_of: Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Field:
    """What is known of the units. `unit` raises NotFound for one that is unknown or revoked."""

    unit: Callable[[str], Unit]
    streams_at: Callable[[str], str | None]
    keeping: Callable[[str, str | None], None]  # tell it to everybody
    warn: Callable[[str, str], Coroutine[Any, Any, None]]  # everybody, of a place; no words: it is over


@dataclass(frozen=True, slots=True)
class Disk:
    """What lies on disk here (recording/upkeep); these block and are called in a thread."""

    place: Callable[[], str]
    # all ids; and the rows of those that are not as they are known
    found: Callable[[str, Mapping[str, Recording]], tuple[set[str], list[Recording]]]
    close_left: Callable[[str, str], RecordingNews]  # seal a recording that nobody writes any more
    space: Callable[[], Space]


@dataclass(slots=True)
class _Going:
    recording: Recording
    ordered: bool = False  # the engine has been told, in this process's life
    is_continued: bool = False
    news_at: float = 0.0  # monotonic
    keeping: Keeping | None = None
    ending_at: float | None = None
    saved_at: float = 0.0


class Recordings:
    """`start` before use. `judge_soon` and `heard` are plain calls."""

    def __init__(
        self,
        store: RecordingStore,
        disk: Disk,
        media: Media,
        field: Field,
        clock: Clock,
        tasks: TaskOwner,
        alarm: Alarm,
        calm: Calm,
    ) -> None:
        self._store, self._disk = store, disk
        self._media, self._field = media, field
        self._clock, self._tasks = clock, tasks
        self._alarm, self._calm = alarm, calm
        self._place = ""
        self.space: Space | None = None  # None: not known yet, or the disk is away
        self._warning = ""  # about it
        self._going: dict[str, _Going] = {}  # by device
        self._ending: dict[str, tuple[Recording, float]] = {}  # by recording, since: they gave way to another one
        self._left = LeftOpen(store, clock, CONTINUE_S)
        self._unsaved: dict[str, Recording] = {}  # by recording
        self._resumed: set[str] = set()  # of those that one went on: the audit gets to know with its row
        self._causes: dict[str, str] = {}
        self._sayings: asyncio.Queue[Callable[[], Coroutine[Any, Any, None]]] = asyncio.Queue()
        self._judging = Judging(self._judge_safely, tasks)

    async def start(self) -> None:
        """Bring rows and folders in line, and go on."""
        self._place = await asyncio.to_thread(self._disk.place)
        await self._reconcile()
        self._judging.start()
        self._tasks.start(self._say(), "recording.say")
        self._tasks.repeat(LOOK_S, self._look, "recording.look")

    async def close(self) -> None:
        """Write what the rows do not say yet."""
        self._unsaved |= {going.recording.id: going.recording for going in self._going.values()}
        await self._save()

    # ---- told --------------------------------------------------------------------------------------------

    def note_cause(self, device_id: str, why: str) -> None:
        """Why this camera starts to record: told as its signal comes, before its state changes."""
        self._causes[device_id] = why[:80]

    def judge_soon(self, device_id: str) -> None:
        """What this camera does, or where its picture is, has changed."""
        self._judging.soon(device_id)

    def heard(self, news: RecordingNews) -> None:
        """An OnRecording: how a recording goes."""
        going = self._going.get(news.device_id)
        if going is None or going.recording.id != news.recording_id:
            self._note_late(news)
            return
        going.recording = followed(going.recording, news)
        going.news_at = self._clock.monotonic()
        if news.keeping is Keeping.ABANDONED:  # somebody must look at that folder
            self._tell(partial(self._alarm, FAILING, news.device_id, f"a recording was damaged: {news.reason}"))
        if news.keeping in (Keeping.CLOSED, Keeping.ABANDONED):
            self._closed(news.device_id, going)
            return
        self._set_keeping(news.device_id, going, news.keeping, news.reason)
        if going.news_at - going.saved_at >= SAVE_EVERY_S:
            going.saved_at = going.news_at
            self._unsaved[going.recording.id] = going.recording

    def _note_late(self, news: RecordingNews) -> None:
        if news.recording_id not in self._ending:
            return
        known, since = self._ending[news.recording_id]
        known = followed(known, news)
        self._ending[known.id] = (known, since)
        if news.keeping in (Keeping.CLOSED, Keeping.ABANDONED):
            del self._ending[known.id]
            self._unsaved[known.id] = self._sealed(known)

    def _sealed(self, recording: Recording) -> Recording:
        log.info("recording is closed", recording_id=recording.id, segments=recording.segments)
        return replace(recording, state=RecordingState.CLOSED, ended_at=recording.until or self._clock.wall())

    def _set_keeping(self, device_id: str, going: _Going, keeping: Keeping, reason: str) -> None:
        before, going.keeping = going.keeping, keeping
        if before is keeping:
            return
        self._field.keeping(device_id, keeping.value)
        if keeping is Keeping.FAILING:
            log.error("a camera is not recorded", device_id=device_id, reason=reason)
            self._tell(partial(self._alarm, FAILING, device_id, reason))
        elif before is Keeping.FAILING or before is None:
            self._tell(partial(self._calm, FAILING, device_id))

    def _tell(self, say: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """In the order in which it was said: an alert's end must not come before its beginning."""
        self._sayings.put_nowait(say)

    async def _say(self) -> None:
        while True:
            await _until_told(await self._sayings.get())

    # ---- judged ------------------------------------------------------------------------------------------

    async def _judge_safely(self, device_id: str) -> None:
        """What goes wrong with one camera is told; it is looked at again."""
        (failed,) = await asyncio.gather(self.judge(device_id), return_exceptions=True)
        if isinstance(failed, Exception):
            log.error("a camera's recording cannot be judged", device_id=device_id, exc_info=failed)
            self._field.keeping(device_id, Keeping.FAILING.value)

    async def judge(self, device_id: str) -> None:
        """Begin, go on with or end this camera's recording, as things are now."""
        wanted, unit = self._wanted(device_id)
        is_here = self._media.publisher_of(device_id) is not None
        going = self._going.get(device_id)
        why = self._causes.pop(device_id, "not told") if wanted and is_here else "not told"
        if wanted and is_here and unit is not None:
            if going is not None and going.ending_at is not None:
                self._ending[going.recording.id] = (going.recording, self._clock.monotonic())
                going = None
            if going is None:
                going = await self._begin(unit, why)
            self._media.record(device_id, _order(going.recording))
            if not going.ordered:
                going.ordered, going.news_at = True, self._clock.monotonic()
                if going.is_continued:
                    self._resumed.add(going.recording.id)
                    self._unsaved[going.recording.id] = going.recording
        elif wanted and going is not None and self._field.streams_at(device_id) is not None:
            self._media.release(device_id)
            self._left.add(self._going.pop(device_id).recording)
            self._field.keeping(device_id, None)
        elif wanted is False and going is not None and going.ending_at is None:
            self._end(device_id, going)

    def _wanted(self, device_id: str) -> tuple[bool | None, Unit | None]:
        """Whether it is to be recorded; None while that is not known."""
        try:
            unit = self._field.unit(device_id)
        except NotFound:  # revoked
            return False, None
        if unit.device.record_mode is not RecordMode.ALWAYS:
            return (unit.recording == "recording" if unit.link.has_told else None), unit
        if unit.picture.streaming:
            return True, unit
        going = self._going.get(device_id)
        until = going.recording.until or going.recording.asked_at if going is not None else 0.0
        return (False if self._clock.wall() - until > RETURN_S else None), unit

    async def _begin(self, unit: Unit, why: str) -> _Going:
        device_id, now = unit.device.device_id, self._clock.wall()
        self._left.back(device_id)
        known = recording = await self._continued(device_id)
        if recording is None:
            wearer = unit.device.wearer
            person = {"person_id": unit.device.wearer_person_id}
            why = "always" if unit.device.record_mode is RecordMode.ALWAYS else why
            recording = Recording(
                id=recording_id(now, device_id, secrets.token_hex(4)),
                device_id=device_id,
                call_sign=unit.device.call_sign,
                wearer=None if wearer is None else {**wearer, **person},
                why=why,
                asked_at=now,
                place=self._place,
            )
            log.info("recording begins", recording_id=recording.id, device_id=device_id, why=why)
            self._unsaved[recording.id] = recording
        going = self._going[device_id] = _Going(recording, is_continued=known is not None)
        return going

    async def _continued(self, device_id: str) -> Recording | None:
        """The recording that another process, or this one before its restart, had open a moment ago."""
        try:
            async with asyncio.timeout(DATABASE_S):
                found = await self._store.open_of(device_id)
        except (Unavailable, TimeoutError) as error:
            log.warning("the database does not tell open recordings; a new one begins", error=str(error))
            return None
        if found is None or found.id in self._ending or found.id in self._unsaved:  # it is being closed, or was
            return None
        is_recent = self._clock.wall() - (found.until or found.asked_at) <= CONTINUE_S
        return found if is_recent and found.place == self._place else None

    def _end(self, device_id: str, going: _Going) -> None:
        going.ending_at = self._clock.monotonic()
        if going.ordered:
            self._media.record(device_id, None)
        else:
            self._tasks.start(self._close_left(device_id, going), "recording.close_left")

    def _closed(self, device_id: str, going: _Going) -> None:
        self._unsaved[going.recording.id] = self._sealed(going.recording)
        del self._going[device_id]
        self._field.keeping(device_id, None)
        if going.keeping is Keeping.FAILING:
            self._tell(partial(self._calm, FAILING, device_id))
        self.judge_soon(device_id)

    async def _close_left(self, device_id: str, going: _Going) -> None:
        """Seal what nobody writes any more. Another process may: then it is tried again later."""
        try:
            news = await asyncio.to_thread(self._disk.close_left, going.recording.id, device_id)
        except (OSError, WatchroomError) as error:
            log.warning("a recording cannot be closed yet", recording_id=going.recording.id, reason=str(error))
            going.ending_at = self._clock.monotonic()
            return
        self.heard(news)

    # ---- looked after ------------------------------------------------------------------------------------

    async def _look_at_disk(self) -> None:
        before, self._warning = self._warning, ""
        try:
            self.space = await asyncio.to_thread(self._disk.space)
            self._warning = self.space.warning
            if self._warning != before:
                log.warning("room for recordings", free=self.space.free, total=self.space.total, reason=self._warning)
        except OSError as error:
            self.space, self._warning = None, "the disk for recordings cannot be looked at"
            log.error(self._warning, reason=str(error))
        if self._warning or before:  # again each time: who has just come must know, and a message may be lost
            await self._field.warn(self._place, self._warning)

    async def _look(self) -> None:
        await self._look_at_disk()
        now, wall = self._clock.monotonic(), self._clock.wall()
        for device_id, going in list(self._going.items()):
            if going.ending_at is not None:
                if now - going.ending_at > CLOSING_S:
                    going.ending_at = now
                    await self._close_left(device_id, going)
                continue
            is_here = self._media.publisher_of(device_id) is not None
            # What sends nothing brings nothing to disk: it has its time from its return on.
            going.news_at = going.news_at if is_here and self._streams(device_id) else now
            if going.ordered and now - going.news_at > STALLED_S:
                self._set_keeping(device_id, going, Keeping.FAILING, "nothing has come to disk for 10 s")
            elif not is_here and wall - (going.recording.until or going.recording.asked_at) > CONTINUE_S:
                self._end(device_id, going)
            else:
                self.judge_soon(device_id)
        self._ending |= {one.id: (one, now - CLOSING_S) for one in await self._left.due()}
        for recording, since in list(self._ending.values()):
            if now - since >= CLOSING_S:  # its worker has died, perhaps
                self._ending[recording.id] = (recording, now)
                await self._close_left(recording.device_id, _Going(recording, ending_at=now))
        await self._save()

    def _streams(self, device_id: str) -> bool:
        try:
            return self._field.unit(device_id).picture.streaming
        except NotFound:
            return False

    async def _save(self) -> None:
        for saved_id, recording in list(self._unsaved.items()):
            try:
                await self._store.keep(recording, is_resumed=saved_id in self._resumed)
            except Unavailable:
                return  # tried again; the journals know it all
            self._resumed.discard(saved_id)
            if self._unsaved.get(saved_id) is recording:
                del self._unsaved[saved_id]

    async def _reconcile(self) -> None:
        """Rows and folders, both ways. Nothing is ever deleted here."""
        known = await self._store.at(self._place)
        deleted = {row.id for row in known if row.state is RecordingState.DELETED}  # left to recording/deletion_actions
        rows = {row.id: row for row in known if row.id not in deleted}
        present, on_disk_now = await asyncio.to_thread(self._disk.found, self._place, rows)
        found = {row.id: row for row in on_disk_now if row.id not in deleted}
        for found_id, on_disk in found.items():
            row = rows.get(found_id)
            if row is None:
                log.warning("a recording without a row was found", recording_id=found_id)
            if row is None or (row.state, row.segments, row.bytes) != (on_disk.state, on_disk.segments, on_disk.bytes):
                await self._store.keep(on_disk)
        for row in rows.values():
            if row.id not in present and row.state is not RecordingState.MISSING:
                await self._note_missing(row)
        for on_disk in sorted(found.values(), key=lambda one: one.asked_at):
            if on_disk.state is RecordingState.OPEN:
                before = self._going.get(on_disk.device_id)
                if before is not None:
                    self._unsaved[before.recording.id] = before.recording
                    await self._close_left(on_disk.device_id, before)
                self._going[on_disk.device_id] = _Going(on_disk, is_continued=True)

    async def _note_missing(self, row: Recording) -> None:
        if row.segments:
            log.error("a recording's folder is not there", recording_id=row.id, segments=row.segments)
            await self._store.keep(replace(row, state=RecordingState.MISSING))
        else:  # nothing of it ever came to disk
            await self._store.keep(replace(row, state=RecordingState.CLOSED, ended_at=row.asked_at))


async def _until_told(say: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """The database may be as full as the disk that is to be told of: an alert is not lost for that."""
    while True:
        try:
            return await say()
        except Unavailable:
            await asyncio.sleep(LOOK_S)


def _order(recording: Recording) -> RecordingOrder:
    return RecordingOrder(
        recording.id, recording.device_id, recording.call_sign, recording.wearer, recording.why, recording.asked_at
    )
