"""STUN: aioice's messages are understood, ours are understood by aioice, anything else is refused."""

from __future__ import annotations

import contextlib

import aioice.stun
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media import stun
from server.media.ice_lite import CONSENT_S, MAX_ADDRESSES, IceLite

HERE = ("192.0.2.7", 4000)
THERE = ("198.51.100.9", 5000)


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(content: bytes) -> None:
    for candidate in (content, b"\0\1" + len(content).to_bytes(2, "big") + bytes.fromhex("2112a442") + content):
        with contextlib.suppress(stun.StunError):
            stun.parse_request(candidate)


@given(st.integers(0, 110), st.integers(0, 255))
def test_a_changed_byte_is_noticed(position: int, value: int) -> None:
    good = stun.binding_request(bytes(12), "here:there", "secret", nominate=True)
    changed = bytearray(good)
    changed[position % (len(good) - 8)] = value  # the fingerprint behind is a check sum, no signature
    try:
        request = stun.parse_request(bytes(changed))
    except stun.StunError:
        return
    assert bytes(changed) == good or not request.is_signed_with("secret")


def test_aioice_and_we_understand_each_other() -> None:
    theirs = aioice.stun.Message(aioice.stun.Method.BINDING, aioice.stun.Class.REQUEST, bytes(range(12)))
    theirs.attributes["USERNAME"] = "here:there"
    theirs.attributes["PRIORITY"] = 5
    theirs.attributes["ICE-CONTROLLING"] = 7
    theirs.attributes["USE-CANDIDATE"] = None
    theirs.add_message_integrity(b"secret")
    request = stun.parse_request(bytes(theirs))
    assert (request.username, request.use_candidate, request.controlled) == ("here:there", True, False)
    assert request.is_signed_with("secret")
    assert not request.is_signed_with("guess")
    answer = aioice.stun.parse_message(stun.success(request, HERE, "secret"))
    assert answer.check_message_integrity(b"secret")
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == HERE
    refusal = aioice.stun.parse_message(stun.refusal(request, 487, "Role Conflict", "secret"))
    assert refusal.attributes["ERROR-CODE"] == (487, "Role Conflict")
    six = aioice.stun.parse_message(stun.success(request, ("2001:db8::1", 9), "secret"))
    assert six.attributes["XOR-MAPPED-ADDRESS"] == ("2001:db8::1", 9)


def check(ufrag: str, pwd: str, *, nominate: bool = False) -> stun.BindingRequest:
    return stun.parse_request(stun.binding_request(bytes(12), f"{ufrag}:x", pwd, nominate=nominate))


def test_an_address_is_the_peers_only_by_a_signed_check() -> None:
    ice = IceLite("here", "secret", 0.0)
    assert ice.answer(check("here", "guess"), THERE, 0.0) is None
    assert ice.answer(check("other", "secret"), THERE, 0.0) is None
    assert ice.addresses == ()
    assert ice.answer(check("here", "secret"), HERE, 1.0) is not None
    assert ice.selected == HERE


def test_the_peer_moves_when_it_says_so_or_falls_silent() -> None:
    ice = IceLite("here", "secret", 0.0)
    ice.answer(check("here", "secret"), HERE, 0.0)
    ice.answer(check("here", "secret"), THERE, 0.5)
    assert ice.selected == HERE, "another pair is only tried"
    ice.answer(check("here", "secret", nominate=True), THERE, 0.6)
    assert ice.selected == THERE
    ice.note_traffic(THERE, 5.0)
    ice.answer(check("here", "secret"), HERE, 5.5)
    assert ice.selected == THERE
    ice.answer(check("here", "secret"), HERE, 7.1)
    assert ice.selected == HERE, "THERE has said nothing for 2 s: its mapping is gone"


def test_the_peer_moves_at_once_with_its_media() -> None:
    """What it is asked for, a key frame say, would go to an address that no longer leads to it."""
    ice = IceLite("here", "secret", 0.0)
    ice.answer(check("here", "secret"), HERE, 0.0)
    assert not ice.note_traffic(HERE, 1.0)
    assert not ice.note_traffic(THERE, 1.1), "nobody has shown that this is the peer"
    ice.answer(check("here", "secret"), THERE, 1.15)
    assert not ice.note_traffic(THERE, 1.2), "a path that is only tried, while the other one carries media"
    assert ice.note_traffic(THERE, 1.3)
    assert ice.selected == THERE
    assert not ice.note_traffic(HERE, 1.4), "late packets of the old path"


def test_consent_and_the_number_of_addresses_are_bounded() -> None:
    ice = IceLite("here", "secret", 0.0)
    for port in range(50):
        ice.answer(check("here", "secret"), ("192.0.2.1", 1000 + port), float(port) / 100)
    assert len(ice.addresses) == MAX_ADDRESSES
    assert ice.selected in ice.addresses
    assert ice.has_consent(CONSENT_S - 0.1)
    assert not ice.has_consent(CONSENT_S), "by the checks of addresses that it is not sent to"


def test_only_what_comes_from_the_selected_address_keeps_consent() -> None:
    """RFC 7675 section 5.1: consent is to be sent to at one address."""
    ice = IceLite("here", "secret", 0.0)
    ice.answer(check("here", "secret"), HERE, 0.0)
    ice.answer(check("here", "secret"), THERE, 0.1)
    ice.note_traffic(HERE, 10.0)
    ice.answer(check("here", "secret"), THERE, 10.2)
    assert ice.selected == HERE
    assert ice.has_consent(9.9 + CONSENT_S)
    assert not ice.has_consent(10.1 + CONSENT_S), "the other address's check says nothing of this one"
    ice.note_traffic(("192.0.2.9", 9), 11.0)
    assert not ice.has_consent(10.1 + CONSENT_S), "nor does an address that nobody has shown to be the peer's"
    ice.answer(check("here", "secret"), HERE, 12.0)
    assert ice.has_consent(10.1 + CONSENT_S)


def test_a_restart_keeps_the_old_credentials_until_the_new_ones_are_used() -> None:
    ice = IceLite("here", "secret", 0.0)
    ice.answer(check("here", "secret"), HERE, 0.0)
    ice.restart("new1", "newsecret")
    assert set(ice.ufrags) == {"here", "new1"}
    assert ice.answer(check("here", "secret"), HERE, 1.0) is not None
    assert ice.answer(check("new1", "newsecret"), THERE, 1.1) is not None
    assert (ice.ufrags, ice.selected) == (("new1",), THERE)
    assert ice.answer(check("here", "secret"), HERE, 1.2) is None


@pytest.mark.parametrize("attribute", ["ICE-CONTROLLED"])
def test_a_controlled_peer_is_told_of_the_conflict(attribute: str) -> None:
    theirs = aioice.stun.Message(aioice.stun.Method.BINDING, aioice.stun.Class.REQUEST, bytes(12))
    theirs.attributes["USERNAME"] = "here:x"
    theirs.attributes[attribute] = 7
    theirs.add_message_integrity(b"secret")
    ice = IceLite("here", "secret", 0.0)
    answer = ice.answer(stun.parse_request(bytes(theirs)), HERE, 0.0)
    assert answer is not None and aioice.stun.parse_message(answer).attributes["ERROR-CODE"][0] == 487
    assert ice.selected is None
