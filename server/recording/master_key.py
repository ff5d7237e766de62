"""The keys of what lies encrypted: each recording has one of its own, in its folder, wrapped by the installation's master key;
so has each upload, until it is joined to its recording.

Wrapped by AES-KW (RFC 3394), which needs no chance and so cannot use any twice. Whoever destroys a recording's wrapped key
has destroyed what the recording holds. Everything here blocks.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Self

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from server.errors import Conflict, StartError, Unavailable
from server.private_file import sync_folder, write_private
from server.recording.encryption import KEY_BYTES
from server.recording.segment import is_recording_id
from server.recording.verifier import CONTENT_KEY, canonical, parsed

if TYPE_CHECKING:  # see media/settings
    from server.config import Config

MARK = "master-keys.id"  # in the folder of recordings: whoever records here must have these
KEY_LINE = re.compile(r"[0-9a-f]{64}")


class MasterKeys:
    """The first wraps, each unwraps. Without any, recordings lie in plain, but never where some are encrypted already."""

    def __init__(self, keys: Iterable[bytes] = ()) -> None:
        self.keys = tuple(keys)
        self._by_id = {_id(key): key for key in self.keys}

    @classmethod
    def of(cls, secret: str | None, path: Path | None) -> Self:
        """From the environment's or the configuration's words, or from a file of lines. Raises StartError."""
        if secret is not None and path is not None:
            raise StartError("master_key and master_key_file: give one of them")
        if path is None:
            return cls(_parsed(secret, "master_key") if secret is not None else ())
        try:
            if path.stat().st_mode & 0o077:
                raise StartError(f"{path} can be read by others on this machine: chmod 600")
            return cls(_parsed(path.read_text(), str(path)))
        except (OSError, UnicodeDecodeError) as error:
            raise StartError(f"the master key in {path} cannot be read: {error}") from error

    @classmethod
    def of_config(cls, config: Config) -> Self:
        """As it is set. Raises StartError."""
        secret = config.master_key.get_secret_value() if config.master_key is not None else None
        return cls.of(secret, config.master_key_file)

    def __bool__(self) -> bool:
        return bool(self.keys)

    @property
    def ids(self) -> tuple[str, ...]:
        """What tells these keys from others, and gives nothing away of them."""
        return tuple(self._by_id)

    def require(self, root: Path) -> None:
        """At start: see that the recordings below `root` go on as they began. Raises StartError."""
        try:
            needed = _marked(root)
            missing = [one for one in needed if one not in self._by_id]
            if missing:
                raise StartError(_lacking(f"recordings in {root} are", missing[0], self) + f" (see {root / MARK})")
            if self and self.ids[0] not in needed:
                self._mark(root, [self.ids[0], *needed])
        except OSError as error:
            raise StartError(f"{root / MARK} cannot be used: {error.strerror}") from error

    def key_for_writing(self, folder: Path, *, is_begun: bool) -> bytes | None:
        """The key of the recording in `folder`, made if there is none yet; None: it is written in plain. For whoever holds its
        journal's lock alone: two who made one at once would each encrypt by a key that the other replaces.

        `is_begun`: some of it is encrypted already. Raises OSError, Unavailable without the right master key, and
        Conflict where the recording's own is gone.
        """
        if (folder / CONTENT_KEY).exists():
            return self.key_of(folder)
        if is_begun:
            raise Conflict(f"the key of recording {folder.name} is gone")
        return self.new_key(folder / CONTENT_KEY, folder.parent, folder.parent.parent)

    def key_of(self, folder: Path) -> bytes:
        """The key of the recording in `folder`. Raises OSError, and Unavailable without the right master key."""
        return self.key_in(folder / CONTENT_KEY, f"recording {folder.name}")

    def new_key(self, path: Path, *roots: Path) -> bytes | None:
        """Make a key, kept in `path`; None: it lies in plain, and so do the recordings in `roots`. Raises OSError, Unavailable."""
        if not self:
            marked = [one for root in roots for one in _marked(root)]
            if marked:  # whoever forgot to hand the keys over must not write in plain
                raise Unavailable(_lacking("recordings here are", marked[0], self))
            return None
        key = secrets.token_bytes(KEY_BYTES)
        self._keep(path, key)
        return key

    def key_in(self, path: Path, of: str) -> bytes:
        """The key that is kept in `path`, `of` what. Raises OSError, and Unavailable without the right master key."""
        told, wrapped = _held(path, of)
        if told not in self._by_id:
            raise Unavailable(_lacking(f"{of} is", told, self), kind="no-master-key")
        try:
            return aes_key_unwrap(self._by_id[told], wrapped)
        except (InvalidUnwrap, ValueError) as error:
            raise Unavailable(f"the key of {of} is damaged", kind="no-master-key") from error

    def rewrap_all(self, root: Path, uploads: Path | None = None) -> tuple[int, list[str]]:
        """Wrap every recording's key by the first master key, and those in `uploads`: how many were not, and what stayed as it
        was. Raises OSError, and StartError without any master key.
        """
        if not self:
            raise StartError("no master key is given: set master_key_file, or WATCHROOM_MASTER_KEY")
        done, failed = 0, []
        for path, of in _kept_in(root, uploads):
            try:
                if _held(path, of)[0] != self.ids[0]:
                    self._keep(path, self.key_in(path, of))
                    done += 1
            except FileNotFoundError:  # it has gone meanwhile, with what it opened
                continue
            except (OSError, Unavailable) as error:
                failed.append(str(error))
        if not failed:
            self._mark(root, self.ids[:1])
        return done, failed

    def _keep(self, path: Path, key: bytes) -> None:
        told = {"format": 1, "master_key": self.ids[0], "wrapped": aes_key_wrap(self.keys[0], key).hex()}
        write_private(path, canonical(told) + b"\n")
        sync_folder(path.parent)  # before anything is encrypted with it

    def _mark(self, root: Path, ids: Iterable[str]) -> None:
        root.mkdir(parents=True, exist_ok=True)
        write_private(root / MARK, "".join(f"{one}\n" for one in ids).encode())
        sync_folder(root)


PLAIN = MasterKeys()


def add_key(path: Path) -> str:
    """A new master key before those in `path`, which is made if need be; tells its id. Raises OSError and StartError."""
    key = secrets.token_bytes(KEY_BYTES)
    before = MasterKeys.of(None, path).keys if path.exists() else ()
    write_private(path, "".join(f"{one.hex()}\n" for one in (key, *before)).encode())
    return _id(key)


def _parsed(text: str, where: str) -> list[bytes]:
    words = text.replace(",", " ").lower().split()
    if not words or not all(KEY_LINE.fullmatch(word) for word in words):
        raise StartError(f"{where}: expected 64 hexadecimal digits for each master key")
    return [bytes.fromhex(word) for word in words]


def _id(key: bytes) -> str:
    return hashlib.sha256(b"watchroom master key\0" + key).hexdigest()[:16]


def _kept_in(root: Path, uploads: Path | None) -> list[tuple[Path, str]]:
    """Where keys are kept, and of what."""
    found = sorted([*root.glob(f"*/{CONTENT_KEY}"), *root.glob(f"*/*/{CONTENT_KEY}")])
    # another folder than a recording's is being deleted
    kept = [path for path in found if is_recording_id(path.relative_to(root).parts[0])]
    own = sorted(uploads.glob("*.key")) if uploads is not None else []
    return [(path, f"recording {path.parent.name}") for path in kept] + [(path, f"upload {path.stem}") for path in own]


def _held(path: Path, of: str) -> tuple[str, bytes]:
    """By which master key it is wrapped, and as what."""
    try:
        told = parsed(path.read_bytes())
        return str(told["master_key"]), bytes.fromhex(told["wrapped"])
    except (ValueError, KeyError, TypeError) as error:
        raise Unavailable(f"the key of {of} cannot be read: {error}", kind="no-master-key") from error


def _marked(root: Path) -> list[str]:
    path = root / MARK
    return path.read_text().split() if path.exists() else []


def _lacking(what: str, needed: str, given: MasterKeys) -> str:
    have = f"given is {', '.join(given.ids)}" if given else "none is given"
    return f"{what} encrypted with the master key {needed}, and {have}: set master_key_file, or WATCHROOM_MASTER_KEY"
