"""The private parts of aioice that the camera touches, all in this module; pinned by a contract test.

aioice 0.13 asks for consent (RFC 7675) every 5 s and waits half a second for the answer. That is too seldom to be
followed to a new mapped address within 2 s, and too impatient for an uplink with a second of queue in it, whose session
would be closed after six answers that came late.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from random import Random
from typing import Any

from aioice.stun import TransactionError
from aiortc import RTCPeerConnection

from streamer.clock import Clock
from streamer.tasks import TaskOwner

# A check is what shows the server a camera's new mapped address: media is lost until it comes. RFC 7675 wants consent
# to be asked for every 4 s at most often; these are the more frequent checks of ICE (Chromium's: every 0.5 to 2.5 s).
EVERY_S = 1.0
LEAST_APART_S = 0.25  # … and no more often than this where nothing comes back: a check takes 130 bytes
LOOK_S = 0.05  # how often to look whether something does
CONSENT_S = 30.0  # RFC 7675 section 5.1: after so long without an answer nothing more is sent
REPEATS = 2  # of one check, after 0.5 and 1.5 s; its answer may take 3.5 s


class Consent:
    """When the server last answered a check of this connection."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heard_at = clock.monotonic()

    def heard(self) -> None:
        """It has answered."""
        self._heard_at = self._clock.monotonic()

    @property
    def silent_s(self) -> float:
        """Since its last answer."""
        return self._clock.monotonic() - self._heard_at


def keep_consent(
    connection: RTCPeerConnection, clock: Clock, rng: Random, is_unheard: Callable[[], bool] = lambda: False
) -> Consent:
    """Let the connection ask for consent in our way. Before it connects, and after its senders were added.

    It also asks as soon as `is_unheard`: what is sent may come from another address now.
    """
    consent = Consent(clock)
    for transport in {sender.transport for sender in connection.getSenders()}:
        ice = transport.transport._connection
        vars(ice)["query_consent"] = partial(_query, ice, consent, clock, rng, is_unheard)
    return consent


async def _query(ice: Any, consent: Consent, clock: Clock, rng: Random, is_unheard: Callable[[], bool]) -> None:
    """In place of `aioice.Connection.query_consent`, which that starts as a task once it has connected."""
    consent.heard()
    async with TaskOwner("consent") as checks:
        while consent.silent_s < CONSENT_S:
            for pair in list(ice._nominated.values()):
                checks.start(_check(ice, pair, consent), "check")
            until = clock.monotonic() + EVERY_S * rng.uniform(0.8, 1.2)  # RFC 7675 section 5.1 wants it spread
            await clock.sleep(LEAST_APART_S)
            while clock.monotonic() < until and not is_unheard():
                await clock.sleep(LOOK_S)
    ice._query_consent_task = None  # else `close` would wait for this very task
    await ice.close()


async def _check(ice: Any, pair: Any, consent: Consent) -> None:
    """One check; the next one does not wait for its answer, which may take long and still be one."""
    request, key = ice.build_request(pair, nominate=False), ice.remote_password.encode()
    with suppress(TransactionError):
        await pair.protocol.request(request, pair.remote_addr, integrity_key=key, retransmissions=REPEATS)
        consent.heard()
