"""The bus of one process."""

from __future__ import annotations

from typing import Any

from server.bus import LocalBus, Topic


async def test_every_listener_of_a_topic_gets_every_message_in_order() -> None:
    bus = LocalBus()
    first: list[dict[str, Any]] = []
    second: list[dict[str, Any]] = []
    bus.subscribe(Topic.JOURNAL, first.append)
    bus.subscribe(Topic.JOURNAL, second.append)
    for seq in (1, 2, 3):
        await bus.publish(Topic.JOURNAL, {"seq": seq})
    await bus.publish(Topic.LATEST, {"fixes": []})
    assert first == second == [{"seq": 1}, {"seq": 2}, {"seq": 3}]


async def test_a_cancelled_subscription_hears_nothing_more() -> None:
    bus = LocalBus()
    heard: list[dict[str, Any]] = []
    subscription = bus.subscribe(Topic.DOWNLINK, heard.append)
    subscription.cancel()
    subscription.cancel()
    await bus.publish(Topic.DOWNLINK, {"device_id": "a"})
    assert heard == []


async def test_a_listener_may_cancel_itself_while_it_is_called() -> None:
    bus = LocalBus()
    heard: list[dict[str, Any]] = []

    def once(body: dict[str, Any]) -> None:
        heard.append(body)
        subscription.cancel()

    subscription = bus.subscribe(Topic.JOURNAL, once)
    bus.subscribe(Topic.JOURNAL, heard.append)
    await bus.publish(Topic.JOURNAL, {"seq": 1})
    await bus.publish(Topic.JOURNAL, {"seq": 2})
    assert heard == [{"seq": 1}, {"seq": 1}, {"seq": 2}]
