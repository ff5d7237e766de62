"""Units: registration that every process follows, and live state that every process can tell."""

from __future__ import annotations

import asyncio

import msgpack
import pytest

from server.bus import Body, LocalBus, Topic
from server.clock import HandClock
from server.database import Database
from server.errors import BadRequest, NotFound
from server.journal.entry import EntryKind
from server.journal.store import Journal
from server.media.live import FeedState, WatcherInfo
from server.units.actions import Units
from server.units.presence import Presence
from server.units.store import UnitStore
from server.units.unit import Device, Link, Picture, RecordMode, Unit
from server.wire import Status


class SharedBus(LocalBus):
    """A bus between processes that can be cut, and then loses what is said."""

    is_cut = False

    async def publish(self, topic: Topic, body: Body) -> None:
        if not self.is_cut:
            await super().publish(topic, body)


def units_on(database: Database, bus: LocalBus, clock: HandClock) -> Units:
    """One process's units, listening as after `start`, without its timers."""
    units = Units(UnitStore(database, Journal(database, clock)), bus, clock)
    units.listen()
    return units


def status(recording: str = "recording", **more: object) -> Status:
    return Status.model_validate({"at": 1, "recording": recording, "streaming": True, **more})


async def test_a_camera_is_registered_with_its_journal_entry(database: Database) -> None:
    clock, bus = HandClock(), LocalBus()
    rung: list[Body] = []
    bus.subscribe(Topic.JOURNAL, rung.append)
    units = units_on(database, bus, clock)
    device = await units.add_device("Tango 21 é", wearer_name="PC Marsh", collar_number="0417")
    assert device.device_id.startswith("tango-21-e-") and rung == [{"seq": 1}]
    entry = (await Journal(database, clock).after(0))[0]
    assert entry.kind is EntryKind.UNIT and entry.body == {
        "device_id": device.device_id,
        "call_sign": "Tango 21 é",
        "wearer": {"name": "PC Marsh", "collar_number": "0417"},
        "record_mode": "on-signal",
        "revoked": False,
    }
    assert units.state(device.device_id)["online"] is False
    await units.revoke(device.device_id)
    await units.revoke(device.device_id)
    assert [one.body["revoked"] for one in await Journal(database, clock).after(1)] == [True]
    assert units.states() == []
    with pytest.raises(NotFound):
        units.state(device.device_id)
    with pytest.raises(NotFound):
        await units.revoke("unknown-1")


@pytest.mark.parametrize("call_sign", ["", "   ", "x" * 21, "a\nb", "a\x00", "\ud800"])
async def test_a_call_sign_must_be_fit_to_show(database: Database, call_sign: str) -> None:
    with pytest.raises(BadRequest, match="call sign"):
        await units_on(database, LocalBus(), HandClock()).add_device(call_sign)


async def test_odd_call_signs_are_kept_as_they_are(database: Database) -> None:
    units = units_on(database, LocalBus(), HandClock())
    for call_sign in ("<b>x</b>", "'; DROP TABLE d--", "警察"):
        device = await units.add_device(call_sign)
        assert units.state(device.device_id)["call_sign"] == call_sign


async def test_another_process_follows_without_a_message(database: Database) -> None:
    clock = HandClock()
    here, elsewhere = units_on(database, LocalBus(), clock), units_on(database, LocalBus(), clock)
    revoked: list[Body] = []
    bus = LocalBus()
    bus.subscribe(Topic.SESSIONS, revoked.append)
    here = units_on(database, bus, clock)
    device = await elsewhere.add_device("Tango 1")
    assert await here.current(device.device_id) == device, "an access decision reads the database"
    other = await elsewhere.add_device("Tango 2")
    await here.follow()
    assert [unit["call_sign"] for unit in here.states()] == ["Tango 1", "Tango 2"]
    await elsewhere.revoke(other.device_id)
    await here.follow()
    await here.follow()
    assert revoked == [{"revoked": [other.device_id]}]
    assert await here.current(other.device_id) is None


async def test_what_a_camera_does_is_told_on_change_only(database: Database) -> None:
    clock, bus, told = HandClock(), LocalBus(), []
    bus.subscribe(Topic.LATEST, lambda body: told.extend(body["units"]))
    units = units_on(database, bus, clock)
    device_id = (await units.add_device("Tango 1")).device_id
    units.connected(device_id)
    units.apply_status(device_id, status("buffering", battery_pct=80))
    await units.tell()
    assert len(told) == 1 and told[0]["online"] and told[0]["battery_pct"] == 80
    assert told[0]["recording"] == "buffering" and told[0]["recording_since"] is None
    clock.move(2)
    units.apply_status(device_id, status("buffering", battery_pct=80))
    await units.tell()
    assert len(told) == 1
    units.apply_recording(device_id, "recording")
    started = clock.wall()
    clock.move(3)
    units.apply_status(device_id, status(battery_pct=79))
    await units.tell()
    assert told[1]["recording_since"] == started and units.is_recording(device_id)
    units.apply_feed(device_id, FeedState(True, ("main", "sub"), "H264", clock.wall(), clock.wall()))
    units.apply_watchers(device_id, [WatcherInfo("p", "Sgt Hill", "control", clock.wall())])
    await units.tell()
    assert told[2]["layers"] == ["main", "sub"] and told[2]["watchers"][0]["name"] == "Sgt Hill"
    units.disconnected(device_id)
    await units.tell()
    assert not told[3]["online"] and told[3]["recording"] == "recording", "out of reach, it goes on recording"
    await units.repeat()
    assert told[4] == told[3]


async def test_a_camera_that_was_away_between_two_tellings_is_news(database: Database) -> None:
    """Its viewers' sessions may be lost; who never heard that it was away would wait for them in vain."""
    clock, bus, told = HandClock(), LocalBus(), []
    units = units_on(database, bus, clock)
    bus.subscribe(Topic.LATEST, lambda body: told.extend(body["units"]))
    device_id = (await units.add_device("Tango 1")).device_id
    units.apply_feed(device_id, FeedState(True, ("main",), "H264", clock.wall(), 5.0))
    await units.tell()
    units.apply_feed(device_id, FeedState(False, last_packet_at=clock.wall()))
    units.apply_feed(device_id, FeedState(True, ("main",), "H264", clock.wall(), 5.2))
    await units.tell()
    assert [one["streaming_since"] for one in told[-2:]] == [5.0, 5.2]
    assert all(one["streaming"] for one in told[-2:])


async def test_a_camera_without_telemetry_records_whenever_it_streams(database: Database) -> None:
    clock = HandClock()
    units = units_on(database, LocalBus(), clock)
    device_id = (await units.add_device("OBS", record_mode=RecordMode.ALWAYS)).device_id
    assert not units.is_recording(device_id)
    units.apply_feed(device_id, FeedState(True, ("main",), "H264", clock.wall(), 5.0))
    state = units.state(device_id)
    assert (state["recording"], state["recording_since"], state["online"]) == ("recording", 5.0, True)
    units.apply_feed(device_id, FeedState(False, last_packet_at=clock.wall()))
    assert units.state(device_id)["recording"] == "off"


async def test_link_and_picture_may_be_in_two_processes(database: Database) -> None:
    clock, bus = HandClock(), SharedBus()
    one, two, third = (units_on(database, bus, clock) for _ in range(3))
    device_id = (await one.add_device("Tango 1")).device_id
    await two.follow()
    await third.follow()
    one.connected(device_id)
    one.apply_status(device_id, status())
    two.apply_feed(device_id, FeedState(True, ("main",), "H264", clock.wall(), clock.wall()))
    for _ in range(3):
        for units in (one, two, third):
            await units.tell()
    assert one.state(device_id) == two.state(device_id) == third.state(device_id)
    assert third.state(device_id)["online"] and third.state(device_id)["streaming"]


async def test_a_camera_that_returns_to_a_process_is_as_the_other_one_left_it(database: Database) -> None:
    """Else its viewers would be sent away: by what this process knew last, it does not record."""
    clock, bus = HandClock(), SharedBus()
    one, two = units_on(database, bus, clock), units_on(database, bus, clock)
    device_id = (await one.add_device("Tango 1")).device_id
    await two.follow()
    one.connected(device_id)
    one.apply_status(device_id, status("buffering"))
    one.disconnected(device_id)
    await one.tell()
    clock.move(1)
    two.connected(device_id)
    two.apply_status(device_id, status("recording"))
    await two.tell()
    two.disconnected(device_id)
    await two.tell()
    clock.move(1)
    one.connected(device_id)
    assert (one.state(device_id)["online"], one.state(device_id)["recording"]) == (True, "recording")


async def test_a_process_that_falls_silent_takes_its_units_off_line(database: Database) -> None:
    clock, bus = HandClock(), SharedBus()
    one, two = units_on(database, bus, clock), units_on(database, bus, clock)
    device_id = (await one.add_device("Tango 1")).device_id
    await two.follow()
    one.connected(device_id)
    one.apply_status(device_id, status(battery_pct=50))
    await one.tell()
    assert two.state(device_id)["online"]
    for _ in range(4):
        clock.move(5)
        await one.repeat()
        await two.tell()
    assert two.state(device_id)["online"]
    bus.is_cut = True
    clock.move(13)
    await two.tell()
    state = two.state(device_id)
    assert (state["online"], state["recording"], state["battery_pct"]) == (False, "recording", 50)
    bus.is_cut = False
    await one.repeat()
    assert two.state(device_id)["online"]


async def test_words_from_another_version_do_no_harm(database: Database) -> None:
    bus = LocalBus()
    units = units_on(database, bus, HandClock())
    device_id = (await units.add_device("Tango 1")).device_id
    for part in ({}, {"device_id": device_id, "link": {"new": 1}, "picture": None}, 7):
        await bus.publish(Topic.LATEST, {"origin": "x", "unit_parts": [part], "units": []})
    assert units.state(device_id)["online"] is False


async def test_an_officer_who_asks_twice_at_once_has_one_phone(database: Database) -> None:
    units = units_on(database, LocalBus(), HandClock())
    phones = await asyncio.gather(*(units.phone_of("person-1", "Tango 9", "PC Reed") for _ in range(4)))
    assert len({phone.device_id for phone in phones}) == 1
    assert len(await units.registered()) == 1
    await units.revoke(phones[0].device_id)
    assert (await units.phone_of("person-1", "Tango 9", "PC Reed")).device_id != phones[0].device_id


def test_a_person_who_looks_on_two_tiles_watches_once() -> None:
    viewings = [
        WatcherInfo("p1", "Insp. Hale", "inspector", 20.0),
        WatcherInfo("p2", "D. Okafor", "control", 15.0),
        WatcherInfo("p1", "Insp. Hale", "inspector", 10.0),
    ]
    assert Picture().with_watchers(viewings).watchers == (
        ("Insp. Hale", "inspector", 10.0),
        ("D. Okafor", "control", 15.0),
    )


def test_what_a_camera_lacks_is_told_of_its_unit_and_in_the_register() -> None:
    device = Device("et17-1", "ET17")
    link = Link().with_status(status("off", lacks=["picture", "position"]), 5.0)
    unit = Unit(device, link)
    assert unit.as_json()["lacks"] == unit.as_entry(None)["lacks"] == ["picture", "position"]
    assert Unit(device, link.with_status(status("off"), 6.0)).as_json()["lacks"] == []  # it was plugged in
    told = Presence("one")
    told.set_link("et17-1", link)
    other = Presence("two")
    assert other.hear("one", msgpack.unpackb(msgpack.packb(told.parts(["et17-1"]))), 1.0) == ["et17-1"]
    assert other.link("et17-1") == link
