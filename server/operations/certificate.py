"""A self-signed certificate, so that a phone's camera works on a local network (browsers give it only to HTTPS)."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

VALID_DAYS = 397  # browsers refuse server certificates that live longer (CA/Browser Forum, 398 days)


def self_signed(names: Sequence[str], now: float) -> tuple[bytes, bytes]:
    """A P-256 certificate and its key as PEM, for host names and IP addresses in `names`; `now` in Unix seconds."""
    key = ec.generate_private_key(ec.SECP256R1())
    start = datetime.datetime.fromtimestamp(now, datetime.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Watchroom (self-signed)")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - datetime.timedelta(days=1))  # a phone's clock may lag
        .not_valid_after(start + datetime.timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return (
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def still_good(pem: bytes, names: Sequence[str], now: float) -> bool:
    """Whether a certificate made earlier still covers all `names` and lives for another week."""
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        covered = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    week = datetime.timedelta(days=7)
    enough = certificate.not_valid_after_utc - week > datetime.datetime.fromtimestamp(now, datetime.UTC)
    return enough and all(_alternative(name) in covered for name in names)


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
