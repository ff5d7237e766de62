"""Files that are served or read: our own, the npm packages beside them, the demo town, a force's map tiles."""

from __future__ import annotations

import json
import mimetypes
import os
from collections.abc import Sequence
from pathlib import Path

import jinja2
from aiohttp import web

from server.config import Config
from server.positions.place import Streets

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"
TOWN = STATIC / "town" / "estuary.geojson"


def templates() -> jinja2.Environment:
    """The pages' templates; what they are given is escaped."""
    return jinja2.Environment(loader=jinja2.FileSystemLoader([TEMPLATES, STATIC]), autoescape=True)


def streets(config: Config) -> Streets:
    """The named streets, for the place of an alert; none where the map is not the demo town's."""
    if config.basemap.kind != "town":
        return Streets([])
    return Streets.from_geojson(json.loads(TOWN.read_text()))


def static_routes(config: Config) -> Sequence[web.AbstractRouteDef]:
    """`/static`, the walls' service worker, and `/basemap.pmtiles` where configured (answers ranges: so its tiles are read)."""
    mimetypes.add_type("text/javascript", ".mjs")  # some systems' tables lack it, and browsers insist
    mimetypes.add_type("application/manifest+json", ".webmanifest")
    packages = Path(os.environ.get("WATCHROOM_NODE_MODULES", STATIC / "node_modules"))

    async def wall_worker(_request: web.Request) -> web.FileResponse:
        # Below /wall/, so that a service worker's scope is the walls and nothing else; browsers ask anew at each start.
        return web.FileResponse(STATIC / "js" / "workers" / "wall.js", headers={"Cache-Control": "no-cache"})

    found: list[web.AbstractRouteDef] = [
        web.get("/wall/worker.js", wall_worker),
        web.static("/static/node_modules", packages, follow_symlinks=True),
        web.static("/static", STATIC),
    ]
    path = config.basemap.path
    if config.basemap.kind == "pmtiles" and path is not None:

        async def tiles(_request: web.Request) -> web.FileResponse:
            return web.FileResponse(path)

        found.append(web.get("/basemap.pmtiles", tiles))
    return found
