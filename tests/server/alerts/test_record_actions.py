"""An alert has its camera asked to record, once, if it does not by itself; and the audit knows for which alert."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from server.alerts.alert import Alert
from server.alerts.record_actions import RecordOnAlert
from server.audit.audit_entry import Note, What
from server.errors import Conflict
from server.tasks import TaskOwner
from tests.fakes.incident import Officer, drawn

ALERT = drawn(Officer("et17-cam", "ET17"), 1000.0)


@dataclass
class Room:
    """Cameras that are asked. `recorded`: what they say of themselves, one answer after the other, the last for good."""

    tasks: TaskOwner
    recorded: list[bool] = field(default_factory=lambda: [False])
    is_away: bool = False
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    noted: list[Note] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.on_alert = RecordOnAlert(self._ask, self._is_recorded, self.noted.append, self.tasks, wait_s=0.0)

    async def _ask(self, device_id: str, what: str, by: str) -> None:
        if self.is_away:
            raise Conflict("the camera is not connected")
        self.asked.append((device_id, what, by))

    def _is_recorded(self, _device_id: str) -> bool:
        return self.recorded.pop(0) if len(self.recorded) > 1 else self.recorded[0]

    async def raised(self, alert: Alert, times: int = 1) -> None:
        for _ in range(times):
            self.on_alert.raised(alert)
        await self.tasks.finish(60)


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with TaskOwner("test") as tasks:
        yield Room(tasks)


async def test_a_camera_that_does_not_record_is_asked_and_it_is_noted_why(room: Room) -> None:
    await room.raised(ALERT)
    assert room.asked == [("et17-cam", "record", "Watchroom (TASER drawn)")]
    (note,) = room.noted
    assert (note.what, note.subject.id, note.why) == (What.COLLECT_ASKED, "et17-cam", "alert: TASER drawn")
    assert note.detail == {"alert": ALERT.id, "kind": "taser.drawn"}


async def test_one_that_records_by_itself_meanwhile_is_not(room: Room) -> None:
    room.recorded = [True]
    await room.raised(ALERT)
    assert (room.asked, room.noted) == ([], [])


async def test_alerts_of_one_moment_ask_once_and_a_later_one_asks_again(room: Room) -> None:
    await room.raised(ALERT, times=3)
    assert len(room.asked) == 1
    await room.raised(ALERT)
    assert len(room.asked) == 2


async def test_what_could_not_be_asked_is_not_noted_as_asked(room: Room) -> None:
    room.is_away = True
    await room.raised(ALERT)
    assert room.noted == []


async def test_a_server_that_stops_asks_nobody(room: Room) -> None:
    room.on_alert.raised(ALERT)
    await room.tasks.close()
    await asyncio.sleep(0)
    assert room.asked == []
