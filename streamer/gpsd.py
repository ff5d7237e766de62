"""gpsd's JSON protocol: one object a line; a TPV report with a mode of 2 or 3 is a position."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime

from streamer.gps_fix import GpsFix

WATCH = b'?WATCH={"enable":true,"json":true};\n'
UNKNOWN_ACCURACY_M = 15.0
# epx and epy are 95 % each (1.96 sigma); the 68 % radius of such a round error is 1.51 sigma
FROM_95_TO_68 = 1.51 / 1.96


def parse_report(line: str | bytes) -> GpsFix | None:
    """The fix in one line, or None: another report, no position yet, or not a report at all."""
    try:
        report = json.loads(line)
        if not isinstance(report, dict) or report.get("class") != "TPV" or int(report.get("mode", 0)) < 2:
            return None
        moment = datetime.fromisoformat(str(report["time"]))
        lat, lon = float(report["lat"]), float(report["lon"])
        speed, track = _number(report, "speed"), _number(report, "track")
        accuracy = _accuracy(report)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not (-90.0 <= lat <= 90.0 and -180.0 <= lon <= 180.0):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    heading = None if track is None else track % 360.0
    return GpsFix(moment.timestamp(), lat, lon, accuracy, None if speed is None else abs(speed), heading)


def _accuracy(report: dict[str, object]) -> float:
    eph = _number(report, "eph")
    if eph is not None:
        return abs(eph)
    epx, epy = _number(report, "epx"), _number(report, "epy")
    if epx is None or epy is None:
        return UNKNOWN_ACCURACY_M
    return math.sqrt((epx * epx + epy * epy) / 2.0) * FROM_95_TO_68


def _number(report: dict[str, object], key: str) -> float | None:
    value = report.get(key)
    if value is None:
        return None
    number = float(value)  # type: ignore[arg-type]
    return number if math.isfinite(number) else None
