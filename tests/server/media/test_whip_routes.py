"""WHIP as RFC 9725 says it, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.server.media.clients import Camera
from tests.server.media.conftest import CAMERA, Site, until

AUTHORISED = {"Authorization": "Bearer camera", "Content-Type": "application/sdp"}
FRAGMENT = {"Authorization": "Bearer camera", "Content-Type": "application/trickle-ice-sdpfrag"}


async def post(site: Site, body: str | bytes, headers: dict[str, str] = AUTHORISED) -> tuple[int, Any]:
    async with site.http.post(f"{site.url}/whip/{CAMERA}", data=body, headers=headers) as response:
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        return response.status, await response.json(content_type=None)


async def opened(site: Site, camera: Camera) -> str:
    """The address of its session."""
    offer = await camera.make_offer()
    async with site.http.post(f"{site.url}/whip/{CAMERA}", data=offer, headers=AUTHORISED) as response:
        assert response.status == 201
        await camera.take(await response.text())
        return site.url + response.headers["Location"]


async def test_a_camera_that_is_revoked_while_its_offer_trickles_in_publishes_nothing(site: Site) -> None:
    camera = Camera()
    try:
        offer = await camera.make_offer()

        async def trickling() -> AsyncIterator[bytes]:
            yield offer[:10].encode()
            await asyncio.sleep(0.1)  # the server has asked which camera it is
            site.revoked.add(CAMERA)
            yield offer[10:].encode()

        async with site.http.post(f"{site.url}/whip/{CAMERA}", data=trickling(), headers=AUTHORISED) as response:
            assert response.status == 401
        assert site.running.engine._publishers == {}
    finally:
        await camera.close()


async def test_who_was_replaced_is_let_in_again_only_when_the_newer_has_gone(site: Site) -> None:
    newer, older, yields = Camera(), Camera(), {**AUTHORISED, "If-None-Match": "*"}
    try:
        answer = await site.running.engine.publish(CAMERA, await newer.make_offer())
        await newer.take(answer.sdp)
        await site.running.streaming()
        offer = await older.make_offer()
        status, problem = await post(site, offer, yields)
        assert (status, problem["type"]) == (412, "/problems/precondition-failed")
        assert list(site.running.engine._publishers) == [answer.session_id]
        await site.running.engine.delete(answer.session_id)
        async with site.http.post(f"{site.url}/whip/{CAMERA}", data=offer, headers=yields) as response:
            assert response.status == 201
            await older.take(await response.text())
        await site.running.streaming()
    finally:
        await newer.close()
        await older.close()


async def test_a_session_from_offer_to_delete(site: Site) -> None:
    camera = Camera()
    try:
        offer = await camera.make_offer()
        async with site.http.post(f"{site.url}/whip/{CAMERA}", data=offer, headers=AUTHORISED) as response:
            assert response.status == 201
            assert response.content_type == "application/sdp"
            assert response.headers["Access-Control-Allow-Origin"] == "*"
            location, etag = site.url + response.headers["Location"], response.headers["ETag"]
            await camera.take(await response.text())
        await site.running.streaming()

        trickle = {**FRAGMENT, "If-Match": etag}
        candidate = "a=ice-ufrag:{}\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n"
        ufrag = offer.split("a=ice-ufrag:")[1].split("\r\n")[0]
        async with site.http.patch(location, data=candidate.format(ufrag), headers=trickle) as response:
            assert response.status == 204
        async with site.http.patch(location, data="m=x", headers={**FRAGMENT, "If-Match": '"old"'}) as response:
            assert response.status == 412
        restart = "a=ice-ufrag:another1\r\na=ice-pwd:anotherpasswordof22chars\r\n"
        async with site.http.patch(location, data=restart, headers={**FRAGMENT, "If-Match": "*"}) as response:
            assert response.status == 200
            assert response.headers["ETag"] != etag
            assert "a=ice-ufrag:" in await response.text()
        async with site.http.patch(location, data="rubbish", headers={**FRAGMENT, "If-Match": "*"}) as response:
            assert response.status == 400
        async with site.http.patch(location, data="", headers=AUTHORISED) as response:
            assert response.status == 415
        async with site.http.delete(location) as response:
            assert response.status == 401
        async with site.http.delete(location, headers=AUTHORISED) as response:
            assert response.status == 200
        async with site.http.delete(location, headers=AUTHORISED) as response:
            assert response.status == 404
        assert not site.running.engine.feed_state(CAMERA).streaming
    finally:
        await camera.close()


async def test_who_ended_its_connection_first_may_still_say_delete(site: Site) -> None:
    """As OBS does: its end comes by UDP, and its DELETE after that by TCP; to a 404 it says that it failed."""
    camera = Camera()
    try:
        location = await opened(site, camera)
        await site.running.streaming()
    finally:
        await camera.close()
    await until(lambda: not site.running.engine._publishers)
    async with site.http.get(location, headers=AUTHORISED) as response:
        assert response.status == 404
    for headers, status in (({}, 401), ({"Authorization": "Bearer hale"}, 401), (AUTHORISED, 200), (AUTHORISED, 404)):
        async with site.http.delete(location, headers=headers) as response:
            assert response.status == status
    async with site.http.delete(location[:-32] + "0" * 32, headers=AUTHORISED) as response:
        assert response.status == 404


async def test_a_camera_that_was_revoked_deletes_nothing(site: Site) -> None:
    camera = Camera()
    try:
        location = await opened(site, camera)
        await site.running.streaming()
        site.revoked.add(CAMERA)
        site.running.engine.revoke(CAMERA)
        async with site.http.delete(location, headers=AUTHORISED) as response:
            assert response.status == 401
    finally:
        await camera.close()


async def test_preflight_asks_for_no_credentials(site: Site) -> None:
    async with site.http.options(f"{site.url}/whip/{CAMERA}") as response:
        assert response.status == 200
        allowed = response.headers["Access-Control-Allow-Headers"]
        assert allowed == "Authorization, Content-Type, If-Match, If-None-Match, Viewing-Reason"
        assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize(
    ("body", "headers", "status", "says"),
    [
        ("v=0", {"Content-Type": "application/sdp"}, 401, "token"),
        ("v=0", {**AUTHORISED, "Content-Type": "text/plain"}, 415, "application/sdp"),
        ("v=0\r\n" + "a=x\r\n" * 20_000, AUTHORISED, 413, "65536"),
        (b"\xff\xfe", AUTHORISED, 400, "UTF-8"),
        ("", AUTHORISED, 400, "v=0"),
        ("v=0\r\nm=audio\r\n", AUTHORISED, 400, "m-line 1"),
        ("v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=recvonly\r\n", AUTHORISED, 422, "sendonly"),
        ("v=0\r\na=ice-lite\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n", AUTHORISED, 422, "ice-lite"),
        ("v=0\r\nm=video 9 RTP/AVP 96\r\na=sendonly\r\n", AUTHORISED, 422, "SAVPF"),
    ],
)
async def test_a_bad_offer_gets_a_clear_answer(
    site: Site, body: str | bytes, headers: dict[str, str], status: int, says: str
) -> None:
    answered, problem = await post(site, body, headers)
    assert answered == status
    assert says in problem["detail"]
    assert site.running.engine.health()["cameras"] == 0


async def test_codecs_that_nobody_could_watch_are_refused(site: Site) -> None:
    camera = Camera("VP8", sound=False)
    try:
        offer = (await camera.make_offer()).replace("VP8/90000", "AV1/90000")
        answered, problem = await post(site, offer)
        assert (answered, problem["title"]) == (422, "This cannot be done")
        assert site.running.engine._port.peer_count == 0
    finally:
        await camera.close()
