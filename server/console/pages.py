"""The pages: `/` command, `/pocket` in a hand, `/wall/9` a wall, `/camera`, `/replay`, `/status`, office, `/audit` …"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jinja2
from aiohttp import web
from aiohttp.typedefs import Handler

from server.access.permission import Permission, may
from server.access.person import Person
from server.console.trouble import trouble_of
from server.console.wall import LAYOUTS, USUAL_IN, USUAL_M, wall_address

Allow = Callable[[web.Request, Permission], Person]
SignedIn = Callable[[web.Request], Person]
Variables = Callable[[web.Request], Mapping[str, Any]]  # csp_nonce, csrf_token, duty
# Where somebody belongs who does not see the room.
OWN_PLACES = (
    (Permission.CAMERA, "/camera"),
    (Permission.OPERATE, "/status"),
    (Permission.REPLAY, "/replay"),
    (Permission.AUDIT, "/audit"),
)


class Pages:
    """Templates get csp_nonce, csrf_token, duty, person, `may_…` for each permission, and `shown` (force, theme …)."""

    def __init__(
        self,
        templates: jinja2.Environment,
        allow: Allow,
        signed_in: SignedIn,
        variables: Variables,
        **shown: str | bool,
    ) -> None:
        self._templates = templates
        self._allow = allow
        self._signed_in = signed_in
        self._variables = variables
        self._shown = shown

    def routes(self, *, development: bool) -> list[web.RouteDef]:
        """All of them, in development the living sheet too."""
        found = [
            web.get("/", self._console),
            web.get("/pocket", self._only_for(Permission.SEE, "pocket.html")),
            web.get("/wall/waiting", self._wall_waiting),
            web.get("/wall/{layout}", self._wall),
            web.get("/camera", self._only_for(Permission.CAMERA, "camera.html")),
            web.get("/replay", self._only_for(Permission.REPLAY, "recordings.html", Permission.REPLAY_OWN)),
            web.get("/replay/{recordings}", self._only_for(Permission.REPLAY, "replay.html", Permission.REPLAY_OWN)),
            web.get("/taser-logs", self._only_for(Permission.REPLAY, "taser_logs.html")),
            web.get("/retention", self._only_for(Permission.MANAGE_EVIDENCE, "retention.html")),
            web.get("/viewings", self._only_for(Permission.REPLAY_OWN, "viewings.html")),
            web.get("/status", self._only_for(Permission.OPERATE, "status.html")),
            web.get("/people", self._only_for(Permission.ADMINISTER, "people.html")),
            web.get("/devices", self._only_for(Permission.ADMINISTER, "devices.html")),
            web.get("/audit", self._only_for(Permission.AUDIT, "audit.html")),
            web.get("/settings", self._only_for(None, "settings.html")),
        ]
        return [*found, web.get("/design", self._only_for(Permission.SEE, "design.html"))] if development else found

    def _page(self, request: web.Request, name: str, person: Person, status: int = 200, **more: Any) -> web.Response:
        rights = {f"may_{one.name.lower()}": may(person.role, one) for one in Permission}
        who = {"person": person.as_json(), **rights, **more}
        text = self._templates.get_template(name).render({**self._shown, **who, **self._variables(request)})
        headers = {"Cache-Control": "no-store"}  # it carries the session's CSRF token
        return web.Response(text=text, content_type="text/html", charset="utf-8", headers=headers, status=status)

    def _only_for(self, permission: Permission | None, name: str, *instead: Permission) -> Handler:
        """A page that says to whoever may not have it why, and where to go instead; None: everybody may.

        One of `instead` will do as well.
        """

        async def answer(request: web.Request) -> web.Response:
            person = self._signed_in(request)
            if permission is None or any(may(person.role, one) for one in (permission, *instead)):
                return self._page(request, name, person, path=dict(request.match_info))
            return self._page(request, "refused.html", person, 403, needed=permission.value)

        return answer

    async def _console(self, request: web.Request) -> web.Response:
        person = self._signed_in(request)
        if may(person.role, Permission.SEE):
            return self._page(request, "console.html", person)
        for permission, place in OWN_PLACES:
            if may(person.role, permission):
                return _to(place)
        return _to("/settings")

    async def _wall(self, request: web.Request) -> web.Response:
        name, status, more = _wall(request)
        return self._page(request, name, self._allow(request, Permission.SEE), status, **more)

    def worded(self, request: web.Request, problem: dict[str, Any]) -> web.Response:
        """A problem as a page: for whoever opened one, and gets none."""
        trouble, variables = trouble_of(problem), self._variables(request)
        context = {**self._shown, **variables, "trouble": trouble, "path": request.path}
        text = self._templates.get_template("trouble.html").render(context)
        return web.Response(text=text, content_type="text/html", charset="utf-8", status=problem["status"])

    async def _wall_waiting(self, request: web.Request) -> web.Response:
        """For the time when no server answers: kept by every display, so it knows nobody and holds no token."""
        variables = {**self._variables(request), "csrf_token": "", "duty": ""}
        text = self._templates.get_template("wall_waiting.html").render({**self._shown, **variables})
        return web.Response(text=text, content_type="text/html", charset="utf-8")


def _wall(request: web.Request) -> tuple[str, int, dict[str, Any]]:
    """Template, status and variables of a wall's page, or of the one that says what an address may be."""
    address, faults = wall_address(request.match_info["layout"], request.query)
    if not faults:
        looks = {"theme": address.theme} if address.theme else {}
        return "wall.html", 200, {"wall": address, "layouts": LAYOUTS, "query": request.query_string, **looks}
    status = 404 if any(fault.part == "layout" for fault in faults) else 400
    return "wall_wrong.html", status, {"faults": faults, "layouts": LAYOUTS, "usual": (USUAL_M, USUAL_IN)}


def _to(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path, "Cache-Control": "no-store"})
