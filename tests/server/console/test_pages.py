"""Each role finds its own place, and no page that is not its."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import pytest
from aiohttp import web

from server.access.permission import Permission, Role, may
from server.access.person import Person
from server.console.pages import Pages
from server.errors import Forbidden
from server.middleware import error_middleware
from server.operations.assets import STATIC, TEMPLATES


def application(role: Role, development: bool = False) -> web.Application:
    """The pages, for somebody with that role."""

    def allow(_request: web.Request, permission: Permission) -> Person:
        if not may(role, permission):
            raise Forbidden("not theirs")
        return Person("p", "name", "Sgt. Name", role)

    def signed_in(_request: web.Request) -> Person:
        return Person("p", "name", "Sgt. Name", role)

    templates = jinja2.Environment(loader=jinja2.FileSystemLoader([Path(TEMPLATES), Path(STATIC)]), autoescape=True)
    made = web.Application(middlewares=[error_middleware()])
    shown = {"force": "", "theme": "dark", "version": "1"}
    made.add_routes(Pages(templates, allow, signed_in, lambda _request: {}, **shown).routes(development=development))
    return made


@pytest.mark.parametrize(
    ("role", "home", "status", "leads_there"),
    [
        (Role.INSPECTOR, "/", 403, False),
        (Role.ADMIN, "/", 200, True),
        (Role.OFFICER, "/camera", 403, False),
        (Role.ENGINEER, "/status", 200, True),
        (Role.AUDITOR, "/audit", 403, False),
        (Role.SUPERVISOR, "/", 403, False),
        (Role.INVESTIGATOR, "/replay", 403, False),
        (Role.STANDARDS, "/replay", 403, False),
    ],
)
async def test_everybody_is_led_to_their_own_place(
    aiohttp_client: Any, role: Role, home: str, status: int, leads_there: bool
) -> None:
    client = await aiohttp_client(application(role))
    answer = await client.get("/")
    assert (answer.status, answer.url.path) == (200, home)
    assert ('href="/status"' in await answer.text()) is leads_there
    assert (await client.get("/status")).status == status


async def test_the_living_sheet_is_there_only_in_development(aiohttp_client: Any) -> None:
    production = await aiohttp_client(application(Role.ADMIN))
    assert (await production.get("/design")).status == 404
    development = await aiohttp_client(application(Role.INSPECTOR, development=True))
    answer = await development.get("/design")
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    phone = await aiohttp_client(application(Role.OFFICER, development=True))
    assert (await phone.get("/design")).status == 403


@pytest.mark.parametrize("path", ["/people", "/devices"])
@pytest.mark.parametrize("role", list(Role))
async def test_the_office_is_an_admin_s_and_says_so_to_others(aiohttp_client: Any, role: Role, path: str) -> None:
    client = await aiohttp_client(application(role))
    answer = await client.get(path)
    text = await answer.text()
    if role is Role.ADMIN:
        assert answer.status == 200 and f'aria-current="page" href="{path}"' in text
    else:
        assert (answer.status, answer.content_type) == (403, "text/html")
        assert f"the role <b>{role.value}</b> does not have it" in text and 'href="/people"' not in text


@pytest.mark.parametrize("role", list(Role))
async def test_the_audit_is_for_those_who_answer_for_others_viewing(aiohttp_client: Any, role: Role) -> None:
    client = await aiohttp_client(application(role))
    answer = await client.get("/audit")
    is_theirs = role in (Role.AUDITOR, Role.SUPERVISOR, Role.STANDARDS, Role.ADMIN)
    assert (answer.status, 'aria-current="page" href="/audit"' in await answer.text()) == (
        200 if is_theirs else 403,
        is_theirs,
    )


@pytest.mark.parametrize("role", list(Role))
async def test_everybody_has_settings(aiohttp_client: Any, role: Role) -> None:
    client = await aiohttp_client(application(role))
    answer = await client.get("/settings")
    assert answer.status == 200 and 'aria-current="page" href="/settings"' in await answer.text()


@pytest.mark.parametrize("path", ["/wall/9?kiosk=1&dist=3.3&diag=98", "/wall/1+5", "/wall/1%2B16?kiosk=0"])
async def test_a_wall_is_a_page_for_everybody_who_sees_the_room(aiohttp_client: Any, path: str) -> None:
    client = await aiohttp_client(application(Role.DISPLAY))
    answer = await client.get(path)
    text = await answer.text()
    assert answer.status == 200 and "<wall-grid" in text
    assert ("kiosk" in text.partition("<body")[2].partition(">")[0]) is ("kiosk=1" in path)
    assert ('class="bar"' in text) is ("kiosk=1" not in path)
    stranger = await aiohttp_client(application(Role.OFFICER))
    assert (await stranger.get(path)).status == 403


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/wall/7", 404, "one of 1, 4, 9, 16, 25, 1+5, 1+16"),
        ("/wall/9?dist=far", 400, "metres from the screen to the eye, from 0.5 to 50"),
        ("/wall/9?diag=%3Cscript%3E", 400, "&lt;script&gt;"),
    ],
)
async def test_a_wall_that_cannot_be_meant_is_told_what_was_expected(
    aiohttp_client: Any, path: str, status: int, said: str
) -> None:
    client = await aiohttp_client(application(Role.CONTROL))
    answer = await client.get(path)
    assert (answer.status, answer.content_type) == (status, "text/html")
    assert said in await answer.text()


async def test_a_wall_may_be_light_where_the_installation_is_dark(aiohttp_client: Any) -> None:
    client = await aiohttp_client(application(Role.DISPLAY))
    assert 'data-theme="light"' in await (await client.get("/wall/9?theme=light")).text()
    assert 'data-theme="dark"' in await (await client.get("/wall/9")).text()
    assert (await client.get("/wall/9?theme=pink")).status == 400


async def test_the_page_that_displays_keep_knows_nobody(aiohttp_client: Any) -> None:
    client = await aiohttp_client(application(Role.INSPECTOR))
    text = await (await client.get("/wall/waiting")).text()
    assert "Waiting for the server" in text and "Sgt. Name" not in text
    assert '<meta name="csrf-token" content="">' in text


async def test_the_console_in_a_hand_is_for_whoever_sees_the_room(aiohttp_client: Any) -> None:
    assert (await (await aiohttp_client(application(Role.INSPECTOR))).get("/pocket")).status == 200
    assert (await (await aiohttp_client(application(Role.ENGINEER))).get("/pocket")).status == 403
