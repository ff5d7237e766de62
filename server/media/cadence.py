"""How steadily a picture comes: its frames, and its freezes as WebRTC defines them."""

from __future__ import annotations

from collections import deque

WINDOW = 30  # frames whose mean is the picture's usual pace (webrtc-stats, freezeCount)
FEW = 5  # with fewer there is no usual pace yet (libwebrtc: kMinFrameSamplesToDetectFreeze)
AT_LEAST_S = 0.15
MOST_UNRECKONED = 32  # frames; they are asked for once a second
LONGEST_S = 10.0  # what lasts longer is no freeze any more: the layer was given up, or the camera is lost


class Cadence:
    """Told of each new frame. A freeze is a gap longer than three usual ones, and than a usual one + 150 ms.

    A gap that still lasts counts as soon as it is long enough, so a picture that hangs is not told only afterwards.
    The counts never go down: a gap is counted with at most LONGEST_S, however long the picture stays away.
    """

    __slots__ = ("_at", "_came", "_frames", "_freezes", "_frozen_s", "_gaps", "_limit", "_sum", "timestamp")

    def __init__(self) -> None:
        self.timestamp: int | None = None  # of the newest frame: compare with it before the call
        self._frames = 0
        self._came: list[float] = []  # frames that are not reckoned yet
        self._at: float | None = None  # of the newest frame; None where what comes next ends no gap
        self._gaps: deque[float] = deque()
        self._sum = 0.0
        self._limit = float("inf")  # a longer gap is a freeze
        self._freezes = 0
        self._frozen_s = 0.0

    def note_frame(self, timestamp: int, now: float) -> None:
        """The first packet of a frame of another RTP timestamp came at `now` (monotonic seconds)."""
        self.timestamp = timestamp
        self._came.append(now)
        if len(self._came) == MOST_UNRECKONED:
            self._reckon()

    def _reckon(self) -> None:
        """What came since the last time; not frame by frame, each of which would find its way cold."""
        came, self._came = self._came, []
        self._frames += len(came)
        for now in came:
            self._add(now)

    def _add(self, now: float) -> None:
        before, self._at = self._at, now
        if before is None:
            return
        is_freeze = now - before > self._limit
        gap = min(now - before, LONGEST_S)  # an outage says nothing of the usual pace
        if is_freeze:
            self._freezes += 1
            self._frozen_s += gap
        gaps = self._gaps
        gaps.append(gap)
        self._sum += gap
        if len(gaps) > WINDOW:
            self._sum -= gaps.popleft()
        if len(gaps) >= FEW:
            usual = self._sum / len(gaps)
            self._limit = max(3 * usual, usual + AT_LEAST_S)

    @property
    def frames(self) -> int:
        """How many came."""
        return self._frames + len(self._came)

    def give_up(self, now: float) -> None:
        """The camera sends another layer instead: nobody waits for this one any more, and what comes next begins anew."""
        self._freezes, self._frozen_s = self.freezes(now), self.frozen_s(now)
        self._at = None

    def freezes(self, now: float) -> int:
        """How many there were, and whether there is one at `now`."""
        self._reckon()
        return self._freezes + (self._gap(now) > self._limit)

    def frozen_s(self, now: float) -> float:
        """How long they lasted together, the one at `now` until now."""
        self._reckon()
        gap = self._gap(now)
        return self._frozen_s + (min(gap, LONGEST_S) if gap > self._limit else 0.0)

    def _gap(self, now: float) -> float:
        return now - self._at if self._at is not None else 0.0
