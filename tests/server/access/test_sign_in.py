"""Signing in and out over real HTTP: sessions, their ends, fixation, brute force, one-time links."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server.access.middleware import COOKIE
from server.access.store import session_table
from server.bus import LocalBus
from server.database import Database
from server.errors import BadRequest, Conflict, NotFound
from server.tasks import TaskOwner
from tests.server.access.conftest import PASSWORD, AnyClient, House, build, cookie_of, sign_in

HTML = {"Accept": "text/html"}


async def test_sign_in_gives_a_strict_cookie_and_the_person(browser: AnyClient) -> None:
    answer = await browser.post("/api/session", json={"name": " Control ", "password": PASSWORD})
    assert answer.status == 200
    person = await answer.json()
    assert (person["name"], person["display_name"], person["role"]) == ("control", "The control", "control")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Secure" not in cookie
    session = await (await browser.get("/api/session")).json()
    assert session["person"] == person and len(session["csrf"]) == 64


async def test_the_database_holds_no_secret(browser: AnyClient, database: Database) -> None:
    await sign_in(browser)
    async with database.reading() as connection:
        kept = (await connection.execute(session_table.select())).one()
    assert cookie_of(browser) not in str(kept)


async def test_a_prepared_session_id_is_never_raised(browser: AnyClient, house: House) -> None:
    await sign_in(browser, "trainer")
    before = cookie_of(browser)
    await sign_in(browser, "control")
    assert cookie_of(browser) != before
    assert await house.access.by_cookie(before) is None
    browser.session.cookie_jar.clear()
    answer = await browser.post(
        "/api/session", json={"name": "control", "password": PASSWORD}, cookies={COOKIE: "chosen-by-an-attacker"}
    )
    assert answer.cookies[COOKIE].value != "chosen-by-an-attacker"
    assert await house.access.by_cookie("chosen-by-an-attacker") is None


@pytest.mark.parametrize("name", ["control", "nobody", "' OR 1=1 --", "control'; DROP TABLE person; --"])
async def test_wrong_name_and_wrong_password_look_alike(browser: AnyClient, name: str) -> None:
    answer = await browser.post("/api/session", json={"name": name, "password": "wrong password"})
    body = await answer.json()
    assert answer.status == 401 and body["type"] == "/problems/wrong-credentials"
    assert body["detail"] == "name or password is wrong" and COOKIE not in answer.cookies


async def test_an_unknown_name_costs_a_hash_too(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str | None] = []

    async def fits(known: str | None, _: str) -> bool:
        checked.append(known)
        return False

    monkeypatch.setattr(house.access.passwords, "fits", fits)
    with pytest.raises(Exception, match="wrong"):
        await house.access.sign_in("nobody", "x" * 10, "10.0.0.1")
    assert checked == [None]


@pytest.mark.parametrize(
    "body",
    ["{", "[]", '"x"', '{"name": 1, "password": "x"}', '{"name": "a"}', '{"name": "a\\u0000", "password": "b"}',
     '{"name": "\\ud800", "password": "b"}', '{"name": "", "password": ""}', "[" * 5000],
)  # fmt: skip
async def test_bad_bodies_are_told_what_was_expected(browser: AnyClient, body: str) -> None:
    answer = await browser.post("/api/session", data=body, headers={"Content-Type": "application/json"})
    assert answer.status == 400 and answer.content_type == "application/problem+json"


async def test_a_large_body_is_refused_unread(browser: AnyClient) -> None:
    assert (await browser.post("/api/session", data=b"x" * 9000)).status == 413
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await browser.post("/sign-in", data=b"x" * 9000, headers=form)).status == 413


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/x-www-form-urlencoded", b"name=\xff&password=x", 400),
        ("application/x-www-form-urlencoded", b"name=%00&password=x", 400),
        ("application/x-www-form-urlencoded", b"name=%ff&password=x", 401),
        ("application/x-www-form-urlencoded; charset=none-such", b"name=a&password=x", 401),
        ("application/x-www-form-urlencoded", b"&" * 8000, 400),
        ("application/x-www-form-urlencoded", b"", 400),
        ("multipart/form-data; boundary=x", b"--x\r\nno header\r\n", 415),
        ("multipart/form-data", b"name", 415),
        ("text/plain", b"name=control", 415),
    ],
)
async def test_no_form_is_a_defect(browser: AnyClient, content_type: str, body: bytes, status: int) -> None:
    answer = await browser.post("/sign-in", data=body, headers={"Content-Type": content_type})
    assert answer.status == status


async def test_guessing_is_slowed_and_then_may_go_on(browser: AnyClient, house: House) -> None:
    wrong = {"name": "control", "password": "wrong password"}
    answers = await asyncio.gather(*(browser.post("/api/session", json=wrong) for _ in range(12)))
    assert sorted(answer.status for answer in answers) == [401] * 5 + [429] * 7
    refused = await browser.post("/api/session", json={"name": "control", "password": PASSWORD})
    assert refused.status == 429 and 0 < int(refused.headers["Retry-After"]) <= 60
    assert (await browser.post("/api/session", json={"name": "trainer", "password": PASSWORD})).status == 200
    house.clock.move(61)
    assert (await browser.post("/api/session", json={"name": "control", "password": PASSWORD})).status == 200


async def test_a_session_ends_unused_and_at_its_longest(browser: AnyClient, house: House) -> None:
    await sign_in(browser)
    for _ in range(3):
        house.clock.move(14 * 60)
        assert (await browser.get("/api/session")).status == 200
    house.clock.move(15 * 60 + 1)
    assert (await browser.get("/api/session")).status == 401
    await sign_in(browser)
    for _ in range(51):
        house.clock.move(14 * 60)
        await browser.get("/api/session")
    assert (await browser.get("/api/session")).status == 200
    house.clock.move(7 * 60)
    assert (await browser.get("/api/session")).status == 401


async def test_an_open_console_keeps_its_session_and_a_closed_one_does_not(browser: AnyClient, house: House) -> None:
    await sign_in(browser)
    for _ in range(60):
        house.clock.move(59)
        assert await house.access.by_cookie(cookie_of(browser)) is not None
    house.clock.move(15 * 60 + 1)
    assert await house.access.by_cookie(cookie_of(browser)) is None


async def test_the_sweep_ends_what_is_over_and_says_so(browser: AnyClient, house: House) -> None:
    await sign_in(browser)
    await house.access.sweep()
    assert house.revoked == []
    house.clock.move(16 * 60)
    await house.access.sweep()
    assert len(house.revoked) == 1


async def test_signing_out_ends_the_session_everywhere(browser: AnyClient, house: House) -> None:
    token = await sign_in(browser)
    secret = cookie_of(browser)
    assert (await browser.delete("/api/session", headers=token)).status == 204
    assert await house.access.by_cookie(secret) is None
    assert len(house.revoked) == 1
    assert (await browser.get("/api/session", cookies={COOKIE: secret})).status == 401


async def test_the_form_works_without_script(browser: AnyClient) -> None:
    form = {"name": "control", "password": "wrong password", "next": "/wall"}
    answer = await browser.post("/sign-in", data=form)
    text = await answer.text()
    assert answer.status == 401 and "Name or password is wrong." in text and 'value="/wall"' in text
    answer = await browser.post("/sign-in", data={**form, "password": PASSWORD}, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/wall")
    answer = await browser.get("/sign-in", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/")


@pytest.mark.parametrize("next_", ["//evil.example", "https://evil.example", "/\\evil.example", '"><script>', "", "/"])
async def test_after_sign_in_nobody_is_sent_elsewhere(browser: AnyClient, next_: str) -> None:
    page = await (await browser.get("/sign-in", params={"next": next_})).text()
    assert "evil" not in page and '"><script>' not in page
    form = {"name": "officer", "password": PASSWORD, "next": next_}
    answer = await browser.post("/sign-in", data=form, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/camera")


async def test_a_link_signs_in_once(browser: AnyClient, house: House) -> None:
    token = await house.access.link_for(await house.access.person_named("control"))
    path = f"/sign-in/once/{token}"
    assert (await browser.head(path)).status == 405
    assert (await browser.get(path, headers={"Sec-Purpose": "prefetch;prerender"})).status == 503
    assert (await browser.get(path, headers={"Purpose": "prefetch"})).status == 503
    answer = await browser.get(path, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert (await browser.get("/api/session")).status == 200
    again = await browser.get(path, headers=HTML, allow_redirects=False)
    assert again.status == 303, "whoever is signed in may open the link of their history again"
    browser.session.cookie_jar.clear()
    assert (await browser.get(path)).status == 401
    stranger = await browser.get(path, headers=HTML)
    assert stranger.status == 401 and "used already" in await stranger.text()


async def test_two_who_open_a_link_at_once_get_one_session(browser: AnyClient, house: House) -> None:
    token = await house.access.link_for(await house.access.person_named("control"))
    jar = browser.session.cookie_jar
    answers = await asyncio.gather(
        *(browser.get(f"/sign-in/once/{token}", allow_redirects=False, cookies={}) for _ in range(4))
    )
    jar.clear()
    assert sum(COOKIE in answer.cookies for answer in answers) == 1


async def test_a_link_gets_too_old(browser: AnyClient, house: House) -> None:
    token = await house.access.link_for(await house.access.person_named("control"))
    house.clock.move(601)
    assert (await browser.get(f"/sign-in/once/{token}")).status == 401


async def test_a_link_clicked_on_another_site_goes_on_from_our_own_page(browser: AnyClient, house: House) -> None:
    token = await house.access.link_for(await house.access.person_named("control"))
    answer = await browser.get(f"/sign-in/once/{token}", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 200 and 'http-equiv="refresh"' in await answer.text() and COOKIE in answer.cookies


async def test_a_person_without_rights_is_out_at_once(browser: AnyClient, house: House) -> None:
    await sign_in(browser)
    person = await house.access.person_named("control")
    _, token = await house.access.add_token(person, "test")
    await house.access.revoke_person("control")
    assert person.id in house.revoked and len(house.revoked) == 3
    assert (await browser.get("/api/session")).status == 401
    assert await house.access.by_token(token) is None
    assert (await browser.post("/api/session", json={"name": "control", "password": PASSWORD})).status == 401


async def test_what_another_process_revokes_is_told_here_once(house: House, database: Database, tmp_path: Path) -> None:
    elsewhere = build(database, tmp_path, house.clock, LocalBus())
    person = await house.access.person_named("control")
    kept, _ = await house.access.add_token(person, "test")
    await elsewhere.access.revoke_token(kept.id)
    assert house.revoked == []
    for _ in range(3):
        await house.access.follow()
    assert house.revoked == [kept.id]


async def test_persons_are_checked(house: House) -> None:
    with pytest.raises(Conflict, match="already"):
        await house.access.add_person("CONTROL", "control", PASSWORD)
    with pytest.raises(BadRequest, match="password: expected 8"):
        await house.access.add_person("new", "control", "short")
    with pytest.raises(BadRequest, match="name: expected"):
        await house.access.add_person("<script>", "control", PASSWORD)
    with pytest.raises(BadRequest, match="role: expected one of"):
        await house.access.add_person("new", "root", PASSWORD)
    with pytest.raises(NotFound):
        await house.access.person_named("new")


async def test_a_person_without_password_cannot_use_one(browser: AnyClient, house: House) -> None:
    await house.access.add_person("wall", "control", None)
    assert (await browser.post("/api/session", json={"name": "wall", "password": "x"})).status == 401


async def test_the_secret_of_the_installation_is_shared(house: House, database: Database, tasks: TaskOwner) -> None:
    from server.access.actions import CameraAccess
    from server.access.store import AccessStore

    other = CameraAccess(AccessStore(database), house.units, house.clock)
    await other.start()
    device = await house.units.add_device("Tango 1")
    assert await other.by_token(house.cameras.whip_token_for(device.device_id)) == device
