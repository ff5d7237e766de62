"""The seconds before: what a camera sent while nobody had it recorded, of all its layers. Pure.

Nobody asks for key frames meanwhile. What is kept therefore begins, in each layer, at the last stretch that can be decoded
without the one before it, and not later than asked.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from server.recording.segmenter import Stretch

FURTHEST = 2.0  # times the seconds that were asked for: memory, for a camera that sends key frames seldom or never


class Ring:
    """`seconds` of each layer, at least."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._layers: dict[str, list[Stretch]] = {}

    def __bool__(self) -> bool:
        return bool(self._layers)

    def add(self, stretch: Stretch) -> None:
        """The next one of its layer."""
        self._layers.setdefault(stretch.layer, []).append(stretch)

    def prune(self, at: float, continued: Collection[str]) -> None:
        """At server time `at`: let go what no recording that begins now would need. `continued`: the layers whose present
        stretch, which is not here yet, cannot be decoded by itself.
        """
        kept = {layer: self._needed(held, at, is_continued=layer in continued) for layer, held in self._layers.items()}
        self._layers = {layer: held for layer, held in kept.items() if held}

    def take(self) -> list[Stretch]:
        """All of it, in order of time; nothing is left."""
        held = [stretch for layer in self._layers.values() for stretch in layer]
        self._layers = {}
        return sorted(held, key=lambda one: one.start)

    def _needed(self, held: Sequence[Stretch], at: float, *, is_continued: bool) -> list[Stretch]:
        first = next((index for index, one in enumerate(held) if at - one.end <= self._seconds), len(held))
        shown = next((one for one in held[first:] if one.pictures), None)
        is_whole = shown.is_keyed if shown is not None else not is_continued
        for index in range(first - 1, -1, -1) if not is_whole else ():
            if at - held[index].end > FURTHEST * self._seconds:
                break
            if held[index].pictures and held[index].is_keyed:
                return list(held[index:])
        return list(held[first:])
