"""The API's description says what is really served, no more and no less."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from server.app import Watchroom
from server.config import Config
from server.operations.openapi import document
from server.site import application

DESCRIBED = ("/api/", "/whip/", "/whep/", "/media/")
UNDESCRIBED = {("GET", "/api/console"), ("GET", "/api/openapi.json")}  # a WebSocket; itself


def _served(site: web.Application) -> set[tuple[str, str]]:
    found = set()
    for route in site.router.routes():
        path = route.resource.canonical if route.resource else ""
        if route.method not in ("HEAD", "OPTIONS") and path.startswith(DESCRIBED):
            found.add((route.method, path))
    return found


async def test_every_route_is_described_and_every_description_is_served(tmp_path: Path) -> None:
    async with Watchroom(Config.load(tmp_path, {"port": 0})) as watchroom:
        served = _served(application(watchroom))
    paths = document("1")["paths"]
    described = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert served - UNDESCRIBED == described


def test_every_reference_leads_somewhere() -> None:
    described = document("1")
    schemas = described["components"]["schemas"]

    def references(value: object) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return own.union(*(references(inner) for inner in value.values()))
        if isinstance(value, list):
            return set().union(*(references(inner) for inner in value))
        return set()

    for reference in references(described):
        assert reference.removeprefix("#/components/schemas/") in schemas
    identities = [one["operationId"] for methods in described["paths"].values() for one in methods.values()]
    assert len(identities) == len(set(identities))
