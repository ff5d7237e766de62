"""What stood on the screen at each decision goes out with it: as data, and as a page that can be read aloud."""

from __future__ import annotations

import asyncio
import json
import re
import zipfile
from pathlib import Path
from typing import Any

from server.recording.verifier import main as verify
from tests.fakes.incident import SEEN_S, seen_on_screen
from tests.fakes.recordings import Laid, Wish, lay, usual_film
from tests.server.export.desk import Desk
from tests.server.replay.test_routes import BASE, LINDQVIST, MARSH, OFFICERS


def until_it_is_decided(data: Path) -> list[Laid]:
    films = {"main": usual_film(16.0, "main")}
    return [
        lay(data, Wish("et17-cam", "ET17", BASE, MARSH), films),
        lay(data, Wish("et22-cam", "ET22", BASE + 1, LINDQVIST), films),
    ]


async def exported(desk: Desk, recordings: list[str]) -> tuple[dict[str, Any], str]:
    """The log of a bundle of these, and the words of its page."""
    bundle = await desk.exported({"recordings": recordings})
    assert verify([str(bundle)]) == 0
    with zipfile.ZipFile(bundle) as archive:
        page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", archive.read("index.html").decode()))
        return json.loads(archive.read("log.json")), page


async def test_a_bundle_tells_what_command_saw_when_it_decided(desk: Desk) -> None:
    recordings = await asyncio.to_thread(until_it_is_decided, desk.data)
    log, page = await exported(desk, [one.id for one in recordings])
    seen = seen_on_screen(OFFICERS, BASE)
    acknowledged, words = log["decisions"]
    view = acknowledged["view"]
    assert (acknowledged["decided_at"], view["at"], view["page"]) == (BASE + SEEN_S, seen["at"], "console")
    assert [one["age_s"] for one in view["tiles"]] == [0.31, 6.5]
    assert view["left_out"] == {"tiles": 1, "alerts": 0}  # ET99 is no part of this bundle
    assert view["alerts"] == seen["alerts"]
    assert words["view"] is None
    assert "On a console" in page and "1 picture and 0 alerts, which are left out" in page
    assert re.search(r"1 ET17 main live 0\.3 s .*? yes", page)
    assert re.search(r"2 ET22 sub frozen 6\.5 s .*? yes", page)
    assert re.search(r"1 TASER armed, ET17 20\d\d-", page)
    assert page.count("What stood on the screen was not told.") == 1
    assert "ET99" not in page and "et99" not in json.dumps(log)


async def test_of_another_camera_s_decisions_nothing_is_in_it(desk: Desk) -> None:
    _, second = await asyncio.to_thread(until_it_is_decided, desk.data)
    log, page = await exported(desk, [second.id])
    assert log["decisions"] == []
    assert "stood on the screen" not in page and "ET17" not in page
