"""Who streams, who watches: one Feed for each camera that streams, is watched, or was a minute ago."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from server.errors import Conflict
from server.media.forwarder import Forwarder
from server.media.layer import LAYERS, MAIN
from server.media.track import AUDIO, VIDEO

SILENT_AFTER_S = 2.0  # with the engine's tick of 1 s this is said within 3 s
RETRY_AFTER_S = 2
GIVEN_UP_AFTER_S = 1.0  # a layer without a packet, while another one flows: the camera has given it up
RETURN_WITHIN_S = 75.0  # a camera that comes back after a minute, its set-up included, is the same feed to its viewers


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who watches. `session_id` is the sign-in session, by which a viewing can be revoked."""

    person_id: str
    name: str
    role: str
    session_id: str


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """Whose session it is: `viewer` is None for a camera."""

    session_id: str
    device_id: str
    viewer: Viewer | None


@dataclass(frozen=True, slots=True)
class WatcherInfo:
    """One person who watches a camera, since when (Unix seconds)."""

    person_id: str
    name: str
    role: str
    since: float


@dataclass(frozen=True, slots=True)
class FeedState:
    """What a camera's picture does. `layers` are those that flow; times are Unix seconds, None if never."""

    streaming: bool
    layers: tuple[str, ...] = ()
    codec: str | None = None
    last_packet_at: float | None = None
    since: float | None = None

    def differs_from(self, other: FeedState) -> bool:
        """Whether somebody must be told (that a packet came is no news)."""
        mine = (self.streaming, self.since, self.layers, self.codec)
        return mine != (other.streaming, other.since, other.layers, other.codec)


def _ssrcs() -> dict[str, int]:
    ssrc = secrets.randbits(31) | 1
    return {VIDEO: ssrc, AUDIO: ssrc ^ 2}


@dataclass(slots=True)
class Feed:
    """What a camera sends now, by layer, and who watches it. Times given in are monotonic seconds.

    `ssrcs` by kind, of 31 bits, are what all its viewers get (each has keys of its own).
    """

    device_id: str
    publisher_id: str | None = None
    video: dict[str, Forwarder] = field(default_factory=dict)
    audio: Forwarder | None = None
    h264_profile: str | None = None
    watchers: dict[str, WatcherInfo] = field(default_factory=dict)
    state: FeedState = field(default_factory=lambda: FeedState(streaming=False))
    vanished_at: float | None = None
    ssrcs: dict[str, int] = field(default_factory=_ssrcs)

    def publish(self, publisher_id: str, h264_profile: str | None) -> None:
        """A camera took over; its tracks come by `set_track`."""
        self.publisher_id = publisher_id
        self.h264_profile = h264_profile
        self.video = {}
        self.audio = None
        self.vanished_at = None

    def set_track(self, forwarder: Forwarder) -> None:
        """A track of the present publisher has its first packet, or a new source."""
        if forwarder.kind == "video":
            self.video[forwarder.layer] = forwarder
        else:
            self.audio = forwarder

    def vanish(self, publisher_id: str, now: float) -> bool:
        """The camera's session ended; False if another one has taken over already."""
        if self.publisher_id != publisher_id:
            return False
        self.publisher_id = None
        self.video = {}
        self.audio = None
        self.vanished_at = now
        return True

    def flowing(self, now: float) -> tuple[str, ...]:
        """The layers that had a packet lately; where one flows, the others are waited for no longer than a second."""
        heard = [layer for layer in LAYERS if layer in self.video]
        last = {layer: self.video[layer].last_packet_at for layer in heard}
        fresh = tuple(layer for layer in heard if _is_fresh(last[layer], now, GIVEN_UP_AFTER_S))
        return fresh or tuple(layer for layer in heard if _is_fresh(last[layer], now, SILENT_AFTER_S))

    @property
    def codec(self) -> str | None:
        """The picture's codec, None while there is none."""
        track = self.video.get(MAIN) or next(iter(self.video.values()), None)
        return track.codec if track is not None else None

    def judge(self, now: float, wall: float) -> FeedState:
        """The state at `now`; kept in `state`."""
        layers = self.flowing(now)
        sound = self.audio is not None and _is_fresh(self.audio.last_packet_at, now, SILENT_AFTER_S)
        streaming = bool(layers) or (sound and not self.video)
        heard = [track.last_packet_at for track in self.video.values() if track.last_packet_at is not None]
        last = wall - (now - max(heard)) if heard else self.state.last_packet_at
        since = (self.state.since if self.state.streaming else wall) if streaming else None
        self.state = FeedState(streaming, layers, self.codec if streaming else None, last, since)
        return self.state

    def is_over(self, now: float) -> bool:
        """Whether the camera has been away for so long that its viewers are let go."""
        return self.publisher_id is None and not _is_fresh(self.vanished_at, now, RETURN_WITHIN_S)


def _is_fresh(at: float | None, now: float, within: float) -> bool:
    return at is not None and now - at < within


def not_streaming() -> Conflict:
    """What to say to whoever wants to watch a camera that sends no picture."""
    retry = {"Retry-After": str(RETRY_AFTER_S)}
    return Conflict("the camera is not streaming", kind="not-streaming", headers=retry)
