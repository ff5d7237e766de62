"""The downlink tells a connection what it does not know yet, and nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from server import wire
from server.advice import downlink
from server.advice.downlink import Downlink, Item
from server.bus import LocalBus
from server.errors import Unavailable
from server.tasks import TaskOwner


class Knowledge:
    """What the cameras should know; the database can be away."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.away = 0

    async def of(self, _device_id: str) -> Sequence[Item]:
        if self.away:
            self.away -= 1
            raise Unavailable("the database does not answer")
        return list(self.items)


class End:
    """The camera's end."""

    def __init__(self) -> None:
        self.got: asyncio.Queue[wire.Message] = asyncio.Queue()
        self.broken = False

    async def send(self, raw: bytes) -> None:
        if self.broken:
            raise ConnectionResetError
        self.got.put_nowait(wire.parse_from_server(raw))

    async def next(self) -> wire.Message:
        return await asyncio.wait_for(self.got.get(), 5)


def never() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


def advice(number: int, text: str = "Hold") -> Item:
    return Item(f"advice {number}", wire.Advice(advice_id=str(number), text=text, author="A", sent_at=1.0))


@pytest.fixture
async def tasks() -> AsyncIterator[TaskOwner]:
    async with TaskOwner("test") as owner:
        yield owner


async def test_what_waits_is_sent_on_connecting_and_what_comes_on_ringing(tasks: TaskOwner) -> None:
    knowledge, end = Knowledge(), End()
    down = Downlink(LocalBus())
    down.add_source(knowledge.of)
    knowledge.items = [advice(1)]
    tasks.start(down.serve("cam-1", end.send, never()), "serve")
    assert (await end.next()) == advice(1).message
    knowledge.items.append(advice(2))
    await down.ring("cam-2")  # another camera's bell
    await asyncio.sleep(0)
    assert end.got.empty()
    await down.ring("cam-1")
    assert (await end.next()) == advice(2).message
    knowledge.items[0] = advice(1, "Changed")
    await down.ring("cam-1")
    assert (await end.next()) == advice(1, "Changed").message
    assert end.got.empty()


async def test_a_new_connection_is_told_again(tasks: TaskOwner) -> None:
    knowledge = Knowledge()
    knowledge.items = [advice(1)]
    down = Downlink(LocalBus())
    down.add_source(knowledge.of)
    for _ in range(2):
        end = End()
        gone = never()
        serving = tasks.start(down.serve("cam-1", end.send, gone), "serve")
        assert (await end.next()) == advice(1).message
        gone.set_result(None)
        await asyncio.wait_for(serving, 5)
    assert down._links == {}


async def test_a_database_that_is_away_is_asked_again(tasks: TaskOwner) -> None:
    knowledge, end = Knowledge(), End()
    knowledge.items, knowledge.away = [advice(1)], 1
    down = Downlink(LocalBus())
    down.add_source(knowledge.of)
    tasks.start(down.serve("cam-1", end.send, never()), "serve")
    assert (await end.next()) == advice(1).message


async def test_a_lost_bell_is_made_good_by_looking_again(tasks: TaskOwner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downlink, "LOOK_AGAIN_S", 0.01)
    knowledge, end = Knowledge(), End()
    down = Downlink(LocalBus())
    down.add_source(knowledge.of)
    tasks.start(down.serve("cam-1", end.send, never()), "serve")
    await asyncio.sleep(0.03)
    knowledge.items = [advice(1)]
    assert (await end.next()) == advice(1).message
