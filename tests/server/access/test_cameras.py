"""Cameras: their tokens, their signatures, and the officer's own phone."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.access.permission import Role
from server.access.session import Caller
from server.errors import Unauthorised
from server.wire import Hello, hello_to_sign
from tests.server.access.conftest import AnyClient, House, sign_in

NONCE = b"n" * 32


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_camera_publishes_by_either_token_and_only_as_itself(browser: AnyClient, house: House) -> None:
    one, other = await house.units.add_device("Tango 1"), await house.units.add_device("Tango 2")
    permanent, short = await house.cameras.add_token(one.device_id), house.cameras.whip_token_for(one.device_id)
    for token in (permanent, short):
        assert (await browser.post(f"/whip/{one.device_id}", headers=bearer(token))).status == 201
        assert (await browser.post(f"/whip/{other.device_id}", headers=bearer(token))).status == 401
        assert (await browser.get("/media/sessions/x", headers=bearer(token))).status == 200
        assert (await browser.get("/api/units", headers=bearer(token))).status == 401
    for path, status in ((f"/whip/{one.device_id}", 401), ("/whip/%00", 400), ("/whip/..%2f", 401)):
        assert (await browser.post(path)).status == status
        assert (await browser.post(path, headers=bearer("wr_cam_x"))).status == status


async def test_a_short_token_expires_and_cannot_be_altered(house: House) -> None:
    device = await house.units.add_device("Tango 1")
    token = house.cameras.whip_token_for(device.device_id)
    name, expires, keys, mac = token.rsplit(".", 3)
    for forged in (
        f"{name}.{int(expires) + 1000}.{keys}.{mac}", f"{name}.{expires}.{keys}.{'0' * 64}",
        f"{name}x.{expires}.{keys}.{mac}", f"{name}.{expires}.other.{mac}", f"{name}.{expires}", f"{name}.{expires}.{keys}",
        f"{name}.{'9' * 30}.{keys}.{mac}", f"{name}.٣.{keys}.{mac}", f"wr_pub_.{mac}", token + "0",
    ):  # fmt: skip
        with pytest.raises(Unauthorised):
            await house.cameras.by_token(forged)
    house.clock.move(299)
    assert await house.cameras.by_token(token) == device
    house.clock.move(2)
    with pytest.raises(Unauthorised):
        await house.cameras.by_token(token)


async def test_a_revoked_camera_is_out(browser: AnyClient, house: House) -> None:
    key = Ed25519PrivateKey.generate()
    device = await house.units.add_device("Tango 1", public_key=key.public_key().public_bytes_raw())
    hello = _hello(key, device.device_id)
    tokens = [await house.cameras.add_token(device.device_id), house.cameras.whip_token_for(device.device_id)]
    await house.cameras.verify_hello(device.device_id, hello, NONCE, None)
    await house.units.revoke(device.device_id)
    assert house.revoked == [device.device_id]
    for token in tokens:
        assert (await browser.post(f"/whip/{device.device_id}", headers=bearer(token))).status == 401
    with pytest.raises(Unauthorised):
        await house.cameras.verify_hello(device.device_id, hello, NONCE, None)


async def test_a_hello_is_good_for_its_key_its_device_and_its_nonce(house: House) -> None:
    key = Ed25519PrivateKey.generate()
    device = await house.units.add_device("Tango 1", public_key=key.public_key().public_bytes_raw())
    other = await house.units.add_device("Tango 2", public_key=key.public_key().public_bytes_raw())
    hello = _hello(key, device.device_id)
    assert await house.cameras.verify_hello(device.device_id, hello, NONCE, None) == device
    officer = Caller(await house.access.person_named("officer"), "s", "c")
    wrong: list[tuple[str, Hello, bytes]] = [
        (device.device_id, hello, b"m" * 32),
        (other.device_id, hello, NONCE),
        ("unknown-1", hello, NONCE),
        ("\x00", hello, NONCE),
        (device.device_id, hello.model_copy(update={"outbox_id": "another-outbox"}), NONCE),
        (device.device_id, hello.model_copy(update={"signature": b""}), NONCE),
        (device.device_id, _hello(Ed25519PrivateKey.generate(), device.device_id), NONCE),
    ]
    for device_id, forged, nonce in wrong:
        with pytest.raises(Unauthorised):
            await house.cameras.verify_hello(device_id, forged, nonce, officer)


async def test_a_phone_is_let_in_by_its_wearer_alone(browser: AnyClient, house: House) -> None:
    headers = await sign_in(browser, "officer")
    first: dict[str, Any] = await (await browser.post("/api/camera", headers=headers)).json()
    again = await (await browser.post("/api/camera", headers=headers)).json()
    assert first == again and first["call_sign"] == "Tango 9"
    assert first["uplink_url"].startswith("ws://127.0.0.1:") and first["whip_url"].startswith("http://127.0.0.1:")
    hello = Hello(outbox_id="outbox-1", at=1)
    officer = await house.access.person_named("officer")
    device = await house.cameras.verify_hello(first["device_id"], hello, NONCE, Caller(officer, "s", "c"))
    assert device.wearer_name == "The officer"
    another = await house.access.add_person("other", Role.OFFICER, None)
    for stranger in (None, Caller(another, "s", "c"), Caller(await house.access.person_named("admin"), "s", "c")):
        with pytest.raises(Unauthorised):
            await house.cameras.verify_hello(first["device_id"], hello, NONCE, stranger)


@pytest.mark.parametrize("how", ["signs out", "is revoked"])
async def test_a_phones_token_ends_with_its_session(browser: AnyClient, house: House, how: str) -> None:
    headers = await sign_in(browser, "officer")
    phone: dict[str, Any] = await (await browser.post("/api/camera", headers=headers)).json()
    camera = await house.units.add_device("Tango 1")
    row = (await house.access.person_named("officer")).id
    sessions = await house.sessions_of(row)
    token = house.cameras.whip_token_for(phone["device_id"], {row, *sessions})
    assert (await house.cameras.by_token(token)).device_id == phone["device_id"]
    if how == "signs out":
        assert (await browser.delete("/api/session", headers=headers)).status == 204
    else:
        await house.access.revoke_person("officer")
    assert (await browser.post(f"/whip/{phone['device_id']}", headers=bearer(token))).status == 401
    assert await house.cameras.by_token(house.cameras.whip_token_for(camera.device_id)), "others go on"


def _hello(key: Ed25519PrivateKey, device_id: str) -> Hello:
    return Hello(outbox_id="outbox-1", at=1, signature=key.sign(hello_to_sign(device_id, "outbox-1", NONCE)))
