"""What the camera keeps of its own pictures and sound: all of it while it records, and the last seconds before.

What the encoders make goes two ways, to the link and to here; so the camera's disk holds what a loss of signal drops. While
nobody takes the picture, or the link has no room for main, it is encoded as it was planned, for here alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from server import wire
from streamer.capture import Picture
from streamer.clock import Clock
from streamer.encoder import Encoded
from streamer.errors import StoreError
from streamer.ladder import Layer
from streamer.reel import Reel
from streamer.sound import Sound
from streamer.spool import Spool
from streamer.tasks import in_thread

AGAIN_S = 5.0  # before a source that has failed is tried again
Media = tuple[Picture, Sound | None]


class FootageKeeper:
    """Of one camera. `follow` what the officer does; `run` for as long as the camera is on."""

    def __init__(
        self,
        spool: Spool,
        before_s: float,
        recording: Callable[[], wire.RecordingState],
        clock: Clock,
        said: Callable[[str], object],
    ) -> None:
        self._spool = spool
        self._before_s = before_s
        self._reel = Reel(before_s)
        self._recording = recording
        self._clock = clock
        self._said = said
        self._is_kept = False
        self._changed = asyncio.Event()
        self._is_failing = self._is_full = False  # and that has been said

    def follow(self) -> None:
        """The camera records, or does no longer."""
        if self._recording() == "recording":
            self._reel.begin(self._clock.wall())
        else:
            self._reel.end()
        self._changed.set()

    async def run(self, media: Media) -> None:
        """Take what the encoders make, and write what is to be kept."""
        self.follow()
        try:
            while True:
                self._changed.clear()
                await self._keep_or_not(media)
                await self.write()
                await self._until_changed()
        finally:
            await self._end(media)

    async def _until_changed(self) -> None:
        with suppress(TimeoutError):  # a source that has failed meanwhile is opened again
            async with asyncio.timeout(AGAIN_S):
                await self._changed.wait()

    async def write(self) -> None:
        """Write what is ready."""
        for chunk in self._reel.take():
            try:
                await in_thread(lambda chunk=chunk: self._spool.write(chunk), "footage")  # type: ignore[misc]
                self._is_failing = False
            except StoreError as error:
                if not self._is_failing:
                    self._said(f"{error} What the link drops meanwhile is lost.")
                self._is_failing = True
        if self._spool.let_go and not self._is_full:
            self._is_full = True
            self._said("The camera's own footage has filled its room: the oldest goes, though control has it not.")

    async def finish(self) -> None:
        """The camera ends: what has come until now is on the disk when this returns."""
        self._reel.end()
        await self.write()

    async def _keep_or_not(self, media: Media) -> None:
        picture, sound = media
        state = self._recording()
        wanted = self._spool.has_room and (state == "recording" or (state == "buffering" and self._before_s > 0))
        if wanted:
            picture.keep(self._take_picture)
            if sound is not None:
                sound.keep(self._take_sound)
        elif self._is_kept:
            await self._end(media)
        self._is_kept = wanted

    async def _end(self, media: Media) -> None:
        picture, sound = media
        await picture.keep_no_more()
        if sound is not None:
            await sound.keep_no_more()

    def _take_picture(self, layer: Layer, encoded: Encoded) -> None:
        self._add(layer, encoded)

    def _take_sound(self, encoded: Encoded) -> None:
        self._add("sound", encoded)

    def _add(self, layer: str, encoded: Encoded) -> None:
        self._reel.add(wire.Coded(layer, encoded.captured_at, encoded.is_key, encoded.data))
        if self._reel.has_ready:
            self._changed.set()
