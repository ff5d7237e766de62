"""The design that everyone writes, to compare with: RTCPeerConnection in, MediaRelay, RTCPeerConnection out.

`python3 -m tests.bench.load.relay_server --host H`; order: `port`. With `--idle` a viewer gets a track without pictures,
so that only the set-up of the connection costs.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from aiohttp import web
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay

from tests.bench.load import orders


class NoPicture(MediaStreamTrack):
    """Never gives one."""

    kind = "video"

    async def recv(self) -> Any:
        """Waits until it is cancelled."""
        await asyncio.Event().wait()


class Desk:
    """The server's HTTP."""

    def __init__(self, *, idle: bool) -> None:
        self._idle = idle
        self._relay = MediaRelay()
        self._tracks: dict[str, MediaStreamTrack] = {}
        self._connections: dict[str, RTCPeerConnection] = {}

    async def publish(self, request: web.Request) -> web.Response:
        """WHIP."""
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))

        @connection.on("track")
        def on_track(track: MediaStreamTrack) -> None:
            self._tracks[request.match_info["camera"]] = track

        return await self._answer(connection, await request.text())

    async def watch(self, request: web.Request) -> web.Response:
        """WHEP."""
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        track: MediaStreamTrack = NoPicture()
        if not self._idle:
            track = self._relay.subscribe(self._tracks[request.match_info["camera"]])
        return await self._answer(connection, await request.text(), track)

    async def _answer(
        self, connection: RTCPeerConnection, offer: str, track: MediaStreamTrack | None = None
    ) -> web.Response:
        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        if track is not None:
            connection.addTrack(track)
        await connection.setLocalDescription(await connection.createAnswer())
        name = str(len(self._connections))
        self._connections[name] = connection
        headers = {"Location": f"/sessions/{name}"}
        return web.Response(status=201, text=connection.localDescription.sdp, headers=headers)

    async def close(self) -> None:
        """End all."""
        for connection in self._connections.values():
            await connection.close()


async def main() -> None:
    """Until the parent closes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", required=True)
    parser.add_argument("--idle", action="store_true")
    options = parser.parse_args()
    desk = Desk(idle=options.idle)
    app = web.Application()
    app.router.add_post("/whip/{camera}", desk.publish)
    app.router.add_post("/whep/{camera}", desk.watch)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, options.host, 0).start()

    async def port() -> dict[str, Any]:
        return {"port": runner.addresses[0][1]}

    await orders.obey({"port": port})
    await desk.close()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
