"""What WHIP and WHEP share over HTTP: bodies, CORS, and the resource of a media session (RFC 9725 section 4)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from server.errors import Forbidden, NotFound, WatchroomError
from server.media.answer import Answer
from server.media.clock_reading import on_our_clock
from server.media.handed_out import HandedOut
from server.media.live import SessionInfo, Viewer
from server.media.media_engine import MediaEngine
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
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match, If-None-Match, Viewing-Reason",
    "Access-Control-Max-Age": "7200",
}

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]
AdmitCamera = Callable[[web.Request, str], Awaitable[None]]
AdmitViewer = Callable[[web.Request, str], Awaitable[Viewer]]
ViewerOf = Callable[[web.Request], Viewer]
ClockOffset = Callable[[str], float | None]  # device id → seconds that its clock is ahead of ours, if that is known
Links = Callable[[str], list[str]]  # for a device's or a person's id: values of the header Link, see IceServers
LinksOf = Callable[[web.Request], Awaitable[list[str]]]


def open_to_all(answer: Answering) -> Answering:
    """With the CORS headers also on errors: a page of another origin could not read them otherwise."""

    async def answer_or_explain(request: web.Request) -> web.StreamResponse:
        try:
            return await answer(request)
        except WatchroomError as error:
            error.headers = {**CORS, **error.headers}
            raise

    return answer_or_explain


async def _no_links(_: web.Request) -> list[str]:
    return []


def preflight(methods: str, links_of: LinksOf = _no_links) -> Callable[[web.Request], Awaitable[web.Response]]:
    """What answers OPTIONS. A client that shows its token (no browser's preflight does) is also told the ICE servers,
    if it cannot take them from the answer to its offer (RFC 9725 section 4.6)."""

    async def answer(request: web.Request) -> web.Response:
        headers = {**PREFLIGHT, "Access-Control-Allow-Methods": methods, "Accept-Post": SDP, "Accept-Patch": FRAGMENT}
        response = web.Response(status=200, headers=headers)
        if "Authorization" in request.headers:
            _add_links(response, await links_of(request))
        return response

    return answer


async def endpoint(_: web.Request) -> web.Response:
    """GET and HEAD: nothing to read here, and a player may learn by the type that it is a WHEP endpoint."""
    return web.Response(status=200, content_type=SDP, headers={**CORS, "Accept-Post": SDP})


def created(answer: Answer, links: list[str]) -> web.Response:
    """201 with the answer (RFC 9725 section 4.2)."""
    response = web.Response(status=201, text=answer.sdp, content_type=SDP, headers=CORS)
    response.headers["Location"] = f"/media/sessions/{answer.session_id}"
    response.headers["ETag"] = answer.etag
    response.headers["Accept-Patch"] = FRAGMENT
    _add_links(response, links)
    return response


def _add_links(response: web.Response, links: list[str]) -> None:
    for link in links:
        response.headers.add("Link", link)


Admit = Callable[[web.Request, SessionInfo], Awaitable[None]]


def _admission(admit_camera: AdmitCamera, viewer_of: ViewerOf) -> Admit:
    """Whoever could open the session may use it: the camera itself, or the same person."""

    async def admit(request: web.Request, info: SessionInfo) -> None:
        if info.viewer is None:
            await admit_camera(request, info.device_id)
        elif viewer_of(request).person_id != info.viewer.person_id:
            raise Forbidden("this is another person's viewing")

    return admit


def _deletion(engine: MediaEngine, handed_out: HandedOut, admit: Admit) -> Answering:
    """DELETE: also of a session that its client has ended already (see HandedOut)."""

    async def delete(request: web.Request) -> web.Response:
        session_id = request.match_info["session_id"]
        try:
            await admit(request, await engine.session(session_id))
            await engine.delete(session_id)
        except NotFound:
            await admit(request, handed_out.find(session_id))
        handed_out.forget(session_id)
        return web.Response(status=200, headers=CORS)

    return delete


def media_session_routes(
    engine: MediaEngine,
    handed_out: HandedOut,
    admit_camera: AdmitCamera,
    viewer_of: ViewerOf,
    clock_offset: ClockOffset,
) -> list[web.AbstractRouteDef]:
    """`/media/sessions/{session_id}`: PATCH, DELETE, GET, and POST …/wish."""
    admit = _admission(admit_camera, viewer_of)

    async def admitted(request: web.Request) -> SessionInfo:
        info = await engine.session(request.match_info["session_id"])
        await admit(request, info)
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
        if patched.fragment is None:
            return web.Response(status=204, headers=CORS)  # without an ETag: RFC 9725 section 4.3.2
        headers = {**CORS, "ETag": patched.etag}
        return web.Response(status=200, text=patched.fragment, content_type=FRAGMENT, headers=headers)

    async def wish(request: web.Request) -> web.Response:
        info = await admitted(request)
        return described(await engine.change_wish(info.session_id, await json_object(request, "application/json")))

    path = "/media/sessions/{session_id:[0-9a-f]{32}}"
    return [
        web.get(path, open_to_all(get)),
        web.patch(path, open_to_all(patch)),
        web.delete(path, open_to_all(_deletion(engine, handed_out, admit))),
        web.options(path, preflight("GET, PATCH, DELETE, OPTIONS")),
        web.post(path + "/wish", open_to_all(wish)),
        web.options(path + "/wish", preflight("POST, OPTIONS")),
    ]
