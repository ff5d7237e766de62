"""`/api/units`: who is out there, and asking a camera to record or to stream."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import cast, get_args

from aiohttp import web

from server.access.permission import Permission
from server.access.person import Person
from server.errors import BadRequest
from server.request_body import json_object
from server.units.actions import Units
from server.wire import RequestWhat

Allow = Callable[[web.Request, Permission], Person]
# device_id, what, by whom: hands the request to the camera, or raises Conflict when it is not connected.
SendRequest = Callable[[str, RequestWhat, str], Awaitable[None]]


def routes(units: Units, allow: Allow, send_request: SendRequest) -> list[web.RouteDef]:
    """The routes of units."""

    async def list_units(request: web.Request) -> web.Response:
        allow(request, Permission.SEE)
        return web.json_response({"units": units.states()})

    async def one_unit(request: web.Request) -> web.Response:
        allow(request, Permission.SEE)
        return web.json_response(units.state(request.match_info["device_id"]))

    async def ask(request: web.Request) -> web.Response:
        person = allow(request, Permission.REQUEST)
        device = units.device(request.match_info["device_id"])
        await send_request(device.device_id, await _wanted(request), person.display_name)
        return web.json_response({"status": "sent"}, status=202)

    return [
        web.get("/api/units", list_units),
        web.get("/api/units/{device_id}", one_unit),
        web.post("/api/units/{device_id}/request", ask),
    ]


async def _wanted(request: web.Request) -> RequestWhat:
    what = (await json_object(request)).get("what")
    if what not in get_args(RequestWhat):
        raise BadRequest(f"what: expected one of {', '.join(get_args(RequestWhat))}")
    return cast(RequestWhat, what)
