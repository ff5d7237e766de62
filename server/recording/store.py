"""Where it is kept which recordings there are (table `recording`). What is in them lies in their folders, whose journals are the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from server.audit.audit_entry import Actor, Note, Subject, What
from server.database import Along, Database, metadata
from server.recording.order import RecordingNews

MOST_OF_CAMERA = 60

recording_table = sa.Table(
    "recording",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("device_id", sa.String(40), nullable=False),
    sa.Column("call_sign", sa.String(40), nullable=False),
    sa.Column("wearer", sa.JSON),
    sa.Column("why", sa.String(80), nullable=False),
    sa.Column("asked_at", sa.Double, nullable=False),  # Unix seconds, like all times
    sa.Column("until", sa.Double),  # what lies on disk ends then
    sa.Column("ended_at", sa.Double),
    sa.Column("state", sa.String(10), nullable=False, index=True),
    sa.Column("segments", sa.Integer, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("place", sa.String(32), nullable=False),  # which data folder it lies in
    sa.Index("ix_recording_device_id_asked_at", "device_id", "asked_at"),
    sa.Index("ix_recording_state_ended_at", "state", "ended_at"),
)


class RecordingState(StrEnum):
    """What a recording is."""

    OPEN = "open"
    CLOSED = "closed"
    MISSING = "missing"  # its row is here, its folder is not
    DELETED = "deleted"  # for good: a tombstone says by which rule


@dataclass(frozen=True, slots=True)
class Recording:
    """One row. `wearer` at that time: name, collar_number, person_id; or None. `place` names the data folder."""

    id: str
    device_id: str
    call_sign: str
    wearer: dict[str, Any] | None
    why: str
    asked_at: float
    place: str
    until: float | None = None
    ended_at: float | None = None
    state: RecordingState = RecordingState.OPEN
    segments: int = 0
    bytes: int = 0

    def as_json(self) -> dict[str, Any]:
        """For the API."""
        return {**asdict(self), "state": self.state.value}


Within = Callable[..., Along]  # notes: rows of the audit that a change's own transaction writes


class RecordingStore:
    """Rows of recordings; that one begins or ends is in the audit with its row. Every call raises Unavailable while the
    database is away."""

    def __init__(self, database: Database, within: Within | None = None) -> None:
        self._database = database
        self._within = within

    async def keep(self, recording: Recording, *, is_resumed: bool = False) -> None:
        """Insert it, or bring its row up to date (`is_resumed`: it goes on after a break); one that is deleted stays so."""
        values, here = recording.as_json(), recording_table.c.id == recording.id
        async with self._database.transaction() as tx:
            known = sa.select(recording_table.c.state).where(here).with_for_update()
            before = (await tx.execute(known)).scalar()
            if before is None:
                await tx.execute(sa.insert(recording_table).values(**values))
            elif before != RecordingState.DELETED.value:
                await tx.execute(sa.update(recording_table).where(here).values(**values))
            notes = collected(recording, before, is_resumed=is_resumed)
            if self._within is not None and notes:
                await self._within(*notes)(tx)

    async def at(self, place: str) -> list[Recording]:
        """All that lie, or should lie, in this data folder, oldest first."""
        here = recording_table.c.place == place
        return await self._found(sa.select(recording_table).where(here).order_by(recording_table.c.asked_at))

    async def open_of(self, device_id: str) -> Recording | None:
        """The one of this camera that goes on, the newest of several."""
        still = recording_table.c.state == RecordingState.OPEN.value
        query = sa.select(recording_table).where(still, recording_table.c.device_id == device_id)
        found = await self._found(query.order_by(recording_table.c.asked_at.desc()).limit(1))
        return found[0] if found else None

    async def of_camera(self, device_id: str, since: float, place: str) -> list[Recording]:
        """This camera's newest in this data folder that go on, or had not ended by `since`; not those that are deleted."""
        end = sa.func.coalesce(recording_table.c.until, recording_table.c.asked_at)
        state, here = recording_table.c.state, recording_table.c.place == place
        lasted = sa.or_(state == RecordingState.OPEN.value, sa.and_(state == RecordingState.CLOSED.value, end >= since))
        query = sa.select(recording_table).where(here, lasted, recording_table.c.device_id == device_id)
        return await self._found(query.order_by(recording_table.c.asked_at.desc()).limit(MOST_OF_CAMERA))

    async def one(self, recording_id: str) -> Recording | None:
        """This recording, None if there is none."""
        found = await self._found(sa.select(recording_table).where(recording_table.c.id == recording_id))
        return found[0] if found else None

    async def _found(self, query: sa.Select[Any]) -> list[Recording]:
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [recording_of(row) for row in rows]


def recording_of(row: Mapping[str, Any]) -> Recording:
    """A row as it was read."""
    return replace(Recording(**row), state=RecordingState(row["state"]))


def followed(recording: Recording, news: RecordingNews) -> Recording:
    """Its figures by what is told. After a restart less is told of its bytes, until all of its journal was looked at."""
    until = news.until if news.until is not None else recording.until
    return replace(recording, segments=news.segments, bytes=max(recording.bytes, news.bytes), until=until)


def collected(recording: Recording, before: str | None, *, is_resumed: bool = False) -> list[Note]:
    """What the audit gets to know when a row follows one of this state (None: there was none)."""
    notes = []
    if before is None:
        notes.append(collection(What.COLLECT_STARTED, recording, asked_at=recording.asked_at))
    if is_resumed:
        notes.append(collection(What.COLLECT_RESUMED, recording, until=recording.until))
    if recording.state is RecordingState.CLOSED and before in (None, RecordingState.OPEN.value):
        told = {"ended_at": recording.ended_at, "segments": recording.segments, "bytes": recording.bytes}
        notes.append(collection(What.COLLECT_ENDED, recording, **told))
    return notes


def collection(what: What, recording: Recording, **detail: Any) -> Note:
    """A row about a recording: by its camera, worn by somebody, for what made it record."""
    worn = {"wearer": (recording.wearer or {}).get("name"), "device_id": recording.device_id}
    subject = Subject("recording", recording.id, recording.call_sign)
    actor = Actor("device", recording.device_id, recording.call_sign)
    return Note(what, actor, subject, recording.why, detail={**worn, **detail})
