"""A viewer's session: its offer answered for one feed (WHEP)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Protocol

from server.media import codec_choice, sdp, sdp_answer
from server.media.answer import Answer, Patched
from server.media.layer import LayerChoice
from server.media.live import Feed, Viewer
from server.media.media_session import (
    CNAME,
    IceGeneration,
    no_codec,
    read_offer,
    usable,
)
from server.media.outlet import Outlet
from server.media.peer import MediaPlane
from server.media.send_plan import SendPlan
from server.media.track import AUDIO, VIDEO
from server.media.wish import Wish

MAX_SOURCES = 8  # from which a viewer may send


class ViewerEvents(Protocol):
    """What the engine wants to know of a viewer's session. Plain calls."""

    def viewer_ready(self, session: WhepSession, now: float) -> None: ...

    def viewer_ended(self, session: WhepSession, reason: str) -> None: ...

    def ask_camera(self, feed: Feed) -> None: ...


class WhepSession:
    """Made from an offer. Raises BadRequest or Unprocessable; then nothing is left behind.

    `on_end` is called once with the layer shown last.
    """

    def __init__(
        self,
        feed: Feed,
        viewer: Viewer,
        offer: str,
        wish: Wish,
        plane: MediaPlane,
        events: ViewerEvents,
        on_end: Callable[[str], None] | None,
    ) -> None:
        self.id = secrets.token_hex(16)
        self.feed = feed
        self.viewer = viewer
        self._plane = plane
        self._events = events
        self._on_end = on_end
        self._ssrcs: set[bytes] = set()
        self._reported_at: float | None = None
        parsed = read_offer(offer)
        media = usable(parsed, ("recvonly", "sendrecv"))
        plans, self._answered = _plan(parsed, media, feed)
        first = next(one.offered for one in self._answered if one.codecs)
        self.wish = wish
        self.choice = LayerChoice(wish.layer)
        self.outlet = Outlet(feed, self.choice, CNAME, plane.clock, self._ask_camera)
        self.outlet.wish(picture=wish.picture, sound=wish.sound)
        self.peer = plane.peer_for(first, self)
        self.outlet.plan(plans, self.peer)
        self._generation = IceGeneration(first.ice_ufrag, first.mid)

    @property
    def device_id(self) -> str:
        """The camera that is watched."""
        return self.feed.device_id

    @property
    def shown_layer(self) -> str:
        """The layer that was shown last, or was asked for if none was."""
        return self.outlet.layer or self.choice.asked

    def answer(self) -> Answer:
        """The answer to the offer."""
        transport = self.peer.transport(self._plane.addresses())
        text = sdp_answer.write_answer(secrets.randbits(62), 1, self._answered, transport, CNAME)
        return Answer(self.id, text, self._generation.etag(self.id))

    def patch(self, body: str, if_match: str | None) -> Patched:
        """See IceGeneration.patch."""
        return self._generation.patch(self.id, body, if_match, self.peer, self._plane)

    def change_wish(self, wish: Wish, now: float) -> None:
        """The person wants another layer (it comes with its next key frame), sound or picture, or no more of them."""
        if wish.layer != self.wish.layer:
            self.choice.ask(wish.layer)
        self.wish = wish
        self.outlet.wish(picture=wish.picture, sound=wish.sound)
        self.outlet.refresh(now)

    def describe(self, now: float) -> dict[str, Any]:
        """The session as JSON; `clock` is in terms of the timestamps that this viewer sees, by the camera's clock."""
        return {
            "session_id": self.id,
            "device_id": self.device_id,
            "kind": "viewer",
            "connected": self.peer.is_ready,
            "clock": self.outlet.video.clock_reading() if self.outlet.video is not None else None,
            "layer": self.outlet.layer if self.wish.picture else None,
            "layers": list(self.feed.flowing(now)),
            "reduced": self.choice.reduced,
            "sound": self.wish.sound,
            "picture": self.wish.picture,
            "fraction_lost": self.outlet.fraction_lost,
            "round_trip_s": self.outlet.round_trip_s,
        }

    def tick(self, now: float) -> None:
        """Once a second."""
        reason = self.peer.expired(now)
        if reason is None and self.feed.is_over(now):
            reason = "the camera did not come back"
        if reason is not None:
            self.close(reason)
            return
        self.outlet.refresh(now)
        if not self.outlet.takes_its_codec:  # its player offers anew, and is refused with the reason
            self.close("the camera's codec is not taken")
            return
        before, self._reported_at = self._reported_at, now
        self.outlet.report(now, now - before if before is not None and now > before else 1.0)

    def close(self, reason: str) -> None:
        """End it; the engine hears of it by `viewer_ended`."""
        self.outlet.close()
        self.peer.close(reason)

    # ---- PeerOwner -------------------------------------------------------------------------------------

    def on_ready(self, now: float) -> None:
        """See PeerOwner."""
        self._events.viewer_ready(self, now)
        self.outlet.refresh(now)

    def on_media(self, packet: memoryview, now: float, arrived: float) -> None:
        """A viewer has nothing to send: libsrtp remembers each of its sources for good, and these are few."""
        self.outlet.counts["media_from_viewer"] += 1
        self._ssrcs.add(bytes(packet[8:12]))
        if len(self._ssrcs) > MAX_SOURCES:
            self.close(f"it sends, as a viewer, from {MAX_SOURCES} sources")

    def on_feedback(self, compound: bytes, now: float) -> None:
        """See PeerOwner."""
        self.outlet.on_feedback(compound, now)

    def on_closed(self, reason: str) -> None:
        """See PeerOwner."""
        self.outlet.close()
        self._events.viewer_ended(self, reason)
        if self._on_end is not None:
            self._on_end(self.shown_layer)

    def _ask_camera(self) -> None:
        self._events.ask_camera(self.feed)


def _plan(parsed: sdp.Offer, media: list[sdp.Media], feed: Feed) -> tuple[list[SendPlan], list[sdp_answer.AnswerMedia]]:
    """The first m-line of each kind. Raises Unprocessable if the picture's codec is not offered."""
    plans: list[SendPlan] = []
    taken: dict[str, sdp_answer.AnswerMedia] = {}
    for one in media:
        codecs = _codecs(one, feed)
        if not codecs or any(plan.kind == one.kind for plan in plans):
            continue
        plan = _send_plan(one, codecs, feed)
        plans.append(plan)
        with_repairs = tuple(codec_choice.with_repairs(one, codecs))
        taken[one.mid] = sdp_answer.AnswerMedia(one, with_repairs, "sendonly", plan.ssrc, plan.repair_ssrc)
    if not plans or (feed.video and not any(plan.kind == VIDEO for plan in plans)):
        raise no_codec()
    return plans, [taken.get(one.mid, sdp_answer.AnswerMedia(one)) for one in parsed.media]


def _send_plan(media: sdp.Media, codecs: list[sdp.Codec], feed: Feed) -> SendPlan:
    ssrc = feed.ssrcs[media.kind]
    found = ((codec.name, codec_choice.repair_codec(media, codec)) for codec in codecs)
    repair_types = {name: repair.payload_type for name, repair in found if repair is not None}
    return SendPlan(
        kind=media.kind,
        clock_rate=codecs[0].clock_rate,
        payload_types={codec.name: codec.payload_type for codec in codecs},
        ssrc=ssrc,
        # Of repairs; those of the media are the source's (see SharedStart). Low for the same reason.
        first_sequence=1 + secrets.randbits(12),
        repair_types=repair_types,
        repair_ssrc=ssrc | 1 << 31 if repair_types else None,  # of the feed's 31 random bits, none has this one
    )


def _codecs(media: sdp.Media, feed: Feed) -> list[sdp.Codec]:
    if media.kind == AUDIO:
        opus = codec_choice.audio_codec(media)
        return [opus] if opus is not None else []
    wanted = feed.codec or "H264"
    found = codec_choice.viewer_codecs(media, wanted, feed.h264_profile)
    return found if any(codec.name == wanted for codec in found) else []
