"""The films of a bundle: of whatever codec, with sound and picture as they lay, and no two of one name."""

from __future__ import annotations

import asyncio
import io
import zipfile
from pathlib import Path

import av
import pytest

from server.clock import HandClock
from server.recording.fmp4 import (
    PICTURE_RATE,
    PICTURE_TRACK,
    SOUND_RATE,
    SOUND_TRACK,
    PictureFormat,
    Sample,
    TrackRun,
    initialisation,
    media_segment,
)
from server.recording.folder import RecordingFolder
from server.recording.segment import Opened, Segment
from server.recording.signing import EvidenceKey
from server.recording.verifier import main as verify
from tests.fakes.recordings import Wish, lay, usual_film
from tests.server.export.desk import Desk
from tests.server.recording.coded import FPS, OPUS_S, decoded, opus, vp8
from tests.server.replay.test_routes import BASE, MARSH

VP8_ID = "20270115T080000Z-et17-cam-0badcafe"
PICTURE_LATE_S = 0.4  # sound came first


def lay_vp8(data: Path) -> None:
    """Two seconds that a browser's camera sent: VP8, and Opus from 0.4 s before its first picture."""
    key = EvidenceKey.of(data)
    opened = Opened(VP8_ID, "et17-cam", "ET17", MARSH, "officer", BASE, BASE, key.public_key)
    pictures = [Sample(one.units[0], PICTURE_RATE // FPS, one.is_key) for one in vp8(24)]
    sound = [Sample(one, int(OPUS_S * SOUND_RATE)) for one in opus(100)]
    runs = [
        TrackRun(PICTURE_TRACK, int(PICTURE_LATE_S * PICTURE_RATE), pictures),
        TrackRun(SOUND_TRACK, 0, sound),
    ]
    with RecordingFolder.create(data / "recordings", opened, HandClock(BASE)) as folder:
        folder.commit(
            Segment(
                layer="main",
                init=initialisation(PictureFormat("vp8", 320, 180), sound=True),
                data=media_segment(1, runs),
                start=0.0,
                duration=2.0,
                captured_at=BASE,
                received_at=BASE,
                key=True,
                pictures=len(pictures),
                codec="vp8",
                sound=True,
                width=320,
                height=180,
            )
        )
        folder.close("officer", BASE + 2, key)


async def test_vp8_becomes_a_film_that_plays_with_its_sound_in_step(desk: Desk) -> None:
    await asyncio.to_thread(lay_vp8, desk.data)
    bundle = await desk.exported({"recordings": [VP8_ID]})
    assert verify([str(bundle)]) == 0
    with zipfile.ZipFile(bundle) as archive:
        (name,) = [name for name in archive.namelist() if name.startswith("playable/")]
        film = archive.read(name)
    assert name == "playable/ET17-et17-cam-20270115T080000Z.webm"
    pictures, sound = decoded(film, "video"), decoded(film, "audio")
    assert len(pictures) == 24
    assert pictures[0] - sound[0] == pytest.approx(PICTURE_LATE_S, abs=0.03)
    with av.open(io.BytesIO(film), "r") as container:
        assert container.streams.video[0].codec_context.name.startswith(("vp8", "libvpx"))


async def test_two_recordings_of_one_call_sign_and_one_second_are_two_films(desk: Desk) -> None:
    films = {"main": usual_film(4.0, "main")}
    ids = []
    for device_id, base in (("et17-cam", BASE), ("et17-new", BASE + 0.4)):
        ids.append((await asyncio.to_thread(lay, desk.data, Wish(device_id, "ET17", base, MARSH), films)).id)
    with zipfile.ZipFile(await desk.exported({"recordings": ids})) as archive:
        names = [name for name in archive.namelist() if name.startswith("playable/")]
    assert len(set(names)) == 2
