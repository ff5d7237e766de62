"""What is still being recorded leaves the building as far as it has come, signed so far; nothing is claimed of its end."""

from __future__ import annotations

import asyncio
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from server.recording.folder import RecordingFolder
from server.recording.segment import Segment
from server.recording.signing import EvidenceKey
from server.recording.verifier import canonical, verify
from tests.fakes.recordings import SEGMENT_S, Laid, usual_film
from tests.server.export.desk import Desk, laid
from tests.server.recording.test_verifier import found
from tests.server.replay.test_routes import BASE


@pytest.fixture
async def growing(desk: Desk) -> Laid:
    return (await asyncio.to_thread(laid, desk.data, closed=False))[0]


async def checked(bundle: Path) -> dict[str, Any]:
    return await asyncio.to_thread(verify, str(bundle))


@pytest.mark.parametrize("span", [{}, {"from": BASE + 2.5, "to": BASE + 5}], ids=["all of it", "a part"])
async def test_it_proves_itself_and_the_verifier_says_that_recording_went_on(
    desk: Desk, growing: Laid, span: dict[str, float]
) -> None:
    bundle = await desk.exported({"recordings": [growing.id], **span})
    told = await checked(bundle)
    assert told["exit"] == 0, found(told)
    (clip,) = [one for one in told["recordings"] if one["kind"] == "clip"]
    (note,) = [note for note in clip["notes"] if note.startswith("interim")]
    assert "still went on" in note
    with zipfile.ZipFile(bundle) as archive:
        signed = json.loads(json.loads(archive.read(f"clips/{growing.id}/clip.json"))["manifest"])
        assert "was still going on" in archive.read("index.html").decode()
        assert json.loads(archive.read("contents.json"))["interim"] == [growing.id]
    assert (signed["interim"], signed["ended_at"], signed["ended_why"]) == (True, None, None)


async def test_whatever_is_altered_in_it_is_found(desk: Desk, growing: Laid) -> None:
    bundle = await desk.exported({"recordings": [growing.id], "from": BASE + 2.5, "to": BASE + 5})
    with zipfile.ZipFile(bundle) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    name = f"clips/{growing.id}/clip.json"
    clip = json.loads(contents[name])
    unsaid = json.loads(clip["manifest"])
    del unsaid["interim"]  # as if it had been closed
    longer = {**json.loads(clip["manifest"]), "signed_at": "later"}
    forgeries = {
        "no longer interim": {**contents, name: canonical({**clip, "manifest": _line(unsaid)}) + b"\n"},
        "signed at no time": {**contents, name: canonical({**clip, "manifest": _line(longer)}) + b"\n"},
        "an entry less": {
            **contents,
            name: canonical({**clip, "parts": clip["parts"][:-2] + clip["parts"][-1:]}) + b"\n",
        },
    }
    segment = next(one for one in contents if one.startswith("clips/") and one.endswith(".m4s"))
    forgeries["another picture"] = {**contents, segment: contents[segment][:-1] + b"\0"}
    for what, changed in forgeries.items():
        with zipfile.ZipFile(desk.data / "forged.zip", "w") as archive:
            for one, body in changed.items():
                archive.writestr(one, body)
        assert (await checked(desk.data / "forged.zip"))["exit"] == 2, what


async def test_nobody_ends_a_recording_early_with_it(desk: Desk, growing: Laid, tmp_path: Path) -> None:
    """Its manifest beside the journal that it was made of, cut to what it says: that was no end."""
    bundle = await desk.exported({"recordings": [growing.id]})
    with zipfile.ZipFile(bundle) as archive:
        clip = json.loads(archive.read(f"clips/{growing.id}/clip.json"))
    folder = desk.data / "recordings" / growing.id
    (folder / "manifest.json").write_bytes(clip["manifest"].encode())
    (folder / "manifest.sig").write_bytes(bytes.fromhex(clip["signature"]))
    told = await checked(folder)
    assert told["exit"] == 2 and "interim" in found(told)


async def test_a_segment_that_is_committed_meanwhile_does_not_make_it_look_broken(desk: Desk, growing: Laid) -> None:
    film = usual_film(10.0, "main")

    def grow() -> None:
        start = len(film.segments) * SEGMENT_S
        with RecordingFolder.resume(
            desk.data / "recordings", growing.id, desk.office.clock, "server-restart"
        ) as folder:
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
    bundle = await desk.exported({"recordings": [growing.id]})
    assert desk.library.grow is None
    assert (await checked(bundle))["exit"] == 0
    with zipfile.ZipFile(bundle) as archive:
        assert not [name for name in archive.namelist() if name.endswith("main/000006.m4s")]  # the view did not show it


async def test_what_is_closed_later_still_holds_what_went_out_before(desk: Desk, growing: Laid) -> None:
    """Each entry of the interim clip is the recording's own for good."""
    bundle = await desk.exported({"recordings": [growing.id]})
    with RecordingFolder.resume(desk.data / "recordings", growing.id, desk.office.clock, "server-restart") as folder:
        folder.close("officer", BASE + 10, EvidenceKey.of(desk.data))
    entries = [one["chain"] for one in desk.library.entries(growing.id)]
    with zipfile.ZipFile(bundle) as archive:
        parts = json.loads(archive.read(f"clips/{growing.id}/clip.json"))["parts"]
    assert parts and all(entries[part["entry"]["i"]] == part["entry"]["chain"] for part in parts)


def _line(manifest: dict[str, Any]) -> str:
    return canonical(manifest).decode() + "\n"
