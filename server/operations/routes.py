"""`/healthz` (the process lives), `/readyz` (what it depends on answers), `/metrics`, `/api/status`, `/api/openapi.json`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain

from aiohttp import web
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from server.access.permission import Permission
from server.access.person import Person
from server.errors import BadRequest
from server.operations.actions import Status
from server.operations.metrics import families, of_checks
from server.operations.openapi import document

Numbers = Callable[[], Mapping[str, float]]
Allow = Callable[[web.Request, Permission], Person]


class _Gathered(Collector):
    """Families that were read already."""

    def __init__(self, gathered: Iterable[Metric]) -> None:
        self._gathered = gathered

    def collect(self) -> Iterable[Metric]:
        return self._gathered


def _numbers(counters: Mapping[str, Numbers], gauges: Mapping[str, Numbers]) -> Iterator[Metric]:
    for part, read in counters.items():
        counter = CounterMetricFamily(f"watchroom_{part}", f"Counts of {part} since start", labels=["what"])
        for what, value in sorted(read().items()):
            counter.add_metric([what], value)
        yield counter
    for part, read in gauges.items():
        gauge = GaugeMetricFamily(f"watchroom_{part}", f"How many there are {part}", labels=["what"])
        for what, value in sorted(read().items()):
            gauge.add_metric([what], value)
        yield gauge


def _written(gathered: Iterable[Metric], process: CollectorRegistry) -> bytes:
    """Prometheus's text; in a thread, since that of 200 cameras takes 100 ms."""
    registry = CollectorRegistry()
    registry.register(_Gathered(gathered))
    return generate_latest(registry) + generate_latest(process)


def routes(
    *, version: str, status: Status, allow: Allow, counters: Mapping[str, Numbers], gauges: Mapping[str, Numbers]
) -> list[web.RouteDef]:
    """The routes of operations."""
    process = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=process)

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"status": "alive", "version": version})

    async def readyz(_request: web.Request) -> web.Response:
        answers = await status.check()
        ready = all(answers.values())
        workers = {worker.name: worker.alive for worker in status.figures.workers}
        told = {
            "ready": ready,
            "checks": answers,
            "workers": workers,
        }  # one that died and comes back is no reason for 503
        return web.json_response(told, status=200 if ready else 503)

    async def metrics(_request: web.Request) -> web.Response:
        figures, numbers = status.figures, list(_numbers(counters, gauges))
        call_signs = {camera.device_id: status.call_sign(camera.device_id) for camera in figures.cameras}
        answers = list(of_checks(status.answers))
        gathered = chain(numbers, answers, families(figures, call_signs.__getitem__))  # nothing that changes meanwhile
        text = await asyncio.to_thread(_written, gathered, process)
        return web.Response(body=text, headers={"Content-Type": "text/plain; version=0.0.4"})

    async def now(request: web.Request) -> web.Response:
        allow(request, Permission.OPERATE)
        return web.json_response(status.tell(request.query.get("camera"), _after(request)))

    async def openapi(_request: web.Request) -> web.Response:
        return web.json_response(document(version))

    return [
        web.get("/healthz", healthz),
        web.get("/readyz", readyz),
        web.get("/metrics", metrics),
        web.get("/api/status", now),
        web.get("/api/openapi.json", openapi),
    ]


def _after(request: web.Request) -> int:
    try:
        return int(request.query.get("after", "-1"))
    except ValueError as error:
        raise BadRequest("after must be the number of a sample, or left out") from error
