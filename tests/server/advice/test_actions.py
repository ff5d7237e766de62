"""Advice with a real database: sent once, proved in any order, resent until acknowledged."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from server import wire
from server.advice.actions import OVERTAKEN_S, REQUEST_VALID_S, Advising, CameraRequests
from server.advice.advice import Advice
from server.advice.store import AdviceStore, RequestStore
from server.bus import LocalBus, Topic
from server.clock import HandClock
from server.database import Database
from server.errors import BadRequest, Conflict, NotFound, Unprocessable
from server.journal import Journal

NOW = 1_800_000_000.0


class Scene:
    def __init__(self, database: Database) -> None:
        self.clock = HandClock(NOW)
        self.journal = Journal(database, self.clock)
        self.rung: list[str] = []
        self.bells: list[int] = []
        bus = LocalBus()
        bus.subscribe(Topic.JOURNAL, lambda body: self.bells.append(body["seq"]))
        store = AdviceStore(database, self.journal)
        self.advising = Advising(store, bus, self.clock, call_sign=self._call_sign, ring=self._ring)
        self.online = True
        self.requests = CameraRequests(
            RequestStore(database), self.clock, ring=self._ring, online=lambda _device_id: self.online
        )

    async def _call_sign(self, device_id: str) -> str:
        if device_id != "cam-1":
            raise NotFound(f"there is no unit {device_id}")
        return "Tango 21"

    async def _ring(self, device_id: str) -> None:
        self.rung.append(device_id)

    async def send(self, text: str = "Hold, contain", client_id: str = "client-0001", author: str = "p1") -> Advice:
        return await self.advising.send("cam-1", text, client_id, author, author.upper())

    async def receipt(self, advice: Advice, state: Any, at: float = NOW + 1, device_id: str = "cam-1") -> None:
        receipt = wire.Receipt(seq=1, at=at, advice_id=advice.id, state=state)
        await self.advising.receive_receipt(device_id, "outbox-1", receipt)

    async def only(self) -> dict[str, Any]:
        (advice,) = await self.advising.newest()
        return advice


@pytest.fixture
async def scene(database: Database) -> Scene:
    return Scene(database)


async def test_advice_is_a_row_and_a_journal_entry_before_anybody_is_told(scene: Scene) -> None:
    advice = await scene.send()
    assert [entry.body for entry in await scene.journal.after(0)] == [advice.as_json()]
    assert (scene.bells, scene.rung) == ([1], ["cam-1"])
    (item,) = await scene.advising.waiting("cam-1")
    assert item.message == wire.Advice(advice_id=advice.id, text="Hold, contain", author="P1", sent_at=NOW)


async def test_the_same_request_twice_sends_once(scene: Scene) -> None:
    both = await asyncio.gather(*(scene.send() for _ in range(4)))
    assert len({advice.id for advice in both}) == 1
    assert await scene.journal.last_seq() == 1
    with pytest.raises(Conflict, match="client_id"):
        await scene.send("Something else")
    other = await scene.send("Something else", author="p2")
    assert other.id != both[0].id


async def test_bad_words_and_unknown_cameras_are_refused(scene: Scene) -> None:
    with pytest.raises(BadRequest):
        await scene.send("")
    with pytest.raises(NotFound):
        await scene.advising.send("cam-9", "Hold", "client-0001", "p1", "P1")
    assert await scene.journal.last_seq() == 0


@pytest.mark.parametrize("order", list(itertools.permutations(["delivered", "shown", "acknowledged"])))
async def test_receipts_in_any_order_end_the_same(scene: Scene, order: tuple[str, ...]) -> None:
    advice = await scene.send()
    scene.clock.move(10)
    times = {"delivered": NOW + 1, "shown": NOW + 2, "acknowledged": NOW + 3}
    for state in order * 2:
        await scene.receipt(advice, state, times[state])
    shown = await scene.only()
    assert [shown[f"{state}_at"] for state in times] == list(times.values())
    assert await scene.advising.waiting("cam-1") == []


async def test_a_receipt_that_says_nothing_new_rings_no_bell(scene: Scene) -> None:
    advice = await scene.send()
    for _ in range(3):
        await scene.receipt(advice, "delivered")
    assert scene.bells == [1, 2]
    assert await scene.journal.last_seq() == 2


async def test_a_receipt_from_another_camera_is_refused(scene: Scene) -> None:
    advice = await scene.send()
    with pytest.raises(Unprocessable, match="not sent to this camera"):
        await scene.receipt(advice, "acknowledged", device_id="cam-2")
    assert (await scene.only())["acknowledged_at"] is None


async def test_a_wrong_clock_does_not_put_a_receipt_before_the_advice(scene: Scene) -> None:
    advice = await scene.send()
    scene.clock.move(5)
    await scene.receipt(advice, "delivered", NOW - 3600)
    await scene.receipt(advice, "shown", NOW + 3600)
    shown = await scene.only()
    assert (shown["delivered_at"], shown["shown_at"]) == (NOW, NOW + 5)


async def test_advice_waits_until_acknowledged_but_not_for_the_next_shift(scene: Scene) -> None:
    first = await scene.send()
    await scene.receipt(first, "shown")
    assert [item.key for item in await scene.advising.waiting("cam-1")] == [f"advice {first.id}"]
    assert await scene.advising.waiting("cam-2") == []
    scene.clock.move(OVERTAKEN_S + 1)
    assert await scene.advising.waiting("cam-1") == []


async def test_a_request_waits_until_the_camera_has_taken_it_and_not_for_long(scene: Scene) -> None:
    await scene.requests.ask("cam-1", "record", "Anna")
    (item,) = await scene.requests.waiting("cam-1")
    assert isinstance(item.message, wire.Request)
    assert (item.message.what, item.message.by) == ("record", "Anna")
    await scene.requests.taken("cam-1", ["another"])
    await scene.requests.taken("cam-2", [item.message.request_id])
    assert await scene.requests.waiting("cam-1") == [item], "another camera cannot take it"
    for _ in range(2):  # each status says it again
        await scene.requests.taken("cam-1", ["another", item.message.request_id])
    assert await scene.requests.waiting("cam-1") == []
    await scene.requests.ask("cam-1", "stream", "Anna")
    scene.clock.move(REQUEST_VALID_S + 1)
    assert await scene.requests.waiting("cam-1") == []
    scene.online = False
    with pytest.raises(Conflict, match="not connected"):
        await scene.requests.ask("cam-1", "stream", "Anna")
