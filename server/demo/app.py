"""`python3 -m server demo`: starts loading the cameras at once, and the server beside them."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import ExitStack
from pathlib import Path

from server import logs
from server.demo.children import Children
from server.operations.store import prepare_folder
from server.tasks import TaskOwner

ROOT = Path(__file__).resolve().parents[2]


def run(*, port: int, cameras: int, data: Path | None, scenario: Path | None, browser: bool) -> int:
    """Play until Ctrl-C. Raises StartError with one sentence when it cannot start."""
    logs.configure(json=False, level="warning")
    with ExitStack() as closing:
        folder = data
        if folder is None:
            temporary = tempfile.TemporaryDirectory(prefix="watchroom-demo-", ignore_cleanup_errors=True)
            folder = Path(closing.enter_context(temporary))
        prepare_folder(folder)
        asyncio.run(_run(folder, port, cameras, scenario, browser))
    return 0


async def _run(folder: Path, port: int, cameras: int, scenario: Path | None, browser: bool) -> None:
    async with TaskOwner("demo") as tasks:
        children = Children(folder / "logs", tasks, ROOT)
        await children.open()
        try:
            # Only now: to load the server takes 1.5 s, and the cameras load meanwhile on the other core.
            from server.demo.play import play

            await play(children, folder, port, cameras, scenario, browser)
        finally:
            await children.close()
