"""The decoding process: real film in, a real picture out; and what breaks there breaks nothing here."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import av
import numpy as np
import pytest

from server.stills.decoder import Decoder
from server.stills.decoding import LEAST_PRIORITY, picture
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
    monkeypatch.setenv("WATCHROOM_DATABASE", "postgresql://secret@db")
    assert shown(await decoder.picture(FILM.init + FILM.segments[0])).width == BOX[0]
    assert decoder.pid is not None
    assert os.getpriority(os.PRIO_PROCESS, decoder.pid) == LEAST_PRIORITY
    assert b"WATCHROOM" not in Path(f"/proc/{decoder.pid}/environ").read_bytes()


@pytest.mark.parametrize("film", [b"", b"no film at all", FILM.init, FILM.init + b"\0" * 4000, FILM.segments[0]])
async def test_what_holds_no_picture_gives_none_and_the_next_is_decoded(decoder: Decoder, film: bytes) -> None:
    assert await decoder.picture(film) is None
    assert await decoder.picture(FILM.init + FILM.segments[0]) is not None


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
