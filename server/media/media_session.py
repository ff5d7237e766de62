"""What a camera's and a viewer's session have in common: how an offer is judged, answered and patched (RFC 9725)."""

from __future__ import annotations

from dataclasses import replace

from server.errors import BadRequest, PreconditionFailed, PreconditionRequired, Unprocessable
from server.media import sdp, sdp_answer
from server.media.answer import Patched
from server.media.ice_fragment import parse_fragment, write_fragment
from server.media.peer import MediaPlane, Peer

PROTOCOLS = frozenset(("UDP/TLS/RTP/SAVPF", "RTP/SAVPF"))
CNAME = "watchroom"


def read_offer(text: str) -> sdp.Offer:
    """Raises BadRequest with what was expected, Unprocessable for an offer that is sound and of no use."""
    try:
        offer = sdp.parse_offer(text)
    except sdp.SdpError as error:
        raise BadRequest(f"the offer cannot be read: {error}") from error
    if offer.is_ice_lite:
        raise Unprocessable("the offer says ice-lite, and so does this server: one side must send the checks")
    return replace(offer, media=tuple(_with_transport(media, offer) for media in offer.media))


def _with_transport(media: sdp.Media, offer: sdp.Offer) -> sdp.Media:
    """A bundle-only m-line names no transport of its own: it has that of the first in its group (RFC 9143 7.1.3)."""
    tagged = next((one for one in offer.media if offer.bundle and one.mid == offer.bundle[0]), media)
    if media.ice_ufrag or media.fingerprints or media.mid not in offer.bundle:
        return media
    return replace(
        media,
        ice_ufrag=tagged.ice_ufrag,
        ice_pwd=tagged.ice_pwd,
        fingerprints=tagged.fingerprints,
        setup=tagged.setup,
        has_rtcp_mux=tagged.has_rtcp_mux,
    )


def usable(offer: sdp.Offer, directions: tuple[str, ...]) -> list[sdp.Media]:
    """The m-lines for sound and picture that can go on one transport. Raises Unprocessable if none can."""
    found = [
        media
        for media in offer.media
        if media.kind in ("audio", "video")
        and media.protocol in PROTOCOLS
        and media.direction in directions
        and not media.is_rejected
    ]
    if not found:
        raise Unprocessable(f"no m-line for audio or video is {' or '.join(directions)} over UDP/TLS/RTP/SAVPF")
    if offer.bundle:
        found = [media for media in found if media.mid in offer.bundle]
    elif len(found) > 1:
        raise Unprocessable("several m-lines need a=group:BUNDLE: all media uses one transport")
    if not found or not all(media.has_rtcp_mux for media in found):
        raise Unprocessable("each m-line needs a=rtcp-mux and a place in the BUNDLE group")
    first = found[0]
    if not (first.ice_ufrag and first.ice_pwd):
        raise Unprocessable("a=ice-ufrag or a=ice-pwd is missing")
    if not first.fingerprints:
        raise Unprocessable("no a=fingerprint with sha-256, sha-384 or sha-512")
    return found


def no_codec() -> Unprocessable:
    """What to say when nothing of an offer can be forwarded. (In WHEP, 406 would bring an offer of ours.)"""
    return Unprocessable("video must be H264 (packetization-mode=1) or VP8, audio must be opus")


class IceGeneration:
    """The ETag of a session, and its PATCH (RFC 9725 section 4.3)."""

    def __init__(self, remote_ufrag: str, mid: str) -> None:
        self._remote_ufrag = remote_ufrag
        self._mid = mid
        self._number = 1

    def etag(self, session_id: str) -> str:
        """A strong entity tag."""
        return f'"{session_id[:8]}-{self._number}"'

    def patch(self, session_id: str, body: str, if_match: str | None, peer: Peer, plane: MediaPlane) -> Patched:
        """Raises BadRequest for a body that is no fragment, PreconditionRequired without If-Match, PreconditionFailed
        for another generation's ETag.
        """
        try:
            fragment = parse_fragment(body)
        except sdp.SdpError as error:
            raise BadRequest(f"the fragment cannot be read: {error}") from error
        if if_match is None:
            raise PreconditionRequired("If-Match is missing: the ETag, or * for an ICE restart")
        if not {"*", self.etag(session_id)} & {one.strip() for one in if_match.split(",")}:
            raise PreconditionFailed("If-Match names another ICE generation", etag=self.etag(session_id))
        if not fragment.ice_ufrag or fragment.ice_ufrag == self._remote_ufrag:
            return Patched(None, self.etag(session_id))  # candidates: the peer's checks tell us more
        if not fragment.ice_pwd:
            raise BadRequest("an ICE restart needs a=ice-pwd beside a=ice-ufrag")
        self._remote_ufrag = fragment.ice_ufrag
        self._number += 1
        peer.restart()
        transport = peer.transport(plane.addresses())
        candidates = sdp_answer.candidate_lines(transport.addresses, transport.port)
        text = write_fragment(transport.ice_ufrag, transport.ice_pwd, self._mid, candidates)
        return Patched(text, self.etag(session_id))
