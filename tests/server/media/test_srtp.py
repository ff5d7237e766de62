"""SRTP: the private way and the public API give the same bytes; the contract with pylibsrtp holds."""

from __future__ import annotations

import struct

import pylibsrtp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylibsrtp import Policy, Session

from server.media.packet import HEADER, parse_header
from server.media.run import make_runs
from server.media.srtp import (
    GCM_128,
    MOST_STRIDES,
    PROFILES,
    SHA1_80,
    Profile,
    Slots,
    SrtpBuffers,
    SrtpReceiver,
    SrtpSender,
)

SSRC = 0xDEADBEEF


def packets(count: int, size: int, last: int) -> list[tuple[int, bytes]]:
    sizes = [size] * (count - 1) + [last]
    return [(65_530 + n, HEADER.pack(0x80, 0, 65_530 + n & 0xFFFF, n, 1) + bytes([n]) * s) for n, s in enumerate(sizes)]


def test_gcm_is_preferred_and_built_in() -> None:
    assert PROFILES[0] == GCM_128
    assert PROFILES[-1] == SHA1_80


def test_contract_with_pylibsrtp() -> None:
    """What srtp.py touches beyond the public API; if this fails, the public API is used (slower)."""
    assert SrtpBuffers().is_direct
    assert hasattr(Session(), "_srtp")
    for name in ("srtp_protect", "srtp_unprotect", "srtp_protect_rtcp", "srtp_unprotect_rtcp"):
        assert hasattr(pylibsrtp._binding.lib, name)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name.decode())
@pytest.mark.parametrize("public_api_only", [False, True])
def test_a_run_arrives_renumbered(profile: Profile, public_api_only: bool) -> None:
    key = bytes(range(profile.key_size + profile.salt_size))
    buffers = SrtpBuffers(public_api_only=public_api_only)
    sender = SrtpSender(buffers, key, profile)
    receiver = SrtpReceiver(buffers, key, profile)
    theirs = Session(Policy(key=key, ssrc_type=Policy.SSRC_ANY_INBOUND, srtp_profile=profile.libsrtp))
    (run,) = make_runs(packets(7, 300, 120))
    sealed = sender.seal(run, 102, SSRC, -65_000, 1000)
    assert sealed is not None
    stride = run.size + sender.overhead
    for number in range(7):
        piece = bytes(sealed[number * stride : (number + 1) * stride])
        header = parse_header(theirs.unprotect(piece))
        assert (header.payload_type, header.sequence, header.timestamp, header.ssrc) == (
            102,
            530 + number,
            1000 + number,
            SSRC,
        )
        buffers.received[: len(piece)] = piece
        opened = receiver.open(len(piece))
        assert opened is not None and bytes(opened[12:]) == run.entries[number][1][12:]
        buffers.received[: len(piece)] = piece
        assert receiver.open(len(piece)) is None, "a replay is refused"
    again = sender.seal(run, 102, SSRC, -65_000, 1000)
    assert again is not None, "a repair may be sent"


def test_both_ways_give_the_same_bytes() -> None:
    key = bytes(range(28))
    (run,) = make_runs(packets(5, 500, 500))
    ways = [SrtpSender(SrtpBuffers(public_api_only=public), key, GCM_128) for public in (True, False, True)]
    sealed = [bytes(way.seal(run, 96, SSRC, 7, 9) or b"") for way in ways]
    assert sealed[0] and sealed[0] == sealed[1] == sealed[2]


def test_viewers_of_one_run_get_their_own_numbers_be_they_common_or_not() -> None:
    """What the first of them prepared must not leak into the packets of one who sees other numbers."""
    buffers, (run,) = SrtpBuffers(), make_runs(packets(5, 500, 400))
    common, other, third = (102, SSRC, -65_000, 1000), (102, SSRC, -65_000, 2000), (97, 7, 1, 0)
    wishes = [common, other, common, common, third, other, common]
    for index, numbers in enumerate(wishes):
        key = bytes([index]) * 28
        alone = make_runs(packets(5, 500, 400))[0]
        expected = SrtpSender(SrtpBuffers(public_api_only=True), key, GCM_128).seal(alone, *numbers)
        sealed = SrtpSender(buffers, key, GCM_128).seal(run, *numbers)
        assert sealed is not None and expected is not None
        assert bytes(sealed) == bytes(expected)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name.decode())
@pytest.mark.parametrize("public_api_only", [False, True])
def test_what_is_numbered_once_is_sealed_for_each_as_if_alone(profile: Profile, public_api_only: bool) -> None:
    buffers, (run,) = SrtpBuffers(public_api_only=public_api_only), make_runs(packets(5, 500, 400))
    numbers = (profile.overhead, 102, SSRC, -65_000, 2**32 - 3)
    numbered = buffers.numbered(run, numbers)
    for index in range(3):
        key = bytes([index]) * (profile.key_size + profile.salt_size)
        expected = SrtpSender(SrtpBuffers(public_api_only=True), key, profile).seal(run, *numbers[1:])
        sealed = SrtpSender(buffers, key, profile).seal_numbered(numbered)
        assert sealed is not None and expected is not None
        assert bytes(sealed) == bytes(expected)


sizes = st.sampled_from([20, 813, 1180]) | st.integers(20, 1300)
runs = st.tuples(st.integers(1, 40), sizes, st.integers(1, 100))


@given(st.lists(runs, min_size=1, max_size=4), st.integers(1, 20))
def test_what_stands_in_each_slot_is_what_its_viewer_would_get_alone(
    shapes: list[tuple[int, int, int]], wanted: int
) -> None:
    """Runs of any shape, one after the other in one send buffer; a last packet may begin where no whole one has room."""
    buffers, public = SrtpBuffers(), SrtpBuffers(public_api_only=True)
    keys = [bytes([index]) * 28 for index in range(wanted)]
    senders = [SrtpSender(buffers, key, GCM_128) for key in keys]
    others = [SrtpSender(public, key, GCM_128) for key in keys]
    for start, (count, size, share) in enumerate(shapes):
        entries = packets(count, size, max(1, size * share // 100))
        for run in make_runs(entries):
            numbers = (102, SSRC, start * 100 - 65_000, 7)
            slots = Slots(buffers, buffers.numbered(run, (GCM_128.overhead, *numbers)), wanted)
            assert 1 <= slots.count <= wanted
            assert slots.seal([sender.handle for sender in senders[: slots.count]])
            alone = [bytes(other.seal(run, *numbers) or b"") for other in others]
            assert [bytes(slots.sealed(slot)) for slot in range(slots.count)] == alone[: slots.count]
            for sender in senders[slots.count :]:  # that all are as far as each other
                assert sender.seal(run, *numbers) is not None


def test_the_places_of_packets_of_only_so_many_sizes_are_kept() -> None:
    buffers = SrtpBuffers()
    sender = SrtpSender(buffers, bytes(28), GCM_128)
    for size in range(20, 20 + 3 * MOST_STRIDES):
        (run,) = make_runs(packets(3, size, size))
        assert sender.seal(run, 102, SSRC, 0, 0) is not None
        assert len(buffers._pointers) <= MOST_STRIDES


@pytest.mark.parametrize("public_api_only", [False, True])
def test_rubbish_is_refused(public_api_only: bool) -> None:
    buffers = SrtpBuffers(public_api_only=public_api_only)
    receiver = SrtpReceiver(buffers, bytes(28), GCM_128)
    for content in (b"", b"\x80", b"\x80" * 12, b"\x9f" * 40, bytes(range(128, 228))):
        buffers.received[: len(content)] = content
        assert receiver.open(len(content)) is None
        assert receiver.open_feedback(len(content)) is None
    sender = SrtpSender(buffers, bytes(28), GCM_128)
    assert sender.seal_feedback(b"") is None
    assert sender.seal_feedback(bytes(5000)) is None


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name.decode())
@pytest.mark.parametrize("public_api_only", [False, True])
def test_feedback_goes_there_and_back_once(profile: Profile, public_api_only: bool) -> None:
    buffers, key = SrtpBuffers(public_api_only=public_api_only), bytes(profile.key_size + profile.salt_size)
    sender, receiver = SrtpSender(buffers, key, profile), SrtpReceiver(buffers, key, profile)
    packet = bytes.fromhex("80c9000100000001")
    sealed = bytes(sender.seal_feedback(packet) or b"")
    for size, opened in (
        (len(sealed) - 1, None),
        (len(sealed), packet),
        (len(sealed), None),
    ):  # the last one is a replay
        buffers.received[: len(sealed)] = sealed
        assert receiver.open_feedback(size) == opened


@pytest.mark.parametrize("public_api_only", [False, True])
def test_genuine_feedback_is_refused_if_it_is_longer_than_a_datagram_unfragmented(public_api_only: bool) -> None:
    ours, theirs = SrtpBuffers(), SrtpBuffers(public_api_only=public_api_only)
    sender, receiver = SrtpSender(ours, bytes(28), GCM_128), SrtpReceiver(theirs, bytes(28), GCM_128)
    for size, opens in ((1400, True), (1600, False)):
        ours.sealed[:size] = struct.pack("!BBHI", 0x80, 204, size // 4 - 1, 1) + bytes(size - 8)
        ours.length[0] = size
        assert ours.protect_rtcp(sender.handle, ours.sealed_pointer, ours.length) == 0
        sealed = ours.length[0]
        theirs.received[:sealed] = ours.sealed[:sealed]
        assert (receiver.open_feedback(sealed) is not None) == opens
