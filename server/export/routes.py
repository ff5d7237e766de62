"""`/api/exports`: have a view's content made into a bundle, see how far that is, and fetch it (with Range)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aiohttp import web

from server.access.permission import Permission, may
from server.access.session import Caller
from server.errors import BadRequest, Forbidden
from server.export.actions import Exports
from server.replay.view import WHY_LENGTH, View
from server.request_body import json_object

if TYPE_CHECKING:
    from server.replay.actions import Replays

CallerOf = Callable[[web.Request], Caller]
NoteExport = Callable[[web.Request, View, str], Awaitable[None]]


def routes(exports: Exports, replays: Replays, caller_of: CallerOf, note_export: NoteExport) -> list[web.RouteDef]:
    """The routes of export. `note_export` commits to the audit who takes what out, why and from where, or raises."""

    def allowed(request: web.Request) -> Caller:
        caller = caller_of(request)
        if not may(caller.person.role, Permission.EXPORT):
            raise Forbidden(f"the role {caller.person.role.value} does not include: {Permission.EXPORT.value}")
        return caller

    async def begin(request: web.Request) -> web.Response:
        caller = allowed(request)
        body = await json_object(request)
        unknown = body.keys() - {"view", "why"}
        if unknown:
            raise BadRequest(f"{min(unknown)}: not expected; the fields are view, why")
        view_id, why = body.get("view"), body.get("why")
        if not isinstance(view_id, str) or not isinstance(why, str):
            raise BadRequest("view, why: expected the id of an open view, and why it is taken out")
        least, most = WHY_LENGTH
        if not least <= len(why.strip()) <= most:
            raise BadRequest(f"why: expected {least} to {most} characters")
        view = await replays.view(view_id, caller)
        export = await exports.begin(view, caller, why.strip(), lambda view, why: note_export(request, view, why))
        return web.json_response(export.as_json(), status=202, headers={"Location": f"/api/exports/{export.id}"})

    async def state(request: web.Request) -> web.Response:
        return web.json_response(exports.export(request.match_info["export_id"], allowed(request)).as_json())

    async def bundle(request: web.Request) -> web.StreamResponse:
        found = exports.bundle(request.match_info["export_id"], allowed(request))
        headers = {
            "Content-Type": "application/zip",
            "Content-Disposition": f'attachment; filename="{found.name}"',
            "Cache-Control": "private, no-store",
        }
        return web.FileResponse(found.path, headers=headers)

    return [
        web.post("/api/exports", begin),
        web.get("/api/exports/{export_id:[0-9a-f]{32}}", state),
        web.get("/api/exports/{export_id:[0-9a-f]{32}}/bundle", bundle),
    ]
