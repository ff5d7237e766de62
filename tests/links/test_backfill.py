"""A link that is cut for ten seconds while a camera records: afterwards nothing is missing, and live never waited for it."""

from __future__ import annotations

import asyncio

import pytest

from server.recording.library import Library
from server.recording.verifier import verify
from tests.links.namespaces import why_not
from tests.links.scene import Scene
from tests.patience import until
from tests.server.test_backfill import plays

OFF_S = 10.0
LONG_S = 120.0


async def test_what_a_cut_link_dropped_is_back_filled_and_marked_so() -> None:
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    async with Scene() as scene:
        library = Library(scene.installation.folder / "recordings")

        def segments() -> int:
            return sum(entry["kind"] == "segment" for one in library.ids() for entry in library.entries(one))

        await until(lambda: segments() >= 4, "it is recorded", LONG_S)
        scene.network.cut()
        await asyncio.sleep(OFF_S)
        scene.network.mend()
        await until(lambda: library.parts(library.ids()[0]), "the gap is back-filled", LONG_S)
        await scene.camera.press("record_stop")
        await until(lambda: library.manifest(library.ids()[0]), "it is signed", LONG_S)
        told = await asyncio.to_thread(verify, str(scene.installation.folder / "recordings"))
        (recording,) = library.ids()
        assert told["exit"] == 0, told
        whole = next(one for one in told["recordings"] if "back-" not in one["folder"])
        gap = max((one for one in whole["gaps"] if one["layer"] == "main"), key=lambda one: one["end"] - one["start"])
        length = gap["end"] - gap["start"]
        assert length > OFF_S / 2 and gap["why"] == "camera-away"
        assert sum(gap["back_filled"].values()) > 0.9 * length
        assert sum(plays(library, part) for part in library.parts(recording)) > 6 * length
