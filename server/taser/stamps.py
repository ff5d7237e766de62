"""Times as they stand in a weapon's log: ISO 8601, with the month as a word, or in figures whose order must be known. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME = r"[T ,]+(?P<hour>\d{1,2}):(?P<minute>\d\d):(?P<second>\d\d)(?:[.,](?P<part>\d{1,6}))?(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
_ZONE = r"(?: ?(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d))?"
ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)" + _TIME + _ZONE)
WORDS = re.compile(r"(?P<day>\d{1,2})[ -](?P<word>[A-Za-z]{3})[a-z]*[ -](?P<year>\d{4})" + _TIME + _ZONE)
FIGURES = re.compile(r"(?P<first>\d{1,2})[/.](?P<other>\d{1,2})[/.](?P<year>\d{4})" + _TIME + _ZONE)
OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # no weapon of this kind has an older clock
EXAMPLE = "2026-11-28 20:46:05, 28 Nov 2026 20:46:05 or 28/11/2026 20:46:05"


class NoStamp(ValueError):
    """What was expected instead."""


def day_comes_first(cells: Iterable[str]) -> bool | None:
    """Of dates in figures: whether 3/4 is the third of April. None: all of them can be read both ways, or there are none.

    Raises NoStamp where some say one thing and some the other.
    """
    pairs = [(int(found["first"]), int(found["other"])) for found in map(FIGURES.fullmatch, cells) if found]
    day_first, month_first = any(first > 12 for first, _ in pairs), any(other > 12 for _, other in pairs)
    if day_first and month_first:
        raise NoStamp("some dates have the day first, and some the month")
    return day_first if day_first or month_first else None


def zone_of(text: str) -> tzinfo | None:
    """`+01:00` within a text, as a column's head has it; or UTC, GMT."""
    found = OFFSET.search(text)
    if found is None:
        return UTC if re.search(r"\b(UTC|GMT|Z)\b", text, re.I) else None
    sign = -1 if found[1] == "-" else 1
    hours, minutes = int(found[2]), int(found[3])
    return timezone(sign * timedelta(hours=hours, minutes=minutes)) if hours < 15 and minutes < 60 else None


def stamp_of(text: str, day_first: bool | None, zone: tzinfo | None) -> float:
    """Unix seconds; a zone in the text itself counts before `zone`. Raises NoStamp."""
    found = ISO.fullmatch(text) or WORDS.fullmatch(text) or FIGURES.fullmatch(text)
    if found is None:
        raise NoStamp(f"expected a time such as {EXAMPLE}")
    told = found.groupdict()
    if "first" in told:
        if day_first is None and told["first"] != told["other"]:
            raise NoStamp("expected to be told date_order (dmy or mdy): nothing says which is the day")
        day, month = (told["first"], told["other"]) if day_first else (told["other"], told["first"])
    else:
        day, month = told["day"], told.get("month") or _month(told["word"])
    own = zone_of(told["zone"]) if told["zone"] else zone
    if own is None:
        raise NoStamp("expected to be told utc_offset (+00:00 in winter, +01:00 in summer): nothing says the zone")
    return _unix(int(told["year"]), int(month), int(day), told, own)


def _unix(year: int, month: int, day: int, told: dict[str, str], zone: tzinfo) -> float:
    hour = int(told["hour"])
    if told["half"]:
        if not 1 <= hour <= 12:
            raise NoStamp("expected an hour from 1 to 12 before AM or PM")
        hour = hour % 12 + (12 if told["half"] in "Pp" else 0)
    micros = int((told["part"] or "0").ljust(6, "0"))
    try:
        found = datetime(year, month, day, hour, int(told["minute"]), int(told["second"]), micros, zone)
    except ValueError as error:
        raise NoStamp(f"expected a time that there is ({error})") from error
    if found < EARLIEST:
        raise NoStamp("expected a time after 2000: the weapon's clock was never set")
    return found.timestamp()


def _month(word: str) -> str:
    if word.lower() not in MONTHS:
        raise NoStamp(f"expected an English month, not {word}")
    return str(MONTHS.index(word.lower()) + 1)
