"""An engine that many have joined and left holds what it held before: no table, object or timer more."""

from __future__ import annotations

import gc
from pathlib import Path

from server.errors import Conflict
from tests.bench.load.endpoint import Endpoint, Keyring
from tests.server.media.clients import Camera
from tests.server.media.conftest import CAMERA, INSPECTOR, Running, until
from tests.server.media.tables import grown, living, sizes

ROUNDS = 60
HOST = "127.0.0.1"


async def _connected(running: Running, keyring: Keyring) -> tuple[Endpoint, str]:
    endpoint = Endpoint(keyring, HOST, lambda size: None)
    answer = await running.engine.watch(CAMERA, INSPECTOR, endpoint.offer("recvonly"))
    endpoint.take(answer.sdp)
    await endpoint.until_connected()
    return endpoint, answer.session_id


async def _come_and_go(running: Running, keyring: Keyring, rounds: int) -> None:
    """Each round five viewers: two end by HTTP, one by DTLS, one fails by its fingerprint, the server ends the last."""
    for _ in range(rounds):
        viewers = [await _connected(running, keyring) for _ in range(4)]
        await _fail(running, keyring)
        await running.engine.delete(viewers[0][1])
        await running.engine.delete(viewers[1][1])
        viewers[2][0].close(goodbye=True)
        await until(lambda: running.engine.health()["viewers"] == 1)
        running.engine.end_viewings(CAMERA, "it records no more")
        for index in (0, 1, 3):
            viewers[index][0].close()
    assert running.engine.health()["viewers"] == 0


async def _flows(running: Running) -> None:
    """To look at every object of a process that has run a thousand tests takes seconds, in which no picture was taken in."""

    def is_streaming() -> bool:
        try:
            running.engine.require_streaming(CAMERA)
        except Conflict:
            return False
        return True

    await until(is_streaming)


async def _fail(running: Running, keyring: Keyring) -> None:
    """A viewer whose certificate is not the one that its offer announced."""
    failed = Endpoint(keyring, HOST, lambda size: None)
    offer = failed.offer("recvonly").replace(keyring.certificate.fingerprint, ":".join(["00"] * 32))
    before = running.engine.counters().get("dtls_failed", 0)
    failed.take((await running.engine.watch(CAMERA, INSPECTOR, offer)).sdp)
    await until(lambda: running.engine.counters().get("dtls_failed", 0) > before)
    failed.close()


async def test_after_300_joins_and_leaves_no_table_has_grown(running: Running, tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "viewers")
    camera = Camera(sound=False)
    await camera.take((await running.engine.publish(CAMERA, await camera.make_offer())).sdp)
    await running.streaming()
    await _come_and_go(running, keyring, 2)  # what is made once
    tables, objects = sizes(running.engine), living()
    await _flows(running)
    await _come_and_go(running, keyring, ROUNDS)
    running.watchers.clear()  # what this test's own listener has heard
    assert grown(tables, sizes(running.engine), ROUNDS) == {}
    assert grown(objects, living(), ROUNDS) == {}
    await camera.close()


async def test_the_keys_of_who_leaves_are_freed_at_once_not_by_the_collector(running: Running, tmp_path: Path) -> None:
    """60 kB of OpenSSL's and libsrtp's, which the collector does not see: it comes when thousands have gone."""
    keyring = Keyring(tmp_path / "viewers")
    camera = Camera(sound=False)
    await camera.take((await running.engine.publish(CAMERA, await camera.make_offer())).sdp)
    await running.streaming()
    await _come_and_go(running, keyring, 1)
    before = living()
    await _flows(running)
    gc.disable()
    try:
        await _come_and_go(running, keyring, 2)
        after = living(collect=False)
    finally:
        gc.enable()
    heavy = ("Handshake", "Connection", "SrtpSender", "SrtpReceiver", "Session")
    assert {name: after[name] for name in heavy} == {name: before[name] for name in heavy}
    await camera.close()
