"""The one UDP port of the media engine: drained until empty, told apart by first byte (RFC 7983) and by address.

IPv4 and IPv6 have a socket each, with the same port number: on one dual-stack socket, IPv4 cost 8 % more in receiving
and 3 to 6 % in sending (measured side by side), and every address would be ::ffff: something.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, Protocol

from server.addresses import own_addresses
from server.clock import Clock
from server.errors import StartError
from server.media import socket_buffers, stun
from server.media.ice_lite import Address
from server.media.srtp import SrtpBuffers

MAX_DATAGRAMS = 256  # in one wake-up, so that signalling is never starved
UDP_SEGMENT = 103  # linux/udp.h
IP_PKTINFO = 8  # linux/in.h
SO_TIMESTAMPNS = 35  # asm-generic/socket.h, and the kind of the message in which the kernel tells the time
TIMESPEC = struct.Struct("@ll")  # seconds, nanoseconds; Unix time
TIMESPEC_SIZE, read_timespec = TIMESPEC.size, TIMESPEC.unpack_from
SOL_SOCKET = socket.SOL_SOCKET  # once: the module looks its constants up by name
ANCILLARY_SIZE = socket.CMSG_SPACE(20) + socket.CMSG_SPACE(
    TIMESPEC.size
)  # struct in6_pktinfo; that of IPv4 has 12 bytes
LONGEST_WAIT_S = 5.0  # in a socket's buffer: beyond that the wall clock was set meanwhile
IS_LINUX = hasattr(socket, "SO_BINDTODEVICE")
EVERYWHERE = ("::", "")
EVERYWHERE_IPV4 = "0.0.0.0"
NO_IPV6 = frozenset((errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL))  # as in many a container
TRIES = 20  # for a port number that is free in both families
PROBE_S = 0.2  # loopback is there at once
NO_GSO = frozenset((errno.EIO, errno.EINVAL, errno.ENOPROTOOPT, errno.EOPNOTSUPP))

Ancillary = list[tuple[int, int, bytes]]


class Path(NamedTuple):
    """Where a peer is, and by which of our own addresses it reached us: answers go out from the same one."""

    address: Address
    ancillary: Ancillary
    socket: socket.socket


class Receiver(Protocol):
    """A peer, as the port sees it. `times_packets`: it wants to know how long each packet lay in the socket's buffer."""

    times_packets: bool

    def speaks_from(self, address: Address, now: float) -> bool: ...

    def on_check(self, request: stun.BindingRequest, path: Path, now: float) -> None: ...

    def on_dtls(self, datagram: bytes, address: Address, now: float) -> None: ...

    def on_rtp(self, size: int, address: Address, now: float, arrived: float) -> None: ...

    def on_rtcp(self, size: int, address: Address, now: float) -> None: ...


class UdpPort:
    """Sends and receives for all peers. `after_drain` is called when a wake-up's datagrams are all handed out."""

    def __init__(self, buffers: SrtpBuffers, clock: Clock, after_drain: Callable[[float], None]) -> None:
        self._buffers = buffers
        self._clock = clock
        self._after_drain = after_drain
        self._sockets: list[socket.socket] = []
        self._host = ""
        self._by_address: dict[Address, Receiver] = {}
        self._by_ufrag: dict[str, Receiver] = {}
        self._segments = [segment_option(size) for size in range(2048)]
        self._unix_s = 0.0  # at which the wake-up began
        self._longest_wait_s = 0.0  # of a packet of media, since it was last asked
        self.has_gso = IS_LINUX  # `open` finds out
        self.one_by_one: set[Address] = (
            set()
        )  # on the way there GSO was refused: IPsec, a card, an old kernel's path MTU
        self.counts: Counter[str] = Counter()
        self.way_changes = 0  # how often a peer's way out has become another: who sends to many looks at that alone
        self.port = 0

    def open(self, host: str, port: int) -> None:
        """Bind; `host` as in MediaSettings. Raises StartError with a sentence for the terminal."""
        try:
            self._sockets = _bound(host, port)
        except OSError as error:
            raise StartError(f"UDP port {port} on {host} cannot be opened for media: {error.strerror}") from error
        self._host = host
        self.port = int(self._sockets[0].getsockname()[1])
        socket_buffers.warn_if_small(self.buffer_bytes)
        self.has_gso = IS_LINUX and _takes_segments(self._sockets[0].family)
        for opened in self._sockets:
            asyncio.get_running_loop().add_reader(opened.fileno(), partial(self._on_readable, opened))

    def close(self) -> None:
        """Stop receiving."""
        for opened in self._sockets:
            asyncio.get_running_loop().remove_reader(opened.fileno())
            opened.close()
        self._sockets = []

    def addresses(self) -> tuple[str, ...]:
        """Our own, at which we can be reached; looked up anew, for a laptop changes its network."""
        if self._host not in (*EVERYWHERE, EVERYWHERE_IPV4):
            return (self._host,)
        families = {opened.family for opened in self._sockets}
        return tuple(one for one in own_addresses() if _family(one) in families)

    @property
    def buffer_bytes(self) -> int:
        """How much the kernel keeps for us each way: the smallest of our sockets' buffers."""
        return min((socket_buffers.size(opened, is_linux=IS_LINUX) for opened in self._sockets), default=0)

    def take_longest_wait(self) -> float:
        """The longest that a packet of media has lain in a socket's buffer since this was last asked, in seconds."""
        longest, self._longest_wait_s = self._longest_wait_s, 0.0
        return longest

    def count_kernel_drops(self) -> None:
        """Note what the kernel has thrown away: to be called once a second or so."""
        dropped = sum(map(socket_buffers.dropped, self._sockets)) if IS_LINUX else 0
        if dropped:
            self.counts["socket_buffer_full"] = dropped

    # ---- who is where ----------------------------------------------------------------------------------

    def expect(self, ufrag: str, receiver: Receiver) -> None:
        """Checks that name `ufrag` are for `receiver`."""
        self._by_ufrag[ufrag] = receiver

    def forget_ufrag(self, ufrag: str) -> None:
        """No such peer any more."""
        self._by_ufrag.pop(ufrag, None)

    def assign(self, address: Address, receiver: Receiver) -> None:
        """What comes from `address` is `receiver`'s; the latest valid check decides."""
        self._by_address[address] = receiver

    def is_anothers(self, address: Address, receiver: Receiver, now: float) -> bool:
        """Whether somebody else than `receiver` speaks from there: a check whose address is forged must not take it."""
        present = self._by_address.get(address)
        return present is not None and present is not receiver and present.speaks_from(address, now)

    def release(self, address: Address, receiver: Receiver) -> None:
        """`address` is no longer `receiver`'s."""
        if self._by_address.get(address) is receiver:
            del self._by_address[address]
            self.one_by_one.discard(address)

    @property
    def peer_count(self) -> int:
        """How many user fragments are answered."""
        return len(self._by_ufrag)

    # ---- in --------------------------------------------------------------------------------------------

    def _on_readable(self, source: socket.socket) -> None:
        """Hand out what has come. Media takes the short way: a picture's first packet finds the processor's caches cold, and
        each function more on its way cost 2 to 5 µs.
        """
        now, received = self._clock.monotonic(), self._buffers.received
        self._unix_s = self._clock.wall()
        receive, view, by_address = source.recvmsg_into, [received], self._by_address
        ancillary_size, is_first = ANCILLARY_SIZE if IS_LINUX else 0, True
        try:
            for _ in range(MAX_DATAGRAMS):
                try:
                    size, ancillary, _, address = receive(view, ancillary_size)
                except BlockingIOError:
                    break
                except OSError as error:  # an ICMP error of an earlier send
                    self.counts[f"receive_{errno.errorcode.get(error.errno or 0, 'error')}"] += 1
                    continue
                # RFC 5761 section 4: RTCP's packet types lie where RTP has a marker and types 64 to 95.
                is_media = size and 128 <= received[0] < 192 and (size == 1 or not 192 <= received[1] < 224)
                if is_media and (receiver := by_address.get(address)) is not None:
                    waited_s = self._waited_s(ancillary) if is_first or receiver.times_packets else 0.0
                    is_first = False  # which has waited longest
                    receiver.on_rtp(size, address, now, now - waited_s if receiver.times_packets else now)
                else:
                    self._route(size, address, ancillary, source, now)
        finally:  # what was handed out goes on, whatever one peer's datagram brings about
            self._after_drain(now)

    def _route(self, size: int, address: Address, ancillary: Ancillary, source: socket.socket, now: float) -> None:
        first = self._buffers.received[0]
        if not size:
            self.counts["empty"] += 1
            return
        if first < 4:
            self._route_check(size, Path(address, ancillary, source), now)
            return
        receiver = self._by_address.get(address)
        if receiver is None:
            self.counts["from_unknown_address"] += 1
        elif 128 <= first < 192:
            receiver.on_rtcp(size, address, now)
        elif 20 <= first < 64:
            receiver.on_dtls(bytes(self._buffers.received[:size]), address, now)
        else:
            self.counts["of_unknown_kind"] += 1

    def _waited_s(self, ancillary: Ancillary) -> float:
        """How long a datagram lay in the socket's buffer, by the kernel's own note of its arrival: a server that was held
        up must not look like an uplink that was. 0 where the kernel tells nothing (not Linux).
        """
        for level, kind, content in ancillary:
            if kind == SO_TIMESTAMPNS and level == SOL_SOCKET and len(content) >= TIMESPEC_SIZE:
                seconds, nanoseconds = read_timespec(content)
                waited: float = self._unix_s - seconds - nanoseconds / 1e9
                if not 0 < waited < LONGEST_WAIT_S:
                    return 0.0
                if waited > self._longest_wait_s:
                    self._longest_wait_s = waited
                return waited
        return 0.0

    def _route_check(self, size: int, came: Path, now: float) -> None:
        if not came.address[1]:  # nothing can be sent to port 0: whoever asks from there is forged or out to harm
            self.counts["stun_from_port_0"] += 1
            return
        try:
            request = stun.parse_request(bytes(self._buffers.received[:size]))
        except stun.StunError as error:
            self.counts["stun_no_request" if isinstance(error, stun.NoRequest) else "stun_malformed"] += 1
            return
        receiver = self._by_ufrag.get(request.username.partition(":")[0])
        if receiver is None:
            self.counts["stun_unknown_user"] += 1
            return
        receiver.on_check(request, came._replace(ancillary=_reply_from(came.ancillary)), now)

    # ---- out -------------------------------------------------------------------------------------------

    def send(self, datagram: bytes | memoryview, path: Path) -> bool:
        """One datagram; False (and counted) if the kernel does not take it."""
        try:
            path.socket.sendmsg((datagram,), path.ancillary, 0, path.address)
        except OSError as error:
            self.counts[f"send_{errno.errorcode.get(error.errno or 0, 'error')}"] += 1
            return False
        return True

    def send_run(self, sealed: memoryview, stride: int, path: Path) -> bool:
        """Packets of `stride` bytes in a row (the last may be shorter): one send with GSO, else one by one."""
        if len(sealed) <= stride:
            return self.send(sealed, path)
        if self.has_gso and not (self.one_by_one and path.address in self.one_by_one):
            address, ancillary, opened = path
            try:
                opened.sendmsg((sealed,), [*ancillary, self._segments[stride]], 0, address)
            except OSError as error:
                if error.errno not in NO_GSO and error.errno != errno.EMSGSIZE:
                    self.counts[f"send_{errno.errorcode.get(error.errno or 0, 'error')}"] += 1
                    return False
                self.counts["gso_refused"] += 1
                # One viewer's way must not slow the others' down. EMSGSIZE is about this run: a shorter one may do.
                if error.errno != errno.EMSGSIZE:
                    self.one_by_one.add(address)
            else:
                return True
        sent = [self.send(sealed[at : at + stride], path) for at in range(0, len(sealed), stride)]
        return all(sent)


def segment_option(size: int) -> tuple[int, int, bytes]:
    """The option that has the kernel split what is sent into datagrams of `size` bytes (udp(7), UDP_SEGMENT)."""
    return socket.IPPROTO_UDP, UDP_SEGMENT, struct.pack("=H", size)


def _takes_segments(family: int) -> bool:
    """Whether the kernel splits what is sent: tried once, from a socket of our own to itself."""
    host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.settimeout(PROBE_S)
            probe.bind((host, 0))
            probe.sendmsg((bytes(1000),), [segment_option(600)], 0, probe.getsockname())
            return len(probe.recv(2000)) == 600  # a kernel that knows no such option may also ignore it
        except OSError as error:
            return error.errno not in NO_GSO  # no loopback, say: each way shows by itself


def _reply_from(ancillary: Ancillary) -> Ancillary:
    """The option that sends from the address at which a datagram arrived (struct in_pktinfo, ip(7); RFC 3542 6.2)."""
    for level, kind, content in ancillary:
        if level == socket.IPPROTO_IP and kind == IP_PKTINFO and len(content) >= 12:
            return [(level, kind, struct.pack("=i", 0) + content[4:8] + bytes(4))]
        if level == socket.IPPROTO_IPV6 and kind == socket.IPV6_PKTINFO and len(content) >= 20:
            link_local = content[:2] == b"\xfe\x80"  # which is an address only together with its interface
            return [(level, kind, content[:20] if link_local else content[:16] + bytes(4))]
    return []


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _bound(host: str, port: int) -> list[socket.socket]:
    """One socket for each family that `host` stands for and that the machine has, IPv4 first. Raises OSError."""
    if host not in EVERYWHERE:
        return [_socket(host, port)]
    for attempt in range(TRIES):
        first = _socket(EVERYWHERE_IPV4, port)
        try:
            return [first, _socket("::", int(first.getsockname()[1]))]
        except OSError as error:
            if error.errno in NO_IPV6:
                return [first]
            first.close()
            if error.errno != errno.EADDRINUSE or port or attempt == TRIES - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


def _socket(host: str, port: int) -> socket.socket:
    family = _family(host)
    opened = socket.socket(family, socket.SOCK_DGRAM)
    try:
        opened.setblocking(False)
        socket_buffers.widen(opened, is_linux=IS_LINUX)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if IS_LINUX:
            opened.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        if IS_LINUX and family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        elif IS_LINUX:
            opened.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        opened.bind((host, port))
    except OSError:
        opened.close()
        raise
    return opened
