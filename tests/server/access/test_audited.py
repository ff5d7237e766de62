"""What requests leave in the audit: who looked, who was refused, who was let in, who changed what; and from where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp.pytest_plugin import AiohttpClient

from server.audit.audit_entry import REASON, Note
from server.bus import LocalBus
from server.clock import HandClock
from server.database import Database
from server.errors import Unavailable
from server.tasks import TaskOwner
from tests.server.access.conftest import PASSWORD, AnyClient, House, application, build, sign_in

FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"}


async def recording_camera(house: House) -> str:
    """ET17, which records; its id."""
    device = await house.units.add_device("ET17", wearer_name="PC Marsh")
    house.units.apply_recording(device.device_id, "recording")
    return device.device_id


async def person_id(house: House, name: str) -> str:
    return (await house.access.person_named(name)).id


# ---- looking


async def test_each_live_viewing_is_one_row_with_who_what_why_and_from_where(browser: AnyClient, house: House) -> None:
    device_id = await recording_camera(house)
    headers = await sign_in(browser, "inspector")
    reason = {REASON: "alert%3A%20TASER%20armed%20ET17%20%E2%80%93%20caf%C3%A9"}
    assert (await browser.post(f"/whep/{device_id}", headers={**headers, **FIREFOX, **reason})).status == 200
    (row,) = await house.audited(what="view")
    who = {"kind": "person", "id": await person_id(house, "inspector"), "name": "The inspector", "role": "inspector"}
    assert row["actor"] == who and row["subject"] == {"kind": "device", "id": device_id, "name": "ET17"}
    assert (row["what"], row["why"], row["at"]) == ("view.live", "alert: TASER armed ET17 – café", house.clock.wall())
    assert (row["address"], row["agent"]) == ("127.0.0.1", FIREFOX["User-Agent"])
    assert row["detail"] == {"layer": "main", "wearer": "PC Marsh"}


async def test_a_reason_in_the_address_is_refused_since_proxies_log_it(browser: AnyClient, house: House) -> None:
    device_id = await recording_camera(house)
    headers = await sign_in(browser, "inspector")
    answer = await browser.post(f"/whep/{device_id}?why=alert", headers=headers)
    assert answer.status == 400 and REASON in (await answer.json())["detail"]
    assert not await house.audited(what="view")
    for wrong in ("a%0Ab", "x" * 201):
        assert (await browser.post(f"/whep/{device_id}", headers={**headers, REASON: wrong})).status == 400


async def test_without_an_alert_the_reason_is_what_was_said_at_sign_in(browser: AnyClient, house: House) -> None:
    device_id = await recording_camera(house)
    signing_in = {"name": "control", "password": PASSWORD, "duty": " control room duty "}
    assert (await browser.post("/api/session", json=signing_in)).status == 200
    headers = {"X-CSRF-Token": (await (await browser.get("/api/session")).json())["csrf"]}
    await browser.post(f"/whep/{device_id}", headers=headers)
    assert [row["why"] for row in await house.audited(what="view")] == ["control room duty"]
    assert [row["why"] for row in await house.audited(what="access.signed-in")] == ["control room duty"]


async def test_what_somebody_is_on_duty_as_may_change_within_a_sign_in(browser: AnyClient, house: House) -> None:
    device_id = await recording_camera(house)
    headers = await sign_in(browser)
    answer = await browser.patch("/api/session", json={"duty": " silver, op. Quay "}, headers=headers)
    assert (answer.status, await answer.json()) == (200, {"duty": "silver, op. Quay"})
    assert (await (await browser.get("/api/session")).json())["duty"] == "silver, op. Quay"
    await browser.post(f"/whep/{device_id}", headers=headers)
    assert (await browser.patch("/api/session", json={"duty": ""}, headers=headers)).status == 200
    await browser.post(f"/whep/{device_id}", headers=headers)
    assert [row["why"] for row in await house.audited(what="view")] == ["silver, op. Quay", "not stated"]
    _, token = await house.access.add_token(await house.access.person_named("control"), "script")
    bearer = {"Authorization": f"Bearer {token}"}
    browser.session.cookie_jar.clear()
    assert (await browser.patch("/api/session", json={"duty": "x"}, headers=bearer)).status == 409


async def test_who_said_nothing_is_written_as_not_stated_and_a_token_as_its_purpose(
    browser: AnyClient, house: House, aiohttp_client: AiohttpClient
) -> None:
    device_id = await recording_camera(house)
    await browser.post(f"/whep/{device_id}", headers=await sign_in(browser))
    _, token = await house.access.add_token(await house.access.person_named("display"), "wall 3")
    wall = await aiohttp_client(application(house))
    assert (await wall.post(f"/whep/{device_id}", headers={"Authorization": f"Bearer {token}"})).status == 200
    assert [row["why"] for row in await house.audited(what="view")] == ["not stated", "API token: wall 3"]


async def test_a_force_may_want_a_reason_for_every_live_view(
    database: Database, tmp_path: Path, tasks: TaskOwner, aiohttp_client: AiohttpClient
) -> None:
    house = build(database, tmp_path, HandClock(), LocalBus(), reason_to_watch=True)
    await house.cameras.start()
    await house.access.start(tasks)
    await house.access.add_person("control", "control", PASSWORD)
    async with house.audit:
        browser = await aiohttp_client(application(house))
        device_id = await recording_camera(house)
        headers = await sign_in(browser)
        for said in ({}, {REASON: "%20"}):
            answer = await browser.post(f"/whep/{device_id}", headers={**headers, **said})
            told = await answer.json()
            assert (answer.status, told["type"]) == (403, "/problems/reason-needed")
            assert "what you are on duty as" in told["detail"] and answer.headers["Retry-After"] == "60"
        assert await house.audited(what="view") == []
        alert = {**headers, REASON: "alert%3A%20TASER%20armed"}
        assert (await browser.post(f"/whep/{device_id}", headers=alert)).status == 200
        await browser.patch("/api/session", json={"duty": "control room"}, headers=headers)
        assert (await browser.post(f"/whep/{device_id}", headers=headers)).status == 200
        rows = await house.audited(what="view.live")
        assert [row["why"] for row in rows] == ["alert: TASER armed", "control room"]


async def test_a_sign_in_link_may_say_what_one_is_on_duty_as(browser: AnyClient, house: House) -> None:
    link = await house.access.link_for(await house.access.person_named("inspector"))
    wrong = await browser.get(f"/sign-in/once/{link}", params={"duty": "x" * 121}, allow_redirects=False)
    assert wrong.status == 400  # and the link is still good
    asked = {"duty": "Duty inspector, Estuary"}
    assert (await browser.get(f"/sign-in/once/{link}", params=asked, allow_redirects=False)).status == 303
    assert (await (await browser.get("/api/session")).json())["duty"] == asked["duty"]
    assert [row["why"] for row in await house.audited(what="access.signed-in")] == [asked["duty"]]


async def test_a_reason_that_is_none_is_refused_before_anything_is_shown(browser: AnyClient, house: House) -> None:
    device_id = await recording_camera(house)
    headers = await sign_in(browser)
    answer = await browser.post(f"/whep/{device_id}", params={"why": "x" * 201}, headers=headers)
    assert answer.status == 400 and (await answer.json())["detail"].startswith("why: expected")
    assert await house.audited(what="view") == []


async def test_nothing_is_shown_while_the_audit_cannot_be_written(
    browser: AnyClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: Note) -> None:
        raise Unavailable("the audit cannot be written at the moment, so nothing is shown; try again")

    device_id = await recording_camera(house)
    headers = await sign_in(browser)
    monkeypatch.setattr(house.audit, "note", away)
    answer = await browser.post(f"/whep/{device_id}", headers=headers)
    assert answer.status == 503 and "nothing is shown" in (await answer.json())["detail"]


async def test_a_refused_viewing_is_a_row_and_one_that_is_tried_again_no_second(
    browser: AnyClient, house: House
) -> None:
    device_id = await recording_camera(house)
    headers = await sign_in(browser, "engineer")
    for _ in range(3):
        assert (await browser.post(f"/whep/{device_id}", headers=headers)).status == 403
    (row,) = await house.audited(what="access.refused")
    assert (row["actor"]["role"], row["subject"]["id"]) == ("engineer", device_id)
    assert row["why"] == "the role engineer does not include watch"
    assert row["detail"] == {"asked": f"POST /whep/{device_id}"}
    house.units.apply_recording(device_id, "off")
    headers = await sign_in(browser, "inspector")
    assert (await browser.post(f"/whep/{device_id}", headers=headers)).status == 409
    row = (await house.audited(what="access.refused"))[-1]
    assert (row["why"], row["subject"]["name"]) == ("not recording", "ET17")


async def test_other_rights_that_are_missing_are_told_and_a_stranger_s_flood_is_not(
    browser: AnyClient, house: House
) -> None:
    for _ in range(3):
        assert (await browser.get("/api/people")).status == 401
    await sign_in(browser, "control")
    assert (await browser.get("/api/people")).status == 403
    (row,) = await house.audited(what="access.refused")
    assert row["subject"] == {"kind": "address", "id": "/api/people", "name": ""}


# ---- signing in


async def test_who_is_let_in_and_who_is_not(browser: AnyClient, house: House) -> None:
    await sign_in(browser)
    wrong = {"name": "control", "password": "wrong password"}
    for _ in range(3):
        assert (await browser.post("/api/session", json=wrong)).status == 401
    assert (await browser.post("/api/session", json={**wrong, "name": "my secret password"})).status == 401
    headers = await sign_in(browser)
    assert (await browser.delete("/api/session", headers=headers)).status == 204
    person = {"kind": "person", "id": await person_id(house, "control"), "name": "The control"}
    known, unknown = await house.audited(what="access.not-signed-in")
    assert known["subject"] == person and known["actor"]["kind"] == "nobody" and known["address"] == "127.0.0.1"
    assert unknown["subject"] == {"kind": "person", "id": "", "name": "a name that is not known"}
    assert "secret" not in json.dumps(unknown), "it may be a password in the wrong field"
    (way_in,) = await house.audited(what="access.signed-in")
    assert way_in["detail"] == {"by": "password"}, "the second within a minute is counted"
    assert [row["subject"] for row in await house.audited(what="access.signed-out")] == [person]


async def test_a_link_and_a_display_s_token_let_in(browser: AnyClient, house: House) -> None:
    link = await house.access.link_for(await house.access.person_named("trainer"))
    assert (await browser.get(f"/sign-in/once/{link}", allow_redirects=False)).status == 303
    _, token = await house.access.add_token(await house.access.person_named("display"), "wall 3")
    assert (await browser.post("/api/session", headers={"Authorization": f"Bearer {token}"})).status == 200
    rows = await house.audited(what="access.signed-in")
    assert [(row["actor"]["role"], row["detail"]["by"]) for row in rows] == [
        ("trainer", "link"),
        ("display", "API token"),
    ]


@pytest.mark.parametrize("duty", ["x" * 121, "line\nbreak", 7])
async def test_what_is_no_duty_is_refused(browser: AnyClient, duty: Any) -> None:
    answer = await browser.post("/api/session", json={"name": "control", "password": PASSWORD, "duty": duty})
    assert answer.status == 400 and (await answer.json())["detail"].startswith("duty: expected")


# ---- changing


async def test_what_an_admin_does_about_people_is_in_the_audit(browser: AnyClient, house: House) -> None:
    headers = await sign_in(browser, "admin")
    new = {"name": "price", "role": "inspector", "display_name": "Insp. Price", "password": PASSWORD}
    made = await (await browser.post("/api/people", json=new, headers=headers)).json()
    one = f"/api/people/{made['id']}"
    await browser.patch(one, json={"role": "control"}, headers=headers)
    await browser.put(f"{one}/password", json={"password": PASSWORD + "!"}, headers=headers)
    await browser.post(f"{one}/link", headers=headers)
    await browser.delete(f"{one}/sessions", headers=headers)
    await browser.delete(one, headers=headers)
    rows = await house.audited(what="change")
    assert [row["what"] for row in rows] == [
        "change.person-added",
        "change.person",
        "change.password",
        "change.sign-in-link",
        "change.signed-out",
        "change.person-off",
    ]
    assert {row["subject"]["id"] for row in rows} == {made["id"]}
    assert {row["actor"]["role"] for row in rows} == {"admin"}
    assert rows[1]["detail"] == {"role": "control"} and rows[4]["detail"] == {"ended": 0}
    assert PASSWORD not in json.dumps(rows)


async def test_what_is_done_about_cameras_and_tokens_is_in_the_audit(browser: AnyClient, house: House) -> None:
    headers = await sign_in(browser, "admin")
    new = {"call_sign": "ET17", "wearer": "PC Marsh"}
    made = await (await browser.post("/api/devices", json=new, headers=headers)).json()
    one = f"/api/devices/{made['device_id']}"
    await browser.patch(one, json={"record": "always"}, headers=headers)
    await browser.delete(one, headers=headers)
    wanted = {"purpose": "duty report", "days": 3}
    token = await (await browser.post("/api/tokens", json=wanted, headers=headers)).json()
    await browser.delete(f"/api/tokens/{token['id']}", headers=headers)
    rows = await house.audited(what="change")
    assert [(row["what"], row["subject"]["name"]) for row in rows] == [
        ("change.camera-added", "ET17"),
        ("change.camera", "ET17"),
        ("change.camera-revoked", "ET17"),
        ("change.token-made", "duty report"),
        ("change.token-revoked", ""),
    ]
    assert rows[1]["detail"] == {"record_mode": "always"}
    shown = json.dumps(rows)
    assert token["token"] not in shown and made["whip_token"] not in shown


async def test_what_was_refused_to_be_changed_is_no_change(browser: AnyClient, house: House) -> None:
    headers = await sign_in(browser, "admin")
    assert (await browser.post("/api/people", json={"name": "control", "role": "admin"}, headers=headers)).status == 409
    assert (await browser.delete("/api/devices/none-such", headers=headers)).status == 404
    assert await house.audited(what="change") == []
