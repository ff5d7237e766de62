"""The whole server: nothing is open, a taken port is told, and what was started is closed again."""

from __future__ import annotations

import json
import os
from pathlib import Path

import aiohttp
import pytest
import structlog
from aiohttp.test_utils import TestClient, TestServer

from server import serving, wire
from server.app import Watchroom
from server.bus import Topic
from server.clock import SystemClock
from server.config import Config
from server.console.settings import console_settings
from server.database import Database
from server.errors import StartError
from server.media.ice_servers import IceServers
from server.media.live import Viewer
from server.media.store import LiveViewStore
from server.site import application
from tests.open_routes import open_routes


async def test_nothing_is_open_to_a_stranger(tmp_path: Path) -> None:
    async with Watchroom(Config.load(tmp_path, {"port": 0})) as watchroom:
        server = TestServer(application(watchroom))
        async with TestClient(server) as client:
            assert await open_routes(client) == []


async def test_it_says_where_it_is_and_forgets_it_at_the_end(tmp_path: Path) -> None:
    async with Watchroom(Config.load(tmp_path, {"port": 0})) as watchroom:
        assert json.loads((tmp_path / "server.json").read_text())["url"] == watchroom.url
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{watchroom.url}/healthz") as answer:
                assert (answer.status, (await answer.json())["status"]) == (200, "alive")
            async with session.get(f"{watchroom.url}/readyz") as answer:
                assert (await answer.json())["checks"] == {"database": True, "bus": True, "media": True}
            async with session.get(f"{watchroom.url}/metrics") as answer:
                text = await answer.text()
                assert "watchroom_now" in text
                assert "watchroom_media_total" in text
                assert "process_cpu_seconds_total" in text
    assert not (tmp_path / "server.json").exists()


async def test_it_does_not_start_without_the_key_that_its_recordings_lie_encrypted_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Config.load(tmp_path, {"port": 0})
    monkeypatch.setenv("WATCHROOM_MASTER_KEY", bytes(range(32)).hex())
    async with Watchroom(Config.load(tmp_path, {"port": 0})):
        pass
    with pytest.raises(StartError, match="none is given: set master_key_file"):
        async with Watchroom(config):
            pass
    monkeypatch.setenv("WATCHROOM_MASTER_KEY", bytes(32).hex())
    with pytest.raises(StartError, match="and given is"):
        async with Watchroom(Config.load(tmp_path, {"port": 0})):
            pass


async def test_the_first_of_two_servers_on_one_folder_does_not_make_the_second_unknown(tmp_path: Path) -> None:
    first = Watchroom(Config.load(tmp_path, {"port": 0}))
    second = Watchroom(Config.load(tmp_path, {"port": 0}))
    async with second:
        async with first:
            (tmp_path / "server.json").write_text(json.dumps({"url": second.url, "pid": os.getpid()}))
        assert json.loads((tmp_path / "server.json").read_text())["url"] == second.url
    assert not (tmp_path / "server.json").exists()


async def test_a_taken_port_stops_the_start_and_leaves_nothing_running(tmp_path: Path) -> None:
    with serving.listening_socket("127.0.0.1", 0) as taken:
        taken.listen()
        watchroom = Watchroom(Config.load(tmp_path, {"port": taken.getsockname()[1]}))
        with pytest.raises(StartError, match="is taken by another program"):
            async with watchroom:
                pytest.fail("it must not start")


async def test_viewings_that_end_with_the_server_are_written_as_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watchroom = Watchroom(Config.load(tmp_path, {"port": 0}))
    engine_ends = watchroom.engine.close
    views: list[str] = []

    async def close() -> None:
        await engine_ends()
        watchroom.views.end_soon(views[0], "main")  # as each session does when the engine closes

    monkeypatch.setattr(watchroom.engine, "close", close)
    async with watchroom:
        views.append(await watchroom.views.begin("camera-1", Viewer("p", "Insp. Hale", "inspector", "s"), "main"))
    database = Database(str(tmp_path / "watchroom.db"))
    (view,) = await LiveViewStore(database, SystemClock()).of_device("camera-1")
    assert view.ended_at is not None
    await database.close()


def test_alert_kinds_out_of_balance_are_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "watchroom.toml").write_text('[alerts."battery.low"]\npriority = 1\n')
    with structlog.testing.capture_logs() as logs:
        Watchroom(Config.load(tmp_path, {"port": 0}))
    (warning,) = [line for line in logs if line["event"] == "alert kinds out of balance"]
    assert (warning["log_level"], "priority 1 is" in warning["reason"]) == ("warning", True)


async def test_an_old_signal_does_not_undo_what_the_status_says(tmp_path: Path) -> None:
    async with Watchroom(Config.load(tmp_path, {"port": 0})) as watchroom:
        units, receive = watchroom.units, watchroom._receive_signal
        device_id = (await units.add_device("Tango 1")).device_id
        now = watchroom.clock.wall()
        await receive(device_id, "outbox-1", wire.Signal(seq=2, at=now + 3600, kind="recording.started"), 3600.0)
        assert units.is_recording(device_id), "its clock is an hour ahead, and it is fresh"
        await receive(device_id, "outbox-1", wire.Signal(seq=1, at=now - 60, kind="recording.stopped"), 0.0)
        assert units.is_recording(device_id)
        await receive(device_id, "outbox-1", wire.Signal(seq=3, at=now, kind="recording.stopped"), 0.0)
        assert not units.is_recording(device_id)


async def test_another_process_that_does_not_know_our_part_ends_no_viewing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[str] = []
    async with Watchroom(Config.load(tmp_path, {"port": 0})) as watchroom:
        monkeypatch.setattr(watchroom.engine, "end_viewings", lambda device_id, _why: ended.append(device_id))
        device_id = (await watchroom.units.add_device("Tango 1")).device_id
        watchroom.units.apply_recording(device_id, "recording")
        body = {"origin": "another", "units": [{"device_id": device_id, "recording": "off"}], "unit_parts": []}
        await watchroom.bus.publish(Topic.LATEST, body)
        assert ended == []
        watchroom.units.apply_recording(device_id, "buffering")
        await watchroom.units.tell()
        assert ended == [device_id]


async def test_a_phone_reaches_it_over_tls(tmp_path: Path) -> None:
    async with Watchroom(Config.load(tmp_path, {"port": 0, "tls": "self-signed"})) as watchroom:
        assert watchroom.url.startswith("https://")
        async with aiohttp.ClientSession() as session, session.get(f"{watchroom.url}/healthz", ssl=False) as answer:
            assert answer.status == 200
            assert "Strict-Transport-Security" in answer.headers


def test_the_console_is_told_what_it_needs(tmp_path: Path) -> None:
    (tmp_path / "watchroom.toml").write_text(
        'force = "X"\n[basemap]\nkind = "none"\n'
        '[[ice_servers]]\nurls = ["stun:a", "turn:b"]\nusername = "u"\ncredential = "c"\n'
    )
    config = Config.load(tmp_path)
    ice_servers = IceServers.of(config, lambda: 0.0)
    settings = console_settings(config, ice_servers.given_to("x"))
    assert settings["force"] == "X"
    assert settings["basemap"] == {"kind": "none", "url": None, "center": None, "zoom": 15.0}
    assert settings["ice_servers"] == [{"urls": ["stun:a", "turn:b"], "username": "u", "credential": "c"}]
    assert len(ice_servers.links("x")) == 2
