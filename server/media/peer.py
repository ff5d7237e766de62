"""One remote end: its ICE-lite agent, its DTLS association, its SRTP keys. Knows nothing of cameras or viewers."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from server.clock import Clock
from server.media import sdp_answer, stun
from server.media.dtls import Certificate, DtlsError, Handshake
from server.media.ice_lite import Address, IceLite
from server.media.run import Run
from server.media.sdp import Media
from server.media.send_together import SendTogether, Way
from server.media.srtp import Profile, SrtpBuffers, SrtpReceiver, SrtpSender
from server.media.udp_port import Path, UdpPort

log = structlog.get_logger(__name__)

MAX_REPORTERS = 64  # SSRCs from which reports may come: libsrtp remembers each of them for good
CONNECT_WITHIN_S = 15.0  # a half-made session is closed then


class PeerOwner(Protocol):
    """Who uses the peer: an inlet or an outlet. Plain calls; `now` in monotonic seconds.

    `arrived`: when the packet came to this machine, which is before `now` where the process was held up; `now` itself for
    a peer without `times_packets`.
    """

    def on_ready(self, now: float) -> None: ...

    def on_media(self, packet: memoryview, now: float, arrived: float) -> None: ...

    def on_feedback(self, compound: bytes, now: float) -> None: ...

    def on_closed(self, reason: str) -> None: ...


class Peer:
    """`fingerprints` are those of the peer's SDP; `is_client` says that we start the DTLS handshake."""

    __slots__ = (
        *("_buffers", "_certificate", "_created_at", "_fingerprints", "_handshake", "_heard_at", "_heard_from", "_ice"),
        *("_is_client", "_on_media", "_owner"),
        *(
            "_path",
            "_paths",
            "_port",
            "_receiver",
            "_reporters",
            "_sender",
            "_timer",
            "__weakref__",
            "is_closed",
            "profile",
            "times_packets",
            "way",
        ),
    )

    def __init__(
        self,
        port: UdpPort,
        buffers: SrtpBuffers,
        certificate: Certificate,
        fingerprints: tuple[tuple[str, str], ...],
        owner: PeerOwner,
        now: float,
        *,
        is_client: bool,
    ) -> None:
        self._port = port
        self._buffers = buffers
        self._certificate = certificate
        self._fingerprints = fingerprints
        self._owner = owner
        self._on_media = owner.on_media
        self._is_client = is_client
        self._created_at = now
        self._ice = IceLite(secrets.token_hex(4), secrets.token_hex(12), now)
        self._paths: dict[Address, Path] = {}
        self._path: Path | None = None
        self._handshake: Handshake | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._sender: SrtpSender | None = None
        self._receiver: SrtpReceiver | None = None
        self._reporters: set[bytes] = set()
        self._heard_at = float("-inf")
        self._heard_from: Address | None = None
        self.way: Way | None = None  # anew whenever one of its two is another
        self.profile: Profile | None = None
        self.is_closed = False
        self.times_packets = False  # see Receiver; of a camera that is told of its uplink
        port.expect(self._ice.ufrag, self)

    @property
    def is_ready(self) -> bool:
        """Whether media can flow."""
        return self._sender is not None and not self.is_closed

    @property
    def overhead(self) -> int:
        """What a packet grows by when it is sealed, in bytes; 0 before the handshake."""
        return self.profile.overhead if self.profile is not None else 0

    @property
    def address(self) -> Address | None:
        """Where the peer is."""
        return self._path.address if self._path is not None else None

    def transport(self, addresses: tuple[str, ...]) -> sdp_answer.Transport:
        """What an answer says of it."""
        setup = "active" if self._is_client else "passive"
        return sdp_answer.Transport(
            self._ice.ufrag, self._ice.pwd, self._certificate.fingerprint, setup, addresses, self._port.port
        )

    def restart(self) -> None:
        """ICE restart: new credentials, the media goes on meanwhile."""
        before = self._ice.ufrags
        self._ice.restart(secrets.token_hex(4), secrets.token_hex(12))
        self._port.expect(self._ice.ufrag, self)
        self._forget(before)

    # ---- from the port ---------------------------------------------------------------------------------

    def on_check(self, request: stun.BindingRequest, path: Path, now: float) -> None:
        """A connectivity check that names our user fragment."""
        before = self._ice.ufrags
        if self._port.is_anothers(path.address, self, now):
            self._port.counts["stun_address_taken"] += 1
            return
        answer = self._ice.answer(request, path.address, now)
        if answer is None:
            self._port.counts["stun_bad_password"] += 1
            return
        self._port.send(answer, path)
        self._forget(before)
        self._follow(path, nominated=request.use_candidate)
        if self._handshake is None and self._is_client and self._path is not None:
            self._start_handshake()
            self._advance(now, b"")

    def speaks_from(self, address: Address, now: float) -> bool:
        """Whether genuine traffic came from there lately."""
        return self.is_ready and self._ice.speaks_from(address, now)

    def _forget(self, ufrags: tuple[str, ...]) -> None:
        for ufrag in ufrags:
            if ufrag not in self._ice.ufrags:
                self._port.forget_ufrag(ufrag)

    def _follow(self, path: Path, *, nominated: bool) -> None:
        """Take over what ICE decided: which addresses are the peer's, and which one is sent to."""
        valid = self._ice.addresses
        if path.address in valid:
            self._paths[path.address] = path
            self._port.assign(path.address, self)
        for address in [address for address in self._paths if address not in valid]:
            del self._paths[address]
            self._port.release(address, self)
        if path.address == self._ice.selected:
            self._send_by(path, nominated=nominated)

    def _select(self) -> None:
        """Its media comes from another of its addresses now."""
        selected = self._ice.selected
        if selected is not None and (self._path is None or self._path.address != selected):
            self._send_by(self._paths[selected], nominated=False)

    def _send_by(self, path: Path, *, nominated: bool) -> None:
        before = self._path
        if before is not None and before.address != path.address:
            log.info("media peer moved", before=before.address[0], now=path.address[0])
        elif before is not None and not nominated:
            return  # by another of our own addresses; the peer says by nomination which one it has chosen
        self._path = path
        self._find_way()

    def _find_way(self) -> None:
        self._port.way_changes += 1
        self.way = (self._sender, self._path) if self._sender is not None and self._path is not None else None

    def on_dtls(self, datagram: bytes, address: Address, now: float) -> None:
        """DTLS from a validated address."""
        if self._handshake is None:
            self._start_handshake()
        self._advance(now, datagram)

    def _start_handshake(self) -> None:
        self._handshake = Handshake(self._certificate, self._fingerprints, self._send_dtls, is_client=self._is_client)

    def _send_dtls(self, datagram: bytes) -> None:
        if self._path is not None:
            self._port.send(datagram, self._path)

    def _advance(self, now: float, datagram: bytes) -> None:
        handshake = self._handshake
        if handshake is None or self.is_closed:
            return
        ignored = handshake.ignored
        try:
            keys = handshake.feed(datagram) if datagram else handshake.step()
        except DtlsError as error:
            self._port.counts["dtls_failed"] += 1
            self.close(str(error))
            return
        if handshake.ignored > ignored:
            self._port.counts["dtls_ignored"] += 1
        if handshake.is_closed:
            self.close("the peer ended it")
            return
        self._schedule_retransmission()
        if keys is not None:
            self.profile, ours, theirs = keys
            self._sender = SrtpSender(self._buffers, ours, self.profile)
            self._receiver = SrtpReceiver(self._buffers, theirs, self.profile)
            self._find_way()
            self._owner.on_ready(now)

    def _schedule_retransmission(self) -> None:
        self._cancel_timer()
        wait = self._handshake.timeout() if self._handshake is not None else None
        if wait is not None:
            self._timer = asyncio.get_running_loop().call_later(wait, self._retransmit)

    def _retransmit(self) -> None:
        self._timer = None
        if self._handshake is None or self.is_closed:
            return
        try:
            self._handshake.retransmit()
        except DtlsError as error:
            self.close(str(error))
            return
        self._schedule_retransmission()

    def on_rtp(self, size: int, address: Address, now: float, arrived: float) -> None:
        """An SRTP packet stands in the receive buffer."""
        packet = self._receiver.open(size) if self._receiver is not None else None
        if packet is None:
            self._port.counts["srtp_refused"] += 1
            return
        # once for all that one wake-up brings from there
        if (now != self._heard_at or address != self._heard_from) and self._ice.note_traffic(address, now):
            self._select()
        self._heard_at, self._heard_from = now, address
        self._on_media(packet, now, arrived)

    def on_rtcp(self, size: int, address: Address, now: float) -> None:
        """An SRTCP packet stands in the receive buffer."""
        compound = self._receiver.open_feedback(size) if self._receiver is not None else None
        if compound is None:
            self._port.counts["srtcp_refused"] += 1
            return
        if self._ice.note_traffic(address, now):
            self._select()
        self._reporters.add(compound[4:8])
        if len(self._reporters) > MAX_REPORTERS:
            self.close(f"it has reported as {MAX_REPORTERS} sources")
            return
        self._owner.on_feedback(compound, now)

    # ---- to the peer -----------------------------------------------------------------------------------

    def send_run(self, run: Run, payload_type: int, ssrc: int, sequence_shift: int, timestamp_shift: int) -> bool:
        """Seal and send; False (and counted) if it could not leave."""
        if self.way is None:
            return False
        sender, path = self.way
        sealed = sender.seal(run, payload_type, ssrc, sequence_shift, timestamp_shift)
        if sealed is None:
            self._port.counts["seal_refused"] += 1
            return False
        return self._port.send_run(sealed, run.size + sender.overhead, path)

    def together(self, peers: Sequence[Peer]) -> SendTogether:
        """A way to send the same to this and other peers with the same overhead."""
        return SendTogether(self._port, self._buffers, peers)

    def send_feedback(self, packet: bytes) -> None:
        """Seal and send an RTCP packet."""
        if self.way is None:
            return
        sender, path = self.way
        sealed = sender.seal_feedback(packet)
        if sealed is not None:
            self._port.send(sealed, path)

    # ---- its end ---------------------------------------------------------------------------------------

    def expired(self, now: float) -> str | None:
        """Why it should be closed now, None if all is well."""
        if not self.is_ready and now - self._created_at > CONNECT_WITHIN_S:
            return f"not connected within {CONNECT_WITHIN_S:.0f} s"
        if not self._ice.has_consent(now):
            return "no sign of life for 30 s"
        return None

    def close(self, reason: str) -> None:
        """Tell the peer, free all, tell the owner. Once is enough."""
        if self.is_closed:
            return
        self.is_closed = True
        self._cancel_timer()
        if self._handshake is not None:
            self._handshake.close()
        for ufrag in self._ice.ufrags:
            self._port.forget_ufrag(ufrag)
        for address in self._paths:
            self._port.release(address, self)
        # At once, not when the garbage collector comes: it does not see the 60 kB that OpenSSL has for each.
        self._handshake = self._sender = self._receiver = None
        self._find_way()
        self._owner.on_closed(reason)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


@dataclass(frozen=True, slots=True)
class MediaPlane:
    """What all sessions of an engine share."""

    port: UdpPort
    buffers: SrtpBuffers
    certificate: Certificate
    clock: Clock
    addresses: Callable[[], tuple[str, ...]]

    def peer_for(self, offered: Media, owner: PeerOwner) -> Peer:
        """A peer for the transport of `offered`: we are passive wherever the offer lets us (media.md)."""
        return Peer(
            self.port,
            self.buffers,
            self.certificate,
            offered.fingerprints,
            owner,
            self.clock.monotonic(),
            is_client=offered.setup == "passive",
        )
