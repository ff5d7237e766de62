"""What replay reads of the other features, handed to it as functions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from aiohttp import web

from server.advice.store import AdviceStore
from server.alerts.store import AlertStore
from server.audit.audit_entry import Subject, What
from server.console.settings import console_settings
from server.export.routes import NoteExport
from server.journal.entry import EntryKind
from server.operations.assets import templates
from server.positions.store import TrailStore
from server.recording.library import Library
from server.recording.sought import Sought
from server.recording.store import Recording as Row
from server.replay.actions import Replays, Sources, Told
from server.replay.bookmark import Bookmark
from server.replay.footage import Recording
from server.replay.room_command import AUDITED
from server.replay.routes import NoteBookmark, NoteView
from server.replay.store import BookmarkStore, ViewStore
from server.replay.view import View
from server.stills.routes import NoteStill
from server.taser.actions import TaserLogs

if TYPE_CHECKING:
    from server.access.middleware import Gate
    from server.app import Watchroom


def of(
    watchroom: Watchroom,
    library: Library,
    recordings: Callable[[Sought], Awaitable[Sequence[Row]]],
    taser_logs: TaserLogs,
) -> Replays:
    """Replay, on this server's stores and the recordings in its data folder; `recordings` finds their rows."""
    database, journal = watchroom.database, watchroom.journal
    advice = AdviceStore(database, journal)

    async def sent(start: float, end: float, limit: int) -> list[dict[str, Any]]:
        return [one.as_json() for one in await advice.between(start, end, limit)]

    async def states(start: float, end: float, limit: int) -> Told:
        return [(one.at, one.body) for one in await journal.between(EntryKind.ALERT, start, end, limit)]

    async def activity(start: float, end: float, limit: int) -> Told:
        return [(one.at, one.body) for one in await journal.between(EntryKind.ACTIVITY, start, end, limit)]

    async def call_signs() -> Mapping[str, str]:
        return {one.device_id: one.call_sign for one in await watchroom.units.registered()}

    return Replays(
        library,
        ViewStore(database),
        BookmarkStore(database),
        Sources(
            fixes=TrailStore(database).between,
            alerts=AlertStore(database, journal).between,
            alert_states=states,
            advice=sent,
            activity=activity,
            call_signs=call_signs,
            settings=lambda: console_settings(watchroom.config, []),
            recordings=recordings,
            stays=TrailStore(database).stays,
            stood=AlertStore(database, journal).stood,
            taser_logs=taser_logs.between,
            done=partial(watchroom.audit.between, AUDITED),
        ),
        watchroom.clock,
    )


def note_view(gate: Gate) -> NoteView:
    """Into the audit, a row for each recording: who looks at it, why, from when to when, and from where."""

    async def note(request: web.Request, view: View, recordings: Mapping[str, str]) -> None:
        span = {"from": view.start, "to": view.end, "view": view.id}
        for recording_id, call_sign in recordings.items():
            subject = Subject("recording", recording_id, call_sign)
            await gate.note_viewing(request, What.VIEW_REPLAY, subject, why=view.why, **span)

    return note


def note_bookmark(gate: Gate) -> NoteBookmark:
    """That somebody marks a second of them. The words are content, and stay where they are."""

    async def note(request: web.Request, made: Bookmark, recordings: Mapping[str, str]) -> None:
        detail = {"mark": "bookmark", "value": made.id, "at": made.at}
        for recording_id, call_sign in recordings.items():
            subject = Subject("recording", recording_id, call_sign)
            await gate.note_change(request, What.CHANGE_RECORDING, subject, "", **detail)

    return note


def note_still(gate: Gate) -> NoteStill:
    """The same, of whoever sees a recording's picture in the list."""

    async def note(request: web.Request, why: str, one: Recording) -> None:
        await gate.note_viewing(
            request, What.VIEW_THUMBNAIL, Subject("recording", one.id, one.call_sign), why=why, at=one.start
        )

    return note


def note_export(gate: Gate) -> NoteExport:
    """The same, of what is taken out of the building."""

    async def note(request: web.Request, view: View, why: str) -> None:
        span = {"from": view.start, "to": view.end, "view": view.id}
        for recording_id in view.recording_ids:
            await gate.note_viewing(request, What.VIEW_EXPORT, Subject("recording", recording_id), why=why, **span)

    return note


def bundle_page(facts: dict[str, Any]) -> str:
    """The page to read that lies in a bundle."""
    return templates().get_template("bundle.html").render(**facts)
