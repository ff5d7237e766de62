"""A media engine of its own for each test, and a small site around it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from server.audit.audit_entry import why_of
from server.clock import SystemClock
from server.database import Database
from server.errors import Conflict, NotFound, Unauthorised, Unavailable
from server.media.engine import LocalEngine
from server.media.handed_out import HandedOut
from server.media.ice_servers import IceServers
from server.media.live import FeedState, Viewer, WatcherInfo
from server.media.routes import media_session_routes
from server.media.settings import MediaSettings
from server.media.store import LiveViewStore
from server.media.whep_routes import whep_routes
from server.media.whip_routes import whip_routes
from server.middleware import error_middleware, header_middleware
from server.tasks import TaskOwner

INSPECTOR = Viewer("person-1", "Insp. Hale", "inspector", "login-1")
CONTROLLER = Viewer("person-2", "K. Osei", "control", "login-2")
CAMERA = "camera-1"
SECRET = "of the TURN server, and of nobody else"
WAIT_S = 10.0

Condition = Callable[[], bool]


async def until(condition: Condition, limit_s: float = WAIT_S) -> None:
    """Wait for it, for `limit_s` at most."""
    turn = asyncio.Event()
    async with asyncio.timeout(limit_s):
        while not condition():
            asyncio.get_running_loop().call_later(0.01, turn.set)
            await turn.wait()
            turn.clear()


@dataclass
class Heard:
    """What an engine says."""

    feeds: list[tuple[str, FeedState]] = field(default_factory=list)
    watchers: list[tuple[str, list[WatcherInfo]]] = field(default_factory=list)
    publishers: list[tuple[str, str | None]] = field(default_factory=list)

    def feed(self, device_id: str, state: FeedState) -> None:
        """See OnFeed."""
        self.feeds.append((device_id, state))

    def watching(self, device_id: str, people: list[WatcherInfo]) -> None:
        """See OnWatchers."""
        self.watchers.append((device_id, people))

    def publishing(self, device_id: str, session_id: str | None) -> None:
        """See OnPublisher."""
        self.publishers.append((device_id, session_id))

    def names(self, device_id: str) -> list[str]:
        """Who watches, as it was said last."""
        said = [people for device, people in self.watchers if device == device_id]
        return [person.name for person in said[-1]] if said else []


@dataclass
class Running(Heard):
    """An engine in this process, and what it said."""

    engine: LocalEngine = field(kw_only=True)
    tasks: TaskOwner = field(kw_only=True)
    offsets: dict[str, float] = field(default_factory=dict)  # what telemetry says of the cameras' clocks

    async def streaming(self, device_id: str = CAMERA, layers: int = 1, limit_s: float = WAIT_S) -> None:
        """Wait until the camera's picture flows."""
        await until(lambda: len(self.engine.feed_state(device_id).layers) >= layers, limit_s)


@asynccontextmanager
async def running_on(settings: MediaSettings) -> AsyncIterator[Running]:
    """An engine from its start to its end."""
    async with TaskOwner("test") as tasks:
        heard = Heard()
        engine = LocalEngine(settings, SystemClock(), tasks, heard.feed, heard.watching, heard.publishing)
        await engine.start()
        yield Running(heard.feeds, heard.watchers, heard.publishers, engine=engine, tasks=tasks)
        await engine.close()


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """Started, on a free port."""
    async with running_on(MediaSettings(folder=tmp_path)) as found:
        yield found


@dataclass
class Site:
    """The engine behind HTTP. A bearer token is the name of a person in `people`, or `camera`."""

    running: Running
    views: LiveViewStore
    database: Database
    url: str
    http: ClientSession
    people: dict[str, Viewer]
    revoked: set[str]
    noted: list[tuple[str, str, str]]  # device, layer, why: what the audit was told


@pytest.fixture
async def site(running: Running, migrated_sqlite: str) -> AsyncIterator[Site]:
    """WHIP, WHEP and an empty page on a free port."""
    database = Database(migrated_sqlite)
    people = {"hale": INSPECTOR, "osei": CONTROLLER}
    revoked: set[str] = set()
    views = LiveViewStore(database, SystemClock())
    views.start(running.tasks)

    async def admit_camera(request: web.Request, device_id: str) -> None:
        if device_id in revoked:
            raise Unauthorised("it was revoked")
        if device_id == "unknown":
            raise NotFound("no such camera")
        if request.headers.get("Authorization") != "Bearer camera":
            raise Unauthorised("a camera's token is needed")

    def viewer_of(request: web.Request) -> Viewer:
        found = people.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if found is None:
            raise Unauthorised("sign in first")
        return found

    admitted: list[str] = []
    noted: list[tuple[str, str, str]] = []

    async def note_viewing(request: web.Request, device_id: str, layer: str) -> None:
        if request.query.get("audit") == "away":
            raise Unavailable("the audit cannot be written")
        noted.append((device_id, layer, why_of(request.headers, request.query)))

    async def admit_viewer(request: web.Request, device_id: str) -> Viewer:
        admitted.append(device_id)
        if request.query.get("stops_at") == str(len(admitted)):
            raise Conflict("it does not record", kind="not-recording")
        return viewer_of(request)

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>media</title>", content_type="text/html")

    links = IceServers(SystemClock().wall, ({"urls": "stun:stun.example"},), ("turn:turn.example:3478",), SECRET).links
    handed_out = HandedOut()
    app = web.Application(middlewares=[header_middleware(secure=False), error_middleware()])
    app.add_routes(
        [
            *whip_routes(running.engine, handed_out, admit_camera, links),
            *whep_routes(running.engine, handed_out, admit_viewer, note_viewing, views, links),
            *media_session_routes(running.engine, handed_out, admit_camera, viewer_of, running.offsets.get),
            web.get("/", page),
        ]
    )
    server = TestServer(app)
    await server.start_server()
    async with ClientSession() as http:
        yield Site(running, views, database, str(server.make_url("")).rstrip("/"), http, people, revoked, noted)
    await server.close()
    await running.engine.close()
    await views.flush()
    await database.close()
