"""Two real peers on real ports: when the way out to one of them is another, who sends to many hears of it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path as FilePath

import pytest

from server.clock import SystemClock
from server.media import stun
from server.media.dtls import Certificate
from server.media.peer import Peer
from server.media.srtp import SrtpBuffers
from server.media.udp_port import UdpPort
from tests.server.media.conftest import until

HOST = "127.0.0.1"


class Owner:
    """Keeps why its peer was closed."""

    def __init__(self) -> None:
        self.closed: list[str] = []

    def on_ready(self, now: float) -> None: ...

    def on_media(self, packet: memoryview, now: float, arrived: float) -> None: ...

    def on_feedback(self, compound: bytes, now: float) -> None: ...

    def on_closed(self, reason: str) -> None:
        self.closed.append(reason)


class End:
    """A port, and its one peer, which knows the other end by `fingerprint`."""

    def __init__(self, certificate: Certificate, fingerprint: str, *, is_client: bool) -> None:
        clock, self.owner = SystemClock(), Owner()
        self.buffers = SrtpBuffers()
        self.port = UdpPort(self.buffers, clock, lambda now: None)
        self.port.open(HOST, 0)
        known = (("sha-256", fingerprint),)
        self.peer = Peer(
            self.port, self.buffers, certificate, known, self.owner, clock.monotonic(), is_client=is_client
        )

    def check_from(self, source: socket.socket) -> None:
        """The other end nominates this address of its own: both ends are lite, so that the test makes the checks."""
        told = self.peer.transport(())
        check = stun.binding_request(bytes(12), f"{told.ice_ufrag}:x", told.ice_pwd, nominate=True)
        source.sendto(check, (HOST, self.port.port))

    def close(self) -> None:
        self.peer.close("the test is over")
        self.port.close()


@pytest.fixture
async def ends(tmp_path: FilePath) -> AsyncIterator[tuple[End, End]]:
    """The server's end and a client's, not connected yet."""
    ours, theirs = Certificate.kept_in(tmp_path / "ours"), Certificate.kept_in(tmp_path / "theirs")
    made = (
        End(ours, theirs.fingerprint, is_client=False),
        End(theirs, ours.fingerprint, is_client=True),
    )
    yield made
    for one in made:
        one.close()


async def connect(server: End, client: End) -> None:
    server.check_from(client.port._sockets[0])
    await until(lambda: server.peer.address is not None)
    client.check_from(server.port._sockets[0])
    await until(lambda: server.peer.is_ready and client.peer.is_ready)


async def test_a_way_out_changes_with_the_handshake_a_move_and_the_end(ends: tuple[End, End]) -> None:
    """SendTogether looks at `way_changes` alone: what is not counted goes on to be sent to where nobody is."""
    server, client = ends
    peer, port = server.peer, server.port
    assert peer.way is None

    server.check_from(client.port._sockets[0])
    await until(lambda: peer.address is not None)
    assert peer.way is None, "there is no key yet"
    before = port.way_changes
    await connect(server, client)
    assert port.way_changes > before
    assert peer.way is not None and peer.way[1].address == client.port._sockets[0].getsockname()

    before, sender = port.way_changes, peer.way[0]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
        elsewhere.bind((HOST, 0))
        elsewhere.settimeout(5)
        server.check_from(elsewhere)
        await asyncio.to_thread(elsewhere.recv, 2000)
        assert port.way_changes > before
        assert peer.way is not None and peer.way[0] is sender
        assert peer.way[1].address == elsewhere.getsockname()
        peer.send_feedback(b"\x80\xc9\x00\x01" + bytes(4))
        assert len(await asyncio.to_thread(elsewhere.recv, 2000)) > 8

    before = port.way_changes
    peer.close("it was asked to")
    assert port.way_changes > before
    assert peer.way is None
    assert server.owner.closed == ["it was asked to"]


async def test_a_move_without_a_check_changes_the_way_too(ends: tuple[End, End]) -> None:
    """Its media comes from another of its addresses: the first one is silent, and no check nominates the other."""
    server, client = ends
    peer, port = server.peer, server.port
    await connect(server, client)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
        elsewhere.bind((HOST, 0))
        elsewhere.settimeout(5)
        told = peer.transport(())
        elsewhere.sendto(stun.binding_request(bytes(12), f"{told.ice_ufrag}:x", told.ice_pwd), (HOST, port.port))
        await asyncio.to_thread(elsewhere.recv, 2000)
        assert peer.way is not None and peer.way[1].address == client.port._sockets[0].getsockname()
        before = port.way_changes
        assert client.peer.way is not None
        sealed = client.peer.way[0].seal_feedback(b"\x80\xc9\x00\x01" + bytes(4))
        assert sealed is not None
        await asyncio.sleep(0.3)  # QUIET_S: the first one has said nothing for so long
        elsewhere.sendto(bytes(sealed), (HOST, port.port))
        await until(lambda: port.way_changes > before)
        assert peer.way[1].address == elsewhere.getsockname()
