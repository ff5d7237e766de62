"""Alerts with a real database: one row per truth, one winner, nothing twice, nothing rewritten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from server import wire
from server.alerts.actions import Alerts
from server.alerts.alert import By, Happening
from server.alerts.catalogue import Catalogue
from server.alerts.store import AlertStore, alert_table
from server.bus import LocalBus, Topic
from server.clock import HandClock
from server.database import Database
from server.errors import Conflict, NotFound
from server.journal import Journal
from server.journal.entry import EntryKind
from server.positions.fix import Fix, judge

ANNA, BEN = By("p1", "Anna"), By("p2", "Ben")
NOW = 1_800_000_000.0


class Scene:
    """Alerts on a database, with what they told to whom."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = HandClock(NOW)
        self.bus = LocalBus()
        self.journal = Journal(database, self.clock)
        self.rung: list[str] = []
        self.to_record: list[tuple[str, int]] = []
        self.bells: list[int] = []
        self.bus.subscribe(Topic.JOURNAL, lambda body: self.bells.append(body["seq"]))
        self.alerts = Alerts(
            AlertStore(database, self.journal),
            self.bus,
            self.clock,
            Catalogue.load({}),
            bearer=self._bearer,
            locate=self._locate,
            place=lambda lat, lon: "Quay Street" if lat > 50 else None,
            ring=self._ring,
            to_record=lambda alert: self.to_record.append((alert.kind, alert.count)),
        )

    async def _bearer(self, device_id: str) -> tuple[str, dict[str, str] | None]:
        return device_id.upper(), {"name": "A. Officer", "collar_number": "4711"}

    def _locate(self, device_id: str) -> Fix | None:
        if device_id == "cam-nowhere":
            return None
        return judge(device_id, "o", wire.Fix(seq=1, at=NOW, lat=51, lon=-1, accuracy_m=3), None, NOW)

    async def _ring(self, device_id: str) -> None:
        self.rung.append(device_id)

    async def signal(self, kind: Any, seq: int, device_id: str = "cam-1", outbox_id: str = "outbox-1") -> None:
        signal = wire.Signal(seq=seq, at=self.clock.wall(), kind=kind, detail={"count": 1} if "arc" in kind else {})
        await self.alerts.receive_signal(device_id, outbox_id, signal)

    async def entries(self, kind: EntryKind | None = None) -> list[dict[str, Any]]:
        return [entry.body for entry in await self.journal.after(0) if kind is None or entry.kind is kind]

    async def only(self) -> dict[str, Any]:
        (alert,) = await self.alerts.standing()
        return alert


@pytest.fixture
async def scene(database: Database) -> AsyncIterator[Scene]:
    yield Scene(database)


async def test_a_signal_becomes_an_alert_with_who_where_and_both_times(scene: Scene) -> None:
    signal = wire.Signal(seq=1, at=NOW + 3600, kind="emergency.pressed")
    await scene.alerts.receive_signal("cam-1", "outbox-1", signal, 3600.0)
    alert = await scene.only()
    assert (alert["kind"], alert["priority"], alert["state"], alert["count"]) == ("emergency", 1, "raised", 1)
    assert (alert["call_sign"], alert["wearer"]["collar_number"], alert["place"]) == ("CAM-1", "4711", "Quay Street")
    assert (alert["raised_at"], alert["device_at"], alert["clock_offset_s"]) == (NOW, NOW + 3600, 3600.0)
    assert [step["action"] for step in alert["steps"]] == ["raised"]
    assert (await scene.entries()) == [alert]
    assert (scene.bells, scene.rung) == ([1], ["cam-1"])


async def test_an_alert_without_a_position_says_so(scene: Scene) -> None:
    await scene.signal("emergency.pressed", 1, "cam-nowhere")
    alert = await scene.only()
    assert (alert["lat"], alert["lon"], alert["place"]) == (None, None, None)


async def test_a_resent_signal_does_nothing_and_leaves_no_gap_in_the_numbers(scene: Scene) -> None:
    for _ in range(3):
        await scene.signal("taser.armed", 5)
    await scene.signal("taser.armed", 5, outbox_id="outbox-2")  # another outbox: another signal
    assert (await scene.only())["count"] == 2
    assert [entry.seq for entry in await scene.journal.after(0)] == [1, 2]
    assert scene.bells == [1, 2]


async def test_the_same_signal_on_many_connections_at_once_is_kept_once(scene: Scene) -> None:
    await asyncio.gather(*(scene.signal("taser.armed", seq % 4 + 1) for seq in range(24)))
    assert (await scene.only())["count"] == 4
    seqs = [entry.seq for entry in await scene.journal.after(0)]
    assert seqs == list(range(1, len(seqs) + 1))


async def test_a_taser_from_holster_to_safe_is_one_alert(scene: Scene) -> None:
    for seq, kind in enumerate(["taser.drawn", "taser.armed", "taser.trigger", "taser.arc", "taser.safe"], start=1):
        await scene.signal(kind, seq)
    alert = await scene.only()
    assert (alert["kind"], alert["priority"], alert["state"], alert["count"]) == ("taser.arc", 1, "cleared", 1)
    actions = [step["action"] for step in alert["steps"]]
    assert actions == ["raised", "escalated", "escalated", "escalated", "cleared"]
    assert "count 1" in alert["steps"][3]["detail"]
    activity = await scene.entries(EntryKind.ACTIVITY)
    assert [(one["kind"], one["text"], one["call_sign"]) for one in activity] == [("taser.safe", "TASER safe", "CAM-1")]
    assert activity[0]["seq"] == 6


async def test_what_asks_for_no_action_is_an_activity(scene: Scene) -> None:
    await scene.signal("recording.started", 1)
    assert await scene.alerts.standing() == []
    (activity,) = await scene.entries()
    assert activity == {
        "seq": 1,
        "at": NOW,
        "device_id": "cam-1",
        "call_sign": "CAM-1",
        "kind": "recording.started",
        "text": "Recording started",
    }


async def test_a_clear_that_arrives_first_waits_for_its_alert(scene: Scene) -> None:
    await scene.signal("taser.safe", 2)
    await scene.signal("taser.armed", 1)
    assert (await scene.only())["state"] == "cleared"


async def test_two_operators_at_once_one_wins_and_the_other_sees_who(scene: Scene) -> None:
    await scene.signal("emergency.pressed", 1)
    alert_id = (await scene.only())["id"]
    results = await asyncio.gather(
        *(scene.alerts.act(alert_id, Happening.ACKNOWLEDGE, by) for by in (ANNA, BEN)), return_exceptions=True
    )
    winners = [result for result in results if isinstance(result, dict)]
    losers = [result for result in results if isinstance(result, Conflict)]
    assert len(winners) == len(losers) == 1
    assert losers[0].members["alert"]["acknowledged_by"] == winners[0]["acknowledged_by"]
    assert losers[0].members["alert"]["state"] == "acknowledged"
    assert [step["action"] for step in (await scene.only())["steps"]] == ["raised", "acknowledged"]
    assert await scene.journal.last_seq() == 2


async def test_the_winner_may_ask_again_after_a_lost_answer(scene: Scene) -> None:
    await scene.signal("emergency.pressed", 1)
    alert_id = (await scene.only())["id"]
    first = await scene.alerts.act(alert_id, Happening.ACKNOWLEDGE, ANNA)
    assert await scene.alerts.act(alert_id, Happening.ACKNOWLEDGE, ANNA) == first
    await scene.alerts.act(alert_id, Happening.RESOLVE, BEN, "all well")
    again = await scene.alerts.act(alert_id, Happening.RESOLVE, BEN)
    assert (again["state"], again["closed_by"], again["steps"][-1]["detail"]) == ("resolved", BEN.as_json(), "all well")
    with pytest.raises(Conflict, match="resolved cannot false"):
        await scene.alerts.act(alert_id, Happening.FALSE, BEN)
    with pytest.raises(NotFound):
        await scene.alerts.act("no-such", Happening.FALSE, BEN)


async def test_after_it_was_closed_the_same_signal_kind_is_a_new_alert(scene: Scene) -> None:
    await scene.signal("emergency.pressed", 1)
    first = await scene.only()
    await scene.alerts.act(first["id"], Happening.FALSE, ANNA)
    await scene.signal("emergency.pressed", 2)
    both = await scene.alerts.standing()
    assert [alert["state"] for alert in both] == ["false", "raised"]
    scene.clock.move(3601)
    assert [alert["state"] for alert in await scene.alerts.standing()] == ["raised"]
    assert (await scene.alerts.one(first["id"]))["state"] == "false"


async def test_pressed_again_long_after_it_was_acknowledged_it_waits_since_then(scene: Scene) -> None:
    await scene.signal("emergency.pressed", 1)
    scene.clock.move(5)
    await scene.alerts.act((await scene.only())["id"], Happening.ACKNOWLEDGE, ANNA)
    scene.clock.move(1195)
    await scene.signal("emergency.pressed", 2)
    alert = await scene.only()
    assert (alert["state"], alert["raised_at"], alert["needs_since"]) == ("raised", NOW, NOW + 1200)


async def test_an_alert_kept_before_its_waiting_was_noted_waits_since_it_was_raised(scene: Scene) -> None:
    await scene.signal("emergency.pressed", 1)
    async with scene.database.transaction() as tx:
        body = (await tx.execute(alert_table.select())).one().body
        del body["needs_since"]
        await tx.execute(update(alert_table).values(body=body))
    assert (await scene.only())["needs_since"] == NOW


async def test_seen_is_noted_once_a_person_and_told_once(scene: Scene) -> None:
    await scene.signal("emergency.pressed", 1)
    alert_id = (await scene.only())["id"]
    for by in (ANNA, BEN, ANNA, BEN):
        await scene.alerts.seen(alert_id, by)
    steps = (await scene.alerts.one(alert_id))["steps"]
    assert [(step["action"], step["by"] and step["by"]["name"]) for step in steps] == [
        ("raised", None),
        ("seen", "Anna"),
        ("seen", "Ben"),
    ]
    assert await scene.journal.last_seq() == 2
    with pytest.raises(NotFound):
        await scene.alerts.seen("no-such", ANNA)


async def test_seen_and_acknowledged_at_once_by_many_do_not_stand_in_each_others_way(scene: Scene) -> None:
    await scene.signal("emergency.pressed", 1)
    alert_id = (await scene.only())["id"]
    people = [By(f"p{number}", f"P{number}") for number in range(8)]
    work: list[Coroutine[Any, Any, object]] = [scene.alerts.seen(alert_id, by) for by in people]
    work += [scene.alerts.act(alert_id, Happening.ACKNOWLEDGE, people[0])]
    work += [scene.signal("emergency.pressed", seq) for seq in range(2, 8)]
    results = await asyncio.wait_for(asyncio.gather(*work, return_exceptions=True), 30)
    assert [result for result in results if isinstance(result, BaseException)] == []
    alert = await scene.only()
    assert alert["count"] == 7
    seqs = [entry.seq for entry in await scene.journal.after(0)]
    assert seqs == list(range(1, len(seqs) + 1))


async def test_what_was_written_in_the_history_cannot_be_rewritten(scene: Scene) -> None:
    await scene.signal("emergency.pressed", 1)
    for statement in (
        "UPDATE alert_step SET action = 'false'",
        "DELETE FROM alert_step",
        "UPDATE signal SET kind = 'taser.safe'",
        "DELETE FROM signal",
    ):
        with pytest.raises(DBAPIError, match="append-only"):
            async with scene.database.transaction() as tx:
                await tx.execute(text(statement))


async def test_the_server_itself_raises_and_clears(scene: Scene) -> None:
    await scene.alerts.clear_system("camera.lost", "cam-1")
    assert await scene.journal.last_seq() == 0
    await scene.alerts.raise_system("camera.lost", "cam-1", "while recording")
    assert (await scene.only())["steps"][0]["detail"] == "Camera lost; while recording"
    scene.clock.move(5)
    await scene.alerts.clear_system("camera.lost", "cam-1")
    assert (await scene.only())["state"] == "cleared"
    scene.clock.move(5)
    await scene.alerts.raise_system("camera.lost", "cam-1")
    assert (await scene.only())["state"] == "raised"
    assert await scene.alerts.for_officer("cam-1") == []
    with pytest.raises(ValueError, match="not raised by the server"):
        await scene.alerts.raise_system("emergency", "cam-1")


async def test_the_officer_is_told_what_became_of_it(scene: Scene) -> None:
    await scene.signal("emergency.pressed", 1)
    alert_id = (await scene.only())["id"]
    (update,) = await scene.alerts.for_officer("cam-1")
    assert (update.state, update.by) == ("raised", None)
    await scene.alerts.act(alert_id, Happening.ACKNOWLEDGE, ANNA)
    (update,) = await scene.alerts.for_officer("cam-1")
    assert (update.state, update.by, update.kind) == ("acknowledged", "Anna", "emergency")
    assert scene.rung == ["cam-1", "cam-1"]


async def test_changes_after_a_number(scene: Scene) -> None:
    await scene.signal("emergency.pressed", 1)
    await scene.signal("battery.low", 2)
    first, second = await scene.alerts.after(0)
    assert [alert["seq"] for alert in await scene.alerts.after(first["seq"])] == [second["seq"]]
    await scene.alerts.act(first["id"], Happening.ACKNOWLEDGE, ANNA)
    assert [alert["id"] for alert in await scene.alerts.after(second["seq"])] == [first["id"]]


async def test_a_chattering_sensor_does_not_make_its_entries_grow(scene: Scene) -> None:
    for seq in range(1, 61):
        await scene.signal("taser.armed" if seq % 2 else "taser.safe", seq)
    alert = await scene.only()
    assert alert["count"] == 30
    assert len(alert["steps"]) == 50
    assert len((await scene.alerts.one(alert["id"]))["steps"]) == 60


async def test_a_database_locked_for_a_while_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    database = Database(str(path))
    await database.migrate()
    other = Database(str(path))
    scene = Scene(database)
    async with other.transaction():
        waiting = asyncio.gather(*(scene.signal("taser.armed", seq) for seq in range(1, 6)))
        await asyncio.sleep(0.3)
        assert not waiting.done()
    await waiting
    assert (await scene.only())["count"] == 5
    await other.close()
    await database.close()


async def test_a_note_of_an_unknown_alert_does_not_wait_for_writers(scene: Scene) -> None:
    async with scene.database.transaction(), asyncio.timeout(10):
        with pytest.raises(NotFound):
            await scene.alerts.seen("nothing", ANNA)


async def test_the_server_knows_of_which_cameras_it_still_says_that_they_are_lost(scene: Scene) -> None:
    for device_id in ("cam-1", "cam-2", "cam-3"):
        await scene.alerts.raise_system("camera.lost", device_id)
    await scene.signal("emergency.pressed", 1, "cam-9")
    (lost,) = [alert for alert in await scene.alerts.standing() if alert["device_id"] == "cam-2"]
    await scene.alerts.act(lost["id"], Happening.ACKNOWLEDGE, ANNA)
    await scene.alerts.clear_system("camera.lost", "cam-1")
    assert sorted(await scene.alerts.uncleared("camera.lost")) == ["cam-2", "cam-3"]


async def test_what_is_raised_or_graver_is_to_be_recorded_and_what_only_repeats_is_not(scene: Scene) -> None:
    for seq, kind in enumerate(("taser.drawn", "taser.drawn", "taser.armed", "battery.low", "taser.safe"), 1):
        await scene.signal(kind, seq)
        scene.clock.move(1)
    assert [kind for kind, _ in scene.to_record] == ["taser.drawn", "taser.armed"]
    await scene.alerts.raise_system("camera.lost", "cam-1")
    assert len(scene.to_record) == 2, "it cannot be reached"
    old = wire.Signal(seq=9, at=scene.clock.wall() - 3600, kind="emergency.pressed", detail={})
    await scene.alerts.receive_signal("cam-1", "outbox-1", old)
    assert len(scene.to_record) == 2, "that was an hour ago"
