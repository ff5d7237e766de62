"""An export leaves the building: it plays, it proves itself without us, and whoever took it is on record first."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import pytest
from aiohttp.test_utils import TestServer

from server.access.permission import Permission, Role, may
from server.export.export import KEPT_S
from server.recording.marks import By
from server.recording.master_key import PLAIN
from server.recording.timestamping import Timestamping
from server.recording.verifier import main as verify
from server.recording.verifier import verify as checked
from server.recording.verifying import checks_with
from server.taser.actions import Offered
from tests.server.export.desk import WHY, Desk, laid
from tests.server.recording.authority import Authority
from tests.server.recording.recordings import MASTER
from tests.server.replay.test_routes import BASE, unaudited


async def test_a_whole_incident_proves_itself_and_plays(desk: Desk) -> None:
    recordings = await asyncio.to_thread(laid, desk.data)
    bundle = await desk.exported({"recordings": [one.id for one in recordings]})
    assert verify([str(bundle)]) == 0
    with zipfile.ZipFile(bundle) as archive:
        names = archive.namelist()
        assert {"verify.py", "index.html", "log.json", "contents.json", "tracks/et17-cam.gpx"} <= set(names)
        films = [name for name in names if name.startswith("playable/")]
        assert len(films) == 2
        for name in films:
            with av.open(io.BytesIO(archive.read(name)), "r") as film:
                shown = [frame.time or 0.0 for frame in film.decode(video=0)]
            assert shown[0] < 0.1
            assert len(shown) > 20
        page = archive.read("index.html").decode()
        assert "PC Marsh" in page
        assert WHY in page
        told = json.loads(archive.read("contents.json"))
        assert (told["by"], told["why"], told["from"]) == ("Hale", WHY, pytest.approx(BASE, abs=1))
        assert set(told["playable"]) == set(films)
        parents = [of for one in told["playable"].values() for of in one["of"].values()]
        assert all(len(one["parent_manifest_sha256"]) == 64 for one in parents)
        assert "<time>" in archive.read("tracks/et17-cam.gpx").decode()
        assert json.loads(archive.read("log.json"))["events"]
    assert [(view.recording_ids, why) for view, why in desk.noted] == [(tuple(one.id for one in recordings), WHY)]


async def test_of_a_weapon_s_log_the_rows_of_that_time_go_out_with_its_events_in_both_clocks(desk: Desk) -> None:
    recordings = await asyncio.to_thread(laid, desk.data)
    rows = "".join(f"{datetime.fromtimestamp(BASE + at, UTC):%Y-%m-%d %H:%M:%S},Armed,\n" for at in (1, 9999))
    content = f"GMT Time,Event,Duration\n{rows}".encode()
    inside = b"".join(content.splitlines(keepends=True)[:2])

    offered = Offered("et17-cam", BASE, BASE + 60, "X2.csv", "complaint C/412")
    kept = await desk.office.taser_logs.bring_in(offered, content, By("webb", "Webb"), unaudited)
    bundle = await desk.exported({"recordings": [one.id for one in recordings]})
    assert verify([str(bundle)]) == 0
    with zipfile.ZipFile(bundle) as archive:
        assert archive.read(f"taser/{kept['id']}.csv") == inside
        assert b"C/412" not in archive.read("log.json")
        told = json.loads(archive.read(f"taser/{kept['id']}.json"))
        assert "weapon’s own log, the rows of this time" in archive.read("index.html").decode()
    assert told["sha256"] == hashlib.sha256(content).hexdigest()
    assert [(event["at"], event["device_at"]) for event in told["placed"]] == [(BASE + 1, BASE + 1)]
    assert told["offset"]["how"] == "unmatched"
    assert not {"why", "by_id"} & told.keys(), "why it was brought in is nobody else's business"
    later = await desk.exported({"recordings": [one.id for one in recordings], "from": BASE + 3, "to": BASE + 8})
    with zipfile.ZipFile(later) as archive:
        assert not any(name.startswith("taser/") for name in archive.namelist())
        assert json.loads(archive.read("log.json"))["taser_logs"] == []


async def test_what_lies_encrypted_leaves_the_building_decrypted_and_proves_itself_there(desk: Desk) -> None:
    recordings = await asyncio.to_thread(laid, desk.data, MASTER)
    lying = (desk.data / "recordings" / recordings[0].id / "main" / "000001.m4s").read_bytes()
    for wish in ({}, {"from": BASE + 2.5, "to": BASE + 5}):
        bundle = await desk.exported({"recordings": [one.id for one in recordings], **wish})
        assert verify([str(bundle)]) == 0
        with zipfile.ZipFile(bundle) as archive:
            contents = {name: archive.read(name) for name in archive.namelist()}
        assert not any(name.endswith("content.key") for name in contents)
        assert lying not in contents.values()
        films = [content for name, content in contents.items() if name.startswith("playable/")]
        for film in films:
            with av.open(io.BytesIO(film), "r") as opened:
                assert len(list(opened.decode(video=0))) > 20
        assert len(films) == 2


async def test_an_authoritys_timestamp_goes_with_a_recording_and_with_a_part_of_it(desk: Desk, tmp_path: Path) -> None:
    authority = Authority.made(tmp_path / "authority")
    recordings = await asyncio.to_thread(laid, desk.data)
    async with TestServer(authority.application()) as server:
        url = str(server.make_url("/"))
        await Timestamping(desk.data / "recordings", url, authority.certificates, desk.office.clock).run()
    checks = checks_with(PLAIN, authority.certificates)
    for wish in ({}, {"from": BASE + 2.5, "to": BASE + 5}):
        bundle = await desk.exported({"recordings": [recordings[0].id], **wish})
        found = await asyncio.to_thread(checked, str(bundle), (), checks)
        assert found["exit"] == 0
        claims = [claim["claim"] for one in found["recordings"] for claim in one["claims"]]
        assert any(claim.startswith("An authority of") for claim in claims)


async def test_what_was_altered_where_it_lies_encrypted_is_told_and_the_rest_is_exported(desk: Desk) -> None:
    recordings = await asyncio.to_thread(laid, desk.data, MASTER)
    path = desk.data / "recordings" / recordings[0].id / "main" / "000001.m4s"
    altered = bytearray(path.read_bytes())
    altered[len(altered) // 2] ^= 1
    path.write_bytes(bytes(altered))
    with zipfile.ZipFile(await desk.exported({"recordings": [recordings[0].id]})) as archive:
        names = set(archive.namelist())
        (told,) = json.loads(archive.read("contents.json"))["damaged"]
    assert told["file"] == "main/000001.m4s" and "cannot be decrypted" in told["why"]
    folder = f"recordings/{recordings[0].id}/main"
    assert f"{folder}/000001.m4s" not in names and f"{folder}/000002.m4s" in names


async def test_a_part_of_a_recording_goes_out_as_a_clip_that_proves_itself_without_the_rest(desk: Desk) -> None:
    (first, _) = await asyncio.to_thread(laid, desk.data)
    bundle = await desk.exported({"recordings": [first.id], "from": BASE + 2.5, "to": BASE + 5})
    with zipfile.ZipFile(bundle) as archive:
        names = [name for name in archive.namelist() if name.startswith("clips/")]
    assert f"clips/{first.id}/clip.json" in names
    whole = len(list((desk.data / "recordings" / first.id / "main").glob("*.m4s")))
    assert 0 < sum("/main/" in name and name.endswith(".m4s") for name in names) < whole
    assert verify([str(bundle)]) == 0


async def test_a_bundle_that_was_changed_is_found_out(desk: Desk) -> None:
    recordings = await asyncio.to_thread(laid, desk.data)
    bundle = await desk.exported({"recordings": [recordings[0].id]})
    with zipfile.ZipFile(bundle) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    for changed in ("log.json", f"recordings/{recordings[0].id}/main/000002.m4s", "index.html"):
        altered = bytearray(contents[changed])
        altered[len(altered) // 2] ^= 1
        forged = desk.data / "forged.zip"
        with zipfile.ZipFile(forged, "w") as archive:
            for name, body in contents.items():
                archive.writestr(name, bytes(altered) if name == changed else body)
        assert verify([str(forged)]) == 2, changed


async def test_who_may_not_take_it_out_gets_nothing(desk: Desk) -> None:
    recordings = await asyncio.to_thread(laid, desk.data)
    for who in ("osei:control", "tran:trainer"):
        view = await desk.view({"recordings": [recordings[0].id]}, who)
        await desk.post("/api/exports", {"view": view, "why": WHY}, 403, who)
    assert desk.noted == []
    taking = [role.value for role in Role if may(role, Permission.EXPORT)]
    assert taking == ["inspector", "supervisor", "investigator", "standards", "admin"]


async def test_an_export_is_its_makers_alone_and_ends_after_a_day(desk: Desk) -> None:
    recordings = await asyncio.to_thread(laid, desk.data)
    await desk.exported({"recordings": [recordings[0].id]})
    (export,) = await desk.exports.standing()
    answer = await desk.client.get(f"/api/exports/{export.id}/bundle", headers={"X-Person": "other:inspector"})
    assert answer.status == 404
    desk.office.clock.move(KEPT_S + 1)
    await desk.exports.expire()
    assert not any((desk.data / "exports").rglob(f"{export.id}*"))
    answer = await desk.client.get(f"/api/exports/{export.id}", headers={"X-Person": "hale:inspector"})
    assert answer.status == 404


async def test_without_an_audit_nothing_is_exported(desk: Desk) -> None:
    recordings = await asyncio.to_thread(laid, desk.data)
    view = await desk.view({"recordings": [recordings[0].id]})
    desk.office.audit_fails = True
    await desk.post("/api/exports", {"view": view, "why": WHY}, 503)
    assert desk.bundles() == []


async def test_what_cannot_be_held_is_not_in_the_audit_as_taken(desk: Desk) -> None:
    recordings = await asyncio.to_thread(laid, desk.data)
    desk.hold_fails = True
    await desk.begun({"recordings": [recordings[0].id]}, 409)
    assert (desk.noted, desk.bundles()) == ([], [])


@pytest.mark.parametrize("body", [{}, {"view": "x"}, {"view": "x", "why": "y"}, {"view": "x", "why": WHY, "more": 1}])
async def test_a_request_that_lacks_something_is_told_what(desk: Desk, body: dict[str, Any]) -> None:
    problem = await desk.post("/api/exports", body, 400)
    assert "expected" in problem["detail"]
