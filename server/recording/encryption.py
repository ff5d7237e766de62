"""A recorded file as it lies encrypted on disk, so that any range of it can be read without the rest. Pure.

AES-256-GCM over pieces of 64 KiB in the STREAM construction (Hoang, Reyhanitabar, Rogaway and Vizár 2015, as age and Tink
have it): a piece's nonce is its number and whether it is the last, so that none can be left out, moved or doubled. The key
is of this one file: derived from the recording's (HKDF-SHA256, RFC 5869) by 16 bytes of chance and the file's name.
"""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Mapping
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"WRCRYPT\x01"
SALT_BYTES = 16
HEAD_BYTES = len(MAGIC) + SALT_BYTES
PIECE_BYTES = 64 << 10
TAG_BYTES = 16
KEY_BYTES = 32


def name_of(opened: Mapping[str, Any], file: str) -> str:
    """What a file is encrypted as: by what its journal says that it is of, wherever that lies. A part has a name of its own."""
    return "/".join([str(opened["recording_id"]), *([str(opened["part"])] if "part" in opened else []), file])


def encrypted(key: bytes, name: str, plain: bytes, salt: bytes) -> bytes:
    """`plain` as it is to lie on disk. `name`: recording and file; `salt`: 16 bytes of chance."""
    cipher, last = _cipher(key, name, salt), _last(len(plain))
    view = memoryview(plain)
    pieces = (view[number * PIECE_BYTES : (number + 1) * PIECE_BYTES] for number in range(last + 1))
    return b"".join([MAGIC, salt, *(cipher.encrypt(_nonce(at, last), one, None) for at, one in enumerate(pieces))])


def encrypted_size(plain_size: int) -> int:
    """How many bytes that takes."""
    return HEAD_BYTES + plain_size + TAG_BYTES * (_last(plain_size) + 1)


def plain_size(size: int) -> int:
    """How many bytes are in an encrypted file of `size` bytes."""
    held = max(0, size - HEAD_BYTES)
    return max(0, held - TAG_BYTES * max(1, -(-held // (PIECE_BYTES + TAG_BYTES))))


def decrypted(key: bytes, name: str, sealed: bytes, size: int) -> bytes:
    """All of the `size` plain bytes; what was altered raises OSError (EBADMSG)."""
    with io.BufferedReader(Decrypted(io.BytesIO(sealed), key, name, size), PIECE_BYTES) as opened:
        return opened.read()


class Decrypted(io.RawIOBase):
    """The plain bytes of `file`, of which there are `size`; what was altered raises OSError (EBADMSG)."""

    def __init__(self, file: BinaryIO, key: bytes, name: str, size: int) -> None:
        self._file = file
        self._key = key
        self._name = name
        self._size = size
        self._at = 0
        self._opened: AESGCM | None = None

    def readable(self) -> bool:
        """See RawIOBase."""
        return True

    def seekable(self) -> bool:
        """See RawIOBase."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """See RawIOBase."""
        self._at = max(0, offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence])
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # io.BufferedReader hands no other
        """Up to the end of the piece that is begun; see RawIOBase."""
        number, within = divmod(self._at, PIECE_BYTES)
        if self._at >= self._size:
            return 0
        found = self._piece(number)[within : within + len(buffer)]
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)

    def close(self) -> None:
        """See RawIOBase."""
        self._file.close()
        super().close()

    def _piece(self, number: int) -> bytes:
        cipher = self._opened = self._opened or self._begun()
        length = min(PIECE_BYTES, self._size - number * PIECE_BYTES) + TAG_BYTES
        self._file.seek(HEAD_BYTES + number * (PIECE_BYTES + TAG_BYTES))
        try:
            return cipher.decrypt(_nonce(number, _last(self._size)), self._file.read(length), None)
        except InvalidTag as error:
            raise self._altered() from error

    def _begun(self) -> AESGCM:
        self._file.seek(0)
        head = self._file.read(HEAD_BYTES)
        if len(head) != HEAD_BYTES or not head.startswith(MAGIC):
            raise self._altered()
        return _cipher(self._key, self._name, head[len(MAGIC) :])

    def _altered(self) -> OSError:
        return OSError(errno.EBADMSG, f"{self._name} cannot be decrypted: it was altered, or its key is another one")


def _cipher(key: bytes, name: str, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, b"watchroom recording\0" + name.encode()).derive(key))


def _last(size: int) -> int:
    """The number of the last piece; nothing is one, too."""
    return max(0, (size - 1) // PIECE_BYTES)


def _nonce(number: int, last: int) -> bytes:
    return number.to_bytes(11, "big") + bytes((number == last,))
