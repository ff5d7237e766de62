"""DTLS 1.2 in either role (RFC 5764): the server's certificate, one context for all peers, and the handshake.

Nothing here opens a socket: datagrams go in by `feed`, and out by the function that is handed in.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL, crypto

from server.errors import StartError
from server.media.srtp import PROFILES, Profile
from server.private_file import write_private

EXPORTER_LABEL = b"EXTRACTOR-dtls_srtp"
# With RSA too: a peer that is the DTLS server may have been given such a certificate.
CIPHERS = b":".join(
    b"ECDHE-%s-%s" % (kind, cipher)
    for cipher in (b"AES128-GCM-SHA256", b"AES256-GCM-SHA384", b"CHACHA20-POLY1305")
    for kind in (b"ECDSA", b"RSA")
)
MTU = 1200  # bytes of DTLS in one datagram: passes every tunnel that carries IPv6's 1280
CERTIFICATE_DAYS = 36_500
RECORD_HEADER = 13  # RFC 6347 section 4.1; the length is in its last two bytes
MAX_RECORD = 1 << 14  # bytes of content
DIGESTS = {"sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}


class DtlsError(Exception):
    """The handshake failed: not the certificate that the SDP announced, or no profile in common."""


class Certificate:
    """The server's own certificate. Viewers know it by the fingerprint in the SDP, not by a chain."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self.fingerprint = _colons(certificate.fingerprint(hashes.SHA256()).hex())
        self.context = _context(key, certificate)

    @classmethod
    def kept_in(cls, folder: Path) -> Certificate:
        """Read it from the data folder, or make and keep it there, so that it survives a restart.

        Raises StartError if the folder cannot be used, or holds something else.
        """
        path = folder / "media-certificate.pem"
        try:
            if not path.exists():
                folder.mkdir(parents=True, exist_ok=True)
                write_private(path, _new_pem())
            pem = path.read_bytes()
        except OSError as error:
            raise StartError(f"the media certificate {path} cannot be kept: {error.strerror}") from error
        try:
            key = serialization.load_pem_private_key(pem, password=None)
            certificate = x509.load_pem_x509_certificate(pem)
        except ValueError as error:
            raise StartError(f"{path} holds no certificate with its key; delete it, and a new one is made") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise StartError(f"the key in {path} is not an elliptic-curve key; delete it, and a new one is made")
        return cls(key, certificate)


def _new_pem() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "watchroom media")])
    serial = x509.random_serial_number()
    # Fixed dates: a fingerprint is checked, not a validity, and the media engine reads no clock to be made.
    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(serial).not_valid_before(start)
    end = start + datetime.timedelta(days=CERTIFICATE_DAYS)
    certificate = builder.not_valid_after(end).sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def _context(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> SSL.Context:
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_options(SSL.OP_NO_TICKET)
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, _accept_any)
    context.use_certificate(certificate)
    context.use_privatekey(key)
    context.set_cipher_list(CIPHERS)
    context.set_tlsext_use_srtp(b":".join(profile.name for profile in PROFILES))
    return context


def _accept_any(*_: object) -> bool:
    """Peers' certificates are self-signed: the fingerprint decides, after the handshake (RFC 5763)."""
    return True


def _colons(digest: str) -> str:
    digest = digest.upper()
    return ":".join(digest[index : index + 2] for index in range(0, len(digest), 2))


class Handshake:
    """One peer's DTLS association. `send` takes datagrams for the peer."""

    def __init__(
        self,
        certificate: Certificate,
        fingerprints: tuple[tuple[str, str], ...],
        send: Callable[[bytes], None],
        *,
        is_client: bool,
    ) -> None:
        self._connection = SSL.Connection(certificate.context)
        self._connection.set_ciphertext_mtu(MTU)
        self._fingerprints = fingerprints
        self._send = send
        self._is_client = is_client
        self._heeded = False
        self.ignored = 0  # datagrams that led to nothing: rubbish, replayed, or a part of a message
        self.is_done = False
        self.is_closed = False
        if is_client:
            self._connection.set_connect_state()
        else:
            self._connection.set_accept_state()

    def feed(self, datagram: bytes) -> tuple[Profile, bytes, bytes] | None:
        """One datagram of the peer's. Returns (profile, our key, the peer's key) when it completes the handshake.

        Raises DtlsError when the association cannot come about.
        """
        before, self._heeded = self._connection.get_state_string(), False
        self._connection.bio_write(datagram)
        keys = None if self.is_done else self.step()
        if self.is_done:
            self._read_rest(len(datagram))
        if not (self._heeded or keys or self.is_closed or self._connection.get_state_string() != before):
            self.ignored += 1
        return keys

    def step(self) -> tuple[Profile, bytes, bytes] | None:
        """Go on as far as possible (as a client: start)."""
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            self._flush()
            return None
        except SSL.Error as error:
            self._flush()  # the alert that tells the peer why
            raise DtlsError(f"handshake failed: {_reason(error)}") from error
        self._flush()
        try:
            self._check_fingerprint()
            self.is_done = True
            return self._keys()
        except (SSL.Error, crypto.Error) as error:
            raise DtlsError(f"handshake failed: {_reason(error)}") from error

    def timeout(self) -> float | None:
        """Seconds until `retransmit` is due, None if nothing is outstanding."""
        remaining: float | None = None if self.is_done else self._connection.DTLSv1_get_timeout()
        return remaining

    def retransmit(self) -> None:
        """Repeat the last flight (RFC 6347 section 4.2.4). Raises DtlsError after too many."""
        try:
            self._connection.DTLSv1_handle_timeout()
        except SSL.Error as error:
            raise DtlsError(f"no answer: {_reason(error)}") from error
        self._flush()

    def close(self) -> None:
        """Tell the peer (close_notify)."""
        self.is_closed = True
        try:
            self._connection.shutdown()
        except SSL.Error:
            return
        self._flush()

    def _read_rest(self, size: int) -> None:
        """After the handshake: alerts, and a last flight that comes again because ours was lost (RFC 6347 4.2.4).

        To the end of the datagram of `size` bytes: what is left unread, OpenSSL keeps for good.
        """
        try:
            for _ in range(size // RECORD_HEADER + 1):
                self._connection.recv(MAX_RECORD)  # application data: nobody asked for it
                self._heeded = True
        except SSL.WantReadError:
            return  # the end; that OpenSSL may have written our flight again is not told
        except SSL.Error:  # close_notify (ZeroReturnError), or a fatal alert
            self.is_closed = True
        finally:
            self._flush()

    def _flush(self) -> None:
        try:
            flight = self._connection.bio_read(1 << 16)
        except SSL.Error:
            return
        self._heeded = True
        for datagram in datagrams(flight):
            self._send(datagram)

    def _check_fingerprint(self) -> None:
        certificate = self._connection.get_peer_certificate(as_cryptography=False)
        if certificate is None:
            raise DtlsError("the peer showed no certificate")
        # As bytes: cryptography would parse it, and raise for a version or a date that OpenSSL lets pass.
        encoded = crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)
        for algorithm, announced in self._fingerprints:
            digest = _colons(hashlib.new(DIGESTS[algorithm], encoded).hexdigest())
            if hmac.compare_digest(digest, announced):
                return
        raise DtlsError("the peer's certificate is not the one that its SDP announced")

    def _keys(self) -> tuple[Profile, bytes, bytes]:
        name = self._connection.get_selected_srtp_profile()
        profile = next((known for known in PROFILES if known.name == name), None)
        if profile is None:
            raise DtlsError("no SRTP profile in common")
        key, salt = profile.key_size, profile.salt_size
        exported = self._connection.export_keying_material(EXPORTER_LABEL, 2 * (key + salt))
        # RFC 5764 section 4.2: client key, server key, client salt, server salt.
        client = exported[:key] + exported[2 * key : 2 * key + salt]
        server = exported[key : 2 * key] + exported[2 * key + salt :]
        return (profile, client, server) if self._is_client else (profile, server, client)


def datagrams(flight: bytes) -> list[bytes]:
    """A flight cut into datagrams of at most MTU bytes: OpenSSL's memory BIO forgets where its records end."""
    found: list[bytes] = []
    start = end = 0
    while end < len(flight):
        size = RECORD_HEADER + int.from_bytes(flight[end + 11 : end + 13], "big")
        if end > start and end + size - start > MTU:
            found.append(flight[start:end])
            start = end
        end += size
    return [*found, flight[start:]] if start < len(flight) else found


def _reason(error: SSL.Error | crypto.Error) -> str:
    reasons = error.args[0] if error.args else []
    return str(reasons[0][-1]) if isinstance(reasons, list) and reasons else type(error).__name__
