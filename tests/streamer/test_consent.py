"""The contract with aioice's private parts, on real connections; and consent as RFC 7675 wants it."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

import aioice
from aiortc import RTCConfiguration, RTCPeerConnection

from streamer.clock import SystemClock
from streamer.consent import CONSENT_S, EVERY_S, Consent, keep_consent
from tests.streamer.waiting import until

SPEED = 10


class HastyClock(SystemClock):
    """Ten seconds pass in one."""

    def monotonic(self) -> float:
        """Of our own time."""
        return super().monotonic() * SPEED

    async def sleep(self, seconds: float) -> None:
        """For that many of our seconds."""
        await asyncio.sleep(seconds / SPEED)


@dataclass
class Pair:
    """Two connected ends: `near` keeps consent our way, `far` answers."""

    near: RTCPeerConnection
    far: RTCPeerConnection
    consent: Consent

    @property
    def far_ice(self) -> Any:
        """What answers the checks."""
        return self.far.getTransceivers()[0].receiver.transport.transport._connection


@asynccontextmanager
async def connected(clock: SystemClock) -> AsyncIterator[Pair]:
    """A pair that talks over this machine's own network."""
    near, far = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    near.addTransceiver("video", direction="sendonly")
    consent = keep_consent(near, clock, Random(1))
    try:
        await near.setLocalDescription(await near.createOffer())
        await far.setRemoteDescription(near.localDescription)
        await far.setLocalDescription(await far.createAnswer())
        await near.setRemoteDescription(far.localDescription)
        await until(lambda: near.connectionState == far.connectionState == "connected")
        yield Pair(near, far, consent)
    finally:
        await near.close()
        await far.close()


def test_aioice_still_asks_through_the_instance() -> None:
    assert "self.query_consent()" in inspect.getsource(aioice.Connection.connect)
    assert "self._query_consent_task" in inspect.getsource(aioice.Connection.close)


async def test_consent_is_asked_for_again_and_again_while_it_is_given() -> None:
    async with connected(HastyClock()) as pair:
        asked: list[Any] = []
        answer = pair.far_ice.request_received

        def count(message: Any, *rest: Any) -> None:
            asked.append(message)
            answer(message, *rest)

        vars(pair.far_ice)["request_received"] = count
        await until(lambda: len(asked) > 2 * CONSENT_S / EVERY_S)  # longer than it would last unanswered
        assert pair.near.connectionState == "connected"
        assert all("USE-CANDIDATE" not in message.attributes for message in asked)


async def test_consent_that_is_no_longer_given_ends_the_connection() -> None:
    async with connected(HastyClock()) as pair:
        vars(pair.far_ice)["request_received"] = lambda *_: None
        assert pair.consent.silent_s < CONSENT_S
        await until(lambda: pair.near.connectionState in ("closed", "failed"))
        assert pair.consent.silent_s >= CONSENT_S


async def test_an_answer_that_comes_late_is_still_one() -> None:
    """A second of queue stands in a poor uplink: aioice alone would take half a second for silence."""
    async with connected(SystemClock()) as pair:
        answer = pair.far_ice.request_received
        vars(pair.far_ice)["request_received"] = lambda *given: asyncio.get_running_loop().call_later(1, answer, *given)
        heard: list[float] = []
        vars(pair.consent)["heard"] = lambda: heard.append(1)
        await until(lambda: len(heard) > 2)
