"""The pages: `/` for command, `/camera` for an officer's phone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jinja2
from aiohttp import web

from server.access.permission import Permission
from server.access.person import Person
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
    """The two pages. Templates get csp_nonce, csrf_token, person, force, theme and version."""

    def page(request: web.Request, name: str, person: Person) -> web.Response:
        text = templates.get_template(name).render(
            person=person.as_json(), force=force, theme=theme, version=version, **variables(request)
        )
        headers = {"Cache-Control": "no-store"}  # it carries the session's CSRF token
        return web.Response(text=text, content_type="text/html", charset="utf-8", headers=headers)

    async def console(request: web.Request) -> web.Response:
        try:
            person = allow(request, Permission.SEE)
        except Forbidden:
            allow(request, Permission.CAMERA)
            return _to("/camera")  # an officer's place
        return page(request, "console.html", person)

    async def camera(request: web.Request) -> web.Response:
        return page(request, "camera.html", allow(request, Permission.CAMERA))

    return [web.get("/", console), web.get("/camera", camera)]


def _to(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path, "Cache-Control": "no-store"})
