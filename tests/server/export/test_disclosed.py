"""What goes to the defence is what the view's own cameras saw, from its beginning to its end, and nothing else."""

from __future__ import annotations

import asyncio
import json
import zipfile
from typing import Any

import pytest

from server.replay import facts_actions, timeline
from tests.server.export.desk import Desk, laid
from tests.server.replay.test_routes import BASE


async def test_another_units_name_place_and_alerts_are_nowhere_in_it(desk: Desk) -> None:
    _, second = await asyncio.to_thread(laid, desk.data)
    with zipfile.ZipFile(await desk.exported({"recordings": [second.id]})) as archive:
        names = archive.namelist()
        texts = {name: archive.read(name) for name in names if not name.endswith((".m4s", ".mp4", ".webm"))}
    assert "tracks/et22-cam.gpx" in names
    assert [name for name in names if "et17" in name.lower()] == []
    for name, text in texts.items():
        if name != "verify.py":
            assert not [word for word in (b"et17", b"Marsh", b"TASER", b"Hold, contain") if word in text], name
    log = json.loads(texts["log.json"])
    assert (log["alerts"], log["alert_states"], log["advice"]) == ([], [], [])
    places = {feature["geometry"]["coordinates"][0] for feature in _features(texts["tracks/et22-cam.geojson"])}
    assert [round(place, 4) for place in places] == [1.0309]  # the other one walks at 1.0300


async def test_positions_and_stretches_end_where_the_view_does(desk: Desk) -> None:
    first, _ = await asyncio.to_thread(laid, desk.data)
    start, end = BASE + 2.5, BASE + 5
    with zipfile.ZipFile(await desk.exported({"recordings": [first.id], "from": start, "to": end})) as archive:
        features = _features(archive.read("tracks/et17-cam.geojson"))
        log = json.loads(archive.read("log.json"))
    assert [feature["properties"]["at"] for feature in features] == [BASE + 3, BASE + 4]
    (camera,) = log["cameras"]
    for stretch in (*camera["spans"], *camera["recordings"]):
        assert (stretch["from"], stretch["to"]) == (start, end)


async def test_every_fix_leaves_the_building_however_many_there_are(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page shows some of them, evenly taken."""
    monkeypatch.setattr(timeline, "MOST_FIXES", 4)
    first, _ = await asyncio.to_thread(laid, desk.data)
    with zipfile.ZipFile(await desk.exported({"recordings": [first.id]})) as archive:
        features = _features(archive.read("tracks/et17-cam.geojson"))
        points = archive.read("tracks/et17-cam.gpx").count(b"<trkpt")
    assert (len(features), points) == (10, 10)
    view = await desk.view({"recordings": [first.id]})
    answer = await desk.client.get(f"/api/replays/{view}", headers={"X-Person": "hale:inspector"})
    assert len((await answer.json())["fixes"]["et17-cam"]) == 4


async def test_what_does_not_fit_is_refused_not_left_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of other cameras it may be as much as it likes: nothing of it goes in."""
    monkeypatch.setattr(facts_actions, "MOST_ROWS", 1)
    first, second = await asyncio.to_thread(laid, desk.data)
    problem = await desk.begun({"recordings": [first.id]}, 409)
    assert "alert states of these cameras" in problem["detail"]
    assert (desk.noted, desk.held) == ([], [])
    await desk.exported({"recordings": [second.id]})


def _features(text: bytes) -> list[dict[str, Any]]:
    return list(json.loads(text)["features"])
