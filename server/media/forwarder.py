"""One track of a camera, fanned out: what came in one wake-up leaves as few sends as possible for each viewer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server.media.feedback import KeyFrameRequests
from server.media.keyframe import starts_key_frame
from server.media.packet import HEADER_SIZE, MARKER_BIT, MAX_PADDING, PADDING_BIT, padded, timestamp_of
from server.media.packet_cache import Entry, PacketCache
from server.media.renumbering import SharedStart
from server.media.source_clock import SourceClock
from server.media.track import VIDEO, DownTrack

# A UDP datagram holds 65,507 bytes, and a kernel splits at most 64 segments from one send.
MAX_RUN_PACKETS = 40
MAX_RUN_BYTES = 58_000
MAX_SEGMENT = 1900  # larger packets are not of this net; each is sent alone, and IP fragments it

VIDEO_CACHE = 1024  # 2 s at 6 Mbit/s, 6 s at 2 Mbit/s; 1.2 MB
AUDIO_CACHE = 128


class Run:
    """Packets of one size, of which the last may be shorter: one send with UDP GSO. `headers` as SRTP needs them.

    `octets` are bytes of RTP; of them `payload` without headers and padding, as a sender report counts (RFC 3550 6.4.1).
    `prepared` is for whoever seals: what it made of the run for several viewers.
    """

    __slots__ = (
        *("count", "entries", "headers", "last_size", "lowest", "newest", "newest_timestamp"),
        *("octets", "payload", "prepared", "size"),
    )

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self.size = len(entries[0][1])
        self.last_size = len(entries[-1][1])
        self.count = len(entries)
        self.octets = self.size * (self.count - 1) + self.last_size
        padding = sum(packet[-1] for _, packet in entries if packet[0] & PADDING_BIT)
        self.payload = self.octets - HEADER_SIZE * self.count - padding
        self.headers = [(p[0], p[1] & MARKER_BIT, sequence, timestamp_of(p)) for sequence, p in entries]
        self.lowest = min(sequence for sequence, _ in entries)
        newest = max(entries)
        self.newest = newest[0]
        self.newest_timestamp = timestamp_of(newest[1])
        self.prepared: dict[Any, Any] = {}

    def __len__(self) -> int:
        return self.count

    def template(self, gap: int) -> bytes:
        """All packets in a row, each followed by `gap` bytes of room for its authentication tag."""
        room = bytes(gap)
        return b"".join([packet + room for _, packet in self.entries])


def make_runs(entries: Sequence[Entry]) -> list[Run]:
    """Cut entries into runs, in order."""
    runs: list[Run] = []
    start = 0
    while start < len(entries):
        end = _run_end(entries, start)
        runs.append(Run(entries[start:end]))
        start = end
    return runs


def _run_end(entries: Sequence[Entry], start: int) -> int:
    size = len(entries[start][1])
    if size > MAX_SEGMENT:
        return start + 1
    last = min(len(entries), start + MAX_RUN_PACKETS, start + max(1, MAX_RUN_BYTES // (size + 16)))
    end = start + 1
    while end < last and len(entries[end][1]) == size:
        end += 1
    if end < last and len(entries[end][1]) < size:  # the last one may be shorter
        end += 1
    return end


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
        self._keys: list[bool] = []
        self._downs: list[DownTrack] = []
        self._waiting: list[DownTrack] = []
        self._key_timestamp = b""

    @property
    def watchers(self) -> int:
        """How many take it, or wait to."""
        return len(self._downs) + len(self._waiting)

    def ask_key_frame(self) -> None:
        """See UpTrack. Sound has none: it would be asked for four times a second, for ever."""
        if self.kind == VIDEO:
            self.key_frames.ask()

    def add(self, down: DownTrack, now: float) -> None:
        """Start with the cached key frame, if there is one, else with the next (for sound: at once)."""
        self.remove(down)
        cached = self.cache.since_key_frame() if self.kind == VIDEO else []
        # A long burst would come later than the fresh key frame that is asked for below.
        if cached and len(cached) < VIDEO_CACHE // 2:
            down.enter(self, cached, now)
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

        What it sends until then nobody can decode; and a receiver that saw the gap might wait for its packets (aiortc:
        until 128 others have come, which took a poor picture 13 s).
        """
        patient = [down for down in self._downs if not down.takes_holes]
        self._waiting += [down for down in patient if down not in self._waiting]
        self._downs = [down for down in self._downs if down.takes_holes]
        self.ask_key_frame()

    def remove(self, down: DownTrack) -> None:
        """Send it nothing more. No error if it is unknown."""
        if down in self._downs:
            self._downs.remove(down)
        if down in self._waiting:
            self._waiting.remove(down)

    def push(self, sequence: int, packet: bytes, now: float) -> None:
        """A canonical packet with its extended sequence number came at `now` (monotonic seconds)."""
        self.last_packet_at = now
        self._batch.append((sequence, packet))
        self._keys.append(self._is_entry(packet))

    def _is_entry(self, packet: bytes) -> bool:
        """Whether a decoder can start here: sound anywhere, a picture where a key frame starts."""
        if self.kind != VIDEO:
            return True
        if not starts_key_frame(self.codec, packet):
            return False
        self.key_frames.satisfied()
        # SPS, PPS and IDR share a timestamp: only the first packet of them is the way in.
        timestamp = packet[4:8]
        is_first = timestamp != self._key_timestamp
        self._key_timestamp = timestamp
        return is_first

    def flush(self, now: float) -> None:
        """Send what was pushed since the last flush. Only now is it kept: padded, as every viewer gets it."""
        batch, keys = self._batch, self._keys
        if not batch:
            return
        self._batch, self._keys = [], []
        if self.kind == VIDEO and len(batch) > 1:
            _equalise(batch)
        for (sequence, packet), key in zip(batch, keys, strict=True):
            self.cache.put(sequence, packet, key=key)
        if self._downs:
            runs = make_runs(batch)
            for down in tuple(self._downs):  # one whose queue is full takes itself out
                down.deliver(self, runs, now)
        if self._waiting and True in keys:
            # of a key frame, from the cache: what follows its first packet in number may have come before it
            self._let_in(self.cache.since_key_frame() if self.kind == VIDEO else batch, now)

    def _let_in(self, entries: Sequence[Entry], now: float) -> None:
        if not entries:  # a key frame that was overtaken by a whole cache
            return
        entering, self._waiting = self._waiting, []
        self._downs += entering
        for down in entering:
            down.enter(self, entries, now)


def _equalise(batch: list[Entry]) -> None:
    """Pad all but the last packet to one size, so that one send takes them (media.md: 1.4 % more bytes)."""
    largest = max(len(packet) for _, packet in batch)
    for index, (sequence, packet) in enumerate(batch[:-1]):
        if 0 < largest - len(packet) <= MAX_PADDING:
            batch[index] = (sequence, padded(packet, largest))
