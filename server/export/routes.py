"""`/api/exports`: have a view's content made into a bundle, see how far that is, and fetch it or a film in it (with Range)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from server.access.permission import Permission, may
from server.access.session import Caller
from server.errors import BadRequest, Forbidden, NotFound
from server.export.actions import Exports, Notes
from server.export.export import Stretch
from server.replay.view import WHY_LENGTH
from server.request_body import json_object

if TYPE_CHECKING:
    from server.replay.actions import Replays

CallerOf = Callable[[web.Request], Caller]
NotesOf = Callable[[web.Request], Notes]
CHUNK = 1 << 20
EXPORT = "/api/exports/{export_id:[0-9a-f]{32}}"


def routes(exports: Exports, replays: Replays, caller_of: CallerOf, notes_of: NotesOf) -> list[web.RouteDef]:
    """The routes of export. `notes_of`: into the audit, in the name of whoever asks."""

    allowed = partial(_allowed, caller_of)

    async def begin(request: web.Request) -> web.Response:
        caller = allowed(request)
        body = await json_object(request)
        unknown = body.keys() - {"view", "why"}
        if unknown:
            raise BadRequest(f"{min(unknown)}: not expected; the fields are view, why")
        view_id = body.get("view")
        if not isinstance(view_id, str):
            raise BadRequest("view: expected the id of an open view")
        why = _reason(body.get("why"))
        export = await exports.begin(await replays.view(view_id, caller), caller, why, notes_of(request))
        return web.json_response(export.as_json(), status=202, headers={"Location": f"/api/exports/{export.id}"})

    async def state(request: web.Request) -> web.Response:
        found = await exports.export(request.match_info["export_id"], allowed(request))
        return web.json_response(found.as_json())

    async def bundle(request: web.Request) -> web.StreamResponse:
        if "grant" in request.query:
            one, path = await exports.granted(request.match_info["export_id"], request.query["grant"], allowed(request))
            return web.FileResponse(path, headers=_headers("application/zip", one.name))
        found = await exports.ready(request.match_info["export_id"], allowed(request))
        path = await exports.fetch(found, notes_of(request), from_start=_is_from_start(request))
        return web.FileResponse(path, headers=_headers("application/zip", found.name))

    async def film(request: web.Request) -> web.StreamResponse:
        found = await exports.ready(request.match_info["export_id"], allowed(request))
        of = found.film(request.match_info["camera"], request.query.get("format"))
        if of is None:
            raise NotFound("this export has no such film")
        path = await exports.fetch(found, notes_of(request), of.name, from_start=_is_from_start(request))
        return await _stretch(request, path, of)

    return [
        *_standing_routes(exports, allowed, notes_of),
        web.post("/api/exports", begin),
        web.get(EXPORT, state),
        web.get(EXPORT + "/bundle", bundle, allow_head=False),
        web.get(EXPORT + "/film/{camera:[a-z0-9-]{3,40}}", film, allow_head=False),
    ]


def _standing_routes(exports: Exports, allowed: CallerOf, notes_of: NotesOf) -> list[web.RouteDef]:
    """Of what stands, whoever made it."""

    async def listed(request: web.Request) -> web.Response:
        allowed(request)
        return web.json_response({"exports": [one.listed() for one in await exports.standing()]})

    async def again(request: web.Request) -> web.Response:
        caller, export_id = allowed(request), request.match_info["export_id"]
        why = _reason((await json_object(request)).get("why"))
        grant = await exports.again(export_id, caller, why, notes_of(request))
        return web.json_response({"url": f"/api/exports/{export_id}/bundle?grant={grant}"}, status=201)

    return [web.get("/api/exports", listed), web.post(EXPORT + "/again", again)]


def _allowed(caller_of: CallerOf, request: web.Request) -> Caller:
    """Who asks. Raises Forbidden."""
    caller = caller_of(request)
    if not may(caller.person.role, Permission.EXPORT):
        raise Forbidden(f"the role {caller.person.role.value} does not include: {Permission.EXPORT.value}")
    return caller


def _reason(why: object) -> str:
    """Why something is taken out. Raises BadRequest."""
    least, most = WHY_LENGTH
    if not isinstance(why, str) or not least <= len(why.strip()) <= most:
        raise BadRequest(f"why: expected why it is taken out, {least} to {most} characters")
    return why.strip()


def _headers(kind: str, name: str) -> dict[str, str]:
    disposition = f'attachment; filename="{name}"'
    return {"Content-Type": kind, "Content-Disposition": disposition, "Cache-Control": "private, no-store"}


def _is_from_start(request: web.Request) -> bool:
    """Whether it is more than going on where a download stopped (RFC 9110, 14.1.2)."""
    try:
        return (request.http_range.start or 0) <= 0
    except ValueError:
        return True


async def _stretch(request: web.Request, path: Path, film: Stretch) -> web.StreamResponse:
    """What is asked for of a film, read out of the ZIP (RFC 9110, 14)."""
    headers = {**_headers(f"video/{film.format}", film.title), "Accept-Ranges": "bytes"}
    try:
        start, end, _ = request.http_range.indices(film.size)
    except ValueError:
        start, end = film.size, film.size
    if start >= end:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{film.size}"})
    is_part = "Range" in request.headers
    response = web.StreamResponse(status=206 if is_part else 200, headers=headers)
    response.content_length = end - start
    if is_part:
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{film.size}"
    with await asyncio.to_thread(path.open, "rb") as file:
        await asyncio.to_thread(file.seek, film.offset + start)
        await response.prepare(request)
        while start < end:
            chunk = await asyncio.to_thread(file.read, min(CHUNK, end - start))
            if not chunk:  # somebody has cut it off meanwhile: whoever fetches it must not take it for whole
                response.force_close()
                break
            start += len(chunk)
            await response.write(chunk)
    await response.write_eof()
    return response
