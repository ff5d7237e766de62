"""What is kept, put together: what one feature knows of another's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from server.app import Watchroom
from server.config import Config
from server.recording.marks import By
from server.recording.store import Recording, RecordingState, RecordingStore
from server.taser.actions import Offered
from tests.server.replay.test_routes import unaudited
from tests.server.taser.logs import ARMED_AT, SAFE_AT, SEVEN

MARSH, LINDQVIST = {"name": "PC Marsh"}, {"name": "PC Lindqvist"}


async def test_what_is_exported_and_has_no_row_yet_is_not_refused_for_that(tmp_path: Path) -> None:
    """A restore laid it, and no start has brought the rows in line since."""
    async with Watchroom(Config.load(tmp_path, {"port": 0})) as watchroom:
        retention = watchroom.evidence.retention
        await retention.hold_shared(["20261128T204600Z-et17-00000001"], By("hale", "Hale"), "CPS", unaudited)


async def test_a_weapon_s_log_is_of_whoever_wore_the_camera_then_not_of_who_wears_it_now(tmp_path: Path) -> None:
    async with Watchroom(Config.load(tmp_path, {"port": 0})) as watchroom:
        camera = await watchroom.units.add_device("ET17", wearer_name="PC Iqbal")
        store = RecordingStore(watchroom.database, watchroom.audit.within)
        logs = watchroom.evidence.taser_logs

        async def recorded(name: str, wearer: dict[str, str], start: float, end: float) -> None:
            row = Recording(
                name, camera.device_id, "ET17", wearer, "TASER", start, "elsewhere", end, end, RecordingState.CLOSED
            )
            await store.keep(row)

        async def brought(window_s: float) -> dict[str, Any]:
            offered = Offered(camera.device_id, ARMED_AT - window_s, SAFE_AT + window_s, "7.csv", "debrief")
            return await logs.bring_in(offered, SEVEN.encode(), By("webb", "Webb"), unaudited)

        assert (await brought(60))["wearer"] is None, "nothing was recorded then: nobody knows"
        await recorded("20261128T204600Z-et17-00000001", MARSH, ARMED_AT - 10, SAFE_AT + 10)
        await recorded("20261128T204430Z-et17-00000002", LINDQVIST, ARMED_AT - 200, ARMED_AT - 100)
        assert (await brought(70))["wearer"] == MARSH
        assert (await brought(150))["wearer"] is None, "two wore it in that time"
