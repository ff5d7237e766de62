"""`/api/alerts`: what stands, what changed, and what people do about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from server.access.permission import Permission
from server.access.person import Person
from server.alerts.actions import Alerts, Keep
from server.alerts.alert import By, Happening
from server.errors import BadRequest
from server.request_body import json_object

Allow = Callable[[web.Request, Permission], Person]
# What keeps the decision with what stood on the screen (the body's `view`). Raises BadRequest.
KeepOf = Callable[[web.Request, object], Keep]
MOST_DETAIL = 300


def by(person: Person) -> By:
    """A person as an alert's history names them."""
    return By(person.id, person.display_name)


def routes(alerts: Alerts, allow: Allow, keep_of: KeepOf) -> list[web.RouteDef]:
    """The routes of alerts."""

    async def listed(request: web.Request) -> web.Response:
        allow(request, Permission.SEE)
        after = _after(request)
        found = await alerts.standing() if after is None else await alerts.after(after)
        return web.json_response({"alerts": found})

    async def one(request: web.Request) -> web.Response:
        allow(request, Permission.SEE)
        return web.json_response(await alerts.one(request.match_info["alert_id"]))

    def acting(happening: Happening) -> Callable[[web.Request], Any]:
        async def act(request: web.Request) -> web.Response:
            person = allow(request, Permission.HANDLE_ALERTS)
            body = await json_object(request)
            detail, keep = _detail(body), keep_of(request, body.get("view"))
            alert_id = request.match_info["alert_id"]
            return web.json_response(await alerts.act(alert_id, happening, by(person), detail, keep))

        return act

    return [
        web.get("/api/alerts", listed),
        web.get("/api/alerts/{alert_id}", one),
        web.post("/api/alerts/{alert_id}/acknowledge", acting(Happening.ACKNOWLEDGE)),
        web.post("/api/alerts/{alert_id}/resolve", acting(Happening.RESOLVE)),
        web.post("/api/alerts/{alert_id}/false", acting(Happening.FALSE)),
    ]


def _after(request: web.Request) -> int | None:
    text = request.query.get("after")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise BadRequest("after: expected a journal number, 0 or above")
    return int(text)


def _detail(body: dict[str, Any]) -> str:
    """The optional remark, `detail`; no body is no remark."""
    detail = body.get("detail", "")
    if not isinstance(detail, str) or len(detail) > MOST_DETAIL:
        raise BadRequest(f"detail: expected at most {MOST_DETAIL} characters of text")
    return detail.strip()
