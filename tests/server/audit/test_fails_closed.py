"""The whole server with a database that somebody else holds locked: no picture, and no row of one that nobody saw."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.app import Watchroom
from server.audit.asked import Asked
from server.audit.audit_entry import REASON
from server.config import Config
from server.units.unit import RecordMode
from tests.patience import until
from tests.server.media.clients import Camera, Screen, post_offer


async def test_nothing_flows_while_the_audit_is_locked_and_all_of_it_once_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.database.BUSY_TIMEOUT_MS", 200)
    camera, refused, screen = Camera(sound=False), Screen(sound=False), Screen(sound=False)
    async with Watchroom(Config.load(tmp_path, {"port": 0, "media_workers": 0})) as room:
        try:
            fields: dict[str, Any] = {"call_sign": "ET17", "record_mode": RecordMode.ALWAYS}
            device, whip_token = await room.cameras.enrol(Ed25519PrivateKey.generate(), fields)
            person = await room.access.add_person("hale", "inspector", None, "Insp. Hale")
            _, token = await room.access.add_token(person, "a player")
            async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {whip_token}"}) as field:
                status, answer, _ = await post_offer(
                    field, f"{room.url}/whip/{device.device_id}", await camera.make_offer()
                )
                assert status == 201, answer
                await camera.take(answer)
            await until(lambda: room.units.is_recording(device.device_id), "ET17 records")
            reasoned = {"Authorization": f"Bearer {token}", REASON: "watch%20request%3A%20ET17"}
            async with aiohttp.ClientSession(headers=reasoned) as desk:
                url = f"{room.url}/whep/{device.device_id}"
                locker = sqlite3.connect(tmp_path / "watchroom.db", isolation_level=None, timeout=20)
                locker.execute("BEGIN IMMEDIATE")
                status, problem, _ = await post_offer(desk, url, await refused.make_offer())
                assert status == 503 and "nothing is shown" in problem
                assert room.engine.health()["viewers"] == 0 and await room.views.of_device(device.device_id) == []
                locker.execute("ROLLBACK")
                locker.close()
                status, answer, _ = await post_offer(desk, url, await screen.make_offer())
                assert status == 201, answer
                await screen.take(answer)
                await screen.frames(3)
                rows = await _views(room)
            assert [(row["actor"]["name"], row["subject"]["name"], row["why"]) for row in rows] == [
                ("Insp. Hale", "ET17", "watch request: ET17")
            ]
        finally:
            for peer in (screen, refused, camera):
                await peer.close()


async def _views(room: Watchroom) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await room.audit.page(Asked(what="view")))["rows"]
    return found
