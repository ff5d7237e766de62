"""FFmpeg's `whip` muxer as a camera: it is passive in DTLS, lists no candidate and answers no PLI."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import av
import pytest

from server.media.dtls import _new_pem
from tests.server.media.clients import Screen
from tests.server.media.conftest import CAMERA, INSPECTOR, Site, until

SCRIPT = Path(__file__).with_name("ffmpeg_camera.py")


@pytest.mark.skipif("whip" not in av.formats_available, reason="PyAV's FFmpeg has no whip muxer")
async def test_ffmpeg_is_a_camera(site: Site, tmp_path: Path) -> None:
    # Its own certificate would be on a curve that OpenSSL 4 refuses (media.md, traps).
    pem = _new_pem().decode()
    start = pem.index("-----BEGIN CERTIFICATE")
    for name, content in (("key.pem", pem[:start]), ("certificate.pem", pem[start:])):
        (tmp_path / name).write_text(content)
    files = [str(tmp_path / "certificate.pem"), str(tmp_path / "key.pem")]
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SCRIPT), f"{site.url}/whip/{CAMERA}", "6", *files, stderr=asyncio.subprocess.PIPE
    )
    screen = Screen()
    try:
        await site.running.streaming()
        answer = await site.running.engine.watch(CAMERA, INSPECTOR, await screen.make_offer())
        await screen.take(answer.sdp)
        frames = await screen.frames(25)
        assert {(frame.width, frame.height) for frame in frames} == {(320, 180)}
        assert len(await screen.sounds(10)) == 10
        (publisher,) = site.running.engine._publishers.values()
        assert "a=setup:active" in publisher.answer().sdp
        _, errors = await asyncio.wait_for(process.communicate(), 15)
        assert process.returncode == 0, errors.decode()
        await until(lambda: not site.running.engine._publishers)
    finally:
        await screen.close()
        if process.returncode is None:
            process.kill()
            await process.communicate()
