"""A run to several peers in one call: each gets what it would get alone, and one who cannot be reached costs no other."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.clock import SystemClock
from server.media import send_together, udp_port
from server.media.packet import HEADER, parse_header
from server.media.run import Numbers, Run, make_runs
from server.media.send_together import SendTogether, Way
from server.media.srtp import GCM_128, MOST_TOGETHER, SrtpBuffers, SrtpReceiver, SrtpSender
from server.media.udp_port import Ancillary, Path, UdpPort

SSRC = 0xDEADBEEF
NUMBERS: Numbers = (GCM_128.overhead, 102, SSRC, -65_000, 1000)
HOSTS = ["127.0.0.1"] + (["::1"] if socket.has_ipv6 else [])


def run_of(count: int, size: int, last: int) -> Run:
    sizes = [size] * (count - 1) + [last]
    (run,) = make_runs(
        [(65_530 + n, HEADER.pack(0x80, 0, 65_530 + n & 0xFFFF, n, 1) + bytes([n]) * s) for n, s in enumerate(sizes)]
    )
    return run


@dataclass
class Viewer:
    """A peer with a socket of its own, which opens what it gets."""

    key: bytes
    socket: socket.socket
    opener: SrtpReceiver
    buffers: SrtpBuffers
    port: UdpPort
    _way: Way | None = None

    @property
    def way(self) -> Way | None:
        """How packets go out to it."""
        return self._way

    @way.setter
    def way(self, way: Way | None) -> None:
        self._way = way
        self.port.way_changes += 1

    def gets(self) -> list[tuple[int, bytes]]:
        """Sequence numbers and contents of all that has come, in order."""
        found: list[tuple[int, bytes]] = []
        while True:
            try:
                size = self.socket.recv_into(self.buffers.received)
            except BlockingIOError:
                return found
            opened = self.opener.open(size)
            assert opened is not None, "sealed with another's key, or not whole"
            header = parse_header(bytes(opened))
            assert (header.payload_type, header.ssrc) == (102, SSRC)
            found.append((header.sequence, bytes(opened[12:])))


class Room:
    """Our port's socket, and viewers at it."""

    def __init__(self, host: str = "127.0.0.1", *, public_api_only: bool = False) -> None:
        self.host = host
        self.buffers = SrtpBuffers(public_api_only=public_api_only)
        self.port = UdpPort(self.buffers, SystemClock(), lambda now: None)
        self.ours = udp_port._socket(host, 0)
        self.viewers: list[Viewer] = []

    def viewer(self, ancillary: Ancillary | None = None) -> Viewer:
        """One more."""
        key = bytes([len(self.viewers) + 1]) * 28
        theirs = udp_port._socket(self.host, 0)
        path = Path(theirs.getsockname(), ancillary or [], self.ours)
        buffers = SrtpBuffers(public_api_only=True)
        way = SrtpSender(self.buffers, key, GCM_128), path
        made = Viewer(key, theirs, SrtpReceiver(buffers, key, GCM_128), buffers, self.port)
        made.way = way
        self.viewers.append(made)
        return made

    def together(self) -> SendTogether:
        return SendTogether(self.port, self.buffers, self.viewers)

    def close(self) -> None:
        for one in (self.ours, *(viewer.socket for viewer in self.viewers)):
            one.close()


@pytest.fixture
def rooms() -> Iterator[list[Room]]:
    """Closed at the end."""
    made: list[Room] = []
    yield made
    for room in made:
        room.close()


def shown(run: Run) -> list[tuple[int, bytes]]:
    """What a viewer is to see of it."""
    return [((sequence - 65_000) & 0xFFFF, packet[12:]) for sequence, packet in run.entries]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many messages were handed over in each call; to few as well."""
    monkeypatch.setattr(send_together, "FEW", 1)
    seen: list[int] = []
    real = send_together._sendmmsg
    assert real is not None, "not on this machine"

    def counted(descriptor: int, address: int, count: int, flags: int) -> int:
        seen.append(count)
        return real(descriptor, address, count, flags)

    monkeypatch.setattr(send_together, "_sendmmsg", counted)
    return seen


@pytest.mark.parametrize("host", HOSTS)
def test_each_gets_the_run_sealed_for_it(rooms: list[Room], host: str, calls: list[int]) -> None:
    room = Room(host)
    rooms.append(room)
    for _ in range(MOST_TOGETHER + 3):
        room.viewer()
    together, run = room.together(), run_of(6, 1180, 300)
    assert together.send(run, NUMBERS) == []
    assert [viewer.gets() for viewer in room.viewers] == [shown(run)] * (MOST_TOGETHER + 3)
    assert calls == [MOST_TOGETHER, 3]
    assert not room.port.counts


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    viewers=st.integers(1, 20),
    few=st.sampled_from([1, send_together.FEW]),
    runs=st.lists(st.tuples(st.integers(1, 40), st.integers(13, 1300), st.integers(0, 12)), min_size=1, max_size=4),
    public=st.booleans(),
)
def test_whatever_the_run_it_arrives_as_it_would_alone(
    rooms: list[Room], viewers: int, few: int, runs: list[tuple[int, int, int]], public: bool
) -> None:
    """Long ones leave room in the buffer for few viewers, or for one."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(send_together, "FEW", few)
        arrives_as_alone(rooms, viewers, runs, public=public)


def arrives_as_alone(rooms: list[Room], viewers: int, runs: list[tuple[int, int, int]], *, public: bool) -> None:
    """At each of so many."""
    room = Room(public_api_only=public)
    rooms.append(room)
    for _ in range(viewers):
        room.viewer()
    together = room.together()
    for index, (count, size, shorter) in enumerate(runs):
        run = run_of(count, size, size - shorter)
        numbers = (NUMBERS[0], 102, SSRC, -65_000 + 50 * index, 1000)
        assert together.send(run, numbers) == []
        expected = [((sequence + 50 * index) & 0xFFFF, content) for sequence, content in shown(run)]
        assert all(viewer.gets() == expected for viewer in room.viewers)
    room.close()
    rooms.remove(room)


def test_one_that_the_kernel_refuses_is_told_and_costs_no_other(rooms: list[Room], calls: list[int]) -> None:
    room = Room()
    rooms.append(room)
    for _ in range(5):
        room.viewer()
    for place in (0, 3):  # port 0: EINVAL
        sender, path = room.viewers[place].way or pytest.fail("no way")
        room.viewers[place].way = sender, path._replace(address=("127.0.0.1", 0))
    together, run = room.together(), run_of(4, 1000, 1000)
    assert together.send(run, NUMBERS) == [0, 3]
    assert [viewer.gets() == shown(run) for viewer in room.viewers] == [False, True, True, False, True]
    assert room.port.has_gso, "it is one way that does without, not the worker"
    calls.clear()
    later = (*NUMBERS[:3], NUMBERS[3] + 4, NUMBERS[4])
    assert together.send(run, later) == [0, 3]
    assert calls == [3], "who was refused is no longer in the way of the others"
    assert sum(count for name, count in room.port.counts.items() if name.startswith("send_")) >= 2


def test_few_are_served_one_after_the_other_and_none_costs_another(rooms: list[Room]) -> None:
    room = Room()
    rooms.append(room)
    for _ in range(send_together.FEW):
        room.viewer()
    sender, path = room.viewers[0].way or pytest.fail("no way")
    room.viewers[0].way = sender, path._replace(address=("127.0.0.1", 0))  # EINVAL
    room.viewers[1].way = None
    together, run = room.together(), run_of(4, 1000, 700)
    for after in (0, 4, 8):
        assert together.send(run, (*NUMBERS[:3], NUMBERS[3] + after, NUMBERS[4])) == [0, 1]
        expected = [(sequence + after, content) for sequence, content in shown(run)]
        assert [viewer.gets() for viewer in room.viewers[2:]] == [expected] * (send_together.FEW - 2)
    room.viewers[0].way = room.viewers[1].way = sender, path
    room.port.way_changes += 1
    assert together.send(run, (*NUMBERS[:3], NUMBERS[3] + 12, NUMBERS[4])) == []


@pytest.mark.parametrize("few", [1, send_together.FEW])
def test_where_gso_is_refused_the_packets_go_one_by_one(
    rooms: list[Room], monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(send_together, "FEW", few)
    room = Room()
    rooms.append(room)
    monkeypatch.setattr(udp_port, "UDP_SEGMENT", 250)  # no such option
    room.port = UdpPort(room.buffers, SystemClock(), lambda now: None)
    for _ in range(3):
        room.viewer()
    together, run = room.together(), run_of(4, 1000, 700)
    for _ in range(2):  # by the refusal, then by what it taught
        assert together.send(run, NUMBERS) == []
        assert all(viewer.socket.recv(2000) for viewer in room.viewers for _ in range(4))
    assert room.port.counts == Counter(gso_refused=3)


def test_a_peer_that_moves_that_goes_and_that_comes_is_followed(rooms: list[Room], calls: list[int]) -> None:
    room = Room()
    rooms.append(room)
    one, two, three = (room.viewer() for _ in range(3))
    together, run = room.together(), run_of(2, 500, 500)
    before, two.way = two.way, None
    assert together.send(run, NUMBERS) == [1]
    two.way = before
    moved = room.viewer()
    room.viewers.remove(moved)
    assert one.way is not None and moved.way is not None
    one.way = one.way[0], moved.way[1]
    moved.opener, moved.buffers = one.opener, one.buffers
    one.gets(), three.gets()
    later = (*NUMBERS[:3], NUMBERS[3] + 2, NUMBERS[4])
    assert together.send(run, later) == []
    expected = [(sequence + 2, content) for sequence, content in shown(run)]
    assert (one.gets(), two.gets(), three.gets(), moved.gets()) == ([], expected, expected, expected)
    assert calls == [2, 3]
    moved.socket.close()


@pytest.mark.skipif(not udp_port.IS_LINUX, reason="where the kernel tells at which address a datagram arrived")
def test_each_hears_from_the_address_it_has_asked(rooms: list[Room], calls: list[int]) -> None:
    room = Room("0.0.0.0")
    rooms.append(room)
    port = room.ours.getsockname()[1]
    sources = ["127.0.0.1", "127.0.0.2", "127.0.0.1", "127.0.0.2", "127.0.0.3"]
    for source in sources:
        info = bytes(4) + socket.inet_aton(source) + bytes(4)
        room.host = "127.0.0.1"
        room.viewer([(socket.IPPROTO_IP, udp_port.IP_PKTINFO, info)])
    together, run = room.together(), run_of(3, 500, 400)
    assert together.send(run, NUMBERS) == []
    for viewer, source in zip(room.viewers, sources, strict=True):
        for _ in range(3):
            assert viewer.socket.recvfrom(2000)[1] == (source, port)
    assert calls == [2, 2, 1]


@pytest.mark.parametrize("few", [1, send_together.FEW])
def test_one_whose_packets_libsrtp_refuses_is_counted_and_costs_no_other(
    rooms: list[Room], monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """A number far behind what was sealed for it before (RFC 3711 section 3.3.2)."""
    monkeypatch.setattr(send_together, "FEW", few)
    room = Room()
    rooms.append(room)
    for _ in range(3):
        room.viewer()
    sender, _ = room.viewers[1].way or pytest.fail("no way")
    assert sender.seal(run_of(1, 500, 500), 102, SSRC, -65_000 + 30_000, 1000) is not None
    run = run_of(3, 500, 400)
    assert room.together().send(run, NUMBERS) == [1]
    assert [viewer.gets() == shown(run) for viewer in room.viewers] == [True, False, True]
    assert room.port.counts == Counter(seal_refused=1)
