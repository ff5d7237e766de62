"""The street's sound and its encoding."""

from __future__ import annotations

import asyncio

import av
import numpy as np
import pytest

from streamer.clock import SystemClock
from streamer.encoder import Encoded
from streamer.pose import Pose
from streamer.sound import BLOCK, RATE, OpusEncoder, SoundError, StreetSynth, open_sound
from tests.streamer.waiting import until


def loudness(speed: float) -> float:
    synth = StreetSynth(seed=4)
    sound = np.concatenate([synth.block(speed) for _ in range(150)])
    assert np.abs(sound).max() <= 1 and sound.shape == (150 * BLOCK,)
    return float(np.sqrt((sound**2).mean()))


def test_a_walker_is_heard_and_one_who_stands_is_not() -> None:
    assert 0.001 < loudness(0.0) < loudness(1.4) < 0.5


def test_steps_follow_the_pace() -> None:
    def steps(speed: float) -> int:
        synth = StreetSynth(seed=4)
        sound = np.concatenate([synth.block(speed) for _ in range(5 * RATE // BLOCK)])
        loud = np.abs(sound) > 0.09
        starts = np.flatnonzero(loud[1:] & ~loud[:-1])
        return 1 + int((np.diff(starts) > RATE // 10).sum())

    assert steps(1.4) == pytest.approx(5 * 1.4 / 0.72, abs=2)
    assert steps(2.2) > steps(1.1) + 4


def test_opus_is_mono_speech_that_decodes() -> None:
    synth, encoder = StreetSynth(), OpusEncoder()
    packets = [encoder.encode(synth.block(1.4), n * BLOCK / RATE) for n in range(60)]
    whole = [p for p in packets if p is not None]
    assert len(whole) >= 58
    assert sum(len(p.data) for p in whole) * 8 / (60 * BLOCK / RATE) < 40_000
    decoder = av.AudioCodecContext.create("libopus", "r")
    decoder.sample_rate = RATE
    assert sum(f.samples for p in whole for f in decoder.decode(av.Packet(p.data))) >= 55 * BLOCK


async def test_the_sound_runs_until_it_is_stopped() -> None:
    heard: list[Encoded] = []
    sound = open_sound("street", lambda: Pose(0, 0, 0, 1.4), SystemClock())
    sound.start(heard.append)
    with pytest.raises(RuntimeError):
        sound.start(heard.append)
    await until(lambda: len(heard) >= 5)
    await sound.stop()
    count = len(heard)
    await asyncio.sleep(0.1)
    assert len(heard) == count
    gaps = np.diff([h.captured_at for h in heard])
    assert gaps == pytest.approx(BLOCK / RATE, abs=1e-6)


async def test_a_missing_microphone_is_one_sentence() -> None:
    with pytest.raises(SoundError, match="no sound source"):
        open_sound("telepathy", lambda: Pose(0, 0, 0), SystemClock())
    sound = open_sound("file:/nowhere.opus", lambda: Pose(0, 0, 0), SystemClock())
    sound.start(lambda _: None)
    await until(lambda: sound.error is not None)
    assert "/nowhere.opus" in str(sound.error)
    await sound.stop()
