"""Sound and picture of what was recorded over a bad link are in step, as FFmpeg's own programs and libraries read the file.

The link loses, delays, doubles and reorders, by a seed and by a clock of its own. What is lost is sent again, as an answer
to a NACK would be, and may be lost again. Each picture and each packet of sound is another, so that of every sample in the
file it is known when it was captured.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from random import Random

import av
import pytest

from server.media.feedback import SenderReport
from server.media.forwarder import Forwarder
from server.media.packet_cache import Entry
from server.media.track import AUDIO, VIDEO
from server.recording.depacketiser import SLICES
from server.recording.fmp4 import h264_sample
from server.recording.order import RecordingOrder
from server.recording.recorder import STEP_S, Tape
from server.recording.segment import Segment
from server.recording.segmenter import Stretch, muxed
from tests.server.recording.coded import FPS, OPUS_S, h264, h264_payloads, opus, packets

T0 = 1_800_000_000.0  # server's Unix time of monotonic 0
NTP_EPOCH = 2_208_988_800
CAMERA_AHEAD_S = 3.2  # its clock
SECONDS = 20
KEY_EVERY = 24  # pictures: 1.6 s
REPORT_S = 1.0
FIRST = {VIDEO: 4_294_900_000, AUDIO: 77_000}  # RTP timestamps: the picture's is to wrap
RATE = {VIDEO: 90_000, AUDIO: 48_000}
IN_STEP_S = 0.04
LOSS, AGAIN, AGAIN_S, DOUBLED = 0.08, 2, 0.1, 0.02  # of packets; how often it is sent again, and after how long
DELAY_S, JITTER_S = 0.04, 0.12
FIRST_S = 0.1  # comes as it was sent: without its first key frame there is no picture to be in step


@dataclass(frozen=True)
class Sample:
    """One that the file holds: "video" or "audio", its time in it in seconds, and the SHA-256 of its bytes."""

    kind: str
    at: float
    digest: str


@dataclass(frozen=True)
class Recorded:
    """The segments; when each sample was captured, in seconds of the server's clock after T0; the packets lost for ever."""

    segments: list[Segment]
    captured: dict[str, float]
    lost: int

    @property
    def film(self) -> bytes:
        return self.segments[0].init + b"".join(one.data for one in self.segments)


class Kept:
    """What a Writing is given."""

    def __init__(self) -> None:
        self.order = RecordingOrder("20261128T204600Z-et17-3fa2c1d0", "et17", "ET17", None, "officer", T0)
        self.stretches: list[Stretch] = []
        self.troubles: list[str] = []

    def note_trouble(self, reason: str) -> None:
        self.troubles += [reason] if reason else []

    def put(self, stretch: Stretch, earliest: float | None = None, *, prerecord: bool = False) -> None:
        self.stretches.append(stretch)


def test_sound_and_picture_are_in_step_in_every_segment_after_loss_and_reordering(tmp_path: Path) -> None:
    for seed in range(4):
        found = recorded(seed)
        assert found.lost > 0
        readers: list[Callable[[bytes], list[Sample]]] = [by_library]
        if shutil.which("ffprobe") is not None:
            readers.append(lambda film: by_program(tmp_path / "film.mp4", film))
        for read in readers:
            apart = out_of_step(found, read(found.film))
            print(f"seed {seed}: {found.lost} packets lost, at most {max(apart) * 1000:.1f} ms apart")
            assert len(apart) == len(found.segments) >= SECONDS / 2
            assert max(apart) <= IN_STEP_S


def test_the_program_reads_what_was_recorded_as_the_library_does(tmp_path: Path) -> None:
    if shutil.which("ffprobe") is None:
        pytest.skip("the program `ffprobe` is not installed")
    film = recorded(7).film
    samples = [
        sorted(read, key=lambda one: (one.kind, one.at))
        for read in (by_library(film), by_program(tmp_path / "film.mp4", film))
    ]
    assert [(one.kind, one.digest) for one in samples[0]] == [(one.kind, one.digest) for one in samples[1]]
    assert max(abs(one.at - other.at) for one, other in zip(*samples, strict=True)) < 1e-4


def recorded(seed: int) -> Recorded:
    """Some seconds of picture and sound, sent over the link and recorded."""
    chance = Random(seed)
    forwarders = {VIDEO: Forwarder(VIDEO, "main", "H264", 90_000), AUDIO: Forwarder(AUDIO, "main", "opus", 48_000)}
    tape, kept, captured = Tape("et17", 0.0), Kept(), dict[str, float]()
    tape.begin(kept, 0.0, T0)  # type: ignore[arg-type]
    arriving: list[tuple[float, str, Entry | SenderReport]] = []
    for at, kind, sent in [*pictures(captured), *sounds(captured)]:
        arriving += [(came, kind, packet) for packet in sent for came in arrivals(chance, at)]
    for at, kind in ((REPORT_S * number + 0.3, kind) for number in range(SECONDS) for kind in forwarders):
        arriving.append((at + DELAY_S + chance.random() * JITTER_S, kind, report(at, kind)))
    step, attached = STEP_S, set[str]()
    for now, kind, what in sorted(arriving, key=lambda one: one[0]):
        while step < now:
            tape.step(step, T0 + step)
            step += STEP_S
        forwarder = forwarders[kind]
        if isinstance(what, SenderReport):
            forwarder.clock.note_report(what, T0 + now)
            continue
        sequence, packet = what
        forwarder.clock.note_packet(int.from_bytes(packet[4:8], "big"), T0 + now)
        forwarder.push(sequence, packet, now)
        forwarder.flush(now)
        if kind not in attached:
            attached.add(kind)
            tape.attach(forwarder, now, T0 + now)
    tape.step(step + 2, T0 + step + 2)
    tape.end(step + 2, T0 + step + 2)
    assert kept.troubles == []
    segments = [muxed(one, number, T0, sound=True) for number, one in enumerate(kept.stretches, 1)]
    return Recorded(segments, captured, sum(hole.packets for one in kept.stretches for hole in one.holes))


def pictures(captured: dict[str, float]) -> Iterable[tuple[float, str, list[Entry]]]:
    """Each with a unit of its own (SEI), which says which one it is."""
    sequence = 70_000
    for index, coded in enumerate(h264(SECONDS * FPS, key_every=KEY_EVERY)):
        at = index / FPS
        told = b"\x06\x05\x10" + f"{index:016d}".encode() + b"\x80"
        first = next(place for place, unit in enumerate(coded.units) if unit[0] & 31 in SLICES)
        units = [*coded.units[:first], told, *coded.units[first:]]
        captured[sha256(h264_sample(units)).hexdigest()] = at
        sent = packets([(stamp(at, VIDEO), h264_payloads(units))], sequence)
        sequence += len(sent)
        yield at, VIDEO, sent


def sounds(captured: dict[str, float]) -> Iterable[tuple[float, str, list[Entry]]]:
    for index, packet in enumerate(opus(int(SECONDS / OPUS_S), noise=True)):
        at = index * OPUS_S
        captured[sha256(packet).hexdigest()] = at
        yield at, AUDIO, packets([(stamp(at, AUDIO), [packet])], 80_000 + index)


def arrivals(chance: Random, sent: float) -> Iterable[float]:
    """When what is sent then comes: mostly once, sometimes never, sometimes twice."""
    if sent < FIRST_S:
        return [sent + DELAY_S]
    for attempt in range(1 + AGAIN):
        if chance.random() >= LOSS * (2 if attempt else 1):
            came = sent + attempt * AGAIN_S + DELAY_S + chance.random() ** 3 * JITTER_S
            return [came, came + JITTER_S] if chance.random() < DOUBLED else [came]
    return []


def stamp(at: float, kind: str) -> int:
    return (FIRST[kind] + round(at * RATE[kind])) & 0xFFFFFFFF


def report(at: float, kind: str) -> SenderReport:
    ntp = int((T0 + at + CAMERA_AHEAD_S + NTP_EPOCH) * 2**32)
    return SenderReport(7, ntp, stamp(at, kind), 0, 0)


def out_of_step(found: Recorded, samples: list[Sample]) -> list[float]:
    """Of each segment: how far a picture and a packet of sound in it are apart beyond what they were when captured."""
    known = [(one, one.at - found.captured[one.digest]) for one in samples if one.digest in found.captured]
    assert len(known) > 0.9 * len(samples)  # of the others a packet never came
    apart = []
    for segment in found.segments:
        own = [(one, off) for one, off in known if segment.start <= one.at < segment.start + segment.duration]
        shown, heard = ([off for one, off in own if one.kind == kind] for kind in (VIDEO, AUDIO))
        apart.append(max(max(shown) - min(heard), max(heard) - min(shown)))
    return apart


def by_library(film: bytes) -> list[Sample]:
    with av.open(io.BytesIO(film), "r") as container:
        return [
            Sample(packet.stream.type, float(packet.pts * packet.time_base), sha256(bytes(packet)).hexdigest())
            for packet in container.demux()
            if packet.pts is not None and packet.time_base is not None
        ]


def by_program(path: Path, film: bytes) -> list[Sample]:
    path.write_bytes(film)
    words = ["ffprobe", "-v", "error", "-show_packets", "-show_data_hash", "sha256", "-of", "json", str(path)]
    told = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)["packets"]
    return [
        Sample(one["codec_type"], float(one["pts_time"]), one["data_hash"].removeprefix("SHA256:").lower())
        for one in told
    ]
