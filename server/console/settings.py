"""What a console must know of the configuration. Pure."""

from __future__ import annotations

from typing import Any

from server.config import Config


def console_settings(config: Config, ice_servers: list[dict[str, Any]]) -> dict[str, Any]:
    """What a console must know. `ice_servers` are made for its person, and expire."""
    urls = {"town": "/static/town/estuary.geojson", "pmtiles": "/basemap.pmtiles", "none": None}
    return {
        "force": config.force,
        "fix_stale_s": config.fix_stale_s,
        "max_speed_mps": config.max_speed_mps,
        "ice_servers": ice_servers,
        "quick_phrases": list(config.quick_phrases),
        "basemap": {
            "kind": config.basemap.kind,
            "url": urls[config.basemap.kind],
            "center": config.basemap.center,
            "zoom": config.basemap.zoom,
        },
        "exercise": config.exercise,
    }
