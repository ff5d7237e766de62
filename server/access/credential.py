"""Secrets: what they look like, how they are kept, and how they are checked. A secret itself is never stored."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from server.wire import Hello, hello_to_sign

# The prefixes let a person (and a scanner of leaked secrets) tell what a text is. What follows has 256 bits.
API_TOKEN = "wr_api_"
DEVICE_TOKEN = "wr_cam_"
SHORT_TOKEN = "wr_pub_"
WHIP_TOKEN_S = 300  # the uplink brings a new one after 240 s
SECRET_BYTES = 32


def digest(secret: str) -> str:
    """How a secret is kept: SHA-256. It needs no salt or stretching, because it cannot be guessed (256 bits)."""
    return hashlib.sha256(_bytes(secret)).hexdigest()


def csrf_token(session_secret: str) -> str:
    """The token that a page must show with each change; whoever has no cookie cannot compute it."""
    return hmac.new(_bytes(session_secret), b"watchroom-csrf-v1", hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(_bytes(one), _bytes(other))


def bearer(authorization: str | None) -> str | None:
    """The token of an `Authorization: Bearer` header (RFC 6750 2.1); None if there is none."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def short_token(key: bytes, device_id: str, expires: int, keys: Collection[str] = ()) -> str:
    """A token to publish as `device_id` until `expires` (Unix seconds); any process with the key can check it.

    `keys`: the session and person by which a phone was let in; the token is no better than they are.
    """
    body = f"{device_id}.{expires}.{','.join(sorted(keys))}"
    return f"{SHORT_TOKEN}{body}.{_mac(key, body)}"


def read_short_token(key: bytes, token: str, now: float) -> tuple[str, tuple[str, ...]] | None:
    """The device that a short token speaks for, and its `keys`; None if it is not ours or has expired."""
    body, _, mac = token.removeprefix(SHORT_TOKEN).rpartition(".")
    if not token.startswith(SHORT_TOKEN) or not same(mac, _mac(key, body)):
        return None
    device_id, expires, keys = body.split(".")
    return None if now >= int(expires) else (device_id, tuple(filter(None, keys.split(","))))


def signed_by(public_key: bytes, device_id: str, hello: Hello, nonce: bytes) -> bool:
    """Whether the camera that owns `public_key` (Ed25519, 32 bytes) signed this hello for this connection."""
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(hello.signature, hello_to_sign(device_id, hello.outbox_id, nonce))
    except (InvalidSignature, ValueError):
        return False
    return True


def private_pem(key: Ed25519PrivateKey) -> bytes:
    """A camera's private key as its key file has it."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _mac(key: bytes, body: str) -> str:
    return hmac.new(key, _bytes(f"watchroom-whip-v2\n{body}"), hashlib.sha256).hexdigest()


def _bytes(text: str) -> bytes:
    """A header may hold any bytes; aiohttp hands the odd ones over as lone surrogates."""
    return text.encode("utf-8", "surrogatepass")
