"""One port number for IPv4 and IPv6: who asks by one is answered by the same, from the address that was asked."""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
import time
from collections.abc import AsyncIterator
from pathlib import Path as FilePath

import aioice.stun
import pytest

from server.addresses import own_addresses
from server.clock import HandClock, SystemClock
from server.errors import StartError
from server.media import sdp_answer, stun, udp_port
from server.media.settings import MediaSettings
from server.media.srtp import SrtpBuffers
from server.media.udp_port import Path, UdpPort
from tests.server.media.clients import Camera, Screen
from tests.server.media.conftest import CAMERA, INSPECTOR, Running, running_on, until

# On a machine without IPv6 these tests have nothing to show; test_a_machine_without_ipv6_has_ipv4 is its case.
HAS_IPV6 = "::1" in own_addresses()
OUTWARD = [one for one in own_addresses() if ":" in one and one != "::1"]


class Peer:
    """Answers checks, and keeps where they came from."""

    def __init__(self, port: UdpPort) -> None:
        self.port = port
        self.paths: list[Path] = []
        self.waited_s: list[float] = []
        self.times_packets = True
        port.expect("here", self)

    def on_check(self, request: stun.BindingRequest, path: Path, now: float) -> None:
        self.paths.append(path)
        self.port.send(stun.success(request, path.address, "secret"), path)

    def speaks_from(self, address: object, now: float) -> bool:
        return False

    def on_dtls(self, datagram: bytes, address: object, now: float) -> None: ...

    def on_rtp(self, size: int, address: object, now: float, arrived: float) -> None:
        self.waited_s.append(now - arrived)

    def on_rtcp(self, size: int, address: object, now: float) -> None: ...


@pytest.fixture
async def port() -> AsyncIterator[UdpPort]:
    """Not open yet."""
    made = UdpPort(SrtpBuffers(), SystemClock(), lambda now: None)
    yield made
    made.close()


def asker(host: str) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((host, 0))
    made.settimeout(5)
    return made


@pytest.mark.parametrize("host", own_addresses())
async def test_each_address_answers_as_itself(port: UdpPort, host: str) -> None:
    port.open("::", 0)
    peer = Peer(port)
    with asker(host) as client:
        client.connect((host, port.port))  # takes nothing that comes from another of our addresses
        client.send(stun.binding_request(bytes(12), "here:x", "secret"))
        await until(lambda: len(peer.paths) == 1)
        answer = aioice.stun.parse_message(client.recv(2000))
        assert answer.attributes["XOR-MAPPED-ADDRESS"] == client.getsockname()[:2]
        assert peer.paths[0].address == client.getsockname(), "no address is an IPv4 one in IPv6's clothes"
        run = memoryview(b"x" * 2400 + b"y" * 40)
        assert port.send_run(run, 1200, peer.paths[0])
        assert [client.recv(2000) for _ in range(3)] == [b"x" * 1200, b"x" * 1200, b"y" * 40]
        assert port.has_gso == udp_port.IS_LINUX


def ignored_option(_: int) -> tuple[int, int, bytes]:
    """One that splits nothing."""
    return socket.IPPROTO_IP, socket.IP_TOS, struct.pack("=i", 0)


@pytest.mark.skipif(not udp_port.IS_LINUX, reason="GSO is Linux's")
async def test_whether_the_kernel_splits_what_is_sent_is_tried_at_the_start(
    port: UdpPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    for host in ("127.0.0.1", *(["::1"] if HAS_IPV6 else [])):
        with monkeypatch.context() as without:
            without.setattr(udp_port, "UDP_SEGMENT", 250)  # no such option: EINVAL
            port.open(host, 0)
            assert not port.has_gso
            port.close()
        with monkeypatch.context() as without:
            without.setattr(udp_port, "segment_option", ignored_option)
            port.open("127.0.0.1", 0)
            assert not port.has_gso, "what was sent arrives in one piece"
            port.close()
        port.open(host, 0)
        assert port.has_gso
        port.close()


async def test_one_way_that_takes_no_run_leaves_the_others_theirs(port: UdpPort) -> None:
    """Such a viewer once had the whole worker send packet by packet, until its restart."""
    port.open("127.0.0.1", 0)
    peer, run, ours = Peer(port), memoryview(b"x" * 2400), port._sockets[0]
    nowhere = Path(("127.0.0.1", 0), [], ours)
    port.assign(nowhere.address, peer)
    assert not port.send_run(run, 1200, nowhere)
    assert not port.send_run(run, 1200, nowhere)
    assert port.counts["gso_refused"] == 1, "not tried again there"
    with asker("127.0.0.1") as client:
        assert port.send_run(run, 1200, Path(client.getsockname(), [], ours))
        assert [client.recv(2000) for _ in range(2)] == [b"x" * 1200] * 2
    assert port.has_gso == udp_port.IS_LINUX and port.counts["gso_refused"] == 1
    port.release(nowhere.address, peer)
    assert not port.one_by_one


async def test_a_check_from_port_0_is_refused(port: UdpPort) -> None:
    port.open("127.0.0.1", 0)
    peer = Peer(port)
    check = stun.binding_request(bytes(12), "here:x", "secret", nominate=True)
    port._buffers.received[: len(check)] = check
    for number in (0, 1):
        port._route(len(check), ("127.0.0.1", number), [], port._sockets[0], 0.0)
    assert [path.address[1] for path in peer.paths] == [1]
    assert port.counts["stun_from_port_0"] == 1


@pytest.mark.skipif(not udp_port.IS_LINUX, reason="only Linux notes the arrival")
@pytest.mark.parametrize("host", ["127.0.0.1", *(["::1"] if HAS_IPV6 else [])])
@pytest.mark.parametrize("times_packets", [True, False])
async def test_what_waited_for_a_held_up_server_arrived_when_it_did(host: str, times_packets: bool) -> None:
    """Else a machine that is busy for 0.4 s looks like an uplink that stood still for as long."""
    clock = SystemClock()
    made = UdpPort(SrtpBuffers(), clock, lambda now: None)
    made.open(host, 0)
    peer = Peer(made)
    peer.times_packets = times_packets
    with asker(host) as client:
        client.connect((host, made.port))
        made.assign(client.getsockname(), peer)
        for _ in range(3):
            client.send(b"\x80\x60" + bytes(100))
            held_up(0.1)
        await until(lambda: len(peer.waited_s) == 3)
    made.close()
    for number, waited_s in enumerate(peer.waited_s):
        assert waited_s == (pytest.approx(0.1 * (3 - number), abs=0.05) if times_packets else 0.0)
    assert made.take_longest_wait() == pytest.approx(0.3, abs=0.05), "which is the loop's lag"
    assert made.take_longest_wait() == 0.0


def held_up(seconds: float) -> None:
    """Nothing else runs in this process meanwhile."""
    time.sleep(seconds)


@pytest.mark.parametrize("stepped_s", [-3600.0, 3600.0])
async def test_a_wall_clock_that_is_set_makes_no_packet_old_or_new(stepped_s: float) -> None:
    """Between a packet's arrival and our look at it."""
    clock = HandClock(SystemClock().wall() + stepped_s)
    made = UdpPort(SrtpBuffers(), clock, lambda now: None)
    made.open("127.0.0.1", 0)
    peer = Peer(made)
    with asker("127.0.0.1") as client:
        made.assign(client.getsockname(), peer)
        client.sendto(b"\x80\x60" + bytes(100), ("127.0.0.1", made.port))
        await until(lambda: bool(peer.waited_s))
    made.close()
    assert peer.waited_s == [0.0]


async def test_a_machine_without_ipv6_has_ipv4(port: UdpPort, monkeypatch: pytest.MonkeyPatch) -> None:
    made = udp_port._socket

    def without(host: str, number: int) -> socket.socket:
        if ":" in host:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return made(host, number)

    monkeypatch.setattr(udp_port, "_socket", without)
    port.open("::", 0)
    assert port.port and not any(":" in one for one in port.addresses())


async def test_what_was_handed_out_is_sent_on_though_a_receiver_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    drained: list[float] = []
    port, failed = UdpPort(SrtpBuffers(), SystemClock(), drained.append), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failed.append(context.get("exception")))
    peer = Peer(port)

    def fail(*_: object) -> None:
        raise ValueError("of a datagram that nobody foresaw")

    monkeypatch.setattr(peer, "on_check", fail)
    port.open("127.0.0.1", 0)
    try:
        with asker("127.0.0.1") as client:
            client.sendto(stun.binding_request(bytes(12), "here:x", "secret"), ("127.0.0.1", port.port))
            await until(lambda: len(failed) == 1)
        assert len(drained) == 1, "else no camera's picture goes on"
    finally:
        port.close()


async def test_both_families_are_announced_unless_one_is_chosen(port: UdpPort) -> None:
    port.open("::", 0)
    assert port.addresses() == own_addresses()
    port.close()
    port.open("0.0.0.0", 0)
    assert port.addresses() == tuple(one for one in own_addresses() if ":" not in one)
    for one in own_addresses():
        port.close()
        port.open(one, 0)
        assert port.addresses() == (one,)


async def test_a_number_that_is_taken_in_ipv6_is_not_used_for_ipv4_alone(port: UdpPort) -> None:
    if not HAS_IPV6:
        return
    with asker("::1") as other:
        taken = other.getsockname()[1]
        with pytest.raises(StartError, match=f"UDP port {taken}"):
            port.open("::", taken)
    port.open("::", taken)  # and nothing of the first try is left open
    assert port.port == taken


async def test_media_flows_over_ipv6_alone(tmp_path: FilePath) -> None:
    if not OUTWARD:
        return  # this machine has no IPv6 but loopback, over which aiortc gathers no candidate
    async with running_on(MediaSettings(folder=tmp_path, public_addresses=(OUTWARD[0],))) as running:
        engine = running.engine
        camera, screen = Camera(), Screen()
        try:
            await camera.take((await engine.publish(CAMERA, await camera.make_offer())).sdp)
            assert f"c=IN IP6 {OUTWARD[0]}" in camera.answer
            await running.streaming()
            await screen.take((await engine.watch(CAMERA, INSPECTOR, await screen.make_offer())).sdp)
            assert len(await screen.frames(10)) == 10
            assert all(":" in one.peer.address[0] for one in engine._sessions() if one.peer.address)
            assert engine._port.has_gso == udp_port.IS_LINUX
        finally:
            await screen.close()
            await camera.close()
            await engine.close()


async def test_answers_go_out_from_the_address_that_the_peer_nominates(running: Running) -> None:
    """A laptop's checks may come by two of our addresses from one of its own."""
    camera = Camera(sound=False)
    try:
        answer = await running.engine.publish(CAMERA, await camera.make_offer())
        peer = running.engine._publishers[answer.session_id].peer
        ufrag, pwd = (answer.sdp.split(f"a=ice-{name}:")[1].split("\r\n")[0] for name in ("ufrag", "pwd"))
        with asker("127.0.0.1") as client:
            for host, nominate in (("127.0.0.1", False), ("127.0.0.2", True), ("127.0.0.3", False)):
                check = stun.binding_request(bytes(12), f"{ufrag}:x", pwd, nominate=nominate)
                client.sendto(check, (host, running.engine.port))
                await asyncio.to_thread(client.recv, 2000)
            assert peer._path is not None
            assert socket.inet_aton("127.0.0.2") in peer._path.ancillary[0][2]
    finally:
        await camera.close()


async def test_an_address_from_which_a_peer_speaks_is_not_given_to_another(running: Running) -> None:
    """Whoever forges the address of its check is no reason to cut off who is there."""
    engine, camera, other = running.engine, Camera(sound=False), Camera(sound=False)
    port = engine._port
    try:
        answer = await engine.publish(CAMERA, await camera.make_offer())
        await camera.take(answer.sdp)
        await running.streaming()
        theirs = await engine.publish("camera-2", await other.make_offer())
        victim, forger = (engine._publishers[one.session_id].peer for one in (answer, theirs))
        ufrag, pwd = (theirs.sdp.split(f"a=ice-{name}:")[1].split("\r\n")[0] for name in ("ufrag", "pwd"))
        check = stun.binding_request(bytes(12), f"{ufrag}:x", pwd, nominate=True)
        address = victim.address
        assert address is not None

        def forge(now: float) -> None:
            engine._buffers.received[: len(check)] = check
            port._route(len(check), address, [], port._sockets[0], now)

        now = victim._ice._spoke_at
        forge(now)
        assert port._by_address[address] is victim and forger.address is None
        assert port.counts["stun_address_taken"] == 1
        packets = engine.counters()["camera_packets"]
        await until(lambda: engine.counters()["camera_packets"] > packets + 10)
        forge(now + 60)
        assert port._by_address[address] is forger, "a NAT gives what was left to somebody else"
    finally:
        await camera.close()
        await other.close()


def test_candidates_are_written_in_the_order_given() -> None:
    lines = sdp_answer.candidate_lines(("192.0.2.1", "2001:db8::1", "::1"), 5004)
    assert [line.split()[4] for line in lines] == ["192.0.2.1", "2001:db8::1", "::1"]
    priorities = [int(line.split()[3]) for line in lines]
    assert priorities == sorted(priorities, reverse=True)


@pytest.mark.parametrize(("before", "after"), [("127.0.0.1", "::1"), ("::1", "127.0.0.1")])
async def test_a_peer_may_move_from_one_family_to_the_other(running: Running, before: str, after: str) -> None:
    if not HAS_IPV6:
        return
    camera = Camera(sound=False)
    try:
        answer = await running.engine.publish(CAMERA, await camera.make_offer())
        peer = running.engine._publishers[answer.session_id].peer
        ufrag, pwd = (answer.sdp.split(f"a=ice-{name}:")[1].split("\r\n")[0] for name in ("ufrag", "pwd"))
        for host in (before, after):
            with asker(host) as client:
                check = stun.binding_request(bytes(12), f"{ufrag}:x", pwd, nominate=True)
                client.sendto(check, (host, running.engine.port))
                await asyncio.to_thread(client.recv, 2000)
                assert peer.address == client.getsockname()
                assert peer._path is not None and peer._path.socket.family == client.family
                peer._send_dtls(b"what is for the peer")
                assert await asyncio.to_thread(client.recv, 2000) == b"what is for the peer"
    finally:
        await camera.close()


async def test_a_public_host_name_is_announced_as_its_addresses(tmp_path: FilePath) -> None:
    public = ("203.0.113.5", "localhost")
    async with running_on(MediaSettings(folder=tmp_path, public_addresses=public)) as running:
        camera = Camera(sound=False)
        try:
            answer = (await running.engine.publish(CAMERA, await camera.make_offer())).sdp
        finally:
            await camera.close()
    announced = [line.split()[4] for line in answer.split("\r\n") if line.startswith("a=candidate:")]
    assert announced[0] == "203.0.113.5"
    assert {"127.0.0.1", "::1"} >= set(announced[1:]) > set()
