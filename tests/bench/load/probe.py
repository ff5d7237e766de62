"""One viewer that looks at each packet's time, through the server and on a direct path: what the server adds.

`python3 -m tests.bench.load.probe --host H`; see `Probe` for what may be ordered.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import tempfile
import time
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from tests.bench.load import orders
from tests.bench.load.endpoint import Endpoint, Keyring
from tests.bench.load.publisher import stamp_in
from tests.bench.load.viewers import Whep


class Probe:
    """What may be ordered: `mirror`, `watch`, `read`."""

    def __init__(self, folder: Path, host: str, http: ClientSession) -> None:
        self._host = host
        self._http = http
        self._endpoint = Endpoint(Keyring(folder), host, self._on_rtp)
        self._mirror = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._mirror.setblocking(False)
        self._mirror.bind((host, 0))
        asyncio.get_running_loop().add_reader(self._mirror.fileno(), self._on_mirrored)
        self._direct: dict[float, float] = {}  # sent at → arrived at, monotonic seconds
        self._through: dict[float, float] = {}

    def _on_mirrored(self) -> None:
        try:
            while True:
                self._note(self._mirror.recv(2048), self._direct)
        except BlockingIOError:
            return

    def _on_rtp(self, size: int) -> None:
        opened = self._endpoint.opens(size)
        assert opened is not None, "a packet that is not genuine"
        self._note(opened, self._through)

    def _note(self, packet: bytes, arrivals: dict[float, float]) -> None:
        sent = stamp_in(packet)
        if sent is not None:
            arrivals.setdefault(sent, time.monotonic())

    async def mirror(self) -> dict[str, Any]:
        """Where the direct path ends."""
        return {"address": self._mirror.getsockname()}

    async def watch(self, url: str) -> dict[str, Any]:
        """Become a viewer of `url`."""
        await Whep(self._http, url).join(self._endpoint)
        await self._endpoint.until_connected()
        return {"profile": self._endpoint.profile}

    async def read(self) -> dict[str, Any]:
        """Of each packet that came both ways since the last call, in ms: the direct path, and what the server added."""
        both = [sent for sent in self._through if sent in self._direct]
        direct = [1000 * (self._direct[sent] - sent) for sent in both]
        added = [1000 * (self._through[sent] - self._direct[sent]) for sent in both]
        self._direct.clear()
        self._through.clear()
        return {"direct_ms": direct, "added_ms": added}

    def close(self) -> None:
        """No more."""
        self._endpoint.close()
        asyncio.get_running_loop().remove_reader(self._mirror.fileno())
        self._mirror.close()


async def main() -> None:
    """Until the parent closes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", required=True)
    host = parser.parse_args().host
    with tempfile.TemporaryDirectory() as folder:
        async with ClientSession() as http:
            probe = Probe(Path(folder), host, http)
            await orders.obey({"mirror": probe.mirror, "watch": probe.watch, "read": probe.read})
            probe.close()


if __name__ == "__main__":
    asyncio.run(main())
