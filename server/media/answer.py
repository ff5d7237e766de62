"""What a media session's offer and PATCH give back (RFC 9725). Pure: it travels between processes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """What a POST of an offer gives back. `etag` names the ICE generation (RFC 9725 section 4.3.1)."""

    session_id: str
    sdp: str
    etag: str


@dataclass(frozen=True, slots=True)
class Patched:
    """What a PATCH gives back: a fragment after an ICE restart, None after trickled candidates."""

    fragment: str | None
    etag: str
