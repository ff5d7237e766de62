"""The local control over real sockets."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from streamer.errors import ConfigError
from streamer.routes import LocalControl, state_of, write_token
from tests.streamer.conftest import Bench


@pytest.fixture
async def control(bench: Bench) -> AsyncIterator[LocalControl]:
    control = LocalControl(bench.kit, lambda: state_of(bench.kit, bench.outbox.waiting(), True), "secret")
    yield control
    await control.close()


async def test_a_button_presses_what_a_finger_would(bench: Bench, control: LocalControl) -> None:
    url = await control.start("0")
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer secret"}) as session:
        async with session.post(f"{url}/press/taser.drawn") as done:
            assert done.status == 204
        async with session.post(f"{url}/press/taser.drawn") as twice:
            assert (twice.status, twice.content_type) == (409, "application/problem+json")
            assert "drawn already" in (await twice.json())["detail"]
        async with session.post(f"{url}/press/dance") as unknown:
            assert unknown.status == 404
        async with session.get(f"{url}/state") as state:
            told = await state.json()
    assert (told["taser"], told["recording"], told["streaming"], told["connected"]) == (
        "drawn",
        "recording",
        True,
        True,
    )
    assert told["waiting"] == {"signals": 3, "fixes": 0}
    assert bench.signals()[0][0] == "taser.drawn"


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}])
async def test_whoever_does_not_know_the_token_presses_nothing(
    bench: Bench, control: LocalControl, header: dict[str, str]
) -> None:
    url = await control.start("0")
    async with aiohttp.ClientSession(headers=header) as session:
        async with session.post(f"{url}/press/emergency") as refused:
            assert refused.status == 401
        async with session.get(f"{url}/state") as hidden:
            assert hidden.status == 401
    assert bench.signals() == []


async def test_a_unix_socket_is_for_the_cameras_user_only(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "control"
    for _ in range(2):  # the second finds what the first has left
        control = LocalControl(bench.kit, dict, None)
        assert await control.start(f"unix:{path}") == f"unix:{path}"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as session,
            session.post("http://camera/press/emergency") as done,
        ):
            assert done.status == 204
        await control.close()


async def test_a_port_that_is_taken_is_one_sentence(bench: Bench, control: LocalControl) -> None:
    url = await control.start("0")
    other = LocalControl(bench.kit, dict, None)
    with pytest.raises(ConfigError, match=r"--control .* cannot be used"):
        await other.start(url.rsplit(":", 1)[1])


def test_the_token_is_new_each_time_and_readable_by_one_user(tmp_path: Path) -> None:
    path = tmp_path / "token"
    first, second = write_token(path), write_token(path)
    assert first != second == path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(ConfigError, match="cannot be written"):
        write_token(tmp_path / "no" / "token")
