"""Cameras of the demo: they end with it, however it ends, and come back when they fall."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from server.demo.app import ROOT
from server.demo.children import Children
from server.tasks import TaskOwner

USAGE = ["--help"]  # a camera that ends by itself at once


async def _lines(path: Path, count: int) -> None:
    for _ in range(1500):
        if path.exists() and path.read_text().count("usage:") >= count:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{path} never had {count} starts: {path.read_text() if path.exists() else 'no file'}")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_camera_that_ends_is_started_again_until_close(tmp_path: Path) -> None:
    async with TaskOwner("test") as tasks:
        children = Children(tmp_path, tasks, ROOT)
        await children.open()
        children.start("ET17", USAGE)
        await _lines(tmp_path / "ET17.log", 2)
        await children.close()


async def test_an_end_before_the_first_camera_waits_for_no_loading(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with TaskOwner("test") as tasks:
        children = Children(tmp_path, tasks, ROOT)
        await children.open()
        await children.close()
        assert children._nursery is not None
        assert children._nursery.returncode == -signal.SIGKILL
    assert "did not end in time" not in "".join(capfd.readouterr())


async def test_a_nursery_that_falls_is_started_again_with_its_cameras(tmp_path: Path) -> None:
    async with TaskOwner("test") as tasks:
        children = Children(tmp_path, tasks, ROOT)
        await children.open()
        children.start("ET17", USAGE)
        await _lines(tmp_path / "ET17.log", 1)
        nursery = children._nursery
        assert nursery is not None
        before = (tmp_path / "ET17.log").read_text().count("usage:")
        os.kill(nursery.pid, signal.SIGKILL)
        await _lines(tmp_path / "ET17.log", before + 1)
        await children.close()


async def test_nothing_is_left_when_the_parent_is_killed(tmp_path: Path) -> None:
    async with TaskOwner("test") as tasks:
        children = Children(tmp_path, tasks, ROOT)
        await children.open()
        nursery = children._nursery
        assert nursery is not None
        os.kill(nursery.pid, signal.SIGKILL)
        await asyncio.wait_for(nursery.wait(), 10)
        await children.close()
        assert not _alive(nursery.pid)
