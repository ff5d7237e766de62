"""R1 to R4 of the fault table, done for seconds to a real camera, with a console in Chromium and aiortc as viewers.

What must hold on any machine, however busy; `python3 -m tests.bench links` compares the figures with the bars.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.links import faults
from tests.links.faults import CALM, Seen, Watching
from tests.links.link_model import Conditions
from tests.links.namespaces import why_not
from tests.links.scene import Scene
from tests.local_servers import NotInstalled, chromium
from tests.patience import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECONDS = 5.0


@pytest.fixture
def no_task_left() -> None:
    """The viewers of the module's scene live as long as it does."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def watching() -> AsyncIterator[Watching]:
    """One camera, its server and both viewers, for all tests of the module."""
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    try:
        chromium()
    except NotInstalled as missing:
        pytest.skip(str(missing))
    async with Scene() as scene, faults.watched(scene) as watched:
        yield watched


def goes_on(seen: Seen, share: float, longest_gap_s: float) -> None:
    """The console had most of the pictures, and no long freeze; so had aiortc. As many are on disk, in one recording."""
    assert {one.viewer for one in seen.viewers} == {"Chromium", "aiortc"}
    for one in seen.viewers:
        assert one.share >= share and one.longest_gap_s <= longest_gap_s, seen
    assert seen.kept.share >= share and seen.kept.recordings == 1, seen


async def is_one_recording(watching: Watching, begun: float) -> None:
    """What came since (Unix time), before and after: the same recording went on, and declares what is between."""
    kept = await watching.recordings.kept(begun, time.time(), sent=1)
    assert kept.recordings == 1 and kept.share > 20 and kept.gaps > 0, kept


async def test_a_new_mapped_address_is_a_blip(watching: Watching) -> None:
    goes_on(await faults.new_address(watching, SECONDS), share=0.6, longest_gap_s=3.0)
    assert "Picture no longer reaches control" not in watching.scene.camera.printed, "the same session goes on"


async def test_a_tenth_lost_both_ways_is_repaired(watching: Watching) -> None:
    lossy = Conditions(loss=0.1, burst=1.5, delay_s=CALM.delay_s)
    goes_on(await faults.over(watching, lossy, lossy, SECONDS, 1.0), share=0.7, longest_gap_s=3.0)
    counts = watching.scene.network.counts()
    assert counts["up"]["lost"] > 20 and counts["down"]["lost"] > 0


async def test_jitter_is_lived_with(watching: Watching) -> None:
    jittery = Conditions(jitter_s=0.3)
    goes_on(await faults.over(watching, jittery, jittery, SECONDS, 2.0), share=0.6, longest_gap_s=3.0)


async def test_a_poor_uplink_keeps_the_picture_moving_and_alerts_do_not_wait_behind_it(watching: Watching) -> None:
    watching.scene.network.change(up=Conditions(rate_bps=250_000, delay_s=0.05), down=Conditions(delay_s=0.05))
    async with watching.scene.desk() as desk:
        told = await faults.telemetry(watching.scene, desk, presses=2)
    assert max(told.alerts_s) < 5 and told.oldest_fix_s < 10
    await asyncio.sleep(SECONDS)  # until the encoder has followed
    goes_on(await watching.look(SECONDS), share=0.1, longest_gap_s=4.0)
    watching.scene.network.change(up=CALM, down=CALM)


async def test_a_camera_off_for_a_moment_is_said_to_be_and_is_the_same_feed_afterwards(watching: Watching) -> None:
    viewings = await watching.screen.page.evaluate("window.connections.length")
    outage = await faults.camera_off(watching, 4.0)
    assert outage.told_s < 4.0, "the tile has said that the picture is not now"
    assert outage.sessions == 0, "the same session goes on"
    assert outage.kept.recordings == 1, "so does the recording"
    assert outage.kept.gap_s["main"] > 2.0, "and declares what it has not got"
    await watching.screen.is_in_state(1, "live")
    assert await watching.screen.page.evaluate("window.connections.length") == viewings, "no viewing is begun anew"


async def test_a_new_process_of_the_camera_is_the_same_feed(watching: Watching) -> None:
    camera, viewer, begun = watching.scene.camera, watching.viewer, time.time()
    seen = viewer.pictures
    camera.kill()
    camera.socket.unlink()  # the new one makes its own
    camera.start()
    await camera.shows()
    await until(lambda: viewer.pictures > seen + 20, "the viewer's session goes on with the new process's pictures")
    await watching.screen.is_in_state(1, "live", within_s=40)
    await watching.screen.pictures_come(1)
    await is_one_recording(watching, begun)


async def test_of_two_processes_with_one_key_the_newer_wins_and_the_older_waits_until_it_has_gone(
    watching: Watching,
) -> None:
    scene, viewer, older, begun = watching.scene, watching.viewer, watching.scene.camera, time.time()
    with scene.behind_the_link(scene.keys[0]) as newer:
        newer.start()
        await newer.shows()
        await older.says("Another camera has connected with this one's key")
        connected = older.printed.count("Connected to control")
        seen = viewer.pictures
        await until(lambda: viewer.pictures > seen + 40, "the viewer goes on with the newer one's pictures")
        assert not (await older.state())["flows"]
        assert (await newer.state())["flows"]
        assert "Another camera" not in newer.printed, "the older one does not fight back"
        assert older.printed.count("Connected to control") == connected
        newer.kill()  # one that ends in order says that it has stopped recording, and nobody may watch then
    await older.says("Connected to control", times=connected + 1)
    seen = viewer.pictures
    await until(lambda: viewer.pictures > seen + 20, "and then with the older one's again", 40)
    await is_one_recording(watching, begun)
