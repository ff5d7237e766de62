"""`/api/recordings`, `/api/replays`: find recordings, open a view of some, and everything within it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import PurePath

from aiohttp import web

from server.access.permission import Permission, may
from server.access.session import Caller
from server.database import Along
from server.errors import BadRequest, Forbidden
from server.replay.actions import Replays, is_layer, is_recording
from server.replay.bookmark import Bookmark, wished
from server.replay.finding import SAID, wanted
from server.replay.view import View, asked, parts_in, time_in
from server.request_body import json_object

CallerOf = Callable[[web.Request], Caller]
NoteView = Callable[[web.Request, str, View, Mapping[str, str]], Awaitable[None]]  # how; each recording's call sign
AlongBookmark = Callable[[web.Request, Bookmark, Mapping[str, str]], Along]
# A sealed segment never changes, and its address belongs to one session's view: only that browser may keep it,
# and (Vary) only for that session.
SEALED = {"Cache-Control": "private, max-age=31536000, immutable", "Vary": "Cookie, Authorization"}
TYPES = {".m4s": "video/iso.segment", ".mp4": "video/mp4"}
PLAYLIST = "application/vnd.apple.mpegurl"
VIEW = "/api/replays/{view_id}"


def routes(
    replays: Replays, caller_of: CallerOf, note_view: NoteView, along_bookmark: AlongBookmark
) -> list[web.RouteDef]:
    """The routes of replay. Into the audit, who looks (committed first, or raises) or marks, why and from where."""
    made = _Routes(replays, caller_of, note_view, along_bookmark)
    return [
        web.get("/api/recordings", made.listed),
        web.get("/api/replays/settings", made.settings),
        web.post("/api/replays", made.opened),
        web.get(VIEW, made.timeline),
        web.get(VIEW + "/known", made.known),
        web.post(VIEW + "/bookmarks", made.bookmark),
        web.get(VIEW + "/cameras/{device_id}/{layer}.m3u8", made.playlist),
        web.get(VIEW + "/files/{recording_id}/{name:[a-z0-9/.-]+}", made.file),
        web.get(VIEW + "/pieces/{recording_id}/{name:[a-z0-9/.-]+}", made.piece),
    ]


def allowed(caller: Caller) -> tuple[Caller, str | None]:
    """Who asks; and, of an officer, who they are: they see only what they recorded. Raises Forbidden."""
    role = caller.person.role
    if may(role, Permission.REPLAY):
        return caller, None
    if may(role, Permission.REPLAY_OWN):
        return caller, caller.person.id
    raise Forbidden(f"the role {role.value} does not include: {Permission.REPLAY.value}")


class _Routes:
    def __init__(
        self, replays: Replays, caller_of: CallerOf, note_view: NoteView, along_bookmark: AlongBookmark
    ) -> None:
        self._replays = replays
        self._caller_of = caller_of
        self._note_view = note_view
        self._along_bookmark = along_bookmark

    def _allowed(self, request: web.Request) -> tuple[Caller, str | None]:
        return allowed(self._caller_of(request))

    async def _view(self, request: web.Request) -> View:
        """The view that the address names. Raises Forbidden; NotFound where it is not this session's, or has ended."""
        return await self._replays.view(request.match_info["view_id"], self._allowed(request)[0])

    async def listed(self, request: web.Request) -> web.Response:
        _, own = self._allowed(request)
        looked_for = wanted(request.query)
        if own is not None and looked_for.by_what_was_said:  # not even whether there is a word in a note
            raise Forbidden(f"{', '.join(SAID)}: for those who see the recordings of every camera")
        return web.json_response(await self._replays.find(looked_for, own))

    async def settings(self, request: web.Request) -> web.Response:
        """What a page with a map must know."""
        self._allowed(request)
        return web.json_response(self._replays.settings())

    async def opened(self, request: web.Request) -> web.Response:
        caller, own = self._allowed(request)
        wish = asked(await json_object(request), caller.duty)
        view = await self._replays.open(caller, wish, partial(self._note_view, request, wish.how), own)
        return web.json_response(view.as_json(), status=201)

    async def timeline(self, request: web.Request) -> web.Response:
        return web.json_response(await self._replays.timeline(await self._view(request)))

    async def known(self, request: web.Request) -> web.Response:
        return web.json_response(await self._replays.known(await self._view(request), time_in(request.query, "at")))

    async def bookmark(self, request: web.Request) -> web.Response:
        view = await self._view(request)
        caller, own = self._allowed(request)
        if own is not None:
            raise Forbidden("bookmarks are set by who may see every recording")
        at, words = wished(await json_object(request))
        made = await self._replays.bookmark(view, caller, at, words, partial(self._along_bookmark, request))
        return web.json_response(made.as_json(), status=201)

    async def playlist(self, request: web.Request) -> web.Response:
        view = await self._view(request)
        layer = request.match_info["layer"]
        if not is_layer(layer):
            raise BadRequest("layer: expected main or sub")
        parts = parts_in(request.query.get("parts"))
        text = await self._replays.playlist(view, request.match_info["device_id"], layer, parts)
        return web.Response(text=text, content_type=PLAYLIST)

    async def file(self, request: web.Request) -> web.Response:
        view = await self._view(request)
        content = await self._replays.file(view, *_named(request))
        suffix = PurePath(request.match_info["name"]).suffix
        return _ranged(request, content, {**SEALED, "Content-Type": TYPES.get(suffix, "application/octet-stream")})

    async def piece(self, request: web.Request) -> web.Response:
        view = await self._view(request)
        made = await self._replays.piece(view, *_named(request), time_in(request.query, "from"))
        return web.Response(body=made.data, headers={**SEALED, "Content-Type": made.content_type})


def _ranged(request: web.Request, content: bytes, headers: dict[str, str]) -> web.Response:
    """What is asked for of a file (RFC 9110, 14): two seconds of picture, so that all of it fits into memory."""
    size = len(content)
    headers |= {"Accept-Ranges": "bytes"}
    if "Range" not in request.headers:
        return web.Response(body=content, headers=headers)
    try:
        start, end, _ = request.http_range.indices(size)
    except ValueError:
        start, end = size, size
    if start >= end:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{size}"})
    headers |= {"Content-Range": f"bytes {start}-{end - 1}/{size}"}
    return web.Response(status=206, body=content[start:end], headers=headers)


def _named(request: web.Request) -> tuple[str, str]:
    """The recording and the file that the address names."""
    recording_id, name = request.match_info["recording_id"], request.match_info["name"]
    if not is_recording(recording_id):
        raise BadRequest("expected a recording's id")
    return recording_id, name
