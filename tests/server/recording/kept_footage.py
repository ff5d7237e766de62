"""Footage as a camera's own store has it: both layers and sound, coded by the same encoders as what was sent."""

from __future__ import annotations

from server.wire import Coded, pack_coded
from tests.server.recording.coded import FPS, OPUS_S, h264, opus

SUB_EVERY = 3  # of main's pictures, one goes to sub as well


def footage(start: float, seconds: float, key_every_s: float = 2.0) -> list[Coded]:
    """From camera time `start` on, in order of time; the first pictures are key frames."""
    count = round(seconds * FPS)
    keys = round(key_every_s * FPS)
    main = [
        Coded("main", start + index / FPS, one.is_key, annex_b(one.units))
        for index, one in enumerate(h264(count, key_every=keys))
    ]
    small = h264(-(-count // SUB_EVERY), 160, 90, key_every=max(1, keys // SUB_EVERY))
    sub = [
        Coded("sub", start + index * SUB_EVERY / FPS, one.is_key, annex_b(one.units)) for index, one in enumerate(small)
    ]
    sound = [
        Coded("sound", start + index * OPUS_S, True, one) for index, one in enumerate(opus(round(seconds / OPUS_S)))
    ]
    return sorted([*main, *sub, *sound], key=lambda one: one.captured_at)


def packed(units: list[Coded]) -> bytes:
    """As it is uploaded."""
    return b"".join(map(pack_coded, units))


def annex_b(units: tuple[bytes, ...]) -> bytes:
    """NAL units behind start codes, the first with a zero more, as x264 writes them."""
    return b"".join((b"\0\0\0\1" if index == 0 else b"\0\0\1") + unit for index, unit in enumerate(units))
