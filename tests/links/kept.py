"""What the server has on its disk of what a camera sent over a bad link: read from the recordings, as anybody reads them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.recording.library import Library
from server.recording.verifier import verify
from tests.patience import until

LAYERS = ("main", "sub")
LATER_S = 2.5  # a segment is two seconds long at most: once one of so much later is there, so is all of before
COMMITTED_S = 30.0  # on a busy machine


@dataclass(frozen=True)
class Kept:
    """Of a stretch of time: the share of the pictures sent (of both layers) that is on disk, without what was uploaded
    afterwards; the gaps that are declared, and their length in seconds by layer.
    """

    share: float
    gaps: int
    gap_s: dict[str, float]
    recordings: int  # which the pictures lie in


class Recordings:
    """Those of one server with one camera."""

    def __init__(self, data: Path) -> None:
        self._folder = data / "recordings"
        self._library = Library(self._folder)

    async def kept(self, start: float, end: float, sent: int, *, of_each: bool = False) -> Kept:
        """Between two moments (Unix seconds), once all of it is committed. `sent`: pictures of both layers in that time.
        `of_each`: both layers come again (main may be seconds behind sub), and with them what was missing is declared.

        Of the segments at either end as many pictures count as of their time: in a minute that is right to one percent.
        """

        def is_committed() -> bool:
            come = [any(_end(one) >= end + LATER_S for _, one in self._segments(layer)) for layer in LAYERS]
            return all(come) if of_each else any(come)

        await until(is_committed, "what came until then is on disk", COMMITTED_S)
        parts = [(name, _pictures(one, start, end)) for layer in LAYERS for name, one in self._segments(layer)]
        gaps = [one for one in self._gaps() if one["to"] > start and one["from"] < end]
        lengths = {layer: _covered([one for one in gaps if one["layer"] == layer], start, end) for layer in LAYERS}
        pictures = sum(count for _, count in parts)
        return Kept(pictures / max(1, sent), len(gaps), lengths, len({name for name, count in parts if count}))

    async def verdict(self) -> str:
        """What the verifier says of all, once they are signed: INTACT …"""
        await until(self._are_signed, "they are signed", 60)
        told = await asyncio.to_thread(verify, str(self._folder))
        return str(told["verdict"])

    def _are_signed(self) -> bool:
        return all(self._library.manifest(one) for one in self._library.ids())

    def _segments(self, layer: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for name in self._library.ids():
            for one in self._library.segments(name, layer):
                yield name, one

    def _gaps(self) -> Iterator[dict[str, Any]]:
        for name in self._library.ids():
            yield from (one for one in self._library.entries(name) if one["kind"] == "gap")


def _start(segment: dict[str, Any]) -> float:
    """By the camera's clock, which is the server's here, as soon as it has told it."""
    return float(segment["captured_at"] or segment["received_at"])


def _end(segment: dict[str, Any]) -> float:
    return _start(segment) + float(segment["duration"])


def _pictures(segment: dict[str, Any], start: float, end: float) -> float:
    """How many of its pictures lie between: of a segment that is cut, as many as of its time."""
    within = min(end, _end(segment)) - max(start, _start(segment))
    return float(segment["pictures"]) * max(0.0, within) / float(segment["duration"])


def _covered(gaps: list[dict[str, Any]], start: float, end: float) -> float:
    """Seconds between that lie in any of the gaps: two may overlap, where packets were lost before the camera was away."""
    covered = 0.0
    for gap in sorted(gaps, key=lambda one: float(one["from"])):
        begin, until_ = max(start, float(gap["from"])), min(end, float(gap["to"]))
        covered, start = covered + max(0.0, until_ - begin), max(start, until_)
    return covered
