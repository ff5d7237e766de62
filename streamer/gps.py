"""Where positions come from: a simulated walk, gpsd, or an NMEA receiver. About one fix a second.

Each source has `async run(on_fix)`, which goes on for ever. Trouble is said once, in one sentence, and the source is
opened again with back-off: an officer who has no position still has a camera.
"""

from __future__ import annotations

import asyncio
import os
import stat
import tty
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from streamer import gpsd
from streamer.backoff import Backoff
from streamer.clock import Clock
from streamer.errors import GpsError
from streamer.gps_error import GpsErrorModel
from streamer.gps_fix import GpsFix
from streamer.nmea import NmeaReader
from streamer.receiver_clock import ReceiverClock
from streamer.scenario_path import Place

EVERY_S = 1.0
SILENCE_S = 10.0  # a receiver that says nothing for so long is opened again
MOST_LINE_BYTES = 64 * 1024

OnFix = Callable[[GpsFix], None]
Say = Callable[[str], object]


class GpsSource(Protocol):
    """Gives fixes to `on_fix` until cancelled."""

    async def run(self, on_fix: OnFix) -> None: ...


class SimulatedGps:
    """The true place, measured as a receiver would. `lost` True: no position, as in a tunnel."""

    def __init__(
        self,
        truth: Callable[[float], Place],
        to_wgs84: Callable[[float, float], tuple[float, float]],
        model: GpsErrorModel,
        clock: Clock,
    ) -> None:
        self.lost = False
        self._truth = truth
        self._to_wgs84 = to_wgs84
        self._model = model
        self._clock = clock

    async def run(self, on_fix: OnFix) -> None:
        """One fix a second, from the true place at that moment."""
        last = self._clock.monotonic() - EVERY_S
        while True:
            now = self._clock.monotonic()
            fix = self.fix(self._clock.wall(), now - last)
            last = now
            if fix is not None and not self.lost:
                on_fix(fix)
            await self._clock.sleep(EVERY_S - (self._clock.monotonic() - now))

    def fix(self, at: float, passed_s: float) -> GpsFix | None:
        """The fix at `at` (Unix seconds), `passed_s` after the last; None while there is no position."""
        place = self._truth(at)
        measured = self._model.measure(place.x, place.y, place.speed_mps, place.heading_deg, passed_s)
        if measured is None:
            return None
        lat, lon = self._to_wgs84(measured.x, measured.y)
        return GpsFix(at, lat, lon, measured.accuracy_m, measured.speed_mps, measured.heading_deg)


class GpsdGps:
    """gpsd over TCP."""

    def __init__(self, host: str, port: int, clock: Clock, backoff: Backoff, say: Say) -> None:
        self._host, self._port = host, port
        self._clock = clock
        self._time = ReceiverClock()
        self._again = _Again(f"gpsd at {host}:{port}", clock, backoff, say)

    async def run(self, on_fix: OnFix) -> None:
        """Connect, ask for reports, and connect again when they end."""
        await self._again.and_again(lambda: self._watch(on_fix))

    async def _watch(self, on_fix: OnFix) -> None:
        async with asyncio.timeout(SILENCE_S):
            reader, writer = await asyncio.open_connection(self._host, self._port, limit=MOST_LINE_BYTES)
        try:
            writer.write(gpsd.WATCH)
            while line := await _next_line(reader):
                fix = gpsd.parse_report(line)
                if fix is not None:
                    self._again.works()
                    on_fix(self._time.in_ours(fix, self._clock.wall()))
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


class NmeaGps:
    """NMEA sentences from a serial device, a FIFO, or a file (which is replayed from now on, round and round)."""

    def __init__(self, path: Path, clock: Clock, backoff: Backoff, say: Say) -> None:
        self.reader = NmeaReader()
        self._path = path
        self._clock = clock
        self._time = ReceiverClock()
        self._again = _Again(f"The receiver {path}", clock, backoff, say)

    async def run(self, on_fix: OnFix) -> None:
        """Read until cancelled. Raises GpsError if a file holds no position."""
        if self._path.is_file():
            await self._replay(on_fix)
        await self._again.and_again(lambda: self._listen(on_fix))

    async def _replay(self, on_fix: OnFix) -> None:
        text = self._path.read_text(encoding="ascii", errors="replace")
        fixes = [fix for line in text.splitlines() if (fix := self.reader.feed(line)) is not None]
        if not fixes:
            raise GpsError(f"{self._path} holds no position ({dict(self.reader.counts)}).")
        while True:
            for before, fix in zip([fixes[0], *fixes], fixes, strict=False):
                # a recording with holes, or that steps back, goes on after a second
                gap = fix.at - before.at
                await self._clock.sleep(gap if 0.0 < gap < SILENCE_S else EVERY_S)
                on_fix(replace(fix, at=self._clock.wall()))

    async def _listen(self, on_fix: OnFix) -> None:
        lines, close = await _open_lines(self._path)
        try:
            while line := await _next_line(lines):
                fix = self.reader.feed(line.decode("ascii", errors="replace"))
                if fix is not None:
                    self._again.works()
                    on_fix(self._time.in_ours(fix, self._clock.wall()))
        finally:
            close()


class _Again:
    """Opens a source again and again; says what is wrong once, and when it works again."""

    def __init__(self, what: str, clock: Clock, backoff: Backoff, say: Say) -> None:
        self._what = what
        self._clock = clock
        self._backoff = backoff
        self._say = say
        self._said = False

    async def and_again(self, session: Callable[[], Awaitable[None]]) -> None:
        while True:
            why = await self._why_it_ended(session)
            if not self._said:
                self._said = True
                self._say(f"{self._what} gives no position ({why}); trying again.")
            await self._clock.sleep(self._backoff.next_wait())

    async def _why_it_ended(self, session: Callable[[], Awaitable[None]]) -> str:
        try:
            await session()
        except TimeoutError:
            return f"silent for {SILENCE_S:g} s"
        except OSError as error:
            return error.strerror or str(error)
        except ValueError:
            return "a line that is far too long"
        return "it ended"

    def works(self) -> None:
        self._backoff.reset()
        if self._said:
            self._said = False
            self._say(f"{self._what} works again.")


async def _next_line(reader: asyncio.StreamReader) -> bytes:
    # not wait_for: in Python 3.11 it swallows a cancellation that comes together with the result
    async with asyncio.timeout(SILENCE_S):
        return await reader.readline()


async def _open_lines(path: Path) -> tuple[asyncio.StreamReader, Callable[[], None]]:
    # O_NONBLOCK: opening a FIFO must not wait for its writer; O_NOCTTY: a receiver must not become our terminal
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    if os.isatty(descriptor):
        tty.setraw(descriptor)
    elif not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("neither a file, a FIFO nor a serial device")
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=MOST_LINE_BYTES)
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader, transport.close
