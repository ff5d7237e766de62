"""On the whole server: who took what out, by its SHA-256, why and from where; each time that it was fetched."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestClient, TestServer

from server.app import Watchroom
from server.audit.asked import Asked
from server.clock import HandClock
from server.config import Config
from server.site import application
from tests.server.access.conftest import PASSWORD, sign_in
from tests.server.export.desk import laid
from tests.server.replay.test_routes import BASE


async def test_each_step_of_a_bundle_is_a_row_with_its_hash_and_from_where(tmp_path: Path) -> None:
    first, _ = await asyncio.to_thread(laid, tmp_path)
    config = Config.load(tmp_path, {"port": 0, "media_workers": 0})
    async with (
        Watchroom(config, HandClock(BASE + 3600)) as room,
        TestClient(TestServer(application(room))) as browser,
    ):
        await room.access.add_person("inspector", "inspector", PASSWORD, display_name="Insp. Hale")
        headers = await sign_in(browser, "inspector")

        async def asked(path: str, **body: Any) -> Any:
            answer = await browser.post(path, json=body, headers=headers)
            assert answer.status in (201, 202), await answer.text()
            return await answer.json()

        view = await asked("/api/replays", recordings=[first.id], why="R v Smith")
        export = await asked("/api/exports", view=view["id"], why="for the CPS")
        path = f"/api/exports/{export['id']}"
        async with asyncio.timeout(120):
            while export["state"] not in ("ready", "failed"):
                await asyncio.sleep(0.05)
                export = await (await browser.get(path, headers=headers)).json()
        assert export["state"] == "ready", export["problem"]
        content = await (await browser.get(export["url"], headers=headers)).read()
        await room.audit.flush()
        rows = (await room.audit.page(Asked(limit=200)))["rows"][::-1]
    began, held, made, fetched = (
        next(row for row in rows if row["what"] == what)
        for what in ("view.export", "change.recording", "share.export-ready", "share.export")
    )
    assert {row["address"] for row in (began, held, made, fetched)} == {"127.0.0.1"}
    assert {row["why"] for row in (began, held, made, fetched)} == {"for the CPS"}
    assert began["detail"]["export"] == export["id"] == made["subject"]["id"]
    told = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    assert made["detail"] == told
    assert fetched["detail"] == {**told, "file": export["name"]}
