"""The camera's media to the server by WHIP (RFC 9725): offer, answer, and for ever again when the link breaks."""

from __future__ import annotations

import asyncio
import logging
import math
import re
import ssl
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Any
from urllib.parse import urljoin

import aiohttp
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.exceptions import InvalidStateError
from aiortc.rtcicetransport import parse_stun_turn_uri
from aiortc.rtcrtpparameters import RTCRtpCodecCapability

from streamer.backoff import Backoff
from streamer.capture import Picture
from streamer.clock import Clock
from streamer.consent import Consent, keep_consent
from streamer.encoder import CLOCK_RATE, Encoded
from streamer.errors import StreamerError
from streamer.ladder import Layer
from streamer.outgoing_track import OutgoingTrack
from streamer.pacing import Pacer
from streamer.rtp_hooks import Impairment, impair, on_bandwidth, on_key_request, on_receipt, pace, report_capture_time
from streamer.sound import RATE, Sound

log = logging.getLogger(__name__)

SIGNALLING_S = 10.0  # for the POST; a console waits a second, a camera on a train a little longer
REACH_S = 4.0  # for TCP and TLS: TCP itself tries after 0, 1 and 3 s, and then not before 7
SUSPECT_S = 1.5  # media is not answered: whether the session still stands is asked
ASK_APART_S = 2.0
WORD = aiohttp.ClientTimeout(
    total=3.0
)  # for a question about a session, or its DELETE: no more than a word, and media does not wait for it
YIELD_S = 10.0  # between looks whether a newer publisher has gone
IGNORED_S = 8.0  # media is not answered, and telemetry (which notices within 4.5 s) is: this way is closed
CONNECTED_WITHIN_S = 15.0  # ICE and DTLS …
UNRELAYED_S = 4.0  # … where this URL of the relay's did not answer, and the next is not yet tried: UDP may be stopped
STABLE_S = 10.0  # a connection that held this long starts the back-off anew
QUEUE_VIDEO, QUEUE_SOUND = 12, 13  # half a second and more: older than that is not live
SOURCE_CHECK_S = 0.5
OVER = ("failed", "closed", "disconnected")
H264 = "video/H264"


class WhipError(StreamerError):
    """The server did not take the offer, or the connection did not come about; says why."""


class WhipReplaced(WhipError):
    """A newer publisher of the same camera is connected: it wins."""


class WhipClient:
    """Keeps one camera's picture and sound flowing to `url`.

    `token` and `ice_servers` (as RTCIceServer has it) are asked at each try; `on_state(True)` when media flows,
    `on_state(False)` when it has stopped. `ssl_context`: for https with a certificate of one's own (CA file), else the system's.
    """

    def __init__(
        self,
        url: str,
        token: Callable[[], str],
        picture: Picture,
        sound: Sound | None,
        on_state: Callable[[bool], None],
        *,
        clock: Clock,
        rng: Random,
        ice_servers: Callable[[], Sequence[dict[str, Any]]] = tuple,
        ssl_context: ssl.SSLContext | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self._url, self._token = url, token
        self._picture, self._sound, self._on_state = picture, sound, on_state
        self._clock = clock
        self._rng = rng
        self._ice_servers = ice_servers
        self._ssl = ssl_context
        self._backoff = backoff or Backoff(rng)
        self._impairment = Impairment(rng)
        self._pacer = Pacer()  # a new one for each session
        self._is_closing = False
        self._changed = asyncio.Event()  # set whenever a condition that somebody waits for may have come true
        self._flows = False
        self._unreached = 0  # tries so far that led to no connection
        self._reached_at: float | None = None  # since when telemetry reaches the server
        self._has_news = False
        self._was_replaced = False
        self._asked_at = -math.inf
        self._tracks: dict[str, OutgoingTrack] = {}
        self._sent_before: Counter[str] = Counter()
        self.last_error: str | None = None

    def impair(self, loss: float, stalled: bool) -> None:
        """Lose a share 0…1 of the outgoing packets; `stalled` stops all media while the session stays up."""
        if not 0 <= loss <= 1:
            raise ValueError("loss is a share from 0 to 1")
        self._impairment.loss, self._impairment.stalled = loss, stalled

    @property
    def sent(self) -> dict[str, int]:
        """Pictures and sounds that were handed to the link so far, by layer, over all sessions."""
        return dict(self._sent_before + Counter({name: track.sent for name, track in self._tracks.items()}))

    def server_reached(self) -> None:
        """Telemetry has reached the server, or has again: what waits to be tried is tried now.

        Whether a session that was there before still stands is asked.
        """
        self._reached_at = self._clock.monotonic()
        self._has_news = True
        self._backoff.reset()
        self._changed.set()

    def server_lost(self) -> None:
        """Telemetry no longer reaches it: that media is not answered says nothing about this session."""
        self._reached_at = None

    def not_taken(self) -> None:
        """The server says that no media comes in: if it has lost the session without a word, the next is made now."""
        if self._flows:
            self._has_news = True
            self._changed.set()

    async def run(self) -> None:
        """Publish until `close`; a session that breaks is followed by the next, after full-jitter waits."""
        patience = aiohttp.ClientTimeout(total=SIGNALLING_S, sock_connect=REACH_S)
        async with aiohttp.ClientSession(timeout=patience) as http:
            while not self._is_closing:
                began = self._clock.monotonic()
                self._has_news = False
                wait = 0.0
                try:
                    await self._session(http)
                except WhipReplaced as problem:
                    wait = YIELD_S
                    self.last_error = str(problem)
                    log.info("%s; this one waits until that has gone", problem)
                except (WhipError, aiohttp.ClientError, TimeoutError, OSError) as problem:
                    self.last_error = str(problem) or type(problem).__name__
                    log.warning("no picture to %s: %s", self._url, self.last_error)
                finally:
                    self._set_flows(False)
                if self._clock.monotonic() - began > STABLE_S:
                    self._backoff.reset()
                await self._until(lambda: self._is_closing or self._has_news, wait or self._backoff.next_wait())

    async def close(self) -> None:
        """Let `run` end: it tells the server (DELETE) and stops picture and sound."""
        self._is_closing = True
        self._changed.set()

    # ---- one session ----

    async def _session(self, http: aiohttp.ClientSession) -> None:
        """From the offer to the end of the connection. Raises WhipError when it does not come about."""
        connection = RTCPeerConnection(RTCConfiguration(iceServers=_readable(self._ice_servers(), self._unreached)))
        self._pacer = Pacer()
        resource: str | None = None
        connection.on("connectionstatechange", self._changed.set)
        tracks = self._tracks = self._add_tracks(connection)
        pacer = self._pacer
        consent = keep_consent(
            connection, self._clock, self._rng, lambda: pacer.in_flight.is_unheard(self._clock.monotonic())
        )
        try:
            await connection.setLocalDescription(await connection.createOffer())
            offer = connection.localDescription.sdp
            resource, answer = await self._post(http, with_sound_again(offer))
            await _apply(connection, answer)
            try:
                await self._wait_connected(connection, self._patience_s(offer))
            except WhipError:
                self._unreached += 1
                raise
            if self._is_closing:
                return
            impair(connection, self._impairment)
            pace(connection, self._pacer, self._clock)
            self._start(tracks)
            self._set_flows(True)
            await self._until_ended(connection, consent, http, resource)
        finally:
            self._sent_before, self._tracks = Counter(self.sent), {}
            await self._picture.stop()
            if self._sound is not None:
                await self._sound.stop()
            await connection.close()
            if resource is not None:
                await self._delete(http, resource)

    def _add_tracks(self, connection: RTCPeerConnection) -> dict[str, OutgoingTrack]:
        """Main picture first, sub second, sound last: the server knows the layers by this order."""
        epoch = self._clock.wall()
        layers: list[Layer] = ["main", "sub"] if self._picture.has_sub else ["main"]
        tracks: dict[str, OutgoingTrack] = {}
        for layer in layers:
            track = OutgoingTrack("video", CLOCK_RATE, epoch, QUEUE_VIDEO)
            sender = connection.addTransceiver(track, direction="sendonly").sender
            on_key_request(sender, lambda layer=layer: self._picture.request_key(layer))  # type: ignore[misc]
            on_bandwidth(sender, self._follow_uplink)
            on_receipt(sender, self._note_receipt)
            report_capture_time(sender, track)
            tracks[layer] = track
        for transceiver in connection.getTransceivers():
            transceiver.setCodecPreferences(_h264_only())
        if self._sound is not None:
            track = OutgoingTrack("audio", RATE, epoch, QUEUE_SOUND)
            report_capture_time(connection.addTransceiver(track, direction="sendonly").sender, track)
            tracks["sound"] = track
        return tracks

    def _follow_uplink(self, bps: int) -> None:
        """The server says what the uplink carries."""
        self._pacer.set_rate(bps)
        self._picture.share_uplink(bps)

    def _note_receipt(self, ssrc: int, highest: int) -> None:
        self._pacer.in_flight.received(ssrc, highest, self._clock.monotonic())

    async def _post(self, http: aiohttp.ClientSession, offer: str) -> tuple[str | None, str]:
        """(the session's URL, the answer)."""
        if "a=candidate" not in offer and not self._ice_servers():
            # aiortc gathers no loopback address; without another one nothing could ever be sent
            raise WhipError("this machine has no network address but 127.0.0.1, over which WebRTC cannot run")
        headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {self._token()}"}
        if self._was_replaced:
            headers["If-None-Match"] = "*"
        async with http.post(self._url, data=offer, headers=headers, ssl=self._tls()) as response:
            text = await response.text()
            if response.status == 412:
                raise WhipReplaced("another publisher of this camera has taken over")
            if response.status != 201:
                raise WhipError(f"the server refused the picture: {response.status} {_reason(text)}")
            self._was_replaced = False
            location = response.headers.get("Location")
            return (urljoin(str(response.url), location) if location else None), text

    def _patience_s(self, offer: str) -> float:
        """How long a connection may take. Without a relay it may still come about directly, but that is soon seen."""
        untried = any(len(server.urls) > self._unreached + 1 for server in _readable(self._ice_servers(), 0))
        return UNRELAYED_S if untried and " typ relay" not in offer else CONNECTED_WITHIN_S

    async def _wait_connected(self, connection: RTCPeerConnection, within_s: float) -> None:
        def settled() -> bool:
            return self._is_closing or self._has_news or connection.connectionState in ("connected", *OVER)

        if not await self._until(settled, within_s):
            raise WhipError("no media connection came about (is UDP to the server open?)")
        if connection.connectionState in OVER:
            raise WhipError("the media connection failed")
        if connection.connectionState != "connected" and self._has_news:
            # Its checks are sent again ever more seldom, up to 16 s apart: a new one connects at once.
            raise WhipError("the link came back while the media connection was being made")

    def _start(self, tracks: dict[str, OutgoingTrack]) -> None:
        def to_track(layer: Layer, encoded: Encoded) -> None:
            track = tracks.get(layer)
            if track is not None and not track.push(encoded):
                self._picture.request_key(layer)

        def sound_to_track(encoded: Encoded) -> None:
            if self._picture.has_room_for_sound:
                tracks["sound"].push(encoded)

        self._picture.start(to_track)
        if self._sound is not None:
            self._sound.start(sound_to_track)

    async def _until_ended(
        self, connection: RTCPeerConnection, consent: Consent, http: aiohttp.ClientSession, resource: str | None
    ) -> None:
        """Until the connection ends, or `close`. Raises WhipError when picture or session cannot go on."""

        def is_over() -> bool:
            return self._is_closing or connection.connectionState in OVER

        while not is_over():
            await self._until(lambda: is_over() or self._has_news, SOURCE_CHECK_S)
            if not is_over():
                self._check_picture()
                await self._look_after(consent, http, resource)
        # It has hung up, and telemetry still stands: it has been given a newer publisher of this camera.
        self._was_replaced = not self._is_closing and self._reached_at is not None and consent.silent_s < IGNORED_S

    def _check_picture(self) -> None:
        if not self._picture.is_running:
            raise WhipError(str(self._picture.error or "the picture's source has ended"))

    async def _look_after(self, consent: Consent, http: aiohttp.ClientSession, resource: str | None) -> None:
        """Raises WhipError if the session does not stand any more, or its media's way is closed."""
        now, has_news = self._clock.monotonic(), self._has_news
        reached_s = now - self._reached_at if self._reached_at is not None else 0.0
        if min(reached_s, consent.silent_s) > IGNORED_S:
            raise WhipError("the server answers, but not on the media's way")
        if has_news or (min(reached_s, consent.silent_s) > SUSPECT_S and now - self._asked_at > ASK_APART_S):
            self._has_news, self._asked_at = False, now
            await self._ask_whether_it_stands(http, resource)

    async def _ask_whether_it_stands(self, http: aiohttp.ClientSession, resource: str | None) -> None:
        """Raises WhipError if the server says that it does not; no answer says nothing."""
        if resource is None:
            return
        headers = {"Authorization": f"Bearer {self._token()}"}
        try:
            async with http.get(resource, headers=headers, ssl=self._tls(), timeout=WORD) as response:
                if response.status == 404:
                    raise WhipError("the server has ended the session meanwhile")
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            log.debug("session not asked for: %s", problem)

    async def _until(self, is_true: Callable[[], bool], seconds: float) -> bool:
        """Wait until `is_true`, at most `seconds`; whether it is."""
        try:
            async with asyncio.timeout(seconds):
                while not is_true():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return is_true()
        return True

    async def _delete(self, http: aiohttp.ClientSession, resource: str) -> None:
        """Tell the server that the session is over (RFC 9725 section 4.2); it finds out by itself otherwise."""
        headers = {"Authorization": f"Bearer {self._token()}"}
        try:
            async with http.delete(resource, headers=headers, ssl=self._tls(), timeout=WORD) as response:
                log.debug("session ended: %d", response.status)
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            log.debug("session not ended in order: %s", problem)

    def _tls(self) -> ssl.SSLContext | bool:
        return self._ssl if self._ssl is not None else True

    def _set_flows(self, flows: bool) -> None:
        if flows != self._flows:
            self._flows = flows
            self._on_state(flows)


async def _apply(connection: RTCPeerConnection, answer: str) -> None:
    try:
        await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    except (ValueError, InvalidStateError, KeyError, IndexError) as problem:
        raise WhipError(f"the server's answer cannot be used: {problem}") from problem


def with_sound_again(offer: str) -> str:
    """The offer says that lost sound is sent again too: aiortc does so when it is asked, and does not say it (RFC 4585 4.2)."""
    return re.sub(r"(?m)^(a=rtpmap:(\d+) opus/48000/2\r?\n)", r"\1a=rtcp-fb:\2 nack\r\n", offer)


def _h264_only() -> list[RTCRtpCodecCapability]:
    """H.264 with its retransmission; constrained baseline 3.1 in front, which every viewer decodes."""
    codecs = RTCRtpSender.getCapabilities("video").codecs
    return [c for c in codecs if c.mimeType == H264] + [c for c in codecs if c.mimeType.lower() == "video/rtx"]


def _readable(servers: Sequence[dict[str, Any]], tries: int) -> list[RTCIceServer]:
    """Without the URLs that aiortc would refuse (an IPv6 literal, say): the camera publishes without them.

    aiortc uses only the first one of a kind, so the next of a server's URLs comes first after a try that failed: a
    firewall may let TCP out where it stops UDP.
    """
    found = []
    for server in servers:
        urls = server.get("urls", [])
        usable = [url for url in ([urls] if isinstance(urls, str) else urls) if _is_readable(url)]
        if usable:
            first = tries % len(usable)
            found.append(
                RTCIceServer(usable[first:] + usable[:first], server.get("username"), server.get("credential"))
            )
    return found


def _is_readable(url: str) -> bool:
    try:
        parse_stun_turn_uri(url)
    except ValueError:
        log.warning("this STUN or TURN server cannot be used here: %s", url)
        return False
    return True


def _reason(text: str) -> str:
    return " ".join(text.split())[:200]
