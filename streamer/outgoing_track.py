"""Finished pictures or sounds on their way into a peer connection: a short queue that rather drops than delays."""

from __future__ import annotations

import asyncio
import collections
import fractions
from typing import Any

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from streamer.encoder import Encoded

LEAD_S = 10  # what comes first was captured before `epoch` where the camera is busy; no timestamp is below nought


class OutgoingTrack(MediaStreamTrack):
    """Hands encoded pictures to aiortc. RTP timestamps follow the capture times, from LEAD_S before `epoch` (Unix s) on.

    Pictures depend on each other: when the queue is full it is emptied, and everything up to the next
    key frame is left out (`on_gap` asks for one).
    """

    def __init__(self, kind: str, clock_rate: int, epoch: float, longest: int) -> None:
        super().__init__()
        self.kind = kind
        self.dropped = 0
        self.sent = 0
        self.captured_at: float | None = None  # of what was handed over last
        self._clock_rate, self._epoch, self._longest = clock_rate, epoch - LEAD_S, longest
        self._queue: collections.deque[Encoded] = collections.deque()
        self._arrived = asyncio.Event()
        self._pts = -1
        self._waits_for_key = False

    def push(self, encoded: Encoded) -> bool:
        """Queue one picture. False when it was left out: then a key frame is needed."""
        if self._waits_for_key and not encoded.is_key:
            self.dropped += 1
            return False
        self._waits_for_key = False
        if len(self._queue) >= self._longest:
            self.dropped += len(self._queue)
            self._queue.clear()
            if not encoded.is_key:
                self.dropped += 1
                self._waits_for_key = True
                return False
        self._queue.append(encoded)
        self._arrived.set()
        return True

    async def recv(self) -> av.Packet[Any]:
        """The next picture, as aiortc's sender asks for it. Raises MediaStreamError once stopped."""
        while not self._queue:
            if self.readyState != "live":
                raise MediaStreamError
            self._arrived.clear()
            await self._arrived.wait()
        encoded = self._queue.popleft()
        packet = av.Packet(encoded.data)
        pts = round((encoded.captured_at - self._epoch) * self._clock_rate)
        if pts <= self._pts:  # the wall clock was set back: timestamps go on from where they are, at their pace
            self._epoch -= (self._pts + 1 - pts) / self._clock_rate
            pts = self._pts + 1
        self._pts = packet.pts = pts
        packet.time_base = fractions.Fraction(1, self._clock_rate)
        self.captured_at = encoded.captured_at
        self.sent += 1
        return packet

    def stop(self) -> None:
        """End the track; who waits in `recv` is told."""
        super().stop()
        self._arrived.set()
