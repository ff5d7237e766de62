"""What strangers send is a counted drop; what a hostile offer names is never sent to."""

from __future__ import annotations

import asyncio
import itertools
import random
import socket
from pathlib import Path

import pytest

from server.errors import Unavailable
from server.media import feedback, stun
from server.media.engine import MAX_HALF_MADE_OF_CAMERA, MAX_HALF_MADE_OF_PERSON
from server.media.packet import HEADER
from server.media.peer import MAX_REPORTERS
from server.media.whep_session import MAX_SOURCES
from tests.bench.load.endpoint import Endpoint, Keyring
from tests.server.media.clients import Camera, Screen
from tests.server.media.conftest import CAMERA, CONTROLLER, INSPECTOR, Running, until

CLIENT_HELLO = bytes.fromhex("16feff0000000000000000002c010000200000000000000020fefd") + bytes(40)
ALERT = bytes.fromhex("15fefd00010000000000010002022f")


def strange_datagrams() -> list[bytes]:
    chance = random.Random(7)
    rtp = bytes((0x80, 102)) + chance.randbytes(60)
    rtcp = bytes((0x80, 200, 0, 6)) + chance.randbytes(24)
    forged_check = stun.binding_request(bytes(12), "00000000:x", "guess", nominate=True)
    broken_check = forged_check[:-3]
    rubbish = [chance.randbytes(size) for size in (1, 2, 11, 20, 400, 1500)]
    return [CLIENT_HELLO, ALERT, rtp, rtcp, forged_check, broken_check, b"\0\1", *rubbish] * 20


async def test_forged_datagrams_change_nothing(running: Running) -> None:
    """The case that stopped aioice from connecting: a third socket speaks DTLS during the set-up."""
    camera, screen = Camera(sound=False), Screen(sound=False)
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams = strange_datagrams()

    def attack() -> None:
        for datagram in datagrams:
            stranger.sendto(datagram, ("127.0.0.1", running.engine.port))

    try:
        answer = await running.engine.publish(CAMERA, await camera.make_offer())
        attack()
        asyncio.get_running_loop().call_later(0.02, attack)
        await camera.take(answer.sdp)
        attack()
        await running.streaming()
        shown = await running.engine.watch(CAMERA, INSPECTOR, await screen.make_offer())
        await screen.take(shown.sdp)
        attack()
        assert len(await screen.frames(20)) == 20
        counters = running.engine.counters()
        assert counters["from_unknown_address"] >= 3 * 20 * 4
        assert counters["stun_malformed"] >= 3 * 20
        assert counters["stun_unknown_user"] >= 3 * 20
        assert len(running.engine._port._by_address) <= 4
    finally:
        stranger.close()
        await screen.close()
        await camera.close()


async def test_a_guessed_password_opens_nothing(running: Running) -> None:
    camera = Camera(sound=False)
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        answer = await running.engine.publish(CAMERA, await camera.make_offer())
        ufrag = answer.sdp.split("a=ice-ufrag:")[1].split("\r\n")[0]
        stranger.sendto(stun.binding_request(bytes(12), f"{ufrag}:x", "guess"), ("127.0.0.1", running.engine.port))
        stranger.sendto(CLIENT_HELLO, ("127.0.0.1", running.engine.port))
        await camera.take(answer.sdp)
        assert running.engine.counters()["stun_bad_password"] == 1
        assert running.engine.counters()["from_unknown_address"] == 1
    finally:
        stranger.close()
        await camera.close()


@pytest.mark.parametrize("where", ["candidate", "connection", "fragment"])
async def test_nothing_is_sent_to_an_address_that_an_offer_names(running: Running, where: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as victim:
        victim.bind(("127.0.0.1", 0))
        victim.setblocking(False)
        host, port = victim.getsockname()
        camera = Camera(sound=False)
        try:
            offer = await camera.make_offer()
            candidate = f"a=candidate:9 1 udp 2130706431 {host} {port} typ host\r\na=end-of-candidates\r\n"
            if where == "candidate":
                offer += candidate
            elif where == "connection":
                offer = offer.replace("c=IN IP4 ", f"c=IN IP4 {host} ").replace("m=video ", f"m=video {port} ", 1)
                offer = offer.replace(
                    f"m=video {port} " + offer.split(f"m=video {port} ")[1].split(" ")[0], f"m=video {port}"
                )
            answer = await running.engine.publish(CAMERA, offer)
            if where == "fragment":
                await running.engine.patch(answer.session_id, candidate, "*")
            await asyncio.sleep(0.3)
            with pytest.raises(BlockingIOError):
                victim.recv(2000)
        finally:
            await camera.close()


async def test_no_camera_and_no_person_shuts_the_others_out(running: Running, tmp_path: Path) -> None:
    engine, keyring = running.engine, Keyring(tmp_path / "ends")
    ends = [Endpoint(keyring, "127.0.0.1", lambda size: None) for _ in range(2)]
    camera = Camera(sound=False)
    try:
        await camera.take((await engine.publish(CAMERA, await camera.make_offer())).sdp)
        await running.streaming()
        for _ in range(MAX_HALF_MADE_OF_CAMERA):
            await engine.publish(CAMERA, ends[0].offer("sendonly"))
        with pytest.raises(Unavailable) as refused:
            await engine.publish(CAMERA, ends[0].offer("sendonly"))
        assert int(refused.value.headers["Retry-After"]) > 0
        await engine.publish("another camera", ends[0].offer("sendonly"))
        for _ in range(MAX_HALF_MADE_OF_PERSON):
            await engine.watch(CAMERA, INSPECTOR, ends[1].offer("recvonly"))
        with pytest.raises(Unavailable) as refused:
            await engine.watch(CAMERA, INSPECTOR, ends[1].offer("recvonly"))
        assert int(refused.value.headers["Retry-After"]) > 0
        shown = await engine.watch(CAMERA, CONTROLLER, ends[1].offer("recvonly"))
        ends[1].take(shown.sdp)
        await ends[1].until_connected()
        await engine.watch(CAMERA, CONTROLLER, ends[1].offer("recvonly"))
    finally:
        for end in ends:
            end.close()
        await camera.close()


async def test_all_together_are_no_more_than_the_process_can_hold(
    running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.media.engine.MAX_HALF_MADE", 3)
    end = Endpoint(Keyring(tmp_path / "ends"), "127.0.0.1", lambda size: None)
    try:
        for number in range(3):
            await running.engine.publish(f"camera-{number}", end.offer("sendonly"))
        with pytest.raises(Unavailable):
            await running.engine.publish("camera-3", end.offer("sendonly"))
    finally:
        end.close()


@pytest.mark.parametrize("reports", [True, False])
async def test_a_viewer_has_few_sources(running: Running, tmp_path: Path, reports: bool) -> None:
    """libsrtp remembers each that ever sent, and goes through all of them for each packet."""
    engine, end, camera = (
        running.engine,
        Endpoint(Keyring(tmp_path), "127.0.0.1", lambda size: None),
        Camera(sound=False),
    )
    most, numbers = MAX_REPORTERS if reports else MAX_SOURCES, itertools.count(1)
    try:
        await camera.take((await engine.publish(CAMERA, await camera.make_offer())).sdp)
        await running.streaming()
        shown = await engine.watch(CAMERA, INSPECTOR, end.offer("recvonly"))
        end.take(shown.sdp)
        await end.until_connected()
        peer = engine._viewers[shown.session_id].peer

        def send(ssrc: int) -> None:
            if reports:
                end.send_feedback(feedback.receiver_report(ssrc, []))
            else:
                end.send(end.seal(HEADER.pack(0x80, 102, next(numbers), 1, ssrc) + b"x"))

        before = len(peer._reporters)
        for _ in range(2):
            for ssrc in range(most - before):
                send(7000 + ssrc)
        await until(lambda: engine.counters().get("media_from_viewer", 0) >= 2 * most or len(peer._reporters) == most)
        assert not peer.is_closed
        send(1)
        await until(lambda: peer.is_closed)
        assert shown.session_id not in engine._viewers
    finally:
        end.close()
        await camera.close()


async def test_half_made_sessions_are_closed(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.media.peer.CONNECT_WITHIN_S", 0.5)
    camera = Camera(sound=False)
    try:
        offer = await camera.make_offer()
        for number in range(20):
            await running.engine.publish(f"camera-{number}", offer)
        assert running.engine._port.peer_count == 20
        await until(lambda: running.engine._port.peer_count == 0)
        assert running.engine._sessions() == []
    finally:
        await camera.close()
