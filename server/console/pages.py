"""The pages: `/` for command, `/wall/9` for a wall, `/camera` for an officer's phone, `/status` for engineers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jinja2
from aiohttp import web

from server.access.permission import Permission, may
from server.access.person import Person
from server.console.wall import LAYOUTS, USUAL_IN, USUAL_M, wall_address
from server.errors import Forbidden

Allow = Callable[[web.Request, Permission], Person]
Variables = Callable[[web.Request], Mapping[str, Any]]  # csp_nonce, csrf_token


def routes(
    templates: jinja2.Environment,
    allow: Allow,
    variables: Variables,
    *,
    force: str,
    theme: str,
    version: str,
) -> list[web.RouteDef]:
    """The pages. Templates get csp_nonce, csrf_token, person, force, theme, version and may_see, may_operate."""

    def page(request: web.Request, name: str, person: Person, status: int = 200, **more: Any) -> web.Response:
        rights = {f"may_{one.value}": may(person.role, one) for one in (Permission.SEE, Permission.OPERATE)}
        text = templates.get_template(name).render(
            person=person.as_json(), force=force, theme=theme, version=version, **rights, **variables(request), **more
        )
        headers = {"Cache-Control": "no-store"}  # it carries the session's CSRF token
        return web.Response(text=text, status=status, content_type="text/html", charset="utf-8", headers=headers)

    async def console(request: web.Request) -> web.Response:
        try:
            return page(request, "console.html", allow(request, Permission.SEE))
        except Forbidden:
            return _to(own_place(request))

    def own_place(request: web.Request) -> str:
        """Where somebody belongs who does not see the room."""
        try:
            allow(request, Permission.CAMERA)
        except Forbidden:
            allow(request, Permission.OPERATE)
            return "/status"
        return "/camera"

    async def camera(request: web.Request) -> web.Response:
        return page(request, "camera.html", allow(request, Permission.CAMERA))

    async def status(request: web.Request) -> web.Response:
        return page(request, "status.html", allow(request, Permission.OPERATE))

    async def wall(request: web.Request) -> web.Response:
        name, status, more = _wall(request)
        return page(request, name, allow(request, Permission.SEE), status, **more)

    return [
        web.get("/", console),
        web.get("/wall/{layout}", wall),
        web.get("/camera", camera),
        web.get("/status", status),
    ]


def _wall(request: web.Request) -> tuple[str, int, dict[str, Any]]:
    """Template, status and variables of a wall's page, or of the one that says what an address may be."""
    address, faults = wall_address(request.match_info["layout"], request.query)
    if not faults:
        return "wall.html", 200, {"wall": address, "layouts": LAYOUTS, "query": request.query_string}
    status = 404 if any(fault.part == "layout" for fault in faults) else 400
    return "wall_wrong.html", status, {"faults": faults, "layouts": LAYOUTS, "usual": (USUAL_M, USUAL_IN)}


def _to(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path, "Cache-Control": "no-store"})
