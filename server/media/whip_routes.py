"""WHIP over HTTP (RFC 9725): a camera's POST. The session's resource is in routes."""

from __future__ import annotations

from aiohttp import web

from server.errors import PreconditionFailed
from server.media.handed_out import HandedOut
from server.media.live import SessionInfo
from server.media.media_engine import MediaEngine
from server.media.routes import SDP, AdmitCamera, Links, created, endpoint, open_to_all, preflight
from server.request_body import text_of


def whip_routes(
    engine: MediaEngine, handed_out: HandedOut, admit_camera: AdmitCamera, links: Links
) -> list[web.AbstractRouteDef]:
    """`admit_camera(request, device_id)` raises Unauthorised, Forbidden or NotFound for whoever may not publish."""

    async def publish(request: web.Request) -> web.Response:
        device_id = request.match_info["device_id"]
        await admit_camera(request, device_id)
        offer = await text_of(request, SDP)
        await admit_camera(request, device_id)  # it may have been revoked while its offer trickled in
        # RFC 9110 section 13.1.2: who was replaced by a newer publisher asks to be let in only once that has gone
        if request.headers.get("If-None-Match") == "*" and engine.is_published(device_id):
            raise PreconditionFailed("another publisher of this camera is connected")
        answer = await engine.publish(device_id, offer)
        handed_out.note(SessionInfo(answer.session_id, device_id, None))
        return created(answer, links(device_id))

    async def links_of(request: web.Request) -> list[str]:
        device_id = request.match_info["device_id"]
        await admit_camera(request, device_id)
        return links(device_id)

    async def get(request: web.Request) -> web.Response:
        await admit_camera(request, request.match_info["device_id"])
        return await endpoint(request)

    path = "/whip/{device_id:[a-z0-9-]{3,40}}"
    return [
        web.post(path, open_to_all(publish)),
        web.get(path, open_to_all(get)),
        web.options(path, open_to_all(preflight("GET, HEAD, POST, OPTIONS", links_of))),
    ]
