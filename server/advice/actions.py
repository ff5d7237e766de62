"""What may be done with advice: send it, follow it, and ask a camera to do something.

The river: composer → send → store (committed) → bus (doorbell) → downlink → the officer's device; the
receipts take the uplink back. What is sent is a row first, so that no break of any connection loses it.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server import wire
from server.advice.advice import Advice, checked_text
from server.advice.downlink import Item
from server.advice.receipt import Reached, receive
from server.advice.store import AdviceStore, RequestStore
from server.bus import Bus, Topic
from server.clock import Clock
from server.decisions.decision import ADVISED, Decided
from server.errors import Conflict, Unprocessable

OVERTAKEN_S = 12 * 3600.0  # advice from the shift before is not pressed upon the next wearer
MOST_RESENT = 50
REQUEST_VALID_S = 60.0  # "start streaming now" must not come true minutes later, when nobody expects it
KNOWN_TAKEN = 500  # every status repeats the last ones: the database is not asked for what is known
SKEW_S = 2.0  # R11: below this, a difference of clocks is mostly the message's travel time

CallSign = Callable[[str], Awaitable[str]]  # device_id → call sign; raises NotFound
Ring = Callable[[str], Awaitable[None]]  # device_id: something waits for this camera
Keep = Callable[[AsyncConnection, Decided], Awaitable[None]]  # what stood on the screen, with the words


class Advising:
    """Sends advice and keeps its receipts."""

    def __init__(self, store: AdviceStore, bus: Bus, clock: Clock, *, call_sign: CallSign, ring: Ring) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._call_sign = call_sign
        self._ring = ring

    async def send(
        self,
        device_id: str,
        text: object,
        client_id: str,
        author_id: str,
        author_name: str,
        keep: Keep | None = None,
    ) -> Advice:
        """Send words to an officer; the same `client_id` again returns what was sent, and keeps nothing new.

        Raises BadRequest, NotFound.
        """
        words = checked_text(text)
        call_sign = await self._call_sign(device_id)
        try:
            async with self._store.transaction() as tx:
                before = await self._store.sent_as(tx, author_id, client_id)
                if before is None:
                    seq = await self._store.next_seq(tx)
                    advice = Advice(
                        id=secrets.token_hex(12),
                        seq=seq,
                        device_id=device_id,
                        call_sign=call_sign,
                        text=words,
                        author_id=author_id,
                        author_name=author_name,
                        sent_at=self._clock.wall(),
                    )
                    await self._add(tx, advice, client_id, keep)
        except IntegrityError:  # the same request twice at once, on two processes: the other one has sent it
            async with self._store.transaction() as tx:
                before = await self._store.sent_as(tx, author_id, client_id)
        if before is not None:
            return _same(before, device_id, words)
        await self._bus.publish(Topic.JOURNAL, {"seq": advice.seq})
        await self._ring(device_id)
        return advice

    async def _add(self, tx: AsyncConnection, advice: Advice, client_id: str, keep: Keep | None) -> None:
        await self._store.add(tx, advice, client_id)
        if keep is not None:
            await keep(tx, Decided(ADVISED, "advice", advice.id, advice.device_id, advice.sent_at))

    async def receive_receipt(
        self, device_id: str, outbox_id: str, receipt: wire.Receipt, offset_s: float = 0.0
    ) -> None:
        """Keep a proof from the device. The same again changes nothing. Raises Unprocessable if it is not its own."""
        at = receipt.at - offset_s if abs(offset_s) > SKEW_S else receipt.at
        seq: int | None = None
        async with self._store.transaction() as tx:
            advice = await self._store.find(tx, receipt.advice_id)
            if advice is None or advice.device_id != device_id:
                raise Unprocessable(f"advice_id: {receipt.advice_id} was not sent to this camera")
            bounded = min(max(at, advice.sent_at), self._clock.wall())
            if receive(advice.receipts, Reached[receipt.state.upper()], bounded) != advice.receipts:
                seq = await self._store.next_seq(tx)
                newest = await self._store.find(tx, receipt.advice_id) or advice
                receipts = receive(newest.receipts, Reached[receipt.state.upper()], bounded)
                await self._store.set_receipts(tx, newest, receipts, seq)
        if seq is not None:
            await self._bus.publish(Topic.JOURNAL, {"seq": seq})

    async def newest(self, device_id: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
        """The newest advice, oldest first."""
        return [advice.as_json() for advice in await self._store.newest(device_id, limit)]

    async def waiting(self, device_id: str) -> list[Item]:
        """What the officer has not acknowledged; the camera tells a repetition by `advice_id`."""
        since = self._clock.wall() - OVERTAKEN_S
        rows = await self._store.unacknowledged(device_id, since, MOST_RESENT)
        return [Item(f"advice {advice.id}", advice.as_message()) for advice in rows]


class CameraRequests:
    """Asks cameras to record or to stream. What the camera then reports is the answer."""

    def __init__(self, store: RequestStore, clock: Clock, *, ring: Ring, online: Callable[[str], bool]) -> None:
        self._store = store
        self._clock = clock
        self._ring = ring
        self._online = online
        self._known_taken: deque[tuple[str, str]] = deque(maxlen=KNOWN_TAKEN)

    async def ask(self, device_id: str, what: wire.RequestWhat, by_name: str) -> None:
        """Ask for `what` in the name of a person; forgotten after a minute. Raises Conflict if out of reach."""
        if not self._online(device_id):
            raise Conflict("the camera is not connected; ask the officer by radio", kind="not-connected")
        await self._store.add(secrets.token_hex(12), device_id, what, by_name, self._clock.wall())
        await self._ring(device_id)

    async def waiting(self, device_id: str) -> list[Item]:
        """What is asked of this camera and was not taken yet; the camera tells a repetition by `request_id`."""
        rows = await self._store.waiting(device_id, self._clock.wall() - REQUEST_VALID_S)
        return [
            Item(f"request {row.id}", wire.Request(request_id=row.id, what=row.what, by=row.by_name)) for row in rows
        ]

    async def taken(self, device_id: str, request_ids: Sequence[str]) -> None:
        """The camera's status says that it has these. Raises Unavailable; the next status says so again."""
        new = [one for one in request_ids if (device_id, one) not in self._known_taken]
        if not new:
            return
        await self._store.set_taken(device_id, new, self._clock.wall())
        self._known_taken.extend((device_id, one) for one in new)


def _same(before: Advice, device_id: str, words: str) -> Advice:
    if (before.device_id, before.text) != (device_id, words):
        raise Conflict("client_id: it was used for other advice", advice=before.as_json())
    return before
