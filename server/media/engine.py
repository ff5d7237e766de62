"""The media engine in this process: cameras in, viewers out, one UDP port. See MediaEngine for the seam."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import Any

import structlog

from server.addresses import resolved
from server.clock import Clock
from server.errors import Conflict, NotFound, Unavailable
from server.media.answer import Answer, Patched
from server.media.dtls import Certificate
from server.media.figures import EngineFigures, WorkerFigures
from server.media.forwarder import Forwarder
from server.media.live import RETRY_AFTER_S, Feed, FeedState, SessionInfo, Viewer, WatcherInfo, not_streaming
from server.media.media_engine import EVERYTHING, OnEnd, OnFeed, OnPublisher, OnWatchers
from server.media.meter import Meter
from server.media.peer import MediaPlane
from server.media.recorders import NoRecorders, Recorders
from server.media.revoked import RevokedLately
from server.media.settings import MediaSettings
from server.media.srtp import SrtpBuffers
from server.media.udp_port import UdpPort
from server.media.whep_session import WhepSession
from server.media.whip_session import WhipSession
from server.media.wish import Wish
from server.process import Process
from server.recording.order import RecordingOrder
from server.tasks import TaskOwner

log = structlog.get_logger(__name__)

TICK_S = 1.0
MAX_HALF_MADE = 500  # sessions whose peer has not connected yet: each costs an SSL object
MAX_HALF_MADE_OF_CAMERA = 8  # of these: no client shuts the others out
MAX_HALF_MADE_OF_PERSON = 40  # the tiles of several consoles, opened at once

Session = WhipSession | WhepSession
OnSessionEnd = Callable[[str, str], None]  # session id, the layer that was shown last ("" for a camera's)


class LocalEngine:
    """A MediaEngine. All work is done in plain calls on the event loop; those that do something are coroutines
    because an engine in another process needs them to be. `on_session_end` is for a worker, which tells its server.
    """

    def __init__(
        self,
        settings: MediaSettings,
        clock: Clock,
        tasks: TaskOwner,
        on_feed: OnFeed,
        on_watchers: OnWatchers,
        on_publisher: OnPublisher,
        recorders: Recorders | None = None,
        on_session_end: OnSessionEnd | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._tasks = tasks
        self._on_feed = on_feed
        self._on_watchers = on_watchers
        self._on_publisher = on_publisher
        self._recorders = recorders or NoRecorders()
        self._on_session_end = on_session_end
        self._buffers = SrtpBuffers()
        self._port = UdpPort(self._buffers, clock, self._after_drain)
        self._plane: MediaPlane | None = None
        self._public: tuple[str, ...] = ()
        self._feeds: dict[str, Feed] = {}
        self._publishers: dict[str, WhipSession] = {}
        self._viewers: dict[str, WhepSession] = {}
        self._dirty: dict[Forwarder, None] = {}
        self._ended: Counter[str] = Counter()
        self._counted: Counter[str] = Counter()
        self._numbers = count()
        self._revoked = RevokedLately()
        self._meter = Meter()
        self._process = Process(clock, TICK_S)

    @property
    def port(self) -> int:
        """The UDP port, 0 before `start`."""
        return self._port.port

    async def start(self) -> None:
        """See MediaEngine."""
        self._public = await resolved(self._settings.public_addresses)
        certificate = Certificate.kept_in(self._settings.folder)
        self._port.open(self._settings.host, self._settings.port)
        self._plane = MediaPlane(self._port, self._buffers, certificate, self._clock, self._announced)
        self._recorders.start()
        self._tasks.repeat(TICK_S, self._tick, "media.tick")
        log.info("media port open", port=self._port.port, addresses=self._announced(), gso=self._port.has_gso)

    async def close(self) -> None:
        """End all sessions (each peer is told) and close the port; what was recorded until now is written."""
        for session in self._sessions():
            session.close("the server ends")
        self._port.close()
        await self._recorders.close()

    def _announced(self) -> tuple[str, ...]:
        """The addresses of an answer; looked up anew, for a laptop changes its network."""
        return self._public or self._port.addresses()

    def _ready_plane(self, own: Sequence[Session], most: int) -> MediaPlane:
        """For one session more; `own` are those that its client has already, of them so many may be half made."""
        if self._plane is None:
            raise Unavailable("the media engine is not running")
        for sessions, limit in ((own, most), (self._sessions(), MAX_HALF_MADE)):
            if sum(not one.peer.is_ready for one in sessions) >= limit:
                retry = {"Retry-After": str(RETRY_AFTER_S)}
                raise Unavailable("too many sessions are being connected at once", headers=retry)
        return self._plane

    # ---- cameras ---------------------------------------------------------------------------------------

    async def publish(self, device_id: str, offer: str) -> Answer:
        """See MediaEngine."""
        self._revoked.refuse(self._clock.monotonic(), device_id)
        own = [one for one in self._publishers.values() if one.device_id == device_id]
        session = WhipSession(device_id, offer, self._ready_plane(own, MAX_HALF_MADE_OF_CAMERA), self)
        session.number = next(self._numbers)
        self._publishers[session.id] = session
        return session.answer()

    def publisher_ready(self, session: WhipSession, now: float) -> None:
        """See PublisherEvents."""
        feed = self._feeds.setdefault(session.device_id, Feed(session.device_id))
        before = self._publishers.get(feed.publisher_id) if feed.publisher_id is not None else None
        if before is not None and before.number > session.number:  # offered first, but connected last
            session.close("a newer session is connected")
            return
        feed.publish(session.id, session.h264_profile)
        profile = session.peer.profile
        log.info("camera connected", device_id=session.device_id, srtp=profile.name.decode() if profile else "")
        if before is not None:
            log.warning("a newer session of the camera replaces the present one", device_id=session.device_id)
            before.close("replaced by a newer session")
        self._on_publisher(session.device_id, session.id)

    def publisher_track(self, session: WhipSession, forwarder: Forwarder) -> None:
        """See PublisherEvents."""
        feed = self._feeds.get(session.device_id)
        if feed is None or feed.publisher_id != session.id:
            return
        now = self._clock.monotonic()
        feed.set_track(forwarder)
        self._recorders.on_track(session.device_id, forwarder, partial(self.ask_camera, feed))
        for viewer in self._viewers_of(feed):
            viewer.outlet.refresh(now)
        self._judge(feed, now)

    def publisher_ended(self, session: WhipSession, reason: str) -> None:
        """See PublisherEvents."""
        self._publishers.pop(session.id, None)
        self._ended.update(session.inlet.totals)
        self._tell_end(session.id, "")
        feed = self._feeds.get(session.device_id)
        log.info("camera session ended", device_id=session.device_id, reason=reason)
        now = self._clock.monotonic()
        if feed is None:
            return
        self._meter.publisher_ended(session, now)
        if feed.vanish(session.id, now):
            self._recorders.on_away(session.device_id)
            self._on_publisher(session.device_id, None)
            self._judge(feed, now)

    def has_packets(self, forwarder: Forwarder) -> None:
        """See PublisherEvents."""
        self._dirty[forwarder] = None

    def _after_drain(self, now: float) -> None:
        # One by one: a fault in a track keeps the others back until the next wake-up, and not for good.
        while self._dirty:
            self._dirty.popitem()[0].flush(now)

    def record(self, device_id: str, order: RecordingOrder | None) -> None:
        """See MediaEngine."""
        self._recorders.record(device_id, order)

    def release(self, device_id: str) -> None:
        """See MediaEngine."""
        self._recorders.release(device_id)

    # ---- viewers ---------------------------------------------------------------------------------------

    async def watch(
        self,
        device_id: str,
        viewer: Viewer,
        offer: str,
        wish: Wish = EVERYTHING,
        on_end: OnEnd | None = None,
    ) -> Answer:
        """See MediaEngine."""
        self._revoked.refuse(self._clock.monotonic(), device_id, viewer.person_id, viewer.session_id)
        self.require_streaming(device_id)
        feed = self._feeds[device_id]
        own = [one for one in self._viewers.values() if one.viewer.person_id == viewer.person_id]
        plane = self._ready_plane(own, MAX_HALF_MADE_OF_PERSON)
        session = WhepSession(feed, viewer, offer, wish, plane, self, on_end)
        self._viewers[session.id] = session
        return session.answer()

    def is_published(self, device_id: str) -> bool:
        """See MediaEngine."""
        return self.publisher_of(device_id) is not None

    def require_streaming(self, device_id: str) -> None:
        """Raises Conflict unless there is a picture to watch."""
        feed = self._feeds.get(device_id)
        if feed is not None:
            self._judge(feed, self._clock.monotonic())
        if feed is None or not feed.state.streaming:
            raise not_streaming()

    def viewer_ready(self, session: WhepSession, now: float) -> None:
        """See ViewerEvents."""
        viewer = session.viewer
        session.feed.watchers[session.id] = WatcherInfo(viewer.person_id, viewer.name, viewer.role, self._clock.wall())
        self._tell_watchers(session.feed)

    def viewer_ended(self, session: WhepSession, reason: str) -> None:
        """See ViewerEvents."""
        self._viewers.pop(session.id, None)
        self._ended.update(session.outlet.totals)
        self._tell_end(session.id, session.shown_layer)
        if session.device_id in self._feeds:
            self._meter.viewer_ended(session)
        log.info("viewing ended", device_id=session.device_id, person_id=session.viewer.person_id, reason=reason)
        if session.feed.watchers.pop(session.id, None) is not None:
            self._tell_watchers(session.feed)

    def ask_camera(self, feed: Feed) -> None:
        """See ViewerEvents."""
        publisher = self._publishers.get(feed.publisher_id) if feed.publisher_id is not None else None
        if publisher is not None:
            publisher.inlet.serve(self._clock.monotonic())

    def _viewers_of(self, feed: Feed) -> list[WhepSession]:
        return [viewer for viewer in self._viewers.values() if viewer.feed is feed]

    def _tell_watchers(self, feed: Feed) -> None:
        self._on_watchers(feed.device_id, list(feed.watchers.values()))

    # ---- sessions --------------------------------------------------------------------------------------

    async def session(self, session_id: str) -> SessionInfo:
        """See MediaEngine."""
        found = self._session(session_id)
        return SessionInfo(found.id, found.device_id, found.viewer if isinstance(found, WhepSession) else None)

    def publisher_of(self, device_id: str) -> str | None:
        """See MediaEngine."""
        feed = self._feeds.get(device_id)
        return feed.publisher_id if feed is not None else None

    def description(self, session_id: str) -> dict[str, Any]:
        """The session as JSON. Raises NotFound."""
        return self._session(session_id).describe(self._clock.monotonic())

    async def describe(self, session_id: str) -> dict[str, Any]:
        """See MediaEngine."""
        return self.description(session_id)

    async def change_wish(self, session_id: str, body: object) -> dict[str, Any]:
        """See MediaEngine."""
        session = self._session(session_id)
        if not isinstance(session, WhepSession):
            raise Conflict("a camera's session has nothing to choose")
        session.change_wish(session.wish.changed(body), self._clock.monotonic())
        return session.describe(self._clock.monotonic())

    async def patch(self, session_id: str, body: str, if_match: str | None) -> Patched:
        """See MediaEngine; candidates are not needed, the peer's checks tell where it is."""
        return self._session(session_id).patch(body, if_match)

    async def delete(self, session_id: str) -> None:
        """End a session. Raises NotFound."""
        self._session(session_id).close("deleted by its client")

    def end_viewings(self, device_id: str, reason: str) -> int:
        """Nobody may watch this camera now (it has stopped recording, say); returns how many were ended."""
        found = [one for one in self._viewers.values() if one.device_id == device_id]
        for session in found:
            session.close(reason)
        return len(found)

    def revoke(self, name: str) -> int:
        """End all sessions of a device, of a person, or of a sign-in session, whichever `name` is; how many."""
        self._revoked.note(name, self._clock.monotonic())
        found: list[Session] = [one for one in self._publishers.values() if one.device_id == name]
        found += [
            one
            for one in self._viewers.values()
            if name in (one.device_id, one.viewer.person_id, one.viewer.session_id)
        ]
        for session in found:
            session.close("access was revoked")
        return len(found)

    def _tell_end(self, session_id: str, layer: str) -> None:
        if self._on_session_end is not None:
            self._on_session_end(session_id, layer)

    def _sessions(self) -> list[Session]:
        return [*self._viewers.values(), *self._publishers.values()]

    def _session(self, session_id: str) -> Session:
        found = self._publishers.get(session_id) or self._viewers.get(session_id)
        if found is None:
            raise NotFound("there is no such media session; it may have ended")
        return found

    # ---- once a second ---------------------------------------------------------------------------------

    async def _tick(self) -> None:
        # A look of its own, four times a second, woke the process for a fiftieth of what 50 viewers cost.
        await self._process.step(self._port.take_longest_wait())
        now = self._clock.monotonic()
        for session in self._sessions():
            session.tick(now)
        for feed in list(self._feeds.values()):
            self._judge(feed, now)
            if feed.is_over(now) and not feed.watchers:
                del self._feeds[feed.device_id]
                self._meter.forget(feed.device_id)
        self._meter.tick(self._publishers.values(), now)
        self._port.count_kernel_drops()
        news = self._port.counts - self._counted
        if news:
            log.debug("media port counts", **news)
            self._counted = self._port.counts.copy()

    def _judge(self, feed: Feed, now: float) -> None:
        before = feed.state
        state = feed.judge(now, self._clock.wall())
        if state.differs_from(before):
            self._on_feed(feed.device_id, state)

    # ---- to be seen ------------------------------------------------------------------------------------

    def feed_state(self, device_id: str) -> FeedState:
        """What this camera's picture does now."""
        feed = self._feeds.get(device_id)
        return feed.state if feed is not None else FeedState(streaming=False)

    def health(self) -> dict[str, Any]:
        """For /readyz: whether the port is open, and how much goes on."""
        return {
            "ready": self._plane is not None and self._port.port != 0,
            "port": self._port.port,
            "gso": self._port.has_gso,
            "direct_srtp": self._buffers.is_direct,
            "cameras": sum(one.peer.is_ready for one in self._publishers.values()),
            "viewers": sum(one.peer.is_ready for one in self._viewers.values()),
            "feeds": len(self._feeds),
        }

    def figures(self, name: str = "server") -> EngineFigures:
        """For /status and /metrics: this process under `name`, and every camera that it knows."""
        now, process, health = self._clock.monotonic(), self._process, self.health()
        worker = WorkerFigures(
            name,
            process.pid,
            at=now,
            port=self._port.port,
            cpu_s=process.cpu_s,
            rss_bytes=process.rss_bytes,
            loop_lag_s=process.loop_lag_s,
            cameras=health["cameras"],
            viewers=health["viewers"],
            peers=self._port.peer_count,
            gso=health["gso"],
            buffer_bytes=self._port.buffer_bytes,
            unwritten_bytes=self._recorders.waiting_bytes,
            direct_srtp=health["direct_srtp"],
            counts=dict(self._port.counts),
        )
        cameras = self._meter.figures(name, self._feeds, self._publishers.values(), self._viewers.values(), now)
        return EngineFigures((worker,), cameras)

    def counters(self) -> dict[str, int]:
        """For /metrics: what was counted since the start, of living and of ended sessions."""
        total = self._ended + self._port.counts
        for publisher in self._publishers.values():
            total.update(publisher.inlet.totals)
        for viewer in self._viewers.values():
            total.update(viewer.outlet.totals)
        return dict(total)
