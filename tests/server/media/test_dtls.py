"""DTLS in memory: both roles, keys that fit, fingerprints that are checked, a certificate that lasts."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from OpenSSL import SSL, crypto

from server.errors import StartError
from server.media.dtls import MTU, RECORD_HEADER, Certificate, DtlsError, Handshake, datagrams
from server.media.srtp import GCM_128, SHA1_80, Profile

Keys = tuple[Profile, bytes, bytes]
CHANGE_CIPHER_SPEC = b"\x14"  # a record's type; only the last flight begins with it


def shake(client: Handshake, server: Handshake, to_server: list[bytes], to_client: list[bytes]) -> tuple[Keys, Keys]:
    """Until both have their keys."""
    keys: dict[str, Keys] = {}
    client.step()
    for _ in range(10):
        for side, queue, name in ((server, to_server, "server"), (client, to_client, "client")):
            while queue:
                found = side.feed(queue.pop(0))
                if found is not None:
                    keys[name] = found
    return keys["client"], keys["server"]


def pair(
    folder: Path, announced: str | None = None
) -> tuple[Handshake, Handshake, list[bytes], list[bytes], Certificate]:
    ours, theirs = Certificate.kept_in(folder / "ours"), Certificate.kept_in(folder / "theirs")
    to_server: list[bytes] = []
    to_client: list[bytes] = []
    known = (("sha-256", announced or theirs.fingerprint),)
    server = Handshake(ours, known, to_client.append, is_client=False)
    client = Handshake(theirs, (("sha-256", ours.fingerprint),), to_server.append, is_client=True)
    return client, server, to_server, to_client, ours


def test_both_roles_come_to_the_same_keys(tmp_path: Path) -> None:
    client, server, to_server, to_client, _ = pair(tmp_path)
    ours, theirs = shake(client, server, to_server, to_client)
    assert ours[0] == GCM_128 == theirs[0]
    assert (ours[1], ours[2]) == (theirs[2], theirs[1])
    assert ours[1] != ours[2]
    assert server.timeout() is None
    client.close()
    server.feed(to_server.pop())
    assert server.is_closed


def test_another_certificate_than_announced_is_refused(tmp_path: Path) -> None:
    client, server, to_server, to_client, _ = pair(tmp_path, ":".join(["AB"] * 32))
    with pytest.raises(DtlsError, match="not the one"):
        shake(client, server, to_server, to_client)


def test_rubbish_is_waited_out_or_refused(tmp_path: Path) -> None:
    _, server, _, _, _ = pair(tmp_path)
    for content in (b"\x16", bytes(60), b"\x16\xfe\xfd" + bytes(40), b"\x15\xfe\xfd" + bytes(30), b"\x3f" * 1200):
        try:
            assert server.feed(content) is None
        except DtlsError:
            return


@pytest.mark.parametrize("we_are_client", [True, False])
def test_the_last_flight_is_repeated_when_it_was_lost(tmp_path: Path, we_are_client: bool) -> None:
    """ChangeCipherSpec and Finished of the server of the handshake: whoever sends them is done, and has no time-out."""
    other, certificate = other_end(b"SRTP_AEAD_AES_128_GCM"), Certificate.kept_in(tmp_path)
    theirs = other.get_certificate(as_cryptography=True)
    assert theirs is not None
    known = (("sha-256", ":".join(f"{byte:02X}" for byte in theirs.fingerprint(hashes.SHA256()))),)
    sent: list[bytes] = []
    ours = Handshake(certificate, known, sent.append, is_client=we_are_client)
    if we_are_client:
        other.set_accept_state()
    else:
        other.set_connect_state()
    lost = 0

    def their_turn() -> bytes:
        """They take what we sent, and answer."""
        while sent:
            other.bio_write(sent.pop(0))
        with contextlib.suppress(SSL.WantReadError):
            other.do_handshake()
            other.recv(1)
        try:
            return other.bio_read(1 << 16)
        except SSL.WantReadError:
            return b""

    def is_last(flight: bytes) -> bool:
        return flight[:1] == CHANGE_CIPHER_SPEC

    keys = ours.step() if we_are_client else None
    for _ in range(4):
        if (flight := their_turn()) and we_are_client and is_last(flight):
            lost += len(flight)
        elif flight:
            keys = ours.feed(flight) or keys
        if not we_are_client and sent and is_last(sent[0]):
            lost += len(sent.pop())
    assert lost and not sent
    wait = ours.timeout() if we_are_client else other.DTLSv1_get_timeout()
    assert wait is not None and (keys is None) == we_are_client
    time.sleep(wait + 0.02)  # by OpenSSL's own clock, which cannot be put forward: about a second
    if we_are_client:
        ours.retransmit()
        flight = their_turn()
        assert is_last(flight), "they repeat it"
        assert ours.feed(flight) is not None, "done at the first repetition"
        return
    other.DTLSv1_handle_timeout()
    assert ours.feed(other.bio_read(1 << 16)) is None, "it has its keys already"
    assert len(sent) == 1 and is_last(sent[0])
    other.bio_write(sent.pop())
    other.do_handshake()  # raises if it is not done at the first repetition


def test_what_led_to_nothing_is_counted(tmp_path: Path) -> None:
    client, server, to_server, to_client, _ = pair(tmp_path)
    seen: list[bytes] = []
    heard = server.feed

    def feed(datagram: bytes) -> Keys | None:
        seen.append(datagram)
        return heard(datagram)

    server.feed = feed  # type: ignore[method-assign]
    shake(client, server, to_server, to_client)
    assert server.ignored == client.ignored == 0, "nothing genuine is"
    for number, datagram in enumerate((seen[-1], b"\x17\xfe\xfd" + bytes(40), b"\x16"), 1):
        assert heard(datagram) is None
        assert server.ignored == number, "replayed, forged, rubbish"
    client._connection.send(b"x")
    client._flush()
    client.close()
    for datagram in to_server:
        heard(datagram)
    assert server.is_closed and server.ignored == 3


def test_all_records_of_a_datagram_are_read(tmp_path: Path) -> None:
    """Else what nobody asked for piles up in OpenSSL's memory, and a close behind it is never seen."""
    client, server, to_server, to_client, _ = pair(tmp_path)
    shake(client, server, to_server, to_client)
    for _ in range(50):
        for _ in range(20):
            client._connection.send(b"x")
        server.feed(client._connection.bio_read(1 << 16))
        with pytest.raises(SSL.WantReadError):
            server._connection.recv(1)
    client._connection.send(b"x")
    client.close()
    server.feed(b"".join(to_server))
    assert server.is_closed


def test_the_certificate_survives_a_restart(tmp_path: Path) -> None:
    first = Certificate.kept_in(tmp_path)
    assert Certificate.kept_in(tmp_path).fingerprint == first.fingerprint
    file = tmp_path / "media-certificate.pem"
    assert file.stat().st_mode & 0o077 == 0
    file.write_text("something else")
    with pytest.raises(StartError, match="delete it"):
        Certificate.kept_in(tmp_path)


def test_records_are_never_split() -> None:
    def record(size: int) -> bytes:
        return bytes(RECORD_HEADER - 2) + size.to_bytes(2, "big") + bytes(size)

    flight = record(700) + record(400) + record(300) + record(1180)
    found = datagrams(flight)
    assert b"".join(found) == flight
    assert [len(one) for one in found] == [700 + 13 + 400 + 13, 313, 1193]
    assert all(len(one) <= MTU for one in found)
    assert datagrams(b"") == []
    assert b"".join(datagrams(flight[:-5])) == flight[:-5]


def other_end(profiles: bytes, *, rsa_key: bool = False) -> SSL.Connection:
    """A peer of somebody else's make."""
    context = SSL.Context(SSL.DTLS_METHOD)
    key = rsa.generate_private_key(65_537, 2048) if rsa_key else ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "other")])
    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(start).not_valid_after(start.replace(year=2100))
    context.use_certificate(builder.sign(key, hashes.SHA256()))
    context.use_privatekey(key)
    context.set_tlsext_use_srtp(profiles)
    return SSL.Connection(context)


@pytest.mark.parametrize("we_are_client", [True, False])
@pytest.mark.parametrize(
    ("theirs", "agreed"),
    [
        (b"SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM", GCM_128),
        (b"SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80", GCM_128),
        (b"SRTP_AES128_CM_SHA1_80", SHA1_80),
        (b"SRTP_AES128_CM_SHA1_32:SRTP_AES128_CM_SHA1_80", SHA1_80),
        (b"SRTP_AES128_CM_SHA1_32", None),
    ],
)
@pytest.mark.parametrize("rsa_key", [False, True])
def test_gcm_where_the_peer_has_it_else_sha1_80(
    tmp_path: Path, we_are_client: bool, theirs: bytes, agreed: Profile | None, rsa_key: bool
) -> None:
    other = other_end(theirs, rsa_key=rsa_key)
    certificate = other.get_certificate(as_cryptography=True)
    assert certificate is not None
    announced = ":".join(f"{byte:02X}" for byte in certificate.fingerprint(hashes.SHA256()))
    sent: list[bytes] = []
    known = (("sha-256", announced),)
    ours = Handshake(Certificate.kept_in(tmp_path), known, sent.append, is_client=we_are_client)
    if we_are_client:
        other.set_accept_state()
    else:
        other.set_connect_state()

    def keys() -> Keys | None:
        found = ours.step() if we_are_client else None
        for _ in range(8):
            with contextlib.suppress(SSL.WantReadError):
                other.do_handshake()
            with contextlib.suppress(SSL.WantReadError):
                found = ours.feed(other.bio_read(1 << 16)) or found
            while sent:
                other.bio_write(sent.pop(0))
        return found

    if agreed is None:
        with pytest.raises(DtlsError, match="no SRTP profile in common"):
            keys()
        return
    if we_are_client and theirs.startswith(b"SRTP_AES128_CM_SHA1_80:"):
        agreed = SHA1_80  # the server of a handshake chooses: why we are it wherever the peer lets us
    done = keys()
    assert done is not None and done[0] == agreed
    assert other.get_selected_srtp_profile() == agreed.name


def with_version(encoded: bytes) -> bytes:
    """A certificate of X.509 version 6, which there is not."""
    return encoded.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020105"), 1)


def with_date(encoded: bytes) -> bytes:
    """A certificate of the thirteenth month."""
    at = encoded.index(bytes.fromhex("170d")) + 2  # UTCTime, 13 bytes
    return encoded[:at] + b"201301000000Z" + encoded[at + 13 :]


@pytest.mark.filterwarnings("ignore:Passing pyOpenSSL:DeprecationWarning")
@pytest.mark.parametrize("spoilt", [with_version, with_date])
@pytest.mark.parametrize("announced", [True, False])
def test_a_malformed_certificate_is_hashed_and_not_read(
    tmp_path: Path, spoilt: Callable[[bytes], bytes], announced: bool
) -> None:
    other, sent = other_end(b"SRTP_AEAD_AES_128_GCM"), list[bytes]()
    whole = other.get_certificate(as_cryptography=True)
    assert whole is not None
    encoded = spoilt(whole.public_bytes(serialization.Encoding.DER))
    other.use_certificate(crypto.load_certificate(crypto.FILETYPE_ASN1, encoded))
    other.set_connect_state()
    digest = hashlib.sha256(encoded if announced else b"another").hexdigest().upper()
    known = (("sha-256", ":".join(digest[index : index + 2] for index in range(0, 64, 2))),)
    ours = Handshake(Certificate.kept_in(tmp_path), known, sent.append, is_client=False)

    def shaken() -> Keys | None:
        found = None
        for _ in range(8):
            with contextlib.suppress(SSL.WantReadError):
                other.do_handshake()
            with contextlib.suppress(SSL.WantReadError):
                found = ours.feed(other.bio_read(1 << 16)) or found
            while sent:
                other.bio_write(sent.pop(0))
        return found

    if announced:
        assert shaken() is not None, "the fingerprint decides, nothing else of it"
    else:
        with pytest.raises(DtlsError, match="not the one"):
            shaken()
