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
from server.database import Along, Among
from server.decisions.store import DecisionStore
from server.export.actions import Notes
from server.export.export import Export
from server.export.routes import NotesOf
from server.journal.entry import EntryKind
from server.operations.assets import templates
from server.positions.store import TrailStore
from server.recording.library import Library
from server.recording.marks import By
from server.recording.retention_actions import Retention
from server.recording.sought import Sought
from server.recording.store import Recording as Row
from server.replay.actions import Replays, Sources, Told
from server.replay.bookmark import Bookmark
from server.replay.footage import Recording
from server.replay.room_command import AUDITED
from server.replay.routes import AlongBookmark, NoteView
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
    stamped: Callable[[str], bool | None],
) -> Replays:
    """Replay, on this server's stores and the recordings in its data folder; `recordings` finds their rows, `stamped` whether
    an authority has timestamped one."""
    database, journal = watchroom.database, watchroom.journal
    advice = AdviceStore(database, journal)

    async def sent(start: float, end: float, limit: int, cameras: Among) -> list[dict[str, Any]]:
        return [one.as_json() for one in await advice.between(start, end, limit, cameras)]

    async def states(alerts: Sequence[str], start: float, end: float, limit: int) -> Told:
        return [(one.at, one.body) for one in await journal.states(alerts, start, end, limit)]

    async def activity(start: float, end: float, limit: int, cameras: Among) -> Told:
        found = await journal.between(EntryKind.ACTIVITY, start, end, limit, cameras)
        return [(one.at, one.body) for one in found]

    async def decisions(start: float, end: float, limit: int, cameras: Among) -> list[dict[str, Any]]:
        return [one.as_json() for one in await DecisionStore(database).between(start, end, limit, cameras)]

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
            decisions=decisions,
            call_signs=call_signs,
            settings=lambda: console_settings(watchroom.config, []),
            recordings=recordings,
            stays=TrailStore(database).stays,
            stood=AlertStore(database, journal).stood,
            taser_logs=taser_logs.between,
            stamped=stamped,
            done=partial(watchroom.audit.between, AUDITED),
        ),
        watchroom.clock,
    )


def note_view(gate: Gate) -> NoteView:
    """Into the audit, a row for each recording: who looks at it, why, how, from when to when, and from where."""

    async def note(request: web.Request, how: str, view: View, recordings: Mapping[str, str]) -> None:
        span = {"from": view.start, "to": view.end, "view": view.id, **({"how": how} if how else {})}
        for recording_id, call_sign in recordings.items():
            subject = Subject("recording", recording_id, call_sign)
            await gate.note_viewing(request, What.VIEW_REPLAY, subject, why=view.why, **span)

    return note


def along_bookmark(gate: Gate) -> AlongBookmark:
    """That somebody marks a second of them, a row for each recording. The words are content, and stay where they are."""

    def rows(request: web.Request, made: Bookmark, recordings: Mapping[str, str]) -> Along:
        write = gate.writer(request)
        detail = {"mark": "bookmark", "value": made.id, "at": made.at}
        subjects = [Subject("recording", recording_id, call_sign) for recording_id, call_sign in recordings.items()]
        return write.along(What.CHANGE_RECORDING, subjects, "", **detail)

    return rows


def note_still(gate: Gate) -> NoteStill:
    """The same, of whoever sees a recording's picture in the list."""

    async def note(request: web.Request, why: str, one: Recording) -> None:
        await gate.note_viewing(
            request, What.VIEW_THUMBNAIL, Subject("recording", one.id, one.call_sign), why=why, at=one.start
        )

    return note


def export_notes(gate: Gate, retention: Retention) -> NotesOf:
    """The same, of what is taken out of the building: who, what it was (by its SHA-256), and each time that it is fetched."""

    def of(request: web.Request) -> Notes:
        caller = gate.caller(request)
        person = caller.person
        write = gate.writer(request)  # while the request is there: a bundle may take an hour

        def row(why: str, one: Row) -> Along:
            about = Subject("recording", one.id, one.call_sign)
            return write.along(What.CHANGE_RECORDING, [about], why, mark="hold", value="share")

        async def begun(view: View, export: Export) -> None:
            span = {"from": view.start, "to": view.end, "view": view.id, "export": export.id}
            for recording_id in view.recording_ids:
                await write.note(What.VIEW_EXPORT, Subject("recording", recording_id), export.why, **span)

        async def hold(recording_ids: Sequence[str], why: str) -> None:
            by = By(person.id, person.display_name)
            await retention.hold_shared(recording_ids, by, f"exported: {why}"[:200], partial(row, why))

        async def told(what: What, export: Export, why: str = "", **more: str) -> None:
            about = Subject("export", export.id, export.name)
            await write.note(what, about, why or export.why, sha256=export.sha256, bytes=export.bytes, **more)

        async def fetched(export: Export, file: str) -> None:
            await told(What.SHARE_EXPORT, export, file=file or export.name)

        async def again(export: Export, why: str) -> None:
            await told(What.SHARE_EXPORT, export, why, file=export.name, made_by=export.by)

        return Notes(begun, hold, partial(told, What.SHARE_EXPORT_READY), fetched, again)

    return of


def bundle_page(facts: dict[str, Any]) -> str:
    """The page to read that lies in a bundle."""
    return templates().get_template("bundle.html").render(**facts)
