"""What each role may do, written out a second time: as a table, over HTTP, and wherever else it is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from server.access.middleware import COOKIE
from server.access.permission import GRANTED, Permission, Role, may
from server.app import Watchroom
from server.config import Config
from server.operations.assets import ROOT, STATIC
from server.site import application

# see, watch, handle alerts, advise, request, camera, replay, own replay, export, operate, administer, audit, tag, import, manage
TABLE = """
control       x x x x x . x . . . . . x . .
inspector     x x x x x . x . x . . . x x x
supervisor    x x x x x . x . x . . x x x x
officer       . . . . . x . x . . . . . . .
trainer       x x . . . . x . . . . . . x .
investigator  . . . . . . x . x . . . x x x
standards     . . . . . . x . x . . x x x x
admin         x x x x x . x . x x x x x x x
engineer      . . . . . . . . . x . . . . .
display       x x . . . . . . . . . . . . .
auditor       . . . . . . . . . . . x . . .
"""

# What is asked, by whom it is not refused. A live picture, the room, an order to a camera; what is recorded; who saw what.
ROOM = {Role.CONTROL, Role.INSPECTOR, Role.SUPERVISOR, Role.ADMIN}
SEES = ROOM | {Role.TRAINER, Role.DISPLAY}
CASE = {Role.INVESTIGATOR, Role.STANDARDS}
ASKED = {
    "GET /api/units": SEES,
    "GET /api/alerts": SEES,
    "GET /api/positions": SEES,
    "POST /whep/none-such": SEES,
    "POST /api/units/none-such/request": ROOM,
    "POST /api/alerts/none/acknowledge": ROOM,
    "POST /api/advice": ROOM,
    "GET /api/recordings": ROOM | CASE | {Role.TRAINER, Role.OFFICER},
    "GET /api/recordings?text=x": ROOM | CASE | {Role.TRAINER},
    "GET /api/exports": (ROOM | CASE) - {Role.CONTROL},
    "GET /api/taser-logs/cameras": ((ROOM | CASE) - {Role.CONTROL}) | {Role.TRAINER},
    "GET /api/retention/upcoming?days=7": (ROOM | CASE) - {Role.CONTROL},
    "GET /api/audit": {Role.SUPERVISOR, Role.STANDARDS, Role.AUDITOR, Role.ADMIN},
    "GET /api/people": {Role.ADMIN},
    "GET /api/devices": {Role.ADMIN},
}


def test_the_table_is_this_one() -> None:
    rows = [line.split() for line in TABLE.strip().splitlines()]
    written = {
        Role(role): {one for one, mark in zip(Permission, marks, strict=True) if mark == "x"} for role, *marks in rows
    }
    assert written == {role: set(granted) for role, granted in GRANTED.items()}


async def test_over_http_each_role_gets_what_is_its_own(tmp_path: Path) -> None:
    async with Watchroom(Config.load(tmp_path, {"port": 0})) as room:
        cookies = {}
        for role in Role:
            person = await room.access.add_person(role.value, role.value, None)
            cookies[role] = (await room.access.sign_in_once(await room.access.link_for(person))).secret
        async with TestClient(TestServer(application(room))) as client:
            for asked, allowed in ASKED.items():
                method, path = asked.split()
                let_in = {role for role in Role if await _status(client, method, path, cookies[role]) != 403}
                assert let_in == allowed, asked


async def _status(client: TestClient[web.Request, web.Application], method: str, path: str, secret: str) -> int:
    """With the session's own token, as a page of ours sends it: so that 403 is the role's."""
    cookie = {"Cookie": f"{COOKIE}={secret}"}
    csrf = (await (await client.get("/api/session", headers=cookie)).json())["csrf"]
    answer = await client.request(method, path, headers={**cookie, "X-CSRF-Token": csrf})
    return answer.status


def test_the_console_offers_acts_to_those_who_may_act() -> None:
    text = (STATIC / "js/pages/desk.js").read_text()
    offered = re.findall(r'"(\w+)"', re.findall(r"MAY_ACT = new Set\(\[(.*?)\]\)", text)[0])
    assert offered == [role.value for role in Role if may(role, Permission.HANDLE_ALERTS)]


def test_the_people_page_offers_every_role_of_a_person() -> None:
    text = (STATIC / "js/state/people.js").read_text()
    offered = re.findall(r'^  \["(\w+)", "\1: ', text, re.MULTILINE)
    assert set(offered) == set(Role) - {Role.DISPLAY}  # a screen's is made at a terminal, with its token


@pytest.mark.parametrize("role", list(Role))
def test_the_readme_tells_every_role(role: Role) -> None:
    assert re.search(rf"^\| `{role.value}` ", (ROOT / "README.md").read_text(), re.MULTILINE)
