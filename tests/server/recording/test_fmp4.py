"""What is written plays: read back by FFmpeg, byte for byte and tick for tick."""

from __future__ import annotations

import io

import av
import pytest

from server.recording.fmp4 import (
    PICTURE_TRACK,
    SOUND_TRACK,
    PictureFormat,
    Sample,
    TrackRun,
    h264_sample,
    initialisation,
    media_segment,
)
from tests.server.recording.coded import Coded, decoded, h264, opus, vp8

STEP = 6000  # ticks of 90 kHz: 15 pictures a second


def format_of(codec: str, pictures: tuple[Coded, ...]) -> PictureFormat:
    if codec == "vp8":
        return PictureFormat("vp8", 320, 180)
    sps, pps = (next(unit for unit in pictures[0].units if unit[0] & 31 == kind) for kind in (7, 8))
    return PictureFormat("h264", 320, 180, sps, pps)


def samples_of(codec: str, pictures: tuple[Coded, ...]) -> list[Sample]:
    made = h264_sample if codec == "h264" else lambda units: units[0]
    return [Sample(made(one.units), STEP, one.is_key) for one in pictures]


def segments_of(codec: str, pictures: tuple[Coded, ...], start: int = 0) -> tuple[bytes, list[bytes]]:
    """An initialisation, and a segment for each 10 pictures with their sound."""
    sound = [Sample(packet, 960) for packet in opus(len(pictures) * 10 // 3)]
    samples = samples_of(codec, pictures)
    found = []
    for number, at in enumerate(range(0, len(samples), 10)):
        heard = sound[at * 10 // 3 : (at + 10) * 10 // 3]
        runs = [
            TrackRun(PICTURE_TRACK, start + at * STEP, samples[at : at + 10]),
            TrackRun(SOUND_TRACK, start * 8 // 15 + at * 10 // 3 * 960, heard),
        ]
        found.append(media_segment(number + 1, runs))
    return initialisation(format_of(codec, pictures), sound=True), found


@pytest.mark.parametrize(("codec", "pictures"), [("h264", h264(30, key_every=10)), ("vp8", vp8(30, key_every=10))])
def test_packets_are_read_back_byte_for_byte_at_their_times(codec: str, pictures: tuple[Coded, ...]) -> None:
    init, segments = segments_of(codec, pictures, start=90_000 * 3600)
    with av.open(io.BytesIO(init + b"".join(segments)), "r") as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        assert (picture.codec_context.name, sound.codec_context.name) == (codec, "opus")
        assert (picture.codec_context.width, picture.codec_context.height) == (320, 180)
        # Taken out while it is open: a packet's stream is gone with its container.
        packets = [(p.stream.type, bytes(p), p.pts, p.is_keyframe) for p in container.demux() if p.size]
    seen = [packet[1:] for packet in packets if packet[0] == "video"]
    heard = [packet[1:3] for packet in packets if packet[0] == "audio"]
    first = 90_000 * 3600
    assert seen == [
        (sample.data, first + index * STEP, sample.is_key) for index, sample in enumerate(samples_of(codec, pictures))
    ]
    assert heard == [(packet, 48_000 * 3600 + index * 960) for index, packet in enumerate(opus(100))]


@pytest.mark.parametrize(("codec", "pictures"), [("h264", h264(30, key_every=10)), ("vp8", vp8(30, key_every=10))])
def test_every_segment_that_begins_on_a_key_frame_decodes_alone(codec: str, pictures: tuple[Coded, ...]) -> None:
    init, segments = segments_of(codec, pictures)
    for segment in segments:
        assert len(decoded(init + segment, "video")) == 10
        assert len(decoded(init + segment, "audio")) >= 30


def test_a_camera_without_picture_or_without_sound_has_one_track() -> None:
    with av.open(io.BytesIO(initialisation(format_of("h264", h264(30, key_every=10)), sound=False)), "r") as container:
        assert [stream.type for stream in container.streams] == ["video"]
    sounds = [Sample(packet, 960) for packet in opus(50)]
    data = initialisation(None, sound=True) + media_segment(1, [TrackRun(SOUND_TRACK, 0, sounds)])
    with av.open(io.BytesIO(data), "r") as container:
        assert [stream.type for stream in container.streams] == ["audio"]
    assert len(decoded(data, "audio")) == 50
