"""One track of a camera, fanned out: what came in one wake-up leaves as few sends as possible for each viewer."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from server.media.feedback import KeyFrameRequests
from server.media.keyframe import begins_with_sets, starts_key_frame
from server.media.packet import MAX_PADDING, filler, is_filler, padded, timestamp_of
from server.media.packet_cache import Entry, PacketCache
from server.media.renumbering import SharedStart
from server.media.run import Numbers, make_runs
from server.media.source_clock import SourceClock
from server.media.track import VIDEO, DownTrack
from server.media.unison import Member, Unison

VIDEO_CACHE = 1024  # 2 s at 6 Mbit/s; 1.2 MB
KEPT = 320  # packets, or …
KEPT_S = 2.0  # … if that is more: what is missed for longer can be shown by nobody any more …
LET_GO_S = 0.25  # how often that is looked at: at each flush it took 11 µs of the 600 that a picture for four costs
ENTERED = VIDEO_CACHE // 2  # … but the last key frame and what came since, up to so many packets, lets a viewer in
BEFORE_KEY = 64  # packets before a key frame, by which it is known that nothing of it lies further back
AUDIO_CACHE = 128
FILLED_BACK = 512  # packets, among which holes are filled after an outage
FILLED_AFTER = 64  # packets before a hole, among which one that is kept tells the hole's picture


class Forwarder:
    """An UpTrack with its DownTracks. `push` what came in, then `flush` once per wake-up."""

    def __init__(self, kind: str, layer: str, codec: str, clock_rate: int) -> None:
        self.kind = kind
        self.layer = layer
        self.codec = codec
        self.clock = SourceClock(clock_rate)
        self.cache = PacketCache(VIDEO_CACHE if kind == VIDEO else AUDIO_CACHE)
        self.key_frames = KeyFrameRequests()
        self.start = SharedStart()
        self.last_packet_at: float | None = None
        self._batch: list[Entry] = []
        self._kept: deque[tuple[float, int]] = deque()  # of KEPT_S: when it was looked at, the newest packet then
        self._let_go_at = 0.0
        self._keys: set[int] = set()  # of the batch, those that a key frame starts with
        self._downs: list[DownTrack] = []
        self._unisons: dict[Numbers, Unison] = {}
        self._waiting: list[DownTrack] = []
        self._holes: list[int] | None = None  # while all wait for a key frame: what they miss of before
        self._key_timestamp: int | None = None
        self._opens = False  # a key frame has begun that nobody who waits was let in by

    @property
    def watchers(self) -> int:
        """How many take it, or wait to."""
        return len(self._downs) + len(self._waiting) + sum(len(one) for one in self._unisons.values())

    def ask_key_frame(self) -> None:
        """See UpTrack. Sound has none: it would be asked for four times a second, for ever."""
        if self.kind == VIDEO:
            self.key_frames.ask()

    def add(self, down: DownTrack, now: float) -> None:
        """Start with the cached key frame, if there is one, else with the next (for sound: at once)."""
        self.remove(down)
        cached = self.cache.since_key_frame() if self.kind == VIDEO else []
        # A long burst would come later than the fresh key frame that is asked for below.
        if cached and len(cached) < ENTERED and self._holes is None and self.way_in is not None:
            down.enter(self, _for(down, cached), now)
            self._downs.append(down)
        else:
            self._waiting.append(down)
        self.ask_key_frame()

    def add_at_key_frame(self, down: DownTrack) -> None:
        """Start with the next key frame: `down` is sent another layer until then, or nothing."""
        self.remove(down)
        self._waiting.append(down)
        self.ask_key_frame()

    def start_again(self) -> None:
        """The camera was away for longer than can be repaired: all go on at its next key frame.

        What it sends until then nobody can decode. The holes of before are filled then, not now: a receiver would show
        what it holds back behind them.
        """
        self._part()
        self._opens = False
        patient = [down for down in self._downs if not down.takes_holes]
        self._waiting += [down for down in patient if down not in self._waiting]
        self._downs = [down for down in self._downs if down.takes_holes]
        if self._holes is None:
            newest = self.cache.newest or 0
            self._holes = [n for n in range(newest - FILLED_BACK, newest) if self.cache.get(n) is None]
        self.ask_key_frame()

    def fill(self, lost: Sequence[int], now: float) -> None:
        """These extended numbers will never come, and a key frame has come since: viewers get packets without content.

        A receiver might wait for what it misses (aiortc: until 128 others have come, which took a poor picture 14 s).
        Who takes holes is to see them.
        """
        entries = self._filled([number for number in lost if self.cache.get(number) is None])
        if not entries:
            return
        runs = make_runs(entries)
        for unison in self._unisons.values():
            unison.send(runs)
        for down in tuple(self._downs):
            if not down.takes_holes:
                down.deliver(self, runs, now)

    def _filled(self, numbers: Sequence[int]) -> list[Entry]:
        """What viewers are sent under these numbers: what has come by now, else a filler, which is kept: it is repaired
        with the same bytes.
        """
        entries: list[Entry] = []
        for number in sorted(numbers):
            packet = self.cache.get(number) or self._filler(number)
            if packet is not None:
                entries.append((number, packet))
                self.cache.put(number, packet)
        return entries

    def fillers(self, start: int, end: int) -> list[Entry]:
        """For what has not come of the extended numbers from `start` up to `end`, for one viewer who goes elsewhere: others
        may still be sent the packets themselves, so these are not kept.
        """
        numbers = range(max(start, end - FILLED_BACK), end)
        found = ((number, self._filler(number)) for number in numbers if self.cache.get(number) is None)
        return [(number, packet) for number, packet in found if packet is not None]

    def _filler(self, number: int) -> bytes | None:
        """None where nothing has gone out behind it, or nothing before it is kept."""
        newest = self.cache.newest
        if newest is None or number > newest or self.cache.is_old(number):
            return None
        kept = (self.cache.get(before) for before in range(number - 1, number - 1 - FILLED_AFTER, -1))
        beside = next((packet for packet in kept if packet is not None), None)
        return filler(beside, number) if beside is not None else None

    def remove(self, down: DownTrack) -> None:
        """Send it nothing more. No error if it is unknown."""
        if down in self._downs:
            self._downs.remove(down)
        if down in self._waiting:
            self._waiting.remove(down)
        for unison in self._unisons.values():
            unison.remove(down)
        self._unisons = {numbers: one for numbers, one in self._unisons.items() if len(one)}

    def unite(self, member: Member, numbers: Numbers) -> None:
        """`member`, which was just sent the last runs, is from now on served together with all who see the same
        numbers; it stays alone if it is not as far as they are.
        """
        if member not in self._downs:  # the camera began anew while the last runs were sent
            return
        unison = self._unisons.get(numbers)
        if unison is None:
            unison = self._unisons[numbers] = Unison(numbers, replace(member.progress))
        if unison.admit(member):
            self._downs.remove(member)

    def _part(self) -> None:
        """Everybody alone again."""
        for unison in self._unisons.values():
            for member in unison.members:
                unison.remove(member)
                self._downs.append(member)
        self._unisons = {}

    def push(self, sequence: int, packet: bytes, now: float) -> bool:
        """A canonical packet with its extended sequence number came at `now` (monotonic seconds). Returns whether it is the
        first since the last flush.
        """
        self.last_packet_at = now
        batch = self._batch
        batch.append((sequence, packet))
        if self.kind == VIDEO and starts_key_frame(self.codec, packet):
            self._keys.add(sequence)
        return len(batch) == 1

    @property
    def way_in(self) -> int | None:
        """Where the last key frame starts, once it is sure that nothing of it lies further back: an IDR may have overtaken
        its parameter sets, without which nobody can decode it. None before.
        """
        at = self.cache.key_at
        first = self.cache.get(at) if at is not None else None
        if at is None or first is None or begins_with_sets(self.codec, first):
            return at if first is not None else None
        before, timestamp = at - 1, timestamp_of(first)
        while (packet := self.cache.get(before)) is not None and not is_filler(packet):
            if timestamp_of(packet) != timestamp:
                return at
            before -= 1
        return None

    def _note_key_frame(self) -> bool:
        """Something of a key frame came: whether those who wait can be let in by it now."""
        first = self.cache.get(self.cache.key_at or 0)
        timestamp = timestamp_of(first) if first is not None else None
        if timestamp != self._key_timestamp:
            self._key_timestamp = timestamp
            self._opens = True
        if not self._opens or self.way_in is None:
            return False
        self._opens = False
        self.key_frames.satisfied()
        return True

    def flush(self, now: float) -> None:
        """Send what was pushed since the last flush. Only now is it kept: padded, as every viewer gets it."""
        batch, keys = self._batch, self._keys
        if not batch:
            return
        self._batch = []
        if keys:
            self._keys = set()
        if self.kind == VIDEO and len(batch) > 1:
            _equalise(batch)
        self.cache.put_all(batch, keys)
        if now >= self._let_go_at:
            self._let_go(now)
        if self._downs or self._unisons:
            runs = make_runs(batch)
            for unison in self._unisons.values():
                unison.send(runs)
            for down in tuple(self._downs):  # one whose queue is full takes itself out
                down.deliver(self, runs, now)
        if self.kind != VIDEO:
            entries: Sequence[Entry] = batch
        elif (self._opens or keys) and self._note_key_frame():
            # from the cache: what follows its first packet in number may have come before it
            entries = self.cache.since_key_frame()
        else:
            return
        if self._waiting:
            self._let_in(entries, now)

    def _let_go(self, now: float) -> None:
        """Of what nobody will ask for again."""
        self._let_go_at = now + LET_GO_S
        newest, kept, before = self.cache.newest or 0, self._kept, None
        kept.append((now, newest))
        while kept[0][0] < now - KEPT_S:
            before = kept.popleft()[1]
        if before is None or self._holes is not None:  # what is missed of before is filled at the next key frame
            return
        before, key_at = min(before, newest - KEPT), self.cache.key_at
        if key_at is not None and newest - key_at < ENTERED:
            before = min(before, key_at - BEFORE_KEY)
        self.cache.let_go(before)

    def _let_in(self, entries: Sequence[Entry], now: float) -> None:
        if not entries:  # a key frame that was overtaken by a whole cache
            return
        entering, self._waiting = self._waiting, []
        missed, self._holes = self._filled(self._holes or []), None
        for down in entering if missed else ():
            down.complete(self, missed)
        self._downs += entering
        for down in entering:
            down.enter(self, _for(down, entries), now)


def _for(down: DownTrack, entries: Sequence[Entry]) -> Sequence[Entry]:
    """Kept packets, without what only fills a hole for those who cannot take one."""
    return [entry for entry in entries if not is_filler(entry[1])] if down.takes_holes else entries


def _equalise(batch: list[Entry]) -> None:
    """Pad all but the last packet to one size, so that one send takes them (media.md: 1.4 % more bytes)."""
    sizes = [len(packet) for _, packet in batch]
    largest = max(sizes)
    for index, size in enumerate(sizes[:-1]):
        if 0 < largest - size <= MAX_PADDING:
            sequence, packet = batch[index]
            batch[index] = (sequence, padded(packet, largest))
