"""What the encoder made, cut into chunks of two seconds: the last ones are held, and kept once recording is ordered. Pure.

Nothing is coded anew: a chunk is the very pictures and sounds that were (or would have been) sent, as server.wire packs
footage. Times are the camera's Unix seconds.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from server.wire import Coded, pack_coded

CHUNK_S = 2.0  # what a kill of the camera may cost
STEP_S = 1.0  # a clock that steps back by more begins a chunk


@dataclass(frozen=True, slots=True)
class Chunk:
    """Packed footage from `start` to `end`. `keyed`: the layers that have a key frame in it."""

    start: float
    end: float
    ordered_at: float
    keyed: frozenset[str]
    data: bytes


class Reel:
    """`add` what is coded, `begin` and `end` as the officer records; `take` what is to be kept."""

    def __init__(self, before_s: float) -> None:
        self._before_s = before_s
        self._ordered_at: float | None = None
        self._parts: list[bytes] = []
        self._keyed: set[str] = set()
        self._start = self._last = 0.0
        self._ring: deque[Chunk] = deque()
        self._ready: list[Chunk] = []

    def add(self, coded: Coded) -> None:
        """The next picture or sound."""
        at = coded.captured_at
        if self._parts and not self._start - STEP_S < at < self._start + CHUNK_S:
            self._close(at if self._start < at < self._last + STEP_S else self._last)
        if not self._parts:
            self._start = self._last = at
        self._start, self._last = min(self._start, at), max(self._last, at)
        self._parts.append(pack_coded(coded))
        if coded.is_key and coded.layer != "sound":
            self._keyed.add(coded.layer)

    def begin(self, at: float) -> None:
        """Recording is ordered: what was before it, as far as it is held, belongs to it."""
        if self._ordered_at is not None:
            return
        self._close(self._last)
        self._ordered_at = at
        held, self._ring = self._ring, deque()
        self._ready += [Chunk(one.start, one.end, at, one.keyed, one.data) for one in held]

    def end(self) -> None:
        """It is over: what has come until now is kept."""
        if self._ordered_at is not None:
            self._close(self._last)
            self._ordered_at = None

    @property
    def has_ready(self) -> bool:
        """Whether `take` would give something."""
        return bool(self._ready)

    def take(self) -> list[Chunk]:
        """What is to be kept, oldest first; each chunk once."""
        ready, self._ready = self._ready, []
        return ready

    def _close(self, end: float) -> None:
        if not self._parts:
            return
        ordered_at = self._ordered_at if self._ordered_at is not None else 0.0
        chunk = Chunk(self._start, max(end, self._last), ordered_at, frozenset(self._keyed), b"".join(self._parts))
        self._parts.clear()
        self._keyed.clear()
        if self._ordered_at is not None:
            self._ready.append(chunk)
            return
        self._ring.append(chunk)
        while self._ring and chunk.end - self._ring[0].end >= self._before_s:
            self._ring.popleft()
