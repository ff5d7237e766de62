"""Where a unit was, as files that other programs read: GPX 1.1 and GeoJSON (RFC 7946). Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from server.positions.fix import Fix, Standing

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="Watchroom" xmlns="http://www.topografix.com/GPX/1/1">'


def gpx(call_sign: str, fixes: Iterable[Fix]) -> bytes:
    """One track in the order of the fixes' own times. Fixes from a clock in the future are left out: see the GeoJSON."""
    points = [_point(fix) for fix in _ordered(fixes) if fix.standing is not Standing.FUTURE]
    body = "\n".join(points)
    return f"{HEAD}<trk><name>{escape(call_sign)}</name><trkseg>\n{body}\n</trkseg></trk></gpx>\n".encode()


def geojson(call_sign: str, fixes: Iterable[Fix]) -> bytes:
    """Every fix with all that is known of it: when it was taken, when it came, and whether it was ever shown as now."""
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [fix.lon, fix.lat]},
            "properties": _properties(call_sign, fix),
        }
        for fix in _ordered(fixes)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()


def stamp(at: float) -> str:
    """Unix seconds as ISO 8601 in UTC, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _ordered(fixes: Iterable[Fix]) -> list[Fix]:
    return sorted(fixes, key=lambda fix: (fix.at, fix.seq))


def _point(fix: Fix) -> str:
    return f'<trkpt lat="{fix.lat:.7f}" lon="{fix.lon:.7f}"><time>{stamp(fix.at)}</time></trkpt>'


def _properties(call_sign: str, fix: Fix) -> dict[str, Any]:
    told = fix.as_json()
    del told["lat"], told["lon"]
    return {"call_sign": call_sign, **told, "at_utc": stamp(fix.at), "received_at_utc": stamp(fix.received_at)}
