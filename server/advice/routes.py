"""`/api/advice`: send words to an officer, and see how far they have come."""

from __future__ import annotations

import re
from collections.abc import Callable

from aiohttp import web

from server.access.permission import Permission
from server.access.person import Person
from server.advice.actions import Advising, Keep
from server.errors import BadRequest
from server.request_body import json_object

Allow = Callable[[web.Request, Permission], Person]
# What keeps the decision with what stood on the screen (the body's `view`). Raises BadRequest.
KeepOf = Callable[[web.Request, object], Keep]
_CLIENT_ID = re.compile(r"[0-9A-Za-z-]{8,64}")


def routes(advising: Advising, allow: Allow, keep_of: KeepOf) -> list[web.RouteDef]:
    """The routes of advice."""

    async def send(request: web.Request) -> web.Response:
        person = allow(request, Permission.ADVISE)
        body = await json_object(request)
        device_id = body.get("device_id")
        if not isinstance(device_id, str) or not device_id:
            raise BadRequest("device_id: expected the id of a camera")
        client_id = body.get("client_id")
        if not isinstance(client_id, str) or not _CLIENT_ID.fullmatch(client_id):
            raise BadRequest("client_id: expected a UUID made by the sender")
        keep = keep_of(request, body.get("view"))
        advice = await advising.send(device_id, body.get("text"), client_id, person.id, person.display_name, keep)
        return web.json_response(advice.as_json(), status=201)

    async def listed(request: web.Request) -> web.Response:
        allow(request, Permission.SEE)
        return web.json_response({"advice": await advising.newest(request.query.get("device_id"))})

    return [web.post("/api/advice", send), web.get("/api/advice", listed)]
