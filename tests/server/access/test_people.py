"""Persons and their API tokens over real HTTP: who may change what, and what ends with it."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.pytest_plugin import AiohttpClient

from server.access.permission import Role
from tests.server.access.conftest import PASSWORD, AnyClient, House, application, cookie_of, sign_in

DAY_S = 86_400.0


async def everybody(browser: AnyClient) -> dict[str, dict[str, Any]]:
    """What the page shows, by name."""
    answer = await browser.get("/api/people")
    assert answer.status == 200, await answer.text()
    return {one["name"]: one for one in (await answer.json())["people"]}


async def test_an_admin_adds_a_person_who_can_then_sign_in(
    browser: AnyClient, aiohttp_client: AiohttpClient, house: House
) -> None:
    headers = await sign_in(browser, "admin")
    new = {"name": "achebe", "role": "inspector", "display_name": "Insp. Achebe", "call_sign": "", "password": PASSWORD}
    answer = await browser.post("/api/people", json=new, headers=headers)
    assert answer.status == 201, await answer.text()
    shown = (await everybody(browser))["achebe"]
    assert (shown["role"], shown["display_name"], shown["call_sign"]) == ("inspector", "Insp. Achebe", None)
    assert (shown["has_password"], shown["sessions"], shown["revoked_at"]) == (True, 0, None)
    await sign_in(await aiohttp_client(application(house)), "achebe")
    assert (await everybody(browser))["achebe"]["sessions"] == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, "name: expected"),
        ({"name": "x"}, "role: expected"),
        ({"name": "x", "role": "chief"}, "role: expected one of control"),
        ({"name": "x/y", "role": "control"}, "name: expected 1 to 64 letters"),
        ({"name": "x", "role": "control", "password": "short"}, "password: expected 8 to 1024"),
        ({"name": "x", "role": "control", "call_sign": "c" * 21}, "call sign: expected 1 to 20"),
        ({"name": "x", "role": 7}, "role: expected a text"),
        ({"name": "x", "role": "control", "rank": "PC"}, "rank: not expected; the fields are name"),
    ],
)
async def test_what_is_wrong_with_a_new_person_is_named(
    browser: AnyClient, body: dict[str, Any], expected: str
) -> None:
    headers = await sign_in(browser, "admin")
    answer = await browser.post("/api/people", json=body, headers=headers)
    assert (answer.status, answer.content_type) == (400, "application/problem+json")
    assert (await answer.json())["detail"].startswith(expected)


async def test_a_taken_name_is_told(browser: AnyClient) -> None:
    headers = await sign_in(browser, "admin")
    answer = await browser.post("/api/people", json={"name": "Control", "role": "control"}, headers=headers)
    assert (answer.status, (await answer.json())["type"]) == (409, "/problems/name-taken")


@pytest.mark.parametrize("role", [role.value for role in Role if role is not Role.ADMIN])
async def test_only_an_admin_sees_or_changes_persons(browser: AnyClient, house: House, role: str) -> None:
    headers = await sign_in(browser, role)
    person = await house.access.person_named("control")
    one = f"/api/people/{person.id}"
    tried = [("GET", "/api/people"), ("POST", "/api/people"), ("PATCH", one), ("DELETE", one)]
    tried += [("PUT", f"{one}/password"), ("POST", f"{one}/link"), ("DELETE", f"{one}/sessions")]
    for method, path in tried:
        answer = await browser.request(method, path, json={"role": "admin", "password": PASSWORD}, headers=headers)
        assert answer.status == 403, (method, path)


async def test_a_change_needs_the_page_s_token(browser: AnyClient, house: House) -> None:
    await sign_in(browser, "admin")
    person = await house.access.person_named("control")
    assert (await browser.delete(f"/api/people/{person.id}")).status == 403
    assert await house.access.person_named("control") == person


async def test_a_new_role_ends_what_the_old_one_opened(
    browser: AnyClient, aiohttp_client: AiohttpClient, house: House
) -> None:
    other = await aiohttp_client(application(house))
    await sign_in(other, "control")
    person = await house.access.person_named("control")
    kept, _ = await house.access.add_token(person, "wall")
    (session,) = await house.sessions_of(person.id)
    headers = await sign_in(browser, "admin")
    changed = await browser.patch(f"/api/people/{person.id}", json={"role": "engineer"}, headers=headers)
    assert (changed.status, (await changed.json())["role"]) == (200, "engineer")
    assert sorted(house.revoked) == sorted([session, kept.id])
    assert (await other.get("/api/session")).status == 401


async def test_another_call_sign_ends_nothing_and_is_the_phone_s_too(browser: AnyClient, house: House) -> None:
    person = await house.access.person_named("officer")
    phone = await house.cameras.phone_of(person)
    assert phone.call_sign == "Tango 9"
    headers = await sign_in(browser, "admin")
    body = {"call_sign": "ET 52", "display_name": "PS Rahman"}
    assert (await browser.patch(f"/api/people/{person.id}", json=body, headers=headers)).status == 200
    renamed = await house.cameras.phone_of(person)
    assert (renamed.device_id, renamed.call_sign) == (phone.device_id, "ET 52")
    assert house.revoked == []
    assert (await browser.patch(f"/api/people/{person.id}", json={"call_sign": None}, headers=headers)).status == 200
    assert (await everybody(browser))["officer"]["call_sign"] is None
    answer = await browser.patch(f"/api/people/{person.id}", json={}, headers=headers)
    assert (await answer.json())["detail"] == "nothing to change: expected any of role, display_name, call_sign"


async def test_nobody_shuts_themselves_out(browser: AnyClient, house: House) -> None:
    headers = await sign_in(browser, "admin")
    one = f"/api/people/{(await house.access.person_named('admin')).id}"
    for answer in (
        await browser.patch(one, json={"role": "control"}, headers=headers),
        await browser.delete(one, headers=headers),
    ):
        assert (answer.status, (await answer.json())["type"]) == (409, "/problems/own-account")
    assert (await browser.patch(one, json={"role": "admin"}, headers=headers)).status == 200


async def test_a_new_password_ends_the_old_sign_ins_and_links(
    browser: AnyClient, aiohttp_client: AiohttpClient, house: House
) -> None:
    other = await aiohttp_client(application(house))
    await sign_in(other, "control")
    person = await house.access.person_named("control")
    link = await house.access.link_for(person)
    headers = await sign_in(browser, "admin")
    path = f"/api/people/{person.id}/password"
    assert (await browser.put(path, json={"password": "short"}, headers=headers)).status == 400
    assert (await browser.put(path, json={"password": "another good one"}, headers=headers)).status == 204
    assert (await other.get("/api/session")).status == 401
    assert (await other.get(f"/sign-in/once/{link}")).status == 401
    assert (await other.post("/api/session", json={"name": "control", "password": PASSWORD})).status == 401
    good = await other.post("/api/session", json={"name": "control", "password": "another good one"})
    assert good.status == 200


async def test_a_link_signs_in_once(browser: AnyClient, aiohttp_client: AiohttpClient, house: House) -> None:
    headers = await sign_in(browser, "admin")
    person = await house.access.person_named("inspector")
    made = await (await browser.post(f"/api/people/{person.id}/link", headers=headers)).json()
    assert made["expires_at"] == house.clock.wall() + 600
    other = await aiohttp_client(application(house))
    path = "/" + made["url"].split("/", 3)[3]
    assert (await other.get(path, allow_redirects=False)).status == 303
    assert (await (await other.get("/api/session")).json())["person"]["name"] == "inspector"
    assert (await (await aiohttp_client(application(house))).get(path)).status == 401


async def test_ended_sign_ins_are_counted_and_told(
    browser: AnyClient, aiohttp_client: AiohttpClient, house: House
) -> None:
    for _ in range(2):
        await sign_in(await aiohttp_client(application(house)), "control")
    person = await house.access.person_named("control")
    sessions = await house.sessions_of(person.id)
    headers = await sign_in(browser, "admin")
    answer = await browser.delete(f"/api/people/{person.id}/sessions", headers=headers)
    assert await answer.json() == {"ended": 2}
    assert sorted(house.revoked) == sorted(sessions) and await house.sessions_of(person.id) == []


async def test_who_is_switched_off_stays_in_the_list_and_out_of_the_house(browser: AnyClient, house: House) -> None:
    headers = await sign_in(browser, "admin")
    person = await house.access.person_named("trainer")
    assert (await browser.delete(f"/api/people/{person.id}", headers=headers)).status == 200
    shown = (await everybody(browser))["trainer"]
    assert shown["revoked_at"] == house.clock.wall() and not shown["has_password"]
    assert person.id in house.revoked
    assert (await browser.delete(f"/api/people/{person.id}", headers=headers)).status == 404
    assert (await browser.post(f"/api/people/{person.id}/link", headers=headers)).status == 404


# ---- API tokens


async def test_one_s_own_token_is_shown_once_and_works_until_it_is_revoked(
    browser: AnyClient, aiohttp_client: AiohttpClient, house: House
) -> None:
    headers = await sign_in(browser)
    answer = await browser.post("/api/tokens", json={"purpose": "wall display", "days": 30}, headers=headers)
    made = await answer.json()
    assert (answer.status, made["expires_at"]) == (201, house.clock.wall() + 30 * DAY_S)
    listed = (await (await browser.get("/api/tokens")).json())["tokens"]
    assert listed == [{key: made[key] for key in ("id", "purpose", "added_at", "expires_at")}]
    script = await aiohttp_client(application(house))
    bearer = {"Authorization": f"Bearer {made['token']}"}
    assert (await script.get("/api/units", headers=bearer)).status == 200
    assert (await browser.delete(f"/api/tokens/{made['id']}", headers=headers)).status == 204
    assert (await script.get("/api/units", headers=bearer)).status == 401
    assert house.revoked == [made["id"]]


async def test_a_token_ends_with_its_day(browser: AnyClient, house: House) -> None:
    person = await house.access.person_named("control")
    kept, token = await house.access.add_token(person, "script", 1)
    endless, _ = await house.access.add_token(person, "from the terminal")
    house.clock.move(DAY_S - 1)
    assert await house.access.by_token(token) is not None
    house.clock.move(1)
    assert await house.access.by_token(token) is None
    await house.access.sweep()
    assert kept.id in house.revoked and endless.id not in house.revoked
    assert [one["id"] for one in (await house.people.tokens_of(person))["tokens"]] == [endless.id]


async def test_a_token_makes_no_token(browser: AnyClient, house: House) -> None:
    _, token = await house.access.add_token(await house.access.person_named("admin"), "script", 1)
    bearer = {"Authorization": f"Bearer {token}"}
    answer = await browser.post("/api/tokens", json={"purpose": "for ever", "days": 366}, headers=bearer)
    assert (answer.status, (await answer.json())["type"]) == (403, "/problems/needs-sign-in")


async def test_nobody_revokes_or_sees_another_s_token(browser: AnyClient, house: House) -> None:
    kept, token = await house.access.add_token(await house.access.person_named("control"), "script")
    headers = await sign_in(browser, "inspector")
    assert (await browser.delete(f"/api/tokens/{kept.id}", headers=headers)).status == 404
    assert await house.access.by_token(token) is not None
    assert (await (await browser.get("/api/tokens")).json())["tokens"] == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"days": 3}, "purpose: expected a text"),
        ({"purpose": " ", "days": 3}, "purpose: expected 1 to 120"),
        ({"purpose": "x"}, "days: expected a whole number"),
        ({"purpose": "x", "days": True}, "days: expected a whole number"),
        ({"purpose": "x", "days": 0}, "days: expected 1 to 366, not 0"),
        ({"purpose": "x", "days": 367}, "days: expected 1 to 366, not 367"),
    ],
)
async def test_what_is_wrong_with_a_new_token_is_named(browser: AnyClient, body: dict[str, Any], expected: str) -> None:
    headers = await sign_in(browser)
    answer = await browser.post("/api/tokens", json=body, headers=headers)
    assert answer.status == 400 and (await answer.json())["detail"].startswith(expected)
    assert cookie_of(browser)
