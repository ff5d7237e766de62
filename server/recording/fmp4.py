"""Coded pictures and sound as fragmented MP4: ISO/IEC 14496-12, -15 (H.264), Opus in ISO-BMFF, VP in ISO-BMFF, CMAF. Pure.

Our own, because PyAV can give a track its parameter sets only by opening an encoder for it; and so every NAL unit stays
as it came, which a muxer that tidies up does not promise. One initialisation segment, then media segments of one moof and
one mdat, each of which plays behind it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from server.recording.picture_size import parse_sps

PICTURE_TRACK = 1
SOUND_TRACK = 2
PICTURE_RATE = 90_000  # ticks a second, as in RTP
SOUND_RATE = 48_000

IS_SYNC = 0x02000000  # sample_depends_on 2: on no other
IS_NOT_SYNC = 0x01010000  # depends on others; sample_is_non_sync_sample
MATRIX = struct.pack("!9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
UNDETERMINED = 0x55C4  # the language "und", packed
SAMPLE = struct.Struct("!III")


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """What a decoder must know first. H.264 has its parameter sets, VP8 none."""

    codec: str  # "h264" or "vp8"
    width: int
    height: int
    sps: bytes = b""
    pps: bytes = b""


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture or packet of sound. `duration` in ticks of its track."""

    data: bytes
    duration: int
    is_key: bool = True


@dataclass(frozen=True, slots=True)
class TrackRun:
    """Consecutive samples of one track; `start` in its ticks since the beginning of the recording."""

    track_id: int
    start: int
    samples: Sequence[Sample]


def h264_sample(units: Sequence[bytes]) -> bytes:
    """NAL units, each behind its length."""
    return b"".join(part for unit in units for part in (len(unit).to_bytes(4, "big"), unit))


def initialisation(picture: PictureFormat | None, *, sound: bool) -> bytes:
    """ftyp and moov for these tracks. Raises SizeError if the parameter set says nothing."""
    tracks, extends = b"", b""
    if picture is not None:
        tracks += _track(PICTURE_TRACK, PICTURE_RATE, _visual_entry(picture), picture.width, picture.height)
        extends += _box(b"trex", struct.pack("!6I", 0, PICTURE_TRACK, 1, 0, 0, 0))
    if sound:
        tracks += _track(SOUND_TRACK, SOUND_RATE, _opus_entry())
        extends += _box(b"trex", struct.pack("!6I", 0, SOUND_TRACK, 1, 0, 0, IS_SYNC))
    header = _box(b"mvhd", struct.pack("!5I", 0, 0, 0, 1000, 0), b"\0\1\0\0\1\0", bytes(10), MATRIX, bytes(24), _u32(3))
    kind = _box(b"ftyp", b"iso6", _u32(0), b"iso6cmfcmp41")
    return kind + _box(b"moov", header, tracks, _box(b"mvex", extends))


def media_segment(number: int, runs: Sequence[TrackRun]) -> bytes:
    """moof and mdat. `number` is told in mfhd."""
    # Each run's place in mdat is an offset from moof's start, whose size does not depend on it.
    size = len(_moof(number, runs, 0))
    head = _moof(number, runs, size + 8)
    return head + _box(b"mdat", *(sample.data for run in runs for sample in run.samples))


def _moof(number: int, runs: Sequence[TrackRun], offset: int) -> bytes:
    parts = [_box(b"mfhd", struct.pack("!II", 0, number))]
    for run in runs:
        parts.append(_traf(run, offset))
        offset += sum(len(sample.data) for sample in run.samples)
    return _box(b"moof", *parts)


def _traf(run: TrackRun, offset: int) -> bytes:
    head = _box(b"tfhd", struct.pack("!II", 0x020000, run.track_id))  # default-base-is-moof
    start = _box(b"tfdt", struct.pack("!IQ", 0x01000000, run.start))
    told = b"".join(
        SAMPLE.pack(one.duration, len(one.data), IS_SYNC if one.is_key else IS_NOT_SYNC) for one in run.samples
    )
    # data-offset, and for each sample duration, size and flags
    trun = _box(b"trun", struct.pack("!IIi", 0x000701, len(run.samples), offset), told)
    return _box(b"traf", head, start, trun)


def _track(number: int, rate: int, entry: bytes, width: int = 0, height: int = 0) -> bytes:
    is_picture = width > 0
    place = bytes(8) + struct.pack("!hhHH", 0, 0, 0 if is_picture else 0x0100, 0)
    # enabled, in the film, in its preview
    head = _box(
        b"tkhd", struct.pack("!6I", 7, 0, 0, number, 0, 0), place, MATRIX, _u32(width << 16), _u32(height << 16)
    )
    media = _box(b"mdhd", struct.pack("!5IHH", 0, 0, 0, rate, 0, UNDETERMINED, 0))
    kind, name = (b"vide", b"picture\0") if is_picture else (b"soun", b"sound\0")
    handler = _box(b"hdlr", _u32(0), _u32(0), kind, bytes(12), name)
    info = _box(b"vmhd", _u32(1), bytes(8)) if is_picture else _box(b"smhd", bytes(8))
    where = _box(b"dinf", _box(b"dref", struct.pack("!II", 0, 1), _box(b"url ", _u32(1))))  # 1: in this very file
    empty = _box(b"stts", bytes(8)) + _box(b"stsc", bytes(8)) + _box(b"stsz", bytes(12)) + _box(b"stco", bytes(8))
    table = _box(b"stbl", _box(b"stsd", struct.pack("!II", 0, 1), entry), empty)
    return _box(b"trak", head, _box(b"mdia", media, handler, _box(b"minf", info, where, table)))


def _visual_entry(picture: PictureFormat) -> bytes:
    name, setup = (b"avc1", _avcc(picture)) if picture.codec == "h264" else (b"vp08", _vpcc())
    size = struct.pack("!HHIII", picture.width, picture.height, 0x480000, 0x480000, 0)  # 72 dpi
    return _box(name, bytes(6), struct.pack("!H", 1), bytes(16), size, struct.pack("!H32sHh", 1, b"", 24, -1), setup)


def _avcc(picture: PictureFormat) -> bytes:
    """14496-15 5.3.3.1; lengths of four bytes."""
    sps = parse_sps(picture.sps)
    more = b""
    if sps.profile in (100, 110, 122, 144):
        more = bytes((0xFC | sps.chroma_format, 0xF8 | sps.luma_depth - 8, 0xF8 | sps.chroma_depth - 8, 0))
    head = bytes((1, sps.profile, sps.constraints, sps.level, 0xFF))
    sets = b"\xe1" + struct.pack("!H", len(picture.sps)) + picture.sps + b"\1" + struct.pack("!H", len(picture.pps))
    return _box(b"avcC", head, sets, picture.pps, more)


def _vpcc() -> bytes:
    """Profile 0, level 1.0, 8 bit, 4:2:0, colours not told."""
    return _box(b"vpcC", _u32(0x01000000), bytes((0, 10, 8 << 4 | 1 << 1, 2, 2, 2)), bytes(2))


def _opus_entry() -> bytes:
    """Two channels, as WebRTC has it whatever the packets hold (RFC 7587); no pre-skip in the middle of a stream."""
    setup = _box(b"dOps", struct.pack("!BBHIhB", 0, 2, 0, SOUND_RATE, 0, 0))
    return _box(
        b"Opus", bytes(6), struct.pack("!H", 1), bytes(8), struct.pack("!HHII", 2, 16, 0, SOUND_RATE << 16), setup
    )


def _u32(value: int) -> bytes:
    return value.to_bytes(4, "big")


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return (8 + len(body)).to_bytes(4, "big") + kind + body
