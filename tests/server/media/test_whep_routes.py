"""WHEP over HTTP: who may watch, what is kept of it, and what the console asks of a session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from server.audit.audit_entry import REASON
from server.errors import Unavailable
from tests.server.media.clients import Camera, Screen
from tests.server.media.conftest import CAMERA, Site, until

SDP = {"Content-Type": "application/sdp"}
HALE = {"Authorization": "Bearer hale", **SDP}
OSEI = {"Authorization": "Bearer osei", **SDP}
HALE_ONLY = {"Authorization": "Bearer hale"}


async def publish(site: Site, camera: Camera) -> None:
    answer = await site.running.engine.publish(CAMERA, await camera.make_offer())
    await camera.take(answer.sdp)
    await site.running.streaming(layers=len(camera.tracks))


async def test_a_viewing_is_kept_from_its_start_to_its_end(site: Site) -> None:
    camera, screen = Camera(), Screen()
    try:
        await publish(site, camera)
        url = f"{site.url}/whep/{CAMERA}?layer=sub"
        async with site.http.post(
            url, data=await screen.make_offer(), headers={**HALE, REASON: "watch%20request%3A%20ET14"}
        ) as response:
            assert response.status == 201
            assert site.noted == [(CAMERA, "sub", "watch request: ET14")]
            location = site.url + response.headers["Location"]
            (view,) = await site.views.of_device(CAMERA)
            assert (view.person_id, view.role, view.layer, view.ended_at) == ("person-1", "inspector", "sub", None)
            await screen.take(await response.text())
        await screen.frames(5)
        assert [person.name for person in site.running.watchers[-1][1]] == ["Insp. Hale"]
        async with site.http.get(location, headers=OSEI) as response:
            assert response.status == 403
        async with site.http.get(location, headers=HALE) as response:
            session = await response.json()
        assert (session["layer"], session["layers"], session["reduced"]) == ("main", ["main"], None)
        assert session["clock"]["clock_rate"] == 90_000
        assert session["clock"]["received_at"] > 0
        async with site.http.delete(location, headers=HALE) as response:
            assert response.status == 200
        await site.views.flush()
        (view,) = await site.views.of_device(CAMERA)
        assert view.ended_at is not None and view.ended_at >= view.started_at
        assert view.layer == "main"
        assert site.running.watchers[-1] == (CAMERA, [])
    finally:
        await screen.close()
        await camera.close()


async def test_sound_is_sent_only_while_somebody_listens(site: Site) -> None:
    camera, screen = Camera(), Screen()
    try:
        await publish(site, camera)
        url = f"{site.url}/whep/{CAMERA}?sound=off"
        async with site.http.post(url, data=await screen.make_offer(), headers=HALE) as response:
            location = site.url + response.headers["Location"]
            await screen.take(await response.text())
        await screen.frames(10)
        viewing = next(iter(site.running.engine._viewers.values()))
        assert viewing.outlet.audio is not None
        assert viewing.outlet.audio.sent.packets == 0
        for rounds in (1, 2):
            assert await wish(site, location, sound=True) == (200, True)
            assert len(await screen.sounds(10)) == 10
            assert await wish(site, location, sound=False) == (200, False)
            sent = viewing.outlet.audio.sent.packets
            assert sent >= 10 * rounds
            await screen.frames(10)
            assert viewing.outlet.audio.sent.packets == sent
    finally:
        await screen.close()
        await camera.close()


async def test_who_pauses_is_sent_nothing_and_is_still_told_of(site: Site) -> None:
    camera, screen = Camera(), Screen()
    try:
        await publish(site, camera)
        url = f"{site.url}/whep/{CAMERA}?sound=off&picture=off"
        async with site.http.post(url, data=await screen.make_offer(), headers=HALE) as response:
            location = site.url + response.headers["Location"]
            await screen.take(await response.text())
        viewing = next(iter(site.running.engine._viewers.values()))
        await until(lambda: viewing.peer.is_ready)
        frames = camera.tracks[0].sent
        await until(lambda: camera.tracks[0].sent > frames + 10)
        assert [track.sent.packets for track in viewing.outlet.tracks] == [0, 0]
        assert [person.name for person in site.running.watchers[-1][1]] == ["Insp. Hale"]
        async with site.http.post(location + "/wish", json={"picture": True}, headers=HALE_ONLY) as response:
            assert (await response.json())["picture"] is True
        await screen.frames(5)
        async with site.http.post(location + "/wish", json={"picture": False}, headers=HALE_ONLY) as response:
            assert (await response.json())["layer"] is None
        sent = viewing.outlet.totals["viewer_packets"]
        frames = camera.tracks[0].sent
        await until(lambda: camera.tracks[0].sent > frames + 10)
        assert viewing.outlet.totals["viewer_packets"] == sent
    finally:
        await screen.close()
        await camera.close()


async def wish(site: Site, location: str, **wanted: Any) -> tuple[int, Any]:
    headers = {"Authorization": "Bearer hale"}
    async with site.http.post(location + "/wish", json=wanted, headers=headers) as response:
        return response.status, (await response.json())["sound"]


async def test_a_picture_is_dated_by_our_clock_where_the_cameras_is_known(site: Site) -> None:
    camera, screen = Camera(), Screen()

    async def clock() -> dict[str, float | None]:
        async with site.http.get(location, headers=HALE) as response:
            found: dict[str, float | None] = (await response.json())["clock"]
            return found

    try:
        await publish(site, camera)
        async with site.http.post(
            f"{site.url}/whep/{CAMERA}", data=await screen.make_offer(), headers=HALE
        ) as response:
            location = site.url + response.headers["Location"]
            await screen.take(await response.text())
        await screen.frames(5)
        source = site.running.engine._feeds[CAMERA].video["main"].clock
        await until(lambda: source.reported_at is not None)
        told = await clock()
        assert told["camera_offset_s"] is None
        site.running.offsets[CAMERA] = -3600.0
        known = await clock()
        assert known["camera_offset_s"] == -3600.0
        assert known["captured_at"] == pytest.approx((told["captured_at"] or 0.0) + 3600, abs=5)
    finally:
        await screen.close()
        await camera.close()


async def test_no_picture_without_its_row(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    camera, screen = Camera(), Screen()
    try:
        await publish(site, camera)

        async def refuse(*_: Any) -> str:
            raise Unavailable("the database does not answer") from OperationalError("", {}, Exception())

        monkeypatch.setattr(site.views, "begin", refuse)
        async with site.http.post(
            f"{site.url}/whep/{CAMERA}", data=await screen.make_offer(), headers=HALE
        ) as response:
            assert response.status == 503
        assert site.running.engine.health()["viewers"] == 0
        assert site.running.engine._port.peer_count == 1
    finally:
        await screen.close()
        await camera.close()


async def test_no_picture_and_no_row_of_it_when_the_audit_cannot_be_written(site: Site) -> None:
    camera, screen = Camera(), Screen()
    try:
        await publish(site, camera)
        url = f"{site.url}/whep/{CAMERA}?audit=away"
        async with site.http.post(url, data=await screen.make_offer(), headers=HALE) as response:
            assert response.status == 503
            assert (await response.json(content_type=None))["detail"] == "the audit cannot be written"
        assert site.running.engine.health()["viewers"] == 0
        assert await site.views.of_device(CAMERA) == []
    finally:
        await screen.close()
        await camera.close()


async def test_whose_rights_end_while_the_offer_trickles_in_sees_nothing(site: Site) -> None:
    camera, screen = Camera(), Screen()
    try:
        await publish(site, camera)
        offer = await screen.make_offer()

        async def trickling() -> AsyncIterator[bytes]:
            yield offer[:10].encode()
            await asyncio.sleep(0.1)  # the server has asked who it is
            del site.people["hale"]
            yield offer[10:].encode()

        async with site.http.post(f"{site.url}/whep/{CAMERA}", data=trickling(), headers=HALE) as response:
            assert response.status == 401
        assert site.running.engine.health()["viewers"] == 0
        assert await site.views.of_device(CAMERA) == []
    finally:
        await screen.close()
        await camera.close()


async def test_no_picture_if_recording_stops_while_the_row_is_written(site: Site) -> None:
    camera, screen = Camera(), Screen()
    try:
        await publish(site, camera)
        url = f"{site.url}/whep/{CAMERA}?stops_at=3"
        async with site.http.post(url, data=await screen.make_offer(), headers=HALE) as response:
            assert response.status == 409
        assert site.running.engine.health()["viewers"] == 0
        await site.views.flush()
        assert [view.ended_at is not None for view in await site.views.of_device(CAMERA)] == [True]
    finally:
        await screen.close()
        await camera.close()


async def test_a_viewing_that_fails_for_an_unforeseen_reason_is_written_as_ended(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ArithmeticError("nobody foresaw this")

    camera = Camera(sound=False)
    try:
        await publish(site, camera)
        monkeypatch.setattr(site.running.engine, "watch", broken)
        async with site.http.post(f"{site.url}/whep/{CAMERA}", data="v=0", headers=HALE) as response:
            assert response.status == 500
        await site.views.flush()
        (view,) = await site.views.of_device(CAMERA)
        assert view.ended_at is not None
    finally:
        await camera.close()


async def test_a_camera_that_does_not_stream_says_when_to_ask_again(site: Site) -> None:
    screen = Screen()
    try:
        offer = await screen.make_offer()
        async with site.http.post(f"{site.url}/whep/{CAMERA}", data=offer, headers=HALE) as response:
            assert response.status == 409
            assert response.headers["Retry-After"] == "2"
            assert (await response.json(content_type=None))["type"] == "/problems/not-streaming"
        async with site.http.post(f"{site.url}/whep/{CAMERA}?layer=top", data=offer, headers=HALE) as response:
            assert response.status == 400
        async with site.http.post(f"{site.url}/whep/{CAMERA}", data=offer, headers=SDP) as response:
            assert response.status == 401
        assert await site.views.of_device(CAMERA) == []
    finally:
        await screen.close()


async def test_a_viewer_that_has_gone_may_still_say_delete_and_nobody_else(site: Site) -> None:
    camera, screen = Camera(), Screen()
    try:
        await publish(site, camera)
        async with site.http.post(
            f"{site.url}/whep/{CAMERA}", data=await screen.make_offer(), headers=HALE
        ) as response:
            location = site.url + response.headers["Location"]
            await screen.take(await response.text())
        await screen.close()
        await until(lambda: not site.running.engine._viewers)
        for headers, status in ((SDP, 401), (OSEI, 403), (HALE, 200), (HALE, 404)):
            async with site.http.delete(location, headers=headers) as response:
                assert response.status == status
    finally:
        await screen.close()
        await camera.close()


async def test_the_console_changes_the_layer(site: Site) -> None:
    camera, screen = Camera(layers=((320, 180), (160, 96))), Screen(sound=False)
    try:
        await publish(site, camera)
        async with site.http.post(
            f"{site.url}/whep/{CAMERA}?layer=sub", data=await screen.make_offer(), headers=HALE
        ) as response:
            location = site.url + response.headers["Location"]
            await screen.take(await response.text())
        assert {frame.width for frame in await screen.frames(5)} == {160}
        async with site.http.post(
            location + "/wish", json={"layer": "main"}, headers={"Authorization": "Bearer hale"}
        ) as response:
            assert response.status == 200
            assert (await response.json())["layers"] == ["main", "sub"]
        widths: list[int] = []
        while widths[-1:] != [320] and len(widths) < 250:  # the switch waits for a key frame: late on a busy machine
            widths += [frame.width for frame in await screen.frames(1)]
        widths += [frame.width for frame in await screen.frames(10)]
        assert widths[-1] == 320
        assert sorted(widths) == widths, "main follows sub without a way back"
        bodies: list[Any] = [{"layer": "top"}, {}, []]
        for body in bodies:
            async with site.http.post(
                location + "/wish", json=body, headers={"Authorization": "Bearer hale"}
            ) as response:
                assert response.status == 400
        await until(lambda: site.running.engine.counters().get("before_stretch", 0) == 0)
    finally:
        await screen.close()
        await camera.close()
