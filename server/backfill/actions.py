"""What is wanted of a camera's own footage, taken in piece by piece, and joined to its recording once it is whole."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from server.backfill import lacking
from server.backfill.store import is_lost
from server.backfill.upload import Upload, matches, new_upload
from server.clock import Clock
from server.errors import Conflict, NotFound, TooMany, Unavailable, WatchroomError
from server.tasks import TaskOwner
from server.wire import FootageAnswer, FootageHeld, WireError

if TYPE_CHECKING:
    from server.backfill.store import Uploads
    from server.recording.library import Library

log = structlog.get_logger(__name__)

LOOK_S = 60.0
KEPT_S = 7 * 24 * 3600.0  # an upload that was broken off; and the word that one was no footage
MOST_OF_CAMERA = 60  # uploads at a time, each of at most ten minutes
ALTERED = "checksum-mismatch"
Recent = Callable[[str, float], Awaitable[list[str]]]  # the recordings here of a camera that were not over by then
Join = Callable[[Upload], str]  # blocks; raises NotFound, WireError, OSError
RequireRoom = Callable[[Path, int], None]  # raises OSError


class ChecksumMismatch(WatchroomError):
    """The piece was altered on the way (tus, checksum extension)."""

    status, kind, title = 460, ALTERED, "The piece was altered on the way"


class BackFilling:
    """`start` before use."""

    def __init__(
        self,
        uploads: Uploads,
        folder: Path,
        library: Library,
        recent: Recent,
        join: Join,
        require_room: RequireRoom,
        clock: Clock,
        tasks: TaskOwner,
        *,
        most_bytes: int,
        prerecord_s: float,
    ) -> None:
        self._uploads = uploads
        self._folder = folder
        self._library = library
        self._recent = recent
        self._join = join
        self._require_room = require_room
        self._clock = clock
        self._tasks = tasks
        self.most_bytes = most_bytes
        self._prerecord_s = prerecord_s
        self._one_at_a_time = asyncio.Lock()

    def start(self) -> None:
        """Join what was whole before the server was restarted; and look now and then."""
        self._tasks.start(self.look(), "backfill.look")
        self._tasks.repeat(LOOK_S, self.look, "backfill.look")

    # ---- what is wanted -------------------------------------------------------------------------

    async def wanted(self, device_id: str, held: FootageHeld) -> FootageAnswer:
        """What the camera's recordings lack of what it holds. Raises Unavailable."""
        if not held.spans or not self.most_bytes:
            return FootageAnswer(wanted=[])
        ids = await self._recent(device_id, min(span.start for span in held.spans) - lacking.LONGEST_S)
        return await asyncio.to_thread(self._answer, ids, held)

    def _answer(self, ids: list[str], held: FootageHeld) -> FootageAnswer:
        pending = [one for one in self._uploads.all() if one.state or self._is_whole(one)]
        found = (self._known(one, pending, held) for one in ids)
        return lacking.answer([one for one in found if one is not None], held.spans, self._prerecord_s)

    def _known(self, recording_id: str, pending: list[Upload], held: FootageHeld) -> lacking.Known | None:
        try:
            # Of a long journal the end alone: 600 cameras come back at once after a restart.
            entries = self._library.latest(recording_id, min(one.start for one in held.spans) - lacking.LONGEST_S)
            if entries and not lacking.reaches(entries, held.spans, self._clock.wall()):
                entries = self._library.entries(recording_id)
            parts = [self._library.opened(part) for part in self._library.parts(recording_id)]
        except (NotFound, OSError) as error:
            log.warning("a recording cannot be read", recording_id=recording_id, reason=str(error))
            return None
        coming = [(one.start, one.end) for one in pending if one.recording_id == recording_id]
        return lacking.known(recording_id, entries, parts, coming) if entries else None

    # ---- taken in -------------------------------------------------------------------------------

    async def create(self, device_id: str, headers: Mapping[str, str]) -> Upload:
        """Begin an upload, or go on with it. Raises as `new_upload` does, and NotFound, Conflict, TooMany, Unavailable."""
        upload = new_upload(device_id, headers, self.most_bytes, self._clock.wall())
        await asyncio.to_thread(self._create, upload)
        return upload

    def _create(self, upload: Upload) -> None:
        own = [one for one in self._uploads.all() if one.device_id == upload.device_id and one.id != upload.id]
        if len(own) >= MOST_OF_CAMERA:
            raise TooMany("this camera has too many uploads under way", headers={"Retry-After": "60"})
        if self._library.opened(upload.recording_id)["device_id"] != upload.device_id:
            raise NotFound(f"this camera has no recording {upload.recording_id}")
        if any(self._answers(part, upload) for part in self._library.parts(upload.recording_id)):
            raise Conflict("that stretch is back-filled already")
        try:
            self._require_room(self._folder, 2 * upload.length)  # it is written once more when it is joined
            self._uploads.create(upload)
            if not self._library.is_there(upload.recording_id):  # deleted meanwhile, and with it what there was by then
                self._uploads.remove(upload)
                raise NotFound(f"this camera has no recording {upload.recording_id}")
        except OSError as error:
            raise Unavailable(f"no footage can be taken in: {error.strerror}", headers={"Retry-After": "60"}) from error

    def _answers(self, part: str, upload: Upload) -> bool:
        asked = self._library.opened(part)["asked"]
        return bool(asked["start"] <= upload.start and upload.end <= asked["end"])

    async def offset(self, device_id: str, upload_id: str) -> tuple[Upload, int]:
        """An upload of this camera's, and how many bytes of it are here. Raises NotFound."""
        return await asyncio.to_thread(self._offset, device_id, upload_id)

    def _offset(self, device_id: str, upload_id: str) -> tuple[Upload, int]:
        upload = self._uploads.find(upload_id)
        if upload is None or upload.device_id != device_id:
            raise NotFound("there is no such upload")
        return upload, self._uploads.offset(upload)

    async def append(self, upload: Upload, offset: int, data: bytes, checksum: tuple[str, bytes] | None) -> int:
        """Add a piece; how many bytes are here then, all of them on disk. Raises Conflict, ChecksumMismatch, NotFound,

        Unavailable.
        """
        if checksum is not None and not matches(checksum, data):
            raise ChecksumMismatch("Upload-Checksum: it is not that of the bytes that came; nothing of them is kept")
        if offset + len(data) > upload.length:
            raise Conflict(f"the upload has {upload.length} bytes, and no more", offset=offset)
        try:
            here = await asyncio.to_thread(self._uploads.append, upload, offset, data)
        except OSError as error:
            raise Unavailable(f"no footage can be taken in: {error.strerror}", headers={"Retry-After": "60"}) from error
        if here == upload.length:
            self._tasks.start(self.look(), "backfill.join")
        return here

    async def remove(self, upload: Upload) -> None:
        """The camera wants it no more."""
        await asyncio.to_thread(self._uploads.remove, upload)

    # ---- joined ---------------------------------------------------------------------------------

    async def look(self) -> None:
        """Join what is whole, and let go what nobody has gone on with for a week."""
        async with self._one_at_a_time:
            for upload in await asyncio.to_thread(self._uploads.all):
                await asyncio.to_thread(self._settle, upload)

    def _is_whole(self, upload: Upload) -> bool:
        try:
            return self._uploads.offset(upload) == upload.length
        except NotFound:
            return False

    def _settle(self, upload: Upload) -> None:
        if self._clock.wall() - upload.created_at > KEPT_S:
            self._uploads.remove(upload)
        elif not upload.state and self._is_whole(upload):
            self._join_it(upload)

    def _join_it(self, upload: Upload) -> None:
        about = {
            "recording_id": upload.recording_id,
            "device_id": upload.device_id,
            "seconds": upload.end - upload.start,
        }
        try:
            self._require_room(self._folder, upload.length)
            if any(self._answers(part, upload) for part in self._library.parts(upload.recording_id)):
                part = "there already"  # joined, and then a kill came before the upload was let go
            else:
                part = self._join(upload)
        except WireError as error:
            log.error("what a camera uploaded is no footage", **about, reason=str(error))
            self._uploads.refuse(upload)
        except NotFound as error:
            log.warning("footage came for a recording that is gone", **about, reason=error.detail)
            self._uploads.remove(upload)
        except (OSError, WatchroomError) as error:
            if is_lost(error):
                log.error("an upload was altered where it lies: it is asked for anew", **about, reason=str(error))
                self._uploads.remove(upload)
            else:
                log.error("footage is not joined to its recording yet", **about, reason=str(error))
        else:
            log.info("a recording is back-filled", **about, part=part)
            self._uploads.remove(upload)
