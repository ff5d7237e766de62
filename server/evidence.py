"""What is kept, put together: recordings, how long they stay, how they are seen again, and how they leave the building."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from server import replay_sources
from server.backfill.actions import BackFilling
from server.backfill.store import UPLOADS, Uploads
from server.backfill.upload import Upload
from server.export.actions import EXPORTS, Exports
from server.operations.assets import STATIC
from server.recording.actions import Disk, Field, Media, Recordings
from server.recording.deletion_actions import Shelf, keeping
from server.recording.joining import Arrived, Joining
from server.recording.library import Library
from server.recording.order import Keeping, RecordingNews
from server.recording.removal import Removal
from server.recording.signing import EvidenceKey
from server.recording.store import RecordingStore
from server.recording.timestamping import Timestamping
from server.recording.upkeep import RECORDINGS, Upkeep, require_room
from server.replay.store import forget_bookmarks
from server.stills.actions import Stills
from server.stills.decoder import Decoder
from server.stills.folder import STILLS, StillFolder

if TYPE_CHECKING:
    from server.app import Watchroom


class Evidence:
    """Of one server process. `start` after the media engine's."""

    def __init__(self, room: Watchroom) -> None:
        config, clock, tasks = room.config, room.clock, room.tasks
        root = config.data / RECORDINGS
        key = partial(EvidenceKey.of, config.data)
        self._tasks = tasks
        self.library = Library(root, room.master_keys)
        self._upkeep = upkeep = Upkeep(config.data, self.library, clock)
        self._store = RecordingStore(room.database)
        self.recordings = Recordings(
            self._store,
            Disk(upkeep.place, upkeep.found, upkeep.close_left, upkeep.space),
            Media(room.engine.record, room.engine.release, room.engine.publisher_of),
            Field(room.units.unit, room.units.streams_at, room.units.apply_keeping),
            clock,
            tasks,
            room.alerts.raise_system,
            room.alerts.clear_system,
        )
        shelf = Shelf(upkeep.place, self.library, Removal(root, config.data / STILLS))
        self.retention, self.deletion = keeping(
            room.database, config.retention, shelf, clock, room.audit.note, forget_bookmarks
        )
        self._uploads = Uploads(config.data / UPLOADS)
        self._joining = Joining(root, self.library, key, clock, room.master_keys)
        self._clock = clock
        self.backfilling = BackFilling(
            self._uploads,
            root,
            self.library,
            self._recent,
            self._join,
            require_room,
            clock,
            tasks,
            most_bytes=config.footage_upload_mb << 20,
            prerecord_s=config.prerecord_s,
        )
        self.timestamping = Timestamping.of(config, root, clock)
        self.replays = replay_sources.of(room, self.library)
        folder = StillFolder(config.data / STILLS, require_room, self.library.is_there)
        self.stills = Stills(self.replays, self.library, folder, Decoder(), clock)
        self.exports = Exports(
            config.data / EXPORTS,
            self.library,
            key,
            self.replays,
            replay_sources.bundle_page,
            STATIC / "css" / "bundle.css",
            clock,
            tasks,
            require_room,
        )

    async def start(self) -> None:
        """Bring rows and folders in line, and go on with what was open."""
        await self.recordings.start()
        await self.exports.start()
        self.stills.start()
        self.deletion.start(self._tasks)
        self.backfilling.start()
        if self.timestamping is not None:
            self.timestamping.start(self._tasks)

    async def _recent(self, device_id: str, since: float) -> list[str]:
        place = await asyncio.to_thread(self._upkeep.place)
        return [one.id for one in await self._store.of_camera(device_id, since, place)]

    def _join(self, one: Upload) -> str:
        pieces = partial(self._uploads.pieces, one)
        return self._joining.join(Arrived(one.recording_id, one.start, one.end, one.at, self._clock.wall(), pieces))

    def gauges(self) -> dict[str, float]:
        """For /metrics."""
        return {} if self.timestamping is None else {"recordings_not_yet_timestamped": self.timestamping.waiting}

    def heard(self, news: RecordingNews) -> None:
        """An OnRecording."""
        self.recordings.heard(news)
        if news.keeping is Keeping.CLOSED:
            self.stills.recording_closed(news.recording_id)

    async def close(self) -> None:
        """What is being made of recordings ends. The recordings themselves end after the media engine."""
        await self.stills.close()
        await self.exports.close()

    def disk(self) -> dict[str, int] | None:
        """For /status: bytes free and in all where recordings lie; None while that is not known."""
        space = self.recordings.space
        return None if space is None else {"free": space.free, "total": space.total}
