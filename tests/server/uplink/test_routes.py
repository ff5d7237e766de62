"""The uplink over real sockets: admitted by proof, acknowledged after commit, poison set aside, newer wins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import msgpack
import pytest
import sqlalchemy as sa
from aiohttp import ClientSession, WSMsgType

from server import wire
from server.bus import LocalBus, Topic
from server.database import Database
from server.errors import Unavailable
from server.uplink.store import ExpectedCameras, quarantine_table
from tests.fakes.small_server import SIGNATURE, Camera, SmallServer, camera, small_server

PATIENCE_S = 20.0


@pytest.fixture
async def server(database: Database) -> AsyncIterator[SmallServer]:
    async with small_server(database, LocalBus()) as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as open_session:
        yield open_session


def fix(server: SmallServer, seq: int) -> wire.Fix:
    return wire.Fix(seq=seq, at=server.clock.wall(), lat=51, lon=-1, accuracy_m=4)


def signal(server: SmallServer, seq: int, kind: Any = "taser.armed") -> wire.Signal:
    return wire.Signal(seq=seq, at=server.clock.wall(), kind=kind)


async def closed_code(one: Camera) -> int | None:
    with pytest.raises(ConnectionResetError):
        await one.until(wire.Token)
    return one.socket.close_code


async def eventually(condition: Any) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never happened")


async def test_a_camera_that_stays_connected_gets_what_expires_anew(
    server: SmallServer, session: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.uplink, "_token_again_s", 0.05)
    async with camera(session, server) as one:
        fresh = await one.until(wire.Token)
        assert fresh.whip_token == "token of cam-1"
        assert fresh.ice_servers == [{"urls": "turn:t", "username": "cam-1", "credential": "c"}]


async def test_a_signal_is_heard_before_the_status_behind_it_however_slow_its_commit_is(
    server: SmallServer, session: ClientSession
) -> None:
    held = asyncio.Event()

    async def slowly(*_: Any) -> None:
        await held.wait()

    object.__setattr__(server.receivers, "signal", slowly)
    async with camera(session, server) as one:
        await one.send(signal(server, 1))
        await one.send(signal(server, 2, "recording.started"))  # it waits behind the first
        await one.send(wire.Status(at=server.clock.wall(), recording="recording", streaming=True))
        await eventually(lambda: server.statuses)
        assert [(device_id, told.kind, before) for device_id, told, before in server.heard] == [
            ("cam-1", "taser.armed", 0),
            ("cam-1", "recording.started", 0),
        ]
        assert not one.acked
        held.set()
        await one.until_acked(2)


async def test_a_camera_is_welcomed_and_its_messages_are_acknowledged_after_commit(
    server: SmallServer, session: ClientSession
) -> None:
    async with camera(session, server) as one:
        assert (one.welcome.call_sign, one.welcome.whip_path) == ("CAM-1", "/whip/cam-1")
        assert one.welcome.whip_token == "token of cam-1"
        assert one.welcome.ice_servers == [{"urls": "turn:t", "username": "cam-1", "credential": "c"}]
        await one.send(fix(server, 1))
        await one.send(signal(server, 2))
        await one.until_acked(2)
        assert [alert["kind"] for alert in await server.alerts.standing()] == ["taser.armed"]
        assert 1 not in one.acked  # a fix waits for the common commit
        await server.positions.flush()
        await one.until_acked(1)
        await one.send(wire.Status(at=server.clock.wall(), recording="recording", streaming=True))
        await eventually(lambda: server.statuses)
    await eventually(lambda: server.links == ["+cam-1", "-cam-1"])


@pytest.mark.parametrize(
    "hello",
    [
        wire.pack(wire.Hello(outbox_id="outbox-1", at=1.0, signature=b"forged")),
        wire.pack(wire.Status(at=1.0, recording="off", streaming=False)),
        b"\xc1 not msgpack",
        "text",
    ],
)
async def test_who_cannot_prove_it_stays_outside(
    server: SmallServer, session: ClientSession, hello: bytes | str
) -> None:
    async with session.ws_connect(server.url("/uplink/cam-1")) as socket:
        await socket.receive_bytes()
        await (socket.send_str(hello) if isinstance(hello, str) else socket.send_bytes(hello))
        frame = await asyncio.wait_for(socket.receive(), PATIENCE_S)
        assert (frame.type, socket.close_code) == (WSMsgType.CLOSE, 4001)
    assert server.links == []
    async with session.ws_connect(server.url("/uplink/cam-9")) as socket:
        await socket.receive_bytes()
        await socket.send_bytes(wire.pack(wire.Hello(outbox_id="outbox-1", at=1.0, signature=SIGNATURE)))
        await asyncio.wait_for(socket.receive(), PATIENCE_S)
        assert socket.close_code == 4001


async def test_what_was_not_acknowledged_is_sent_again_and_counts_once(
    server: SmallServer, session: ClientSession
) -> None:
    for _ in range(3):
        async with camera(session, server) as one:
            for seq in (1, 2, 3):
                await one.send(signal(server, seq))
            await one.until_acked(1, 2, 3)
    (alert,) = await server.alerts.standing()
    assert alert["count"] == 3


async def test_poison_is_set_aside_and_what_follows_is_not_delayed(server: SmallServer, session: ClientSession) -> None:
    poison = wire.pack_map({"t": "signal", "seq": 7, "at": 5.0, "kind": "taser.eaten"})
    async with camera(session, server) as one:
        await one.socket.send_bytes(poison)
        await one.socket.send_bytes(b"\xc1")
        await one.send(wire.Receipt(seq=8, at=5.0, advice_id="nobody's", state="shown"))
        await one.send(signal(server, 9))
        refused = [await one.until(wire.Refused) for _ in range(3)]
        assert [message.seq for message in refused] == [7, 0, 8]
        assert "kind" in refused[0].reason
        assert "not sent to this camera" in refused[2].reason
        await one.until_acked(9)
        await one.socket.send_bytes(poison)  # again: refused again, kept once
        assert (await one.until(wire.Refused)).seq == 7
    async with server.database.reading() as connection:
        rows = (await connection.execute(sa.select(quarantine_table))).all()
    assert sorted(row.device_seq for row in rows) == [0, 7, 8]
    assert poison in [row.raw for row in rows]
    kinds = {alert["kind"]: alert["count"] for alert in await server.alerts.standing()}
    assert kinds == {"uplink.poison": 3, "taser.armed": 1}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "a\0b", "\ud800", "x" * 60_000, [["deep"]]])
async def test_no_detail_costs_an_officer_the_call_for_help(
    server: SmallServer, session: ClientSession, value: object
) -> None:
    async with camera(session, server) as one:
        body = {"t": "signal", "seq": 1, "at": server.clock.wall(), "kind": "emergency.pressed", "detail": {"g": value}}
        await one.socket.send_bytes(msgpack.packb(body, unicode_errors="surrogatepass"))
        await one.until_acked(1)
        (alert,) = await server.alerts.standing()
        assert (alert["kind"], alert["priority"]) == ("emergency", 1)
        assert len(alert["steps"][0]["detail"]) < 400


async def test_a_message_that_breaks_the_server_is_tried_five_times_and_set_aside(
    database: Database, session: ClientSession
) -> None:
    tries: list[int] = []

    async def breaks(_device_id: str, _outbox_id: str, message: wire.Signal, _offset: float) -> None:
        tries.append(message.seq)
        if message.seq == 1:
            raise ZeroDivisionError("a defect of ours")

    async with small_server(database, LocalBus()) as server:
        object.__setattr__(server.receivers, "signal", breaks)
        async with camera(session, server) as one:
            await one.send(signal(server, 1))
            await one.send(signal(server, 2))
            refused = await one.until(wire.Refused)
            assert (refused.seq, "ZeroDivisionError" in refused.reason) == (1, True)
            await one.until_acked(2)
    assert tries == [1, 1, 1, 1, 1, 2]


async def test_a_database_that_is_away_delays_the_acknowledgement_and_not_the_map(
    database: Database, session: ClientSession
) -> None:
    away = True
    async with small_server(database, LocalBus()) as server:
        kept = server.alerts.receive_signal

        async def sometimes(device_id: str, outbox_id: str, message: wire.Signal, offset: float) -> None:
            if away:
                raise Unavailable("the database does not answer")
            await kept(device_id, outbox_id, message, offset)

        object.__setattr__(server.receivers, "signal", sometimes)
        async with camera(session, server) as one:
            await one.send(signal(server, 1))
            await one.send(fix(server, 2))
            await eventually(lambda: server.positions.latest_of("cam-1"))
            assert one.acked == set()
            away = False
            await one.until_acked(1)
    assert len(await server.alerts.standing()) == 1


async def test_the_newer_connection_wins_and_the_unit_stays_connected(
    server: SmallServer, session: ClientSession
) -> None:
    async with camera(session, server) as older, camera(session, server) as newer:
        assert await closed_code(older) == 4009
        await newer.send(signal(server, 1))
        await newer.until_acked(1)
        assert server.links == ["+cam-1", "+cam-1"]
        assert server.uplink.connected() == ["cam-1"]


async def test_one_that_was_replaced_asks_whether_the_newer_has_gone_and_does_not_throw_it_out(
    server: SmallServer, session: ClientSession
) -> None:
    async with camera(session, server) as newer:
        with pytest.raises(TypeError, match="4009"):
            async with camera(session, server, yields=True):
                pass
        await newer.send(signal(server, 1))
        await newer.until_acked(1)
    await eventually(lambda: server.uplink.connected() == [])
    async with camera(session, server, yields=True) as older:
        await older.send(signal(server, 2))
        await older.until_acked(2)


async def test_a_revoked_camera_is_put_out_at_once(server: SmallServer, session: ClientSession) -> None:
    async with camera(session, server) as one, camera(session, server, "cam-2") as other:
        await server.bus.publish(Topic.SESSIONS, {"revoked": ["cam-1"]})
        assert await closed_code(one) == 4001
        await other.send(signal(server, 1))
        await other.until_acked(1)


async def test_a_camera_that_another_process_holds_now_is_off_line_here(
    server: SmallServer, session: ClientSession
) -> None:
    """Else this process would tell all others for ever that it is connected."""
    async with camera(session, server) as one:
        await server.bus.publish(Topic.DOWNLINK, {"device_id": "cam-1", "holder": "another process"})
        assert await closed_code(one) == 4009
        await eventually(lambda: server.links == ["+cam-1", "-cam-1"])
        assert server.uplink.connected() == []
        assert server.uplink.clock_offset("cam-1") is None, "what its clock does from now on is told elsewhere"


async def test_a_phone_is_put_out_with_the_session_that_let_it_in(server: SmallServer, session: ClientSession) -> None:
    revoked: list[str] = []
    server.bus.subscribe(Topic.SESSIONS, lambda body: revoked.extend(body["revoked"]))
    async with (
        camera(session, server, signed_in="session-1") as phone,
        camera(session, server, "cam-2", signed_in="session-2") as other,
    ):
        await server.bus.publish(Topic.SESSIONS, {"revoked": ["session-1"]})
        assert await closed_code(phone) == 4001
        await eventually(lambda: "cam-1" in revoked)  # by which its media ends
        assert "cam-2" not in revoked
        server.valid_sessions = False
        assert await closed_code(other) == 4001
        await eventually(lambda: "cam-2" in revoked)


async def test_a_camera_with_a_key_needs_no_session(server: SmallServer, session: ClientSession) -> None:
    server.valid_sessions = False
    async with camera(session, server) as one:
        await asyncio.sleep(0.2)
        await one.send(signal(server, 1))
        await one.until_acked(1)


async def test_cameras_that_take_no_goodbye_do_not_hold_up_the_end(database: Database, session: ClientSession) -> None:
    loop = asyncio.get_running_loop()
    async with small_server(database, LocalBus()) as server, AsyncExitStack() as cameras:
        for name in ("cam-1", "cam-2", "cam-3"):
            await cameras.enter_async_context(camera(session, server, name))  # nobody reads: no answer to a close
        began = loop.time()
        await server.uplink.close()
        assert loop.time() - began < 8  # one after another would be 10 s each


async def test_a_flood_of_rubbish_ends_the_connection(server: SmallServer, session: ClientSession) -> None:
    async with camera(session, server) as one:
        for number in range(30):
            await one.socket.send_bytes(b"\xc1" + bytes([number]))
            await asyncio.sleep(0.02)
        assert await closed_code(one) == 1008


async def test_a_message_over_the_size_limit_ends_the_connection(server: SmallServer, session: ClientSession) -> None:
    async with camera(session, server) as one:
        await one.socket.send_bytes(b"x" * (wire.MAX_MESSAGE_BYTES + 1))
        assert await closed_code(one) == 1009


async def test_advice_travels_down_and_its_receipts_up(server: SmallServer, session: ClientSession) -> None:
    waiting = await server.advising.send("cam-1", "Hold, contain", "client-0001", "p1", "Anna")
    async with camera(session, server) as one:
        first = await one.until(wire.Advice)
        assert (first.advice_id, first.text, first.author) == (waiting.id, "Hold, contain", "Anna")
        second = await server.advising.send("cam-1", "Backup 2 min", "client-0002", "p1", "Anna")
        assert (await one.until(wire.Advice)).advice_id == second.id
        for seq, state in enumerate(("delivered", "shown", "acknowledged"), start=1):
            at = server.clock.wall()
            await one.send(wire.Receipt(seq=seq, at=at, advice_id=waiting.id, state=state))
        await one.until_acked(1, 2, 3)
    (shown, _) = await server.advising.newest("cam-1")
    assert None not in (shown["delivered_at"], shown["shown_at"], shown["acknowledged_at"])
    async with camera(session, server) as again:  # only what was not acknowledged comes again
        assert (await again.until(wire.Advice)).advice_id == second.id


async def test_the_officer_hears_of_watchers_requests_and_the_alert(
    server: SmallServer, session: ClientSession
) -> None:
    async with camera(session, server) as one:
        assert (await one.until(wire.Watchers)).watchers == []
        server.watchers["cam-1"] = [wire.Watcher(name="Anna", role="control", since=1.0)]
        await server.downlink.ring("cam-1")
        assert [watcher.name for watcher in (await one.until(wire.Watchers)).watchers] == ["Anna"]
        await server.requests.ask("cam-1", "record", "Anna")
        asked = await one.until(wire.Request)
        assert (asked.what, asked.by) == ("record", "Anna")
        await one.send(signal(server, 1, "emergency.pressed"))
        assert (await one.until(wire.AlertUpdate)).state == "raised"


async def test_a_request_that_a_dead_line_swallowed_comes_again_until_the_camera_has_taken_it(
    server: SmallServer, session: ClientSession
) -> None:
    async with camera(session, server) as one:
        await server.requests.ask("cam-1", "record", "Anna")
        asked = await one.until(wire.Request)
    async with camera(session, server) as one:  # it had come, and its camera never said so
        assert await one.until(wire.Request) == asked
        status = wire.Status(at=server.clock.wall(), recording="recording", streaming=False, taken=[asked.request_id])
        await one.send(status)
        await eventually(lambda: server.statuses)
    async with camera(session, server) as one:
        await server.requests.ask("cam-1", "stream", "Anna")
        assert (await one.until(wire.Request)).what == "stream"


async def test_a_camera_lost_while_recording_raises_an_alert_that_clears_when_it_is_back(
    server: SmallServer, session: ClientSession
) -> None:
    async with camera(session, server) as one:
        await one.send(wire.Status(at=server.clock.wall(), recording="recording", streaming=False))
        await eventually(lambda: server.statuses)
    states: list[str] = []
    for expected in ("raised", "cleared"):
        for _ in range(500):
            states = [alert["state"] for alert in await server.alerts.standing()]
            if states == [expected]:
                break
            await asyncio.sleep(0.02)
        assert states == [expected]
        if expected == "raised":
            async with camera(session, server):
                await asyncio.sleep(0.1)


async def test_a_camera_that_does_not_return_after_a_restart_of_the_server_is_missed(
    database: Database, session: ClientSession
) -> None:
    conditions: tuple[tuple[str, Any, bool], ...] = (
        ("cam-1", "recording", False),
        ("cam-2", "buffering", True),
        ("cam-3", "buffering", False),
    )
    async with small_server(database, LocalBus()) as server, AsyncExitStack() as cameras:
        for name, recording, streaming in conditions:
            one = await cameras.enter_async_context(camera(session, server, name))
            await one.send(wire.Status(at=server.clock.wall(), recording=recording, streaming=streaming))
        expected = ExpectedCameras(database)
        for _ in range(500):
            if sorted(await expected.all()) == ["cam-1", "cam-2"]:
                break
            await asyncio.sleep(0.02)
        server.watch.disconnected = lambda device_id, active: None  # type: ignore[method-assign]  # it is killed
    async with small_server(database, LocalBus()) as again, camera(session, again, "cam-2"):
        for _ in range(500):
            if await expected.all() == ["cam-2"]:
                break
            await asyncio.sleep(0.02)
        found = [(alert["kind"], alert["device_id"]) for alert in await again.alerts.standing()]
        assert found == [("camera.lost", "cam-1")]
    async with small_server(database, LocalBus()) as third, camera(session, third, "cam-2"):  # missed once is enough
        await asyncio.sleep(0.4)
        assert [alert["count"] for alert in await third.alerts.standing()] == [1]


async def test_a_camera_that_went_with_its_process_is_missed_by_another(
    database: Database, session: ClientSession
) -> None:
    bus = LocalBus()
    bus.healthy = lambda: hears  # type: ignore[method-assign]  # as the one over Redis, which is away at first
    hears = False
    async with small_server(database, bus, look_s=0.1) as staying:
        async with small_server(database, LocalBus()) as killed, camera(session, killed, "cam-1") as one:
            await one.send(wire.Status(at=killed.clock.wall(), recording="recording", streaming=True))
            expected = ExpectedCameras(database)
            async with asyncio.timeout(PATIENCE_S):
                while await expected.all() != ["cam-1"]:  # noqa: ASYNC110 - the database has no event
                    await asyncio.sleep(0.02)
            killed.watch.disconnected = lambda device_id, active: None  # type: ignore[method-assign]
        await asyncio.sleep(0.6)
        assert await staying.alerts.standing() == [], "without Redis nobody knows whether another process holds it"
        assert await expected.all() == ["cam-1"]
        hears = True
        for _ in range(500):
            found = [(alert["kind"], alert["device_id"]) for alert in await staying.alerts.standing()]
            if found and await expected.all() == []:
                break
            await asyncio.sleep(0.02)
        assert found == [("camera.lost", "cam-1")]
        await asyncio.sleep(0.5)
        assert [alert["count"] for alert in await staying.alerts.standing()] == [1]


async def test_a_wrong_clock_is_estimated_from_the_hello(server: SmallServer, session: ClientSession) -> None:
    skewed = server.clock.wall() + 3600
    async with camera(session, server, at=skewed) as one:
        await one.send(wire.Fix(seq=1, at=skewed, lat=51, lon=-1, accuracy_m=4))
        await eventually(lambda: server.positions.latest_of("cam-1"))
    latest = server.positions.latest_of("cam-1")
    assert latest is not None
    assert (latest.standing.value, latest.device_at) == ("live", skewed)
    assert abs(latest.offset_s - 3600) < 60
    offset = server.uplink.clock_offset("cam-1")
    assert offset is not None, "its picture may go on while its line has gone"
    assert abs(offset - 3600) < 60
    assert server.uplink.clock_offset("cam-2") is None


async def test_a_phone_tells_no_clock_of_its_picture(server: SmallServer, session: ClientSession) -> None:
    """Its browser dates a picture by another clock than the page its messages."""
    async with camera(session, server):
        assert server.uplink.clock_offset("cam-1") is not None
    async with camera(session, server, signed_in="session-1"):
        assert server.uplink.clock_offset("cam-1") is None


async def test_a_camera_that_cannot_be_told_anything_connects_anew(server: SmallServer, session: ClientSession) -> None:
    async def broken(_device_id: str) -> list[Any]:
        raise ZeroDivisionError("a defect of ours")

    server.downlink.add_source(broken)
    async with camera(session, server) as one:
        assert await closed_code(one) == 1011
