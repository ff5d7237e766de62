"""Stills over HTTP: of a moment within an open view, and of a recording for the list, each for a reason that is logged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import web

from server.access.session import Caller
from server.audit.audit_entry import REASON, why_of
from server.errors import BadRequest
from server.replay.footage import Recording
from server.replay.view import RECORDING_ID, reason, time_in
from server.stills.actions import Stills
from server.stills.still import Still

if TYPE_CHECKING:
    from server.replay.actions import Replays

Allowed = Callable[[web.Request], tuple[Caller, str | None]]  # who asks; and who they are, if they see only their own
NoteStill = Callable[[web.Request, str, Recording], Awaitable[None]]
# A moment's picture never changes, and it is one session's: see replay/routes.
KEPT = {"Cache-Control": "private, max-age=3600", "Vary": f"Cookie, Authorization, {REASON}"}
AT = "Still-At"  # when the picture was: Unix seconds


def routes(stills: Stills, replays: Replays, allowed: Allowed, note_still: NoteStill) -> list[web.RouteDef]:
    """The routes of stills. `note_still` commits to the audit who looks, why and from where, or raises."""

    async def of_moment(request: web.Request) -> web.Response:
        view = await replays.view(request.match_info["view_id"], allowed(request)[0])
        at = time_in(request.query, "at")
        return _jpeg(await stills.of_moment(view, request.match_info["device_id"], at))

    async def of_recording(request: web.Request) -> web.Response:
        caller, own = allowed(request)
        recording_id = request.match_info["recording_id"]
        if not RECORDING_ID.fullmatch(recording_id):
            raise BadRequest("expected a recording's id")
        why = reason(why_of(request.headers, request.query))
        note = partial(note_still, request, why)
        return _jpeg(await stills.of_recording(recording_id, caller, own, why, note))

    return [
        web.get("/api/replays/{view_id}/stills/{device_id}", of_moment),
        web.get("/api/recordings/{recording_id}/still", of_recording),
    ]


def _jpeg(still: Still) -> web.Response:
    headers = {**KEPT, AT: f"{still.at:.3f}"}
    return web.Response(body=still.jpeg, content_type="image/jpeg", headers=headers)
