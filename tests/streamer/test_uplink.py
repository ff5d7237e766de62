"""The uplink against a real WebSocket server that speaks server/wire.py: nothing lost, whatever breaks."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server import wire
from streamer import uplink as uplink_module
from streamer.backoff import Backoff
from streamer.clock import SystemClock
from streamer.downlink import FromServer
from streamer.errors import UplinkRefused
from streamer.gps_fix import GpsFix
from streamer.link import Link
from streamer.tasks import TaskOwner, until_one_ends
from streamer.uplink import Credentials, Uplink, uplink_url
from tests.fakes.telemetry_server import TelemetryServer
from tests.streamer.conftest import Bench

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


@pytest.fixture
async def server() -> AsyncIterator[TelemetryServer]:
    server = TelemetryServer(KEY.public_key())
    await server.start()
    yield server
    await server.stop()


def later(found: list[wire.Hello], before: int) -> bool:
    return len(found) > before


class Camera:
    """An uplink with its outbox, and what came down."""

    def __init__(self, bench: Bench, url: str, key: Ed25519PrivateKey = KEY) -> None:
        self.bench = bench
        self.link = Link()
        self.took: list[FromServer] = []
        self.lost: list[str] = []
        self.replaced = 0
        self.uplink = Uplink(
            uplink_url(url, "et17"),
            Credentials("et17", key),
            bench.outbox,
            bench.kit.status,
            self._take,
            link=self.link,
            clock=SystemClock(),
            backoff=Backoff(Random(1), first_s=0.05, cap_s=0.1),
        )
        self.uplink.on_lost = self.lost.append
        self.uplink.on_replaced = self._note_replaced
        bench.kit.changed = self.uplink.status_changed

    def _note_replaced(self) -> None:
        self.replaced += 1

    def _take(self, message: FromServer) -> None:
        self.took.append(message)
        if isinstance(message, wire.Ack):
            self.bench.outbox.acknowledged(message.seqs)
        elif isinstance(message, wire.Refused):
            self.bench.outbox.refused(message.seq, message.reason, 1.0)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        async with TaskOwner("test") as tasks:
            yield tasks.start(self.uplink.run(), "uplink")

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(15):
            while not condition():  # noqa: ASYNC110 - what it asks for has no event of its own
                await asyncio.sleep(0.01)

    def all_told(self) -> bool:
        return self.bench.outbox.waiting() == (0, 0)


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("http://h:1", "ws://h:1/uplink/et17"),
        ("https://h", "wss://h/uplink/et17"),
        ("https://h/watch/", "wss://h/watch/uplink/et17"),
    ],
)
def test_the_address(server: str, expected: str) -> None:
    assert uplink_url(server, "et17") == expected


async def test_what_waited_is_told_first_thing_alerts_before_fixes(bench: Bench, server: TelemetryServer) -> None:
    for k in range(3):
        bench.outbox.fix(GpsFix(float(k), 51.0, 1.0, 4.0))
    bench.kit.press("taser.drawn")
    camera = Camera(bench, server.url)
    async with camera.running():
        await camera.until(camera.all_told)
    kinds = [message.t for message in server.arrived]
    assert kinds == ["signal"] * 3 + ["fix"] * 3
    assert server.kinds() == ["taser.drawn", "recording.started", "stream.started"]
    assert server.hellos[0].outbox_id == bench.outbox.outbox_id
    assert server.statuses[0].recording == "recording"


async def test_a_press_goes_out_at_once_and_so_does_the_status(bench: Bench, server: TelemetryServer) -> None:
    camera = Camera(bench, server.url)
    async with camera.running():
        await server.until(lambda: server.statuses)
        bench.kit.press("watch_me")
        await server.until(lambda: "watch.requested" in server.kinds())
        await server.until(lambda: server.statuses[-1].recording == "recording")


async def test_a_server_that_goes_and_comes_back_has_everything_once(bench: Bench, server: TelemetryServer) -> None:
    camera = Camera(bench, server.url)
    expected = []
    async with camera.running():
        for number in range(4):
            bench.kit.press("emergency")
            expected.append("emergency.pressed")
            if number % 2:
                await server.stop()
                bench.kit.press("emergency")
                expected.append("emergency.pressed")
                await camera.until(lambda: camera.lost)
                camera.lost.clear()
                await server.start()
            await camera.until(camera.all_told)
    assert server.kinds().count("emergency.pressed") == len(expected)
    assert {outbox for outbox, _ in server.kept} == {bench.outbox.outbox_id}


async def test_without_an_acknowledgement_it_is_told_again_after_the_break(
    bench: Bench, server: TelemetryServer
) -> None:
    server.acks = False
    seq = bench.outbox.signal(1.0, "taser.armed")
    camera = Camera(bench, server.url)
    async with camera.running():
        await server.until(lambda: server.arrived)
        await server.stop()
        server.acks = True
        await server.start()
        await camera.until(camera.all_told)
    assert [message.seq for message in server.arrived] == [seq, seq]
    assert len(server.kept) == 1


async def test_a_refused_message_goes_to_quarantine_and_the_next_gets_through(
    bench: Bench, server: TelemetryServer
) -> None:
    server.refuse = lambda m: "poison" if isinstance(m, wire.Signal) and m.kind == "battery.low" else ""
    bad, good = bench.outbox.signal(1.0, "battery.low"), bench.outbox.signal(2.0, "taser.armed")
    camera = Camera(bench, server.url)
    async with camera.running():
        await camera.until(camera.all_told)
    assert bench.store.quarantined() == [(bad, "poison")]
    assert [seq for _, seq in server.kept] == [good]


async def test_what_the_server_says_comes_down_in_order(bench: Bench, server: TelemetryServer) -> None:
    advice = wire.Advice(advice_id="a1", text="go", author="Price", sent_at=1.0)
    server.on_welcome = [advice, wire.Request(request_id="r1", what="record", by="Price")]
    camera = Camera(bench, server.url)
    welcomes: list[wire.Welcome] = []
    camera.uplink.on_welcome = welcomes.append
    async with camera.running():
        await camera.until(lambda: len(camera.took) >= 2)
    assert camera.took[:2] == server.on_welcome
    assert (welcomes[0].whip_token, welcomes[0].call_sign) == ("tok", "ET17")


async def test_a_camera_that_is_not_known_is_told_so(bench: Bench, server: TelemetryServer) -> None:
    stranger = Camera(bench, server.url, Ed25519PrivateKey.from_private_bytes(b"x" * 32))
    with pytest.raises(UplinkRefused, match=r"does not know camera et17, or its key \(the signature is not this"):
        await asyncio.wait_for(stranger.uplink.run(), 10)
    server.http_status = 404
    with pytest.raises(UplinkRefused, match=r"does not let camera et17 in \(HTTP 404\)"):
        await asyncio.wait_for(Camera(bench, server.url).uplink.run(), 10)


async def test_a_camera_that_was_known_keeps_trying(bench: Bench, server: TelemetryServer) -> None:
    camera = Camera(bench, server.url)
    async with camera.running():
        await server.until(lambda: server.statuses)
        await server.stop()
        server.http_status = 403
        await server.start()
        await camera.until(lambda: any("HTTP 403" in why for why in camera.lost))
        server.http_status = 0
        bench.kit.press("emergency")
        await camera.until(camera.all_told)


async def test_a_server_that_is_away_or_busy_or_odd_is_tried_again(bench: Bench, server: TelemetryServer) -> None:
    server.http_status = 503
    camera = Camera(bench, server.url)
    async with camera.running():
        await camera.until(lambda: "it answers HTTP 503" in camera.lost)
        await server.stop()
        await camera.until(lambda: "Connection refused" in camera.lost)
        server.http_status = 0
        await server.start()
        await server.until(lambda: server.statuses)
        for rubbish in (b"\xc1", b"\x80", wire.pack_map({"t": "nonsense"})):
            before = len(server.hellos)
            await server.sockets[-1].send_bytes(rubbish)
            await server.until(partial(later, server.hellos, before))
        await server.sockets[-1].send_str("text")
        await camera.until(lambda: any("msgpack" in why for why in camera.lost))


async def test_one_that_was_replaced_asks_now_and_then_and_comes_back_when_the_newer_has_gone(
    bench: Bench, server: TelemetryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes with one key would else throw each other out for ever."""
    monkeypatch.setattr(uplink_module, "YIELD_S", 0.1)
    camera = Camera(bench, server.url)
    async with camera.running():
        await server.until(lambda: server.statuses)
        await server.replace()
        await server.until(lambda: len(server.hellos) == 5)
        assert [hello.yields for hello in server.hellos] == [False, True, True, True, True]
        assert len(server.sockets) == camera.replaced == 1
        bench.kit.press("emergency")
        server.held_by_another = False
        await camera.until(camera.all_told)
        await server.sockets[-1].close()
        await server.until(lambda: not server.hellos[-1].yields)


async def test_a_link_without_any_answer_is_tried_soon_however_long_it_has_been_away(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uplink_module, "REACH_S", 0.1)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.socket() as caller:
        caller.connect(full.getsockname())  # the queue is full: who calls now hears nothing
        camera = Camera(bench, f"http://127.0.0.1:{full.getsockname()[1]}")
        camera.uplink._backoff = Backoff(Random(1), first_s=3600, cap_s=3600)
        async with camera.running():
            await camera.until(lambda: camera.lost.count("no answer") >= 3)


async def test_a_server_that_is_started_again_is_found_soon_however_often_nothing_listened(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recording must go on within ten seconds of its start: the back-off would take eight of them."""
    monkeypatch.setattr(uplink_module, "REFUSED_S", 0.1)
    with socket.socket() as bound:  # and does not listen
        bound.bind(("127.0.0.1", 0))
        camera = Camera(bench, f"http://127.0.0.1:{bound.getsockname()[1]}")
        camera.uplink._backoff = Backoff(Random(1), first_s=3600, cap_s=3600)
        async with camera.running():
            await camera.until(lambda: camera.lost.count("Connection refused") >= 4)


async def test_a_stalled_link_says_nothing_and_then_everything(
    bench: Bench, server: TelemetryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uplink_module, "HEARTBEAT_S", 0.2)
    camera = Camera(bench, server.url)
    async with camera.running():
        await server.until(lambda: server.statuses)
        camera.link.impair(0.0, stalled=True)
        bench.kit.press("taser.armed")
        await camera.until(lambda: "no answer" in camera.lost)
        assert server.kinds() == []
        camera.link.impair(0.0, stalled=False)
        await camera.until(camera.all_told)
    assert server.kinds()[0] == "taser.armed"


async def test_a_dead_link_is_noticed(bench: Bench, server: TelemetryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that keeps the connection and passes nothing on: pings go unanswered."""
    monkeypatch.setattr(uplink_module, "HEARTBEAT_S", 0.2)
    dead = asyncio.Event()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while read := await reader.read(65536):
            if not dead.is_set():
                writer.write(read)

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up, down = await asyncio.open_connection("127.0.0.1", server.port)
        try:
            await until_one_ends(pump(reader, down), pump(up, writer), name="proxy")
        finally:
            writer.close()
            down.close()

    front = await asyncio.start_server(proxy, "127.0.0.1", 0)
    camera = Camera(bench, f"http://127.0.0.1:{front.sockets[0].getsockname()[1]}")
    async with camera.running():
        await server.until(lambda: server.statuses)
        dead.set()
        await camera.until(lambda: camera.lost)
        dead.clear()
        bench.kit.press("emergency")
        await camera.until(camera.all_told)
    front.close()
    await asyncio.sleep(0.1)  # the proxy's ends see the end


def test_a_dead_link_is_noticed_within_five_seconds() -> None:
    assert uplink_module.HEARTBEAT_S * 1.5 <= 5.0


async def test_a_long_backlog_goes_through_whole(bench: Bench, server: TelemetryServer) -> None:
    for k in range(1000):
        bench.outbox.fix(GpsFix(float(k), 51.0, 1.0, 4.0))
    camera = Camera(bench, server.url)
    async with camera.running():
        await camera.until(camera.all_told)
    fixes = [message for message in server.arrived if isinstance(message, wire.Fix)]
    assert len(fixes) == len(server.kept) == 1000
    assert fixes[0].at == 999.0  # where the officer is now, before where he was
    assert [fix.at for fix in fixes[1:]] == sorted(fix.at for fix in fixes[1:])
