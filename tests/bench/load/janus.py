"""Janus (Debian's package) as a server to compare with: its configuration, its process, its API for one viewer."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from glob import glob
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from tests.bench.load.endpoint import Endpoint
from tests.local_servers import free_port
from tests.patience import until

SCHEME = "janus:"
FIRST_RTP_PORT = 15_004
# Only the streaming plugin and HTTP: nothing else may cost time.
PLUGIN, TRANSPORT = "libjanus_streaming.so", "libjanus_http.so"


def installed() -> str | None:
    """The program, if it is on this machine."""
    return shutil.which("janus")


def version() -> str:
    """As it says itself."""
    if installed() is None:
        return ""
    said = subprocess.run(["janus", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"Janus version: \d+ \((.*)\)", said)
    return found[1] if found else ""


def _others(kind: str, but: str) -> str:
    return ",".join(name for name in map(os.path.basename, glob(f"{_library()}/{kind}/*.so")) if name != but)


def _library() -> str:
    return next(iter(glob("/usr/lib/*/janus") + glob("/usr/lib/janus")), "/usr/lib/janus")


def _configure(folder: Path, host: str, http_port: int, cameras: int, event_loops: int) -> None:
    loops = f"event_loops = {event_loops}" if event_loops else ""
    (folder / "janus.jcfg").write_text(
        f"""general: {{
    configs_folder = "{folder}"
    plugins_folder = "{_library()}/plugins"
    transports_folder = "{_library()}/transports"
    events_folder = "{_library()}/events"
    loggers_folder = "{_library()}/loggers"
    debug_level = 3
    session_timeout = 0
    admin_secret = "none"
    {loops}
}}
media: {{ ipv6 = false }}
nat: {{ ice_enforce_list = "{host}" }}
plugins: {{ disable = "{_others("plugins", PLUGIN)}" }}
transports: {{ disable = "{_others("transports", TRANSPORT)}" }}
loggers: {{ disable = "{_others("loggers", "")}" }}
events: {{ broadcast = false }}
"""
    )
    (folder / "janus.transport.http.jcfg").write_text(
        f'general: {{ json = "plain", base_path = "/janus", http = true, port = {http_port}, https = false }}\n'
        "admin: { admin_http = false }\n"
    )
    mounts = [_mount(number) for number in range(cameras)]
    (folder / "janus.plugin.streaming.jcfg").write_text("general: { }\n" + "".join(mounts))


def _mount(number: int) -> str:
    profile = "profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1"
    return f"""camera{number}: {{
    type = "rtp"
    id = {number + 1}
    enabled = true
    media = ( {{ type = "video", mid = "v", label = "v", iface = "127.0.0.1", port = {FIRST_RTP_PORT + 2 * number},
                pt = 97, codec = "h264", fmtp = "{profile}" }} )
}}
"""


class Janus:
    """A running Janus with `cameras` mountpoints, which take plain RTP."""

    def __init__(self, pid: int, http_port: int, cameras: int) -> None:
        self.pid = pid
        self.ports = [FIRST_RTP_PORT + 2 * number for number in range(cameras)]
        self.urls = [f"{SCHEME}{number + 1}@http://127.0.0.1:{http_port}/janus" for number in range(cameras)]


@asynccontextmanager
async def running(host: str, cameras: int, event_loops: int, cores: frozenset[int]) -> AsyncIterator[Janus]:
    """Start it on `cores`, and end it. `event_loops` 0 is its default: a thread for each viewer."""
    with tempfile.TemporaryDirectory(prefix="janus-") as name:
        folder, http_port = Path(name), free_port()
        _configure(folder, host, http_port, cameras, event_loops)
        command = ["janus", "--configs-folder", name, "--config", str(folder / "janus.jcfg")]
        log = (folder / "log.txt").open("wb")
        process = await asyncio.create_subprocess_exec(
            *command, stdout=log, stderr=log, stdin=asyncio.subprocess.DEVNULL
        )
        try:
            os.sched_setaffinity(process.pid, cores)
            await until(lambda: _answers(http_port), "Janus answers")
            yield Janus(process.pid, http_port, cameras)
        finally:
            log.close()
            if process.returncode is None:
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                await process.wait()


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


class Watching:
    """One viewer of a mountpoint, by Janus's HTTP API. `url` is janus:NUMBER@BASE."""

    def __init__(self, http: ClientSession, url: str) -> None:
        number, _, self._base = url.removeprefix(SCHEME).partition("@")
        self._mount = int(number)
        self._http = http
        self._session = ""

    async def join(self, endpoint: Endpoint) -> None:
        """See Signalling: Janus offers, we answer."""
        created = await self._post(self._base, janus="create")
        self._session = f"{self._base}/{created['data']['id']}"
        attached = await self._post(self._session, janus="attach", plugin="janus.plugin.streaming")
        plugin = f"{self._session}/{attached['data']['id']}"
        await self._post(plugin, janus="message", body={"request": "watch", "id": self._mount})
        offer = (await self._event("jsep"))["jsep"]["sdp"]
        answer = {"type": "answer", "sdp": endpoint.answer(offer)}
        await self._post(plugin, janus="message", body={"request": "start"}, jsep=answer)

    async def leave(self) -> None:
        """See Signalling."""
        await self._post(self._session, janus="destroy")

    async def _post(self, url: str, **message: Any) -> dict[str, Any]:
        async with self._http.post(url, json={"transaction": "bench", **message}) as response:
            found: dict[str, Any] = await response.json(content_type=None)
            assert found["janus"] in ("success", "ack"), found
            return found

    async def _event(self, with_key: str) -> dict[str, Any]:
        while True:
            async with self._http.get(self._session) as response:
                found: dict[str, Any] = await response.json(content_type=None)
            if with_key in found:
                return found
            assert found["janus"] != "error" and "error_code" not in str(found), found
