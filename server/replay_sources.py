"""What replay reads of the other features, handed to it as functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import web

from server.advice.store import AdviceStore
from server.alerts.store import AlertStore
from server.console.settings import console_settings
from server.journal.entry import EntryKind
from server.positions.store import TrailStore
from server.recording.library import Library
from server.replay.actions import Replays, Sources, Told
from server.replay.store import ViewStore
from server.replay.view import View

if TYPE_CHECKING:
    from server.app import Watchroom

log = structlog.get_logger(__name__)


def of(watchroom: Watchroom) -> Replays:
    """Replay, on this server's stores and the recordings in its data folder."""
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
        Library(watchroom.config.data / "recordings"),
        ViewStore(database),
        Sources(
            fixes=TrailStore(database).between,
            alerts=AlertStore(database, journal).between,
            alert_states=states,
            advice=sent,
            activity=activity,
            call_signs=call_signs,
            settings=lambda: console_settings(watchroom.config, []),
        ),
        watchroom.clock,
    )


async def note_view(request: web.Request, view: View) -> None:
    """The row of `replay_view` is the record, until there is an audit to write it into."""
    log.info("a replay is opened", view_id=view.id, person=view.name, remote=request.remote, why=view.why)
