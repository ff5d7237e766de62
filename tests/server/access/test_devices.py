"""Cameras over real HTTP: an admin registers, changes and revokes them, and what they are told lets them in."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from server.journal.entry import EntryKind
from server.journal.store import Journal
from server.units.unit import RecordMode
from tests.server.access.conftest import AnyClient, House, sign_in


async def listed(browser: AnyClient) -> dict[str, dict[str, Any]]:
    """What the page shows, by device id."""
    answer = await browser.get("/api/devices")
    assert answer.status == 200, await answer.text()
    return {one["device_id"]: one for one in (await answer.json())["devices"]}


async def test_what_a_new_camera_is_told_lets_it_in(browser: AnyClient, house: House) -> None:
    headers = await sign_in(browser, "admin")
    new = {"call_sign": "ET17", "wearer": "PC Marsh", "collar_number": "0417", "record": "always"}
    answer = await browser.post("/api/devices", json=new, headers=headers)
    made = await answer.json()
    assert answer.status == 201, made
    assert made["whip_url"].endswith(f"/whip/{made['device_id']}") and made["namesakes"] == []
    assert made["qr"].startswith("data:image/svg+xml")
    assert (await house.cameras.by_token(made["whip_token"])).device_id == made["device_id"]
    key = load_pem_private_key(made["private_key"].encode(), None)
    device = await house.units.current(made["device_id"])
    assert isinstance(key, Ed25519PrivateKey) and device is not None
    assert key.public_key().public_bytes_raw() == device.public_key
    shown = (await listed(browser))[device.device_id]
    assert (shown["wearer"], shown["record_mode"]) == ({"name": "PC Marsh", "collar_number": "0417"}, "always")
    assert (shown["online"], shown["last_seen_at"], shown["revoked_at"]) == (False, None, None)


async def test_a_second_camera_of_one_call_sign_is_told(browser: AnyClient, house: House) -> None:
    first = await house.units.add_device("ET17")
    headers = await sign_in(browser, "admin")
    made = await (await browser.post("/api/devices", json={"call_sign": "ET17"}, headers=headers)).json()
    assert made["namesakes"] == [first.device_id]


async def test_the_list_says_when_a_camera_was_last_heard(browser: AnyClient, house: House) -> None:
    device = await house.units.add_device("ET17")
    house.units.connected(device.device_id)
    heard = house.clock.wall()
    house.clock.move(12)
    house.units.disconnected(device.device_id)
    await sign_in(browser, "admin")
    answer = await (await browser.get("/api/devices")).json()
    assert answer["at"] - answer["devices"][0]["last_seen_at"] == 12 and answer["at"] - heard == 12
    assert answer["devices"][0]["online"] is False


async def test_a_camera_s_newest_fix_tells_when_it_was_heard_before_a_restart(browser: AnyClient, house: House) -> None:
    device = await house.units.add_device("ET17")
    house.fixes[device.device_id] = {"received_at": house.clock.wall() - 7200}
    await sign_in(browser, "admin")
    assert (await listed(browser))[device.device_id]["last_seen_at"] == house.clock.wall() - 7200
    house.units.connected(device.device_id)
    assert (await listed(browser))[device.device_id]["last_seen_at"] == house.clock.wall()


async def test_a_change_reaches_every_console_by_the_journal(browser: AnyClient, house: House) -> None:
    device = await house.units.add_device("ET17", wearer_name="PC Marsh")
    headers = await sign_in(browser, "admin")
    path = f"/api/devices/{device.device_id}"
    answer = await browser.patch(path, json={"record": "always", "wearer": None}, headers=headers)
    assert (answer.status, (await answer.json())["record_mode"]) == (200, "always")
    assert house.units.device(device.device_id).record_mode is RecordMode.ALWAYS
    assert house.units.device(device.device_id).wearer is None
    journal = Journal(house.database, house.clock)
    entries = [one.body for one in await journal.after(0, 100) if one.kind is EntryKind.UNIT]
    assert [one["record_mode"] for one in entries] == ["on-signal", "always"]
    assert (await browser.patch(path, json={"record": "always"}, headers=headers)).status == 200
    assert len(await journal.after(0, 100)) == 2  # what changes nothing is no news


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, "nothing to change: expected any of call_sign"),
        ({"record": "sometimes"}, "record: expected one of on-signal, always"),
        ({"record": None}, "record: expected one of on-signal, always"),
        ({"call_sign": " "}, "call sign: expected 1 to 20"),
        ({"collar_number": 417}, "collar_number: expected a text"),
        ({"public_key": "x"}, "public_key: not expected; the fields are call_sign"),
    ],
)
async def test_what_is_wrong_with_a_change_is_named(
    browser: AnyClient, house: House, body: dict[str, Any], expected: str
) -> None:
    device = await house.units.add_device("ET17")
    headers = await sign_in(browser, "admin")
    answer = await browser.patch(f"/api/devices/{device.device_id}", json=body, headers=headers)
    assert answer.status == 400 and (await answer.json())["detail"].startswith(expected)


async def test_a_camera_without_call_sign_is_not_registered(browser: AnyClient) -> None:
    headers = await sign_in(browser, "admin")
    answer = await browser.post("/api/devices", json={"wearer": "PC Marsh"}, headers=headers)
    assert (answer.status, (await answer.json())["detail"]) == (400, "call_sign: expected; it is missing")
    assert await listed(browser) == {}


async def test_a_revoked_camera_is_out_at_once_and_stays_in_the_list(browser: AnyClient, house: House) -> None:
    headers = await sign_in(browser, "admin")
    made = await (await browser.post("/api/devices", json={"call_sign": "ET17"}, headers=headers)).json()
    path = f"/api/devices/{made['device_id']}"
    assert (await browser.delete(path, headers=headers)).status == 200
    assert house.revoked == [made["device_id"]]
    publish = {"Authorization": f"Bearer {made['whip_token']}"}
    assert (await browser.post(f"/whip/{made['device_id']}", headers=publish)).status == 401
    assert (await listed(browser))[made["device_id"]]["revoked_at"] == house.clock.wall()
    assert (await browser.patch(path, json={"record": "always"}, headers=headers)).status == 404
    assert (await browser.delete("/api/devices/none-such", headers=headers)).status == 404


@pytest.mark.parametrize("role", ["control", "inspector", "officer", "trainer", "engineer"])
async def test_only_an_admin_registers_or_changes_cameras(browser: AnyClient, house: House, role: str) -> None:
    device = await house.units.add_device("ET17")
    headers = await sign_in(browser, role)
    one = f"/api/devices/{device.device_id}"
    for method, path in (("GET", "/api/devices"), ("POST", "/api/devices"), ("PATCH", one), ("DELETE", one)):
        answer = await browser.request(method, path, json={"call_sign": "X", "record": "always"}, headers=headers)
        assert answer.status == 403, (method, path)
    assert house.units.device(device.device_id).call_sign == "ET17"
