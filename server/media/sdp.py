"""Session descriptions (RFC 8866) as WHIP and WHEP use them: an offer read. The answer is sdp_answer.py's.

Any text gives an Offer or an SdpError. Candidates in an offer are not even read: the server never sends to an
address that an SDP names (reliability.md, guard 4); it learns the peer by the peer's own check.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from server.media.simulcast import REPAIRED_RID_EXTENSION, RID_EXTENSION, Encoding, encodings

MAX_LINES = 2000
MAX_MEDIA = 8
MAX_FORMATS = 128
MID_EXTENSION = "urn:ietf:params:rtp-hdrext:sdes:mid"
ICE_LITE = ("a=ice-lite", "a=ice-options:trickle ice2")  # in answers and fragments alike (RFC 9725 section 4.3.3)
SEND_TIME_EXTENSION = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
TRANSPORT_EXTENSION = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
TRANSPORT_CC, REMB = "transport-cc", "goog-remb"  # feedback on the uplink, as a codec offers it
DIRECTIONS = frozenset(("sendrecv", "sendonly", "recvonly", "inactive"))
SETUPS = frozenset(("actpass", "active", "passive"))
DIGEST_SIZES = {"sha-256": 32, "sha-384": 48, "sha-512": 64}

TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|{}~-]{1,64}")  # RFC 8866 section 9, token; it goes into our answer
ICE_CHARS = re.compile(r"[A-Za-z0-9+/]{4,256}")  # RFC 8839 section 5.4
NUMBER = re.compile(r"[0-9]{1,5}")  # a port, an extension; int() raises beyond 4,300 digits
RTPMAP = re.compile(r"(\d{1,3}) ([A-Za-z0-9.+_-]{1,32})/(\d{1,6})(?:/(\d{1,2}))?", re.ASCII)
FMTP_VALUE = re.compile(r"[\x20-\x7e]{0,512}")


class SdpError(ValueError):
    """Not an SDP that we can read; says what was expected."""


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload type. `name` in the registered spelling: H264, VP8, opus, rtx; others as offered."""

    payload_type: int
    name: str
    clock_rate: int
    channels: int = 1
    parameters: str = ""
    has_transport_cc: bool = False
    has_remb: bool = False
    has_nack: bool = False

    @property
    def is_repair(self) -> bool:
        """Whether it carries another one's retransmissions (RFC 4588)."""
        return self.name == "rtx"

    def parameter(self, name: str) -> str | None:
        """The value of one format parameter, in lower case."""
        for part in self.parameters.split(";"):
            key, _, value = part.strip().partition("=")
            if key.lower() == name:
                return value.strip().lower()
        return None


@dataclass(frozen=True, slots=True)
class Media:
    """One m-line of an offer. `repairs`: the SSRC of a stream, and the one of its retransmissions (RFC 5576 FID).

    `tells_round_trip`: a receiver may ask it for its round trip (RFC 3611 sections 4.4, 4.5 and 5.1). `encodings` are none
    where one picture is sent once.
    """

    kind: str
    protocol: str
    formats: tuple[str, ...]
    mid: str
    direction: str
    is_rejected: bool
    has_rtcp_mux: bool
    codecs: tuple[Codec, ...]
    ssrcs: tuple[int, ...]
    repairs: tuple[tuple[int, int], ...]
    encodings: tuple[Encoding, ...]
    mid_extension: int | None
    rid_extension: int | None
    repaired_rid_extension: int | None
    send_time_extension: int | None
    transport_extension: int | None
    tells_round_trip: bool
    ice_ufrag: str
    ice_pwd: str
    setup: str
    fingerprints: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """What a peer offers. `bundle` holds the mids of its first BUNDLE group, in order."""

    media: tuple[Media, ...]
    bundle: tuple[str, ...]
    is_ice_lite: bool


@dataclass(slots=True)
class _Section:
    """Attributes of the session or of one m-line while it is read."""

    first: str = ""
    values: dict[str, list[str]] = field(default_factory=dict)

    def last(self, name: str) -> str | None:
        found = self.values.get(name)
        return found[-1] if found else None


def parse_offer(text: str) -> Offer:
    """Raises SdpError, and nothing else."""
    session, sections = _sections(text)
    if not sections:
        raise SdpError("the offer has no m-line")
    media = tuple(_media(section, session, index) for index, section in enumerate(sections))
    if len({one.mid for one in media}) != len(media):
        raise SdpError("two m-lines have the same mid")
    return Offer(media, _bundle(session), "ice-lite" in session.values)


def _sections(text: str) -> tuple[_Section, list[_Section]]:
    lines = text.splitlines()
    if not lines or lines[0].strip() != "v=0":
        raise SdpError("an SDP starts with v=0")
    if len(lines) > MAX_LINES:
        raise SdpError(f"more than {MAX_LINES} lines")
    session, sections = _Section(), []
    current = session
    for line in lines:
        line = line.strip()
        if line.startswith("m="):
            current = _Section(first=line[2:])
            sections.append(current)
        elif line.startswith("a="):
            name, _, value = line[2:].partition(":")
            current.values.setdefault(name, []).append(value)
    if len(sections) > MAX_MEDIA:
        raise SdpError(f"more than {MAX_MEDIA} m-lines")
    return session, sections


def _bundle(session: _Section) -> tuple[str, ...]:
    for group in session.values.get("group", ()):
        semantics, *mids = group.split() or [""]
        if semantics == "BUNDLE":
            return tuple(mids)
    return ()


def _media(section: _Section, session: _Section, index: int) -> Media:
    parts = section.first.split()
    if len(parts) < 4 or not NUMBER.fullmatch(parts[1]):
        raise SdpError(f"m-line {index + 1} is not 'm=kind port protocol formats'")
    kind, port, protocol, *formats = parts
    if not TOKEN.fullmatch(kind) or not all(TOKEN.fullmatch(part) for part in protocol.split("/")):
        raise SdpError(f"m-line {index + 1} has characters that do not belong there")
    if len(formats) > MAX_FORMATS or not all(TOKEN.fullmatch(one) for one in formats):
        raise SdpError(f"m-line {index + 1} has formats that are not tokens")
    mid = section.last("mid") or ("" if "mid" in section.values else str(index))
    if not TOKEN.fullmatch(mid):
        raise SdpError(f"the mid of m-line {index + 1} is not a token")
    setup = section.last("setup") or session.last("setup") or "actpass"
    if setup not in SETUPS:
        raise SdpError(f"a=setup:{setup[:20]} is none of actpass, active, passive")
    return Media(
        kind=kind,
        protocol=protocol,
        formats=tuple(formats),
        mid=mid,
        direction=_direction(section, session),
        is_rejected=int(port) == 0 and "bundle-only" not in section.values,
        has_rtcp_mux="rtcp-mux" in section.values,
        codecs=_codecs(section, formats),
        ssrcs=_ssrcs(section),
        repairs=_repairs(section),
        encodings=_encodings(section),
        mid_extension=_extension(section, MID_EXTENSION),
        rid_extension=_extension(section, RID_EXTENSION),
        repaired_rid_extension=_extension(section, REPAIRED_RID_EXTENSION),
        send_time_extension=_extension(section, SEND_TIME_EXTENSION),
        transport_extension=_extension(section, TRANSPORT_EXTENSION),
        tells_round_trip=any("rcvr-rtt" in line for line in section.values.get("rtcp-xr", ())),
        ice_ufrag=_ice(section, session, "ice-ufrag"),
        ice_pwd=_ice(section, session, "ice-pwd"),
        setup=setup,
        fingerprints=_fingerprints(section, session),
    )


def _direction(section: _Section, session: _Section) -> str:
    for values in (section.values, session.values):
        for name in values:
            if name in DIRECTIONS:
                return name
    return "sendrecv"


def _codecs(section: _Section, formats: list[str]) -> tuple[Codec, ...]:
    parameters: dict[str, str] = {}
    for line in section.values.get("fmtp", ()):
        payload_type, _, value = line.partition(" ")
        if FMTP_VALUE.fullmatch(value):
            parameters[payload_type] = value.strip()
    told = [line.split() for line in section.values.get("rtcp-fb", ())]
    transport_cc, remb, nack = (
        {words[0] for words in told if words[1:] == [one]} for one in (TRANSPORT_CC, REMB, "nack")
    )
    found: dict[str, Codec] = {}
    for line in section.values.get("rtpmap", ()):
        match = RTPMAP.fullmatch(line.strip())
        if match is None or match[1] not in formats or int(match[1]) > 127:
            continue
        codec = Codec(
            payload_type=int(match[1]),
            name={"h264": "H264", "vp8": "VP8", "opus": "opus", "rtx": "rtx"}.get(match[2].lower(), match[2]),
            clock_rate=int(match[3]),
            channels=int(match[4] or 1),
            parameters=parameters.get(match[1], ""),
            has_transport_cc=not transport_cc.isdisjoint((match[1], "*")),
            has_remb=not remb.isdisjoint((match[1], "*")),
            has_nack=not nack.isdisjoint((match[1], "*")),
        )
        found.setdefault(match[1], codec)
    return tuple(found[one] for one in dict.fromkeys(formats) if one in found)


def _encodings(section: _Section) -> tuple[Encoding, ...]:
    """None where no packet tells which of them it is of."""
    if _extension(section, RID_EXTENSION) is None:
        return ()
    return encodings(section.values.get("rid", ()), section.values.get("simulcast", ()))


def _ssrcs(section: _Section) -> tuple[int, ...]:
    found: dict[int, None] = {}
    for line in section.values.get("ssrc", ()):
        number = _ssrc(line.split(" ", 1)[0])
        if number is not None:
            found[number] = None
    return tuple(found)


def _repairs(section: _Section) -> tuple[tuple[int, int], ...]:
    found = []
    for line in section.values.get("ssrc-group", ()):
        semantics, *members = line.split() or [""]
        numbers = [_ssrc(member) for member in members[:3]]
        if semantics == "FID" and len(numbers) == 2 and numbers[0] is not None and numbers[1] is not None:
            found.append((numbers[0], numbers[1]))
    return tuple(found)


def _ssrc(number: str) -> int | None:
    if number.isascii() and number.isdigit() and len(number) <= 10 and int(number) < 2**32:
        return int(number)
    return None


def _extension(section: _Section, uri: str) -> int | None:
    for line in section.values.get("extmap", ()):
        parts = line.split()
        number = parts[0].partition("/")[0] if parts else ""
        if len(parts) >= 2 and parts[1] == uri and NUMBER.fullmatch(number) and 0 < int(number) < 256:
            return int(number)
    return None


def _ice(section: _Section, session: _Section, name: str) -> str:
    value = (section.last(name) or session.last(name) or "").strip()
    if value and not ICE_CHARS.fullmatch(value):
        raise SdpError(f"a={name} is not 4 to 256 ICE characters")
    return value


def _fingerprints(section: _Section, session: _Section) -> tuple[tuple[str, str], ...]:
    found = []
    for line in section.values.get("fingerprint") or session.values.get("fingerprint") or ():
        algorithm, _, value = line.strip().partition(" ")
        size = DIGEST_SIZES.get(algorithm.lower())
        if size and re.fullmatch(rf"(?:[0-9A-Fa-f]{{2}}:){{{size - 1}}}[0-9A-Fa-f]{{2}}", value.strip()):
            found.append((algorithm.lower(), value.strip().upper()))
    return tuple(found)
