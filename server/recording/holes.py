"""What a layer lacks, where it lacks it: from the last sample before a loss to the first that is whole again. Pure.

Times are Unix seconds of the server's clock. A picture that was lost spoils those that were coded after it, so that a hole
in the picture ends with the next key frame that is whole; the pictures in it that came are kept all the same.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from server.recording.depacketiser import Picture

LOST = "lost"
SOUND_LOST = "sound-lost"
NOT_SENT = "not-sent"
PAUSE_S = 1.0  # longer without anything is a gap, not a long picture
USUAL_S = 0.1  # of the last picture, where no other tells how long it was to be seen
APART = 15  # intervals: a second of a poor link
PACKET_S = 0.02  # of sound, where none before tells
ONE_S = 0.5  # lost sound nearer to each other than this is told as one


@dataclass(frozen=True, slots=True)
class Hole:
    """`why`: LOST (of the picture), SOUND_LOST or NOT_SENT; so many `packets` never came."""

    start: float
    end: float
    why: str
    packets: int = 0


class PictureHoles:
    """Told of what is lost and of each picture that is kept, in order."""

    def __init__(self) -> None:
        self._last: float | None = None  # when the last picture was
        self._apart: deque[float] = deque(maxlen=APART)  # the shortest is one interval, also where others were lost
        self._until = 0.0  # how long it was to be seen
        self._since: float | None = None  # nothing has been whole since
        self._packets = 0

    def lost(self, packets: int) -> None:
        """So many never came before the next picture."""
        self._packets += packets

    def came(self, picture: Picture, at: float) -> Hole | None:
        """The hole that this picture ends, if there was one."""
        if self._packets or picture.damaged:
            # Pictures may come at any distance: something was between the last one and this.
            start = at if self._last is None else min(self._until, (self._last + at) / 2)
            self._since = start if self._since is None else min(self._since, start)
        hole = None
        if self._since is not None and picture.is_key and not picture.torn:
            hole = self._told(at)
            self._since, self._packets = None, 0
        elif self._since is None and self._last is not None and at - self._until > PAUSE_S:
            hole = Hole(self._until, at, NOT_SENT)
        if self._last is not None and 0 < at - self._last <= PAUSE_S:
            self._apart.append(at - self._last)
        self._last, self._until = at, at + min(self._apart, default=USUAL_S)
        return hole

    def cut(self) -> Hole | None:
        """The part until now of a hole that is still open: each segment tells its own."""
        return self._told(self._last) if self._last is not None else None

    def ended(self, at: float) -> Hole | None:
        """The camera's session, or the recording, ends at `at`: what the picture had left out by then."""
        if self._since is not None:
            return self._told(at)
        if self._last is None or at - self._until <= PAUSE_S:
            return None
        hole, self._until = Hole(self._until, at, NOT_SENT), at
        return hole

    def _told(self, end: float) -> Hole | None:
        start, packets = self._since, self._packets
        if start is None or end <= start:
            return None
        self._since, self._packets = end, 0
        return Hole(start, end, LOST, packets)


class SoundHoles:
    """The same of sound, each packet of which stands alone."""

    def __init__(self) -> None:
        self._until: float | None = None
        self._packets = 0

    def lost(self, packets: int) -> None:
        """So many never came before the next one."""
        self._packets += packets

    def came(self, at: float, duration: float) -> Hole | None:
        """The hole that this packet ends, if there was one; `duration` of it, seconds."""
        hole = None
        if self._packets:
            usual = at - self._packets * (duration or PACKET_S)
            hole = Hole(min(usual if self._until is None else self._until, at), at, SOUND_LOST, self._packets)
            self._packets = 0
        self._until = at + duration
        return hole


def with_hole(holes: list[Hole], hole: Hole | None) -> list[Hole]:
    """The holes of one stretch with one more; what is near and of a kind is told as one."""
    last = holes[-1] if holes else None
    if hole is None:
        return holes
    near = ONE_S if hole.why == SOUND_LOST else 0.0
    if last is not None and last.why == hole.why and hole.start - last.end <= near:
        joined = replace(last, end=max(last.end, hole.end), packets=last.packets + hole.packets)
        return [*holes[:-1], joined]
    return [*holes, hole]
