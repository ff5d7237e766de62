"""One end of a media transport that costs little: a socket, ICE, DTLS and SRTP keys; RTP is left to its owner.

It is a full ICE agent as far as one candidate pair needs it (the other end may be lite or full), and offers or answers.
Errors raise: in a benchmark nothing is forgiven.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pylibsrtp
from aioice import stun
from pylibsrtp import Policy, Session

from server.media.dtls import Certificate, Handshake
from server.media.sdp import REMB, SEND_TIME_EXTENSION

RECEIVE_BUFFER = 4 << 20  # bytes: a viewer that is not scheduled for a while must not be why packets are lost
CHECK_AGAIN_S = 0.2
CONSENT_S = 5.0  # RFC 7675 section 5.1
PAYLOAD_TYPE = 97
SEND_TIME = 3  # the header extension's number
PROFILE = "profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1"
CONNECT_WITHIN_S = 60.0
SDP = {"Content-Type": "application/sdp"}

OnRtp = Callable[[int], None]
OnFeedback = Callable[[bytes], None]


@dataclass(frozen=True)
class Remote:
    """What the other end's SDP says."""

    ufrag: str
    pwd: str
    fingerprint: str
    setup: str
    address: tuple[str, int]
    payload_type: int
    mid: str
    ice_lite: bool

    @classmethod
    def of(cls, sdp: str, host: str) -> Remote:
        """The first m-line and its candidate on `host`."""

        def found(pattern: str) -> str:
            match = re.search(pattern, sdp, re.MULTILINE)
            assert match, f"no {pattern} in\n{sdp}"
            return match[1].strip()

        return cls(
            ufrag=found(r"^a=ice-ufrag:(.*)$"),
            pwd=found(r"^a=ice-pwd:(.*)$"),
            fingerprint=found(r"^a=fingerprint:sha-256 (.*)$").upper(),
            setup=found(r"^a=setup:(.*)$"),
            address=(host, int(found(rf"^a=candidate:\S+ 1 \S+ \d+ {re.escape(host)} (\d+) typ host"))),
            payload_type=int(found(r"^m=video \d+ \S+ (\d+)")),
            mid=found(r"^a=mid:(.*)$"),
            ice_lite="a=ice-lite" in sdp,
        )


class Keyring:
    """One certificate and one receive buffer for all endpoints of a process."""

    def __init__(self, folder: Path) -> None:
        self.certificate = Certificate.kept_in(folder)
        self.received = bytearray(1 << 16)


class Endpoint:
    """`on_rtp` hears the size of each SRTP packet in the keyring's buffer; `on_feedback` each opened RTCP packet."""

    def __init__(self, keyring: Keyring, host: str, on_rtp: OnRtp, on_feedback: OnFeedback | None = None) -> None:
        self._keyring = keyring
        self._host = host
        self._on_rtp = on_rtp
        self.on_feedback = on_feedback
        self._ufrag, self._pwd = secrets.token_hex(4), secrets.token_hex(12)
        self._offered = False
        self._remb = False
        self._remote: Remote | None = None
        self._handshake: Handshake | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self.socket.bind((host, 0))
        self.ssrc = secrets.randbits(31) | 1
        self.profile = ""
        self.is_closed = False
        self.connected_at = 0.0  # monotonic seconds: the keys stand
        self.connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.outbound: Session | None = None
        self.inbound: Session | None = None

    # ---- signalling ------------------------------------------------------------------------------------

    def offer(self, direction: str, *, remb: bool = False) -> str:
        """An offer of one picture, `sendonly` or `recvonly`; `remb`: of one who tells when each packet was sent, to hear what its
        uplink carries.
        """
        self._offered = True
        self._remb = remb
        return self._description(direction, "actpass", PAYLOAD_TYPE, "0")

    def answer(self, offer: str) -> str:
        """The answer that takes the first m-line of `offer`; starts to connect."""
        self._remote = Remote.of(offer, self._host)
        self._connect(self._remote)
        return self._description("recvonly", "active", self._remote.payload_type, self._remote.mid)

    def take(self, answer: str) -> None:
        """The answer to our offer; starts to connect."""
        self._remote = Remote.of(answer, self._host)
        self._connect(self._remote)

    @property
    def payload_type(self) -> int:
        """What our packets are called."""
        return PAYLOAD_TYPE if self._offered or self._remote is None else self._remote.payload_type

    def _description(self, direction: str, setup: str, payload_type: int, mid: str) -> str:
        port = self.socket.getsockname()[1]
        sends = [f"a=msid:load {self.ssrc}", f"a=ssrc:{self.ssrc} cname:load"] if direction == "sendonly" else []
        lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", f"a=group:BUNDLE {mid}", "a=msid-semantic:WMS *"]
        lines += [f"m=video {port} UDP/TLS/RTP/SAVPF {payload_type}", f"c=IN IP4 {self._host}", "a=rtcp-mux"]
        lines += [f"a=mid:{mid}", f"a={direction}", f"a=rtpmap:{payload_type} H264/90000"]
        lines += [f"a=fmtp:{payload_type} {PROFILE}"]
        lines += [f"a=rtcp-fb:{payload_type} {one}" for one in ("nack", "nack pli")]
        if self._remb:
            lines += [f"a=rtcp-fb:{payload_type} {REMB}", f"a=extmap:{SEND_TIME} {SEND_TIME_EXTENSION}"]
        lines += [*sends, f"a=ice-ufrag:{self._ufrag}", f"a=ice-pwd:{self._pwd}"]
        lines += [f"a=fingerprint:sha-256 {self._keyring.certificate.fingerprint}", f"a=setup:{setup}"]
        lines += [f"a=candidate:1 1 udp 2130706431 {self._host} {port} typ host", "a=end-of-candidates", ""]
        return "\r\n".join(lines)

    # ---- ICE and DTLS ----------------------------------------------------------------------------------

    def _connect(self, remote: Remote) -> None:
        self.socket.connect(remote.address)
        asyncio.get_running_loop().add_reader(self.socket.fileno(), self.drain)
        is_client = not self._offered or remote.setup == "passive"
        known = (("sha-256", remote.fingerprint),)
        self._handshake = Handshake(self._keyring.certificate, known, self.send, is_client=is_client)
        self._check()

    def _check(self) -> None:
        """An ICE check, again and again: first until the transport stands, then as consent."""
        remote = self._remote
        assert remote is not None
        request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{remote.ufrag}:{self._ufrag}"
        request.attributes["PRIORITY"] = 1862270975
        if self._offered or remote.ice_lite:
            request.attributes["ICE-CONTROLLING"] = 2**64 - 1
            request.attributes["USE-CANDIDATE"] = None
        else:
            request.attributes["ICE-CONTROLLED"] = 1
        request.add_message_integrity(remote.pwd.encode())
        self.send(bytes(request))
        wait = CONSENT_S if self.connected.done() else CHECK_AGAIN_S
        self._timer = asyncio.get_running_loop().call_later(wait, self._check)

    def _on_stun(self, datagram: bytes) -> None:
        message = stun.parse_message(datagram)
        if message.message_class == stun.Class.REQUEST:
            assert message.check_message_integrity(self._pwd.encode()), "a check with a wrong password"
            answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, message.transaction_id)
            answer.attributes["XOR-MAPPED-ADDRESS"] = self._remote.address if self._remote else None
            answer.add_message_integrity(self._pwd.encode())
            self.send(bytes(answer))
        elif message.message_class == stun.Class.RESPONSE and self._handshake is not None:
            self._advance(b"")

    def _advance(self, datagram: bytes) -> None:
        handshake = self._handshake
        if handshake is None or (handshake.is_done and not datagram):
            return
        keys = handshake.feed(datagram) if datagram else handshake.step()
        if keys is None:
            return
        profile, ours, theirs = keys
        self.profile = profile.name.decode()
        self.outbound = Session(Policy(key=ours, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile.libsrtp))
        self.inbound = Session(Policy(key=theirs, ssrc_type=Policy.SSRC_ANY_INBOUND, srtp_profile=profile.libsrtp))
        self.connected_at = time.monotonic()
        self.connected.set_result(None)

    # ---- datagrams -------------------------------------------------------------------------------------

    def send(self, datagram: bytes) -> None:
        """A datagram, as it is, to the other end."""
        try:
            self.socket.send(datagram)
        except ConnectionRefusedError:  # the other end is not there yet, or no longer
            return

    def look_by_itself(self) -> None:
        """Be woken by nothing any more; call `drain` from time to time."""
        asyncio.get_running_loop().remove_reader(self.socket.fileno())

    def drain(self) -> None:
        """Everything that is there; RTP first, for there is most of it."""
        received, receive, on_rtp = self._keyring.received, self.socket.recv_into, self._on_rtp
        try:
            while True:
                size = receive(received)
                first = received[0]
                if 128 <= first < 192 and not 192 <= received[1] < 224:
                    if self.inbound is not None:  # else it has overtaken the end of the handshake
                        on_rtp(size)
                elif first < 4:
                    self._on_stun(bytes(received[:size]))
                elif first < 64:
                    self._advance(bytes(received[:size]))
                elif self.inbound is not None and self.on_feedback is not None:
                    self.on_feedback(self.inbound.unprotect_rtcp(bytes(received[:size])))
        except (BlockingIOError, ConnectionRefusedError):
            return

    def opens(self, size: int) -> bytes | None:
        """The RTP packet in the keyring's buffer, opened; None if it is not genuine."""
        assert self.inbound is not None
        try:
            opened: bytes = self.inbound.unprotect(bytes(self._keyring.received[:size]))
        except pylibsrtp.Error:
            return None
        return opened

    def seal(self, packet: bytes) -> bytes:
        """An RTP packet for the other end."""
        assert self.outbound is not None
        sealed: bytes = self.outbound.protect(packet)
        return sealed

    def send_feedback(self, packet: bytes) -> None:
        """An RTCP packet, sealed."""
        assert self.outbound is not None
        self.send(self.outbound.protect_rtcp(packet))

    async def until_connected(self) -> None:
        """Wait for the transport."""
        await asyncio.wait_for(asyncio.shield(self.connected), CONNECT_WITHIN_S)

    def close(self, *, goodbye: bool = False) -> None:
        """End it; with `goodbye` the other end is told (close_notify)."""
        self.is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        if goodbye and self._handshake is not None:
            self._handshake.close()
        self._handshake = self.inbound = self.outbound = None
        asyncio.get_running_loop().remove_reader(self.socket.fileno())
        self.socket.close()
