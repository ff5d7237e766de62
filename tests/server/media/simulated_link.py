"""A camera, its uplink and the server's estimate in simulated time: a queue that drains at a rate, jitter, loss.

Of OURS the pacer, and what bounds its packets under way, are the streamer's own; the receipts' budget is the server's.
"""

from __future__ import annotations

import heapq
import itertools
from bisect import bisect
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from server.media.bandwidth import UplinkEstimate
from server.media.transport_feedback import OVERHEAD
from server.media.uplink_feedback import ReceiptBudget
from streamer.ladder import LEAST_SUB_BPS, SILENT_BELOW_BPS
from streamer.media import SUB_BPS
from streamer.pacing import PACE, Pacer
from streamer.whip_client import QUEUE_VIDEO

PACKET = 1200  # bytes of RTP, as the estimate counts them
FRAMES_PER_S = 15
RECEIPT = 8 + 2 * 24 + OVERHEAD  # bytes: of two layers
SSRC = 1
TELEMETRY_S = 0.4


@dataclass(frozen=True)
class Camera:
    """What it sends beside its pictures, and the least of those. Bytes of RTP, and the headers that the link carries too."""

    sound: int = 110  # bytes, each sound_s
    sound_s: float = 0.02
    headers: int = 0  # bytes of each packet of media
    telemetry: int = 0  # bytes with all headers, each TELEMETRY_S: fixes, checks, reports
    least_bps: float = 50e3  # of pictures
    is_silent_below_bps: float = 0.0  # of what it is told
    few_below_bps: float = 0.0  # of pictures: then FEW a second
    has_our_pacer: bool = False  # which hears receipts, and so bounds what is under way
    key_every_s: float = 4.0

    FEW = 7

    @property
    def sound_bps(self) -> float:
        """Of RTP."""
        return 8 * self.sound / self.sound_s


SIMPLE = Camera()
OURS = Camera(
    sound=140,
    sound_s=0.04,
    headers=44,  # IPv4, UDP, SRTP's tag
    telemetry=500,
    least_bps=LEAST_SUB_BPS,
    is_silent_below_bps=SILENT_BELOW_BPS,
    few_below_bps=SUB_BPS,
    has_our_pacer=True,
    key_every_s=1.7,  # one begins each segment of the recording
)


@dataclass
class Link:
    """What an uplink does. `ordered`: jitter keeps the order, as a radio does that hands out its time in turns."""

    bps: float = 10e6
    delay_s: float = 0.03
    jitter_s: float = 0.0
    loss: float = 0.0
    queue_s: float = 2.0  # of the queue at `bps`: more is lost
    ordered: bool = True
    wander_s: float = 0.0  # how long one jitter lasts; 0: each packet has its own


@dataclass(frozen=True)
class Second:
    """What one second of a run was like; the queue is what packets waited, jitter not counted.

    `used` counts the headers, and `sound` is the number of its packets that were sent.
    """

    at: int
    capacity: float
    told: float
    used: float
    queue_s: float
    longest_queue_s: float
    sound: int


@dataclass(order=True)
class _Event:
    at: float
    number: int
    run: Callable[[float], None] = field(compare=False)


class Run:
    """`link_at(second)` is the link of each moment; the camera can use up to `most_bps`, and `spends` so much of it.

    About once in `late_every_s` the server is `late_s` (from, to) late in looking for packets; never if that is 0.
    `stalls`: the camera is held up then, too, as by a busy machine; its microphone makes up for it. `has_stamps`: the
    server's kernel notes when packets came, also when nobody looked.
    """

    def __init__(
        self,
        link_at: Callable[[float], Link],
        *,
        most_bps: float = 3e6,
        seed: int = 1,
        estimate: UplinkEstimate | None = None,
        spends: float = 1.0,
        late_every_s: float = 0.0,
        late_s: tuple[float, float] = (0.02, 0.08),
        stalls: bool = False,
        has_stamps: bool = False,
        camera: Camera = SIMPLE,
    ) -> None:
        self.link_at = link_at
        self.estimate = estimate or UplinkEstimate()
        self.feedback: list[tuple[float, int]] = []
        self.seconds: list[Second] = []
        self._camera = camera
        self._sounds = 0
        self._most = most_bps
        self._spends = spends
        self._late_every_s, self._late_s = late_every_s, late_s
        self._late: list[tuple[float, float]] = [(0.0, 0.0)]  # from, until
        self._late_chance = Random(seed)
        self._stalls, self._has_stamps = stalls, has_stamps
        self._chance = Random(seed)
        self._events: list[_Event] = []
        self._numbers = itertools.count()
        self._told = most_bps
        self._free_at = 0.0  # when the link's queue is empty
        self._last_arrival = 0.0
        self._wander = self._wander_until = 0.0
        self._paced_until = 0.0
        self._pacer = Pacer()
        self._waiting: deque[list[int]] = deque()  # sizes of each picture's packets
        self._is_sending = False
        self._receipts = ReceiptBudget()
        self._came = 0
        self._highest = 0  # that has come
        self._frames = 0
        self._sent = 0
        self._expected = 0
        self._missed = 0
        self._used = 0
        self._queues: list[float] = []

    def play(self, seconds: float) -> list[Second]:
        """Let it run."""
        self._at(0.0, self._frame)
        self._at(0.007, lambda at: self._sound(at, 0.007))
        if self._camera.telemetry:
            self._at(0.013, self._telemetry)
        for second in range(1, int(seconds) + 1):
            self._at(float(second), self._note)
        while self._events and self._events[0].at <= seconds:
            event = heapq.heappop(self._events)
            event.run(event.at)
        return self.seconds

    def _at(self, at: float, run: Callable[[float], None]) -> None:
        heapq.heappush(self._events, _Event(at, next(self._numbers), run))

    def _camera_at(self, at: float, run: Callable[[float], None]) -> None:
        self._at(self._looked_at(at) if self._stalls else at, run)

    # ---- the camera

    def _frame(self, now: float) -> None:
        camera = self._camera
        rate = max(camera.least_bps, min(self._told, self._most) - camera.sound_bps)
        frames_per_s = FRAMES_PER_S if rate >= camera.few_below_bps else camera.FEW
        mean = self._spends * rate / 8 / frames_per_s
        is_key = self._frames % round(camera.key_every_s * frames_per_s) == 0
        size = mean * (3 if is_key else self._chance.uniform(0.7, 1.2))
        self._frames += 1
        parts = []
        while size > 0:
            parts.append(min(PACKET, max(60, int(size))))
            size -= parts[-1]
        if camera.has_our_pacer:
            self._push(parts, now)
        else:
            self._send_at_pace(parts, PACE * rate, now)
        self._camera_at(now + 1 / frames_per_s, self._frame)

    def _send_at_pace(self, parts: list[int], bps: float, now: float) -> None:
        """As a camera of somebody else's does."""
        self._paced_until = max(now, self._paced_until)
        for part in parts:
            self._camera_at(self._paced_until, lambda at, part=part: self._send(at, part, 0))  # type: ignore[misc]
            self._paced_until += 8 * part / bps

    def _push(self, parts: list[int], now: float) -> None:
        if len(self._waiting) >= QUEUE_VIDEO:
            self._waiting.clear()
        self._waiting.append(parts)
        if not self._is_sending:
            self._is_sending = True
            self._send_next(now)

    def _send_next(self, now: float) -> None:
        if not self._waiting:
            self._is_sending = False
            return
        parts = self._waiting[0]
        size = parts.pop(0)
        if not parts:
            self._waiting.popleft()
        self._send(now, size, 0)
        self._camera_at(now + self._pacer.wait_s(now), self._look)

    def _look(self, now: float) -> None:
        """Whether the next packet of a picture may leave."""
        wait = self._pacer.closed_s(now)
        if wait:
            self._camera_at(now + wait, self._look)
        else:
            self._send_next(now)

    def _sound(self, now: float, due: float) -> None:
        if self._told >= self._camera.is_silent_below_bps:
            self._sounds += 1
            self._send(now, self._camera.sound, None)
        due += self._camera.sound_s
        self._camera_at(due, lambda at: self._sound(at, due))

    def _telemetry(self, now: float) -> None:
        """It takes its room on the link, and the estimate never sees it."""
        self._free_at = max(now, self._free_at) + 8 * self._camera.telemetry / self.link_at(now).bps
        self._queues.append(self._free_at - now)
        self._used += self._camera.telemetry
        self._camera_at(now + TELEMETRY_S, self._telemetry)

    def _send(self, now: float, size: int, tries: int | None) -> None:
        """`tries` counts repairs of a picture's packet; sound is not repaired and tells no send time."""
        link = self.link_at(now)
        is_ours, number = self._camera.has_our_pacer, None
        if is_ours and tries and not self._pacer.allows_repair(size, now):
            return
        if is_ours and not tries:
            self._pacer.sent(size, now)
        if tries == 0:
            self._expected += 1
            number = self._expected
            if is_ours:
                self._pacer.in_flight.sent(SSRC, number & 0xFFFF, size, now)
        waits = max(0.0, self._free_at - now)
        lost = self._chance.random() < link.loss or waits > link.queue_s
        if lost and tries is not None:
            self._missed += tries == 0
            if tries < 5:
                self._camera_at(now + 0.1, lambda at: self._send(at, size, tries + 1))
        if waits <= link.queue_s:
            self._free_at = max(now, self._free_at) + 8 * (size + self._camera.headers) / link.bps
        if lost:
            return
        self._queues.append(self._free_at - now)
        if now >= self._wander_until:
            self._wander, self._wander_until = self._chance.uniform(0, link.jitter_s), now + link.wander_s
        arrival = self._free_at + link.delay_s + self._wander
        if link.ordered:
            arrival = self._last_arrival = max(arrival, self._last_arrival)
        sent = None if tries is None else now - 0.1 * tries
        self._at(self._looked_at(arrival), lambda at: self._arrive(at, arrival, size, sent, number))

    # ---- the server

    def _looked_at(self, arrival: float) -> float:
        """When the server looks for what arrives then: at once, or when it is back from other work."""
        while self._late_every_s and self._late[-1][1] < arrival:
            begins = self._late[-1][1] + self._late_chance.expovariate(1 / self._late_every_s)
            self._late.append((begins, begins + self._late_chance.uniform(*self._late_s)))
        begins, ends = self._late[bisect(self._late, (arrival, float("inf"))) - 1]
        return max(arrival, ends)

    def _arrive(self, now: float, arrived: float, size: int, sent: float | None, number: int | None) -> None:
        arrived = arrived if self._has_stamps else now
        self._used += size + self._camera.headers
        self._came += size
        self._highest = max(self._highest, number or 0)
        if arrived >= self._receipts.due_at:
            self._receipts.spend(RECEIPT, self._came, arrived)
            highest = self._highest & 0xFFFF
            self._camera_at(
                now + self.link_at(now).delay_s, lambda at: self._pacer.in_flight.received(SSRC, highest, at)
            )
        estimate = self.estimate
        estimate.note_bytes(size)
        if sent is not None:
            estimate.note_sent(size, sent, arrived)
        if arrived < estimate.due_at:
            return
        estimate.update(arrived, self._expected, self._missed)
        news = estimate.news(arrived)
        if news is not None:
            self.feedback.append((now, news))
            self._camera_at(now + self.link_at(now).delay_s, lambda at: self._hear(news))

    def _hear(self, bps: int) -> None:
        self._told = bps
        self._pacer.set_rate(bps)

    def _note(self, now: float) -> None:
        queues = sorted(self._queues) or [0.0]
        capacity = self.link_at(now - 0.5).bps
        self.seconds.append(
            Second(int(now), capacity, self._told, 8 * self._used, queues[len(queues) // 2], queues[-1], self._sounds)
        )
        self._used, self._queues, self._sounds = 0, [], 0
