"""Loss on either side is repaired; a new mapped address is followed."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import aioice.ice
import pytest

from server.media import ice_lite
from tests.server.media.clients import Camera, Screen, pictures
from tests.server.media.conftest import CAMERA, INSPECTOR, Running, until
from tests.server.media.relay import bad_network


@pytest.mark.parametrize("rtx", [False, True])
async def test_a_viewers_losses_are_repaired_from_the_cache(running: Running, rtx: bool) -> None:
    camera, screen = Camera(sound=False), Screen(sound=False, rtx=rtx)
    async with bad_network(running.engine.port) as relay:
        try:
            await camera.take((await running.engine.publish(CAMERA, await camera.make_offer())).sdp)
            await running.streaming()
            answer = await running.engine.watch(CAMERA, INSPECTOR, await screen.make_offer())
            await screen.take(relay.through(answer.sdp))
            await screen.frames(5)
            relay.loss_down = 0.1
            frames = await screen.frames(75)
            counters = running.engine.counters()
            assert relay.lost > 5
            assert counters["repair_sent"] >= relay.lost // 2
            assert counters.get("repair_apart", 0) == (counters["repair_sent"] if rtx else 0)
            steps = [after.pts - before.pts for before, after in pairwise(frames)]
            assert sum(step == 3600 for step in steps) >= 0.9 * len(steps), "unrepaired, two in three would come whole"
            assert counters.get("seal_refused", 0) == 0
        finally:
            await screen.close()
            await camera.close()


@pytest.mark.parametrize("rtx", [False, True])
async def test_a_cameras_losses_are_asked_for(running: Running, rtx: bool) -> None:
    camera, screen = Camera(sound=False, rtx=rtx), Screen(sound=False)
    async with bad_network(running.engine.port, seed=2) as relay:
        try:
            answer = await running.engine.publish(CAMERA, await camera.make_offer())
            await camera.take(relay.through(answer.sdp))
            await running.streaming()
            watched = await running.engine.watch(CAMERA, INSPECTOR, await screen.make_offer())
            await screen.take(watched.sdp)
            await screen.frames(5)
            relay.loss_up = 0.1
            frames = await screen.frames(75)
            (track,) = running.engine.description(answer.session_id)["tracks"]
            assert relay.lost > 5
            assert track["recovered"] >= 0.8 * relay.lost - 3
            assert track["packets"] >= track["recovered"]
            counters = running.engine.counters()
            assert (counters.get("rtx_received", 0) >= track["recovered"]) == rtx
            assert counters.get("rtx_of_no_track", 0) == 0
            assert running.engine._publishers[answer.session_id].inlet.round_trip.estimate_s is not None
            steps = [after.pts - before.pts for before, after in pairwise(frames)]
            assert sum(step == 3600 for step in steps) >= 0.9 * len(steps)
        finally:
            await screen.close()
            await camera.close()


async def test_a_viewer_goes_on_when_a_packet_of_the_camera_never_comes(running: Running) -> None:
    """aiortc waits for what it misses until 128 others have come: of a small picture that is 5 s."""
    camera, screen = Camera(sound=False), Screen(sound=False)
    camera.tracks[0].coded = pictures("H264", 160, 90, rate=60_000)  # a packet each
    async with bad_network(running.engine.port) as relay:
        try:
            answer = await running.engine.publish(CAMERA, await camera.make_offer())
            await camera.take(relay.through(answer.sdp))
            await running.streaming()
            watched = await running.engine.watch(CAMERA, INSPECTOR, await screen.make_offer())
            await screen.take(watched.sdp)
            await screen.frames(5)
            source = running.engine._publishers[answer.session_id].inlet.sources[0]
            assert source.loss.highest is not None
            relay.never_up = {(source.loss.highest + 3) & 0xFFFF}
            before = source.packets
            await screen.frames(20)
            assert relay.lost >= 3 and source.loss.abandoned == 1, "it was asked for, and given up"
            assert source.packets - before < 110
        finally:
            await screen.close()
            await camera.close()


async def test_a_new_mapped_address_is_followed(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aioice.ice, "CONSENT_INTERVAL", 0.5)
    camera, screen = Camera(sound=False), Screen(sound=False)
    async with bad_network(running.engine.port) as relay:
        try:
            answer = await running.engine.publish(CAMERA, await camera.make_offer())
            await camera.take(relay.through(answer.sdp))
            await running.streaming()
            watched = await running.engine.watch(CAMERA, INSPECTOR, await screen.make_offer())
            await screen.take(watched.sdp)
            await screen.frames(5)
            peer = running.engine._publishers[answer.session_id].peer
            before = peer.address
            await relay.rebind()
            await until(lambda: peer.address != before)
            await screen.frames(25)
            assert not peer.is_closed
            # the camera by its old and its new one; the viewer by IPv4, and by IPv6 where the machine has it
            assert len(running.engine._port._by_address) <= 4
        finally:
            await screen.close()
            await camera.close()


async def test_a_viewer_is_followed_to_a_new_mapped_address(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of two who are sent the same in one call."""
    monkeypatch.setattr(aioice.ice, "CONSENT_INTERVAL", 0.5)
    camera, moving, staying = Camera(sound=False), Screen(sound=False), Screen(sound=False)
    try:
        await camera.take((await running.engine.publish(CAMERA, await camera.make_offer())).sdp)
        await running.streaming()
        async with bad_network(running.engine.port) as relay:
            watched = await running.engine.watch(CAMERA, INSPECTOR, await moving.make_offer())
            await moving.take(relay.through(watched.sdp))
            await staying.take((await running.engine.watch(CAMERA, INSPECTOR, await staying.make_offer())).sdp)
            for screen in (moving, staying):
                await screen.frames(5)
            peer = running.engine._viewers[watched.session_id].peer
            before = peer.address
            await relay.rebind()
            await until(lambda: peer.address != before)
            sent = relay.sent_down
            await moving.frames(25)
            await staying.frames(25)
            assert relay.sent_down - sent >= 25, "what it shows came to the new address"
    finally:
        for one in (moving, staying, camera):
            await one.close()


async def test_who_gives_no_sign_of_life_is_sent_nothing_more(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 7675 section 5.1, with 2 s instead of 30."""
    monkeypatch.setattr(ice_lite, "CONSENT_S", 2.0)
    monkeypatch.setattr(aioice.ice, "CONSENT_INTERVAL", 0.5)
    camera, gone, screen = Camera(sound=False), Screen(sound=False), Screen(sound=False)
    try:
        await camera.take((await running.engine.publish(CAMERA, await camera.make_offer())).sdp)
        await running.streaming()
        async with bad_network(running.engine.port) as relay:
            lost = await running.engine.watch(CAMERA, INSPECTOR, await gone.make_offer())
            await gone.take(relay.through(lost.sdp))
            await gone.frames(3)
            await screen.take((await running.engine.watch(CAMERA, INSPECTOR, await screen.make_offer())).sdp)
        peer = running.engine._viewers[lost.session_id].peer
        await until(lambda: peer.is_closed)
        assert lost.session_id not in running.engine._viewers
        assert peer not in running.engine._port._by_address.values()
        assert peer not in running.engine._port._by_ufrag.values()
        assert len(await screen.frames(10)) == 10, "nobody else notices"
    finally:
        await screen.close()
        await gone.close()
        await camera.close()


async def test_a_camera_is_connected_though_the_last_of_the_handshake_is_lost(running: Running) -> None:
    """The server is done when it has sent it, and replaces the session before: the camera must not stay without."""
    first, second = Camera(sound=False), Camera(sound=False)
    try:
        await first.take((await running.engine.publish(CAMERA, await first.make_offer())).sdp)
        await running.streaming()
        async with bad_network(running.engine.port) as relay:
            relay.once_down = lambda datagram: datagram[0] == 20  # ChangeCipherSpec, and Finished behind it
            answer = await running.engine.publish(CAMERA, await second.make_offer())
            started = asyncio.get_running_loop().time()
            await second.take(relay.through(answer.sdp))
            assert asyncio.get_running_loop().time() - started < 3.0, "at the client's first repetition, after 1 s"
            assert relay.lost == 1
            await running.streaming()
            assert running.engine.publisher_of(CAMERA) == answer.session_id
    finally:
        await second.close()
        await first.close()


async def test_a_viewer_behind_a_narrow_link_delays_nobody_else(running: Running) -> None:
    """A twelfth of what the picture needs gets through to it: it asks again and again, and the others see nothing of it."""
    camera, narrow, other = Camera(sound=False), Screen(sound=False), Screen(sound=False)
    camera.tracks[0].coded = pictures("H264", 640, 360, rate=1_200_000)
    async with bad_network(running.engine.port) as relay:
        try:
            await camera.take((await running.engine.publish(CAMERA, await camera.make_offer())).sdp)
            await running.streaming()
            slow = await running.engine.watch(CAMERA, INSPECTOR, await narrow.make_offer())
            await narrow.take(relay.through(slow.sdp))
            await narrow.frames(3)
            await other.take((await running.engine.watch(CAMERA, INSPECTOR, await other.make_offer())).sdp)
            await other.frames(5)
            relay.rate_down, asked, loop = 100_000, camera.tracks[0].keys_asked, asyncio.get_running_loop()
            frames, begun = [], loop.time()
            for _ in range(75):
                frames += [(loop.time(), frame.pts) for frame in await other.frames(1)]
            assert relay.lost > 100 and running.engine.counters()["repair_sent"] > 0
            assert [after[1] - before[1] for before, after in pairwise(frames)] == [3600] * 74, "no picture is missing"
            assert max(after[0] - before[0] for before, after in pairwise(frames)) < 0.5, "and none is late"
            most = 2 * (loop.time() - begun) + 2
            assert camera.tracks[0].keys_asked - asked <= most, "one who cannot be helped does not starve the uplink"
        finally:
            await other.close()
            await narrow.close()
            await camera.close()
