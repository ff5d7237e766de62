"""A small application behind the real gate: real sockets, a real database, a clock that stands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import pytest
import sqlalchemy as sa
from aiohttp import web
from aiohttp.pytest_plugin import AiohttpClient
from aiohttp.test_utils import TestClient
from argon2 import PasswordHasher

from server.access import routes as access_routes
from server.access.actions import Access, CameraAccess
from server.access.device_routes import device_routes
from server.access.middleware import COOKIE, Gate
from server.access.people_actions import People
from server.access.people_routes import people_routes
from server.access.permission import Permission, Role
from server.access.store import AccessStore, session_table
from server.audit.actions import Audit
from server.audit.asked import Asked
from server.audit.routes import audit_routes
from server.audit.store import AuditStore
from server.bus import Body, LocalBus, Topic
from server.clock import HandClock
from server.config import Config
from server.database import Database
from server.journal.store import Journal
from server.tasks import TaskOwner
from server.units import routes as unit_routes
from server.units.actions import Units
from server.units.store import UnitStore

PASSWORD = "correct horse battery"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
LOGIN = (
    '<p id="error">{{ error or "" }}</p><input name="next" value="{{ next }}"><script nonce="{{ csp_nonce }}"></script>'
)
AnyClient = TestClient[web.Request, web.Application]


@dataclass
class House:
    """The parts under test, and what they did."""

    access: Access
    people: People
    cameras: CameraAccess
    units: Units
    clock: HandClock
    bus: LocalBus
    gate: Gate
    database: Database
    revoked: list[str]
    asked: list[tuple[str, str, str]]
    fixes: dict[str, dict[str, float]]
    audit: Audit

    async def audited(self, **asked: Any) -> list[dict[str, Any]]:
        """The rows of the audit, oldest first."""
        await self.audit.flush()
        rows: list[dict[str, Any]] = (await self.audit.page(Asked(**asked)))["rows"]
        return rows[::-1]

    async def sessions_of(self, person_id: str) -> list[str]:
        """The ids of a person's sessions."""
        async with self.database.reading() as connection:
            query = sa.select(session_table.c.id).where(session_table.c.person_id == person_id)
            return list((await connection.execute(query)).scalars())


def build(database: Database, folder: Path, clock: HandClock, bus: LocalBus, **options: Any) -> House:
    """The parts, on one database; a second call makes what another process would have."""
    config = Config.load(folder, options)
    store = AccessStore(database)
    units = Units(UnitStore(database, Journal(database, clock)), bus, clock)
    access = Access(
        store,
        bus,
        clock,
        session_idle_s=config.session_idle_s,
        session_absolute_s=config.session_absolute_s,
        hasher=CHEAP,
    )
    cameras = CameraAccess(store, units, clock)
    people = People(store, access, clock)
    audit = Audit(AuditStore(database), clock)
    gate = Gate(access, cameras, units, config, audit)
    house = House(access, people, cameras, units, clock, bus, gate, database, [], [], {}, audit)

    def note(body: Body) -> None:
        house.revoked += body["revoked"]

    bus.subscribe(Topic.SESSIONS, note)
    return house


def application(house: House) -> web.Application:
    """Routes of access and units, and one for each way to fail."""

    async def send_request(device_id: str, what: str, by: str) -> None:
        house.asked.append((device_id, what, by))

    async def crash(_: web.Request) -> web.Response:
        raise ZeroDivisionError("secret inner detail")

    async def socket(request: web.Request) -> web.WebSocketResponse:
        house.gate.allow(request, Permission.SEE)
        opened = web.WebSocketResponse()
        await opened.prepare(request)
        await opened.close()
        return opened

    async def publish(request: web.Request) -> web.Response:
        await house.gate.admit_camera(request, request.match_info["device_id"])
        return web.Response(status=201)

    async def watch(request: web.Request) -> web.Response:
        viewer = await house.gate.admit_viewer(request, request.match_info["device_id"])
        await house.gate.note_live_view(request, request.match_info["device_id"], "main")
        return web.json_response({"name": viewer.name, "session_id": viewer.session_id})

    async def page(request: web.Request) -> web.Response:
        return web.json_response(dict(house.gate.variables(request)))

    app = web.Application(middlewares=house.gate.middlewares(), client_max_size=256 * 1024)
    templates = jinja2.Environment(loader=jinja2.DictLoader({"login.html": LOGIN}), autoescape=True)
    app.add_routes(access_routes.routes(house.access, house.cameras, house.gate, templates, {"force": "F"}))
    app.add_routes(people_routes(house.people, house.gate))
    app.add_routes(device_routes(house.cameras, house.units, house.gate, house.fixes.get))
    app.add_routes(audit_routes(house.audit, house.gate.allow, house.gate.note_viewing))
    app.add_routes(unit_routes.routes(house.units, house.gate.allow, send_request))
    app.add_routes([web.get("/", page), web.get("/crash", crash), web.get("/api/console", socket)])
    app.add_routes([web.post("/whip/{device_id}", publish), web.post("/whep/{device_id}", watch)])
    app.add_routes([web.get("/metrics", page), web.get("/media/sessions/{session_id}", page)])
    return app


@pytest.fixture
async def tasks() -> AsyncIterator[TaskOwner]:
    async with TaskOwner("test") as owner:
        yield owner


@pytest.fixture
async def house(database: Database, tmp_path: Path, tasks: TaskOwner) -> AsyncIterator[House]:
    """Started, with one person for each role; the password is PASSWORD."""
    house = build(database, tmp_path, HandClock(), LocalBus())
    await house.cameras.start()
    await house.access.start(tasks)
    for role in Role:
        await house.access.add_person(role, role, PASSWORD, display_name=f"The {role}", call_sign="Tango 9")
    async with house.audit:
        yield house


@pytest.fixture
async def browser(house: House, aiohttp_client: AiohttpClient) -> AnyClient:
    """A client that is not signed in."""
    return await aiohttp_client(application(house))


async def sign_in(browser: AnyClient, name: str = "control") -> dict[str, str]:
    """Sign in; returns the headers that a page of ours would send with a change."""
    answer = await browser.post("/api/session", json={"name": name, "password": PASSWORD})
    assert answer.status == 200, await answer.text()
    return {"X-CSRF-Token": (await (await browser.get("/api/session")).json())["csrf"]}


def cookie_of(browser: AnyClient) -> str:
    """The session cookie's value."""
    return browser.session.cookie_jar.filter_cookies(browser.make_url("/"))[COOKIE].value
