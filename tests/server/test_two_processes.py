"""Two server processes on one database, with a real Redis between them that dies and comes back."""

from __future__ import annotations

import uuid
from pathlib import Path

from tests.installation import Camera, Installation, Server
from tests.local_servers import LocalRedis
from tests.raw_console import RawConsole


async def test_nothing_is_lost_and_nothing_comes_twice_when_redis_dies(
    redis_server: LocalRedis, database_url: str, tmp_path: Path
) -> None:
    installation = Installation(tmp_path / "data", ["--redis", redis_server.url, "--database", database_url])
    installation.settings = {"WATCHROOM_DATABASE": database_url}
    key = installation.add_camera("ET17", "PC Marsh", "0417")
    installation.add_person("hale", "inspector", "Insp. Hale")
    installation.add_person("okafor", "control", "D. Okafor")
    with Server(installation, "server 1") as one, Server(installation, "server 2") as two:
        await one.serve()
        await two.serve()
        with Camera(key, one.url) as camera:
            camera.start()
            async with RawConsole(one.url, "okafor") as near, RawConsole(two.url, "hale") as far:
                await _an_incident(redis_server, camera, near, far)
                _same_story(near, far)


async def _an_incident(redis: LocalRedis, camera: Camera, near: RawConsole, far: RawConsole) -> None:
    await camera.press("taser.drawn")
    drawn = await far.hears("alert", lambda alert: alert["kind"] == "taser.drawn", "the drawn TASER")
    assert drawn["state"] == "raised"
    assert drawn["call_sign"] == "ET17"

    redis.kill()
    await camera.press("taser.armed")
    armed = await near.hears("alert", lambda alert: alert["kind"] == "taser.armed", "the armed TASER, without Redis")
    advice = {"device_id": camera.device_id, "text": "Hold, contain", "client_id": str(uuid.uuid4())}
    assert (await far.post("/api/advice", advice))[0] == 201
    assert (await far.post("/api/advice", advice))[0] in (200, 201), "sent again, since no answer had come"
    redis.start()

    await far.hears("alert", lambda alert: alert["kind"] == "taser.armed", "the armed TASER, after Redis came back")
    status, alert = await far.post(f"/api/alerts/{armed['id']}/acknowledge")
    assert (status, alert["acknowledged_by"]["name"]) == (200, "Insp. Hale")
    status, problem = await near.post(f"/api/alerts/{armed['id']}/acknowledge")
    assert (status, problem["alert"]["acknowledged_by"]["name"]) == (409, "Insp. Hale")
    await near.hears("alert", lambda alert: alert["state"] == "acknowledged", "the acknowledgement on process 2")
    await camera.says("Insp. Hale has seen your alert: taser armed.")
    await camera.says("ADVICE from Insp. Hale: Hold, contain")
    await camera.press("heard")
    for console in (near, far):
        await console.hears("advice", lambda body: body["acknowledged_at"] is not None, "the officer's answer")
    assert camera.printed.count("ADVICE from") == 1


def _same_story(near: RawConsole, far: RawConsole) -> None:
    """Both consoles were told the same, in order, each entry once."""
    last = min(console.entries[-1]["seq"] for console in (near, far))
    first = max(console.messages[0]["seq"] for console in (near, far))
    told = [[entry["seq"] for entry in console.entries if first < entry["seq"] <= last] for console in (near, far)]
    assert told[0] == told[1] == sorted(set(told[0]))
    for console in (near, far):
        raised = {body["id"] for body in console.bodies("alert") if body["family"] == "taser"}
        assert len(raised) == 1, "drawn and armed are one alert that became graver"
