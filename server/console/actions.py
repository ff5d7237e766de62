"""How the journal and the latest positions reach all consoles of this process.

One reader a process: it is woken by the doorbell, by a bus that has reconnected, and looks by itself once a
second, since doorbells can be lost and a program in a terminal does not ring. What it reads, it reads by number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from server import wire
from server.bus import Body, Bus, Topic
from server.console.backlog import Backlog
from server.console.snapshot import Json
from server.errors import Unavailable
from server.journal.entry import Entry
from server.tasks import TaskOwner

log = structlog.get_logger(__name__)

LOOK_S = 1.0  # R7: at most 3 s after a lost doorbell
LATEST_S = 0.25  # four times a second is as often as a moving marker needs
BEAT_S = 1.0  # the console calls the link lost after 2.5 s of silence
PAGE = 500
WARNED_BEATS = 15  # a warning is told again every 2 s while it holds; whoever fell silent is not believed for longer

After = Callable[[int, int], Awaitable[list[Entry]]]  # seq, limit → entries above seq
LastSeq = Callable[[], Awaitable[int]]
Heard = Callable[[Entry, bytes], None]
StateOf = Callable[[str], Json | None]  # device_id → what to show now


class JournalReader:
    """Follows the journal; hands each entry, packed once, to every listener, in order and without gaps."""

    def __init__(self, after: After, last_seq: LastSeq, bus: Bus, tasks: TaskOwner) -> None:
        self._after = after
        self._last_seq = last_seq
        self._bus = bus
        self._tasks = tasks
        self._wake = asyncio.Event()
        self._reading = asyncio.Lock()
        self._listeners: list[Heard] = []
        self.position = 0  # every entry up to here has been handed on

    def listen(self, listener: Heard) -> None:
        """Call `listener` with every entry from now on."""
        self._listeners.append(listener)

    async def start(self) -> None:
        """Begin behind the newest entry."""
        self.position = await self._last_seq()
        self._bus.subscribe(Topic.JOURNAL, self._rung)
        self._bus.on_reconnect(self._wake.set)
        self._tasks.start(self._follow(), "journal.follow")
        self._tasks.repeat(LOOK_S, self.look, "journal.look")

    async def look(self) -> None:
        """Read if there is something new, doorbell or not; whatever has become of the task that follows the bell."""
        if await self._last_seq() > self.position:
            await self._read_on()

    async def _follow(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._read_on()
            except Unavailable as error:
                log.warning("the journal cannot be read; it is tried again", reason=error.detail)

    async def _read_on(self) -> None:
        async with self._reading:
            while entries := await self._after(self.position, PAGE):
                for entry in entries:
                    self._hand_on(entry)

    def _hand_on(self, entry: Entry) -> None:
        packed = wire.pack_map(entry.as_message())
        self.position = entry.seq
        for listener in self._listeners:
            listener(entry, packed)

    def _rung(self, body: Body) -> None:
        if body.get("seq", 0) > self.position:
            self._wake.set()


class Channel:
    """One console's backlog, and the bell that tells its sender about it."""

    def __init__(self, position: int, overflowed: Callable[[], None]) -> None:
        self.backlog = Backlog(position)
        self.wake = asyncio.Event()
        self._overflowed = overflowed

    def changed(self) -> None:
        """Something was added."""
        if self.backlog.overflowed:
            self._overflowed()
        self.wake.set()


class Consoles:
    """All consoles of this process that have caught up."""

    def __init__(self, reader: JournalReader, bus: Bus, tasks: TaskOwner, *, fix_of: StateOf, unit_of: StateOf) -> None:
        self.reader = reader
        self._bus = bus
        self._tasks = tasks
        self._fix_of = fix_of
        self._unit_of = unit_of
        self._channels: set[Channel] = set()
        self._moved: set[str] = set()
        self._changed: set[str] = set()
        self._warnings: dict[str, tuple[str, int]] = {}  # by data folder: the words, and for how many beats more

    async def start(self) -> None:
        """Begin to spread what is new."""
        self.reader.listen(self._spread_entry)
        await self.reader.start()
        self._bus.subscribe(Topic.LATEST, self._heard)
        self._tasks.repeat(LATEST_S, self.spread_latest, "consoles.latest")
        self._tasks.repeat(BEAT_S, self.beat, "consoles.beat")

    def join(self, channel: Channel) -> None:
        """From now on everything new goes to this console. It must know all entries up to the reader's position."""
        self._channels.add(channel)

    def leave(self, channel: Channel) -> None:
        """It has gone, or is too slow."""
        self._channels.discard(channel)

    def __len__(self) -> int:
        return len(self._channels)

    async def spread_latest(self) -> None:
        """Give every console the newest fixes and units that have changed since the last time."""
        fixes = _packed(self._moved, self._fix_of)
        units = _packed(self._changed, self._unit_of)
        self._moved.clear()
        self._changed.clear()
        if not fixes and not units:
            return
        for channel in tuple(self._channels):
            channel.backlog.add_latest(fixes, units)
            channel.changed()

    async def beat(self) -> None:
        """A sign of life to every console, and what the room must know."""
        self._warnings = {place: (words, left - 1) for place, (words, left) in self._warnings.items() if left > 0}
        warning = "; ".join(sorted({words for words, _ in self._warnings.values()}))
        for channel in tuple(self._channels):
            channel.backlog.add_beat(warning)
            channel.changed()

    def _spread_entry(self, entry: Entry, packed: bytes) -> None:
        for channel in tuple(self._channels):
            channel.backlog.add_entry(entry.seq, packed)
            channel.changed()

    def _heard(self, body: Body) -> None:
        self._moved.update(str(fix["device_id"]) for fix in body.get("fixes", ()))
        self._changed.update(str(unit["device_id"]) for unit in body.get("units", ()))
        for place, words in body.get("warnings", {}).items():
            if words:
                self._warnings[place] = (str(words), WARNED_BEATS)
            else:  # it is over
                self._warnings.pop(place, None)


def _packed(device_ids: set[str], state_of: StateOf) -> dict[str, bytes]:
    states = {device_id: state_of(device_id) for device_id in sorted(device_ids)}
    return {device_id: wire.pack_map(state) for device_id, state in states.items() if state is not None}
