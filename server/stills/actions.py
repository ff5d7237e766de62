"""Stills of recordings: of a moment within a view, of a recording for the list, and its strip once it is closed.

The river: replay-timeline.js → routes → view (its audit row stands) → segment_at → folder, else Library → decoder → folder.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import structlog

from server.access.session import Caller
from server.clock import Clock
from server.errors import Conflict, NotFound, WatchroomError
from server.replay.footage import Placed, Recording
from server.replay.view import OPEN_S, View
from server.stills.still import Still, opening_of, segment_at, strip_of
from server.tasks import TaskOwner

if TYPE_CHECKING:
    from server.recording.library import Library
    from server.replay.actions import Replays
    from server.stills.decoder import Decoder
    from server.stills.folder import StillFolder

log = structlog.get_logger(__name__)

REST_S = 60.0
REFUSED_S = 3600.0  # what gave no picture is not tried again for so long: it may cost the only decoder 20 s
MOST_REFUSED = 3  # in a row: then the rest of that recording gets no strip
KEPT = 20_000  # who has opened which recording's still; which still a recording is shown by

Note = Callable[[Recording], Awaitable[None]]
K = TypeVar("K")
V = TypeVar("V")


class Stills:
    """`start` before use."""

    def __init__(self, replays: Replays, library: Library, folder: StillFolder, decoder: Decoder, clock: Clock) -> None:
        self._replays = replays
        self._library = library
        self._folder = folder
        self._decoder = decoder
        self._clock = clock
        self._tasks = TaskOwner("stills")
        self._closed: asyncio.Queue[str] = asyncio.Queue()
        self._noted: OrderedDict[tuple[str, str, str], float] = OrderedDict()
        self._refused: OrderedDict[Placed, float] = OrderedDict()
        self._openings: OrderedDict[str, Placed] = OrderedDict()

    def start(self) -> None:
        """Take away what a deleted recording left, and make the strips of what is closed from now on."""
        self._tasks.start(asyncio.to_thread(self._folder.tidy), "tidy")
        self._tasks.start(self._make_strips(), "strips")
        self._tasks.repeat(REST_S, self._decoder.rest, "rest")

    async def close(self) -> None:
        """Leave what is not made yet: it is made when it is asked for."""
        await self._tasks.close()
        await self._decoder.close()

    def recording_closed(self, recording_id: str) -> None:
        """Its strip may be made now."""
        self._closed.put_nowait(recording_id)

    async def of_moment(self, view: View, device_id: str, at: float) -> Still:
        """The picture of that moment, or of up to two seconds before it. Raises NotFound where there is none."""
        if not view.covers(at - 1e-3, at + 1e-3):
            raise NotFound("the view does not reach so far")
        recordings = await asyncio.to_thread(self._replays.recordings_at, view, device_id, at)
        part = await asyncio.to_thread(segment_at, recordings, device_id, at)
        if part is None or not view.covers(part.at, part.end):
            raise NotFound("there is no picture of that moment")
        return await self._still(part)

    async def of_recording(self, recording_id: str, caller: Caller, own: str | None, why: str, note: Note) -> Still:
        """The picture that a list shows a recording by. `note` commits the audit's row, once for each session and reason:
        whatever it raises, nothing is shown. Raises NotFound, Forbidden.
        """
        one = await asyncio.to_thread(self._replays.recording_of, recording_id, own)
        part = self._openings.get(recording_id) or await asyncio.to_thread(opening_of, one)
        if part is None:
            raise NotFound("this recording has no picture")
        _remember(self._openings, recording_id, part)
        key, now = (caller.session_id, recording_id, why), self._clock.wall()
        if now - self._noted.get(key, -OPEN_S) >= OPEN_S:
            await note(one)
            _remember(self._noted, key, now)
        return await self._still(part)

    # ---- made ---------------------------------------------------------------------------------------

    async def _still(self, part: Placed) -> Still:
        kept = await asyncio.to_thread(self._folder.load, part)
        if kept is None:
            kept = await self._decoded(part)
            await asyncio.to_thread(self._keep, part, kept)
        return Still(part.at, kept)

    async def _decoded(self, part: Placed) -> bytes:
        now = self._clock.wall()
        kept = None
        if now - self._refused.get(part, -REFUSED_S) >= REFUSED_S:
            film = await asyncio.to_thread(self._film, part)
            kept = await self._decoder.picture(film)
            if kept is None:
                _remember(self._refused, part, now)
        if kept is None:
            raise NotFound("the picture of that moment cannot be decoded")
        return kept

    def _film(self, part: Placed) -> bytes:
        try:
            return b"".join(self._library.sealed(part.recording_id, name) for name in (part.init, part.file))
        except Conflict as error:
            raise NotFound(f"there is no picture of that moment: {error.detail}") from error

    def _keep(self, part: Placed, jpeg: bytes) -> None:
        """But none of what lies encrypted: a plain still would outlive the recording's key. It is made again each time."""
        if not self._library.is_encrypted(part.recording_id, part.file):
            self._folder.save(part, jpeg)

    async def _make_strips(self) -> None:
        while True:
            recording_id = await self._closed.get()
            # A task of its own: what is strange about one recording is logged, and the next one's strip is made.
            await asyncio.wait([self._tasks.start(self._try_strip(recording_id), "strip")])

    async def _try_strip(self, recording_id: str) -> None:
        try:
            await self._make_strip(recording_id)
        except (WatchroomError, OSError) as error:  # deleted meanwhile, say: whoever asks for a still is told
            log.info("a filmstrip is not made", recording_id=recording_id, reason=str(error))

    async def _make_strip(self, recording_id: str) -> None:
        one = await asyncio.to_thread(self._replays.recording_of, recording_id, None)
        opening = await asyncio.to_thread(opening_of, one)
        if opening is not None and await asyncio.to_thread(self._library.is_encrypted, recording_id, opening.file):
            return  # its stills are made when they are asked for, and not kept
        strip = await asyncio.to_thread(strip_of, one)
        refused = 0  # in a row
        for part in [*([opening] if opening else []), *strip]:
            try:
                await self._still(part)
                refused = 0
            except NotFound:
                log.info("a still of a filmstrip cannot be decoded", recording_id=recording_id, n=part.n)
                refused += 1
            if refused >= MOST_REFUSED:
                raise NotFound("one picture after the other cannot be decoded")
        log.info("a filmstrip is made", recording_id=recording_id, stills=len(strip))


def _remember(kept: OrderedDict[K, V], key: K, value: V) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > KEPT:
        kept.popitem(last=False)
