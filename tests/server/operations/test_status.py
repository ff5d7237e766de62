"""Status: what a second was, as lines, as metrics, as answers; over workers that die and checks that hang."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from server.access.permission import Permission, Role, may
from server.access.person import Person
from server.clock import HandClock
from server.errors import NotFound
from server.media.figures import (
    CameraFigures,
    EngineFigures,
    LayerCounts,
    LayerFigures,
    ViewerCounts,
    ViewerFigures,
    WorkerFigures,
)
from server.media.live import RETURN_WITHIN_S
from server.operations import actions
from server.operations.actions import Check, Status
from server.operations.metrics import families
from server.operations.routes import routes


def camera(packets: int = 0, device_id: str = "cam-1", **changed: Any) -> CameraFigures:
    counts = LayerCounts(packets=packets, bytes=packets * 1000, nacks=packets // 10, frozen_s=packets / 1000)
    main = LayerFigures(
        "video", "main", "H264", True, 1e6, 25.0, 0.02, 0.001, 0.03, 2e6, replace(counts, sent_packets=packets * 2)
    )
    sound = LayerFigures("audio", "main", "opus", True, 3e4, 50.0, counts=LayerCounts(packets=packets))
    viewers = ViewerFigures(2, 1, 7, 0.25, 0.08, 2e6, ViewerCounts(packets=packets * 2))
    return replace(CameraFigures(device_id, "w1", True, 2e6, 0.05, (main, sound), viewers), **changed)


def worker(cpu_s: float = 0.0, **changed: Any) -> WorkerFigures:
    return replace(
        WorkerFigures(
            "w1",
            71,
            port=5000,
            cpu_s=cpu_s,
            rss_bytes=10**8,
            unwritten_bytes=5_000,
            counts={"send_ENETUNREACH": 3},
        ),
        **changed,
    )


class Stage:
    """A status whose engine says what the test puts into `figures`."""

    def __init__(self, checks: Mapping[str, Check] | None = None) -> None:
        self.clock = HandClock()
        self.figures = EngineFigures((worker(),), (camera(),))
        self.call_signs = {"cam-1": "ET17"}
        self.status = Status(self.clock, lambda: self.figures, self.call_sign, checks or {})

    def call_sign(self, device_id: str) -> str:
        if device_id not in self.call_signs:
            raise NotFound("revoked")
        return self.call_signs[device_id]

    async def second(self, *cameras: CameraFigures, workers: tuple[WorkerFigures, ...] | None = None) -> dict[str, Any]:
        """One more has passed; what is told then."""
        self.figures = EngineFigures(self.figures.workers if workers is None else workers, cameras)
        self.clock.move(1.0)
        await self.status.read()
        return self.status.tell("cam-1", -1)


async def test_a_second_becomes_rates() -> None:
    stage = Stage()
    await stage.second(camera(1000))
    told = await stage.second(camera(1100), workers=(worker(cpu_s=0.25),))
    [shown] = told["cameras"]
    assert (shown["call_sign"], shown["flowing"], shown["reduced"], shown["codec"]) == ("ET17", ["main"], 1, "H264")
    now = shown["now"]
    assert (now["main"], now["sub"], now["sound"], now["out"]) == (1e6, None, 3e4, 2e6)
    assert (now["out_main"], now["out_sub"], now["out_sound"]) == (2e6, None, 0)
    assert (now["nacks"], now["frozen"], now["loss"], now["round_trip"]) == (10.0, 0.1, 0.02, 0.05)
    assert shown["minute"] == {"frozen": 0.1, "nacks": 10.0, "plis": 0.0}
    process = next(one for one in told["processes"] if one["name"] == "w1")
    assert (process["now"]["cpu"], process["now"]["memory"], process["counts"]) == (0.25, 1e8, {"send_ENETUNREACH": 3})
    lines = told["lines"]["groups"]
    assert lines["total"]["in"] == [1.03e6, 1.03e6]
    assert lines["camera cam-1"]["queue"] == [7.0, 7.0]
    assert lines["process w1"]["cpu"] == [None, 0.25]


async def test_a_second_that_came_late_is_no_peak() -> None:
    stage = Stage()
    await stage.second(camera(1000))
    stage.clock.move(3.0)
    told = await stage.second(camera(1400))
    assert told["cameras"][0]["now"]["nacks"] == 10.0


async def test_a_worker_that_was_started_anew_has_used_no_processor_time_backwards() -> None:
    stage = Stage()
    await stage.second(camera(10), workers=(worker(cpu_s=100.0),))
    dead = await stage.second(workers=(worker(cpu_s=100.0, alive=False),))
    assert next(one for one in dead["processes"] if one["name"] == "w1")["alive"] is False
    assert dead["cameras"][0]["connected"] is False
    anew = await stage.second(camera(2), workers=(worker(cpu_s=0.1, pid=72, restarts=1),))
    assert next(one for one in anew["processes"] if one["name"] == "w1")["now"]["cpu"] is None
    assert stage.status.figures.cameras[0].layers[0].counts.packets == 12


async def test_a_worker_tells_in_seconds_of_its_own() -> None:
    """Its news come once, twice or not at all between two readings: no second is told as none or double."""
    stage = Stage()
    tellings = ((0.0, 0), (0.0, 0), (2.0, 200), (3.0, 300))
    nacks, cpu = [], []
    for at, packets in tellings:
        told = await stage.second(camera(packets), workers=(worker(cpu_s=at / 2, at=1000.0 + at),))
        nacks.append(told["cameras"][0]["now"]["nacks"])
        cpu.append(told["processes"][1]["now"]["cpu"])
    assert nacks == [0.0, 0.0, 10.0, 10.0]
    assert cpu == [None, None, 0.5, 0.5]
    assert told["cameras"][0]["minute"]["nacks"] == 30.0


async def test_a_worker_that_falls_silent_is_not_drawn_as_if_it_went_on() -> None:
    stage = Stage()
    silence = []
    for _ in range(6):
        told = await stage.second(camera(100), workers=(worker(at=1001.0),))
        process = told["processes"][1]
        silence.append((process["silent_s"], process["now"].get("memory"), told["cameras"][0]["now"].get("main")))
    assert silence[0] == (0.0, 1e8, 1e6)
    assert silence[2] == (2.0, 1e8, 1e6)
    assert silence[5] == (5.0, None, None)
    assert told["lines"]["groups"]["total"]["cameras"] == [1, 1, 1, 0, 0, 0]


async def test_the_servers_own_process_stands_beside_its_workers() -> None:
    stage = Stage()
    told = await stage.second(camera())
    assert [one["name"] for one in told["processes"]] == ["server", "w1"]
    own = stage.status.figures.workers[0]
    told = await stage.second(camera(), workers=(replace(own, name="server", port=4000),))
    assert [(one["name"], one["port"]) for one in told["processes"]] == [("server", 4000)]


async def test_a_camera_that_was_revoked_is_told_by_its_id() -> None:
    stage = Stage()
    told = await stage.second(camera(device_id="gone"))
    assert told["cameras"][0]["call_sign"] == "gone"


async def test_a_check_that_hangs_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "CHECK_WITHIN_S", 0.05)

    async def hangs() -> bool:
        await asyncio.Event().wait()
        return True

    async def answers() -> bool:
        return True

    stage = Stage({"database": hangs, "bus": answers})
    assert await stage.status.check() == {"database": False, "bus": True}
    assert stage.status.tell(None, -1)["checks"]["database"]["ok"] is False


LABELS = ("camera", "call_sign", "worker", "layer", "kind", "direction", "result")


async def test_prometheus_reads_what_answers_and_how_long_that_took(aiohttp_client: Any) -> None:
    async def late() -> bool:
        stage.clock.move(0.7)
        return True

    async def down() -> bool:
        return False

    stage = Stage({"bus": late, "database": down})
    await stage.status.check()
    application = web.Application()
    application.add_routes(routes(version="1", status=stage.status, allow=_nobody, counters={}, gauges={}))
    client = await aiohttp_client(application)
    text = await (await client.get("/metrics")).text()
    found = {
        (sample.name, sample.labels["check"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if "check" in sample.labels
    }
    assert (found["watchroom_check_up", "bus"], found["watchroom_check_up", "database"]) == (1, 0)
    assert (found["watchroom_check_seconds", "bus"], found["watchroom_check_seconds", "database"]) == (0.7, 0)


def _nobody(_request: web.Request, _permission: Permission) -> Person:
    raise web.HTTPForbidden


async def test_readiness_names_a_worker_that_died(aiohttp_client: Any) -> None:
    stage = Stage()
    await stage.second(workers=(worker(alive=False), worker(name="w2", pid=72)))
    application = web.Application()
    application.add_routes(routes(version="1", status=stage.status, allow=_nobody, counters={}, gauges={}))
    answer = await (await aiohttp_client(application)).get("/readyz")
    assert answer.status == 200
    assert (await answer.json())["workers"] == {"server": True, "w1": False, "w2": True}


class _Scraped(Collector):
    def __init__(self, status: Status) -> None:
        self.status = status

    def collect(self) -> Any:
        return families(self.status.figures, self.status.call_sign)


def scrape(status: Status) -> dict[tuple[str, ...], float]:
    """What Prometheus reads: (name, label values…) → value."""
    registry = CollectorRegistry()
    registry.register(_Scraped(status))
    text = generate_latest(registry).decode()
    return {
        (sample.name, *[sample.labels[label] for label in LABELS if label in sample.labels]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_prometheus_reads_every_figure_with_its_unit() -> None:
    stage = Stage()
    await stage.second(camera(1000))
    found = scrape(stage.status)
    assert found["watchroom_camera_info", "cam-1", "ET17"] == 1
    assert found["watchroom_media_packets_total", "cam-1", "main", "in"] == 1000
    assert found["watchroom_media_packets_total", "cam-1", "sound", "in"] == 1000
    assert found["watchroom_media_packets_total", "cam-1", "main", "out"] == 2000
    assert found["watchroom_media_packets_total", "cam-1", "sound", "out"] == 0
    assert found["watchroom_media_bits_per_second", "cam-1", "main", "out"] == 2e6
    assert found["watchroom_media_bytes_total", "cam-1", "main", "in"] == 1_000_000
    assert found["watchroom_media_bits_per_second", "cam-1", "main", "in"] == 1e6
    assert found["watchroom_media_loss_ratio", "cam-1", "main"] == 0.02
    assert found["watchroom_media_round_trip_seconds", "cam-1", "in"] == 0.05
    assert found["watchroom_media_round_trip_seconds", "cam-1", "out"] == 0.08
    assert found["watchroom_media_nacks_total", "cam-1", "main"] == 100
    assert found["watchroom_media_plis_total", "cam-1", "main"] == 0
    assert found["watchroom_media_frozen_seconds_total", "cam-1", "main"] == 1.0
    assert found["watchroom_media_viewer_queue_packets", "cam-1"] == 7
    assert found["watchroom_worker_up", "w1"] == 1
    assert found["watchroom_worker_resident_bytes", "w1"] == 10**8
    assert found["watchroom_worker_unwritten_bytes", "w1"] == 5_000
    assert found["watchroom_worker_drops_total", "w1", "send_ENETUNREACH"] == 3
    assert ("watchroom_worker_event_loop_lag_seconds", "server") in found


async def test_a_cameras_series_stay_few_and_end_with_it() -> None:
    stage = Stage()
    await stage.second(camera(1000))
    assert sum(key[1:2] == ("cam-1",) for key in scrape(stage.status)) < 60
    for _ in range(int(RETURN_WITHIN_S) + 1):
        await stage.second()
    assert not any("cam-1" in key for key in scrape(stage.status))


@pytest.mark.parametrize(("role", "status"), [(Role.ADMIN, 200), (Role.ENGINEER, 200), (Role.INSPECTOR, 403)])
async def test_only_who_operates_it_reads_the_status(aiohttp_client: Any, role: Role, status: int) -> None:
    stage = Stage()
    await stage.second(camera())

    def allow(_request: web.Request, permission: Permission) -> Person:
        if not may(role, permission):
            raise web.HTTPForbidden
        return Person("p", "name", "Name", role)

    application = web.Application()
    application.add_routes(routes(version="1", status=stage.status, allow=allow, counters={}, gauges={}))
    client = await aiohttp_client(application)
    assert (await client.get("/api/status?camera=cam-1&after=-1")).status == status
