"""`/api/taser-logs`: bring a weapon's log in, see how its clock stands, and set it."""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.typedefs import Handler

from server.access.permission import Permission
from server.access.person import Person
from server.audit.audit_entry import Subject, What, checked_why, why_of
from server.errors import BadRequest
from server.recording.marks import By
from server.request_body import bytes_of, json_object
from server.taser.actions import Offered, TaserLogs
from server.taser.log import MOST_BYTES
from server.units.unit import DEVICE_ID, Device

if TYPE_CHECKING:
    from server.database import Along
    from server.taser.store import Item

Allow = Callable[[web.Request, Permission], Person]
Cameras = Callable[[], Awaitable[Sequence[Device]]]  # all that are registered
AlongOf = Callable[..., "Along"]  # request, what, subject, why, **detail
FIELDS = ("device_id", "from", "to", "name", "utc_offset", "date_order")
LONGEST_NAME = 120
LATEST = 4e9  # Unix seconds: the year 2096
ONE = "/api/taser-logs/{log_id:[0-9a-f]{32}}"


def taser_routes(logs: TaserLogs, cameras: Cameras, allow: Allow, along: AlongOf) -> list[web.RouteDef]:
    """To bring one in or to set its clock needs the permission for it; each is in the audit, in one commit with it."""

    async def listed(request: web.Request) -> web.Response:
        allow(request, Permission.REPLAY)
        return web.json_response(await logs.listed())

    async def one(request: web.Request) -> web.Response:
        allow(request, Permission.REPLAY)
        return web.json_response(await logs.one(request.match_info["log_id"]))

    async def bring_in(request: web.Request) -> web.Response:
        person = allow(request, Permission.IMPORT_EVIDENCE)
        offered = _offered(request)
        content = await bytes_of(request, "text/csv", MOST_BYTES)

        def row(item: Item) -> Along:
            detail = {"sha256": item.sha256, "bytes": item.bytes, "events": item.events, "serial": item.serial}
            of = {"device_id": item.device_id, "from": item.start, "to": item.end, "file": item.name}
            subject = Subject("taser-log", item.id, item.call_sign)
            return along(request, What.COLLECT_TASER_LOG, subject, item.why, **detail, **of)

        told = await logs.bring_in(offered, content, By(person.id, person.display_name), row)
        headers = {"Location": f"/api/taser-logs/{told['id']}"}
        return web.json_response(told, status=201, headers=headers)

    async def set_offset(request: web.Request) -> web.Response:
        person = allow(request, Permission.IMPORT_EVIDENCE)
        log_id = request.match_info["log_id"]
        body = await json_object(request)
        if body.keys() != {"offset_s", "why"}:
            raise BadRequest("expected the fields offset_s (seconds, or null: as it is matched) and why")
        seconds, why = body["offset_s"], _why(body["why"])
        if isinstance(seconds, bool) or not isinstance(seconds, int | float | None):
            raise BadRequest("offset_s: expected seconds, or null")
        item = await logs.item(log_id)
        subject = Subject("taser-log", log_id, item.call_sign)
        row = along(request, What.CHANGE_TASER_CLOCK, subject, why, offset_s=seconds)
        return web.json_response(await logs.set_offset(log_id, seconds, why, By(person.id, person.display_name), row))

    return [
        web.get("/api/taser-logs", listed),
        web.post("/api/taser-logs", bring_in),
        web.get("/api/taser-logs/cameras", _wearers(cameras, allow)),
        web.get(ONE, one),
        web.put(ONE + "/offset", set_offset),
    ]


def _wearers(cameras: Cameras, allow: Allow) -> Handler:
    """Whose cameras there are: who brings a log in may have no right to the room's own list."""

    async def answer(request: web.Request) -> web.Response:
        allow(request, Permission.IMPORT_EVIDENCE)
        told = [
            {"device_id": one.device_id, "call_sign": one.call_sign, "wearer": one.wearer_name}
            for one in sorted(await cameras(), key=lambda one: one.call_sign)
        ]
        return web.json_response({"cameras": told})

    return answer


def _offered(request: web.Request) -> Offered:
    query = request.query
    why = _why(why_of(request.headers, query))
    for name in query:
        if name not in FIELDS:
            raise BadRequest(f"{name}: not expected; the fields are {', '.join(FIELDS)}")
    device_id, name = query.get("device_id", ""), query.get("name", "").strip()
    if not DEVICE_ID.fullmatch(device_id):
        raise BadRequest("device_id: expected the id of the camera of the officer who had it")
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable() or re.search(r"[/\\]", name):
        raise BadRequest(f"name: expected the name of the file, at most {LONGEST_NAME} printable characters, no path")
    return Offered(
        device_id=device_id,
        start=_time(query.get("from", ""), "from"),
        end=_time(query.get("to", ""), "to"),
        name=name,
        why=why,
        utc_offset=_short(query.get("utc_offset", ""), "utc_offset", 10),
        date_order=_short(query.get("date_order", ""), "date_order", 3),
    )


def _short(text: str, name: str, most: int) -> str:
    if len(text) > most:
        raise BadRequest(f"{name}: expected at most {most} characters")
    return text.strip()


def _time(text: str, name: str) -> float:
    try:
        at = float(text)
    except ValueError:
        at = math.nan
    if not 0 < at < LATEST:
        raise BadRequest(f"{name}: expected Unix seconds")
    return at


def _why(text: object) -> str:
    why = checked_why(text) if isinstance(text, str) else ""
    if not why:
        raise BadRequest("why: expected a reason; it stays in the audit")
    return why
