"""The gate over real HTTP: who is let in, CSRF, origins, headers, problems, the matrix of permissions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from aiohttp import WSServerHandshakeError
from aiohttp.pytest_plugin import AiohttpClient
from yarl import URL

from server.access.middleware import COOKIE
from server.bus import LocalBus
from server.wire import Status
from tests.open_routes import open_routes
from tests.server.access.conftest import AnyClient, House, application, build, cookie_of, sign_in


async def test_nothing_but_the_public_answers_a_stranger(browser: AnyClient) -> None:
    assert await open_routes(browser) == []


async def test_unknown_paths_tell_a_stranger_nothing(browser: AnyClient) -> None:
    assert (await browser.get("/api/none")).status == 401
    await sign_in(browser)
    answer = await browser.get("/api/none")
    assert (answer.status, (await answer.json())["type"]) == (404, "/problems/not-found")


async def test_a_page_sends_a_person_to_sign_in_and_a_program_gets_the_problem(browser: AnyClient) -> None:
    answer = await browser.get("/camera", headers={"Accept": "text/html"}, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/sign-in?next=/camera")
    answer = await browser.get("/wall/1+5?kiosk=1&dist=3.3", headers={"Accept": "text/html"}, allow_redirects=False)
    assert answer.status == 303
    assert URL(answer.headers["Location"]).query["next"] == "/wall/1+5?kiosk=1&dist=3.3"
    answer = await browser.get("/api/units", headers={"Accept": "text/html"}, allow_redirects=False)
    assert answer.status == 401 and answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("wrong", [{}, {"X-CSRF-Token": "0" * 64}, {"X-CSRF-Token": "\u00e9"}])
async def test_a_change_by_cookie_needs_the_sessions_token(browser: AnyClient, wrong: dict[str, str]) -> None:
    right = await sign_in(browser)
    answer = await browser.delete("/api/session", headers=wrong)
    assert answer.status == 403 and (await answer.json())["type"] == "/problems/csrf"
    assert (await browser.delete("/api/session", headers=right)).status == 204


async def test_a_token_of_another_session_does_not_do(browser: AnyClient) -> None:
    other = await sign_in(browser)
    await sign_in(browser)
    assert (await browser.delete("/api/session", headers=other)).status == 403


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1.evil.example"]
)
async def test_a_foreign_page_may_not_act(browser: AnyClient, house: House, origin: str) -> None:
    token = await sign_in(browser)
    answer = await browser.delete("/api/session", headers={**token, "Origin": origin})
    assert answer.status == 403 and (await answer.json())["type"] == "/problems/foreign-origin"
    with pytest.raises(WSServerHandshakeError) as refused:
        await browser.ws_connect("/api/console", headers={"Origin": origin})
    assert refused.value.status == 403
    browser.session.cookie_jar.clear()
    credentials = {"name": "control", "password": "correct horse battery"}
    assert (await browser.post("/api/session", headers={"Origin": origin}, json=credentials)).status == 403
    assert (await browser.post("/sign-in", headers={"Origin": origin}, data=credentials)).status == 403


async def test_our_own_page_may(browser: AnyClient) -> None:
    own = {"Origin": str(browser.make_url("/")).rstrip("/")}
    token = await sign_in(browser)
    async with browser.ws_connect("/api/console", headers=own):
        pass
    assert (await browser.delete("/api/session", headers={**token, **own})).status == 204


async def test_a_proxy_is_believed_only_when_it_is_trusted(
    house: House, aiohttp_client: AiohttpClient, tmp_path: Path
) -> None:
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "room.example", "Origin": "https://room.example"}
    credentials = {"name": "control", "password": "correct horse battery"}
    direct = await aiohttp_client(application(house))
    assert (await direct.post("/api/session", json=credentials, headers=forwarded)).status == 403
    assert (await direct.get("/metrics", headers={"X-Forwarded-For": "203.0.113.5"})).status == 401
    assert (await direct.get("/metrics")).status == 200
    trusting = build(house.database, tmp_path, house.clock, LocalBus(), trusted_proxies=True)
    await trusting.access.passwords.start()
    behind = await aiohttp_client(application(trusting))
    answer = await behind.post("/api/session", json=credentials, headers=forwarded)
    assert answer.status == 200 and "Secure" in answer.headers["Set-Cookie"]
    assert (await behind.get("/metrics", headers={"X-Forwarded-For": "203.0.113.5"})).status == 401


async def test_further_origins_can_be_allowed(house: House, aiohttp_client: AiohttpClient, tmp_path: Path) -> None:
    allowing = build(house.database, tmp_path, house.clock, LocalBus(), allowed_origins=("https://other.example",))
    await allowing.access.passwords.start()
    browser = await aiohttp_client(application(allowing))
    token = await sign_in(browser)
    assert (await browser.delete("/api/session", headers={**token, "Origin": "https://other.example"})).status == 204


async def test_every_answer_has_its_headers_and_a_nonce_of_its_own(browser: AnyClient) -> None:
    nonces = set()
    for path in ("/sign-in", "/sign-in", "/api/units", "/crash", "/sign-in/once/x"):
        answer = await browser.get(path, allow_redirects=False)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store" and "Strict-Transport-Security" not in answer.headers
        nonces.update(re.findall(r"'nonce-([^']+)'", policy))
        if path == "/sign-in":
            assert f'nonce="{re.findall(chr(39) + "nonce-([^" + chr(39) + "]+)", policy)[0]}"' in await answer.text()
    assert len(nonces) == 5


async def test_what_nobody_foresaw_shows_no_trace(browser: AnyClient, caplog: pytest.LogCaptureFixture) -> None:
    await sign_in(browser)
    answer = await browser.get("/crash")
    body = await answer.json()
    assert answer.status == 500 and answer.content_type == "application/problem+json"
    assert "inner detail" not in str(body) and body["reference"] in body["detail"]


async def test_a_wrong_method_is_a_problem_that_names_the_right_ones(browser: AnyClient) -> None:
    headers = await sign_in(browser)
    answer = await browser.put("/api/units", headers=headers)
    assert answer.status == 405 and "GET" in answer.headers["Allow"]
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    ("role", "see", "ask", "watch", "camera"),
    [
        ("control", 200, 202, 200, 403),
        ("inspector", 200, 202, 200, 403),
        ("admin", 200, 202, 200, 403),
        ("trainer", 200, 403, 200, 403),
        ("display", 200, 403, 200, 403),
        ("officer", 403, 403, 403, 200),
        ("engineer", 403, 403, 403, 403),
    ],
)
async def test_roles_may_what_the_table_says(
    browser: AnyClient, house: House, role: str, see: int, ask: int, watch: int, camera: int
) -> None:
    device = await house.units.add_device("Tango 1")
    house.units.apply_status(device.device_id, Status(at=1, recording="recording", streaming=True))
    headers = await sign_in(browser, role)
    path = f"/api/units/{device.device_id}"
    assert (await browser.get("/api/units")).status == see
    assert (await browser.get(path)).status == see
    assert (await browser.post(f"{path}/request", json={"what": "record"}, headers=headers)).status == ask
    assert (await browser.post(f"/whep/{device.device_id}", headers=headers)).status == watch
    assert (await browser.post("/api/camera", headers=headers)).status == camera
    assert house.asked == ([(device.device_id, "record", f"The {role}")] if ask == 202 else [])


async def test_an_api_token_needs_no_csrf_and_ends_when_revoked(browser: AnyClient, house: House) -> None:
    device = await house.units.add_device("Tango 1")
    kept, token = await house.access.add_token(await house.access.person_named("control"), "script")
    headers = {"Authorization": f"Bearer {token}"}
    path = f"/api/units/{device.device_id}/request"
    assert (await browser.post(path, json={"what": "stream"}, headers=headers)).status == 202
    assert (await browser.post(path, json={"what": "fly"}, headers=headers)).status == 400
    await house.access.revoke_token(kept.id)
    assert house.revoked == [kept.id]
    assert (await browser.post(path, json={"what": "stream"}, headers=headers)).status == 401


async def test_a_bad_token_is_not_saved_by_a_good_cookie(browser: AnyClient) -> None:
    await sign_in(browser)
    for token in ("wr_api_x", "\u00e9", "x" * 5000):
        assert (await browser.get("/api/units", headers={"Authorization": f"Bearer {token}"})).status == 401


async def test_watching_needs_a_recording(browser: AnyClient, house: House) -> None:
    device = await house.units.add_device("Tango 1")
    headers = await sign_in(browser)
    answer = await browser.post(f"/whep/{device.device_id}", headers=headers)
    assert answer.status == 409 and (await answer.json())["type"] == "/problems/not-recording"
    assert (await browser.post("/whep/unknown-1", headers=headers)).status == 404
    house.units.apply_recording(device.device_id, "recording")
    viewing = await (await browser.post(f"/whep/{device.device_id}", headers=headers)).json()
    session = await house.access.by_cookie(cookie_of(browser))
    assert session is not None and viewing == {"name": "The control", "session_id": session.session_id}


async def test_cookies_of_any_shape_are_survived(browser: AnyClient) -> None:
    for value in ("", "x" * 4000, "%00", '"', "wr_api_1"):
        assert (await browser.get("/api/units", headers={"Cookie": f"{COOKIE}={value}"})).status == 401
