"""SRTP in place: the one module that touches pylibsrtp's private binding.

`Session.protect` of the public API copies twice and allocates; libsrtp's own function in a reused buffer costs
half (media.md). Where the binding does not look as expected, the public API is used: slower, same bytes.
One buffer serves all peers, because the media engine is single-threaded: use a result before the next call.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any, NamedTuple

import pylibsrtp
from pylibsrtp import Policy, Session

from server.media.packet import new_tuple
from server.media.run import Numbers, Run

BUFFER_SIZE = 1 << 17
MOST_PACKETS = 64  # in one run: a kernel splits no more from one send
MOST_STRIDES = 64  # whose pointers are kept: a camera that cuts its pictures at one size has one, libwebrtc many
MOST_TOGETHER = 16  # viewers whose sealed runs stand in the send buffer at once: of 25, no more was gained
RECEIVE_SIZE = 1 << 16
MOST_OPENED_FEEDBACK = 1500  # bytes: RTCP is not sent in fragments
MOST_FEEDBACK = 1352  # bytes of RTCP in one packet: 1500 less the longest trailer, as pylibsrtp's public API has it
write_header = struct.Struct("!HHII").pack_into  # as packet.HEADER, its first two bytes in one
REPLAY_WINDOW = 1024  # packets; about 2 s of a main stream, as long as the cache can repair


@dataclass(frozen=True, slots=True)
class Profile:
    """A DTLS-SRTP protection profile (RFC 5764, RFC 7714). Sizes in bytes; `overhead` is what a packet grows by."""

    name: bytes
    libsrtp: int
    key_size: int
    salt_size: int
    overhead: int


GCM_128 = Profile(b"SRTP_AEAD_AES_128_GCM", Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12, 16)
GCM_256 = Profile(b"SRTP_AEAD_AES_256_GCM", Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 32, 12, 16)
SHA1_80 = Profile(b"SRTP_AES128_CM_SHA1_80", Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14, 10)


def _is_built_in(profile: Profile) -> bool:
    try:
        Policy(srtp_profile=profile.libsrtp)
    except pylibsrtp.Error:
        return False
    return True


PROFILES = tuple(profile for profile in (GCM_128, GCM_256, SHA1_80) if _is_built_in(profile))


def _binding() -> tuple[Any, Any] | None:
    """pylibsrtp's cffi module, if it has what we use; None says: take the public API."""
    try:
        from pylibsrtp import _binding as binding
    except ImportError:
        return None
    ffi, lib = getattr(binding, "ffi", None), getattr(binding, "lib", None)
    if ffi is None or not all(hasattr(lib, f"srtp_{one}protect{what}") for one in ("", "un") for what in ("", "_rtcp")):
        return None
    try:
        Session()._srtp[0]
    except (AttributeError, TypeError, IndexError):
        return None
    return ffi, lib


class Prepared(NamedTuple):
    """Of a run, what is the same for viewers who see the same numbers, so that none of them pays for it.

    `template`: the packets with room for their tags; `lengths` as libsrtp wants to be told them; `sizes` are the packets'
    lengths, `stride` is from one to the next.
    """

    template: bytearray
    lengths: bytes
    sizes: list[int]
    stride: int


class SrtpBuffers:
    """The receive buffer, the send buffer, and the way to libsrtp. One for an engine."""

    def __init__(self, *, public_api_only: bool = False) -> None:
        binding = None if public_api_only else _binding()
        self.is_direct = binding is not None
        if binding is None:
            self.received = memoryview(bytearray(RECEIVE_SIZE))
            self.sealed = memoryview(bytearray(BUFFER_SIZE))
            return
        ffi, lib = binding
        self.protect, self.unprotect = lib.srtp_protect, lib.srtp_unprotect
        self.protect_rtcp, self.unprotect_rtcp = lib.srtp_protect_rtcp, lib.srtp_unprotect_rtcp
        self.received_pointer, self.sealed_pointer = ffi.new("char[]", RECEIVE_SIZE), ffi.new("char[]", BUFFER_SIZE)
        self.received = memoryview(ffi.buffer(self.received_pointer)).cast("B")
        self.sealed = memoryview(ffi.buffer(self.sealed_pointer)).cast("B")
        self.length = ffi.new("int *")
        self._length_memory = ffi.new("int[]", MOST_PACKETS * MOST_TOGETHER)
        self.lengths = memoryview(ffi.buffer(self._length_memory)).cast("B")
        self.length_pointers = [self._length_memory + index for index in range(MOST_PACKETS * MOST_TOGETHER)]
        self.sealed_address = int(ffi.cast("uintptr_t", self.sealed_pointer))
        self._pointers: dict[int, list[Any]] = {}  # by stride

    def numbered(self, run: Run, numbers: Numbers) -> Prepared:
        """The run as all are sent it who see these numbers."""
        overhead, payload_type, ssrc, sequence_shift, timestamp_shift = numbers
        stride, at = run.size + overhead, 0
        template = bytearray(run.octets + overhead * run.count)
        for (start, sequence, timestamp), (_, packet) in zip(run.headers, run.entries, strict=True):
            template[at : at + len(packet)] = packet
            shown = (sequence + sequence_shift) & 0xFFFF
            write_header(template, at, start | payload_type, shown, (timestamp + timestamp_shift) & 0xFFFFFFFF, ssrc)
            at += stride
        sizes = [run.size] * (run.count - 1) + [run.last_size]
        return new_tuple(Prepared, (template, struct.pack(f"={run.count}i", *sizes), sizes, stride))

    def pointers(self, stride: int, count: int) -> list[Any]:
        """For libsrtp: to every `stride`-th byte of the send buffer, to `count` of them or more."""
        found = self._pointers.get(stride)
        if found is None:
            if len(self._pointers) == MOST_STRIDES:
                self._pointers.clear()
            found = self._pointers[stride] = []
        if len(found) < count:
            memory = self.sealed_pointer
            found += [memory + place for place in range(len(found) * stride, count * stride, stride)]
        return found


def _session(key: bytes, direction: int, profile: Profile) -> Session:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=profile.libsrtp)
    policy.window_size = REPLAY_WINDOW
    policy.allow_repeat_tx = True  # a repair is the same packet with the same bytes
    return Session(policy)


class SrtpSender:
    """Seals what goes to one peer."""

    __slots__ = ("_buffers", "_session", "handle", "overhead")

    def __init__(self, buffers: SrtpBuffers, key: bytes, profile: Profile) -> None:
        self._buffers = buffers
        self._session = _session(key, Policy.SSRC_ANY_OUTBOUND, profile)
        self.handle = self._session._srtp[0] if buffers.is_direct else None  # libsrtp's
        self.overhead = profile.overhead

    def seal(
        self, run: Run, payload_type: int, ssrc: int, sequence_shift: int, timestamp_shift: int
    ) -> memoryview | None:
        """The run's packets, renumbered for this peer and sealed, each in size + overhead bytes. None: refused.

        The view is good until the next call of any sender on the same buffers.
        """
        buffers = self._buffers
        if not buffers.is_direct:
            numbers = (self.overhead, payload_type, ssrc, sequence_shift, timestamp_shift)
            return self._seal_by_public_api(buffers.numbered(run, numbers))
        # In one pass and into place: for few viewers a template is 10 to 20 µs a picture that hardly anybody shares.
        handle, protect, length = self.handle, buffers.protect, buffers.length
        sealed, stride, at = buffers.sealed, run.size + self.overhead, 0
        pointers = buffers.pointers(stride, run.count)  # or more
        for (start, sequence, timestamp), (_, packet), pointer in zip(run.headers, run.entries, pointers, strict=False):
            size = len(packet)
            sealed[at : at + size] = packet
            shown = (sequence + sequence_shift) & 0xFFFF
            write_header(sealed, at, start | payload_type, shown, (timestamp + timestamp_shift) & 0xFFFFFFFF, ssrc)
            length[0] = size
            if protect(handle, pointer, length):
                return None
            at += stride
        return sealed[: at - stride + length[0]]

    def seal_numbered(self, prepared: Prepared) -> memoryview | None:
        """As `seal`, of what SrtpBuffers.numbered gave for the numbers that this peer sees."""
        buffers, template = self._buffers, prepared.template
        if not buffers.is_direct:
            return self._seal_by_public_api(prepared)
        buffers.sealed[: len(template)] = template
        buffers.lengths[: len(prepared.lengths)] = prepared.lengths
        count = len(prepared.sizes)
        handles, pointers = repeat(self.handle, count), buffers.pointers(prepared.stride, count)
        if any(map(buffers.protect, handles, pointers, buffers.length_pointers)):
            return None
        return buffers.sealed[: len(template)]

    def _seal_by_public_api(self, prepared: Prepared) -> memoryview | None:
        out = bytearray()
        for index, size in enumerate(prepared.sizes):
            at = index * prepared.stride
            try:
                out += self._session.protect(bytes(prepared.template[at : at + size]))
            except (pylibsrtp.Error, ValueError):
                return None
        self._buffers.sealed[: len(out)] = out
        return self._buffers.sealed[: len(out)]

    def seal_feedback(self, packet: bytes) -> bytes | memoryview | None:
        """An RTCP packet, sealed; None if libsrtp refuses it. Good until the next call, as of `seal`."""
        buffers = self._buffers
        if not buffers.is_direct:
            return self._seal_feedback_by_public_api(packet)
        size = len(packet)
        if size > MOST_FEEDBACK:
            return None
        buffers.sealed[:size] = packet
        buffers.length[0] = size
        if buffers.protect_rtcp(self.handle, buffers.sealed_pointer, buffers.length):
            return None
        return buffers.sealed[: buffers.length[0]]

    def _seal_feedback_by_public_api(self, packet: bytes) -> bytes | None:
        try:
            sealed: bytes = self._session.protect_rtcp(packet)
        except (pylibsrtp.Error, ValueError):
            return None
        return sealed


class Slots:
    """The send buffer as room for several viewers' sealed runs in a row, `count` of them: at most `wanted`.

    Only where `is_direct`; `pieces` says where each slot lies, as struct iovec (readv(2)). A slot has room for whole packets,
    also where the last one is shorter: all packets of all slots are one stride apart.
    """

    __slots__ = ("_buffers", "_size", "count", "pieces", "prepared")

    def __init__(self, buffers: SrtpBuffers, prepared: Prepared, wanted: int) -> None:
        self._buffers = buffers
        self.prepared = prepared
        self._size = size = prepared.stride * len(prepared.sizes)
        self.count = min(wanted, BUFFER_SIZE // size, MOST_TOGETHER)
        words = [len(prepared.template)] * (2 * self.count)
        words[::2] = range(buffers.sealed_address, buffers.sealed_address + self.count * size, size)
        self.pieces = struct.pack(f"={2 * self.count}Q", *words)

    def seal(self, handles: Sequence[Any]) -> bool:
        """For these viewers (SrtpSender.handle), from the first slot on; False if libsrtp refused one of them."""
        buffers, (template, lengths, sizes, stride), count = self._buffers, self.prepared, len(handles)
        sealed, size, packets = buffers.sealed, len(template), len(sizes)
        for start in range(0, count * self._size, self._size):
            sealed[start : start + size] = template
        buffers.lengths[: count * len(lengths)] = lengths * count
        each = chain.from_iterable(map(repeat, handles, repeat(packets)))
        pointers = buffers.pointers(stride, count * packets)
        # `any` and `map` save 0.15 of 2 µs a packet over a loop; what is not 0 is an error, and ends it
        return not any(map(buffers.protect, each, pointers, buffers.length_pointers))

    def sealed(self, slot: int) -> memoryview:
        """What stands in one of them."""
        start = slot * self._size
        return self._buffers.sealed[start : start + len(self.prepared.template)]


class SrtpReceiver:
    """Opens what comes from one peer."""

    def __init__(self, buffers: SrtpBuffers, key: bytes, profile: Profile) -> None:
        self._buffers = buffers
        self._session = _session(key, Policy.SSRC_ANY_INBOUND, profile)
        self._handle = self._session._srtp[0] if buffers.is_direct else None

    def open(self, size: int) -> memoryview | None:
        """The RTP packet of `size` bytes in the receive buffer, opened in place; None if forged, replayed or broken."""
        buffers = self._buffers
        if not buffers.is_direct:
            return self._open_by_public_api(size)
        buffers.length[0] = size
        if buffers.unprotect(self._handle, buffers.received_pointer, buffers.length):
            return None
        return buffers.received[: buffers.length[0]]

    def _open_by_public_api(self, size: int) -> memoryview | None:
        try:
            opened = self._session.unprotect(bytes(self._buffers.received[:size]))
        except (pylibsrtp.Error, ValueError):
            return None
        self._buffers.received[: len(opened)] = opened
        return self._buffers.received[: len(opened)]

    def open_feedback(self, size: int) -> bytes | None:
        """The RTCP packet of `size` bytes in the receive buffer, opened; None if it is not genuine."""
        buffers = self._buffers
        if not buffers.is_direct:
            return self._open_feedback_by_public_api(size)
        if size > MOST_OPENED_FEEDBACK:
            return None
        buffers.length[0] = size
        if buffers.unprotect_rtcp(self._handle, buffers.received_pointer, buffers.length):
            return None
        return bytes(buffers.received[: buffers.length[0]])

    def _open_feedback_by_public_api(self, size: int) -> bytes | None:
        try:
            opened: bytes = self._session.unprotect_rtcp(bytes(self._buffers.received[:size]))
        except (pylibsrtp.Error, ValueError):
            return None
        return opened
