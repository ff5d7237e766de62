"""The engine with real sockets: aiortc as camera and as viewer; decoded pictures arrive."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest
from aiortc import rtcdtlstransport
from structlog.testing import capture_logs

from server.errors import Conflict, Unauthorised, Unprocessable
from server.media import stun
from server.media.forwarder import Forwarder
from server.media.live import RETURN_WITHIN_S
from server.media.packet import HEADER, parse_header
from server.media.run import Run
from server.media.send_together import FEW
from server.media.track import AUDIO, UpTrack
from server.media.wish import Wish
from tests.bench.load.endpoint import PAYLOAD_TYPE, Endpoint, Keyring
from tests.server.media.clients import Camera, Screen
from tests.server.media.conftest import CAMERA, INSPECTOR, Running, until
from tests.server.media.test_forwarder import Recording


async def publish(running: Running, camera: Camera) -> str:
    answer = await running.engine.publish(CAMERA, await camera.make_offer())
    await camera.take(answer.sdp)
    await running.streaming(layers=len(camera.tracks))
    return answer.session_id


async def watch(running: Running, screen: Screen, layer: str = "main") -> str:
    answer = await running.engine.watch(CAMERA, INSPECTOR, await screen.make_offer(), Wish(layer))
    await screen.take(answer.sdp)
    return answer.session_id


@pytest.mark.parametrize("codec", ["H264", "VP8"])
async def test_a_viewer_sees_and_hears_the_camera(running: Running, codec: str) -> None:
    camera, screen = Camera(codec), Screen(codec)
    try:
        await publish(running, camera)
        await watch(running, screen)
        frames = await screen.frames(30)
        assert {(frame.width, frame.height) for frame in frames} == {(320, 180)}
        assert len(await screen.sounds(20)) == 20
        gcm = {"SRTP_AEAD_AES_128_GCM"}
        assert {one.peer.profile.name.decode() for one in running.engine._sessions() if one.peer.profile} == gcm
        assert "a=setup:passive" in screen.answer
        assert running.feeds[0][1].codec == codec
    finally:
        await screen.close()
        await camera.close()


@pytest.mark.parametrize(("setup", "answered"), [("passive", "active"), ("active", "passive")])
@pytest.mark.parametrize("profile", ["SRTP_AEAD_AES_128_GCM", "SRTP_AES128_CM_SHA1_80"])
async def test_either_dtls_role_and_either_cipher(
    running: Running, monkeypatch: pytest.MonkeyPatch, setup: str, answered: str, profile: str
) -> None:
    both = rtcdtlstransport.SRTP_PROFILES
    monkeypatch.setattr(
        rtcdtlstransport, "SRTP_PROFILES", [one for one in both if one.openssl_profile == profile.encode()]
    )
    camera = Camera(sound=False)
    try:
        offer = (await camera.make_offer()).replace("a=setup:actpass", f"a=setup:{setup}")
        answer = await running.engine.publish(CAMERA, offer)
        assert f"a=setup:{answered}" in answer.sdp
        await camera.take(answer.sdp)
        await running.streaming()
        (session,) = running.engine._sessions()
        assert session.peer.profile is not None and session.peer.profile.name == profile.encode()
    finally:
        await camera.close()


async def test_a_camera_that_comes_back_is_the_same_feed(running: Running) -> None:
    first, second, screen = Camera(), Camera(), Screen()
    try:
        session = await publish(running, first)
        viewing = await watch(running, screen)
        before = (await screen.frames(10))[-1]
        await running.engine.delete(session)
        await first.close()
        assert running.feeds[-1][1].streaming is False
        with pytest.raises(Conflict):
            await running.engine.watch(CAMERA, INSPECTOR, "")
        await publish(running, second)
        await until(
            lambda: running.engine.description(viewing)["connected"] and running.engine.description(viewing)["layers"]
        )
        after = await screen.frames(20)
        assert after[-1].pts > before.pts
        assert (await running.engine.session(viewing)).viewer == INSPECTOR
    finally:
        await screen.close()
        await first.close()
        await second.close()


async def test_the_newer_of_two_publishers_wins(running: Running) -> None:
    first, second, screen = Camera(), Camera(layers=((160, 96),)), Screen()
    try:
        old = await publish(running, first)
        await watch(running, screen)
        await screen.frames(3)
        with capture_logs() as logs:
            new = await publish(running, second)
            await until(lambda: running.engine.health()["cameras"] == 1)
        said = [one for one in logs if "replaces the present one" in one["event"]]
        assert [(one["log_level"], one["device_id"]) for one in said] == [("warning", CAMERA)]
        assert (await running.engine.session(new)).device_id == CAMERA
        assert old not in running.engine._publishers
        widths: list[int] = []
        while widths[-1:] != [160] and len(widths) < 250:  # what waits to be decoded on a busy machine comes first
            widths += [frame.width for frame in await screen.frames(1)]
        assert widths[-1] == 160
    finally:
        await screen.close()
        await first.close()
        await second.close()


async def test_viewers_wait_a_minute_for_a_camera_that_said_goodbye(running: Running) -> None:
    """Also where its session ends at once, and no time-out of the old one comes on top."""
    engine, first, second, screen = running.engine, Camera(), Camera(), Screen()
    try:
        session = await publish(running, first)
        viewing = await watch(running, screen)
        await screen.frames(3)
        await engine.delete(session)
        feed = engine._feeds[CAMERA]

        async def away_for(seconds: float) -> None:
            feed.vanished_at = engine._clock.monotonic() - seconds
            await engine._tick()

        await away_for(61.0)
        assert viewing in engine._viewers
        await publish(running, second)
        await screen.frames(10)
        assert engine._feeds[CAMERA] is feed and viewing in engine._viewers
        await engine.delete(engine.publisher_of(CAMERA) or "")
        await away_for(RETURN_WITHIN_S)
        assert viewing not in engine._viewers, "the camera did not come back"
    finally:
        for one in (screen, first, second):
            await one.close()


async def test_a_viewer_who_does_not_take_the_codec_of_the_camera_that_came_back_is_let_go(running: Running) -> None:
    """It would stand black for good; its player offers anew, and is told why if there is nothing for it."""
    first, second = Camera("H264", sound=False), Camera("VP8", sound=False)
    screen, again, other = Screen("H264"), Screen("H264"), Screen("VP8")
    try:
        await publish(running, first)
        viewing = await watch(running, screen)
        await screen.frames(3)
        with capture_logs() as logs:
            await publish(running, second)
            await until(lambda: viewing not in running.engine._viewers)
        assert any("codec" in one.get("reason", "") for one in logs if one["event"] == "viewing ended")
        with pytest.raises(Unprocessable):
            await watch(running, again)
        await watch(running, other)
        assert len(await other.frames(3)) == 3
    finally:
        for one in (other, again, screen, first, second):
            await one.close()


async def test_an_older_offer_that_connects_last_replaces_nothing(running: Running, tmp_path: Path) -> None:
    engine, keyring = running.engine, Keyring(tmp_path / "cameras")
    old, new = (Endpoint(keyring, "127.0.0.1", lambda size: None) for _ in range(2))
    try:
        first = await engine.publish(CAMERA, old.offer("sendonly"))
        second = await engine.publish(CAMERA, new.offer("sendonly"))
        new.take(second.sdp)
        await until(lambda: engine.publisher_of(CAMERA) == second.session_id)
        old.take(first.sdp)
        await until(lambda: len(engine._publishers) == 1)
        assert engine.publisher_of(CAMERA) == second.session_id
        assert running.publishers == [(CAMERA, second.session_id)]
        assert engine.health()["cameras"] == 1
    finally:
        old.close()
        new.close()


@pytest.mark.parametrize("count", [2, FEW + 2])
async def test_of_few_or_many_viewers_each_gets_every_packet_once(running: Running, tmp_path: Path, count: int) -> None:
    keyring, got = Keyring(tmp_path / "ends"), [list[bytes]() for _ in range(count)]
    camera = Endpoint(keyring, "127.0.0.1", lambda size: None)
    screens: list[Endpoint] = []

    def screen(number: int) -> Endpoint:
        def on_rtp(size: int) -> None:
            opened = made.opens(size) or pytest.fail("sealed for another, or twice")
            header = parse_header(opened)
            got[number].append(opened[header.payload_start : header.payload_end])

        made = Endpoint(keyring, "127.0.0.1", on_rtp)
        return made

    async def send(*pictures: list[bytes]) -> None:
        for picture in pictures:
            for index, content in enumerate(picture):
                number = next(numbers)
                marker = 0x80 if index == len(picture) - 1 else 0
                head = HEADER.pack(0x80, marker | PAYLOAD_TYPE, number & 0xFFFF, 3600 * (number // 4), camera.ssrc)
                camera.send(camera.seal(head + content))
            await asyncio.sleep(0.01)

    numbers = itertools.count(65_500)
    key = [b"\x67sps", b"\x68pps", b"\x65" + bytes(700), b"\x65" + bytes(300)]
    try:
        camera.take((await running.engine.publish(CAMERA, camera.offer("sendonly"))).sdp)
        await camera.until_connected()
        await send(key)
        for number in range(count):
            screens.append(screen(number))
            screens[-1].take((await running.engine.watch(CAMERA, INSPECTOR, screens[-1].offer("recvonly"))).sdp)
            await screens[-1].until_connected()
        await until(lambda: all(len(one) >= len(key) for one in got))
        said = [[bytes((0x41, picture, part)) + bytes(400 + 9 * part) for part in range(4)] for picture in range(12)]
        await send(*said)
        expected = [*key, *(content for picture in said for content in picture)]
        await until(lambda: all(len(one) >= len(expected) for one in got))
        assert got == [expected] * count
    finally:
        for one in (camera, *screens):
            one.close()


@pytest.mark.parametrize("name", [CAMERA, "person-1", "login-1"])
async def test_revoking_ends_what_it_names(running: Running, name: str) -> None:
    camera, screen = Camera(), Screen()
    try:
        await publish(running, camera)
        await watch(running, screen)
        assert running.engine.revoke(name) == (2 if name == CAMERA else 1)
        assert running.engine.health()["viewers"] == 0
        await until(lambda: screen.connection.connectionState == "closed")
        assert running.engine._port.peer_count == (0 if name == CAMERA else 1)
        with pytest.raises(Unauthorised):  # whoever was let in just before comes too late
            await running.engine.watch(CAMERA, INSPECTOR, "")
        if name == CAMERA:
            with pytest.raises(Unauthorised):
                await running.engine.publish(CAMERA, "")
    finally:
        await screen.close()
        await camera.close()


async def test_viewings_end_when_the_camera_may_not_be_watched_and_the_camera_goes_on(running: Running) -> None:
    camera, screen = Camera(), Screen()
    try:
        await publish(running, camera)
        await watch(running, screen)
        assert running.engine.end_viewings("another", "it does not record") == 0
        assert running.engine.end_viewings(CAMERA, "it does not record") == 1
        await until(lambda: screen.connection.connectionState == "closed")
        assert running.engine.health()["cameras"] == 1
    finally:
        await screen.close()
        await camera.close()


async def test_joins_and_leaves_leave_nothing_behind(running: Running) -> None:
    camera = Camera(sound=False)
    try:
        await publish(running, camera)
        (forwarder,) = running.engine._feeds[CAMERA].video.values()
        for turn in range(5):
            screen = Screen(sound=False)
            session = await watch(running, screen)
            await screen.frames(2)
            assert forwarder.watchers == 1
            if turn % 2:
                await screen.close()
                await until(lambda: running.engine.health()["viewers"] == 0)
            else:
                await running.engine.delete(session)
                await screen.close()
            assert forwarder.watchers == 0
        port = running.engine._port
        assert (len(port._by_ufrag), len(running.engine._sessions()), running.watchers[-1]) == (1, 1, (CAMERA, []))
        assert set(port._by_address.values()) == {running.engine._sessions()[0].peer}
    finally:
        await camera.close()
    await until(lambda: running.engine._sessions() == [])
    assert (running.engine._port._by_ufrag, running.engine._port._by_address) == ({}, {})


async def test_what_was_counted_of_a_session_is_not_forgotten_with_it(running: Running) -> None:
    camera, screen = Camera(), Screen()
    try:
        await publish(running, camera)
        await watch(running, screen)
        await screen.frames(5)
        before = running.engine.counters()
    finally:
        await screen.close()
        await camera.close()
    await until(lambda: running.engine._sessions() == [])
    after = running.engine.counters()
    for name in ("camera_packets", "camera_bytes", "viewer_packets", "viewer_bytes"):
        assert after[name] >= before[name] > 0, name


async def test_an_ice_restart_keeps_the_session(running: Running) -> None:
    camera, screen = Camera(sound=False), Screen(sound=False)
    try:
        session = await publish(running, camera)
        await watch(running, screen)
        await screen.frames(3)
        offer = "a=ice-ufrag:fresh\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n"
        patched = await running.engine.patch(session, offer, "*")
        assert patched.fragment is not None
        peer = running.engine._publishers[session].peer
        ufrag, password = (patched.fragment.split(f"a=ice-{name}:")[1].split("\r\n")[0] for name in ("ufrag", "pwd"))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as moved:
            moved.sendto(
                stun.binding_request(bytes(12), f"{ufrag}:fresh", password), ("127.0.0.1", running.engine.port)
            )
            port = moved.getsockname()[1]
            await until(lambda: peer.address == ("127.0.0.1", port))
        assert len(running.engine._port._by_ufrag) == 2, "the old user name is forgotten"
        assert not peer.is_closed
    finally:
        await screen.close()
        await camera.close()


class Fault(Exception):
    """Of ours."""


class Broken(Recording):
    """Fails at its first delivery."""

    has_failed = False

    def deliver(self, up: UpTrack, runs: Sequence[Run], now: float) -> None:
        super().deliver(up, runs, now)
        if not self.has_failed:
            self.has_failed = True
            raise Fault


async def test_a_fault_in_one_track_keeps_no_other_track_back_for_good(running: Running) -> None:
    viewers, faults = (Recording(), Broken(), Recording()), 0
    tracks = [Forwarder(AUDIO, "main", "opus", 48_000) for _ in viewers]
    for number in range(5):
        for forwarder, viewer in zip(tracks, viewers, strict=True):
            if number == 1:
                forwarder.add(viewer, 0.0)
            if forwarder.push(number, HEADER.pack(0x80, 0, number, number, 7) + b"sound", 0.0):
                running.engine.has_packets(forwarder)
        try:
            running.engine._after_drain(0.0)
        except Fault:
            faults += 1
    assert faults == 1
    assert [[number for number, _ in one.got] for one in viewers] == [[1, 2, 3, 4]] * 3
