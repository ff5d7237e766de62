"""The whole camera as a process: against a telemetry server with real sockets, in a terminal, killed and told to end."""

from __future__ import annotations

import asyncio
import io
import os
import pty
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from server import wire
from streamer.app import Camera
from streamer.clock import SystemClock
from streamer.config import CameraConfig, read
from streamer.media import open_media
from streamer.prompt import Prompt
from streamer.store import open_store
from tests.fakes.telemetry_server import TelemetryServer
from tests.streamer.conftest import HandClock

ROOT = Path(__file__).parents[2]
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


@pytest.fixture
async def server() -> AsyncIterator[TelemetryServer]:
    server = TelemetryServer(KEY.public_key())
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "et17.pem"
    path.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


@asynccontextmanager
async def camera(
    server: TelemetryServer, key_file: Path, *more: str, stdin: int = asyncio.subprocess.DEVNULL
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m streamer` without a picture that anybody takes; ended at the end."""
    options = ["--server", server.url, "--device", "et17", "--key-file", str(key_file), "--source", "street"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-X", "dev", "-W", "error", "-m", "streamer", *options, "--stream", "off", *more,
        cwd=ROOT, env=os.environ | {"WATCHROOM_SETUP": "off"},
        stdin=stdin, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def ended(process: asyncio.subprocess.Process, number: int = signal.SIGTERM) -> str:
    """What it had said when it had ended as told: in time, and with 0."""
    assert process.stdout is not None
    began = time.monotonic()
    process.send_signal(number)
    async with asyncio.timeout(20):
        said = (await process.stdout.read()).decode()
        assert await process.wait() == 0, said
    # 2 s is the promise; a machine that runs other tests may take longer to schedule it
    assert time.monotonic() - began < 10
    return said


ROUNDS = """
title = "Again and again"
town = "estuary"
[[officer]]
call_sign = "ET17"
collar_number = "0417"
name = "PC Marsh"
patrol = ["Harbour Street / Butchery Lane", "Harbour Street / Quay Road"]
[repeat]
from = 0.0
every = 10.0
[[repeat.inject]]
at = 2.0
unit = "ET17"
do = "taser.drawn"
[[repeat.inject]]
at = 3.0
unit = "ET17"
do = "taser.armed"
[[repeat.inject]]
at = 6.0
unit = "ET17"
do = "taser.safe"
"""


async def test_a_part_is_played_to_the_server(server: TelemetryServer, key_file: Path) -> None:
    scenario = key_file.with_suffix(".toml")
    scenario.write_text(ROUNDS)  # rounds: however long this machine takes to start, the next one comes
    story = ["--gps", "scenario", "--scenario", str(scenario), "--call-sign", "ET17"]
    async with camera(server, key_file, *story) as process:
        await server.until(lambda: "taser.armed" in server.kinds(), 60)
        await server.until(lambda: any(isinstance(m, wire.Fix) for m in server.arrived))
        await server.until(lambda: server.statuses[-1].status_code == 0)
        said = await ended(process)
    kinds = server.kinds()
    assert kinds[0] == "recording.started"
    assert "stream.started" in kinds
    assert kinds[-1] == "recording.stopped"
    fix = next(m for m in server.arrived if isinstance(m, wire.Fix))
    assert 51.3 < fix.lat < 51.4
    assert "ET17 Connected to control as ET17." in said
    assert "Traceback" not in said


async def test_a_camera_that_is_off_draws_nothing_until_it_is_to_record(
    server: TelemetryServer, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def noted(config: CameraConfig, *given: Any) -> Any:
        opened.append(config.source)
        return open_media(config, *given)

    monkeypatch.setattr("streamer.app.open_media", noted)
    options = ["--server", server.url, "--device", "et17", "--key-file", str(key_file), "--source", "street"]
    off = ["--recording", "off", "--stream", "off", "--gps", "none", "--no-keys"]
    camera = Camera(read([*options, *off]), SystemClock(), io.StringIO())
    async with asyncio.timeout(60):
        running = asyncio.create_task(camera.run())
        await server.until(lambda: server.statuses, 30)
        await server.until(lambda: server.statuses[-1].recording == "off")
        assert opened == []
        camera.kit.press("record")
        while not opened:  # noqa: ASYNC110 - a thread of the camera's
            await asyncio.sleep(0.05)
        camera.stop()
        assert await running == 0


async def test_advice_is_shown_and_answered_and_not_shown_again(server: TelemetryServer, key_file: Path) -> None:
    advice = wire.Advice(advice_id="a1", text="ET22 is beside you.", author="Achebe", sent_at=1.0)
    server.on_welcome = [advice]
    more = ["--gps", "none", "--heard-after", "0.1"]
    said = ""
    for _ in range(2):
        async with camera(server, key_file, *more) as process:
            server.statuses.clear()
            await server.until(lambda: server.statuses, 60)
            await server.until(lambda: ("a1", "acknowledged") in server.receipts())
            said += await ended(process, signal.SIGINT)
    assert said.count("ADVICE from Achebe: ET22 is beside you.") == 1
    assert [state for _, state in server.receipts()][:3] == ["delivered", "shown", "acknowledged"]


async def test_a_killed_camera_tells_afterwards_what_the_officer_pressed(
    server: TelemetryServer, key_file: Path
) -> None:
    await server.stop()
    control = key_file.parent / "control"
    async with camera(server, key_file, "--gps", "none", "--control", f"unix:{control}") as process:
        async with asyncio.timeout(30):
            while not control.is_socket():  # noqa: ASYNC110 - made by another process
                await asyncio.sleep(0.05)
        reader, writer = await asyncio.open_unix_connection(control)
        writer.write(b"POST /press/emergency HTTP/1.1\r\nHost: camera\r\nContent-Length: 0\r\n\r\n")
        assert b"204" in await reader.readline()
        writer.close()
        await writer.wait_closed()
        process.kill()
        await process.wait()
    await server.start()
    async with camera(server, key_file, "--gps", "none") as process:
        await server.until(lambda: "emergency.pressed" in server.kinds(), 60)
        await ended(process)
    assert server.kinds()[:3] == ["emergency.pressed", "recording.started", "stream.started"]
    assert len({hello.outbox_id for hello in server.hellos}) == 1


async def test_keys_in_a_terminal(server: TelemetryServer, key_file: Path) -> None:
    ours, theirs = pty.openpty()
    async with camera(server, key_file, "--gps", "none", stdin=theirs) as process:
        os.close(theirs)
        await server.until(lambda: server.statuses, 60)
        os.write(ours, b"wd?")
        await server.until(lambda: {"watch.requested", "taser.drawn"} <= set(server.kinds()))
        assert process.stdout is not None
        os.write(ours, b"q")
        async with asyncio.timeout(20):
            said = (await process.stdout.read()).decode()
            assert await process.wait() == 0
    os.close(ours)
    assert "Keys: r record" in said
    assert "You ask to be watched." in said


async def test_a_camera_that_is_not_known_ends_with_one_sentence(server: TelemetryServer, key_file: Path) -> None:
    key = Ed25519PrivateKey.from_private_bytes(b"x" * 32)
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    async with camera(server, key_file, "--gps", "none") as process:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            said = (await process.stdout.read()).decode()
            assert await process.wait() == 2
    assert "camera: The server does not know camera et17, or its key" in said
    assert "Traceback" not in said


def test_a_damaged_outbox_is_set_aside_and_the_camera_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "et17.outbox"
    path.write_bytes(b"not a database, and long enough to be looked at" * 100)
    store = open_store(path, Prompt(sys.stdout, HandClock(), "ET17"))
    store.close()
    assert (tmp_path / "et17.outbox.broken").is_file()
    assert "set aside as et17.outbox.broken" in capsys.readouterr().out
