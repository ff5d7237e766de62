"""The pages: `/` for command, `/camera` for an officer's phone. Who is not signed in is shown the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import jinja2
from aiohttp import web

from server.access.permission import Permission, may
from server.access.person import Person
from server.errors import Unauthorised

Allow = Callable[[web.Request, Permission], Person]
PersonOf = Callable[[web.Request], Person]  # raises Unauthorised
Variables = Callable[[web.Request], Mapping[str, Any]]  # csp_nonce, csrf_token


def routes(
    templates: jinja2.Environment,
    allow: Allow,
    person_of: PersonOf,
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

    def signed_in(request: web.Request) -> Person:
        try:
            return person_of(request)
        except Unauthorised:
            raise web.HTTPSeeOther(f"/sign-in?next={quote(request.path_qs, safe='')}") from None

    async def console(request: web.Request) -> web.Response:
        person = signed_in(request)
        if not may(person.role, Permission.SEE) and may(person.role, Permission.CAMERA):
            raise web.HTTPSeeOther("/camera")
        return page(request, "console.html", allow(request, Permission.SEE))

    async def camera(request: web.Request) -> web.Response:
        signed_in(request)
        return page(request, "camera.html", allow(request, Permission.CAMERA))

    return [web.get("/", console), web.get("/camera", camera)]
