"""WHEP over HTTP: a viewer's POST. Who watches, and why, is committed before the answer: viewing fails closed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from functools import partial

from aiohttp import web

from server.media.handed_out import HandedOut
from server.media.live import SessionInfo
from server.media.media_engine import MediaEngine
from server.media.routes import SDP, AdmitViewer, Links, created, endpoint, open_to_all, preflight
from server.media.store import LiveViewStore
from server.media.wish import Wish
from server.request_body import text_of

NoteViewing = Callable[[web.Request, str, str], Awaitable[None]]  # device id, layer: into the audit


def whep_routes(
    engine: MediaEngine,
    handed_out: HandedOut,
    admit_viewer: AdmitViewer,
    note_viewing: NoteViewing,
    views: LiveViewStore,
    links: Links,
) -> list[web.AbstractRouteDef]:
    """`admit_viewer(request, device_id)` says who it is, or raises for whoever may not watch this camera now;
    `note_viewing` raises Unavailable where it cannot be committed that they do.
    """

    async def watch(request: web.Request) -> web.Response:
        device_id = request.match_info["device_id"]
        viewer = await admit_viewer(request, device_id)
        wish = Wish.of_query(request.query)
        offer = await text_of(request, SDP)
        viewer = await admit_viewer(request, device_id)  # rights may have ended while the offer trickled in
        engine.require_streaming(device_id)
        await note_viewing(request, device_id, wish.layer)
        view_id = await views.begin(device_id, viewer, wish.layer)
        with ExitStack() as unless_shown:  # whatever goes wrong, and if the caller goes away
            unless_shown.callback(views.end_soon, view_id, wish.layer)
            await admit_viewer(request, device_id)  # recording may have stopped while the row was written
            answer = await engine.watch(device_id, viewer, offer, wish, partial(views.end_soon, view_id))
            unless_shown.pop_all()
        handed_out.note(SessionInfo(answer.session_id, device_id, viewer))
        return created(answer, links(viewer.person_id))

    async def links_of(request: web.Request) -> list[str]:
        viewer = await admit_viewer(request, request.match_info["device_id"])
        return links(viewer.person_id)

    path = "/whep/{device_id:[a-z0-9-]{3,40}}"
    return [
        web.post(path, open_to_all(watch)),
        web.get(path, endpoint),
        web.options(path, open_to_all(preflight("GET, HEAD, POST, OPTIONS", links_of))),
    ]
