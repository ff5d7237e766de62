"""`/api/recordings/{id}/retention` and the marks below it, `/api/retention`: how long recordings are kept, and why."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from server.access.permission import Permission
from server.access.person import Person
from server.audit.audit_entry import Subject, What, checked_why, why_of
from server.database import Along
from server.errors import BadRequest
from server.recording.marks import By, HoldKind, Mark, MarkKind, Outcome, checked_note, checked_tag
from server.recording.retention_actions import Retention, checked_days
from server.recording.store import Recording
from server.request_body import json_object

Allow = Callable[[web.Request, Permission], Person]
RowOf = Callable[..., Along]  # request, what, subject, why, **detail: a row that the change's own transaction writes
Marked = Callable[..., Awaitable[web.Response]]  # request, person, mark, status: the mark is made
ONE = "/api/recordings/{recording_id}"
LATEST = 4e9  # Unix seconds: the year 2096


def retention_routes(retention: Retention, allow: Allow, row_of: RowOf) -> list[web.RouteDef]:
    """Tags and notes are for the room, all else for who manages evidence. Each change is one commit with its row of the audit."""

    async def marked(request: web.Request, person: Person, mark: Mark, status: int = 201) -> web.Response:
        def along(recording: Recording) -> Along:
            why = "" if mark.kind is MarkKind.NOTE else mark.text  # a note is content, and stays where it is
            detail: dict[str, Any] = {"mark": mark.kind.value, "value": mark.value, "until": mark.until}
            subject = Subject("recording", recording.id, recording.call_sign)
            return row_of(request, What.CHANGE_RECORDING, subject, why, **detail)

        by = By(person.id, person.display_name)
        told = await retention.mark(request.match_info["recording_id"], by, mark, along)
        return web.json_response(told, status=status)

    async def one(request: web.Request) -> web.Response:
        allow(request, Permission.TAG_EVIDENCE)
        return web.json_response(await retention.of(request.match_info["recording_id"]))

    async def categorise(request: web.Request) -> web.Response:
        person = allow(request, Permission.MANAGE_EVIDENCE)
        body = await _body(request, "category", "why", "review_at")
        mark = Mark(MarkKind.CATEGORY, _text(body, "category"), _why(body.get("why")), _date(body, "review_at"))
        return await marked(request, person, mark, 200)

    return [
        web.get(ONE + "/retention", one),
        web.put(ONE + "/category", categorise),
        *_tagging_routes(retention, allow, marked),
        *_holding_routes(allow, marked),
        *_table_routes(retention, allow),
    ]


def _tagging_routes(retention: Retention, allow: Allow, marked: Marked) -> list[web.RouteDef]:
    async def tag(request: web.Request) -> web.Response:
        person = allow(request, Permission.TAG_EVIDENCE)
        body = await _body(request, "tag", "why")
        mark = Mark(MarkKind.TAG, checked_tag(body.get("tag")), checked_why(_text(body, "why")))
        return await marked(request, person, mark)

    async def untag(request: web.Request) -> web.Response:
        """A tag that keeps it longer is taken away only by who may decide how long it is kept."""
        wanted = checked_tag(request.match_info["tag"])
        prolongs = retention.table.prolongs(wanted)
        person = allow(request, Permission.MANAGE_EVIDENCE if prolongs else Permission.TAG_EVIDENCE)
        mark = Mark(MarkKind.UNTAG, wanted, why_of(request.headers, request.query))
        return await marked(request, person, mark, 200)

    async def note(request: web.Request) -> web.Response:
        person = allow(request, Permission.TAG_EVIDENCE)
        body = await _body(request, "text")
        return await marked(request, person, Mark(MarkKind.NOTE, text=checked_note(body.get("text"))))

    return [
        web.post(ONE + "/tags", tag),
        web.delete(ONE + "/tags/{tag}", untag),
        web.post(ONE + "/notes", note),
    ]


def _holding_routes(allow: Allow, marked: Marked) -> list[web.RouteDef]:
    async def hold(request: web.Request) -> web.Response:
        person = allow(request, Permission.MANAGE_EVIDENCE)
        body = await _body(request, "kind", "why", "until")
        kind = _among(body, "kind", [kind.value for kind in HoldKind], HoldKind.CASE.value)
        mark = Mark(MarkKind.HOLD, kind, _why(body.get("why")), _date(body, "until"))
        return await marked(request, person, mark)

    async def lift(request: web.Request) -> web.Response:
        person = allow(request, Permission.MANAGE_EVIDENCE)
        mark = Mark(MarkKind.LIFT, request.match_info["n"], _why(why_of(request.headers, request.query)))
        return await marked(request, person, mark, 200)

    async def decide(request: web.Request) -> web.Response:
        person = allow(request, Permission.MANAGE_EVIDENCE)
        body = await _body(request, "decision", "why", "review_at")
        outcome = _among(body, "decision", [outcome.value for outcome in Outcome])
        review_at = _date(body, "review_at")
        if review_at is not None and outcome == Outcome.DISPOSE.value:
            raise BadRequest("review_at: what is disposed of is not reviewed again")
        mark = Mark(MarkKind.DECISION, outcome, _why(body.get("why")), review_at)
        return await marked(request, person, mark)

    return [
        web.post(ONE + "/holds", hold),
        web.delete(ONE + "/holds/{n}", lift),
        web.post(ONE + "/decisions", decide),
    ]


def _table_routes(retention: Retention, allow: Allow) -> list[web.RouteDef]:
    async def table(request: web.Request) -> web.Response:
        allow(request, Permission.REPLAY)  # who may find recordings by category
        return web.json_response({"categories": retention.table.as_json()})

    async def upcoming(request: web.Request) -> web.Response:
        allow(request, Permission.MANAGE_EVIDENCE)
        return web.json_response(await retention.upcoming(checked_days(request.query.get("days"))))

    return [web.get("/api/retention", table), web.get("/api/retention/upcoming", upcoming)]


async def _body(request: web.Request, *expected: str) -> dict[str, Any]:
    body = await json_object(request)
    for name in body:
        if name not in expected:
            raise BadRequest(f"{name}: not expected; the fields are {', '.join(expected)}")
    return body


def _text(body: dict[str, Any], name: str) -> str:
    text = body.get(name, "")
    if not isinstance(text, str):
        raise BadRequest(f"{name}: expected a text")
    return text


def _among(body: dict[str, Any], name: str, expected: list[str], usual: str | None = None) -> str:
    given = body.get(name, usual)
    if given not in expected:
        raise BadRequest(f"{name}: expected one of {', '.join(expected)}")
    return str(given)


def _why(text: object) -> str:
    """A reason, which must be given. Raises BadRequest."""
    why = checked_why(text) if isinstance(text, str) else ""
    if not why:
        raise BadRequest("why: expected a reason; it stays in the audit")
    return why


def _date(body: dict[str, Any], name: str) -> float | None:
    at = body.get(name)
    if at is None:
        return None
    if isinstance(at, bool) or not isinstance(at, int | float) or not math.isfinite(at) or not 0 < at < LATEST:
        raise BadRequest(f"{name}: expected Unix seconds, or to be left out")
    return float(at)
