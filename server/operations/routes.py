"""`/healthz` (the process lives), `/readyz` (what it depends on answers), `/metrics`, `/api/status`, `/api/openapi.json`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from aiohttp import web
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from server.access.permission import Permission
from server.access.person import Person
from server.errors import BadRequest
from server.operations.actions import Status
from server.operations.metrics import families
from server.operations.openapi import document

Numbers = Callable[[], Mapping[str, float]]
Allow = Callable[[web.Request, Permission], Person]


class _Numbers(Collector):
    """Reads the counters and gauges of the parts at the moment of the scrape."""

    def __init__(self, counters: Mapping[str, Numbers], gauges: Mapping[str, Numbers], status: Status) -> None:
        self._counters = counters
        self._gauges = gauges
        self._status = status

    def collect(self) -> Iterable[Metric]:
        for part, read in self._counters.items():
            counter = CounterMetricFamily(f"watchroom_{part}", f"Counts of {part} since start", labels=["what"])
            for what, value in sorted(read().items()):
                counter.add_metric([what], value)
            yield counter
        for part, read in self._gauges.items():
            gauge = GaugeMetricFamily(f"watchroom_{part}", f"How many there are {part}", labels=["what"])
            for what, value in sorted(read().items()):
                gauge.add_metric([what], value)
            yield gauge
        yield from families(self._status.figures, self._status.call_sign)


def routes(
    *, version: str, status: Status, allow: Allow, counters: Mapping[str, Numbers], gauges: Mapping[str, Numbers]
) -> list[web.RouteDef]:
    """The routes of operations."""
    registry = CollectorRegistry()
    registry.register(_Numbers(counters, gauges, status))
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)

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
        return web.Response(body=generate_latest(registry), headers={"Content-Type": "text/plain; version=0.0.4"})

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
