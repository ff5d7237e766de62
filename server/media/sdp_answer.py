"""Session descriptions (RFC 8866) as WHIP and WHEP use them: an answer written, for an offer that sdp.py read. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.media.sdp import (
    ICE_LITE,
    MID_EXTENSION,
    REMB,
    SEND_TIME_EXTENSION,
    TRANSPORT_CC,
    TRANSPORT_EXTENSION,
    Codec,
    Media,
)
from server.media.simulcast import REPAIRED_RID_EXTENSION, RID_EXTENSION, answer_lines


@dataclass(frozen=True, slots=True)
class AnswerMedia:
    """One m-line of an answer: no codecs means that it is refused. `repair_ssrc` is that of our retransmissions.

    `rids` are the encodings that are taken of those offered, the others are paused (see simulcast.py).
    """

    offered: Media
    codecs: tuple[Codec, ...] = ()
    direction: str = "inactive"
    ssrc: int | None = None
    repair_ssrc: int | None = None
    rids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transport:
    """What all m-lines of an answer share."""

    ice_ufrag: str
    ice_pwd: str
    fingerprint: str
    setup: str
    addresses: tuple[str, ...]
    port: int


def candidate_lines(addresses: tuple[str, ...], port: int) -> list[str]:
    """Host candidates in order of preference (RFC 8445 section 5.1.2.1)."""
    found = []
    for index, address in enumerate(addresses):
        priority = (126 << 24) + ((65535 - index) << 8) + 255
        found.append(f"candidate:{index + 1} 1 udp {priority} {address} {port} typ host")
    return found


def write_answer(session_id: int, version: int, media: list[AnswerMedia], transport: Transport, cname: str) -> str:
    """An ICE-lite answer on one transport (RFC 9143), complete with candidates."""
    taken = [one.offered.mid for one in media if one.codecs]
    lines = ["v=0", f"o=- {session_id} {version} IN IP4 0.0.0.0", "s=-", "t=0 0", *ICE_LITE]
    lines += [f"a=group:BUNDLE {' '.join(taken)}", "a=msid-semantic:WMS *"]
    for one in media:
        lines += _answer_media(one, transport, cname) if one.codecs else _refused(one.offered)
    return "\r\n".join([*lines, ""])


def _refused(offered: Media) -> list[str]:
    formats = " ".join(offered.formats[:1]) or "0"
    first = f"m={offered.kind} 0 {offered.protocol} {formats}"
    return [first, "c=IN IP4 0.0.0.0", f"a=mid:{offered.mid}", "a=inactive"]


def _answer_media(one: AnswerMedia, transport: Transport, cname: str) -> list[str]:
    offered = one.offered
    arrivals = transport_extension(offered, one.codecs) if one.direction == "recvonly" else None
    types = " ".join(str(codec.payload_type) for codec in one.codecs)
    lines = [
        f"m={offered.kind} {transport.port} {offered.protocol} {types}",
        f"c=IN IP{6 if ':' in transport.addresses[0] else 4} {transport.addresses[0]}",
        "a=rtcp-mux",
        "a=rtcp-mux-only",
        f"a=mid:{offered.mid}",
        f"a={one.direction}",
    ]
    for codec in one.codecs:
        lines += _codec_lines(codec, offered.kind, transport_cc=arrivals is not None)
    if one.direction == "recvonly":
        lines += _extension_lines(offered, arrivals, has_rids=bool(one.rids))
        lines += answer_lines(offered.encodings, one.rids, one.codecs[0].payload_type)
        if offered.tells_round_trip:
            lines.append("a=rtcp-xr:rcvr-rtt=all")
    if one.ssrc is not None:
        lines.append(f"a=msid:{cname} {offered.kind}")
        if one.repair_ssrc is not None:
            lines.append(f"a=ssrc-group:FID {one.ssrc} {one.repair_ssrc}")
        for ssrc in (one.ssrc, one.repair_ssrc):
            if ssrc is not None:
                lines += [f"a=ssrc:{ssrc} cname:{cname}", f"a=ssrc:{ssrc} msid:{cname} {offered.kind}"]
    lines += [
        f"a=ice-ufrag:{transport.ice_ufrag}",
        f"a=ice-pwd:{transport.ice_pwd}",
        f"a=fingerprint:sha-256 {transport.fingerprint}",
        f"a=setup:{transport.setup}",
    ]
    return [
        *lines,
        *(f"a={one}" for one in candidate_lines(transport.addresses, transport.port)),
        "a=end-of-candidates",
    ]


def _codec_lines(codec: Codec, kind: str, *, transport_cc: bool) -> list[str]:
    channels = f"/{codec.channels}" if codec.channels > 1 else ""
    lines = [f"a=rtpmap:{codec.payload_type} {codec.name}/{codec.clock_rate}{channels}"]
    if codec.parameters:
        lines.append(f"a=fmtp:{codec.payload_type} {codec.parameters}")
    wanted = ["nack", "nack pli", "ccm fir"] if kind == "video" and not codec.is_repair else []
    if transport_cc and codec.has_transport_cc:
        wanted.append(TRANSPORT_CC)
    elif wanted and codec.has_remb:  # nobody is told of an uplink who did not offer to hear it (RFC 4585 section 4.2)
        wanted.append(REMB)
    if kind == "audio" and codec.has_nack:  # of sound only who says so sends again what was lost
        wanted.append("nack")
    return lines + [f"a=rtcp-fb:{codec.payload_type} {one}" for one in wanted]


def transport_extension(offered: Media, codecs: Sequence[Codec]) -> int | None:
    """The number of the extension by which a camera wants to hear when each packet came; None if it does not.

    It takes both attributes: draft-holmer-rmcat-transport-wide-cc-extensions-01 section 4.
    """
    return offered.transport_extension if any(codec.has_transport_cc for codec in codecs) else None


def _extension_lines(offered: Media, arrivals: int | None, *, has_rids: bool) -> list[str]:
    """Of the header extensions that were offered, those that we can read: transport-cc makes send times needless."""
    send_time = offered.send_time_extension if arrivals is None else None
    wanted = (
        (offered.mid_extension, MID_EXTENSION),
        (offered.rid_extension if has_rids else None, RID_EXTENSION),
        (offered.repaired_rid_extension if has_rids else None, REPAIRED_RID_EXTENSION),
        (arrivals, TRANSPORT_EXTENSION),
        (send_time, SEND_TIME_EXTENSION),
    )
    return [f"a=extmap:{number} {uri}" for number, uri in wanted if number is not None]
