"""A real Watchroom for tests and benchmarks: its folder, filled by the real commands, and its processes.

Every process is ended by its id, and none outlives its context.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from tests.patience import until

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = {"WATCHROOM_SETUP": "off", "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "error"}
START_S = 60.0
END_S = 10.0


@dataclass(frozen=True)
class CameraKey:
    """A registered camera."""

    device_id: str
    call_sign: str
    key_file: Path


class Installation:
    """A data folder and what the commands do to it."""

    def __init__(self, folder: Path, options: Sequence[str] = ()) -> None:
        self.folder = folder
        self.options = tuple(options)  # for `run`, e.g. --redis
        self.settings: dict[str, str] = {}  # environment of every command

    def command(self, *words: str, typed: str = "") -> dict[str, Any]:
        """Run one command; returns the JSON object that it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "server", *words, "--data", str(self.folder)],
            cwd=ROOT,
            env=os.environ | ENVIRONMENT | self.settings,
            input=typed,
            capture_output=True,
            text=True,
            timeout=START_S,
            check=False,
        )
        assert done.returncode == 0, f"server {' '.join(words)}: {done.stderr}"
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def add_person(self, name: str, role: str, display_name: str, *more: str) -> dict[str, Any]:
        """Register a person whose password is `password_of(name)`."""
        words = ("person", "add", name, "--role", role, "--display-name", display_name, *more)
        return self.command(*words, typed=password_of(name) + "\n")

    def add_camera(self, call_sign: str, wearer: str, collar_number: str) -> CameraKey:
        """Register a camera."""
        found = self.command("device", "add", call_sign, "--wearer", wearer, "--collar-number", collar_number)
        return CameraKey(found["device_id"], call_sign, Path(found["key_file"]))

    def token(self, name: str) -> str:
        """An API token for a person."""
        return str(self.command("token", "add", name, "--purpose", "tests")["token"])


def password_of(name: str) -> str:
    """The password of each person of the tests."""
    return f"the password of {name}"


def processes_with(text: str) -> list[str]:
    """The command lines of the running processes that have `text` in their environment (Linux)."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if text.encode() in environment.read_bytes():
                found.append(environment.with_name("cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # ended meanwhile, or somebody else's
            continue
    return found


class Program:
    """One process of ours. Its output goes to a file, which a failing wait shows."""

    def __init__(self, name: str, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.arguments = list(arguments)
        self.environment = dict(environment or {})
        self.prefix: tuple[str, ...] = ()  # what starts it elsewhere: in a network namespace, say
        self._folder = tempfile.TemporaryDirectory(prefix="wr-")
        self.folder = Path(self._folder.name)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def printed(self) -> str:
        """All that it has printed, over all its lives."""
        log = self.folder / "log.txt"
        return log.read_text(errors="replace") if log.exists() else ""

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None, f"{self.name} does not run"
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll() if self._process else None

    def start(self) -> Self:
        """Start it, again if need be, without waiting for anything."""
        with (self.folder / "log.txt").open("ab") as output:
            self._process = subprocess.Popen(
                [*self.prefix, sys.executable, *self.arguments],
                cwd=ROOT,
                env=os.environ | ENVIRONMENT | self.environment,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    async def says(self, words: str, times: int = 1) -> None:
        """Wait until it has printed `words` so many times."""

        def said() -> bool:
            assert self.exit_code is None, f"{self.name} ended with {self.exit_code}:\n{self.printed[-3000:]}"
            return self.printed.count(words) >= times

        try:
            await until(said, f"{self.name} says {words!r}", START_S)
        except AssertionError as late:
            raise AssertionError(f"{late}\n{self.printed[-3000:]}") from late

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int | None:
        """End it as its user would; returns its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)  # a frozen one hears nothing
            process.send_signal(number)
        assert process.stdin is not None  # a pipe
        process.stdin.close()
        try:
            return process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._folder.cleanup()


class Server(Program):
    """`python3 -m server run` on an installation. It keeps its port over restarts, as a real one does."""

    def __init__(self, installation: Installation, name: str = "server") -> None:
        arguments = ["-m", "server", "run", "--data", str(installation.folder), "--port", "0", *installation.options]
        super().__init__(name, arguments, {"WATCHROOM_LOG_LEVEL": "warning", **installation.settings})
        self.installation = installation
        self.url = ""
        self._starts = 0

    async def serve(self) -> Self:
        """Start it, and wait until it serves."""
        self._starts += 1
        if self.url:
            self.arguments[self.arguments.index("--port") + 1] = self.url.rsplit(":", 1)[1]
        self.start()
        await self.says("Ready\n", self._starts)
        if not self.url:
            line = next(line for line in self.printed.splitlines() if line.startswith("Console: "))
            self.url = line.removeprefix("Console: ").rstrip("/")
        return self


class Camera(Program):
    """`python3 -m streamer`: a camera with a drawn street; its officer's hand is its local control."""

    def __init__(self, key: CameraKey, url: str, *options: str) -> None:
        super().__init__(f"camera {key.call_sign}", [])
        self.key = key
        self.socket = self.folder / "hand"
        self.arguments = ["-m", "streamer", "--server", url, "--device", key.device_id, "--source", "street"]
        self.arguments += ["--key-file", str(key.key_file), "--state", str(self.folder), "--until-stdin-closes"]
        self.arguments += ["--control", f"unix:{self.socket}", *options]
        if "--gps" not in options:
            self.arguments += ["--gps", f"route:{self._route()}"]

    @property
    def device_id(self) -> str:
        """Its id."""
        return self.key.device_id

    def _route(self) -> Path:
        """Northwards through the demo's town, at a run: a marker must be seen to move. Each camera has its own line."""
        lon = 1.026 + 0.001 * (sum(self.key.call_sign.encode()) % 10)
        stamps = "".join(
            f'<trkpt lat="{51.356 + 0.00005 * at:.6f}" lon="{lon:.4f}"><time>2026-01-01T00:{at // 60:02d}:{at % 60:02d}Z</time></trkpt>'
            for at in range(200)
        )
        route = self.folder / "route.gpx"
        route.write_text(
            '<gpx version="1.1" creator="tests" xmlns="http://www.topografix.com/GPX/1/1">'
            f"<trk><trkseg>{stamps}</trkseg></trk></gpx>"
        )
        return route

    async def press(self, what: str) -> None:
        """What a finger or the holster's sensor does; on the camera's disk when this returns."""
        status, text = await self._control("POST", f"/press/{what}")
        assert status == 204, f"{self.name} {what}: {status} {text}"

    async def state(self) -> dict[str, Any]:
        """What the camera does now."""
        status, text = await self._control("GET", "/state")
        assert status == 200, text
        found: dict[str, Any] = json.loads(text)
        return found

    async def _listens(self) -> bool:
        """The socket's file is there a moment before anybody listens at it."""
        try:
            _, writer = await asyncio.open_unix_connection(str(self.socket))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        writer.close()
        await writer.wait_closed()
        return True

    async def _control(self, method: str, path: str) -> tuple[int, str]:
        await until(self._listens, f"{self.name} has its local control", START_S)
        connector = aiohttp.UnixConnector(str(self.socket))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.request(method, f"http://camera{path}", timeout=aiohttp.ClientTimeout(10)) as answer,
        ):
            return answer.status, await answer.text()

    async def shows(self) -> Self:
        """Wait until its picture reaches the server."""

        async def flowing() -> bool:
            assert self.exit_code is None, f"{self.name} ended:\n{self.printed[-3000:]}"
            return bool((await self.state())["flows"])

        await until(flowing, f"{self.name}'s picture reaches the server", START_S)
        return self
