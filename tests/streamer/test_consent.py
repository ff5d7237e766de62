"""The contract with aioice's private parts, on real connections; and consent as RFC 7675 wants it."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

import aioice
from aiortc import RTCConfiguration, RTCPeerConnection

from streamer.clock import SystemClock
from streamer.consent import CONSENT_S, EVERY_S, LEAST_APART_S, LOOK_S, Consent, keep_consent
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


class SleepersClock(SystemClock):
    """Time passes by who sleeps, and by nothing else."""

    def __init__(self) -> None:
        self._now = 0.0

    def monotonic(self) -> float:
        """Slept so far."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """A hundredth of it."""
        self._now += seconds
        await asyncio.sleep(seconds / 100)


@dataclass
class Pair:
    """Two connected ends: `near` keeps consent our way, `far` answers."""

    near: RTCPeerConnection
    far: RTCPeerConnection
    consent: Consent
    asked: list[Any]

    @property
    def far_ice(self) -> Any:
        """What answers the checks."""
        return self.far.getTransceivers()[0].receiver.transport.transport._connection


@asynccontextmanager
async def connected(clock: SystemClock, is_unheard: Callable[[], bool] = lambda: False) -> AsyncIterator[Pair]:
    """A pair that talks over this machine's own network."""
    near, far = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    near.addTransceiver("video", direction="sendonly")
    consent = keep_consent(near, clock, Random(1), is_unheard)
    try:
        await near.setLocalDescription(await near.createOffer())
        await far.setRemoteDescription(near.localDescription)
        await far.setLocalDescription(await far.createAnswer())
        await near.setRemoteDescription(far.localDescription)
        await until(lambda: near.connectionState == far.connectionState == "connected")
        pair = Pair(near, far, consent, [])
        answer = pair.far_ice.request_received

        def count(message: Any, *rest: Any) -> None:
            pair.asked.append(message)
            answer(message, *rest)

        vars(pair.far_ice)["request_received"] = count
        yield pair
    finally:
        await near.close()
        await far.close()


def test_aioice_still_asks_through_the_instance() -> None:
    assert "self.query_consent()" in inspect.getsource(aioice.Connection.connect)
    assert "self._query_consent_task" in inspect.getsource(aioice.Connection.close)


async def test_consent_is_asked_for_again_and_again_while_it_is_given() -> None:
    async with connected(HastyClock()) as pair:
        await until(lambda: len(pair.asked) > 2 * CONSENT_S / EVERY_S)  # longer than it would last unanswered
        assert pair.near.connectionState == "connected"
        assert all("USE-CANDIDATE" not in message.attributes for message in pair.asked)


async def test_it_is_asked_for_at_once_when_nothing_comes_back_but_not_without_end() -> None:
    clock, unheard = SleepersClock(), False
    async with connected(clock, lambda: unheard) as pair:
        await until(lambda: len(pair.asked) > 1)
        unheard, began, before = True, clock.monotonic(), len(pair.asked)
        await until(lambda: len(pair.asked) >= before + 8)
        assert 7 * LEAST_APART_S <= clock.monotonic() - began < 8 * (LEAST_APART_S + LOOK_S) + EVERY_S


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
