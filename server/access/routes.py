"""`/sign-in`, `/sign-out`, `/api/session` and `/api/camera`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import jinja2
from aiohttp import web

from server.access.credential import bearer
from server.access.middleware import CALLER, COOKIE, Gate, as_subject
from server.access.origin import local_path
from server.access.permission import Permission, may_only_look
from server.access.person import Person, duty_of, sign_in_fields
from server.access.session import SignedIn
from server.audit.audit_entry import What
from server.errors import (
    BadRequest,
    Forbidden,
    NotFound,
    TooMany,
    Unauthorised,
    Unavailable,
    WatchroomError,
)
from server.request_body import json_object, text_of

if TYPE_CHECKING:
    from server.access.actions import Access, CameraAccess

LONGEST_BODY = 8 * 1024
FORM = "application/x-www-form-urlencoded"  # what the page's form sends
AHEAD_OF_TIME = frozenset({"prefetch", "prerender", "preview"})
# A link clicked on another site: the strict cookie is not sent along a redirect from there, so our own page goes on.
ONWARD = (
    '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url={path}"><title>Watchroom</title>'
)


class SignIn:
    """The pages and the API of signing in and out."""

    def __init__(
        self,
        access: Access,
        cameras: CameraAccess,
        gate: Gate,
        templates: jinja2.Environment,
        context: dict[str, Any],
    ) -> None:
        self._access = access
        self._cameras = cameras
        self._gate = gate
        self._templates = templates
        self._context = context

    async def page(self, request: web.Request) -> web.Response:
        """The sign-in page; whoever is signed in goes on."""
        wanted = local_path(request.query.get("next"))
        if CALLER in request:
            raise web.HTTPSeeOther(wanted or _landing(request[CALLER].person.role))
        return self._rendered(request, wanted, None, 200)

    async def by_form(self, request: web.Request) -> web.Response:
        """The page's form, for a browser without its script."""
        # Not request.post(): it raises what it likes for a body that is no form, or in an encoding that is none.
        form = dict(parse_qsl(await text_of(request, FORM, LONGEST_BODY)))
        wanted = local_path(form.get("next"))
        try:
            signed_in = await self._signed_in(request, form)
        except (BadRequest, Unauthorised, TooMany, Unavailable) as error:
            response = self._rendered(request, wanted, _sentence(error), error.status)
            response.headers.update(error.headers)
            return response
        going = wanted if wanted not in (None, "/") else _landing(signed_in.person.role)
        response = web.Response(status=303, headers={"Location": going or "/"})
        self._set_cookie(request, response, signed_in)
        return response

    async def by_json(self, request: web.Request) -> web.Response:
        """POST /api/session: by name and password, or a display by its API token."""
        token = bearer(request.headers.get("Authorization"))
        if token is not None:
            return self._by_token(request, token)
        signed_in = await self._signed_in(request, await json_object(request, most=LONGEST_BODY))
        response = web.json_response(signed_in.person.as_json())
        self._set_cookie(request, response, signed_in)
        return response

    def _by_token(self, request: web.Request, token: str) -> web.Response:
        """The token becomes the cookie: a page can send no header with its WebSocket. Raises Unauthorised, Forbidden."""
        person = self._gate.person(request)
        if not may_only_look(person.role):
            raise Forbidden("a display's token is one of a person who may only look: of the role display")
        self._gate.note_sign_in(request, person, "API token")
        response = web.json_response(person.as_json())
        self._keep(request, response, token)
        return response

    async def once(self, request: web.Request) -> web.Response:
        """A one-time link: used by the first real visit, not by a browser that looks ahead. `?duty=`: as what."""
        looks_ahead = {request.headers.get(name, "").lower().split(";")[0] for name in ("Sec-Purpose", "Purpose")}
        if looks_ahead & AHEAD_OF_TIME or request.headers.get("X-Moz", "").lower() in AHEAD_OF_TIME:
            raise Unavailable("a sign-in link is not opened ahead of time")
        duty = duty_of({"duty": request.query.get("duty")})
        try:
            previous = request.cookies.get(COOKIE)
            signed_in = await self._access.sign_in_once(request.match_info["token"], previous, duty)
        except Unauthorised as error:
            if CALLER in request:
                return web.Response(status=303, headers={"Location": _landing(request[CALLER].person.role)})
            if "text/html" not in request.headers.get("Accept", ""):
                raise
            return self._rendered(request, None, _sentence(error), error.status)
        self._gate.note_sign_in(request, signed_in.person, "link", duty)
        response = _onward(request, _landing(signed_in.person.role))
        self._set_cookie(request, response, signed_in)
        return response

    async def who(self, request: web.Request) -> web.Response:
        """GET /api/session."""
        caller = self._gate.caller(request)
        return web.json_response({"person": caller.person.as_json(), "csrf": caller.csrf or "", "duty": caller.duty})

    async def change(self, request: web.Request) -> web.Response:
        """PATCH /api/session: what one is on duty as from now on, on all one's pages of this sign-in."""
        caller = self._gate.caller(request)
        duty = duty_of(await json_object(request, most=LONGEST_BODY))
        await self._access.set_duty(caller.session_id, duty)
        return web.json_response({"duty": duty})

    async def out(self, request: web.Request) -> web.Response:
        """End this session (an API token is not ended by this)."""
        caller = self._gate.caller(request)
        if caller.csrf is not None:
            await self._access.sign_out(caller.session_id)
            self._gate.note(request, What.ACCESS_SIGNED_OUT, as_subject(caller.person))
        response = web.Response(status=204)
        if request.path == "/sign-out":
            response = web.Response(status=303, headers={"Location": "/sign-in"})
        response.del_cookie(COOKIE, path="/")
        return response

    async def camera(self, request: web.Request) -> web.Response:
        """POST /api/camera: the officer's own phone."""
        person = self._gate.allow(request, Permission.CAMERA)
        device = await self._cameras.phone_of(person)
        return web.json_response(device.urls(self._gate.own_origin(request)))

    async def _signed_in(self, request: web.Request, body: Any) -> SignedIn:
        name, password = sign_in_fields(body)
        duty = duty_of(body)
        address, previous = self._gate.address(request), request.cookies.get(COOKIE)
        try:
            signed_in = await self._access.sign_in(name, password, address, previous, duty)
        except Unauthorised:
            self._gate.note_not_signed_in(request, await self._known(name))
            raise
        self._gate.note_sign_in(request, signed_in.person, "password", duty)
        return signed_in

    async def _known(self, name: str) -> Person | None:
        try:
            return await self._access.person_named(name)
        except NotFound:
            return None

    def _set_cookie(self, request: web.Request, response: web.Response, signed_in: SignedIn) -> None:
        self._keep(request, response, signed_in.secret)

    def _keep(self, request: web.Request, response: web.Response, secret: str) -> None:
        secure = self._gate.is_secure(request)
        response.set_cookie(COOKIE, secret, path="/", httponly=True, samesite="Strict", secure=secure)

    def _rendered(self, request: web.Request, wanted: str | None, error: str | None, status: int) -> web.Response:
        context = {**self._context, **self._gate.variables(request), "next": wanted or "/", "error": error}
        text = self._templates.get_template("login.html").render(context)
        return web.Response(text=text, content_type="text/html", charset="utf-8", status=status)


def routes(
    access: Access, cameras: CameraAccess, gate: Gate, templates: jinja2.Environment, context: dict[str, Any]
) -> list[web.RouteDef]:
    """The routes of access. `context` is what every page gets (force, theme, version)."""
    pages = SignIn(access, cameras, gate, templates, context)
    return [
        web.get("/sign-in", pages.page),
        web.post("/sign-in", pages.by_form),
        web.get("/sign-in/once/{token}", pages.once, allow_head=False),
        web.post("/sign-out", pages.out),
        web.get("/api/session", pages.who),
        web.post("/api/session", pages.by_json),
        web.patch("/api/session", pages.change),
        web.delete("/api/session", pages.out),
        web.post("/api/camera", pages.camera),
    ]


def _landing(role: str) -> str:
    return "/camera" if role == "officer" else "/"


def _onward(request: web.Request, path: str) -> web.Response:
    if request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin"):
        return web.Response(status=303, headers={"Location": path})
    return web.Response(text=ONWARD.format(path=path), content_type="text/html", charset="utf-8")


def _sentence(error: WatchroomError) -> str:
    return error.detail[:1].upper() + error.detail[1:] + "."
