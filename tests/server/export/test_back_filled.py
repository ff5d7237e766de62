"""What was back-filled is seen in replay and leaves the building with its recording, whole or in part, and proves itself."""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.clock import HandClock
from server.recording.joining import Arrived, Joining
from server.recording.library import Library
from server.recording.signing import EvidenceKey
from server.recording.verifier import verify
from tests.fakes.recordings import Laid, Wish, lay, usual_film
from tests.server.export.desk import Desk
from tests.server.recording.kept_footage import footage, packed
from tests.server.recording.test_verifier import found
from tests.server.replay.test_routes import BASE, MARSH

AHEAD = 3.0
WHO = {"X-Person": "hale:inspector"}


def lay_back_filled(data: Path) -> Laid:
    """Ten seconds, of which two segments were lost and have come since."""
    films = {layer: usual_film(10.0, layer) for layer in ("main", "sub")}
    laid = lay(data, Wish("et17-cam", "ET17", BASE, MARSH, without=(2, 3), ahead_s=AHEAD), films)
    root = data / "recordings"
    kept = packed(footage(BASE + AHEAD + 1.7, 9.0))

    def pieces() -> Iterator[bytes]:
        yield kept

    def at(captured_at: float) -> float:
        return captured_at - AHEAD

    joining = Joining(root, Library(root), lambda: EvidenceKey.of(data), HandClock(BASE + 60))
    joining.join(Arrived(laid.id, BASE + 4, BASE + 8, at, BASE + 60, pieces))
    return laid


async def exported(desk: Desk, wish: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """What is in the bundle, and its signed list."""
    path = await desk.exported(wish)
    told = await asyncio.to_thread(verify, str(path))
    assert told["exit"] == 0, found(told)
    with zipfile.ZipFile(path) as archive:
        listed: dict[str, Any] = json.loads(archive.read("contents.json"))
        return archive.namelist(), listed


@pytest.fixture
async def laid(desk: Desk) -> Laid:
    return await asyncio.to_thread(lay_back_filled, desk.data)


async def test_a_whole_recording_takes_its_part_along_and_films_of_all_of_it(desk: Desk, laid: Laid) -> None:
    names, listed = await exported(desk, {"recordings": [laid.id]})
    assert f"recordings/{laid.id}/back-1/manifest.sig" in names
    assert listed["recordings"] == [f"recordings/{laid.id}", f"recordings/{laid.id}/back-1"]
    (film,) = listed["playable"].values()
    assert list(film["of"]) == [laid.id, f"{laid.id}/back-1"]
    assert all(of["parent_manifest_sha256"] for of in film["of"].values())
    assert film["gaps"] == [], "it was filled"


async def test_a_clip_over_the_gap_and_one_within_it_prove_themselves(desk: Desk, laid: Laid) -> None:
    names, _ = await exported(desk, {"device_ids": ["et17-cam"], "from": BASE + 3, "to": BASE + 6})
    assert {f"clips/{laid.id}/clip.json", f"clips/{laid.id}/back-1/clip.json"} <= set(names)
    names, listed = await exported(desk, {"device_ids": ["et17-cam"], "from": BASE + 5.9, "to": BASE + 6.1})
    clips = [name for name in names if name.startswith("clips/") and name.endswith(".m4s")]
    assert clips and all("/back-1/" in name for name in clips), "of the recording itself only its beginning"
    assert len(listed["playable"]) == 1


async def test_a_part_that_is_taken_out_of_a_bundle_is_missed(desk: Desk, laid: Laid, tmp_path: Path) -> None:
    path = await desk.exported({"recordings": [laid.id]})
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(tmp_path / "less.zip", "w") as less:
        for name in whole.namelist():
            if "/back-1/" not in name:
                less.writestr(name, whole.read(name))
    told = await asyncio.to_thread(verify, str(tmp_path / "less.zip"))
    assert told["exit"] == 2 and "back-1 is not there" in found(told)


async def test_replay_shows_the_stretch_as_back_filled_and_plays_it(desk: Desk, laid: Laid) -> None:
    view = await desk.view({"recordings": [laid.id]})
    told = await (await desk.client.get(f"/api/replays/{view}", headers=WHO)).json()
    (camera,) = told["cameras"]
    assert [span["filled"] for span in camera["spans"]] == [False, True, False]
    (gap,) = camera["gaps"]
    assert gap["words"] == "gap 4.0 s: camera away; back-filled"
    playlist = await (await desk.client.get(f"/api/replays/{view}/cameras/et17-cam/main.m3u8", headers=WHO)).text()
    files = [line for line in playlist.splitlines() if line.endswith(".m4s")]
    assert sum("/back-1/main/" in file for file in files) >= 2
    assert playlist.count("#EXT-X-DISCONTINUITY\n") == 2
    for name in ("back-1/main/000001.m4s", "back-1/main/init-1.mp4"):
        answer = await desk.client.get(f"/api/replays/{view}/files/{laid.id}/{name}", headers=WHO)
        assert answer.status == 200 and len(await answer.read()) > 100
    for name in ("back-1/journal.jsonl", "back-2/main/000001.m4s"):
        answer = await desk.client.get(f"/api/replays/{view}/files/{laid.id}/{name}", headers=WHO)
        assert answer.status == 404
