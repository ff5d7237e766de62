"""What was taken out can be recognised later: by its SHA-256, by who fetched it, and after a restart it is still there."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from server.access.permission import Role
from server.access.person import Person
from server.access.session import Caller
from server.errors import NotFound
from server.export.actions import GRANTED_S, Exports
from server.export.export import KEPT_S, Export, of_row
from server.export.folder import OwnFolder
from tests.server.export.desk import WHY, Desk, laid

WHO = {"X-Person": "hale:inspector"}
HALE = Caller(Person("hale", "hale", "Hale", Role.INSPECTOR), "s1")


@pytest.fixture
async def ready(desk: Desk) -> dict[str, Any]:
    """An export that can be fetched."""
    first, _ = await asyncio.to_thread(laid, desk.data)
    export: dict[str, Any] = await desk.ended({"recordings": [first.id]})
    return export


async def test_the_bundle_is_known_by_its_sha256_to_its_maker_and_the_audit(desk: Desk, ready: dict[str, Any]) -> None:
    answer = await desk.client.get(ready["url"], headers=WHO)
    content = await answer.read()
    assert ready["sha256"] == hashlib.sha256(content).hexdigest()
    assert desk.made == [(ready["sha256"], len(content))]


async def test_what_the_audit_does_not_know_is_never_ready(desk: Desk) -> None:
    first, _ = await asyncio.to_thread(laid, desk.data)
    export = await desk.begun({"recordings": [first.id]})
    desk.office.audit_fails = True
    told = await desk.settled(export)
    assert told["state"] == "failed" and "audit" in told["problem"]
    assert desk.bundles() == []


async def test_it_is_ready_when_every_process_reads_that_it_is(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its row is kept first: who is told that it is ready may ask another process for it at once, or this one after a restart."""
    first, _ = await asyncio.to_thread(laid, desk.data)
    keep, comes, may_go = desk.store.keep, asyncio.Event(), asyncio.Event()

    async def late(export: Export, place: str) -> None:
        if export.state == "ready":
            comes.set()
            await may_go.wait()
        await keep(export, place)

    monkeypatch.setattr(desk.store, "keep", late)
    begun = await desk.begun({"recordings": [first.id]})
    async with asyncio.timeout(60):
        await comes.wait()
    assert (await desk.state(begun))["state"] == "writing"
    may_go.set()
    assert (await desk.settled(begun))["state"] == "ready"
    found = await desk.store.find(begun["id"], "here")
    assert found is not None and found.state == "ready"


async def test_each_time_that_it_is_fetched_is_noted_and_going_on_where_it_stopped_is_the_same_time(
    desk: Desk, ready: dict[str, Any]
) -> None:
    async def fetched(wanted: str | None, url: str = ready["url"]) -> int:
        answer = await desk.client.get(url, headers=WHO | ({"Range": wanted} if wanted else {}))
        await answer.read()
        return answer.status

    assert [await fetched(wanted) for wanted in ("bytes=0-99", "bytes=100-199", "bytes=200-")] == [206, 206, 206]
    assert desk.fetched == [""]
    assert await fetched(None) == 200
    assert desk.fetched == ["", ""]
    (film,) = ready["films"]
    assert [await fetched(wanted, film["url"]) for wanted in ("bytes=50-", "bytes=60-")] == [206, 206]
    assert len(desk.fetched) == 3 and desk.fetched[2].startswith("playable/ET17")


async def test_what_cannot_be_noted_is_not_given(desk: Desk, ready: dict[str, Any]) -> None:
    (film,) = ready["films"]
    desk.office.audit_fails = True
    for url in (ready["url"], film["url"]):
        assert (await desk.client.get(url, headers=WHO)).status == 503


async def restarted(desk: Desk) -> Exports:
    await desk.exports.close()
    another = desk.another()
    await another.start()
    return another


async def test_a_finished_bundle_is_there_after_a_restart_until_its_day_is_over(
    desk: Desk, ready: dict[str, Any]
) -> None:
    another = await restarted(desk)
    export = await another.ready(ready["id"], HALE)
    assert export.as_json() == ready
    path = await another.fetch(export, desk.notes(), from_start=True)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == ready["sha256"]
    desk.office.clock.move(KEPT_S + 1)
    await another.expire()
    with pytest.raises(NotFound):
        await another.export(ready["id"], HALE)
    await another.close()
    assert list((desk.data / "exports").iterdir()) == []


async def test_one_that_was_cut_off_or_whose_word_is_damaged_is_not_there(desk: Desk, ready: dict[str, Any]) -> None:
    for name, content in ((".zip", b"PK"), (".json", b"{}"), (".json", b'{"id": "' + ready["id"].encode() + b'"}')):
        await desk.exports.close()
        (bundle,) = desk.bundles()
        kept = {path: path.read_bytes() for path in bundle.parent.iterdir()}
        bundle.with_suffix(name).write_bytes(content)
        another = desk.another()
        await another.start()
        with pytest.raises(NotFound):
            await another.export(ready["id"], HALE)
        await another.close()
        assert desk.bundles() == []
        bundle.parent.mkdir(exist_ok=True)
        for path, was in kept.items():
            path.write_bytes(was)


async def test_what_one_process_made_another_gives_and_lists(desk: Desk, ready: dict[str, Any]) -> None:
    another = desk.another()
    await another.start()
    export = await another.ready(ready["id"], HALE)
    path = await another.fetch(export, desk.notes(), from_start=True)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == ready["sha256"]
    (one,) = await another.standing()
    assert (one.by, one.call_signs, one.why, one.sha256) == ("Hale", ["ET17"], WHY, ready["sha256"])
    await another.close()
    assert (await desk.exports.export(ready["id"], HALE)).state == "ready"
    desk.office.clock.move(KEPT_S + 1)
    assert await desk.exports.standing() == []


async def test_another_process_tells_how_far_one_is_and_that_its_process_has_ended(desk: Desk) -> None:
    first, _ = await asyncio.to_thread(laid, desk.data)
    export = await desk.begun({"recordings": [first.id]})
    another = desk.another()
    await another.start()
    assert (await another.export(export["id"], HALE)).state in ("waiting", "writing", "ready")
    await desk.settled(export)
    (row,) = await desk.store.all("here")
    row.state, row.folder = "writing", "0" * 32  # as a kill leaves it
    await desk.store.keep(row, "here")
    third = desk.another()
    await third.start()
    told = await another.export(export["id"], HALE)
    assert (told.state, told.problem) == ("failed", "the server was stopped; make the export anew")
    for one in (another, third):
        await one.close()


async def test_one_that_stands_is_fetched_again_by_a_colleague_for_a_reason(desk: Desk, ready: dict[str, Any]) -> None:
    other = {"X-Person": "achebe:inspector", "X-Session": "s9"}
    listed = await (await desk.client.get("/api/exports", headers=other)).json()
    (one,) = listed["exports"]
    assert (one["damaged"], one["unplayable"]) == (0, 0)
    assert (one["by"], one["sha256"], one["until"]) == ("Hale", ready["sha256"], ready["until"])
    path = f"/api/exports/{ready['id']}"
    assert (await desk.client.get(f"{path}/bundle", headers=other)).status == 404  # not without saying why
    for why, status in (("", 400), (5, 400), ("defence disclosure", 201)):
        answer = await desk.client.post(f"{path}/again", json={"why": why}, headers=other)
        assert answer.status == status, await answer.text()
    assert desk.again == [(ready["id"], "defence disclosure")]
    url = (await answer.json())["url"]
    content = await (await desk.client.get(url, headers=other)).read()
    assert hashlib.sha256(content).hexdigest() == ready["sha256"]
    part = await desk.client.get(url, headers={**other, "Range": "bytes=10-19"})
    assert (part.status, await part.read()) == (206, content[10:20])
    assert (await desk.client.get(url, headers={**other, "X-Session": "s8"})).status == 404
    desk.office.clock.move(GRANTED_S + 1)
    assert (await desk.client.get(url, headers=other)).status == 404
    for who, status in (("lindqvist:officer", 403), ("okafor:control", 403)):
        assert (await desk.client.get("/api/exports", headers={"X-Person": who})).status == status
        answer = await desk.client.post(f"{path}/again", json={"why": "debrief"}, headers={"X-Person": who})
        assert answer.status == status
    desk.office.audit_fails = True
    answer = await desk.client.post(f"{path}/again", json={"why": "debrief"}, headers=other)
    assert answer.status == 503


def test_nothing_else_is_taken_for_a_bundle(tmp_path: Path) -> None:
    dead = tmp_path / ("0" * 32)
    dead.mkdir()
    (dead / f"{'a' * 32}.json").write_text('{"id": "' + "a" * 32 + '"}')  # its bundle is away
    (dead / f"{'b' * 32}.zip").write_bytes(b"PK")  # half
    folder = OwnFolder(tmp_path)
    assert folder.take() == []
    assert list(folder.path.iterdir()) == []


async def test_a_bundle_of_an_earlier_version_is_there_after_the_update(desk: Desk, ready: dict[str, Any]) -> None:
    """That one told nothing of what is damaged."""
    await desk.exports.close()
    (bundle,) = desk.bundles()
    told = json.loads(bundle.with_suffix(".json").read_text())
    for name in ("damaged", "unplayable"):
        del told[name]
    bundle.with_suffix(".json").write_text(json.dumps(told))
    another = desk.another()
    await another.start()
    assert (await another.ready(ready["id"], HALE)).as_json() == ready
    await another.close()


def test_a_row_of_an_earlier_version_is_read() -> None:
    row = Export("a" * 32, "hale", "a.zip", 1.0, WHY).row()
    before = {name: told for name, told in row.items() if name not in ("damaged", "unplayable")}
    assert (of_row(before).damaged, of_row(before).unplayable) == (0, 0)
    with pytest.raises(KeyError):
        of_row({name: told for name, told in row.items() if name != "sha256"})
