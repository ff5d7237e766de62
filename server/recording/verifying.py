"""`python3 -m server verify`: the verifier that travels, and what takes more than a Python alone: a master key opens what
lies encrypted, and an authority's certificates tell whose a timestamp is.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from server.errors import StartError, Unavailable
from server.recording.encryption import MAGIC, Decrypted, name_of, plain_size
from server.recording.master_key import MasterKeys
from server.recording.verifier import (
    CONTENT_KEY,
    SEGMENT,
    TIMESTAMP,
    Arguments,
    Check,
    Damaged,
    Entry,
    Files,
    checked,
    parsed,
)
from server.recording.verifier import main as verify
from server.recording.vouching import checked_certificates, vouched


def main(argv: Sequence[str]) -> int:
    """As the verifier's, with two more options. Without --key-file the master key is the environment's."""
    parser = Arguments(prog="verify", add_help=False, allow_abbrev=False)
    parser.add_argument("--key-file", type=Path)
    parser.add_argument("--tsa-ca", type=Path)
    given, rest = parser.parse_known_args(argv)
    named = given.key_file or os.environ.get("WATCHROOM_MASTER_KEY_FILE")
    secret = None if given.key_file else os.environ.get("WATCHROOM_MASTER_KEY")
    try:
        keys = MasterKeys.of(secret, Path(named) if named else None)
        authority = checked_certificates(given.tsa_ca) if given.tsa_ca is not None else None
    except StartError as error:
        parser.error(error.detail)
    return verify(rest, checks_with(keys, authority))


def checks_with(keys: MasterKeys, authority: Path | None) -> type[Check]:
    """Checks that decrypt by `keys`, and hold timestamps against the certificates in the file `authority`."""

    class FullCheck(Check):
        opened = partial(DecryptedFiles, keys)

        def segments(self, entries: Sequence[Entry]) -> None:
            super().segments(entries)
            if isinstance(self.files, DecryptedFiles) and self.root in self.files.shut:
                self.told["notes"].append(self.files.shut[self.root])

        def stamped(self, manifest: bytes) -> None:
            super().stamped(manifest)
            token = self.read(TIMESTAMP) if authority is not None else None
            if token is not None and authority is not None:
                verdict, why = vouched(token, manifest, authority)
                self.say(f"An authority of {authority} made the timestamp", [why] if why else [], verdict)

    return FullCheck


class DecryptedFiles(Files):
    """Files of which those that lie encrypted are shown as they were recorded, as far as `keys` open them."""

    def __init__(self, keys: MasterKeys, path: str) -> None:
        super().__init__(path)
        self.shut: dict[str, str] = {}  # recordings that are not opened, by folder, and why
        self._keys = keys
        self._known: dict[str, tuple[bytes, Entry] | None] = {}

    def size(self, name: str) -> int | None:
        """See Files."""
        size = super().size(name)
        if size is None or name in self.odd or self._key_for(name) is None:
            return size
        return plain_size(size)

    def chunks(self, name: str, buffer: memoryview) -> Iterator[memoryview]:
        """See Files."""
        key = self._key_for(name)
        if key is None:
            yield from super().chunks(name, buffer)
            return
        size = plain_size(self.sizes[name])
        with Decrypted(open(os.path.join(self.path, name), "rb"), *key, size) as file:
            try:
                while got := file.readinto(buffer):
                    yield buffer[:got]
            except OSError as error:
                if error.errno == errno.EBADMSG:
                    raise Damaged("is altered: it cannot be decrypted") from error
                raise

    def _key_for(self, name: str) -> tuple[bytes, str] | None:
        """Key and full name of an encrypted segment; None for all else, and where nothing opens it."""
        match = re.fullmatch(rf"((?:.*/)?)({SEGMENT})", name)
        if match is None or self.zip or match[1] + CONTENT_KEY not in self.sizes:
            return None
        if match[1] not in self._known:
            self._known[match[1]] = self._opened(match[1])
        known = self._known[match[1]]
        return (known[0], name_of(known[1], match[2])) if known is not None and self._is_encrypted(name) else None

    def _is_encrypted(self, name: str) -> bool:
        try:
            with open(os.path.join(self.path, name), "rb") as file:
                return file.read(len(MAGIC)) == MAGIC
        except OSError:
            return False  # whoever reads it next says why

    def _opened(self, root: str) -> tuple[bytes, Entry] | None:
        """The key of the recording in this folder, and the entry that opens it."""
        folder = Path(self.path) / root
        try:
            with (folder / "journal.jsonl").open("rb") as journal:
                opened = checked(parsed(journal.readline()))
            return self._keys.key_of(folder), opened
        except (Unavailable, OSError, ValueError) as error:
            self.shut[root] = str(error)
            return None
