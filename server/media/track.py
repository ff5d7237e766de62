"""The two ends of forwarding: an UpTrack comes from a camera, a DownTrack goes to a viewer or a recorder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from server.media.packet_cache import Entry, PacketCache
from server.media.renumbering import SharedStart
from server.media.source_clock import SourceClock

if TYPE_CHECKING:
    from server.media.run import Numbers, Run
    from server.media.unison import Member

VIDEO = "video"
AUDIO = "audio"


class UpTrack(Protocol):
    """One source of packets: a camera's sound, or one layer of its picture."""

    @property
    def kind(self) -> str:
        """ "video" or "audio"."""

    @property
    def layer(self) -> str:
        """ "main" or "sub"; sound is "main"."""

    @property
    def codec(self) -> str:
        """ "H264", "VP8" or "opus"."""

    @property
    def clock(self) -> SourceClock:
        """Its timestamps against wall clocks."""

    @property
    def cache(self) -> PacketCache:
        """The last packets, as they were sent."""

    @property
    def start(self) -> SharedStart:
        """The numbers with which a viewer begins who sees nothing else yet."""

    def ask_key_frame(self) -> None:
        """Somebody cannot decode without one; asked of the camera soon, once for all."""

    def add_at_key_frame(self, down: DownTrack) -> None:
        """`down` gets nothing more (of this source) before the next key frame, which is asked for."""

    def unite(self, member: Member, numbers: Numbers) -> None:
        """`member` may be served together with those who see the same numbers."""


class DownTrack(Protocol):
    """Who takes one kind of track from a camera."""

    @property
    def takes_holes(self) -> bool:
        """It goes on behind packets that are lost for good, and does not wait for a key frame."""

    def enter(self, up: UpTrack, entries: Sequence[Entry], now: float) -> None:
        """From here on `up` is the source; `entries` start with a key frame (or are sound)."""

    def complete(self, up: UpTrack, entries: Sequence[Entry]) -> None:
        """What `up` had not brought before it began anew: before `enter`, for who does not take holes."""

    def deliver(self, up: UpTrack, runs: Sequence[Run], now: float) -> None:
        """The next packets of `up`. Plain call on the hot path: it must not raise, wait or log."""
