"""This project's media engine as a process of its own, behind WHIP and WHEP on a free port, for benchmarks.

`python3 -m tests.bench.load.engine_server --host H`; orders: `port`, `tables`, `counters`.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import tempfile
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from server.clock import SystemClock
from server.errors import WatchroomError
from server.media.engine import LocalEngine
from server.media.live import Viewer
from server.media.media_engine import MediaEngine
from server.media.settings import MediaSettings
from server.media.worker_pool import WorkerPool
from server.media.worker_process import WorkerLogs
from server.recording.order import RecordingOrder
from server.recording.recorder import recorder_for
from server.recording.segment import recording_id
from server.tasks import TaskOwner
from tests.bench.load import orders
from tests.server.media.tables import living, sizes

QUIET = 30  # logging.WARNING


class Desk:
    """The engine's HTTP, without people and their rights."""

    def __init__(self, engine: MediaEngine) -> None:
        self._engine = engine
        self._seen = 0

    async def publish(self, request: web.Request) -> web.Response:
        """WHIP."""
        answer = await self._engine.publish(request.match_info["camera"], await request.text())
        return web.Response(status=201, text=answer.sdp, headers={"Location": f"/sessions/{answer.session_id}"})

    async def watch(self, request: web.Request) -> web.Response:
        """WHEP, each time for another person."""
        self._seen += 1
        viewer = Viewer(f"person-{self._seen}", f"Viewer {self._seen}", "control", f"login-{self._seen}")
        try:
            answer = await self._engine.watch(request.match_info["camera"], viewer, await request.text())
        except WatchroomError as error:
            return web.json_response(error.problem(), status=error.status, headers=error.headers)
        return web.Response(status=201, text=answer.sdp, headers={"Location": f"/sessions/{answer.session_id}"})

    async def delete(self, request: web.Request) -> web.Response:
        """End a session."""
        await self._engine.delete(request.match_info["session"])
        return web.Response()

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application()
        app.router.add_post("/whip/{camera}", self.publish)
        app.router.add_post("/whep/{camera}", self.watch)
        app.router.add_delete("/sessions/{session}", self.delete)
        return app


async def main() -> None:
    """Until the parent closes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", required=True)
    parser.add_argument("--media-workers", type=int, default=0)
    parser.add_argument("--recording", choices=("off", "buffer", "on", "encrypted"), default="off")
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    host = options.host
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(QUIET))
    async with TaskOwner("bench") as tasks:
        with tempfile.TemporaryDirectory() as temporary:
            folder = options.folder or Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            keys = (os.urandom(32),) if options.recording == "encrypted" else ()
            settings = MediaSettings(folder=folder, host=host, master_keys=keys)
            engine = _engine(settings, options.media_workers, options.recording, tasks)
            await engine.start()
            await _serve(engine, host)
            await engine.close()


def _engine(settings: MediaSettings, workers: int, recording: str, tasks: TaskOwner) -> MediaEngine:
    def nobody(*_: object) -> None:
        """Of all that it says, nothing is needed here."""

    if workers:
        how = WorkerLogs(level="warning")
        return WorkerPool(settings, workers, how, SystemClock(), tasks, nobody, nobody, nobody)
    if recording == "off":
        return LocalEngine(settings, SystemClock(), tasks, nobody, nobody, nobody)
    recorder = recorder_for(settings, SystemClock(), tasks, nobody)

    def published(device_id: str, session_id: str | None) -> None:
        if session_id is not None and recording in ("on", "encrypted"):
            name = recording_id(0.0, device_id, "00000000")
            recorder.record(device_id, RecordingOrder(name, device_id, device_id, None, "always", 0.0))

    return LocalEngine(settings, SystemClock(), tasks, nobody, nobody, published, recorder)


async def _serve(engine: MediaEngine, host: str) -> None:
    runner = web.AppRunner(Desk(engine).application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, 0).start()

    async def port() -> dict[str, Any]:
        return {"port": runner.addresses[0][1]}

    async def tables() -> dict[str, Any]:
        gc.collect()
        files = len(os.listdir("/proc/self/fd"))
        return {"sizes": sizes(engine) if isinstance(engine, LocalEngine) else {}, "living": living(), "files": files}

    async def counters() -> dict[str, Any]:
        return {"counters": engine.counters(), "health": engine.health()}

    await orders.obey({"port": port, "tables": tables, "counters": counters})
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
