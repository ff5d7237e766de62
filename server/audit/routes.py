"""`/api/audit`: the rows, their export as JSON lines, and the check of their chain."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from aiohttp import web

from server.access.permission import Permission
from server.access.person import Person
from server.audit.asked import Asked, after_of, row_of
from server.audit.audit_entry import Subject, What
from server.errors import BadRequest, Conflict

if TYPE_CHECKING:
    from server.audit.actions import Audit

Allow = Callable[[web.Request, Permission], Person]
NoteViewing = Callable[..., Awaitable[None]]  # request, what, subject, **detail: committed when it returns
Own = Callable[[Person], Awaitable[Mapping[str, Sequence[str]]]]  # ids of what is this person's, by kind of subject
LINES = "application/jsonl"
SHARED = Subject("audit", "export")


def audit_routes(audit: Audit, allow: Allow, note_viewing: NoteViewing) -> list[web.RouteDef]:
    """All need the permission to audit."""

    async def rows(request: web.Request) -> web.Response:
        allow(request, Permission.AUDIT)
        return web.json_response(await audit.page(Asked.of_query(request.query)))

    async def begin(request: web.Request) -> web.Response:
        """The row alone. A browser then saves the file by its `row`: an address cannot tell why, and a page would hold it all."""
        person = allow(request, Permission.AUDIT)
        asked = Asked.of_query(request.query)
        await note_viewing(request, What.SHARE_AUDIT, SHARED, **asked.as_json())
        return web.json_response(await audit.latest(person.id, What.SHARE_AUDIT), status=201)

    async def export(request: web.Request) -> web.StreamResponse:
        """That it leaves the house is itself a row, committed first, which the file ends with (if it is asked for)."""
        person = allow(request, Permission.AUDIT)
        asked = Asked.of_query(request.query)
        row = row_of(request.query)
        if row is None:
            await note_viewing(request, What.SHARE_AUDIT, SHARED, **asked.as_json())
        elif not await audit.covers(row, person.id, What.SHARE_AUDIT, asked.as_json()):
            raise Conflict("row: expected that of your own export of these very rows, a minute old at most")
        upto = row or await audit.last()
        response = web.StreamResponse(headers=_headers(upto))
        await response.prepare(request)
        async for lines in audit.export(asked, upto):
            await response.write(lines.encode())
        await response.write_eof()
        return response

    async def check(request: web.Request) -> web.Response:
        allow(request, Permission.AUDIT)
        return web.json_response(await audit.check(after_of(request.query)))

    return [
        web.get("/api/audit", rows),
        web.post("/api/audit/export", begin),
        web.get("/api/audit/export", export, allow_head=False),
        web.get("/api/audit/check", check),
    ]


def viewing_routes(audit: Audit, allow: Allow, own: Own) -> list[web.RouteDef]:
    """For officers: who has looked at what they recorded, and at their living picture. Nobody sees another's."""

    async def viewings(request: web.Request) -> web.Response:
        person = allow(request, Permission.REPLAY_OWN)
        for name in request.query:
            if name not in ("before", "limit"):
                raise BadRequest(f"{name}: not expected; the fields are before, limit")
        return web.json_response(await audit.viewings(await own(person), Asked.of_query(request.query)))

    return [web.get("/api/viewings", viewings)]


def _headers(upto: int) -> dict[str, str]:
    name = f'attachment; filename="watchroom-audit-to-{upto}.jsonl"'
    kept_closed = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    return {"Content-Type": LINES, "Content-Disposition": name, **kept_closed}
