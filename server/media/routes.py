"""What WHIP and WHEP share over HTTP: bodies, CORS, and the resource of a media session (RFC 9725 section 4)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from server.errors import Forbidden, WatchroomError
from server.media.clock_reading import on_our_clock
from server.media.live import Viewer
from server.media.media_engine import MediaEngine, SessionInfo
from server.media.settings import IceServer
from server.request_body import json_object, text_of

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"

# Any page may ask, with a bearer token that it has; a cookie is never taken from another origin.
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Location, ETag, Link, Accept-Patch, Retry-After",
}
PREFLIGHT = {
    **CORS,
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
    "Access-Control-Max-Age": "7200",
}

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]
AdmitCamera = Callable[[web.Request, str], Awaitable[None]]
AdmitViewer = Callable[[web.Request, str], Awaitable[Viewer]]
ViewerOf = Callable[[web.Request], Viewer]
ClockOffset = Callable[[str], float | None]  # device id → seconds that its clock is ahead of ours, if that is known


def open_to_all(answer: Answering) -> Answering:
    """With the CORS headers also on errors: a page of another origin could not read them otherwise."""

    async def answer_or_explain(request: web.Request) -> web.StreamResponse:
        try:
            return await answer(request)
        except WatchroomError as error:
            error.headers = {**CORS, **error.headers}
            raise

    return answer_or_explain


def preflight(methods: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    """What answers OPTIONS."""

    async def answer(_: web.Request) -> web.Response:
        headers = {**PREFLIGHT, "Access-Control-Allow-Methods": methods, "Accept-Post": SDP, "Accept-Patch": FRAGMENT}
        return web.Response(status=204, headers=headers)

    return answer


def created(session_id: str, sdp: str, etag: str, ice_servers: tuple[IceServer, ...]) -> web.Response:
    """201 with the answer (RFC 9725 section 4.2)."""
    response = web.Response(status=201, text=sdp, content_type=SDP, headers=CORS)
    response.headers["Location"] = f"/media/sessions/{session_id}"
    response.headers["ETag"] = etag
    response.headers["Accept-Patch"] = FRAGMENT
    for server in ice_servers:
        response.headers.add("Link", _link(server))
    return response


def _link(server: IceServer) -> str:
    """RFC 9725 section 4.6."""
    link = f'<{server.url}>; rel="ice-server"'
    if server.username:
        link += f'; username="{server.username}"; credential="{server.credential}"; credential-type="password"'
    return link


def media_session_routes(
    engine: MediaEngine, admit_camera: AdmitCamera, viewer_of: ViewerOf, clock_offset: ClockOffset
) -> list[web.AbstractRouteDef]:
    """`/media/sessions/{session_id}`: PATCH, DELETE, GET, and POST …/wish.

    Whoever could open the session may use it: the camera itself, or the same person.
    """

    async def admitted(request: web.Request) -> SessionInfo:
        info = engine.session(request.match_info["session_id"])
        if info.viewer is None:
            await admit_camera(request, info.device_id)
        elif viewer_of(request).person_id != info.viewer.person_id:
            raise Forbidden("this is another person's viewing")
        return info

    def described(session: dict[str, Any]) -> web.Response:
        shown = on_our_clock(session, clock_offset(session["device_id"]))
        return web.json_response(shown, headers={**CORS, "Cache-Control": "no-store"})

    async def get(request: web.Request) -> web.Response:
        return described(await engine.describe((await admitted(request)).session_id))

    async def patch(request: web.Request) -> web.Response:
        info = await admitted(request)
        body = await text_of(request, FRAGMENT)
        patched = await engine.patch(info.session_id, body, request.headers.get("If-Match"))
        headers = {**CORS, "ETag": patched.etag}
        if patched.fragment is None:
            return web.Response(status=204, headers=headers)
        return web.Response(status=200, text=patched.fragment, content_type=FRAGMENT, headers=headers)

    async def delete(request: web.Request) -> web.Response:
        info = await admitted(request)
        await engine.delete(info.session_id)
        return web.Response(status=200, headers=CORS)

    async def wish(request: web.Request) -> web.Response:
        info = await admitted(request)
        return described(await engine.change_wish(info.session_id, await json_object(request, "application/json")))

    path = "/media/sessions/{session_id:[0-9a-f]{32}}"
    return [
        web.get(path, open_to_all(get)),
        web.patch(path, open_to_all(patch)),
        web.delete(path, open_to_all(delete)),
        web.options(path, preflight("GET, PATCH, DELETE, OPTIONS")),
        web.post(path + "/wish", open_to_all(wish)),
        web.options(path + "/wish", preflight("POST, OPTIONS")),
    ]
