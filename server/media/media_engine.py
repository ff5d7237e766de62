"""The seam behind which media is done: in this process, in worker processes, later on other hosts or by another engine.

Everything that passes here is plain data, so that it can go to another process: a session is known by its id, a camera
by its device id. What must be known at once (does it stream, whose session is it) is kept on this side, and is as
old as the last event of the engine, which is some milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from server.media.answer import Answer, Patched
from server.media.figures import EngineFigures
from server.media.live import FeedState, SessionInfo, Viewer, WatcherInfo
from server.media.wish import Wish
from server.recording.order import RecordingOrder

EVERYTHING = Wish()

OnFeed = Callable[[str, FeedState], None]  # a camera's picture starts, changes or stops
OnWatchers = Callable[[str, list[WatcherInfo]], None]  # who watches a camera now
OnPublisher = Callable[[str, str | None], None]  # a camera's media comes in by this session now, or by none
OnEnd = Callable[[str], None]  # a viewing has ended; the layer that was shown last


class MediaEngine(Protocol):
    """What the rest of the server knows of media. Plain calls answer from what is known; coroutines do something."""

    async def start(self) -> None:
        """Be ready for offers. Raises StartError with a sentence for the terminal."""

    async def close(self) -> None:
        """End all sessions; each peer is told."""

    async def publish(self, device_id: str, offer: str) -> Answer:
        """A camera's offer. Once connected it replaces the camera's present session.

        This places the camera: where it is, or was lately, else with the least loaded worker; all who watch it and its
        recording follow. Which that is, `figures` tell.

        Raises Unauthorised, BadRequest, NotAcceptable, Unprocessable or Unavailable.
        """

    async def watch(
        self, device_id: str, viewer: Viewer, offer: str, wish: Wish = EVERYTHING, on_end: OnEnd | None = None
    ) -> Answer:
        """A viewer's offer. `on_end` is called once, when the session ends.

        Raises Conflict (kind not-streaming) while the camera does not stream, Unauthorised, BadRequest, NotAcceptable,
        Unprocessable or Unavailable.
        """

    async def session(self, session_id: str) -> SessionInfo:
        """Whose it is. Raises NotFound."""

    async def patch(self, session_id: str, body: str, if_match: str | None) -> Patched:
        """Trickled candidates or an ICE restart.

        Raises NotFound, BadRequest, PreconditionRequired, PreconditionFailed or Unavailable.
        """

    async def change_wish(self, session_id: str, body: object) -> dict[str, Any]:
        """Give this viewer another layer, or its sound; the session as it is then.

        Raises NotFound, BadRequest, Unavailable, or Conflict for a camera's session.
        """

    async def describe(self, session_id: str) -> dict[str, Any]:
        """The session as JSON. A viewer's `clock` is by the camera's own clock. Raises NotFound, Unavailable."""

    async def delete(self, session_id: str) -> None:
        """End a session. Raises NotFound."""

    def revoke(self, name: str) -> int:
        """End all sessions of a device, of a person, or of a sign-in session, whichever `name` is; how many."""

    def end_viewings(self, device_id: str, reason: str) -> int:
        """Nobody may watch this camera now (it has stopped recording, say); returns how many were ended."""

    def record(self, device_id: str, order: RecordingOrder | None) -> None:
        """Keep what this camera sends in this recording, from the pre-event buffer on; None: close the present one."""

    def release(self, device_id: str) -> None:
        """Let go of this camera's recording, and leave it open: another process goes on with it."""

    def publisher_of(self, device_id: str) -> str | None:
        """The session by which this camera's media comes in now, None while there is none."""

    def is_published(self, device_id: str) -> bool:
        """Whether this camera's media comes in anywhere."""

    def require_streaming(self, device_id: str) -> None:
        """Raises Conflict (kind not-streaming) unless there is a picture to watch."""

    def feed_state(self, device_id: str) -> FeedState:
        """What this camera's picture does now."""

    def health(self) -> dict[str, Any]:
        """For /readyz and the gauges: `ready`, and how many `cameras`, `viewers` and `feeds` there are."""

    def figures(self) -> EngineFigures:
        """For /status and /metrics: every process, and every camera that one of them knows."""

    def counters(self) -> dict[str, int]:
        """For /metrics: what was counted since the start, of living and of ended sessions."""
