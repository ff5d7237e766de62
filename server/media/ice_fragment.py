"""The body of a PATCH: an ICE fragment (RFC 8840) as WHIP and WHEP use it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from server.media.sdp import ICE_CHARS, ICE_LITE, MAX_LINES, SdpError


@dataclass(frozen=True, slots=True)
class Fragment:
    """The credentials that a trickle fragment belongs to, "" where it names none; candidates are ignored."""

    ice_ufrag: str
    ice_pwd: str


def parse_fragment(text: str) -> Fragment:
    """Raises SdpError, and nothing else."""
    values: dict[str, str] = {}
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        raise SdpError(f"more than {MAX_LINES} lines")
    for line in lines:
        line = line.strip()
        if line and not re.match(r"[a-z]=", line):
            raise SdpError("a fragment's lines start with a letter and '='")
        name, _, value = line[2:].partition(":")
        if line.startswith("a=") and name in ("ice-ufrag", "ice-pwd"):
            if not ICE_CHARS.fullmatch(value.strip()):
                raise SdpError(f"a={name} is not 4 to 256 ICE characters")
            values.setdefault(name, value.strip())
    return Fragment(values.get("ice-ufrag", ""), values.get("ice-pwd", ""))


def write_fragment(ufrag: str, pwd: str, mid: str, candidates: list[str]) -> str:
    """The answer to an ICE restart (RFC 9725 section 4.3.3)."""
    lines = [*ICE_LITE, f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{pwd}", "m=audio 9 UDP/TLS/RTP/SAVPF 0", f"a=mid:{mid}"]
    return "\r\n".join([*lines, *(f"a={candidate}" for candidate in candidates), "a=end-of-candidates", ""])
