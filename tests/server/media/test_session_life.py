"""However a media session ends, nothing of it is left: no address, no user fragment, no timer, no object."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import aioice.ice
import pytest

from server.clock import SystemClock
from server.media.ice_lite import CONSENT_S, MAX_ADDRESSES
from tests.server.media.clients import Camera, Screen
from tests.server.media.conftest import CAMERA, INSPECTOR, Running, until
from tests.server.media.relay import bad_network


class Shift:
    """Moves the clock of everything that asks it; what waits for the loop's own time does not notice."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 0.0
        monkeypatch.setattr(SystemClock, "monotonic", lambda _: time.monotonic() + self.seconds)


@pytest.fixture
def shift(monkeypatch: pytest.MonkeyPatch) -> Shift:
    """For `running`'s clock."""
    return Shift(monkeypatch)


class Both:
    """A camera and who watches it."""

    def __init__(self, running: Running, shift: Shift) -> None:
        self.running = running
        self.shift = shift
        self.camera = Camera(sound=False)
        self.screen = Screen(sound=False)
        self.newer: Camera | None = None
        self.names: list[str] = []
        self.objects: list[weakref.ref[Any]] = []

    async def connect(self) -> None:
        """Both, through the engine."""
        engine = self.running.engine
        answer = await engine.publish(CAMERA, await self.camera.make_offer())
        await self.camera.take(answer.sdp)
        await self.running.streaming()
        watched = await engine.watch(CAMERA, INSPECTOR, await self.screen.make_offer())
        await self.screen.take(watched.sdp)
        await self.screen.frames(2)
        self.names = [answer.session_id, watched.session_id]
        for name in self.names:
            session = engine._session(name)
            self.objects += [weakref.ref(session), weakref.ref(session.peer)]

    async def close(self) -> None:
        """The clients, in any state."""
        for one in (self.camera, self.screen, self.newer):
            if one is not None:
                await one.close()


async def deleted(both: Both) -> None:
    """Each by its client."""
    for name in both.names:
        await both.running.engine.delete(name)


async def hung_up(both: Both) -> None:
    """By DTLS, without a word by HTTP."""
    await both.close()


async def fell_silent(both: Both) -> None:
    """Without any word: its consent runs out."""
    for end in (both.camera, both.screen):
        transport: Any = end.connection.getTransceivers()[0].sender.transport.transport
        for protocol in transport._connection._protocols:
            protocol.transport.close()
    await asyncio.sleep(0.1)  # what was on its way has come
    both.shift.seconds += CONSENT_S + 1


async def revoked(both: Both) -> None:
    """The camera was stolen."""
    both.running.engine.revoke(CAMERA)


async def replaced(both: Both) -> None:
    """The camera's by a newer one, which then leaves as the viewer does."""
    both.newer = Camera(sound=False)
    engine = both.running.engine
    answer = await engine.publish(CAMERA, await both.newer.make_offer())
    await both.newer.take(answer.sdp)
    await until(lambda: len(engine._publishers) == 1)
    assert answer.session_id in engine._publishers, "the newer one wins"
    await engine.delete(answer.session_id)
    await engine.delete(both.names[1])


@pytest.mark.parametrize("end", [deleted, hung_up, fell_silent, revoked, replaced])
async def test_nothing_is_left_of_a_session(
    running: Running, shift: Shift, end: Callable[[Both], Awaitable[None]]
) -> None:
    both, engine = Both(running, shift), running.engine
    await both.connect()
    try:
        await end(both)
        await until(lambda: not engine._publishers and not engine._viewers)
        assert engine._port.peer_count == 0
        assert engine._port._by_address == {}
        assert not running.engine.feed_state(CAMERA).streaming
        for kept in both.objects:
            await until(lambda kept=kept: gc.collect() >= 0 and kept() is None)  # type: ignore[misc]
        assert running.watchers[-1] == (CAMERA, [])
        shift.seconds += 120
        await until(lambda: not engine._feeds)
    finally:
        await both.close()


async def test_a_camera_that_moves_again_and_again_holds_no_more_than_its_last_addresses(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aioice.ice, "CONSENT_INTERVAL", 0.05)
    camera, engine = Camera(sound=False), running.engine
    async with bad_network(engine.port) as relay:
        try:
            answer = await engine.publish(CAMERA, await camera.make_offer())
            await camera.take(relay.through(answer.sdp))
            await running.streaming()
            seen = set()
            for _ in range(2 * MAX_ADDRESSES):
                before = set(engine._port._by_address)
                await relay.rebind()
                await until(lambda before=before: not set(engine._port._by_address) <= before)  # type: ignore[misc]
                seen |= set(engine._port._by_address)
            assert len(seen) > 2 * MAX_ADDRESSES
            assert len(engine._port._by_address) <= MAX_ADDRESSES
            assert engine._port.peer_count == 1
            await engine.delete(answer.session_id)
            assert engine._port._by_address == {} and engine._port.peer_count == 0
        finally:
            await camera.close()
