"""Every kind of datagram that a stranger, or a peer gone mad, may send is one counted drop (reliability.md, R14)."""

from __future__ import annotations

import asyncio
import socket
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.media import stun
from server.media.engine import LocalEngine
from server.media.settings import MediaSettings
from tests.server.media.clients import Camera
from tests.server.media.conftest import CAMERA, running_on

PASSWORD = "p" * 24
CHECK = stun.binding_request(bytes(12), "nobody00:x", PASSWORD)
LARGEST = 65_507  # bytes that UDP takes over IPv4


@dataclass
class Port:
    """An engine with one half-made session; `stranger` is unknown to it, `peer` has shown the session's password."""

    engine: LocalEngine
    stranger: socket.socket
    peer: socket.socket
    ufrag: str
    pwd: str
    faults: list[dict[str, Any]]

    async def after(self, source: socket.socket, *datagrams: bytes) -> dict[str, int]:
        """What was counted of these datagrams; each is dealt with before the answer to a check that is sent behind."""
        before = self.engine._port.counts.copy()
        for datagram in datagrams:
            source.sendto(datagram, ("127.0.0.1", self.engine.port))
        await self.check(self.peer, self.ufrag, self.pwd)
        assert self.faults == []
        return dict(self.engine._port.counts - before)

    async def check(self, source: socket.socket, ufrag: str, pwd: str) -> None:
        """Ask, and wait for the answer."""
        source.sendto(
            stun.binding_request(bytes(12), f"{ufrag}:x", pwd, nominate=True), ("127.0.0.1", self.engine.port)
        )
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(10):
            while not (await loop.sock_recv(source, 2000)).startswith(b"\x01\x01"):
                continue  # DTLS of the session


@contextmanager
def bound() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.setblocking(False)
        yield made


@asynccontextmanager
async def port_with_session(folder: Path) -> AsyncIterator[Port]:
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    camera = Camera(sound=False)
    async with running_on(MediaSettings(folder=folder)) as running:
        engine = running.engine
        with bound() as stranger, bound() as peer:
            try:
                answer = await engine.publish(CAMERA, await camera.make_offer())
                ufrag, pwd = (answer.sdp.split(f"a=ice-{name}:")[1].split("\r\n")[0] for name in ("ufrag", "pwd"))
                port = Port(engine, stranger, peer, ufrag, pwd, faults)
                await port.check(peer, ufrag, pwd)
                yield port
            finally:
                await camera.close()


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[Port]:
    async with port_with_session(tmp_path) as made:
        yield made


def with_fingerprint(message: bytes) -> bytes:
    """A whole STUN message again, after its bytes were changed: only the signature can tell."""
    body = message[:-8]
    checksum = zlib.crc32(body) ^ stun.FINGERPRINT_XOR
    return body + message[-8:-4] + checksum.to_bytes(4, "big")


def response() -> bytes:
    request = stun.parse_request(CHECK)
    return stun.success(request, ("127.0.0.1", 9), PASSWORD)


def indication() -> bytes:
    return b"\x00\x11\x00\x00" + CHECK[4:20]


@pytest.mark.parametrize(
    ("datagram", "counter"),
    [
        pytest.param(b"", "empty", id="nothing"),
        pytest.param(b"\x00", "stun_malformed", id="one byte"),
        pytest.param(CHECK[:19], "stun_malformed", id="a cut header"),
        pytest.param(CHECK[:-4], "stun_malformed", id="a cut attribute"),
        pytest.param(CHECK + b"\x00\x00\x00\x00", "stun_malformed", id="more than its length says"),
        pytest.param(CHECK[:-1] + bytes((CHECK[-1] ^ 1,)), "stun_malformed", id="a wrong fingerprint"),
        pytest.param(CHECK[:4] + bytes(4) + CHECK[8:], "stun_malformed", id="no magic cookie"),
        pytest.param(response(), "stun_no_request", id="a response"),
        pytest.param(indication(), "stun_no_request", id="an indication"),
        pytest.param(CHECK, "stun_unknown_user", id="a check for nobody"),
        pytest.param(b"\x00" * LARGEST, "stun_malformed", id="the largest STUN"),
        *(
            pytest.param(bytes((first,)) + bytes(size), "from_unknown_address", id=f"first byte {first}, {size} more")
            # RFC 7983 section 7: ZRTP, DTLS, TURN channel, RTP and RTCP, and all that is nothing
            for first in (4, 15, 16, 19, 20, 22, 63, 64, 79, 80, 127, 128, 191, 192, 255)
            for size in (0, 11, 1200, LARGEST - 1)
        ),
    ],
)
async def test_of_a_stranger(port: Port, datagram: bytes, counter: str) -> None:
    assert await port.after(port.stranger, datagram) == {counter: 1}


async def test_a_check_with_another_password_is_nobodys(port: Port) -> None:
    guess = stun.binding_request(bytes(12), f"{port.ufrag}:x", "guess")
    assert await port.after(port.stranger, guess) == {"stun_bad_password": 1}
    good = stun.binding_request(bytes(12), f"{port.ufrag}:x", port.pwd)
    changed = with_fingerprint(good[:9] + bytes((good[9] ^ 1,)) + good[10:])
    assert await port.after(port.stranger, changed) == {"stun_bad_password": 1}
    hello = b"\x16\xfe\xff" + bytes(60)
    assert await port.after(port.stranger, hello) == {"from_unknown_address": 1}, "still no address of the session's"


@pytest.mark.parametrize(
    ("datagram", "counter"),
    [
        pytest.param(b"\x80\x60" + bytes(60), "srtp_refused", id="RTP before the handshake"),
        pytest.param(b"\x80" + bytes(LARGEST - 1), "srtp_refused", id="the largest RTP"),
        pytest.param(b"\x80", "srtp_refused", id="one byte of RTP"),
        pytest.param(b"\x80\xc8" + bytes(60), "srtcp_refused", id="RTCP before the handshake"),
        pytest.param(b"\x16\xfe\xff" + bytes(60), "dtls_ignored", id="DTLS of no sense"),
        pytest.param(b"\x17\xfe\xfd" + bytes(60), "dtls_ignored", id="DTLS data before the handshake"),
        pytest.param(b"\x14", "dtls_ignored", id="one byte of DTLS"),
        pytest.param(b"\x3f" + bytes(LARGEST - 1), "dtls_ignored", id="the largest of no DTLS"),
        pytest.param(b"\x10" + bytes(20), "of_unknown_kind", id="ZRTP"),
        pytest.param(b"\x40" + bytes(20), "of_unknown_kind", id="a TURN channel"),
        pytest.param(b"\xff" + bytes(20), "of_unknown_kind", id="nothing that RFC 7983 knows"),
    ],
)
async def test_of_the_sessions_own_address(port: Port, datagram: bytes, counter: str) -> None:
    assert await port.after(port.peer, datagram) == {counter: 1}
    assert len(port.engine._publishers) == 1


def datagrams() -> st.SearchStrategy[bytes]:
    """Rubbish that looks like something, and something that was damaged."""
    first = st.sampled_from(
        [b"\x00\x01", b"\x16\xfe\xfd", b"\x16\xfe\xff", b"\x15\xfe\xfd", b"\x80\x60", b"\x80\xc8", b""]
    )
    rubbish = st.builds(lambda a, b: a + b, first, st.binary(max_size=300))
    damaged = st.builds(
        lambda at, value: with_fingerprint(CHECK[:at] + bytes((value,)) + CHECK[at + 1 :]),
        st.integers(0, len(CHECK) - 9),
        st.integers(0, 255),
    )
    records = st.builds(  # DTLS records whose lengths are right
        lambda kind, body: bytes((kind, 0xFE, 0xFD)) + bytes(8) + len(body).to_bytes(2, "big") + body,
        st.integers(20, 63),
        st.binary(max_size=200),
    )
    return rubbish | damaged | records


def test_whatever_comes_is_counted_or_dealt_with_and_the_next_peer_is_answered(tmp_path: Path) -> None:
    async def run(sent: list[tuple[bool, bytes]]) -> None:
        async with port_with_session(tmp_path) as port:
            session = next(iter(port.engine._publishers))
            strangers = sum(not is_peer for is_peer, _ in sent)
            for is_peer, datagram in sent:
                source = port.peer if is_peer else port.stranger
                source.sendto(datagram, ("127.0.0.1", port.engine.port))
            camera = Camera(sound=False)
            try:  # of a session that rubbish from its own address may have ended, no second is harmed
                answer = await port.engine.publish("camera-2", await camera.make_offer())
                ufrag, pwd = (answer.sdp.split(f"a=ice-{name}:")[1].split("\r\n")[0] for name in ("ufrag", "pwd"))
                with bound() as next_peer:
                    await port.check(next_peer, ufrag, pwd)
            finally:
                await camera.close()
            counts = port.engine._port.counts
            assert sum(counts.values()) >= strangers
            assert port.faults == []
            assert session in port.engine._publishers or counts["dtls_failed"] == 1

    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.booleans(), datagrams()), max_size=30))
    def fuzz(sent: list[tuple[bool, bytes]]) -> None:
        asyncio.run(run(sent))

    fuzz()
