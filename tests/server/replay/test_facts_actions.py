"""However busy the force was, nothing is left out of what the view's own cameras did; and what is left out is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from server.alerts.alert import Alert, Step
from server.alerts.store import AlertStore
from server.clock import HandClock
from server.database import Among, Database
from server.journal.store import Journal
from server.replay import facts_actions
from server.replay.cut import Cut
from server.replay.timeline import alerts_at
from tests.fakes.incident import Officer, drawn, lay_incident
from tests.fakes.recordings import Laid
from tests.server.replay.test_routes import BASE, OFFICERS, Browser, browser, laid

__all__ = ["browser", "laid"]  # fixtures
MOST = 20


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts_actions, "MOST_ROWS", MOST)  # five thousand take a minute


async def chattering(database: Database, device_id: str, since: float, count: int, step_s: float) -> Alert:
    """An alert that nobody closes, and each of its `count` states."""
    clock = HandClock(since)
    store = AlertStore(database, Journal(database, clock))
    alert = drawn(Officer(device_id, device_id[:4].upper()), since)
    for number in range(count):
        alert = replace(alert, count=number + 1, last_at=clock.wall())
        async with store.transaction() as tx:
            await store.save(tx, alert, [Step("again", clock.wall())], await store.next_seq(tx))
        clock.move(step_s)
    return alert


async def test_an_old_alert_that_nobody_closed_takes_no_room_from_what_happened_now(
    browser: Browser, database: Database, laid: list[Laid]
) -> None:
    """It stood for a day and changed three times as often as rows are read."""
    await chattering(database, "et99-cam", BASE - 86_400, 3 * MOST, 1000.0)
    await lay_incident(database, OFFICERS, BASE, 10)
    view = await browser.open({"recordings": [laid[0].id]})
    told = await browser.get(f"/api/replays/{view['id']}")
    kinds = [one["alert"]["kind"] for one in told["alert_states"] if one["alert"]["device_id"] == "et17-cam"]
    assert kinds == ["taser.drawn", "taser.armed"]
    (old,) = [one for one in told["alert_states"] if one["alert"]["device_id"] == "et99-cam"]
    assert old["alert"]["count"] == 3 * MOST  # how it stood when the view begins, by one state
    assert told["cuts"] == []
    known = await browser.get(f"/api/replays/{view['id']}/known?at={BASE + 9}")
    assert [one["title"] for one in known["alerts"]] == ["TASER drawn", "TASER armed"]


async def test_other_cameras_states_take_no_room_from_the_view_s_own_and_what_they_lack_is_told(
    browser: Browser, database: Database, laid: list[Laid]
) -> None:
    await chattering(database, "et99-cam", BASE + 0.05, MOST + 4, 0.1)
    await lay_incident(database, OFFICERS, BASE, 10)
    view = await browser.open({"recordings": [laid[0].id]})
    told = await browser.get(f"/api/replays/{view['id']}")
    states = [one["alert"] for one in told["alert_states"]]
    assert len([one for one in states if one["device_id"] == "et99-cam"]) == MOST
    assert len([one for one in states if one["device_id"] == "et17-cam"]) == 2
    (cut,) = told["cuts"]
    assert (cut["what"], cut["own"]) == ("alert_states", False)
    assert cut["since"] == pytest.approx(BASE + 0.05 + (MOST - 1) * 0.1)
    assert (await browser.get(f"/api/replays/{view['id']}/known?at={BASE + 9}"))["cuts"] == [cut]
    assert (await browser.get(f"/api/replays/{view['id']}/known?at={BASE + 1}"))["cuts"] == []


async def test_an_officer_is_told_only_of_what_lacks_of_the_own_camera(
    browser: Browser, database: Database, laid: list[Laid]
) -> None:
    for device in ("et99-cam", "et17-cam"):
        await chattering(database, device, BASE + 0.05, MOST + 4, 0.1)
    view = await browser.open({"recordings": [laid[0].id]}, 201, "marsh:officer")
    told = await browser.get(f"/api/replays/{view['id']}", X_Person="marsh:officer")
    assert [(one["what"], one["own"]) for one in told["cuts"]] == [("alert_states", True)]


async def test_the_states_of_a_thousand_alerts_are_read_as_they_stood(database: Database) -> None:
    """More names than one question takes, some of which nobody knows."""
    await chattering(database, "et17-cam", BASE, 5, 10.0)
    names = [f"nobody-{number}" for number in range(1200)]
    journal = Journal(database, HandClock(BASE))
    found = await journal.states([*names, "alert-et17-cam"], BASE + 15, BASE + 35, 100)
    assert [(one.at - BASE, one.body["count"]) for one in found] == [(10, 2), (20, 3), (30, 4)]
    states = [(one.at, one.body) for one in found]
    assert [one["count"] for one in alerts_at(states, BASE + 16)] == [2]
    assert await journal.states([], BASE, BASE + 99, 100) == []


async def test_everybody_is_among_the_others_or_not(database: Database) -> None:
    await lay_incident(database, OFFICERS, BASE, 10)
    store = AlertStore(database, Journal(database, HandClock(BASE)))
    of_one = Among(frozenset({"et17-cam"}))

    async def found(among: Among) -> list[dict[str, Any]]:
        return await store.between(BASE, BASE + 60, 10, 0, among)

    assert [one["device_id"] for one in await found(of_one)] == ["et17-cam"]
    assert await found(replace(of_one, others=True)) == []


def test_a_cut_says_what_lacks_of_whom() -> None:
    assert Cut("alert_states", own=True, since=BASE).words() == "alert states of these cameras"
