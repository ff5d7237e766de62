"""The signed list of a bundle: `contents.json`, beside `contents.sig`, vouches for what is not in a recording's folder."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from server.recording.verifier import canonical


def contents(
    files: Mapping[str, tuple[int, str]], folders: Collection[str], public_key: str, about: Mapping[str, Any]
) -> bytes:
    """What `contents.json` has to contain, to be signed by the owner of `public_key`.

    `files`: the bundle's files outside the `folders` of recordings and clips (verify.py too), name to size and hex
    SHA-256. `about`: who exported what, why, from when until when.
    """
    listed = {name: {"bytes": size, "sha256": sha256} for name, (size, sha256) in files.items()}
    body = {**about, "files": listed, "recordings": sorted(folders), "public_key": public_key}
    return canonical(body) + b"\n"
