"""What is recorded: a Segment as it was cut, a SealedSegment as the journal has it, and the recording around them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Self

from server import __version__
from server.recording.verifier import BACK, FORMAT, IDENTITY

SOFTWARE = f"watchroom {__version__}"
# The kinds of the Conflict: whoever plays leaves the segment out, and goes on behind it.
DAMAGED = "damaged-segment"  # it is not what was recorded
UNPLAYABLE = "unplayable-segment"  # it is, and cannot be read all the same
LONGEST_STEM = 31  # with a hyphen and 8 digits of chance it makes 40, the most that a recording's id has room for


@dataclass(frozen=True, slots=True)
class Segment:
    """At most 2 s of one layer, as the segmenter hands it over: CMAF bytes, media time (s), Unix times."""

    layer: str
    init: bytes
    data: bytes
    start: float
    duration: float
    captured_at: float | None
    received_at: float
    key: bool
    pictures: int
    codec: str | None
    sound: bool
    width: int | None
    height: int | None
    prerecord: bool = False
    back_filled: bool = False

    def about(self) -> dict[str, Any]:
        """All but the bytes; whether it is back-filled only where it is."""
        hidden = ("init", "data") if self.back_filled else ("init", "data", "back_filled")
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in hidden}


@dataclass(frozen=True, slots=True)
class SealedSegment:
    """A segment that is safe on disk: what its journal line says. `init` and `file` are names within the recording."""

    i: int
    at: float
    chain: str
    layer: str
    n: int
    file: str
    bytes: int
    sha256: str
    init: str
    init_bytes: int
    init_sha256: str
    start: float
    duration: float
    captured_at: float | None
    received_at: float
    key: bool
    pictures: int
    codec: str | None
    sound: bool
    width: int | None
    height: int | None
    prerecord: bool

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Self:
        """From a journal entry of the kind `segment`. Raises KeyError."""
        return cls(**{field.name: entry[field.name] for field in fields(cls)})


@dataclass(frozen=True, slots=True)
class Opened:
    """How a recording began: whose camera, why, and when it was ordered (server's Unix seconds)."""

    recording_id: str
    device_id: str
    call_sign: str
    wearer: dict[str, Any] | None
    why: str
    asked_at: float
    epoch: float  # the server's Unix time of media time 0
    public_key: str  # hex, of the Ed25519 key that is to sign
    software: str = SOFTWARE

    def entry(self) -> dict[str, Any]:
        """The journal's first entry."""
        return {"kind": "opened", "format": FORMAT, **asdict(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOpened(Opened):
    """How a back-filled part began: `part` is its folder's name within that of its recording.

    `of` binds it: the chain of the recording's first entry, and the SHA-256 of its manifest, where it was signed by then.
    `asked`: from when to when (server's Unix seconds) it answers for. `upload`: bytes, SHA-256, and when it was complete.
    """

    part: str
    of: dict[str, Any]
    asked: dict[str, float]
    upload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was signed at the close: its content, the very bytes, and the signature over them."""

    body: dict[str, Any]
    text: bytes
    signature: bytes


def recording_id(at: float, device_id: str, chance: str) -> str:
    """`20261128T204600Z-et17-3fa2c1d0` for a UTC start, a camera and eight hexadecimal digits of chance."""
    stem = device_id[:LONGEST_STEM].strip("-")
    return f"{id_stamp(at)}-{stem}-{chance}"


def id_stamp(at: float) -> str:
    """What the id of a recording that begins at this second begins with: ids sort by it."""
    return f"{datetime.fromtimestamp(at, UTC):%Y%m%dT%H%M%SZ}"


def parted(name: str) -> tuple[str, str]:
    """The back-filled part, and the name within it, of a file as its recording names it; ("", name) of its own."""
    part, _, rest = name.partition("/")
    return (part, rest) if re.fullmatch(BACK, part) else ("", name)


def is_recording_id(text: str) -> bool:
    """Whether this can be a recording's name: nothing else ever becomes part of a path."""
    return re.fullmatch(IDENTITY, text) is not None
