"""One upload of footage: what it is for, and the headers of tus 1.0 (https://tus.io/protocols/resumable-upload). Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from server.errors import BadRequest, PreconditionFailed, TooLarge, UnsupportedMedia
from server.wire import FOOTAGE

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,checksum"
ALGORITHMS = ("sha1", "sha256")  # SHA-1 is what the protocol asks of every server; ours is the second
CONTENT = "application/offset+octet-stream"
MOST_METADATA = 4096
NAME = re.compile(r"([0-9]{8}T[0-9]{6}Z-[a-z0-9-]{3,40})\.([0-9]{10,16})\.([0-9]{10,16})")
TIMES = (0.0, 4e9)


@dataclass(frozen=True, slots=True)
class Upload:
    """`start` to `end` of a recording, server's Unix seconds; `camera_start` to `camera_end` by the camera's clock.

    `length` bytes. `state`: "" until it is joined to its recording; "refused" when it was no footage.
    """

    id: str
    device_id: str
    recording_id: str
    start: float
    end: float
    camera_start: float
    camera_end: float
    length: int
    created_at: float
    state: str = ""

    def as_map(self) -> dict[str, Any]:
        """For the disk."""
        return asdict(self)

    @classmethod
    def of_map(cls, found: Mapping[str, Any]) -> Self:
        """See as_map. Raises TypeError for what is none."""
        return cls(**found)

    def at(self, captured_at: float) -> float:
        """The server's time of what the camera captured then: its clock may run a little fast or slow."""
        passed, longest = captured_at - self.camera_start, self.camera_end - self.camera_start
        share = min(1.0, max(0.0, passed / longest))
        before, after = self.start - self.camera_start, self.end - self.camera_end
        return captured_at + before + (after - before) * share


def name_of(recording_id: str, start: float, end: float) -> str:
    """What a stretch is called: its recording, and from when to when in ms of the server's Unix time."""
    return f"{recording_id}.{round(start * 1000)}.{round(end * 1000)}"


def new_upload(device_id: str, headers: Mapping[str, str], most_bytes: int, now: float) -> Upload:
    """What a creation asks for. The same stretch in the same length is the same upload: it goes on where it was.

    Raises BadRequest that names the header, TooLarge, UnsupportedMedia.
    """
    length = _number(headers, "Upload-Length")
    if length > most_bytes:
        raise TooLarge(f"Upload-Length: at most {most_bytes} bytes", headers={"Tus-Max-Size": str(most_bytes)})
    told = metadata_in(headers.get("Upload-Metadata", ""))
    if told.get("filetype") != FOOTAGE:
        raise UnsupportedMedia(f"Upload-Metadata: filetype must be {FOOTAGE}")
    match = NAME.fullmatch(told.get("filename", ""))
    if match is None:
        raise BadRequest("Upload-Metadata: filename must be the id of a stretch that is wanted")
    start, end = int(match[2]) / 1000, int(match[3]) / 1000
    camera_start, camera_end = _time(told, "start"), _time(told, "end")
    if not (start < end <= TIMES[1] and camera_start < camera_end):
        raise BadRequest("Upload-Metadata: a stretch ends after it starts")
    upload_id = hashlib.sha256(f"{device_id}|{match[0]}|{length}".encode()).hexdigest()[:32]
    return Upload(upload_id, device_id, match[1], start, end, camera_start, camera_end, length, now)


def metadata_in(header: str) -> dict[str, str]:
    """Upload-Metadata: names, each with its value in Base64. Raises BadRequest."""
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header[: MOST_METADATA + 1].split(","))):
        name, _, value = pair.partition(" ")
        try:
            found[name] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError) as error:
            raise BadRequest(f"Upload-Metadata: the value of {name!r} is not text in Base64") from error
    if len(header) > MOST_METADATA:
        raise BadRequest(f"Upload-Metadata: at most {MOST_METADATA} characters")
    return found


def check_version(headers: Mapping[str, str]) -> None:
    """Raises PreconditionFailed for another version of the protocol than this."""
    if headers.get("Tus-Resumable") != VERSION:
        raise PreconditionFailed(f"Tus-Resumable must be {VERSION}", headers={"Tus-Version": VERSION})


def offset_in(headers: Mapping[str, str]) -> int:
    """Of a PATCH. Raises UnsupportedMedia and BadRequest."""
    if headers.get("Content-Type") != CONTENT:
        raise UnsupportedMedia(f"Content-Type must be {CONTENT}", headers={"Accept-Patch": CONTENT})
    return _number(headers, "Upload-Offset")


def checksum_in(headers: Mapping[str, str]) -> tuple[str, bytes] | None:
    """Algorithm and digest that a PATCH names, if it does. Raises BadRequest."""
    given = headers.get("Upload-Checksum")
    if given is None:
        return None
    algorithm, _, value = given.partition(" ")
    try:
        digest = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest("Upload-Checksum: the digest is not Base64") from error
    if algorithm not in ALGORITHMS:
        raise BadRequest(f"Upload-Checksum: expected one of {', '.join(ALGORITHMS)}")
    return algorithm, digest


def matches(checksum: tuple[str, bytes], data: bytes) -> bool:
    """Whether `data` is what was sent."""
    return hashlib.new(checksum[0], data, usedforsecurity=False).digest() == checksum[1]


def _number(headers: Mapping[str, str], name: str) -> int:
    text = headers.get(name, "")
    if not re.fullmatch("[0-9]{1,15}", text):
        raise BadRequest(f"{name}: expected a number of bytes")
    return int(text)


def _time(told: Mapping[str, str], name: str) -> float:
    try:
        at = float(told.get(name, ""))
    except ValueError as error:
        raise BadRequest(f"Upload-Metadata: {name} must be the camera's Unix seconds") from error
    if not TIMES[0] <= at <= TIMES[1]:
        raise BadRequest(f"Upload-Metadata: {name} must be the camera's Unix seconds")
    return at
