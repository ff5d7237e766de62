"""Reads recordings as replay shows them: what was read stays in memory, and only what came to it since is read again.

Everything here blocks, and may be called from any thread.
"""

from __future__ import annotations

from bisect import bisect
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from server.recording.segment import id_stamp
from server.replay.footage import Recording, grown, recording

if TYPE_CHECKING:
    from server.recording.library import Library
    from server.recording.verifier import Entry

MOST_SEGMENTS = 60_000  # of recordings in memory: some 0.5 kB each; eight hours of both layers are 28,800
BEFORE = 4  # recordings of a camera: its last one, and some more for a clock that was set, or a crash
KEPT = 20_000  # outlines of closed recordings: some 2 kB each


@dataclass(frozen=True, slots=True)
class _Read:
    """A recording as its journal was when it was read: up to the entry whose chain is `chain`."""

    recording: Recording
    count: int
    chain: str
    parts: int

    def goes_on(self, entries: Sequence[Entry], *, is_signed: bool, parts: int) -> bool:
        """Whether these are the same entries, or those and more."""
        same = len(entries) >= self.count and entries[self.count - 1]["chain"] == self.chain
        return same and (self.recording.signed, self.parts) == (is_signed, parts)


class Reader:
    """Of one library."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._recordings: OrderedDict[tuple[str, int], _Read] = OrderedDict()  # by the number of their second entry
        self._outlines: OrderedDict[tuple[str, int], Recording] = OrderedDict()

    def whole(self, recording_id: str) -> Recording:
        """With all its segments. Raises NotFound."""
        return self._read(recording_id, self._library.entries(recording_id))

    def near(self, recording_id: str, since: float) -> Recording:
        """With its segments from Unix time `since` on at least, quickly also where hours lie before: whoever looks back at a
        camera's last seconds does not wait until all of its shift is read.
        """
        return self._read(recording_id, self._library.latest(recording_id, since))

    def outline(self, recording_id: str) -> Recording:
        """It with its first and last segment alone; that of a signed one is kept, since only a part may yet come to it."""
        key = recording_id, len(self._library.parts(recording_id))
        known = self._outlines.get(key)
        if known is not None:
            return known
        whole = self.whole(recording_id)
        parts = whole.segments
        ends = (min(parts, key=lambda one: one.at), max(parts, key=lambda one: one.end)) if parts else ()
        outline = replace(whole, segments=ends)
        if whole.signed:
            self._outlines[key] = outline
        while len(self._outlines) > KEPT:
            self._outlines.popitem(last=False)
        return outline

    def reaching(self, recording_ids: Iterable[str], device_ids: Sequence[str], start: float) -> Iterator[Recording]:
        """Those of these cameras that may reach beyond `start` (Unix seconds), as `near` has them."""
        for recording_id in _reaching(recording_ids, device_ids, start):
            entries = self._library.latest(recording_id, start)
            if entries:  # else a crash cut it off in its first line: there is nothing to see
                yield self._read(recording_id, entries)

    def _read(self, recording_id: str, entries: Sequence[Entry]) -> Recording:
        """As these entries have it; if it was read before, only what came to it is looked at."""
        manifest = self._library.manifest(recording_id)
        parts = self._library.parts(recording_id)
        key = recording_id, int(entries[1]["i"]) if len(entries) > 1 else 0
        held = self._recordings.get(key)
        if held is not None and held.goes_on(entries, is_signed=manifest is not None, parts=len(parts)):
            more = entries[held.count :]
            made = grown(held.recording, more, entries[0]) if more else held.recording
        else:
            made = recording(recording_id, entries, manifest, [self._library.entries(part) for part in parts])
        self._recordings.pop(key, None)
        self._recordings[key] = _Read(made, len(entries), entries[-1]["chain"], len(parts))
        size = sum(len(one.recording.segments) for one in list(self._recordings.values()))
        while size > MOST_SEGMENTS and len(self._recordings) > 1:
            size -= len(self._recordings.popitem(last=False)[1].recording.segments)
        return made


def may_be_of(recording_id: str, device_ids: Sequence[str]) -> bool:
    """By its name alone, which has the beginning of the camera's id: not every journal need be read."""
    return any(device_id.startswith(_stem(recording_id)) for device_id in device_ids)


def _stem(recording_id: str) -> str:
    return recording_id.split("-", 1)[1].rpartition("-")[0]


def _reaching(recording_ids: Iterable[str], device_ids: Sequence[str], start: float) -> list[str]:
    """Those of these cameras that may reach beyond `start`, by their names: a camera is recorded into one recording at a
    time, so that of those which began before it only the last few are looked at.
    """
    mine = sorted(one for one in recording_ids if may_be_of(one, device_ids))
    found: list[str] = []
    for _, group in groupby(sorted(mine, key=_stem), key=_stem):
        own = list(group)
        found += own[max(0, bisect(own, id_stamp(start)) - BEFORE) :]
    return found
