"""Point by point what RFC 9725 and draft-ietf-wish-whep-03 ask of endpoints and sessions beyond the usual way."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import ClientResponse

from server.media.media_session import read_offer, usable
from tests.server.media.clients import Camera, Screen
from tests.server.media.conftest import CAMERA, SECRET, Site
from tests.server.media.test_sdp import CHROMIUM

SDP = {"Content-Type": "application/sdp"}
TOKEN = {"Authorization": "Bearer camera"}
FRAGMENT = {**TOKEN, "Content-Type": "application/trickle-ice-sdpfrag"}
RESTART = "a=ice-ufrag:another{}\r\na=ice-pwd:anotherpasswordof22chars\r\n"
GONE = "/media/sessions/" + 32 * "0"


async def publish(site: Site, camera: Camera) -> tuple[str, str, str]:
    """Location, ETag and the user fragment of the offer."""
    offer = await camera.make_offer()
    async with site.http.post(f"{site.url}/whip/{CAMERA}", data=offer, headers={**TOKEN, **SDP}) as response:
        assert response.status == 201, await response.text()
        await camera.take(await response.text())
        return site.url + response.headers["Location"], response.headers["ETag"], offer.split("a=ice-ufrag:")[1][:4]


async def problem(response: ClientResponse) -> dict[str, Any]:
    assert response.content_type == "application/problem+json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    document: dict[str, Any] = await response.json(content_type="application/problem+json")
    assert document["status"] == response.status
    return document


async def test_a_patch_says_which_ice_session_it_means(site: Site) -> None:
    """Sections 4.3.1 to 4.3.3."""
    camera = Camera(sound=False)
    try:
        location, etag, ufrag = await publish(site, camera)
        trickle = f"a=ice-ufrag:{ufrag}\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=end-of-candidates\r\n"
        for body in (trickle, RESTART.format(1)):
            async with site.http.patch(location, data=body, headers=FRAGMENT) as response:
                assert (response.status, "If-Match" in (await problem(response))["detail"]) == (428, True)
        for known in (etag, f'"older", {etag}', "*"):
            async with site.http.patch(location, data=trickle, headers={**FRAGMENT, "If-Match": known}) as response:
                assert (response.status, await response.read()) == (204, b"")
                assert "ETag" not in response.headers
        async with site.http.patch(location, data=RESTART.format(1), headers={**FRAGMENT, "If-Match": "*"}) as response:
            assert (response.status, response.content_type) == (200, FRAGMENT["Content-Type"])
            renewed, lines = response.headers["ETag"], (await response.text()).split("\r\n")
        assert {"a=ice-lite", "a=ice-options:trickle ice2", "a=end-of-candidates"} < set(lines)
        assert {"a=ice-lite", "a=ice-options:trickle ice2"} < set(camera.answer.split("\r\n")), "as in the answer"
        for old in (etag, f"W/{renewed}"):  # If-Match compares strongly (RFC 9110 section 13.1.1)
            async with site.http.patch(location, data=trickle, headers={**FRAGMENT, "If-Match": old}) as response:
                assert (response.status, (await problem(response))["etag"]) == (412, renewed)
        async with site.http.delete(location, headers={**TOKEN, "If-Match": '"old"'}) as response:
            assert response.status == 200, "an ETag that nobody asked for is ignored"
    finally:
        await camera.close()


@pytest.mark.parametrize("path", [f"/whip/{CAMERA}", f"/whep/{CAMERA}"])  # WHEP's gate is access/middleware
async def test_an_endpoint_can_be_asked_what_it_is(site: Site, path: str) -> None:
    """RFC 9725 section 4.1: GET brings nothing, and succeeds. WHEP: HEAD tells a player by its type."""
    for method in ("GET", "HEAD"):
        async with site.http.request(method, site.url + path, headers=TOKEN) as response:
            assert (response.status, response.content_type) == (200, "application/sdp")
            assert await response.read() == b""
    async with site.http.options(site.url + path) as response:
        assert (response.status, response.headers["Accept-Post"]) == (200, "application/sdp")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", f"/whip/{CAMERA}", "GET,HEAD,OPTIONS,POST"),
        ("PUT", f"/whep/{CAMERA}", "GET,HEAD,OPTIONS,POST"),
        ("POST", GONE, "DELETE,GET,HEAD,OPTIONS,PATCH"),
    ],
)
async def test_other_verbs_are_told_which_there_are(site: Site, method: str, path: str, allowed: str) -> None:
    async with site.http.request(method, site.url + path) as response:
        assert (response.status, response.headers["Allow"]) == (405, allowed)
        await problem(response)


async def test_ice_servers_are_told_with_the_answer_or_to_who_shows_a_token_before(site: Site) -> None:
    """Section 4.6: with OPTIONS for clients that cannot take them later; never to a browser's preflight."""
    camera = Camera(sound=False)
    try:
        offer = await camera.make_offer()
        async with site.http.post(f"{site.url}/whip/{CAMERA}", data=offer, headers={**TOKEN, **SDP}) as response:
            links = response.headers.getall("Link")
        async with site.http.options(f"{site.url}/whip/{CAMERA}", headers=TOKEN) as response:
            assert len(response.headers.getall("Link")) == len(links) == 2
        assert links[0] == '<stun:stun.example>; rel="ice-server"'
        assert links[1].startswith("<turn:turn.example:3478>; ") and f':{CAMERA}"; credential="' in links[1]
        assert SECRET not in str(links)
        asks = {"Access-Control-Request-Method": "POST", "Origin": "https://another.example"}
        async with site.http.options(f"{site.url}/whip/{CAMERA}", headers=asks) as response:
            assert (response.status, "Link" in response.headers) == (200, False)
        for path in ("whip", "whep"):
            forged = {"Authorization": "Bearer forged"}
            async with site.http.options(f"{site.url}/{path}/{CAMERA}", headers=forged) as response:
                assert (response.status, "Link" in response.headers) == (401, False)
        async with site.http.options(f"{site.url}/whep/{CAMERA}", headers={"Authorization": "Bearer hale"}) as response:
            assert ':person-1"; credential="' in response.headers.getall("Link")[1]
    finally:
        await camera.close()


async def test_what_is_accepted_stands_in_the_refusal_of_another_type(site: Site) -> None:
    """RFC 5789 section 2.2, and the same for POST."""
    async with site.http.post(
        f"{site.url}/whip/{CAMERA}", data=b"", headers={**TOKEN, "Content-Type": "a/b"}
    ) as response:
        assert (response.status, response.headers["Accept-Post"]) == (415, "application/sdp")
        await problem(response)
    camera = Camera(sound=False)
    try:
        location, etag, _ = await publish(site, camera)
        headers = {**TOKEN, **SDP, "If-Match": etag}
        async with site.http.patch(location, data=b"", headers=headers) as response:
            assert (response.status, response.headers["Accept-Patch"]) == (415, FRAGMENT["Content-Type"])
            await problem(response)
    finally:
        await camera.close()


async def test_a_player_whose_codecs_do_not_fit_is_not_promised_an_offer_of_ours(site: Site) -> None:
    """In WHEP 406 brings a counter-offer, which this server never makes: 422 it is."""
    camera, screen = Camera(sound=False), Screen()
    try:
        await publish(site, camera)
        await site.running.streaming()
        offer = (await screen.make_offer()).replace("H264/90000", "H265/90000")
        async with site.http.post(
            f"{site.url}/whep/{CAMERA}", data=offer, headers={"Authorization": "Bearer hale", **SDP}
        ) as response:
            assert response.status == 422
            assert "H264" in (await problem(response))["detail"]
    finally:
        await screen.close()
        await camera.close()


def test_a_bundle_only_m_line_has_the_transport_of_its_group() -> None:
    """The offer of RFC 9725's own example: the second m-line names neither credentials nor rtcp-mux."""
    head, video, audio = CHROMIUM.split("m=")
    kept = [
        line
        for line in audio.replace("audio 9", "audio 0").splitlines()
        if not line.startswith(("a=ice-", "a=fingerprint", "a=setup", "a=rtcp-mux"))
    ]
    offer = "m=".join([head, video.replace("actpass", "passive"), "\r\n".join([*kept, "a=bundle-only", ""])])
    first, second = usable(read_offer(offer), ("recvonly",))
    assert (second.ice_ufrag, second.ice_pwd, second.setup) == (first.ice_ufrag, first.ice_pwd, "passive")
    assert second.fingerprints == first.fingerprints and second.has_rtcp_mux


async def test_the_answer_uses_one_port_for_everything(site: Site) -> None:
    """Section 4.4.1: rtcp-mux-only in each m-line of the bundle."""
    camera = Camera()
    try:
        await publish(site, camera)
        assert camera.answer.count("a=rtcp-mux-only\r\n") == camera.answer.count("\r\nm=") == 2
    finally:
        await camera.close()
