"""One film of each camera: everything at its time, gaps and all, whatever changed meanwhile."""

from __future__ import annotations

import asyncio
import io
import json
import re
import shutil
import struct
import subprocess
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import av
import numpy as np
import pytest
from PIL import Image

from server.export.film import films_of
from server.export.plan import parts_of
from server.recording.boxes import boxes, codecs_of
from server.recording.master_key import PLAIN, MasterKeys
from server.recording.verifier import FAIL, FORM
from server.recording.verifier import main as verify
from server.recording.verifier import verify as checked
from server.replay.footage import Gap, recording
from streamer.street.barcode import read_barcode
from tests.fakes.recordings import HEIGHT, WIDTH, Wish, film, lay, usual_film, vp8_film
from tests.server.export.desk import Desk
from tests.server.recording.coded import decoded
from tests.server.recording.recordings import MASTER
from tests.server.replay.test_footage import opened, segment
from tests.server.replay.test_routes import BASE, MARSH

WHO = {"X-Person": "hale:inspector"}


def large(at: float) -> Image.Image:
    """Another size than the usual: the camera's parameters changed."""
    return Image.new("RGB", (WIDTH * 2, HEIGHT * 2), (40, 60, int(at) % 10 * 20))


def lay_twice(data: Path) -> list[str]:
    """Ten seconds with four lost; a quarter of a minute later, of another size and without sound, six more."""
    second = {"main": film(6.0, "main", large, sound=False)}
    first = lay(data, Wish("et17-cam", "ET17", BASE, MARSH, without=(2, 3)), {"main": usual_film(10.0, "main")})
    return [first.id, lay(data, Wish("et17-cam", "ET17", BASE + 25, MARSH), second).id]


async def bundled(desk: Desk, ids: Sequence[str]) -> tuple[str, bytes, dict[str, Any], str]:
    """The one film's name and bytes, what the signed list says of it, and the page."""
    with zipfile.ZipFile(await desk.exported({"recordings": list(ids)})) as archive:
        (name,) = [name for name in archive.namelist() if name.startswith("playable/")]
        about = json.loads(archive.read("contents.json"))["playable"][name]
        return name, archive.read(name), about, archive.read("index.html").decode()


async def test_two_recordings_and_their_gaps_are_one_film_on_one_clock(desk: Desk) -> None:
    """Each picture carries its media time: it stands in the film where it stood on the server's clock."""
    ids = await asyncio.to_thread(lay_twice, desk.data)
    name, content, about, page = await bundled(desk, ids)
    assert name.endswith(".mp4") and about["device_id"] == "et17-cam"
    wrong, sizes = [], set()
    with av.open(io.BytesIO(content), "r") as opened_:
        comment = opened_.metadata["comment"]
        for frame in opened_.decode(video=0):
            told = read_barcode(frame.to_ndarray(format="gray").astype(np.uint8))
            assert told is not None and frame.time is not None
            sizes.add(frame.width)
            at = told / 1000 + (25.0 if frame.width == WIDTH * 2 else 0.0)
            wrong += [(at, frame.time)] if abs(at - frame.time) > 0.05 else []
    assert (wrong, sizes) == ([], {WIDTH, WIDTH * 2})
    gaps = [(round(gap["from"] - BASE), round(gap["to"] - BASE), gap["why"]) for gap in about["gaps"]]
    assert gaps == [(4, 8, "camera-away"), (10, 25, "not-recorded")]
    assert "4.0 to 8.0 s: camera-away" in comment and ids[1] in comment
    assert "Gap from (UTC)" in page and "15.0 s" in page


async def test_its_index_names_both_sizes_and_each_key_frame_bears_its_own_parameter_sets(desk: Desk) -> None:
    """A player that reads the index alone, and one that reads its first description alone, decode all of it from anywhere."""
    _, content, _, _ = await bundled(desk, await asyncio.to_thread(lay_twice, desk.data))
    known, keys = list[float](), list[tuple[float, int]]()
    with av.open(io.BytesIO(content), "r") as opened_:
        for packet in opened_.demux(video=0):
            if packet.pts is None or packet.time_base is None:
                continue
            at = float(packet.pts * packet.time_base)
            known += [at] if packet.has_sidedata("new_extradata") else []
            keys += [(at, bytes(packet)[4] & 31)] if packet.is_keyframe else []
    assert known == [25.0]
    assert len(keys) == 6 and {kind for _, kind in keys} == {7}
    with av.open(io.BytesIO(content), "r") as opened_:
        for at, width in ((28.0, WIDTH * 2), (9.0, WIDTH), (26.0, WIDTH * 2)):
            opened_.seek(int(at * av.time_base))
            assert next(opened_.decode(video=0)).width == width


async def test_its_sound_goes_on_through_a_gap_in_silence(desk: Desk) -> None:
    """A player that counts sound by its packets is never early."""
    first = (await asyncio.to_thread(lay_twice, desk.data))[0]
    _, content, _, _ = await bundled(desk, [first])
    times = decoded(content, "audio")
    assert max(after - before for before, after in pairwise(times)) < 0.09
    assert 9.5 < times[-1] < 10.1


async def test_ffprobe_reads_it_without_complaint(desk: Desk, tmp_path: Path) -> None:
    program = shutil.which("ffprobe")
    if program is None:
        pytest.skip("ffprobe is not installed")
    _, content, _, _ = await bundled(desk, await asyncio.to_thread(lay_twice, desk.data))
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    asked = [program, "-v", "error", "-of", "json", "-show_entries", "format=duration:stream=codec_name", str(path)]
    answer = await asyncio.to_thread(subprocess.run, asked, capture_output=True, text=True, check=True, timeout=60)
    told = json.loads(answer.stdout)
    assert answer.stderr == ""
    assert float(told["format"]["duration"]) == pytest.approx(31, abs=0.3)
    assert {one["codec_name"] for one in told["streams"]} == {"h264", "opus"}


async def test_a_strict_player_finds_what_it_asks_for_at_its_beginning(desk: Desk) -> None:
    """As QuickTime is: known brands, the index before the media, parameter sets in the index, nothing cut away by edits."""
    _, content, _, _ = await bundled(desk, await asyncio.to_thread(lay_twice, desk.data))
    outer = [(kind, start, end) for kind, start, end in boxes(content) if kind in (b"ftyp", b"moov", b"mdat")]
    assert [kind for kind, _, _ in outer] == [b"ftyp", b"moov", b"mdat"]
    assert b"mp41" in content[outer[0][1] : outer[0][2]]
    assert codecs_of(content) == ["avc1.42c01e", "avc1.42c01f", "opus"]  # both sizes
    for at in [found.start() for found in re.finditer(b"elst", content[: outer[2][1]])]:
        count, _, begins, rate = struct.unpack(">IIiI", content[at + 8 : at + 24])
        assert (count, begins, rate) == (1, 0, 0x10000)


async def test_it_has_an_address_of_its_own_that_answers_range(desk: Desk) -> None:
    ids = await asyncio.to_thread(lay_twice, desk.data)
    export = await desk.ended({"recordings": ids})
    (told,) = export["films"]
    assert told["device_id"] == "et17-cam"
    path = (desk.data / "exports").rglob("*.zip")
    with zipfile.ZipFile(next(path)) as archive:
        (name,) = [name for name in archive.namelist() if name.startswith("playable/")]
        content = archive.read(name)
    answer = await desk.client.get(told["url"], headers=WHO)
    assert (answer.status, answer.content_type, await answer.read()) == (200, "video/mp4", content)
    assert f'filename="{name.rpartition("/")[2]}"' in answer.headers["Content-Disposition"]
    part = await desk.client.get(
        f"/api/exports/{export['id']}/film/et17-cam", headers={**WHO, "Range": "bytes=100-199"}
    )
    assert (part.status, await part.read()) == (206, content[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(content)}"
    beyond = await desk.client.get(told["url"], headers={**WHO, "Range": f"bytes={len(content)}-"})
    assert beyond.status == 416
    for url, status in (("et22-cam", 404), ("et17-cam?format=webm", 404)):
        answer = await desk.client.get(f"/api/exports/{export['id']}/film/{url}", headers=WHO)
        assert answer.status == status, url


async def test_a_film_that_is_cut_off_on_the_disk_does_not_pass_for_whole_nor_is_read_for_ever(desk: Desk) -> None:
    export = await desk.ended({"recordings": await asyncio.to_thread(lay_twice, desk.data)})
    (path,) = (desk.data / "exports").rglob("*.zip")
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    answer = await desk.client.get(export["films"][0]["url"], headers=WHO)
    with pytest.raises(aiohttp.ClientPayloadError):
        await asyncio.wait_for(answer.read(), 30)


async def test_vp8_and_its_gap_are_a_webm(desk: Desk) -> None:
    """Matroska keeps times as well; libavformat's MP4 takes no VP8."""
    films = {"main": vp8_film(8.0)}
    wish = Wish("et17-cam", "ET17", BASE, MARSH, without=(2,))
    one = await asyncio.to_thread(lay, desk.data, wish, films)
    name, content, about, _ = await bundled(desk, [one.id])
    assert name.endswith(".webm")
    times = decoded(content, "video")
    assert max(after - before for before, after in pairwise(times)) == pytest.approx(2.0, abs=0.1)
    assert [gap["why"] for gap in about["gaps"]] == ["camera-away"]


def test_a_moment_that_two_recordings_have_is_shown_once() -> None:
    parts = [segment(n, 2.0 * n - 2) for n in (1, 2, 3)]
    both = [recording(name, [opened(), *parts], {}) for name in ("20270115T080000Z-a-0", "20270115T080000Z-a-1")]
    (one,) = films_of(parts_of(both, BASE - 10, BASE + 60))
    assert [round(part.at - BASE) for part in one.segments] == [0, 2, 4]
    assert one.gaps == ()


def test_a_gap_tells_why_if_the_journal_does() -> None:
    parts = [segment(1, 0.0), segment(2, 8.0)]
    gap = {"kind": "gap", "layer": "main", "from": BASE + 2, "to": BASE + 8, "why": "no-space", "start": 2, "end": 8}
    one = recording("20270115T080000Z-a-0", [opened(), *parts, gap], {})
    (made,) = films_of(parts_of([one], BASE - 10, BASE + 60))
    assert made.gaps == (Gap(BASE + 2, BASE + 8, "no-space"),)
    assert "2.0 to 8.0 s: no-space" in made.words("")


@pytest.mark.parametrize("keys", [PLAIN, MASTER], ids=["plain", "encrypted"])
@pytest.mark.parametrize("codec", ["h264", "vp8"])
@pytest.mark.parametrize("how", ["flipped", "truncated", "gone"])
async def test_what_is_damaged_is_told_and_left_out_and_the_film_goes_on(
    desk: Desk, codec: str, keys: MasterKeys, how: str
) -> None:
    own = usual_film(10.0, "main") if codec == "h264" else vp8_film(10.0)
    one = await asyncio.to_thread(lay, desk.data, Wish("et17-cam", "ET17", BASE, MARSH), {"main": own}, keys)
    path = desk.data / "recordings" / one.id / "main" / "000003.m4s"
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] if how == "truncated" else data[:-9] + bytes([data[-9] ^ 8]) + data[-8:])
    if how == "gone":
        path.unlink()
    _, content, about, page = await bundled(desk, [one.id])
    times = decoded(content, "video")
    assert max(after - before for before, after in pairwise(times)) == pytest.approx(2.0, abs=0.1)
    assert 9.5 < times[-1] < 10.1
    assert [(gap["from"] - BASE, gap["to"] - BASE, gap["why"]) for gap in about["gaps"]] == [(4, 6, "damaged")]
    words = " ".join(page.split())
    assert "What is damaged" in words and "otherwise than it was recorded" in words and "main/000003.m4s" in words
    assert "What cannot be played" not in words
    with zipfile.ZipFile(desk.data / "fetched.zip") as archive:
        (told,) = json.loads(archive.read("contents.json"))["damaged"]
    assert (told["of"], told["file"]) == (one.id, "main/000003.m4s")
    assert verify([str(desk.data / "fetched.zip")]) == 2


async def test_what_was_sealed_and_is_no_film_is_left_out_too(desk: Desk) -> None:
    own = usual_film(10.0, "main")
    rubbish = own.segments[2][:600] + bytes(len(own.segments[2]) - 600)
    wish, ill = (
        Wish("et17-cam", "ET17", BASE, MARSH),
        replace(own, segments=(*own.segments[:2], rubbish, *own.segments[3:])),
    )
    one = await asyncio.to_thread(lay, desk.data, wish, {"main": ill})
    _, content, about, page = await bundled(desk, [one.id])
    assert 9.5 < decoded(content, "video")[-1] < 10.1
    assert [gap["why"] for gap in about["gaps"]] == ["unplayable"]
    bundle = desk.data / "fetched.zip"
    with zipfile.ZipFile(bundle) as archive:
        listed = json.loads(archive.read("contents.json"))
    assert listed["damaged"] == []
    assert [(told["of"], told["file"]) for told in listed["unplayable"]] == [(one.id, "main/000003.m4s")]
    words = " ".join(page.split())
    assert "What is damaged" not in words and "otherwise than it was recorded" not in words
    assert "What cannot be played" in words and "This is what was recorded, byte for byte" in words
    claims = checked(str(bundle))["recordings"][0]["claims"]
    assert [one["claim"] for one in claims if one["verdict"] == FAIL] == [FORM]
    told = await desk.ended({"recordings": [one.id]})
    assert (told["damaged"], told["unplayable"]) == (0, 1)


async def test_who_exports_is_told_how_much_is_damaged(desk: Desk) -> None:
    one = await asyncio.to_thread(
        lay, desk.data, Wish("et17-cam", "ET17", BASE, MARSH), {"main": usual_film(4.0, "main")}
    )
    assert (await desk.ended({"recordings": [one.id]}))["damaged"] == 0
    for name in ("000001", "000002"):
        (desk.data / "recordings" / one.id / "main" / f"{name}.m4s").write_bytes(b"")
    told = await desk.ended({"recordings": [one.id]})
    assert (told["state"], told["damaged"], told["films"]) == ("ready", 2, [])


@pytest.mark.parametrize(
    ("why", "until", "told"),
    [("not-sent", 3.4, True), ("not-sent", 0.6, False), ("sound-lost", 3.4, False), ("not-sent", 9.0, True)],
)
def test_a_gap_within_a_segment_is_one_of_the_film_too(why: str, until: float, told: bool) -> None:
    """Seen in a demo on a loaded machine: the verifier told of 1.2 s, and the page beside the film that it had no gap."""
    gap = {
        "kind": "gap",
        "layer": "main",
        "from": BASE + 0.5,
        "to": BASE + until,
        "why": why,
        "start": 0.5,
        "end": until,
    }
    one = recording("20270115T080000Z-a-0", [opened(), segment(1, 0.0), segment(2, 2.0), gap], {})
    (made,) = films_of(parts_of([one], BASE - 10, BASE + 60))
    assert made.gaps == ((Gap(BASE + 0.5, BASE + min(until, 4.0), why),) if told else ())


def test_where_sound_alone_was_recorded_there_is_a_gap_also_at_the_end() -> None:
    parts = [segment(1, 0.0), {**segment(2, 2.0), "pictures": 0}, segment(3, 4.0), {**segment(4, 6.0), "pictures": 0}]
    gap = {"kind": "gap", "layer": "main", "from": BASE + 6, "to": BASE + 8, "why": "not-sent", "start": 6, "end": 8}
    one = recording("20270115T080000Z-a-0", [opened(), *parts, gap], {})
    (made,) = films_of(parts_of([one], BASE - 10, BASE + 60))
    assert made.gaps == (Gap(BASE + 2, BASE + 4, "not-recorded"), Gap(BASE + 6, BASE + 8, "not-sent"))
    assert (made.start, made.end) == (BASE, BASE + 8)
