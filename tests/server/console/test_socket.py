"""The live channel over real sockets: nothing lost, nothing twice, a slow console alone pays for itself."""

from __future__ import annotations

import asyncio
import socket as sockets
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import ClientSession, WSMsgType
from sqlalchemy import text

from server import wire
from server.alerts.alert import By, Happening
from server.bus import LocalBus, Topic
from server.console import socket as console_socket
from server.database import Database
from server.journal.entry import EntryKind
from tests.fakes.small_server import PATIENCE_S, SmallServer, console, small_server
from tests.patience import until


@pytest.fixture
async def server(database: Database) -> AsyncIterator[SmallServer]:
    async with small_server(database, LocalBus()) as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as open_session:
        yield open_session


async def raise_alert(server: SmallServer, seq: int, device_id: str = "cam-1") -> None:
    signal = wire.Signal(seq=seq, at=server.clock.wall(), kind="emergency.pressed")
    await server.alerts.receive_signal(device_id, "outbox-1", signal)


async def show_fix(server: SmallServer, seq: int) -> None:
    raw = wire.Fix(seq=seq, at=server.clock.wall(), lat=51, lon=-1, accuracy_m=4)
    await server.positions.receive("cam-1", "outbox-1", raw)


async def write(server: SmallServer, count: int, fill: int = 10) -> None:
    async with server.database.transaction() as tx:
        for number in range(count):
            await server.journal.append(tx, EntryKind.ACTIVITY, {"number": number, "fill": "x" * fill})
    await server.bus.publish(Topic.JOURNAL, {"seq": await server.journal.last_seq()})


async def test_a_console_gets_the_room_and_then_everything_new_in_order(
    server: SmallServer, session: ClientSession
) -> None:
    await raise_alert(server, 1)
    await show_fix(server, 1)
    async with console(session, server) as one:
        snapshot = await one.receive()
        assert (snapshot["t"], snapshot["seq"], snapshot["reset"]) == ("snapshot", 1, False)
        assert (snapshot["person"]["id"], snapshot["settings"]) == ("anna", {"force": "Test"})
        assert [alert["kind"] for alert in snapshot["alerts"]] == ["emergency"]
        assert [fix["device_id"] for fix in snapshot["fixes"]] == ["cam-1"]
        assert len(snapshot["units"]) == 3
        assert any(kind["kind"] == "taser.armed" for kind in snapshot["catalogue"])
        alert_id = snapshot["alerts"][0]["id"]
        await server.alerts.act(alert_id, Happening.ACKNOWLEDGE, By("p2", "Ben"))
        await raise_alert(server, 1, "cam-2")
        await one.until_seq(3)
        assert one.seqs == [1, 2, 3]
        assert one.alerts[alert_id]["acknowledged_by"] == {"id": "p2", "name": "Ben"}


async def test_what_a_console_has_seen_is_noted_one_by_one_and_is_bounded(
    server: SmallServer, session: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    under_way: list[str] = []
    go_on = asyncio.Event()

    async def slow(alert_id: str, _by: By) -> None:
        under_way.append(alert_id)
        await go_on.wait()

    monkeypatch.setattr(server.alerts, "seen", slow)
    async with console(session, server) as one:
        await one.receive()
        monkeypatch.setattr(console_socket, "MOST_SEEN", 20)
        for number in range(50):
            await one.socket.send_bytes(wire.pack_map({"t": "seen", "alert_id": str(number)}))
        await one.socket.send_bytes(wire.pack_map({"t": "ping", "at": 1}))
        await one.until("pong")  # all have been read, and the slow one holds nothing up
        assert under_way == ["0"]
        go_on.set()
        await one.socket.send_bytes(wire.pack_map({"t": "ping", "at": 2}))
        await one.until("pong")
        await until(lambda: under_way == [str(number) for number in range(20)], "all that were not too many")


async def test_latest_is_coalesced_and_units_are_whole(server: SmallServer, session: ClientSession) -> None:
    async with console(session, server) as one:
        await one.receive()
        for seq in range(1, 20):
            await show_fix(server, seq)
        await server.bus.publish(Topic.LATEST, {"units": [{"device_id": "cam-2"}, {"device_id": "gone"}]})
        latest = await one.until("latest")
        assert [fix["device_id"] for fix in latest["fixes"]] == ["cam-1"]
        assert latest["units"] == [{"device_id": "cam-2", "call_sign": "CAM-2"}]
        beat = await one.until("beat")
        assert beat["seq"] == one.seq


async def test_ping_and_seen(server: SmallServer, session: ClientSession) -> None:
    await raise_alert(server, 1)
    async with console(session, server) as one, console(session, server, person="tom:trainer") as trainer:
        alert_id = (await one.receive())["alerts"][0]["id"]
        await one.socket.send_bytes(wire.pack_map({"t": "ping", "at": 5.5}))
        assert (await one.until("pong"))["at"] == 5.5
        await trainer.socket.send_bytes(wire.pack_map({"t": "seen", "alert_id": alert_id}))  # may only look
        for _ in range(2):
            await one.socket.send_bytes(wire.pack_map({"t": "seen", "alert_id": alert_id}))
        await one.socket.send_bytes(wire.pack_map({"t": "seen", "alert_id": "no-such"}))
        await one.until_seq(2)
        seen = [step for step in one.alerts[alert_id]["steps"] if step["action"] == "seen"]
        assert [step["by"]["name"] for step in seen] == ["Anna"]


async def test_a_console_that_stays_open_gets_what_expires_anew(
    server: SmallServer, session: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console_socket, "SETTINGS_AGAIN_S", 0.05)
    async with console(session, server) as one:
        for _ in range(2):
            assert (await one.until("settings"))["settings"] == {"force": "Test"}
    async with console(session, server, after=0) as again:
        assert (await again.receive())["settings"] == {"force": "Test"}


async def test_a_console_that_was_away_resumes_without_loss(server: SmallServer, session: ClientSession) -> None:
    async with console(session, server) as one:
        await one.receive()
    await write(server, 250)
    async with console(session, server, after=0) as again:
        assert (await again.receive())["t"] == "resumed"
        await again.until_seq(250)
        assert again.seqs == list(range(251))


async def test_entries_written_while_a_console_joins_come_once(server: SmallServer, session: ClientSession) -> None:
    writing = asyncio.gather(*(write(server, 4) for _ in range(25)))

    async def follow(after: int | None) -> list[int]:
        async with console(session, server, after) as one:
            await one.until_seq(100)
            return one.seqs

    followed = await asyncio.gather(*(follow(after) for after in (None, 0, None, 0, 0)))
    await writing
    for seqs in followed:
        assert seqs == list(range(seqs[0], 101))


@pytest.mark.parametrize("after", [99, -3])
async def test_a_number_from_another_database_starts_anew(
    server: SmallServer, session: ClientSession, after: int
) -> None:
    await write(server, 2)
    async with console(session, server, after) as one:
        first = await one.receive()
        assert (first["t"], first["reset"], first["seq"]) == ("snapshot", True, 2)


async def test_entries_that_are_no_longer_kept_start_anew(server: SmallServer, session: ClientSession) -> None:
    await write(server, 3)
    async with server.database.transaction() as tx:
        await tx.execute(text("DELETE FROM journal WHERE seq <= 2"))
    async with console(session, server, 1) as one:
        assert (await one.receive())["t"] == "snapshot"
    async with console(session, server, 2) as one:
        assert (await one.receive())["t"] == "resumed"


@pytest.mark.parametrize(("query", "status"), [("", 401), ("?as=olga:officer", 403), ("?as=anna:control&after=x", 400)])
async def test_who_may_not_or_asks_nonsense_is_refused_before_the_upgrade(
    server: SmallServer, session: ClientSession, query: str, status: int
) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with session.ws_connect(server.url(f"/api/console{query}")):
            raise AssertionError("it was let in")
    assert refused.value.status == status


@pytest.mark.parametrize(
    ("said", "code"),
    [(b"\xc1", 1007), (wire.pack_map({"t": "seen", "alert_id": 5}), 1007), ("text", 1003), (b"x" * 5000, 1009)],
)
async def test_rubbish_ends_the_channel(
    server: SmallServer, session: ClientSession, said: bytes | str, code: int
) -> None:
    async with console(session, server) as one:
        await one.receive()
        await (one.socket.send_str(said) if isinstance(said, str) else one.socket.send_bytes(said))
        while (frame := await asyncio.wait_for(one.socket.receive(), PATIENCE_S)).type is WSMsgType.BINARY:
            continue
        assert frame.type is WSMsgType.CLOSE
        assert one.socket.close_code == code


async def closing_code(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    while (await asyncio.wait_for(socket.receive(), PATIENCE_S)).type is WSMsgType.BINARY:
        continue
    return socket.close_code


async def test_a_revoked_session_is_put_out_and_the_others_stay(server: SmallServer, session: ClientSession) -> None:
    async with console(session, server) as one, console(session, server, person="ben:inspector") as other:
        await one.receive()
        await other.receive()
        await server.bus.publish(Topic.SESSIONS, {"revoked": ["anna"]})
        assert await closing_code(one.socket) == 4001
        await other.until("beat")


async def test_an_expired_session_is_put_out(
    server: SmallServer, session: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console_socket, "SESSION_LOOK_S", 0.02)
    async with console(session, server) as one:
        await one.receive()
        server.valid_sessions = False
        assert await closing_code(one.socket) == 4001


async def test_a_program_without_a_bell_is_noticed(server: SmallServer, session: ClientSession) -> None:
    async with console(session, server) as one:
        await one.receive()
        async with server.database.transaction() as tx:
            await server.journal.append(tx, EntryKind.ACTIVITY, {"by": "a command in a terminal"})
        await one.until_seq(1)


async def test_a_stalled_console_is_closed_resumes_and_holds_nobody_up(
    server: SmallServer, session: ClientSession
) -> None:
    slow = await stalled_console(server)
    try:
        async with console(session, server) as quick:
            await quick.receive()
            for _ in range(24):
                await write(server, 10, fill=60_000)  # 14 MB: more than the sockets' buffers hold
                await quick.until_seq(await server.journal.last_seq())
            assert quick.seqs == list(range(241))
            for _ in range(500):
                if len(server.consoles) == 1:
                    break
                await asyncio.sleep(0.01)
            assert len(server.consoles) == 1
            async with console(session, server, after=3) as again:
                await again.until_seq(240)
                assert again.seqs == list(range(3, 241))
    finally:
        slow.close()


async def stalled_console(server: SmallServer) -> sockets.socket:
    """A console that has shaken hands and reads nothing more."""
    assert server.http is not None
    raw = sockets.socket()
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, ("127.0.0.1", server.http.port))
    request = (
        "GET /api/console?as=sam:control HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    await loop.sock_sendall(raw, request.encode())
    for _ in range(2000):
        if len(server.consoles):
            return raw
        await asyncio.sleep(0.01)
    raise AssertionError("the console did not join")
