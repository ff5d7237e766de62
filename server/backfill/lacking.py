"""What of a camera's own footage its recordings lack. Pure.

The journals are the truth: what no segment holds, or only a damaged one, is wanted from the camera, once. So are a
recording's beginning and its end, where the camera had begun before its signal came, or ended after that was lost.
Times are server's Unix seconds unless they are called the camera's.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from server.backfill.upload import name_of
from server.wire import FootageAnswer, FootageWanted, HeldSpan

LEAST_S = 0.3  # a shorter hole is the jitter of two clocks
HEAD_S = 5.0  # the pre-event buffers of camera and server are cut at other moments
TAIL_S = 1.0
LONGEST_S = 600.0  # of one upload
MOST_WANTED = 40
FUTURE_S = 60.0  # of the camera's clock, by what is known of it: by more it was set meanwhile
NEAR = 5  # segments whose clock is asked
SET_S = 0.5

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Known:
    """One recording: what it has from `start` to `end`, and how far the camera's clock was ahead at times of it."""

    id: str
    is_open: bool
    start: float
    end: float
    has: tuple[Interval, ...]
    answered: tuple[Interval, ...]
    ahead: tuple[tuple[float, float], ...]

    def ahead_before(self, at: float) -> float:
        """How far the camera's clock was ahead just before `at`."""
        index = bisect_left(self.ahead, (at,))
        return _middle(self.ahead[max(0, index - NEAR) : index][::-1] or self.ahead[:NEAR])

    def ahead_after(self, at: float) -> float:
        """The same, just after `at`."""
        index = bisect_left(self.ahead, (at,))
        return _middle(self.ahead[index : index + NEAR] or self.ahead[: -NEAR - 1 : -1])

    def by_camera(self, one: Interval) -> Interval:
        """An interval by the camera's clock, from what was known on each side of it."""
        return max(0.0, one[0] + self.ahead_before(one[0])), max(0.0, one[1] + self.ahead_after(one[1]))


def reaches(entries: Sequence[Mapping[str, Any]], held: Sequence[HeldSpan], now: float) -> bool:
    """Whether a journal's end (its first entry, then those from some moment on) says all that `answer` asks of what is held.
    Not where the camera's clock was set meanwhile: then nobody knows how far back that is. `now`: server's Unix time.
    """
    epoch = float(entries[0]["epoch"])
    own = [one for one in entries if one["kind"] == "segment" and one["layer"] == "main"]
    ahead = [one["captured_at"] - epoch - one["start"] for one in own if one["captured_at"]]
    if not ahead or max(ahead) - min(ahead) > SET_S or max(one.end for one in held) - min(ahead) > now + FUTURE_S:
        return False
    return bool(epoch + min(one["start"] for one in own) <= min(one.start for one in held) - max(ahead) - HEAD_S)


def known(
    recording_id: str,
    entries: Sequence[Mapping[str, Any]],
    parts: Iterable[Mapping[str, Any]],
    pending: Iterable[Interval] = (),
) -> Known | None:
    """What the journal's `entries` say, with the opening entries of its back-filled `parts`, and what is on its way. Where
    they are its end alone (`reaches`), what stands before counts as there.

    None: it has nothing, or the camera told no time, so that nothing can be laid beside it.
    """
    segments = [one for one in entries if one["kind"] == "segment"]
    layer = "main" if any(one["layer"] == "main" for one in segments) else "sub"
    own = sorted((one for one in segments if one["layer"] == layer), key=lambda one: float(one["start"]))
    epoch = float(entries[0]["epoch"])
    timed = [(epoch + one["start"], one["captured_at"] - epoch - one["start"]) for one in own if one["captured_at"]]
    if not timed:
        return None
    first = epoch + own[0]["start"]
    begin = epoch if _is_end(entries) else first
    damaged = [(one["from"], one["to"]) for one in entries if one["kind"] == "gap" and one["layer"] == layer]
    there = [(epoch + one["start"], epoch + one["start"] + one["duration"]) for one in own]
    has = without(joined([(begin, first), *there]), damaged)
    answered = [(one["asked"]["start"], one["asked"]["end"]) for one in parts]
    return Known(
        id=recording_id,
        is_open=entries[-1]["kind"] != "closed",
        start=begin,
        end=max(epoch + one["start"] + one["duration"] for one in own),
        has=tuple(has),
        answered=tuple(joined([*answered, *pending])),
        ahead=tuple(timed),
    )


def _is_end(entries: Sequence[Mapping[str, Any]]) -> bool:
    return len(entries) > 1 and bool(entries[1].get("i", 1) > 1)


def answer(recordings: Sequence[Known], held: Sequence[HeldSpan], prerecord_s: float) -> FootageAnswer:
    """What is wanted of what is held, and what need not be held any longer. `prerecord_s`: kept before an order."""
    wanted: list[FootageWanted] = []
    kept: list[Interval] = []
    done = joined(span for one in recordings for span in (*one.has, *one.answered))
    for one in sorted(recordings, key=lambda one: one.start):
        lacks = [lack for span in held for lack in _lacks(one, span, prerecord_s, done)]
        done = joined([*done, *lacks])  # what two recordings lack goes to the first
        for start, end in (part for lack in lacks for part in _parts(lack)):
            camera_start, camera_end = one.by_camera((start, end))
            wanted.append(FootageWanted(id=name_of(one.id, start, end), start=camera_start, end=camera_end))
        extent = (one.start - HEAD_S, one.end + (0.0 if one.is_open else TAIL_S))
        kept += [one.by_camera(span) for span in without([extent], lacks)]
    return FootageAnswer(wanted=wanted[:MOST_WANTED], kept=kept)


def _lacks(one: Known, span: HeldSpan, prerecord_s: float, done: Sequence[Interval]) -> list[Interval]:
    ordered = span.ordered_at or span.start
    start = max(span.start, ordered - prerecord_s) - one.ahead_after(one.start)
    end = span.end - one.ahead_before(one.end)
    if end <= one.start or start >= one.end:
        return []
    first = start if one.start - start > HEAD_S else max(start, one.start)
    last = end if not one.is_open and end - one.end > TAIL_S else min(end, one.end)
    return [lack for lack in without([(first, last)], done) if lack[1] - lack[0] >= LEAST_S]


def _parts(lack: Interval) -> list[Interval]:
    """A long one in several, each an upload of its own."""
    start, end = lack
    count = max(1, -int(-(end - start) // LONGEST_S))
    step = (end - start) / count
    return [(start + step * index, start + step * (index + 1)) for index in range(count)]


def joined(intervals: Iterable[Interval]) -> list[Interval]:
    """In order, those that touch as one."""
    found: list[Interval] = []
    for start, end in sorted(intervals):
        if found and start - found[-1][1] < LEAST_S:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def without(intervals: Iterable[Interval], taken: Iterable[Interval]) -> list[Interval]:
    """What is left of `intervals` where none of `taken` is."""
    left = list(intervals)
    for start, end in taken:
        left = [
            part
            for one in left
            for part in ((one[0], min(one[1], start)), (max(one[0], end), one[1]))
            if part[0] < part[1]
        ]
    return left


def _middle(told: Sequence[tuple[float, float]]) -> float:
    """Of the nearest, which is the first, and those that agree with it: beyond them the clock was set."""
    return median(ahead for _, ahead in told if abs(ahead - told[0][1]) < SET_S)
