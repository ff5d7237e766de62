"""Picture and sound as the configuration asks for them, and the switch that lets them flow."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import urljoin

from server import wire
from streamer.capture import MediaSource, Picture, PictureSource, StreetSource
from streamer.clock import Clock
from streamer.config import CameraConfig, PictureSize
from streamer.ladder import LayerPlan
from streamer.link import Link
from streamer.pose import Colleague, Overlay, Pose
from streamer.sound import Sound, open_sound
from streamer.street.painter import StreetPainter
from streamer.town import Town
from streamer.whip_client import WhipClient

SUB_BPS = 110_000


def open_media(
    config: CameraConfig,
    town: Town,
    pose: Callable[[], Pose],
    others: Callable[[], tuple[Colleague, ...]],
    overlay: Callable[[], Overlay],
    clock: Clock,
) -> tuple[Picture, Sound | None]:
    """The camera's picture and sound, not yet running. Raises StreamerError."""
    source: PictureSource
    if config.source == "street":
        painter = StreetPainter(town, config.main.width, config.main.height, config.barcode, config.preset)
        source = StreetSource(painter, pose, overlay, clock, config.main.fps, others)
    else:
        source = MediaSource(config.source, clock)
    main, sub = _plan(config.main, config.bitrate), _plan(config.sub, min(SUB_BPS, config.bitrate))
    picture = Picture(source, main, sub, preset="ultrafast" if config.source == "street" else "superfast")
    name = _sound_name(config)
    return picture, open_sound(name, pose, clock) if name else None


def _plan(size: PictureSize, bps: int) -> LayerPlan:
    return LayerPlan(size.width, size.height, size.fps, bps)


def _sound_name(config: CameraConfig) -> str:
    """As `open_sound` calls it; '' for none."""
    if config.sound == "synth":
        return "street"
    if config.sound == "source":
        return config.source
    device = config.sound.removeprefix("mic:") if config.sound.startswith("mic:") else ""
    return device if not device or device.startswith(("alsa:", "pulse:")) else f"alsa:{device}"


class Stream:
    """The media's way to the server: made anew each time the stream is switched on."""

    def __init__(self, server: str, link: Link, clock: Clock, rng: Random, tls: ssl.SSLContext | None) -> None:
        self.flows = False
        self._token = ""
        self._ice_servers: list[dict[str, Any]] = []
        self._server = server
        self._link = link
        self._clock = clock
        self._rng = rng
        self._tls = tls
        self._client: WhipClient | None = None
        self._picture: Picture | None = None
        self._is_reached = False
        link.on_change(self._impair)

    @property
    def token(self) -> str:
        """What proves to the server's HTTP who this camera is; "" before the first welcome."""
        return self._token

    @property
    def is_whole(self) -> bool:
        """Whether media flows, and the link has room for all of it."""
        return self.flows and self._picture is not None and self._picture.is_whole

    def admitted(self, by: wire.Welcome | wire.Token) -> None:
        """What the next session will show; a session that goes on needs neither again."""
        self._token, self._ice_servers = by.whip_token, by.ice_servers

    def make(
        self, media: tuple[Picture, Sound | None], welcome: wire.Welcome, on_state: Callable[[bool], None]
    ) -> WhipClient:
        """The publisher for what the server's welcome names. The caller runs and closes it."""
        picture, sound = media
        self._picture = picture
        self._client = WhipClient(
            urljoin(self._server + "/", welcome.whip_path.lstrip("/")),
            lambda: self._token,
            picture,
            sound,
            on_state,
            clock=self._clock,
            rng=self._rng,
            ice_servers=lambda: self._ice_servers,
            ssl_context=self._tls,
        )
        self._impair()
        if self._is_reached:
            self._client.server_reached()
        return self._client

    @property
    def sent(self) -> dict[str, int]:
        """See WhipClient.sent; of the present switching on."""
        return self._client.sent if self._client is not None else {}

    def server_reached(self) -> None:
        """Telemetry is welcome."""
        self._is_reached = True
        if self._client is not None:
            self._client.server_reached()

    def server_lost(self) -> None:
        """Telemetry no longer reaches the server."""
        self._is_reached = False
        if self._client is not None:
            self._client.server_lost()

    def taken_by(self, session_id: str | None) -> None:
        """By which session the server takes the media in now; None: by none."""
        if session_id is None and self._client is not None:
            self._client.not_taken()

    def _impair(self) -> None:
        if self._client is not None:
            self._client.impair(self._link.loss, self._link.stalled)
