"""One run to several peers: sealed for one after another, and for more than FEW handed to the kernel in one call (sendmmsg(2)).

Of 50 viewers' forwarding the calls into the kernel and what Python does around each of them were a tenth.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from server.media.run import Numbers, Run
from server.media.srtp import MOST_TOGETHER, Prepared, Slots, SrtpBuffers, SrtpSender
from server.media.udp_port import IS_LINUX, Ancillary, Path, UdpPort, segment_option

FEW = 8  # to so many one after the other: four cost 7 % less so, ten the same

Way = tuple[SrtpSender, Path]
"""How packets go out to a peer."""


class Reachable(Protocol):
    """A peer, as it is sent to together with others; `way` is None while it cannot be. A change of it is counted by the
    port (`UdpPort.way_changes`).
    """

    @property
    def way(self) -> Way | None: ...


class _Piece(ctypes.Structure):
    """struct iovec, readv(2)."""

    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


class _Header(ctypes.Structure):
    """struct msghdr, sendmsg(2)."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_size", ctypes.c_uint),
        ("pieces", ctypes.c_void_p),
        ("piece_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_size", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):
    """struct mmsghdr, sendmmsg(2)."""

    _fields_ = (("header", _Header), ("taken", ctypes.c_uint))


def _found() -> Callable[[int, int, int, int], int] | None:
    """The C library's sendmmsg; None where there is none, or where the structures above may be others."""
    if not IS_LINUX or ctypes.sizeof(ctypes.c_void_p) != 8:
        return None
    try:
        found = ctypes.CDLL(None).sendmmsg
    except (OSError, AttributeError):
        return None
    found.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)
    found.restype = ctypes.c_int
    return found


_sendmmsg = _found()


class SendTogether:
    """To `peers` of one engine whose packets grow by the same overhead."""

    def __init__(self, port: UdpPort, buffers: SrtpBuffers, peers: Sequence[Reachable]) -> None:
        self._port = port
        self._buffers = buffers
        self._peers = peers
        self._ways: list[Way | None] = []
        self._as_of = -1  # of the port's changes of ways
        self._is_arranged = True
        self._batches: list[_Batch] = []
        self._single: list[int] = []

    def send(self, run: Run, numbers: Numbers) -> list[int]:
        """Seal and send to each; the places in `peers` of those whom it could not leave for (counted)."""
        if self._as_of != self._port.way_changes or not self._is_arranged:
            self._look()
        ways = self._ways
        if len(ways) <= FEW:
            return [place for place, way in enumerate(ways) if not self._send_to_one(way, run, numbers)]
        prepared = self._buffers.numbered(run, numbers)
        slots = Slots(self._buffers, prepared, len(ways)) if self._batches and self._port.has_gso else None
        if slots is None or slots.count < 2:
            return [place for place in range(len(ways)) if not self._send_alone(place, prepared)]
        unsent = [place for place in self._single if not self._send_alone(place, prepared)]
        for batch in self._batches:
            for start in range(0, len(batch.places), slots.count):
                unsent += self._send_batch(batch, start, slots)
        return unsent

    def _look(self) -> None:
        """Whether anybody is reached another way: not before each run, for 50 peers seldom used cost 4 % of its time."""
        self._as_of = self._port.way_changes
        ways = [peer.way for peer in self._peers]
        if ways != self._ways or not self._is_arranged:
            self._arrange(ways)

    def _arrange(self, ways: list[Way | None]) -> None:
        """Put those in batches who hear from the same of our addresses, and whose way takes a run in one send."""
        self._ways, self._is_arranged, one_by_one = ways, True, self._port.one_by_one
        self._batches, self._single = [], []
        if len(ways) <= FEW:
            return
        alike: dict[Any, list[int]] = {}
        for place, way in enumerate(ways):
            key = (
                (way[1].socket, *way[1].ancillary)
                if way is not None and _sendmmsg and self._buffers.is_direct and way[1].address not in one_by_one
                else None
            )
            alike.setdefault(key, []).append(place)
        self._single = alike.pop(None, [])
        for places in alike.values():
            for start in range(0, len(places), MOST_TOGETHER):
                batch = places[start : start + MOST_TOGETHER]
                self._batches.append(_Batch(batch, [way for way in map(ways.__getitem__, batch) if way is not None]))

    def _send_to_one(self, way: Way | None, run: Run, numbers: Numbers) -> bool:
        if way is None:
            return False
        sealed = way[0].seal(run, *numbers[1:])
        if sealed is None:
            self._port.counts["seal_refused"] += 1
            return False
        return self._port.send_run(sealed, run.size + numbers[0], way[1])

    def _send_alone(self, place: int, prepared: Prepared) -> bool:
        way = self._ways[place]
        if way is None:
            return False
        sealed = way[0].seal_numbered(prepared)
        if sealed is None:
            self._port.counts["seal_refused"] += 1
            return False
        return self._port.send_run(sealed, prepared.stride, way[1])

    def _send_batch(self, batch: _Batch, start: int, slots: Slots) -> list[int]:
        end = min(start + slots.count, len(batch.places))
        if not slots.seal(batch.handles[start:end]):  # one of them was refused: each for itself tells which
            return [place for place in batch.places[start:end] if not self._send_alone(place, slots.prepared)]
        unsent = []
        for refused in batch.send(start, end, slots):
            place = batch.places[refused]
            way = self._ways[place]
            # What the kernel refused goes the slow way, which counts, and knows what to do without GSO.
            if way is None or not self._port.send_run(slots.sealed(refused - start), slots.prepared.stride, way[1]):
                unsent.append(place)
            if way is not None and way[1].address in self._port.one_by_one:
                self._is_arranged = False  # amid a batch it would cost the others a call more each time
        return unsent


class _Batch:
    """Messages to peers who hear from one of our addresses; what stays the same from run to run is written once."""

    def __init__(self, places: Sequence[int], ways: Sequence[Way]) -> None:
        self.places = places
        self.handles = [sender.handle for sender, _ in ways]
        first = ways[0][1]
        self._socket = first.socket
        control, self._stride_at = _control(first.ancillary)
        self._control = ctypes.create_string_buffer(control, len(control))
        self._pieces = (_Piece * len(ways))()
        self._messages = (_Message * len(ways))()
        self._piece_bytes = memoryview(self._pieces).cast("B")
        self._names = []
        for index, (_, path) in enumerate(ways):
            name = _name(path)
            self._names.append(ctypes.create_string_buffer(name, len(name)))
            header = self._messages[index].header
            header.name, header.name_size = ctypes.addressof(self._names[index]), len(name)
            header.pieces, header.piece_count = ctypes.addressof(self._pieces[index]), 1
            header.control, header.control_size = ctypes.addressof(self._control), len(control)
        self._address = ctypes.addressof(self._messages)

    def send(self, start: int, end: int, slots: Slots) -> list[int]:
        """Those from `start` to before `end`, who are in the slots from the first; the ones that were refused."""
        assert _sendmmsg is not None
        struct.pack_into("=H", self._control, self._stride_at, slots.prepared.stride)
        size = ctypes.sizeof(_Piece)
        self._piece_bytes[start * size : end * size] = slots.pieces[: (end - start) * size]
        refused, descriptor = [], self._socket.fileno()
        while start < end:
            taken = _sendmmsg(descriptor, self._address + start * ctypes.sizeof(_Message), end - start, 0)
            if taken <= 0:
                refused.append(start)
            start += max(1, taken)
        return refused


def _name(path: Path) -> bytes:
    """struct sockaddr_in or sockaddr_in6 (ip(7), ipv6(7))."""
    host, port, *rest = path.address
    family = path.socket.family
    start = struct.pack("=H", family) + struct.pack("!H", port)
    address = socket.inet_pton(family, host)
    if family == socket.AF_INET:
        return start + address + bytes(8)
    flow, scope = rest
    return start + struct.pack("!I", flow) + address + struct.pack("=I", scope)


def _control(ancillary: Ancillary) -> tuple[bytes, int]:
    """Control messages (cmsg(3)): `ancillary`, then the segment size of UDP GSO, and where that has to be written."""
    messages = b""
    for level, kind, content in [*ancillary, segment_option(0)]:
        stride_at = len(messages) + socket.CMSG_LEN(0)
        message = struct.pack("@Nii", socket.CMSG_LEN(len(content)), level, kind) + content
        messages += message + bytes(socket.CMSG_SPACE(len(content)) - len(message))
    return messages, stride_at
