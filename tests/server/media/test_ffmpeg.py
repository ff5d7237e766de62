"""FFmpeg's `whip` muxer as a camera, by the README's line: passive in DTLS, no candidate listed, no PLI answered."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from server.media.dtls import _new_pem
from tests.readme import block
from tests.server.media.clients import Screen
from tests.server.media.conftest import CAMERA, INSPECTOR, Site, until

SCRIPT = Path(__file__).with_name("ffmpeg_line.py")


def has_whip() -> bool:
    """Whether this machine's own ffmpeg is new enough."""
    if shutil.which("ffmpeg") is None:
        return False
    told = subprocess.run(["ffmpeg", "-hide_banner", "-muxers"], capture_output=True, text=True, check=False)
    return " whip " in told.stdout


def certificate(folder: Path) -> list[str]:
    """PyAV's FFmpeg is built with GnuTLS, whose own certificate is on a curve that OpenSSL 4 refuses (media.md)."""
    pem = _new_pem().decode()
    start = pem.index("-----BEGIN CERTIFICATE")
    for name, content in (("key.pem", pem[:start]), ("certificate.pem", pem[start:])):
        (folder / name).write_text(content)
    return ["-cert_file", str(folder / "certificate.pem"), "-key_file", str(folder / "key.pem")]


async def test_ffmpeg_is_a_camera(site: Site, tmp_path: Path) -> None:
    line = block("sh", "ffmpeg -re").replace("\\\n", " ")
    values = {"WHIP_URL": f"{site.url}/whip/{CAMERA}", "WHIP_TOKEN": "camera"}
    if has_whip():
        command = ["sh", "-c", line.replace(" -f whip", " -t 12 -f whip")]
    else:
        for name, value in values.items():
            line = line.replace(f'"${name}"', value)
        program, *words = shlex.split(line)
        assert program == "ffmpeg"
        command = [sys.executable, str(SCRIPT), "12", *words[:-1], *certificate(tmp_path), words[-1]]
    process = await asyncio.create_subprocess_exec(
        *command, env=os.environ | values, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    screen = Screen()
    try:
        await site.running.streaming(limit_s=60.0)  # a program that is started beside others
        answer = await site.running.engine.watch(CAMERA, INSPECTOR, await screen.make_offer())
        await screen.take(answer.sdp)
        frames = await screen.frames(25)
        assert {(frame.width, frame.height) for frame in frames} == {(640, 360)}
        assert len(await screen.sounds(10)) == 10
        (publisher,) = site.running.engine._publishers.values()
        assert "a=setup:active" in publisher.answer().sdp
        _, errors = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0, errors.decode()
        await until(lambda: not site.running.engine._publishers)
    finally:
        await screen.close()
        if process.returncode is None:
            process.kill()
            await process.communicate()
