"""Which camera is recorded into which recording, whatever restarts, fills up or goes away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from server.audit.audit_entry import Note
from server.clock import HandClock
from server.database import Along, Database
from server.errors import NotFound
from server.media.live import FeedState
from server.recording.actions import CONTINUE_S, FAILING, LOOK_S, RETURN_S, STALLED_S, Disk, Field, Media, Recordings
from server.recording.order import Keeping, RecordingNews, RecordingOrder
from server.recording.space import Space
from server.recording.store import Recording, RecordingState, RecordingStore
from server.tasks import TaskOwner
from server.units.unit import Device, Link, Picture, RecordMode, Unit
from tests.server.media.conftest import until

DEVICE = Device("et17-1", "ET17", "PC Marsh", "0417")


@dataclass
class World:
    """Units, media and disk as a test wants them, and what was done."""

    store: RecordingStore
    clock: HandClock
    tasks: TaskOwner
    unit: Unit = field(default_factory=lambda: Unit(DEVICE))
    publishers: set[str] = field(default_factory=set)
    elsewhere: str | None = None
    on_disk: list[Recording] = field(default_factory=list)
    orders: list[tuple[str, RecordingOrder | None]] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    keeping: list[str | None] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)  # rows of the audit, each in one commit with that of its recording
    space: Space = field(default_factory=lambda: Space(900, 1000))
    others: dict[str, Device] = field(default_factory=dict)

    async def start(self) -> Recordings:
        found = Recordings(
            self.store,
            Disk(
                lambda: "here",
                lambda _place, _sealed: ({one.id for one in self.on_disk}, self.on_disk),
                self._close_left,
                lambda: self.space,
            ),
            Media(
                lambda device_id, order: self.orders.append((device_id, order)),
                self.released.append,
                lambda device_id: "session" if device_id in self.publishers else None,
            ),
            Field(
                self._unit,
                lambda _device: self.elsewhere,
                lambda _device, keeping: self.keeping.append(keeping),
                self._warn,
            ),
            self.clock,
            self.tasks,
            self._alarm,
            self._calm,
        )
        await found.start()
        return found

    def _unit(self, device_id: str) -> Unit:
        if device_id in self.others:
            return replace(self.unit, device=self.others[device_id])
        if self.unit.device.revoked_at is not None or device_id != DEVICE.device_id:
            raise NotFound("revoked")
        return self.unit

    def _close_left(self, recording_id: str, device_id: str) -> RecordingNews:
        self.left.append(recording_id)
        return RecordingNews(recording_id, device_id, Keeping.CLOSED, 5, 500, 77.0)

    async def _warn(self, place: str, words: str) -> None:
        self.warnings.append((place, words))

    async def _alarm(self, kind: str, device_id: str, reason: str) -> None:
        self.alarms.append(f"{kind} {device_id}: {reason}")

    async def _calm(self, kind: str, device_id: str) -> None:
        self.alarms.append(f"{kind} {device_id} is over")

    def tell(self, recording: str, *, streams: bool = True) -> None:
        """What the camera's telemetry and picture say now."""
        link = Link(online=True, recording=recording, has_told=True)  # type: ignore[arg-type]
        self.unit = Unit(self.unit.device, link, Picture().with_feed(FeedState(streaming=streams)))
        self.publishers = {DEVICE.device_id} if streams else set()

    def news(self, keeping: Keeping = Keeping.KEPT, segments: int = 1, reason: str = "") -> RecordingNews:
        order = next(order for _, order in reversed(self.orders) if order is not None)
        until_ = self.clock.wall()
        return RecordingNews(order.recording_id, DEVICE.device_id, keeping, segments, segments * 100, until_, reason)


@pytest.fixture
async def world(migrated_sqlite: str) -> AsyncIterator[World]:
    database = Database(migrated_sqlite)
    async with TaskOwner("test") as tasks:
        noted: list[str] = []

        def within(*notes: Note) -> Along:
            async def write(_tx: AsyncConnection) -> None:
                noted.extend(note.what.value for note in notes)

            return write

        yield World(RecordingStore(database, within), HandClock(), tasks, noted=noted)
    await database.close()


async def rows(world: World) -> list[Recording]:
    return await world.store.at("here")


async def test_a_camera_that_records_is_recorded_once_its_picture_is_here(world: World) -> None:
    recordings = await world.start()
    recordings.note_cause(DEVICE.device_id, "taser.drawn")
    world.tell("recording", streams=False)  # its signal is here before its picture
    await recordings.judge(DEVICE.device_id)
    assert world.orders == []
    world.tell("recording")
    await recordings.judge(DEVICE.device_id)
    ((device_id, order),) = world.orders
    assert order is not None
    assert (device_id, order.call_sign, order.why) == (DEVICE.device_id, "ET17", "taser.drawn")
    assert order.wearer == {"name": "PC Marsh", "collar_number": "0417", "person_id": None}
    await recordings.close()
    (row,) = await rows(world)
    assert (row.id, row.state) == (order.recording_id, RecordingState.OPEN)


async def test_a_buffering_camera_is_not_recorded(world: World) -> None:
    recordings = await world.start()
    world.tell("buffering")
    await recordings.judge(DEVICE.device_id)
    assert world.orders == []


async def test_the_end_of_recording_closes_it_and_the_next_start_is_another_one(world: World) -> None:
    recordings = await world.start()
    world.tell("recording")
    await recordings.judge(DEVICE.device_id)
    recordings.heard(world.news(segments=3))
    world.tell("buffering")
    await recordings.judge(DEVICE.device_id)
    assert world.orders[-1] == (DEVICE.device_id, None)
    recordings.heard(world.news(Keeping.CLOSED, segments=4))
    world.tell("recording")
    await recordings.judge(DEVICE.device_id)
    await recordings.close()
    first, second = await rows(world)
    assert (first.state, first.segments, first.ended_at) == (RecordingState.CLOSED, 4, world.clock.wall())
    assert second.state is RecordingState.OPEN
    assert world.keeping == ["kept", None]


async def test_a_recording_that_begins_while_the_last_is_being_closed_is_another_one(world: World) -> None:
    recordings = await world.start()
    world.tell("recording")
    await recordings.judge(DEVICE.device_id)
    closing = world.news(Keeping.CLOSED, segments=9)
    world.tell("buffering")
    await recordings.judge(DEVICE.device_id)
    world.tell("recording")
    await recordings.judge(DEVICE.device_id)
    recordings.heard(closing)
    await recordings.close()
    states = {row.id: (row.state, row.segments) for row in await rows(world)}
    assert states[closing.recording_id] == (RecordingState.CLOSED, 9)
    assert sorted(state.value for state, _ in states.values()) == ["closed", "open"]


async def test_a_camera_out_of_touch_goes_on_in_its_recording(world: World) -> None:
    recordings = await world.start()
    world.tell("recording")
    await recordings.judge(DEVICE.device_id)
    world.tell("recording", streams=False)
    await recordings.judge(DEVICE.device_id)
    world.tell("recording")
    await recordings.judge(DEVICE.device_id)
    assert len({order.recording_id for _, order in world.orders if order is not None}) == 1
    assert all(order is not None for _, order in world.orders)


async def test_after_a_restart_nothing_is_closed_before_the_camera_has_said_what_it_does(world: World) -> None:
    world.on_disk = [
        Recording(
            "20261128T204600Z-et17-1-00000000",
            DEVICE.device_id,
            "ET17",
            None,
            "officer",
            world.clock.wall() - 60,
            "here",
            until=world.clock.wall() - 5,
            segments=9,
            bytes=900,
        )
    ]
    recordings = await world.start()
    world.unit = Unit(DEVICE, Link().connected(world.clock.wall()))
    world.publishers = {DEVICE.device_id}
    await recordings.judge(DEVICE.device_id)
    assert world.left == []
    world.tell("recording")
    await recordings.judge(DEVICE.device_id)
    assert [order.recording_id for _, order in world.orders if order] == [world.on_disk[0].id]
    await recordings.close()
    assert world.noted == ["collect.started", "collect.resumed"]
    await recordings.close()
    assert world.noted == ["collect.started", "collect.resumed"], "once"


async def test_after_a_restart_a_camera_that_records_no_more_has_its_recording_sealed(world: World) -> None:
    world.on_disk = [
        Recording(
            "20261128T204600Z-et17-1-00000000",
            DEVICE.device_id,
            "ET17",
            None,
            "officer",
            world.clock.wall() - 60,
            "here",
            until=world.clock.wall() - 5,
        )
    ]
    recordings = await world.start()
    world.tell("buffering")
    await recordings.judge(DEVICE.device_id)
    await until(lambda: bool(world.left))
    await asyncio.sleep(0)
    await recordings.close()
    (row,) = await rows(world)
    assert (row.state, row.segments, row.ended_at) == (RecordingState.CLOSED, 5, 77.0)


async def test_a_camera_that_does_not_return_has_its_recording_sealed_in_the_end(world: World) -> None:
    recordings = await world.start()
    world.tell("recording")
    await recordings.judge(DEVICE.device_id)
    recordings.heard(world.news())
    world.tell("recording", streams=False)
    world.clock.move(CONTINUE_S - 1)
    await recordings._look()
    assert world.orders[-1][1] is not None
    world.clock.move(2)
    await recordings._look()
    assert world.orders[-1] == (DEVICE.device_id, None)


async def test_a_camera_without_telemetry_records_while_it_streams_and_a_minute_of_absence_longer(world: World) -> None:
    world.unit = Unit(
        replace(DEVICE, record_mode=RecordMode.ALWAYS), Link(), Picture().with_feed(FeedState(streaming=True))
    )
    world.publishers = {DEVICE.device_id}
    recordings = await world.start()
    await recordings.judge(DEVICE.device_id)
    recordings.heard(world.news())
    assert world.orders[-1][1] is not None
    world.unit = replace(world.unit, picture=Picture())
    world.publishers = set()
    world.clock.move(RETURN_S - 1)
    await recordings.judge(DEVICE.device_id)
    assert world.orders[-1][1] is not None
    world.clock.move(2)
    await recordings.judge(DEVICE.device_id)
    assert world.orders[-1] == (DEVICE.device_id, None)


async def test_a_disk_that_takes_nothing_is_told_to_all_and_raises_one_alert(world: World) -> None:
    recordings = await world.start()
    world.tell("recording")
    await recordings.judge(DEVICE.device_id)
    recordings.heard(world.news())
    for _ in range(3):
        recordings.heard(world.news(Keeping.FAILING, reason="No space left on device"))
    recordings.heard(world.news())
    await until(lambda: len(world.alarms) >= 3)
    assert world.keeping == ["kept", "failing", "kept"]
    assert world.alarms[-2:] == [f"{FAILING} et17-1: No space left on device", f"{FAILING} et17-1 is over"]


async def test_a_recording_of_which_nothing_comes_to_disk_is_failing(world: World) -> None:
    recordings = await world.start()
    world.tell("recording")
    await recordings.judge(DEVICE.device_id)
    world.clock.move(STALLED_S - 1)
    await recordings._look()
    assert world.keeping == []
    world.clock.move(2)
    await recordings._look()
    assert world.keeping == ["failing"]


@pytest.mark.parametrize("publishers", [set(), {DEVICE.device_id}], ids=["away", "frozen"])
async def test_a_camera_that_sent_nothing_is_not_failing_when_it_sends_again(
    world: World, publishers: set[str]
) -> None:
    recordings = await world.start()
    world.tell("recording")
    await recordings.judge(DEVICE.device_id)
    recordings.heard(world.news())
    world.tell("recording", streams=False)
    world.publishers = publishers
    for _ in range(9):
        world.clock.move(LOOK_S)
        await recordings._look()
    world.tell("recording")
    world.clock.move(LOOK_S)
    await recordings._look()
    assert world.keeping == ["kept"]
    world.clock.move(STALLED_S)
    await recordings._look()
    assert world.keeping == ["kept", "failing"], "from its return on it is watched as before"


async def test_a_revoked_cameras_recording_is_sealed(world: World) -> None:
    recordings = await world.start()
    world.tell("recording")
    await recordings.judge(DEVICE.device_id)
    world.unit = Unit(replace(DEVICE, revoked_at=1.0))
    await recordings.judge(DEVICE.device_id)
    assert world.orders[-1] == (DEVICE.device_id, None)


async def test_a_camera_whose_picture_goes_to_another_process_is_let_go(world: World) -> None:
    recordings = await world.start()
    world.tell("recording")
    await recordings.judge(DEVICE.device_id)
    world.publishers, world.elsewhere = set(), "another"
    await recordings.judge(DEVICE.device_id)
    assert world.released == [DEVICE.device_id]
    assert world.orders[-1][1] is not None  # it was not closed


async def test_rows_and_folders_are_brought_in_line_both_ways_and_nothing_is_deleted(world: World) -> None:
    old = Recording("20261127T204600Z-et17-1-00000001", DEVICE.device_id, "ET17", None, "officer", 1.0, "here")
    gone = replace(old, id="20261127T204600Z-et17-1-00000002", segments=3, state=RecordingState.CLOSED)
    never = replace(old, id="20261127T204600Z-et17-1-00000003")
    other = replace(gone, id="20261127T204600Z-et17-1-00000004", place="another")
    for row in (gone, never, other):
        await world.store.keep(row)
    world.on_disk = [replace(old, state=RecordingState.CLOSED, segments=7, bytes=700, until=9.0, ended_at=9.0)]
    recordings = await world.start()
    await recordings.close()
    found = {row.id: row for row in await rows(world)}
    assert found[old.id] == world.on_disk[0]
    assert found[gone.id].state is RecordingState.MISSING
    assert found[never.id].state is RecordingState.CLOSED
    assert (await world.store.one(other.id)) == other


async def test_while_the_database_is_locked_no_camera_waits_for_another_ones_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R8: eight cameras that begin at once are all asked for at once, and each begins when its own time is over."""
    asked: list[str] = []
    answer = asyncio.Event()

    async def locked(device_id: str) -> None:
        asked.append(device_id)
        await answer.wait()

    monkeypatch.setattr(world.store, "open_of", locked)
    names = [f"et{number}-1" for number in range(8)]
    world.others = {name: replace(DEVICE, device_id=name) for name in names}
    recordings = await world.start()
    world.tell("recording")
    world.publishers = set(names)
    for name in names:
        recordings.judge_soon(name)
    await until(lambda: sorted(asked) == sorted(names))
    assert world.orders == []
    for name in names:
        recordings.judge_soon(name)  # and again: one look at a time of each
    answer.set()
    await until(lambda: {device_id for device_id, _ in world.orders} == set(names))
    assert len({order.recording_id for _, order in world.orders if order is not None}) == len(names)


async def test_the_room_on_the_disk_is_looked_at(world: World) -> None:
    recordings = await world.start()
    assert recordings.space is None
    await recordings._look()
    assert recordings.space == Space(900, 1000)
    world.space = Space(40, 1000)
    await recordings._look()
    assert recordings.space is not None
    assert recordings.space.warning == "less than 5% of the disk for recordings is free"


async def test_a_recording_that_was_let_go_is_closed_once_its_camera_is_recorded_in_another_folder(
    world: World,
) -> None:
    recordings = await world.start()
    first = await _recorded_and_let_go(world, recordings)
    await recordings._look()
    assert world.left == [], "who has its picture may go on in the same recording"
    await world.store.keep(replace(first, id="elsewhere-1", place="another folder", asked_at=first.asked_at + 9))
    await recordings._look()
    assert world.left == [first.id]
    await recordings._look()
    assert world.left == [first.id]
    (row,) = await rows(world)
    assert (row.state, row.ended_at) == (RecordingState.CLOSED, 77.0)


async def test_a_recording_that_was_let_go_is_closed_in_the_end_though_nobody_records_its_camera(world: World) -> None:
    recordings = await world.start()
    first = await _recorded_and_let_go(world, recordings)
    world.elsewhere = None
    world.tell("recording", streams=False)
    world.clock.move(CONTINUE_S + 1)
    await recordings._look()
    assert world.left == [first.id]


async def test_a_recording_that_was_let_go_and_comes_back_or_was_closed_elsewhere_is_left_alone(world: World) -> None:
    recordings = await world.start()
    first = await _recorded_and_let_go(world, recordings)
    world.elsewhere = None
    world.tell("recording")
    await recordings.judge(DEVICE.device_id)
    assert world.orders[-1][1] is not None and world.orders[-1][1].recording_id == first.id
    recordings.heard(world.news())
    await recordings._look()
    assert world.left == []
    again = await _let_go(world, recordings)
    await world.store.keep(replace(again, state=RecordingState.CLOSED))
    world.clock.move(CONTINUE_S + 1)
    await recordings._look()
    assert world.left == []


async def _recorded_and_let_go(world: World, recordings: Recordings) -> Recording:
    world.tell("recording")
    await recordings.judge(DEVICE.device_id)
    recordings.heard(world.news())
    return await _let_go(world, recordings)


async def _let_go(world: World, recordings: Recordings) -> Recording:
    """Its picture goes to another process."""
    await recordings._look()
    world.publishers, world.elsewhere = set(), "another"
    await recordings.judge(DEVICE.device_id)
    await recordings._look()
    (row,) = await rows(world)
    return row


async def test_a_disk_that_fills_is_told_to_the_room_again_and_again_until_there_is_room(world: World) -> None:
    recordings = await world.start()
    for free in (900, 140, 140, 40, 900, 900):
        world.space = Space(free, 1000)
        await recordings._look()
    low, scarce = (f"less than {share} of the disk for recordings is free" for share in ("15%", "5%"))
    assert world.warnings == [("here", low), ("here", low), ("here", scarce), ("here", "")]
