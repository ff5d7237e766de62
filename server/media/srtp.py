"""SRTP in place: the one module that touches pylibsrtp's private binding.

`Session.protect` of the public API copies twice and allocates; libsrtp's own function in a reused buffer costs
half (media.md). Where the binding does not look as expected, the public API is used: slower, same bytes.
One buffer serves all peers, because the media engine is single-threaded: use a result before the next call.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import pylibsrtp
from pylibsrtp import Policy, Session

from server.media.packet import HEADER, HEADER_SIZE

BUFFER_SIZE = 1 << 17
MOST_PACKETS = 64  # in one run: a kernel splits no more from one send
RECEIVE_SIZE = 1 << 16
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


class Sealable(Protocol):
    """What `seal` needs of a run of packets (server.media.forwarder.Run)."""

    size: int
    last_size: int
    headers: list[tuple[int, int, int, int]]
    prepared: dict[Any, Any]  # what is the same for all viewers, by overhead; and for some, by Numbers

    def template(self, gap: int) -> bytes: ...


def _binding() -> tuple[Any, Any] | None:
    """pylibsrtp's cffi module, if it has what we use; None says: take the public API."""
    try:
        from pylibsrtp import _binding as binding
    except ImportError:
        return None
    ffi, lib = getattr(binding, "ffi", None), getattr(binding, "lib", None)
    if ffi is None or not (hasattr(lib, "srtp_protect") and hasattr(lib, "srtp_unprotect")):
        return None
    try:
        Session()._srtp[0]
    except (AttributeError, TypeError, IndexError):
        return None
    return ffi, lib


Numbers = tuple[int, int, int, int, int]
"""What a viewer's packets differ in, before they are sealed: overhead, payload type, SSRC, and what is added to sequence
numbers and timestamps."""


class Prepared(NamedTuple):
    """Of a run, what is the same for several viewers, so that none of them pays for it.

    `template`: the packets with room for their tags, which go to the send buffer's `place`; `lengths` as libsrtp wants
    to be told them, for `lengths_place`. `headers` are those still to be written: a packet's place, first two bytes
    (payload type 0), sequence number, timestamp. `pointers` are to each packet and its length. `sealed` is where the
    sealed run will stand.
    """

    template: bytes
    place: slice
    lengths: bytes
    lengths_place: slice
    headers: list[tuple[int, int, int, int]]
    pointers: list[tuple[Any, Any]]
    sealed: memoryview


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
        self._receive_memory = ffi.new("char[]", RECEIVE_SIZE)
        self._send_memory = ffi.new("char[]", BUFFER_SIZE)
        self.received = memoryview(ffi.buffer(self._receive_memory)).cast("B")
        self.sealed = memoryview(ffi.buffer(self._send_memory)).cast("B")
        self.received_pointer = self._receive_memory
        self.length = ffi.new("int *")
        self._length_memory = ffi.new("int[]", MOST_PACKETS)
        self.lengths = memoryview(ffi.buffer(self._length_memory)).cast("B")

    def prepare(self, run: Sealable, numbers: Numbers) -> Prepared:
        """What sealing `run` needs. Kept in the run: for all viewers, and with its headers once a second one has the
        same numbers (most who look at one camera have, see SharedStart: 0.9 of 8 µs a packet).
        """
        common: Prepared | None = run.prepared.get(numbers[0])
        if common is None:
            common = run.prepared[numbers[0]] = self._prepare(run, numbers[0])
        if numbers not in run.prepared:
            run.prepared[numbers] = None
            return common
        template = bytearray(common.template)
        write_headers(template, common.headers, numbers)
        found = run.prepared[numbers] = common._replace(template=bytes(template), headers=[])
        return found

    def _prepare(self, run: Sealable, overhead: int) -> Prepared:
        last, headers, pointers, sizes, at = len(run.headers) - 1, [], [], [], 0
        for index, (first, marker, sequence, timestamp) in enumerate(run.headers):
            headers.append((at, first << 8 | marker, sequence, timestamp))
            pointers.append((self._send_memory + at, self._length_memory + index))
            sizes.append(run.size if index != last else run.last_size)
            at += run.size + overhead
        template, lengths = run.template(overhead), struct.pack(f"={len(sizes)}i", *sizes)
        end = len(template)
        return Prepared(template, slice(end), lengths, slice(len(lengths)), headers, pointers, self.sealed[:end])


def write_headers(
    packets: memoryview | bytearray, headers: Sequence[tuple[int, int, int, int]], numbers: Numbers
) -> None:
    """Give packets the numbers of a viewer."""
    _, payload_type, ssrc, sequence_shift, timestamp_shift = numbers
    for at, start, sequence, timestamp in headers:
        shown = (sequence + sequence_shift) & 0xFFFF
        write_header(packets, at, start | payload_type, shown, (timestamp + timestamp_shift) & 0xFFFFFFFF, ssrc)


def _session(key: bytes, direction: int, profile: Profile) -> Session:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=profile.libsrtp)
    policy.window_size = REPLAY_WINDOW
    policy.allow_repeat_tx = True  # a repair is the same packet with the same bytes
    return Session(policy)


class SrtpSender:
    """Seals what goes to one peer."""

    __slots__ = ("_buffers", "_handle", "_session", "overhead")

    def __init__(self, buffers: SrtpBuffers, key: bytes, profile: Profile) -> None:
        self._buffers = buffers
        self._session = _session(key, Policy.SSRC_ANY_OUTBOUND, profile)
        self._handle = self._session._srtp[0] if buffers.is_direct else None
        self.overhead = profile.overhead

    def seal(
        self, run: Sealable, payload_type: int, ssrc: int, sequence_shift: int, timestamp_shift: int
    ) -> memoryview | None:
        """The run's packets, renumbered for this peer and sealed, each in size + overhead bytes. None: refused.

        The view is good until the next call of any sender on the same buffers.
        """
        if not self._buffers.is_direct:
            return self._seal_by_public_api(run, payload_type, ssrc, sequence_shift, timestamp_shift)
        buffers, handle = self._buffers, self._handle
        numbers = (self.overhead, payload_type, ssrc, sequence_shift, timestamp_shift)
        template, place, lengths, lengths_place, headers, pointers, sealed = run.prepared.get(
            numbers
        ) or buffers.prepare(run, numbers)
        view, protect = buffers.sealed, buffers.protect
        view[place], buffers.lengths[lengths_place] = template, lengths
        if headers:
            write_headers(view, headers, numbers)
        for pointer, length in pointers:
            if protect(handle, pointer, length):
                return None
        return sealed

    def _seal_by_public_api(
        self, run: Sealable, payload_type: int, ssrc: int, sequence_shift: int, timestamp_shift: int
    ) -> memoryview | None:
        template, at, out = run.template(0), 0, bytearray()
        for index, (first, marker, sequence, timestamp) in enumerate(run.headers):
            end = at + (run.size if index != len(run.headers) - 1 else run.last_size)
            shown = (sequence + sequence_shift) & 0xFFFF
            shifted = (timestamp + timestamp_shift) & 0xFFFFFFFF
            head = HEADER.pack(first, marker | payload_type, shown, shifted, ssrc)
            try:
                out += self._session.protect(head + template[at + HEADER_SIZE : end])
            except (pylibsrtp.Error, ValueError):
                return None
            at = end
        self._buffers.sealed[: len(out)] = out
        return self._buffers.sealed[: len(out)]

    def seal_feedback(self, packet: bytes) -> bytes | None:
        """An RTCP packet, sealed; None if libsrtp refuses it."""
        try:
            sealed: bytes = self._session.protect_rtcp(packet)
        except (pylibsrtp.Error, ValueError):
            return None
        return sealed


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
        try:
            opened: bytes = self._session.unprotect_rtcp(bytes(self._buffers.received[:size]))
        except (pylibsrtp.Error, ValueError):
            return None
        return opened
