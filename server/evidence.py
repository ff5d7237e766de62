"""What is kept, put together: recordings, how long they stay, how they are seen again, and how they leave the building."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from server import replay_sources
from server.alerts.store import AlertStore
from server.backfill.actions import BackFilling
from server.backfill.store import UPLOADS, Uploads
from server.backfill.upload import Upload
from server.bus import Topic
from server.export.actions import EXPORTS, Exports
from server.export.store import ExportStore
from server.operations.assets import STATIC
from server.recording.actions import Disk, Field, Media, Recordings
from server.recording.deletion_actions import Shelf, keeping
from server.recording.disk import RECORDINGS, require_room
from server.recording.joining import Arrived, Joining
from server.recording.library import Library
from server.recording.order import Keeping, RecordingNews
from server.recording.removal import OnTheWay, Removal
from server.recording.signing import EvidenceKey
from server.recording.sought import Sought
from server.recording.store import RecordingStore
from server.recording.timestamping import Timestamping, stamped
from server.recording.upkeep import Upkeep
from server.replay.store import forget_bookmarks
from server.stills.actions import Stills
from server.stills.decoder import Decoder
from server.stills.folder import STILLS, StillFolder
from server.taser.actions import TaserLogs
from server.taser.deletion_actions import LogDeletion
from server.taser.store import TaserStore

if TYPE_CHECKING:
    from server.access.person import Person
    from server.app import Watchroom


MOST_OF_PERSON = 5000  # recordings; of 30 a shift those of a year


class Evidence:
    """Of one server process. `start` after the media engine's."""

    def __init__(self, room: Watchroom) -> None:
        config, clock, tasks = room.config, room.clock, room.tasks
        root = config.data / RECORDINGS
        key = partial(EvidenceKey.of, config.data)
        self._tasks = tasks
        self._units = room.units
        self.library = Library(root, room.master_keys)
        self._upkeep = upkeep = Upkeep(config.data, self.library, clock)
        self._store = RecordingStore(room.database, room.audit.within)
        self.recordings = Recordings(
            self._store,
            Disk(upkeep.place, upkeep.found, upkeep.close_left, upkeep.space),
            Media(room.engine.record, room.engine.release, room.engine.publisher_of),
            Field(
                room.units.unit,
                room.units.streams_at,
                room.units.apply_keeping,
                lambda place, words: room.bus.publish(Topic.LATEST, {"warnings": {place: words}}),
            ),
            clock,
            tasks,
            room.alerts.raise_system,
            room.alerts.clear_system,
        )
        self._uploads = Uploads(config.data / UPLOADS, room.master_keys, root)
        shelf = Shelf(upkeep.place, self.library, self._removal(config.data))
        self.retention, self.deletion, self._rules = keeping(
            room.database, config.retention, shelf, clock, room.audit, partial(_newest, room), forget_bookmarks
        )
        self.taser_logs = self._weapons(room)
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
        is_stamped = partial(stamped, root, self.timestamping is not None)
        self.replays = replay_sources.of(room, self.library, self.retention.matching, self.taser_logs, is_stamped)
        folder = StillFolder(config.data / STILLS, require_room, self.library.is_there)
        self.stills = Stills(self.replays, self.library, folder, Decoder(), clock)
        self.exports = self._exports(room, key)

    def _removal(self, data: Path) -> Removal:
        on_the_way = OnTheWay(self._uploads.bytes_of, self._uploads.remove_of)
        return Removal(data / RECORDINGS, data / STILLS, on_the_way)

    def _weapons(self, room: Watchroom) -> TaserLogs:
        """Their logs, which are kept as long as what was recorded then."""
        signals = AlertStore(room.database, room.journal).signals
        store = TaserStore(room.database)
        logs = TaserLogs(store, self._bearer, signals, room.clock)
        table, within = self.retention.table, room.audit.within
        self.deletion.add(LogDeletion(store, table, self._is_recorded, within, logs.forget, room.clock).run)
        return logs

    def _exports(self, room: Watchroom, key: Callable[[], EvidenceKey]) -> Exports:
        return Exports(
            room.config.data / EXPORTS,
            self.library,
            key,
            self.replays,
            self.taser_logs.excerpts,
            replay_sources.bundle_page,
            STATIC / "css" / "bundle.css",
            room.clock,
            room.tasks,
            require_room,
            ExportStore(room.database),
            self._upkeep.place,
        )

    async def start(self) -> None:
        """Bring rows and folders in line, and go on with what was open."""
        await self._rules.start()  # it asks when something was last written: before anything is, by this clock
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

    async def of_person(self, person: Person) -> dict[str, list[str]]:
        """What is this officer's: the phone that they wear, and what was recorded while they wore its camera."""
        phones = [one.device_id for one in await self._units.registered() if one.wearer_person_id == person.id]
        recorded = await self.retention.matching(Sought(person_id=person.id, limit=MOST_OF_PERSON))
        return {"device": phones, "recording": [one.id for one in recorded]}

    async def _bearer(self, device_id: str, start: float, end: float) -> tuple[str, Mapping[str, Any] | None]:
        """A camera's call sign, and who wore it then, as its recordings have it; nobody where they have several or none.
        (Who wears it on the day of the debrief may be another.) Raises NotFound."""
        call_sign = self._units.device(device_id).call_sign
        rows = await self.retention.matching(Sought(start, end, (device_id,)))
        then = [one for one in rows if one.asked_at <= end and (one.until is None or one.until >= start)]
        if not then:
            return call_sign, None
        first = then[0]
        return first.call_sign, first.wearer if all(one.wearer == first.wearer for one in then) else None

    async def _is_recorded(self, device_id: str, start: float, end: float) -> bool:
        """Whether anything that this camera recorded then is still kept."""
        return bool(await self.retention.matching(Sought(start, end, (device_id,), limit=1)))

    def doubts(self) -> list[str]:
        """For /status: what is not certain about how long recordings are kept."""
        return self._rules.doubts

    def disk(self) -> dict[str, int] | None:
        """For /status: bytes free and in all where recordings lie; None while that is not known."""
        space = self.recordings.space
        return None if space is None else {"free": space.free, "total": space.total}


async def _newest(room: Watchroom) -> float | None:
    """When something was last written into the audit or the journal."""
    found = [at for at in (await room.audit.last_at(), await room.journal.last_at()) if at is not None]
    return max(found, default=None)
