"""Children end with their parent, the stubborn ones too, and come back when they fall."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from server.demo.children import Children
from server.tasks import TaskOwner

WAITS = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


async def _lines(path: Path, count: int) -> None:
    for _ in range(1000):
        if path.exists() and len(path.read_text().splitlines()) >= count:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{path} never had {count} lines")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_all_end_with_close_even_one_that_ignores_sigterm(tmp_path: Path) -> None:
    async with TaskOwner("test") as tasks:
        children = Children(tmp_path / "logs", tasks)
        await children.start("calm", ["-c", WAITS], tmp_path)
        await children.start("stubborn", ["-c", STUBBORN], tmp_path)
        await _lines(tmp_path / "logs" / "calm.log", 1)
        await _lines(tmp_path / "logs" / "stubborn.log", 1)
        pids = [process.pid for process in children._running.values()]
        await children.close()
        assert not any(_alive(pid) for pid in pids)


async def test_a_child_that_falls_is_started_again(tmp_path: Path) -> None:
    async with TaskOwner("test") as tasks:
        children = Children(tmp_path, tasks)
        await children.start("camera", ["-c", WAITS], tmp_path)
        await _lines(tmp_path / "camera.log", 1)
        os.kill(children._running["camera"].pid, signal.SIGKILL)
        await _lines(tmp_path / "camera.log", 2)
        await children.close()
