"""A real camera and a real server: what was lost between them comes afterwards, whichever of them is killed meanwhile."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from server.recording.library import Library
from server.recording.verifier import verify
from tests.installation import Camera, Installation, Server
from tests.patience import until
from tests.server.recording.coded import decoded

LONG_S = 90.0
# Little enough that two cores do not feel it, and much enough for an upload to be met in its middle.
PICTURE = ("--recording", "on", "--size", "384x216", "--bitrate", "400000")


class Ground:
    """An installation, and what lies on both disks."""

    def __init__(self, folder: Path) -> None:
        self.installation = Installation(folder)
        self.library = Library(folder / "recordings")
        self.uploads = folder / "uploads"

    @property
    def recording(self) -> str:
        (one,) = self.library.ids()
        return one

    def segments(self) -> int:
        return sum(entry["kind"] == "segment" for one in self.library.ids() for entry in self.library.entries(one))

    async def grows(self, by: int) -> None:
        wanted = self.segments() + by
        await until(lambda: self.segments() >= wanted, f"{by} more segments are on disk", LONG_S)

    def upload(self) -> tuple[int, int] | None:
        """How many bytes have come of the one that is under way, and of how many."""
        for about in self.uploads.glob("*.json"):
            size = about.with_suffix(".bin")
            if size.exists():
                return size.stat().st_size, int(json.loads(about.read_text())["length"])
        return None

    async def is_in_the_middle(self) -> None:
        def middle() -> bool:
            found = self.upload()
            return found is not None and 0 < found[0] < found[1]

        await until(middle, "an upload is under way", LONG_S)


def held_s(camera: Camera) -> float:
    """How much footage lies on the camera's disk, in seconds."""
    times = [path.name.split("-")[:2] for path in camera.folder.glob("*.footage/*.footage")]
    return sum(int(end) - int(start) for start, end in times) / 1000


async def missed(camera: Camera, seconds: float) -> None:
    """Wait until the camera has kept so much more of its own."""
    wanted = held_s(camera) + seconds
    await until(lambda: held_s(camera) >= wanted, f"{seconds:g} s more are on the camera's disk", LONG_S)


async def closed_and_verified(ground: Ground, camera: Camera) -> dict[str, Any]:
    """Recording ends; what the verifier then says of the whole folder."""
    await camera.press("record_stop")
    await until(lambda: ground.library.manifest(ground.recording), "it is signed", LONG_S)
    await until(lambda: ground.upload() is None, "nothing is being uploaded any more", LONG_S)
    told = await asyncio.to_thread(verify, str(ground.library._root))
    assert told["exit"] == 0, told
    return told


def plays(library: Library, part: str) -> int:
    """The pictures of a part's main layer, as FFmpeg decodes them."""
    own = [one for one in library.entries(part) if one["kind"] == "segment" and one["layer"] == "main"]
    pictures = 0
    for init in dict.fromkeys(one["init"] for one in own):
        names = [init, *[one["file"] for one in own if one["init"] == init]]
        pictures += len(decoded(b"".join(library.path(part, name).read_bytes() for name in names), "video"))
    assert pictures == sum(one["pictures"] for one in own)
    return pictures


async def test_what_a_server_that_was_down_did_not_hear_is_uploaded_and_joined_to_the_recording(tmp_path: Path) -> None:
    ground = Ground(tmp_path / "data")
    key = ground.installation.add_camera("ET17", "PC Marsh", "0417")
    with Server(ground.installation) as server:
        await server.serve()
        with Camera(key, server.url, *PICTURE) as camera:
            camera.start()
            await ground.grows(2)
            server.kill()
            await missed(camera, 6.0)
            await server.serve()
            await until(lambda: ground.library.parts(ground.recording), "the gap is back-filled", LONG_S)
            told = await closed_and_verified(ground, camera)
    whole = next(one for one in told["recordings"] if not one["folder"].endswith("back-1/"))
    gap = next(one for one in whole["gaps"] if one["why"] == "server-restart" and one["layer"] == "main")
    length = gap["end"] - gap["start"]
    assert gap["back_filled"]["back-1"] > 0.9 * length > 4.0
    assert plays(ground.library, f"{ground.recording}/back-1") > 4 * length


async def test_a_kill_of_the_server_and_of_the_camera_in_the_middle_of_an_upload_costs_nothing(tmp_path: Path) -> None:
    ground = Ground(tmp_path / "data")
    key = ground.installation.add_camera("ET17", "PC Marsh", "0417")
    with Server(ground.installation) as server:
        await server.serve()
        with Camera(key, server.url, *PICTURE) as camera:
            camera.start()
            await ground.grows(2)
            server.kill()
            await missed(camera, 10.0)
            await server.serve()
            await ground.is_in_the_middle()
            server.kill()
            came = ground.upload()
            await server.serve()
            assert came is not None
            await until(lambda: (ground.upload() or (10**9, 0))[0] > came[0], "the upload goes on", LONG_S)
            camera.kill()
            camera.socket.unlink()
            camera.start()
            await until(lambda: ground.library.parts(ground.recording), "the gap is back-filled", LONG_S)
            told = await closed_and_verified(ground, camera)
    whole = next(one for one in told["recordings"] if "back-" not in one["folder"])
    first = next(one for one in whole["gaps"] if one["why"] == "server-restart" and one["layer"] == "main")
    assert sum(first["back_filled"].values()) > 0.9 * (first["end"] - first["start"])
