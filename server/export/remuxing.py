"""A film is muxed: the same coded pictures and sound, not coded anew, each at its time on the server's clock.

Where nothing was recorded the last picture stands. Its sound must not: players take sound to follow on the sound before,
and what comes after a gap would be early by as much; so silence is laid in. Everything here blocks.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import av
from av.container import InputContainer

from server.export.descriptions import Change, avc1_of, describe, parameter_sets
from server.export.film import Film
from server.replay.footage import Placed

CHUNK = 1 << 20
KINDS = ("video", "audio")
SILENCE = b"\xf8\xff\xfe"  # Opus: 20 ms of nothing (RFC 6716, 3.1: full band, one frame)
SILENCE_S = 0.02
SPS, DELIMITER = 7, 9  # ITU-T H.264, table 7-1: what a key frame with its parameter sets begins with
SILENT_S = 0.06  # shorter holes are lost packets, which a decoder conceals

OpenFile = Callable[[], BinaryIO]
Open = Callable[[str, str], BinaryIO]  # recording's id, file


def remux(film: Film, opened: Open, target: Path, words: str, on_read: Callable[[int], None]) -> None:
    """Write the film at `target`. Raises OSError, NotFound, BoxError where its index cannot be read, and whatever `on_read` (bytes) does."""
    # An MP4's index goes to its beginning, so that a player of its address need not fetch all of it first.
    options = {"movflags": "faststart"} if film.format == "mp4" else {}
    with av.open(str(target), "w", format=film.format, options=options) as made:
        made.metadata.update({"title": film.name.rsplit("/", 1)[-1], "comment": words})
        writing = _Writing(made, film, opened)
        for run in film.runs():
            writing.add(run, on_read)
    if writing.changes:
        describe(target, writing.description, writing.changes)


class _Writing:
    """One film, as far as it is written."""

    def __init__(self, made: Any, film: Film, opened: Open) -> None:
        self._made = made
        self._opened = opened
        self._origin = film.start
        self._streams: dict[str, Any] = {}
        self._last: dict[str, Fraction] = {}  # seconds: when each kind's last packet is decoded
        self._kinds = self._described(film) if film.format == "mp4" else {}
        self.description = b""  # of the pictures that it begins with
        self.changes: list[Change] = []
        self._pictures = 0
        self._make_streams(film)

    def _described(self, film: Film) -> dict[tuple[str, str], bytes]:
        """By recording and initialisation, where there is more than one kind of picture: what each describes."""
        found = dict[tuple[str, str], bytes]()
        for run in film.runs():
            with self._opened(run[0].recording_id, run[0].init) as file:
                found[run[0].recording_id, run[0].init] = avc1_of(file.read())
        return found if len({*filter(None, found.values())}) > 1 else {}

    def _make_streams(self, film: Film) -> None:
        """Of pictures and sound what the first run that has them has."""
        for number, run in enumerate(film.runs()):
            with self._read(run[:1]) as taken:
                self._take_streams(taken, run[0])
                if number == 0:  # sound may be older than the first picture: it begins the film
                    self._origin += min(0.0, _begins(taken) - run[0].start)
            if len(self._streams) == len(KINDS):
                break

    def _take_streams(self, taken: InputContainer, of: Placed) -> None:
        """Those of a kind that is not there yet."""
        new = [stream for stream in taken.streams if stream.type not in self._streams]
        for stream in new:
            self._streams[stream.type] = self._made.add_stream_from_template(stream)
        if any(stream.type == "video" for stream in new):
            self.description = self._kinds.get((of.recording_id, of.init), b"")

    def _read(self, run: Sequence[Placed]) -> InputContainer:
        files = [run[0].init, *(segment.file for segment in run)]
        source = Joined([partial(self._opened, run[0].recording_id, name) for name in files])
        return av.open(source, "r", format="mp4")

    def add(self, run: Sequence[Placed], on_read: Callable[[int], None]) -> None:
        """Segments of one recording and one initialisation."""
        shift = run[0].at - run[0].start - self._origin
        kind = self._kinds.get((run[0].recording_id, run[0].init), b"")
        with self._read(run) as taken:
            for packet in taken.demux():
                if packet.dts is None or packet.time_base is None:
                    continue
                on_read(packet.size)
                self._add(packet, kind, shift)

    def _add(self, packet: Any, kind: bytes, shift: float) -> None:
        if packet.stream.type == "audio":
            self._silence_until(float(packet.dts * packet.time_base) + shift, packet.time_base)
        elif packet.is_keyframe and kind:
            packet = self._named(packet, kind)
        self._put(packet, packet.stream.type, round(shift / packet.time_base))

    def _named(self, packet: Any, kind: bytes) -> Any:
        """A key frame of a film with several kinds of pictures: it has its own parameter sets with it, as what a camera sends
        has anyway. Some players (Chromium) read the index' first description alone, and stop at a leap back over a change.
        """
        if kind != (self.changes[-1].description if self.changes else self.description):
            self.changes.append(Change(self._pictures, kind))
        content = bytes(packet)
        if len(content) > 4 and content[4] & 31 in (SPS, DELIMITER):
            return packet
        named = av.Packet(parameter_sets(kind) + content)
        for name in ("pts", "dts", "time_base", "is_keyframe", "stream"):
            setattr(named, name, getattr(packet, name))
        return named

    def _put(self, packet: Any, kind: str, shift: int) -> None:
        """Not before the packet before it: what is read of two recordings may overlap by a few."""
        base = packet.time_base
        dts = max(packet.dts + shift, math.floor(self._last.get(kind, Fraction(-1)) / base) + 1, 0)
        packet.pts = max(dts, (packet.pts if packet.pts is not None else packet.dts) + shift)
        packet.dts = dts
        self._last[kind] = dts * base
        self._pictures += kind == "video"
        packet.stream = self._streams[kind]
        self._made.mux(packet)

    def _silence_until(self, at: float, base: Fraction) -> None:
        """Lay in silence from the end of the sound before, if it ended well before `at` (s)."""
        last = self._last.get("audio")
        if last is None or at - float(last) - SILENCE_S < SILENT_S:
            return
        until = float(last) + SILENCE_S
        while until + SILENCE_S <= at:
            packet = av.Packet(SILENCE)
            packet.time_base, packet.dts = base, round(until / base)
            self._put(packet, "audio", 0)
            until += SILENCE_S


def _begins(taken: InputContainer) -> float:
    """The least time (s) in an initialisation and its first segment."""
    times = [(one.dts, one.time_base) for one in taken.demux()]
    return min((float(dts * base) for dts, base in times if dts is not None and base is not None), default=0.0)


class Joined(io.RawIOBase):
    """Files one after the other, read once from the beginning."""

    def __init__(self, files: Sequence[OpenFile]) -> None:
        self._left = list(reversed(files))
        self._file: BinaryIO | None = None

    def close(self) -> None:
        """Also when it was not read to its end."""
        if self._file is not None:
            self._file.close()
        super().close()

    def readable(self) -> bool:
        """See RawIOBase."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Some bytes; none at the end."""
        while self._file is not None or self._left:
            if self._file is None:
                self._file = self._left.pop()()
            found = self._file.read(size if size > 0 else CHUNK)
            if found:
                return found
            self._file.close()
            self._file = None
        return b""
