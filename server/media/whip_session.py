"""A camera's session: its offer answered, its tracks taken in (WHIP, RFC 9725)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any, Protocol

from server.errors import Unprocessable
from server.media import codec_choice, sdp, sdp_answer, simulcast
from server.media.answer import Answer, Patched
from server.media.forwarder import Forwarder
from server.media.inlet import Inlet
from server.media.layer import LAYERS, MAIN
from server.media.media_session import (
    CNAME,
    IceGeneration,
    no_codec,
    read_offer,
    usable,
)
from server.media.peer import MediaPlane
from server.media.source import TrackPlan
from server.media.sources import NameExtensions
from server.media.track import AUDIO, VIDEO
from server.media.uplink_feedback import UplinkFeedback


class PublisherEvents(Protocol):
    """What the engine wants to know of a camera's session. Plain calls."""

    def publisher_ready(self, session: WhipSession, now: float) -> None: ...

    def publisher_track(self, session: WhipSession, forwarder: Forwarder) -> None: ...

    def publisher_ended(self, session: WhipSession, reason: str) -> None: ...

    def has_packets(self, forwarder: Forwarder) -> None: ...


class WhipSession:
    """Made from an offer. Raises BadRequest or Unprocessable; then nothing is left behind."""

    def __init__(self, device_id: str, offer: str, plane: MediaPlane, events: PublisherEvents) -> None:
        self.id = secrets.token_hex(16)
        self.device_id = device_id
        self.number = 0  # given by the engine: a higher one was offered later
        self._plane = plane
        self._events = events
        parsed = read_offer(offer)
        media = usable(parsed, ("sendonly", "sendrecv"))
        plans, answered = _plan(media)
        rids = {one.mid: tuple(plan.rid for plan in plans if plan.mid == one.mid and plan.rid) for one in media}
        if not plans:
            raise no_codec()
        first = next(one for one in media if answered.get(one.mid))
        if not first.fingerprints:
            raise Unprocessable("no a=fingerprint with sha-256, sha-384 or sha-512")
        self.h264_profile = _profile(answered)
        uplink = _uplink_feedback(media, answered)
        self.inlet = Inlet(plans, _name_extensions(media), plane.clock, self._on_track, events.has_packets, uplink)
        self.on_media = self.inlet.on_media  # see PeerOwner; on the hot path without a call more
        self.peer = plane.peer_for(first, self)
        self.peer.times_packets = uplink.times_packets
        self.inlet.peer = self.peer
        self._generation = IceGeneration(first.ice_ufrag, first.mid)
        self._answered = [
            sdp_answer.AnswerMedia(one, tuple(answered.get(one.mid, ())), "recvonly", rids=rids.get(one.mid, ()))
            for one in parsed.media
        ]

    def answer(self) -> Answer:
        """The answer to the offer."""
        transport = self.peer.transport(self._plane.addresses())
        text = sdp_answer.write_answer(secrets.randbits(62), 1, self._answered, transport, CNAME)
        return Answer(self.id, text, self._generation.etag(self.id))

    def patch(self, body: str, if_match: str | None) -> Patched:
        """See IceGeneration.patch."""
        return self._generation.patch(self.id, body, if_match, self.peer, self._plane)

    def describe(self, now: float) -> dict[str, Any]:
        """The session as JSON."""
        return {
            "session_id": self.id,
            "device_id": self.device_id,
            "kind": "camera",
            "connected": self.peer.is_ready,
            "uplink_bps": self.inlet.uplink.bits_per_second,
            "uplink_queue_s": round(self.inlet.uplink.queue_s, 3),
            "tracks": [
                {
                    "kind": source.plan.kind,
                    "layer": source.plan.layer,
                    "codec": source.plan.codec,
                    "packets": source.packets,
                    "bytes": source.bytes,
                    "fraction_lost": source.lost,
                    "recovered": source.loss.recovered,
                    "abandoned": source.loss.abandoned,
                }
                for source in self.inlet.sources
            ],
        }

    def tick(self, now: float) -> None:
        """Once a second."""
        reason = self.peer.expired(now)
        if reason is not None:
            self.close(reason)
            return
        self.inlet.report(now)
        self.inlet.serve(now)

    def close(self, reason: str) -> None:
        """End it; the engine hears of it by `publisher_ended`."""
        self.peer.close(reason)

    # ---- PeerOwner -------------------------------------------------------------------------------------

    def on_ready(self, now: float) -> None:
        """See PeerOwner."""
        self._events.publisher_ready(self, now)

    def on_feedback(self, compound: bytes, now: float) -> None:
        """See PeerOwner."""
        self.inlet.on_feedback(compound, now)

    def on_closed(self, reason: str) -> None:
        """See PeerOwner."""
        self.inlet.close()
        self._events.publisher_ended(self, reason)

    def _on_track(self, forwarder: Forwarder) -> None:
        self._events.publisher_track(self, forwarder)


def _plan(media: list[sdp.Media]) -> tuple[list[TrackPlan], dict[str, list[sdp.Codec]]]:
    """The first picture is main, the second is sub, in one codec; the first sound. The rest is refused.

    Several encodings on one m-line are several pictures: the largest and the smallest of them, as far as there are layers.
    """
    plans: list[TrackPlan] = []
    answered: dict[str, list[sdp.Codec]] = {}
    video_codec: str | None = None
    layers = list(LAYERS)
    for one in media:
        if one.kind == VIDEO:
            codecs = [codec for codec in codec_choice.video_codecs(one) if video_codec in (None, codec.name)]
            if not codecs or not layers:
                continue
            # An encoding may be restricted to codecs of its m-line (`pt=`): the first in which there is one to take.
            found_in = [(codec, simulcast.chosen(one.encodings, codec.payload_type, len(layers))) for codec in codecs]
            codec, rids = next((pair for pair in found_in if pair[1]), found_in[0])
            video_codec = codec.name
            streams: list[tuple[str, str | None]] = [*zip(layers, rids, strict=False)] or [(layers[0], None)]
            layers = layers[len(streams) :]
        else:
            found = codec_choice.audio_codec(one)
            if found is None or any(plan.kind == AUDIO for plan in plans):
                continue
            codec, streams = found, [(MAIN, None)]
        apart = _tells_repairs(one, streams[0][1])
        answered[one.mid] = codec_choice.with_repairs(one, [codec]) if apart else [codec]
        plans += [_track_plan(one, codec, layer, rid) for layer, rid in streams]
    return plans, answered


def _track_plan(media: sdp.Media, codec: sdp.Codec, layer: str, rid: str | None) -> TrackPlan:
    repair = codec_choice.repair_codec(media, codec) if _tells_repairs(media, rid) else None
    return TrackPlan(
        kind=media.kind,
        layer=layer,
        codec=codec.name,
        clock_rate=codec.clock_rate,
        payload_type=codec.payload_type,
        mid=media.mid,
        ssrcs=media.ssrcs if rid is None else (),  # nobody tells which of them is which encoding
        repair_type=repair.payload_type if repair is not None else None,
        repairs=media.repairs if rid is None else (),
        tells_round_trip=media.tells_round_trip,
        sends_again=codec.has_nack,
        rid=rid,
    )


def _tells_repairs(media: sdp.Media, rid: str | None) -> bool:
    """Whether a retransmission by RTX tells whose it is; else it is to come under the stream's own SSRC."""
    return rid is None or media.repaired_rid_extension is not None


def _name_extensions(media: list[sdp.Media]) -> NameExtensions:
    """They have the same numbers for all of a bundle (RFC 8843 section 9.2)."""

    def first(numbers: Iterable[int | None]) -> int | None:
        return next((number for number in numbers if number is not None), None)

    return NameExtensions(
        first(one.mid_extension for one in media),
        first(one.rid_extension for one in media),
        first(one.repaired_rid_extension for one in media),
    )


def _uplink_feedback(media: list[sdp.Media], answered: dict[str, list[sdp.Codec]]) -> UplinkFeedback:
    """As the answer has it: both extensions have one number for all of a bundle."""
    taken = [(one, answered[one.mid]) for one in media if one.mid in answered]
    transport = next(
        (n for one, codecs in taken if (n := sdp_answer.transport_extension(one, codecs)) is not None), None
    )
    send_time = next((one.send_time_extension for one, _ in taken if one.send_time_extension is not None), None)
    pictures = [codec for one, codecs in taken if one.kind == VIDEO for codec in codecs if not codec.is_repair]
    return UplinkFeedback(send_time, transport, has_remb=any(codec.has_remb for codec in pictures))


def _profile(answered: dict[str, list[sdp.Codec]]) -> str | None:
    for codecs in answered.values():
        for codec in codecs:
            if codec.name == "H264":
                return codec.parameter("profile-level-id")
    return None
