"""What goes to the defence is what the view's own cameras saw, from its beginning to its end, and nothing else."""

from __future__ import annotations

import asyncio
import json
import zipfile
from typing import Any

from server.recording.folder import RecordingFolder
from server.recording.segment import Segment
from server.recording.verifier import main as verify
from tests.fakes.recordings import SEGMENT_S, usual_film
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


async def test_a_part_of_what_is_still_recorded_is_refused(desk: Desk) -> None:
    first, _ = await asyncio.to_thread(laid, desk.data, closed=False)
    problem = await desk.begun({"recordings": [first.id], "from": BASE + 2.5, "to": BASE + 5}, 409)
    assert "still being recorded" in problem["detail"]
    assert desk.noted == []
    await desk.exported({"recordings": [first.id], "from": BASE, "to": BASE + 60})


async def test_a_segment_that_is_committed_meanwhile_does_not_make_it_look_broken(desk: Desk) -> None:
    first, _ = await asyncio.to_thread(laid, desk.data, closed=False)
    film = usual_film(10.0, "main")

    def grow() -> None:
        start = len(film.segments) * SEGMENT_S
        with RecordingFolder.resume(desk.data / "recordings", first.id, desk.office.clock, "server-restart") as folder:
            folder.commit(
                Segment(
                    layer="main",
                    init=film.init,
                    data=film.segments[0],
                    start=start,
                    duration=SEGMENT_S,
                    captured_at=None,
                    received_at=BASE + start,
                    key=True,
                    pictures=film.pictures,
                    codec="h264",
                    sound=True,
                    width=640,
                    height=360,
                )
            )

    desk.library.grow = grow
    bundle = await desk.exported({"recordings": [first.id]})
    assert desk.library.grow is None
    assert verify([str(bundle)]) == 3
    with zipfile.ZipFile(bundle) as archive:
        journal = archive.read(f"recordings/{first.id}/journal.jsonl")
    assert b"main/000006.m4s" not in journal  # the view did not show it


def _features(text: bytes) -> list[dict[str, Any]]:
    return list(json.loads(text)["features"])
