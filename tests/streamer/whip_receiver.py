"""A small WHIP server made of aiohttp and aiortc: takes a camera's media and keeps what arrived."""

from __future__ import annotations

import asyncio
from typing import Any

import av
from aiohttp import web
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import RTCP_PSFB_APP, RtcpPsfbPacket, RtcpSrPacket, pack_remb_fci


class WhipReceiver:
    """Answers offers at /whip/{device}; `fails` POSTs are refused first, and the checks of the
    first `deaf` connections are not answered. Use as an async context manager."""

    def __init__(self, fails: int = 0, deaf: int = 0) -> None:
        self.fails = fails
        self.deaf = deaf
        self.tokens: list[str] = []
        self.connections: list[RTCPeerConnection] = []
        self.deleted: list[str] = []
        self.frames: dict[str, list[av.VideoFrame | av.AudioFrame]] = {"main": [], "sub": [], "sound": []}
        self.reports: list[RtcpSrPacket] = []
        self.offers: list[str] = []
        self.taken_over = False  # another publisher is connected: whoever asks for that is not let in
        self.forgotten: set[str] = set()  # sessions that have ended, and whose camera has not heard of it
        self._tasks: list[asyncio.Task[None]] = []
        self.url = ""

    async def __aenter__(self) -> WhipReceiver:
        app = web.Application()
        app.router.add_post("/whip/{device}", self._offer)
        app.router.add_delete("/media/sessions/{n}", self._delete)
        app.router.add_get("/media/sessions/{n}", self._get)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}/whip/et17-b4"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.drop()
        await self._runner.cleanup()

    def pictures(self, layer: str) -> list[av.VideoFrame]:
        """The pictures of a layer."""
        return [f for f in self.frames[layer] if isinstance(f, av.VideoFrame)]

    async def drop(self) -> None:
        """End every connection, as a server that goes away does."""
        for connection in self.connections:
            await connection.close()
        self.connections.clear()
        for task in self._tasks:  # a track that never carried anything does not end by itself
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def _offer(self, request: web.Request) -> web.Response:
        self.tokens.append(request.headers.get("Authorization", ""))
        if self.taken_over and request.headers.get("If-None-Match") == "*":
            return web.Response(status=412, text="another publisher is connected")
        if self.fails > 0:
            self.fails -= 1
            return web.Response(status=503, text="not now")
        offer = await request.text()
        self.offers.append(offer)
        connection = RTCPeerConnection()
        self.connections.append(connection)
        names = iter(("main", "sub", "sound") if offer.count("m=video") == 2 else ("main", "sound"))

        @connection.on("track")
        def take(track: MediaStreamTrack) -> None:
            self._tasks.append(asyncio.get_running_loop().create_task(self._read(track, next(names))))

        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        for transceiver in connection.getTransceivers():
            self._listen(transceiver.receiver)
        if self.deaf > 0:
            self.deaf -= 1
            self.fall_silent()
        await connection.setLocalDescription(await connection.createAnswer())
        location = f"/media/sessions/{len(self.offers)}"
        return web.Response(status=201, text=connection.localDescription.sdp, headers={"Location": location})

    def _listen(self, receiver: Any) -> None:
        original = receiver._handle_rtcp_packet

        async def handle(packet: Any) -> None:
            if isinstance(packet, RtcpSrPacket):
                self.reports.append(packet)
            await original(packet)

        receiver._handle_rtcp_packet = handle
        receiver._RTCRtpReceiver__remote_bitrate_estimator = None  # only `limit` says what the uplink carries

    async def _read(self, track: MediaStreamTrack, name: str) -> None:
        try:
            while True:
                frame = await track.recv()
                self.frames[name].append(frame)  # type: ignore[arg-type]
        except MediaStreamError:
            return

    async def _delete(self, request: web.Request) -> web.Response:
        self.deleted.append(request.match_info["n"])
        return web.Response()

    async def _get(self, request: web.Request) -> web.Response:
        return web.Response(status=404 if request.match_info["n"] in self.forgotten else 200)

    def fall_silent(self) -> None:
        """Answer no more checks of the present connection: its way is closed, and nobody says so."""
        receiver: Any = self.connections[-1].getTransceivers()[0].receiver
        vars(receiver.transport.transport._connection)["request_received"] = lambda *_: None

    async def limit(self, bits_per_second: int) -> None:
        """Tell the camera by REMB what its uplink carries."""
        receiver, ssrc = self._main()
        fci = pack_remb_fci(bits_per_second, [ssrc])
        await receiver._send_rtcp(RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=1, media_ssrc=0, fci=fci))

    async def ask_for_key(self) -> None:
        """PLI for the main picture."""
        receiver, ssrc = self._main()
        await receiver._send_rtcp_pli(ssrc)

    def _main(self) -> tuple[Any, int]:
        receiver: Any = self.connections[-1].getTransceivers()[0].receiver
        return receiver, receiver.getSynchronizationSources()[0].source
