"""How an export ends: ready, or failed with a reason; and never with a half ZIP, a full disk or a server that hangs."""

from __future__ import annotations

import asyncio
import errno
import threading
from pathlib import Path
from typing import Any

import pytest

from server.export import actions
from server.recording.disk import require_room, space_at
from tests.server.export.desk import WHY, Desk, laid


async def test_whatever_goes_wrong_it_has_failed_and_no_half_of_it_is_left(desk: Desk) -> None:
    first, _ = await asyncio.to_thread(laid, desk.data)
    (desk.data / "recordings" / first.id / "manifest.sig").unlink()
    export = await desk.ended({"recordings": [first.id]})
    assert (export["state"], desk.bundles()) == ("failed", [])


async def test_a_fault_of_our_own_is_told_without_its_inside(desk: Desk) -> None:
    def render(_: dict[str, Any]) -> str:
        raise ZeroDivisionError("inside")

    desk.render = render
    first, _ = await asyncio.to_thread(laid, desk.data)
    export = await desk.ended({"recordings": [first.id]})
    assert (export["state"], export["problem"]) == ("failed", "the server failed at this; its log says why")


async def test_the_page_and_the_tracks_are_not_made_where_alerts_are_served(desk: Desk) -> None:
    threads = []

    def render(_: dict[str, Any]) -> str:
        threads.append(threading.current_thread())
        return "page"

    desk.render = render
    first, _ = await asyncio.to_thread(laid, desk.data)
    await desk.exported({"recordings": [first.id]})
    assert threads != [threading.current_thread()]


async def test_all_of_it_must_fit_before_it_is_begun(desk: Desk) -> None:
    asked: list[int] = []
    desk.room = lambda _folder, more: asked.append(more)
    first, _ = await asyncio.to_thread(laid, desk.data)
    bundle = await desk.exported({"recordings": [first.id]})
    layer = sum(path.stat().st_size for path in (desk.data / "recordings" / first.id / "main").glob("*.m4s"))
    assert bundle.stat().st_size < asked[0] + layer  # the ZIP, and its one film beside it
    assert asked[0] > 3 * layer


def test_the_reserve_is_not_given_away(tmp_path: Path) -> None:
    require_room(tmp_path)
    with pytest.raises(OSError, match="the disk is full"):
        require_room(tmp_path, space_at(tmp_path).free)


async def test_a_disk_that_fills_meanwhile_gets_its_room_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "LOOK_BYTES", 1000)
    seen: list[int] = []

    def room(_folder: Path, _more: int) -> None:
        seen.append(len(desk.bundles()))
        if len(seen) == 4:
            raise OSError(errno.ENOSPC, "the disk is full")

    desk.room = room
    first, _ = await asyncio.to_thread(laid, desk.data)
    export = await desk.ended({"recordings": [first.id]})
    assert seen == [0, 1, 1, 1]
    assert export["state"] == "failed"
    assert "the disk is full" in export["problem"]
    assert desk.bundles() == []


async def test_a_server_that_stops_waits_for_no_export(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "LOOK_BYTES", 1)
    reached, go_on = threading.Event(), threading.Event()

    def room(_folder: Path, more: int) -> None:
        if more == 0:
            reached.set()
            assert go_on.wait(60)

    desk.room = room
    first, _ = await asyncio.to_thread(laid, desk.data)
    exports = [await desk.begun({"recordings": [first.id]}) for _ in range(3)]  # the third waits for its turn
    assert await asyncio.to_thread(reached.wait, 60)
    closing = desk.tasks.start(desk.exports.close(), "close")
    await asyncio.sleep(0)
    go_on.set()
    async with asyncio.timeout(60):
        await closing
    for export in exports:
        told = await desk.state(export)
        assert (told["state"], told["problem"]) == ("failed", "the server was stopped; make the export anew")
    assert list((desk.data / "exports").iterdir()) == []


async def test_one_person_does_not_take_every_place(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_EACH", 2)
    first, _ = await asyncio.to_thread(laid, desk.data)
    for _ in range(2):
        await desk.ended({"recordings": [first.id]})
    await desk.begun({"recordings": [first.id]}, 429)
    view = await desk.view({"recordings": [first.id]}, "other:inspector")
    await desk.post("/api/exports", {"view": view, "why": WHY}, 202, "other:inspector")
    await desk.exports.close()


async def test_a_bundle_that_somebody_removed_has_failed(desk: Desk) -> None:
    first, _ = await asyncio.to_thread(laid, desk.data)
    export = await desk.ended({"recordings": [first.id]})
    desk.bundles()[0].unlink()
    told = await desk.state(export)
    assert told["state"] == "failed"
    assert "no longer" in told["problem"]


async def test_another_process_that_starts_leaves_the_bundles_of_the_first(desk: Desk) -> None:
    first, _ = await asyncio.to_thread(laid, desk.data)
    await desk.exported({"recordings": [first.id]})
    kept = desk.bundles()
    another = desk.another()
    await another.start()
    assert desk.bundles() == kept
    await another.close()
    assert desk.bundles() == kept
