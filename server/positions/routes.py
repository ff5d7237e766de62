"""`/api/positions` and a unit's trail."""

from __future__ import annotations

import math
from collections.abc import Callable

from aiohttp import web

from server.access.permission import Permission
from server.access.person import Person
from server.errors import BadRequest
from server.positions.actions import Positions
from server.positions.trail import thin

MOST_MINUTES = 24 * 60.0
MOST_POINTS = 2_000  # a line on a screen has no more corners to show

Allow = Callable[[web.Request, Permission], Person]
Known = Callable[[str], object]  # device_id; raises NotFound


def routes(positions: Positions, allow: Allow, known: Known) -> list[web.RouteDef]:
    """The routes of positions."""

    async def latest(request: web.Request) -> web.Response:
        allow(request, Permission.SEE)
        return web.json_response({"fixes": [fix.as_json() for fix in positions.latest()]})

    async def trail(request: web.Request) -> web.Response:
        allow(request, Permission.SEE)
        device_id = request.match_info["device_id"]
        known(device_id)
        fixes = thin(await positions.trail(device_id, _minutes(request)), MOST_POINTS)
        return web.json_response({"fixes": [fix.as_json() for fix in fixes]})

    return [web.get("/api/positions", latest), web.get("/api/units/{device_id}/trail", trail)]


def _minutes(request: web.Request) -> float:
    try:
        minutes = float(request.query.get("minutes", "10"))
    except ValueError:
        minutes = math.nan
    if not 0 < minutes <= MOST_MINUTES:
        raise BadRequest(f"minutes: expected a number above 0, at most {MOST_MINUTES:.0f}")
    return minutes
