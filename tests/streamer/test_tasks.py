"""Every task has an owner; leaving waits; what fails is told."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest

from streamer.errors import ConfigError
from streamer.tasks import TaskOwner, again_and_again, in_thread, until_one_ends


async def for_ever(ended: list[str], name: str) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        ended.append(name)


async def fails(error: Exception) -> None:
    await asyncio.sleep(0)
    raise error


async def test_leaving_the_block_ends_and_awaits_all() -> None:
    ended: list[str] = []
    async with TaskOwner("camera") as tasks:
        for name in ("a", "b"):
            tasks.start(for_ever(ended, name), name)
        await asyncio.sleep(0)
    assert sorted(ended) == ["a", "b"]
    with pytest.raises(RuntimeError, match="camera is closed"):
        tasks.start(for_ever(ended, "c"), "c")
    await tasks.close()


async def test_what_a_task_raises_is_told_with_its_name(caplog: pytest.LogCaptureFixture) -> None:
    async with TaskOwner("camera") as tasks:
        tasks.start(fails(ValueError("no lens")), "picture")
        await asyncio.sleep(0.01)
    assert "camera.picture failed: no lens" in caplog.text


async def test_the_first_to_end_ends_the_others() -> None:
    ended: list[str] = []
    with pytest.raises(ConnectionError, match="gone"):
        await until_one_ends(for_ever(ended, "reader"), fails(ConnectionError("gone")), name="link")
    await until_one_ends(for_ever(ended, "writer"), asyncio.sleep(0), name="link")
    assert ended == ["reader", "writer"]


async def test_cancelling_ends_all_of_them() -> None:
    ended: list[str] = []
    async with TaskOwner("camera") as tasks:
        tasks.start(until_one_ends(for_ever(ended, "a"), for_ever(ended, "b"), name="link"), "link")
        await asyncio.sleep(0.01)
    assert sorted(ended) == ["a", "b"]


async def test_what_nobody_expected_is_told_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    tries: list[int] = []

    async def step() -> None:
        tries.append(1)
        if len(tries) == 3:
            raise ConfigError("no such thing")
        raise KeyError("odd")

    with pytest.raises(ConfigError), caplog.at_level(logging.ERROR):
        await again_and_again(step, "gps", wait_s=0.0)
    assert len(tries) == 3
    assert caplog.text.count("gps failed; it starts again") == 2


async def test_work_in_a_thread_gives_its_result_or_its_error() -> None:
    assert await in_thread(lambda: threading.current_thread().name, "painter") == "painter"

    def broken() -> int:
        raise ConfigError("no town")

    with pytest.raises(ConfigError, match="no town"):
        await in_thread(broken, "painter")


async def test_an_end_does_not_wait_for_a_thread() -> None:
    go = threading.Event()
    async with TaskOwner("camera") as tasks:
        tasks.start(in_thread(lambda: go.wait(30), "painter"), "media")
        await asyncio.sleep(0.01)
    go.set()
