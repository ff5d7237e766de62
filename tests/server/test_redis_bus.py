"""The bus of several processes on a real redis-server that is killed and started again."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from aiohttp import ClientSession
from redis import Redis

from server import wire
from server.alerts.alert import By, Happening
from server.bus import Body, Topic
from server.database import Database
from server.errors import StartError
from server.redis_bus import RedisBus
from tests.fakes.small_server import camera, console, small_server
from tests.local_servers import LocalRedis


@asynccontextmanager
async def started(url: str) -> AsyncIterator[RedisBus]:
    bus = RedisBus(url)
    await bus.start()
    try:
        yield bus
    finally:
        await bus.close()


async def eventually(condition: Callable[[], Any]) -> None:
    for _ in range(1500):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never happened")


async def test_a_message_reaches_every_process_once(redis_url: str) -> None:
    async with started(redis_url) as one, started(redis_url) as two:
        here: list[Any] = []
        there: list[Any] = []
        one.subscribe(Topic.DOWNLINK, here.append)
        listening = two.subscribe(Topic.DOWNLINK, there.append)
        two.subscribe(Topic.JOURNAL, lambda body: there.append("wrong topic"))
        await one.publish(Topic.DOWNLINK, {"device_id": "cam-1", "raw": b"\x00\xff"})
        assert here == [{"device_id": "cam-1", "raw": b"\x00\xff"}]
        await eventually(lambda: there)
        listening.cancel()
        for number in range(20):
            await two.publish(Topic.DOWNLINK, {"number": number})
        await eventually(lambda: len(here) == 21)
        assert [body["number"] for body in here[1:]] == list(range(20))
        assert there == [{"device_id": "cam-1", "raw": b"\x00\xff"}]
        assert one.healthy()


async def test_redis_killed_and_started_again_is_noticed_mended_and_told(redis_server: LocalRedis) -> None:
    async with started(redis_server.url) as one, started(redis_server.url) as two:
        missed: list[str] = []
        one.on_reconnect(lambda: missed.append("one"))
        two.on_reconnect(lambda: missed.append("two"))
        got: list[Any] = []
        two.subscribe(Topic.JOURNAL, got.append)
        for turn in range(2):
            redis_server.kill()
            await eventually(lambda: not one.healthy() and not two.healthy())
            await one.publish(Topic.JOURNAL, {"seq": -1})  # goes nowhere else, raises nothing
            missed.clear()
            redis_server.start()
            await one.publish(Topic.JOURNAL, {"seq": -2})
            await eventually(lambda: one.healthy() and two.healthy() and {"one", "two"} <= set(missed))
            await one.publish(Topic.JOURNAL, {"seq": turn})
            await eventually(partial(got.count, {"seq": turn}))


async def test_a_listener_with_a_defect_does_not_make_the_process_deaf(redis_url: str) -> None:
    async with started(redis_url) as one, started(redis_url) as two:
        heard: list[Body] = []

        def breaks(body: Body) -> None:
            if body.get("seq") == 1:
                raise KeyError("a defect of ours")
            heard.append(body)

        two.subscribe(Topic.JOURNAL, breaks)
        resumed: list[None] = []
        two.on_reconnect(lambda: resumed.append(None))
        await one.publish(Topic.JOURNAL, {"seq": 1})
        await eventually(lambda: resumed)  # what was missed meanwhile is read
        await one.publish(Topic.JOURNAL, {"seq": 2})
        await eventually(lambda: heard == [{"seq": 2}])
        assert two.healthy()


async def test_a_connection_cut_by_the_server_alone_is_mended(redis_url: str) -> None:
    async with started(redis_url) as bus:
        told: list[int] = []
        bus.on_reconnect(lambda: told.append(1))
        with Redis.from_url(redis_url) as operator:
            operator.client_kill_filter(_type="pubsub")
        await eventually(lambda: told and bus.healthy())


async def test_without_redis_the_process_starts_and_works_alone(redis_server: LocalRedis) -> None:
    redis_server.kill()
    async with started(redis_server.url) as bus:
        got: list[Any] = []
        bus.subscribe(Topic.JOURNAL, got.append)
        await bus.publish(Topic.JOURNAL, {"seq": 1})
        assert got == [{"seq": 1}]
        assert not bus.healthy()
        redis_server.start()
        await eventually(bus.healthy)


async def test_what_others_put_on_our_channels_is_passed_over(redis_url: str) -> None:
    async with started(redis_url) as bus:
        got: list[Any] = []
        bus.subscribe(Topic.JOURNAL, got.append)
        with Redis.from_url(redis_url) as stranger:
            for rubbish in (b"\xc1", b"hello", wire.pack_map({"from": "x"}), wire.pack_map({"from": "x", "body": 5})):
                stranger.publish("watchroom:journal", rubbish)
            stranger.publish("watchroom:journal", wire.pack_map({"from": "x", "body": {"seq": 7}}))
        await eventually(lambda: got)
        assert got == [{"seq": 7}]
        assert bus.healthy()


async def test_an_echo_takes_as_long_as_a_message_to_another_process(redis_server: LocalRedis) -> None:
    async with started(redis_server.url) as bus, started(redis_server.url) as other:
        loop, heard = asyncio.get_running_loop(), []
        other.subscribe(Topic.JOURNAL, lambda _: heard.append(loop.time()))
        assert await bus.echo()
        asked = loop.time()
        redis_server.signal(signal.SIGSTOP)
        loop.call_later(0.5, redis_server.signal, signal.SIGCONT)
        await bus.publish(Topic.JOURNAL, {"seq": 1})
        assert await bus.echo()
        took = loop.time() - asked
        await eventually(lambda: heard)
        assert took >= 0.45
        assert heard[0] - asked >= 0.45
        assert not bus._echoes


async def test_no_echo_is_heard_while_redis_is_down_nor_one_that_was_lost(redis_server: LocalRedis) -> None:
    async with started(redis_server.url) as bus:
        lost = asyncio.create_task(bus.echo())
        redis_server.kill()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(lost, 0.3)
        await eventually(lambda: not bus.healthy())
        assert not await bus.echo()
        redis_server.start()
        await eventually(bus.healthy)
        assert await asyncio.wait_for(bus.echo(), 5.0)


def test_a_url_that_is_none_stops_the_start() -> None:
    with pytest.raises(StartError, match="redis"):
        RedisBus("memcached://localhost")


async def test_two_processes_one_alert_and_redis_killed_in_between(redis_server: LocalRedis, database_url: str) -> None:
    """A console on process 2 misses nothing of what a camera on process 1 raises, and sees nothing twice (R7)."""
    one_database, two_database = Database(database_url), Database(database_url)
    await one_database.migrate()
    async with (
        ClientSession() as session,
        small_server(one_database, RedisBus(redis_server.url)) as one,
        small_server(two_database, RedisBus(redis_server.url)) as two,
        camera(session, one) as officer,
        console(session, two) as watcher,
    ):
        await watcher.receive()
        seq = 0
        for turn in range(3):
            for _ in range(5):
                seq += 1
                kind: Any = "taser.armed" if seq % 2 else "taser.safe"
                await officer.send(wire.Signal(seq=seq, at=one.clock.wall(), kind=kind))
                if seq % 5 == 2:
                    redis_server.kill()
                if seq % 5 == 4:
                    redis_server.start()
            await officer.until_acked(seq)
            await watcher.until_seq(await one.journal.last_seq())
            (alert,) = watcher.alerts.values()
            assert alert["count"] == (seq + 1) // 2, turn
        assert watcher.seqs == list(range(watcher.seqs[-1] + 1))
        await eventually(lambda: one.bus.healthy() and two.bus.healthy())
        # Acknowledged on process 2; the officer's camera is told by process 1.
        officer.others.clear()
        await two.alerts.act(alert["id"], Happening.ACKNOWLEDGE, By("p1", "Anna"))
        update = await officer.until(wire.AlertUpdate)
        while update.state != "acknowledged":
            update = await officer.until(wire.AlertUpdate)
        assert update.by == "Anna"
        advice = await two.advising.send("cam-1", "Well done", "client-0001", "p1", "Anna")
        assert (await officer.until(wire.Advice)).advice_id == advice.id
        # The camera comes back to process 2: the newer connection wins over the processes, too.
        async with camera(session, two) as moved:
            with pytest.raises(ConnectionResetError):
                await officer.until(wire.Token)
            assert officer.socket.close_code == 4009
            await moved.send(wire.Fix(seq=seq + 1, at=two.clock.wall(), lat=51, lon=-1, accuracy_m=3))
            await eventually(lambda: one.positions.latest_of("cam-1"))
    await one_database.close()
    await two_database.close()
