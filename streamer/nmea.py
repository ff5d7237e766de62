"""NMEA 0183 lines from a receiver, two by two (RMC and GGA of the same moment), to fixes.

A line with a wrong checksum, or that is no sentence at all, is skipped and counted: a serial line does lose bits.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time
from typing import Any

import pynmea2

from streamer.gps_fix import GpsFix

KNOT_MPS = 0.514444
METRES_PER_HDOP = 4.5  # 68 % radius of a receiver without corrections at HDOP 1 (user range error about 3 m an axis)
UNKNOWN_ACCURACY_M = 15.0
SLOW_MPS = 0.4  # below this a course over ground is noise


class NmeaReader:
    """Lines in, fixes out. `counts`: sentences by type, and what was skipped under `checksum` and `unreadable`."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._quality: tuple[time, float] | None = None  # of the last GGA: its time, its 68 % radius
        self._waiting: GpsFix | None = None  # an RMC whose GGA has not come yet
        self._waiting_time: time | None = None

    def feed(self, line: str) -> GpsFix | None:
        """One line. Returns a fix when one is complete; its time is the receiver's own (UTC)."""
        try:
            sentence: Any = pynmea2.parse(line.strip(), check=True)
        except pynmea2.ChecksumError:
            self.counts["checksum"] += 1
            return None
        except (pynmea2.ParseError, ValueError, KeyError, IndexError, AttributeError):
            self.counts["unreadable"] += 1
            return None
        kind = str(getattr(sentence, "sentence_type", ""))
        self.counts[kind] += 1
        try:
            if kind == "RMC":
                return self._position(sentence)
            if kind == "GGA":
                return self._accuracy(sentence)
        except (ValueError, TypeError, AttributeError):
            self.counts["unreadable"] += 1
        return None

    def _position(self, rmc: Any) -> GpsFix | None:
        late = self._complete(UNKNOWN_ACCURACY_M)
        if rmc.status != "A" or rmc.datetime is None or not rmc.lat or not rmc.lon:
            return late
        moment: datetime = rmc.datetime if rmc.datetime.tzinfo else rmc.datetime.replace(tzinfo=UTC)
        speed = None if rmc.spd_over_grnd is None else float(rmc.spd_over_grnd) * KNOT_MPS
        course = None if rmc.true_course is None or (speed or 0.0) < SLOW_MPS else float(rmc.true_course) % 360.0
        lat, lon = float(rmc.latitude), float(rmc.longitude)
        if not (-90.0 <= lat <= 90.0 and -180.0 <= lon <= 180.0):
            self.counts["unreadable"] += 1
            return late
        self._waiting = GpsFix(moment.timestamp(), lat, lon, UNKNOWN_ACCURACY_M, speed, course)
        self._waiting_time = _of_day(rmc.timestamp)
        if self._quality is not None and self._quality[0] == self._waiting_time:
            return self._complete(self._quality[1])
        return late

    def _accuracy(self, gga: Any) -> GpsFix | None:
        if not gga.gps_qual or gga.timestamp is None:
            self._quality = None
            return None
        hdop = float(gga.horizontal_dil) if gga.horizontal_dil else UNKNOWN_ACCURACY_M / METRES_PER_HDOP
        self._quality = (_of_day(gga.timestamp), hdop * METRES_PER_HDOP)
        return self._complete(self._quality[1]) if self._waiting_time == self._quality[0] else None

    def _complete(self, accuracy_m: float) -> GpsFix | None:
        fix, self._waiting, self._waiting_time = self._waiting, None, None
        if fix is None:
            return None
        return GpsFix(fix.at, fix.lat, fix.lon, accuracy_m, fix.speed_mps, fix.heading_deg)


def _of_day(moment: time) -> time:
    return moment.replace(tzinfo=None)
