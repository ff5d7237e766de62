"""A screen on a wall signs in by its token, and stays signed in for as long as the token is good."""

from __future__ import annotations

import pytest

from server.access.middleware import COOKIE
from tests.server.access.conftest import AnyClient, House, cookie_of


async def token_of(house: House, name: str) -> tuple[str, str]:
    kept, token = await house.access.add_token(await house.access.person_named(name), "wall")
    return kept.id, token


async def test_a_displays_token_becomes_its_cookie_and_outlasts_the_night(browser: AnyClient, house: House) -> None:
    token_id, token = await token_of(house, "display")
    answer = await browser.post("/api/session", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status, (await answer.json())["role"]) == (200, "display")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    house.clock.move(3 * 24 * 3600)  # neither 15 idle minutes nor 12 hours end it
    await house.access.sweep()
    session = await browser.get("/api/session")
    assert session.status == 200 and len((await session.json())["csrf"]) == 64
    assert (await browser.get("/api/units")).status == 200

    await house.access.revoke_token(token_id)
    assert house.revoked[-1] == token_id  # which is what its open pages are known by
    assert (await browser.get("/api/session")).status == 401


async def test_its_cookie_is_guarded_as_any_other(browser: AnyClient, house: House) -> None:
    _, token = await token_of(house, "display")
    await browser.post("/api/session", headers={"Authorization": f"Bearer {token}"})
    device = await house.units.add_device("Tango 1")
    assert (
        await browser.post(f"/whep/{device.device_id}")
    ).status == 403  # a page that cannot show the session's token
    csrf = (await (await browser.get("/api/session")).json())["csrf"]
    watch = await browser.post(f"/whep/{device.device_id}", headers={"X-CSRF-Token": csrf})
    assert watch.status == 409  # may watch; it does not record
    request = f"/api/units/{device.device_id}/request"
    assert (await browser.post(request, json={"what": "record"}, headers={"X-CSRF-Token": csrf})).status == 403


@pytest.mark.parametrize("name", ["control", "inspector", "admin", "officer", "engineer"])
async def test_whoever_may_act_signs_in_as_a_person(browser: AnyClient, house: House, name: str) -> None:
    _, token = await token_of(house, name)
    answer = await browser.post("/api/session", headers={"Authorization": f"Bearer {token}"})
    assert answer.status == 403 and "only look" in (await answer.json())["detail"]
    assert COOKIE not in answer.cookies


@pytest.mark.parametrize("token", ["wr_api_unknown", "nothing", "wr_pub_a.1.b"])
async def test_a_token_that_is_none_opens_nothing(browser: AnyClient, token: str) -> None:
    answer = await browser.post("/api/session", headers={"Authorization": f"Bearer {token}"})
    assert answer.status == 401 and COOKIE not in answer.cookies
    page = await browser.get("/api/session", cookies={COOKIE: token})
    assert page.status == 401


async def test_a_display_that_signs_out_has_its_cookie_taken(browser: AnyClient, house: House) -> None:
    _, token = await token_of(house, "display")
    await browser.post("/api/session", headers={"Authorization": f"Bearer {token}"})
    assert cookie_of(browser) == token
    csrf = (await (await browser.get("/api/session")).json())["csrf"]
    assert (await browser.delete("/api/session", headers={"X-CSRF-Token": csrf})).status == 204
    assert (await browser.get("/api/session")).status == 401
