"""The recorder, where the packets are: taps on a camera's tracks, a pre-event buffer, and what is written of it.

Each camera that sends has a Tape, whether it is recorded or not: so that a recording begins before what caused it. The
taps are DownTracks like a viewer's; forwarding does not know that recording exists.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import structlog

from server.clock import Clock
from server.media.forwarder import Forwarder
from server.media.packet import timestamp_of
from server.media.packet_cache import Entry
from server.media.run import Run
from server.media.settings import MediaSettings
from server.media.track import AUDIO, VIDEO, UpTrack
from server.recording.depacketiser import Picture, assembler_for, payload_of
from server.recording.disk import RECORDINGS
from server.recording.holes import PAUSE_S
from server.recording.master_key import MasterKeys
from server.recording.order import Keeping, OnRecording, RecordingOrder
from server.recording.reorder import Arrived, Lost, Reorder
from server.recording.ring import Ring
from server.recording.segmenter import Arrival, Segmenter
from server.recording.signing import EvidenceKey
from server.recording.steady_time import SteadyTime
from server.recording.track_time import CameraOffset, TrackTime
from server.recording.writer import Writing
from server.tasks import TaskOwner

log = structlog.get_logger(__name__)

STEP_S = 0.25  # packets wait so long for their depacketiser: nobody watches a file being written
SOUND_BEGINS_S = (
    0.3  # a jitter's length; with a step it is less than the shortest segment, which would be without sound
)
WRITERS = 4  # threads: one slow disk's fsync must not hold up the others' commits
CLOSING_S = 5.0
AskCamera = Callable[[], None]


class Tap:
    """A DownTrack that keeps what comes until the next step."""

    takes_holes = True

    def __init__(self, forwarder: Forwarder, offset: CameraOffset) -> None:
        self.forwarder = forwarder
        self.time = TrackTime(forwarder.clock, offset)
        self._assembler = assembler_for(forwarder.codec) if forwarder.kind == VIDEO else None
        # A picture is entered where its key frame starts; sound with whatever came first, which may have overtaken others.
        self.reorder = Reorder(begins_after_s=SOUND_BEGINS_S if forwarder.kind == AUDIO else 0.0)
        self._pending: list[tuple[Sequence[Entry], float]] = []
        self._from = 0  # what lies before it is of pictures that were not entered

    def enter(self, up: UpTrack, entries: Sequence[Entry], now: float) -> None:
        """See DownTrack."""
        if self._assembler is not None:
            self._from = entries[0][0]
        self._pending.append((entries, now))

    def deliver(self, up: UpTrack, runs: Sequence[Run], now: float) -> None:
        """See DownTrack."""
        self._pending += [(run.entries, now) for run in runs]

    def complete(self, up: UpTrack, entries: Sequence[Entry]) -> None:
        """See DownTrack. It took the holes."""

    def due(self, now: float) -> Iterable[Arrived | Lost]:
        """What has come, in order."""
        self._put_pending()
        return self.reorder.take(now)

    def rest(self) -> Iterable[Arrived | Lost]:
        """All that has come, also behind a hole that might yet be filled."""
        self._put_pending()
        return self.reorder.flush()

    def note_lost(self) -> None:
        """Packets are missing before the next one."""
        if self._assembler is not None:
            self._assembler.lost()

    def samples(self, packet: bytes, came: float, *, is_true: bool) -> list[tuple[Picture | bytes, Arrival]]:
        """The pictures that are whole with this packet, or its sound; it came at server time `came`.

        `is_true`: the server's clock was not set meanwhile.
        """
        if self._assembler is not None:
            whole = self._assembler.feed(packet)
            return [(one, self._arrival(one.timestamp, came, is_true)) for one in whole]
        payload = payload_of(packet)
        return [(payload, self._arrival(timestamp_of(packet), came, is_true))] if payload else []

    def _arrival(self, timestamp: int, came: float, is_true: bool) -> Arrival:
        return Arrival(self.time.at(timestamp, came, is_true=is_true), self.time.captured_at(timestamp), came)

    def _put_pending(self) -> None:
        pending, self._pending = self._pending, []
        for entries, at in pending:
            self.reorder.put([entry for entry in entries if entry[0] >= self._from], at)


class Tape:
    """One camera: its taps, its layers' segmenters, and the last `prerecord_s` seconds, from a key frame on."""

    def __init__(self, device_id: str, prerecord_s: float) -> None:
        self.device_id = device_id
        self._taps: dict[tuple[str, str], Tap] = {}
        self._segmenters: dict[str, Segmenter] = {}
        self._offset = CameraOffset()
        self._ring = Ring(prerecord_s)
        self._time = SteadyTime()
        self._heard_at: float | None = None  # when the newest packet came, on whatever track
        self._wants_keys = False
        self._begun_at = 0.0  # server's time at which it began to be written
        self.writing: Writing | None = None

    def attach(self, forwarder: Forwarder, now: float, wall: float) -> None:
        """A track of this camera has begun, or begun anew."""
        key = (forwarder.kind, forwarder.layer)
        before = self._taps.pop(key, None)
        if before is not None:
            before.forwarder.remove(before)
            self._take(before, before.rest(), now, self._time.wall(now, wall))
        if forwarder.kind == VIDEO:
            self._prepare(forwarder.layer, forwarder.codec)
        tap = self._taps[key] = Tap(forwarder, self._offset)
        forwarder.add(tap, now)

    def away(self, now: float, wall: float) -> None:
        """The camera's session has ended; what it sent until now is kept, and a new one may come."""
        self._drain(now, wall)
        for tap in self._taps.values():
            tap.forwarder.remove(tap)
        self._taps.clear()
        self._offset = CameraOffset()
        for segmenter in self._segmenters.values():
            segmenter.end()
            segmenter.was_away()
        self._pass_on()

    @property
    def is_idle(self) -> bool:
        """No session, nothing to write, and nothing from before that a recording might begin with."""
        return not self._taps and self.writing is None and not self._ring

    def step(self, now: float, wall: float) -> bool:
        """Take in what has come; whether a key frame was asked for."""
        at = self._time.wall(now, wall)
        for tap in list(self._taps.values()):
            self._take(tap, tap.due(now), now, at)
        asked = False
        for layer, segmenter in self._segmenters.items():
            segmenter.idle(at)
            tap_of_layer = self._taps.get((VIDEO, layer))
            is_due = self._wants_keys or segmenter.wants_key(at)
            if is_due and tap_of_layer is not None and self.writing is not None:
                tap_of_layer.forwarder.ask_key_frame()
                asked = True
        self._wants_keys = self._wants_keys and not asked
        self._pass_on()
        if self.writing is not None:
            shown = [one for layer, one in self._segmenters.items() if (VIDEO, layer) in self._taps]
            self.writing.note_trouble(next(filter(None, (one.trouble(at, self._begun_at) for one in shown)), ""))
        self._prune(at)
        if not self._taps and self.writing is None:
            self._time = SteadyTime()  # whatever comes next is of another session, and by the clock as it is then
        return asked

    def _drain(self, now: float, wall: float) -> None:
        """Take in all that has come: what was waited for is lost."""
        at = self._time.wall(now, wall)
        for tap in self._taps.values():
            self._take(tap, tap.rest(), now, at)

    def _take(self, tap: Tap, items: Iterable[Arrived | Lost], now: float, wall: float) -> None:
        targets = self._targets(tap)
        for item in items:
            if isinstance(item, Lost):
                tap.note_lost()
                for segmenter in targets:
                    segmenter.lost(item.packets, of_sound=tap.forwarder.kind == AUDIO)
                continue
            packet, at = item
            came = wall - (now - at)
            self._note_heard(came)
            for sample, arrival in tap.samples(packet, came, is_true=self._time.is_true):
                for segmenter in targets:
                    segmenter.add(sample, arrival)

    def _note_heard(self, came: float) -> None:
        """A layer that stands still while another goes on is not a camera that is away."""
        if self._heard_at is not None and came - self._heard_at > PAUSE_S:
            for segmenter in self._segmenters.values():
                segmenter.was_away()
        self._heard_at = max(came, self._heard_at or came)

    def _targets(self, tap: Tap) -> list[Segmenter]:
        """A layer's picture goes to its layer, sound to each: every layer plays alone."""
        if tap.forwarder.kind == AUDIO:
            if not self._segmenters:
                self._segmenters[tap.forwarder.layer] = Segmenter(tap.forwarder.layer, None)
            return list(self._segmenters.values())
        return [self._segmenters[tap.forwarder.layer]]

    def _prepare(self, layer: str, codec: str) -> None:
        """A segmenter for this layer; one that had sound alone until now goes on with the picture."""
        segmenter = self._segmenters.get(layer)
        if segmenter is not None and segmenter.takes(codec):
            return
        if segmenter is not None:
            segmenter.flush()
            self._pass_on()
        self._segmenters[layer] = Segmenter(layer, codec)

    def _pass_on(self) -> None:
        """What is complete goes to the writer, or into the ring."""
        begun = [one.began for one in self._segmenters.values() if one.began is not None]
        ready_now = [stretch.start for one in self._segmenters.values() for stretch in one.ready]
        earliest = min([*begun, *ready_now], default=0.0)
        for segmenter in self._segmenters.values():
            ready, segmenter.ready = segmenter.ready, []
            if ready:
                for tap in self._taps.values():
                    tap.time.settle()
            for stretch in ready:
                if self.writing is not None:
                    self.writing.put(stretch, earliest)
                else:
                    self._ring.add(stretch)

    def _prune(self, at: float) -> None:
        self._ring.prune(at, {layer for layer, one in self._segmenters.items() if one.goes_on})

    def begin(self, writing: Writing, now: float, wall: float) -> None:
        """From now on it is written, what was before it first."""
        self._begun_at = self._time.wall(now, wall)
        self._prune(self._begun_at)
        self.writing = writing
        self._wants_keys = True  # else the first seconds could not be seen without those before them
        for stretch in self._ring.take():
            writing.put(stretch, prerecord=stretch.end <= writing.order.asked_at)

    def end(self, now: float, wall: float) -> Writing:
        """No longer written: what has come until now still is. Raises ValueError if it was not."""
        if self.writing is None:
            raise ValueError(f"{self.device_id} is not recorded")
        self._drain(now, wall)
        for segmenter in self._segmenters.values():
            segmenter.end()
        self._pass_on()
        writing, self.writing = self.writing, None
        return writing


class Recorder:
    """Of one process: all its cameras' tapes."""

    def __init__(
        self,
        root: Path,
        prerecord_s: float,
        key: Callable[[], EvidenceKey],
        master_keys: MasterKeys,
        clock: Clock,
        tasks: TaskOwner,
        tell: OnRecording,
    ) -> None:
        self._root = root
        self._prerecord_s = prerecord_s
        self._key = key
        self._master_keys = master_keys
        self._clock = clock
        self._tasks = tasks
        self._tell = tell
        self._pool = ThreadPoolExecutor(WRITERS, "recording")
        self._tapes: dict[str, Tape] = {}
        self._asks: dict[str, AskCamera] = {}
        self._writings: dict[asyncio.Task[None], Writing] = {}

    def start(self) -> None:
        """Begin to take in what the taps keep."""
        self._tasks.repeat(STEP_S, self._step, "recording.step")

    @property
    def waiting_bytes(self) -> int:
        """What waits for the disk, of all cameras together."""
        return sum(writing.waiting_bytes for writing in self._writings.values())

    # ---- told by the engine (plain calls) --------------------------------------------------------------

    def on_track(self, device_id: str, forwarder: Forwarder, ask_camera: AskCamera) -> None:
        """A camera's track has its first packet; `ask_camera` has its key-frame requests looked at."""
        tape = self._tapes.setdefault(device_id, Tape(device_id, self._prerecord_s))
        self._asks[device_id] = ask_camera
        tape.attach(forwarder, self._clock.monotonic(), self._clock.wall())

    def on_away(self, device_id: str) -> None:
        """Its session has ended."""
        tape = self._tapes.get(device_id)
        if tape is not None:
            tape.away(self._clock.monotonic(), self._clock.wall())
            self._forget_idle(device_id)

    def record(self, device_id: str, order: RecordingOrder | None) -> None:
        """Record it into this recording; None: no longer. The same order again changes nothing."""
        tape = self._tapes.get(device_id)
        present = tape.writing if tape is not None else None
        if order is not None and present is not None and present.order.recording_id == order.recording_id:
            return
        self._end(device_id, lambda writing: writing.finish("stopped"))
        if order is not None:
            tape = self._tapes.setdefault(device_id, Tape(device_id, self._prerecord_s))
            writing = self._writing(order)
            if present is not None and present.keeping is Keeping.ABANDONED:
                writing.take_over(present)
            tape.begin(writing, self._clock.monotonic(), self._clock.wall())
        self._forget_idle(device_id)

    def release(self, device_id: str) -> None:
        """Another process goes on with its recording."""
        self._end(device_id, Writing.leave)
        self._forget_idle(device_id)

    def _end(self, device_id: str, how: Callable[[Writing], None]) -> None:
        tape = self._tapes.get(device_id)
        if tape is not None and tape.writing is not None:
            how(tape.end(self._clock.monotonic(), self._clock.wall()))

    def _writing(self, order: RecordingOrder) -> Writing:
        writing = Writing(self._root, order, self._key, self._clock, self._pool, self._tell, self._master_keys)
        task = self._tasks.start(writing.run(), f"recording.{order.recording_id}")
        self._writings[task] = writing
        task.add_done_callback(self._writings.pop)
        return writing

    def _forget_idle(self, device_id: str) -> None:
        tape = self._tapes.get(device_id)
        if tape is not None and tape.is_idle:
            del self._tapes[device_id]
            self._asks.pop(device_id, None)

    async def _step(self) -> None:
        for device_id, tape in list(self._tapes.items()):
            # 50 packets take 0.2 ms: those of 80 cameras must not hold up a picture. And what one of them does wrong
            # must not cost the others their recording.
            (failed,) = await asyncio.gather(self._step_one(device_id, tape), return_exceptions=True)
            if isinstance(failed, Exception):
                log.error("a camera cannot be recorded", device_id=device_id, exc_info=failed)

    async def _step_one(self, device_id: str, tape: Tape) -> None:
        if tape.step(self._clock.monotonic(), self._clock.wall()):
            self._asks[device_id]()
        self._forget_idle(device_id)

    async def close(self) -> None:
        """The process ends: everything that has come is written, and the recordings stay open for the next one."""
        for tape in list(self._tapes.values()):
            tape.away(self._clock.monotonic(), self._clock.wall())
            self.release(tape.device_id)
        if self._writings:
            _, late = await asyncio.wait(list(self._writings), timeout=CLOSING_S)
            for task in late:
                log.error("the disk does not take what was recorded last", task=task.get_name())
        self._pool.shutdown(wait=False, cancel_futures=True)


def recorder_for(settings: MediaSettings, clock: Clock, tasks: TaskOwner, tell: OnRecording) -> Recorder:
    """As the server's settings have it: recordings lie in the data folder, beside the key that signs them."""
    root, key, keys = settings.folder / RECORDINGS, partial(EvidenceKey.of, settings.folder), settings.master_keys
    return Recorder(root, settings.prerecord_s, key, MasterKeys(keys), clock, tasks, tell)
