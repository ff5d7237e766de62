"""The key that signs recordings: Ed25519, in DATA/evidence.key. The one interface behind which it could be elsewhere."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.errors import StartError
from server.private_file import sync_folder, write_private

NAME = "evidence.key"


class EvidenceKey:
    """Signs manifests. Whoever has `public_key` (hex) can tell that they are this installation's."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public_key = key.public_key().public_bytes_raw().hex()

    @classmethod
    def of(cls, data: Path) -> Self:
        """The installation's key, made (mode 0600) if there is none. Raises StartError with one clear sentence."""
        path = data / NAME
        try:
            if not path.exists():
                _make(path)
            if path.stat().st_mode & 0o077:
                raise StartError(f"{path} can be read by others on this machine: chmod 600")
            key = serialization.load_pem_private_key(path.read_bytes(), None)
        except OSError as error:
            raise StartError(f"{path} cannot be used: {error.strerror}") from error
        except ValueError as error:
            raise StartError(f"{path} holds no key that can be read: {error}") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise StartError(f"{path} holds another kind of key than Ed25519")
        return cls(key)

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return self._key.sign(message)


def _make(path: Path) -> None:
    """A new key, whole from the first moment that it can be seen; of two processes at once, the first one's stays."""
    own = path.with_name(f"{NAME}.{secrets.token_hex(4)}")
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(own, pem)
    with contextlib.suppress(FileExistsError):
        os.link(own, path)
    own.unlink()
    sync_folder(path.parent)
