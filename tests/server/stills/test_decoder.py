"""The decoding process: real film in, a real picture out; and what breaks there breaks nothing here."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import av
import numpy as np
import pytest

from server.stills.decoder import MOST_ANSWERED, Decoder
from server.stills.decoding import FIRST_TO_GO, LEAST_PRIORITY, MOST_MEMORY, picture
from server.stills.still import BOX
from tests.fakes.recordings import usual_film
from tests.patience import until

FILM = usual_film(4.0, "main")


@pytest.fixture
async def decoder() -> AsyncIterator[Decoder]:
    """It ends with the test."""
    made = Decoder()
    yield made
    await made.close()


def shown(jpeg: bytes | None) -> av.VideoFrame:
    """As a browser decodes it."""
    assert jpeg is not None
    codec = av.VideoCodecContext.create("mjpeg", "r")
    return codec.decode(av.Packet(jpeg))[0]


def test_a_picture_is_the_first_one_of_the_film_made_small() -> None:
    frame = shown(picture(FILM.init + FILM.segments[1]))
    assert (frame.width, frame.height) == BOX
    tone = np.asarray(frame.to_ndarray(format="rgb24"))[:80].mean(axis=(0, 1))
    assert abs(tone[0] - (60 + 60 * 0.2)) < 8  # what the fake paints 2 s after the beginning


async def test_it_decodes_at_the_least_priority_and_inherits_no_password(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WATCHROOM_DATABASE", "PGPASSWORD", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "secret")
    assert shown(await decoder.picture(FILM.init + FILM.segments[0])).width == BOX[0]
    assert decoder.pid is not None
    assert os.getpriority(os.PRIO_PROCESS, decoder.pid) == LEAST_PRIORITY
    assert b"secret" not in Path(f"/proc/{decoder.pid}/environ").read_bytes()


@pytest.mark.parametrize("film", [b"", b"no film at all", FILM.init, FILM.init + b"\0" * 4000, FILM.segments[0]])
async def test_what_holds_no_picture_gives_none_and_the_next_is_decoded(decoder: Decoder, film: bytes) -> None:
    assert await decoder.picture(film) is None
    assert await decoder.picture(FILM.init + FILM.segments[0]) is not None


def black(width: int, height: int) -> bytes:
    """One key frame of that size, as a stolen camera may send it."""
    held = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof+cmaf"}
    with av.open(held, "w", format="mp4", options=options) as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"preset": "ultrafast", "tune": "zerolatency"}
        frame = av.VideoFrame(width, height, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.pts = 0
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return held.getvalue()


async def test_a_picture_larger_than_any_camera_s_is_not_decoded_and_memory_is_bounded(decoder: Decoder) -> None:
    assert shown(await decoder.picture(black(4096, 2304))).width == BOX[0]
    assert await decoder.picture(black(4112, 2304)) is None
    limits = Path(f"/proc/{decoder.pid}/limits").read_text()
    assert any(line.split()[:4] == ["Max", "address", "space", str(MOST_MEMORY)] for line in limits.splitlines())
    assert Path(f"/proc/{decoder.pid}/oom_score_adj").read_text().strip() == FIRST_TO_GO


async def test_an_answer_larger_than_any_still_is_not_read() -> None:
    says = f"sys.stdout.buffer.write(({MOST_ANSWERED} + 1).to_bytes(4, 'big') + bytes({MOST_ANSWERED} + 1))"
    decoder = Decoder((sys.executable, "-c", f"import sys; {says}; sys.stdout.flush(); sys.stdin.read()"))
    assert await decoder.picture(FILM.init) is None
    assert decoder.pid is None


async def test_a_process_that_dies_is_started_again(decoder: Decoder) -> None:
    await decoder.picture(FILM.init + FILM.segments[0])
    first = decoder.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await asyncio.gather(*(decoder.picture(FILM.init + FILM.segments[0]) for _ in range(2)))
    assert await decoder.picture(FILM.init + FILM.segments[0]) is not None
    assert decoder.pid not in (None, first)


async def test_who_goes_away_in_between_leaves_no_answer_to_the_next(decoder: Decoder) -> None:
    await decoder.picture(FILM.init + FILM.segments[0])
    asking = asyncio.ensure_future(decoder.picture(FILM.init + FILM.segments[1]))
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    again = await decoder.picture(FILM.init + FILM.segments[0])
    assert again == picture(FILM.init + FILM.segments[0])


async def test_a_process_that_nobody_asks_is_ended(decoder: Decoder) -> None:
    await decoder.picture(FILM.init + FILM.segments[0])
    pid = decoder.pid
    await decoder.rest()
    assert decoder.pid == pid  # it was asked since the last time
    await decoder.rest()
    assert decoder.pid is None

    async def gone() -> bool:
        return not Path(f"/proc/{pid}").exists()

    await until(gone, "the process is gone", 20)
