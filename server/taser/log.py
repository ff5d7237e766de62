"""A weapon's log as its maker's software exports it: CSV with a row for each event, its device time and duration. Pure.

The columns are those of the event log of the X2, X26P, TASER 7 and 10 (sequence, time, event, duration, temperature,
battery, cartridge), under the several names that Evidence Sync and Axon Evidence give them; a block with the
weapon's serial number may stand before. Whatever else is found is refused with its row and column.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from itertools import islice
from typing import TYPE_CHECKING, Any

from server.errors import BadRequest
from server.taser.stamps import NoStamp, day_comes_first, stamp_of, zone_of
from server.wire import storable

if TYPE_CHECKING:
    from _csv import Reader

MOST_BYTES = 4 << 20  # an X2 keeps 16,000 events of some 80 bytes
MOST_EVENTS = 20_000
HEAD_WITHIN = 40  # rows
MOST_ROWS = HEAD_WITHIN + 2 * MOST_EVENTS  # with an empty one after each, as some software ends its lines
DELIMITER_WITHIN = 1 << 16  # characters
LONGEST_TEXT = 120
WINDOWS = "cp1252"
UTC_TIME, LOCAL_TIME, EVENT, DURATION = "time (UTC)", "local time", "event", "duration"
# What a column may be called, in small letters and without what stands in brackets.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "sequence": ("seq", "seq #", "seq#", "seq no", "sequence", "sequence #", "sequence number", "#", "no", "record #"),
    UTC_TIME: ("gmt time", "utc time", "gmt", "utc", "time utc", "date utc", "timestamp utc", "date/time utc", "utc date/time"),
    LOCAL_TIME: ("local time", "time", "date/time", "date time", "date and time", "device time", "event time", "timestamp"),
    EVENT: ("event", "event type", "activity", "type"),
    DURATION: ("duration", "event duration", "length"),
    "temperature": ("temp", "temperature", "internal temp", "internal temperature"),
    "battery": ("batt", "battery", "batt remaining", "battery remaining", "battery level", "battery percentage"),
    "cartridge": ("cartridge", "cartridge info", "cartridges", "cartridge 1", "bay", "cartridge bay", "bay 1"),
    "second cartridge": ("cartridge 2", "bay 2"),
    "details": ("details", "detail", "description", "notes", "info"),
    "user": ("user", "assigned to", "officer", "badge"),
    "serial": ("serial", "serial #", "serial number", "serial no", "device", "device serial", "weapon"),
}  # fmt: skip
KINDS: Mapping[str, tuple[str, ...]] = {
    "drawn": ("unholster", "unholstered", "drawn"),
    "holstered": ("holster", "holstered"),
    "armed": ("arm", "armed"),
    "trigger": ("trigger", "trigger pull", "trigger pulled", "fired", "deploy", "deployed", "deployment"),
    "arc": ("arc", "warning arc", "arc display"),
    "safe": ("safe", "disarmed"),
    "clock": ("time sync", "time synchronization", "time synchronisation", "time changed", "sync", "clock set"),
}
_KNOWN = {name: column for column, names in COLUMNS.items() for name in names}
_KIND = {name: kind for kind, names in KINDS.items() for name in names}
SERIAL = re.compile(r"serial\b", re.I)


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One row. `row`: of the file, from 1; `at`: the weapon's own clock, Unix seconds; `kind` is `other` for what is not
    among KINDS; `more`: the other columns as they stand there."""

    row: int
    at: float
    kind: str
    text: str
    duration_s: float | None
    more: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For the API and for exports."""
        told = {"row": self.row, "device_at": self.at, "kind": self.kind, "text": self.text}
        return {**told, "duration_s": self.duration_s, **({"more": dict(self.more)} if self.more else {})}


@dataclass(frozen=True, slots=True)
class TaserLog:
    """The whole file. `serial`: the weapon's, where the file says it; `zone`: by what its times were read."""

    serial: str
    zone: str
    events: tuple[LoggedEvent, ...]


@dataclass(frozen=True, slots=True)
class _Head:
    """`row`: where it stands, from 0; `columns`: what each cell is; `names`: as the file calls them."""

    row: int
    columns: tuple[str, ...]
    names: tuple[str, ...]

    def cell(self, cells: Sequence[str], column: str) -> str:
        return cells[self.columns.index(column)] if column in self.columns else ""

    def name(self, column: str) -> str:
        return self.names[self.columns.index(column)]


def read_log(data: bytes, utc_offset: str = "", date_order: str = "") -> TaserLog:
    """The events of a file. `utc_offset` and `date_order` (dmy, mdy) say what the file does not. Raises BadRequest that
    names the row and the column, and what was expected."""
    if date_order not in ("", "dmy", "mdy"):
        raise BadRequest("date_order: expected dmy, mdy or nothing")
    stated = zone_of(utc_offset) if utc_offset else None
    if utc_offset and stated is None:
        raise BadRequest("utc_offset: expected an offset such as +01:00")
    rows = _rows(_text(data))
    head = _head(rows)
    body = [(number, cells) for number, cells in enumerate(rows) if number > head.row and any(cells)]
    body = [(number, cells) for number, cells in body if tuple(cells[: len(head.names)]) != head.names]
    if not body:
        raise BadRequest(f"row {head.row + 1}: expected events below the names of the columns")
    if len(body) > MOST_EVENTS:
        raise BadRequest(f"expected at most {MOST_EVENTS} events, not {len(body)}")
    column = UTC_TIME if UTC_TIME in head.columns else LOCAL_TIME
    zone = zone_of("UTC") if column == UTC_TIME else zone_of(head.name(column)) or stated
    order = _order([head.cell(cells, column) for _, cells in body], date_order)
    events = tuple(_event(number + 1, cells, head, column, order, zone) for number, cells in body)
    return TaserLog(_serial(rows, head, body[0][1]), str(zone) if zone is not None else "each row's own", events)


def excerpt(data: bytes, rows: Collection[int]) -> bytes:
    """Of a file that was read: all to the names of its columns, and these rows (from 1), as they stand there."""
    encoding = _encoding(data)
    text = data.decode(encoding)
    head, lines = _head(_rows(text)), io.StringIO(text).readlines()
    reader, kept, first = _reader(text, lines), [], 0
    for number, _ in enumerate(reader, 1):
        if number <= head.row + 1 or number in rows:
            kept += lines[first : reader.line_num]
        first = reader.line_num
    return "".join(kept).encode(encoding.removesuffix("-sig"))


def _text(data: bytes) -> str:
    return data.decode(_encoding(data))


def _encoding(data: bytes) -> str:
    """UTF-8 as the maker's software exports it, or what Excel saves it again as on Windows: its code page, or UTF-16."""
    if len(data) > MOST_BYTES:
        raise BadRequest(f"expected at most {MOST_BYTES} bytes")
    first = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    fault: UnicodeDecodeError | None = None
    tries = (first,) if b"\0" in data else (first, WINDOWS)  # a nought is no letter of a code page
    for encoding in tries:
        try:
            data.decode(encoding)
        except UnicodeDecodeError as error:
            fault = fault or error
        else:
            return encoding
    assert fault is not None
    row = data[: fault.start].count(b"\n") + 1
    raise BadRequest(f"row {row}: expected text in UTF-8 (or UTF-16, or Windows-1252), as CSV is exported")


def _rows(text: str) -> list[list[str]]:
    reader = _reader(text, io.StringIO(text))
    try:  # no more than that is read: four million empty lines are 400 MB of lists
        rows = [[cell.strip() for cell in cells] for cells in islice(reader, MOST_ROWS + 1)]
    except csv.Error as error:
        raise BadRequest(f"expected CSV: {error}") from error
    if len(rows) > MOST_ROWS:
        raise BadRequest(f"expected at most {MOST_ROWS} rows, and in them at most {MOST_EVENTS} events")
    return rows


def _reader(text: str, lines: Iterable[str]) -> Reader:
    first = next((line for line in text[:DELIMITER_WITHIN].splitlines() if _divided(line)), "")
    return csv.reader(lines, delimiter=max(",;\t", key=first.count), strict=True)


def _divided(line: str) -> bool:
    return len(re.findall(r"[,;\t]", line)) >= 2


def _head(rows: Sequence[Sequence[str]]) -> _Head:
    for number, cells in enumerate(rows[:HEAD_WITHIN]):
        columns = [_column(cell) for cell in cells]
        if EVENT in columns and (UTC_TIME in columns or LOCAL_TIME in columns):
            return _checked(number, cells, columns)
    found = ", ".join(cell for cell in (rows[0] if rows else []) if cell)[:200]
    raise BadRequest(
        f"row 1: expected the columns event, time (GMT, UTC or local) and duration; found {found or 'nothing'}"
    )


def _checked(number: int, cells: Sequence[str], columns: Sequence[str | None]) -> _Head:
    for cell, column in zip(cells, columns, strict=True):
        if cell and column is None:
            raise BadRequest(
                f"row {number + 1}, column {_shown(cell)}: not known; the columns are {', '.join(COLUMNS)}"
            )
    for column in COLUMNS:
        if list(columns).count(column) > 1:
            raise BadRequest(f"row {number + 1}: {column} stands there twice")
    if DURATION not in columns:
        raise BadRequest(f"row {number + 1}: expected a column duration, in seconds")
    return _Head(number, tuple(column or "" for column in columns), tuple(cells))


def _column(cell: str) -> str | None:
    if len(cell) > LONGEST_TEXT:  # nothing is called so, and what is behind takes the square of the length
        return None
    bare = re.sub(r"[\[(].*?[\])]", " ", cell.lower())
    name = " ".join(bare.replace("_", " ").replace(":", " ").split())
    known = _KNOWN.get(name)
    utc = re.search(r"[\[(]\s*(utc|gmt)\s*[\])]", cell, re.I) is not None
    return UTC_TIME if known == LOCAL_TIME and utc else known


def _order(cells: Sequence[str], stated: str) -> bool | None:
    try:
        found = day_comes_first(cells)
    except NoStamp as error:
        raise BadRequest(f"the times: {error}") from error
    if stated and found is not None and found != (stated == "dmy"):
        raise BadRequest(f"date_order: {stated} cannot be, as one of the dates shows")
    return stated == "dmy" if stated else found


def _event(
    row: int, cells: Sequence[str], head: _Head, column: str, day_first: bool | None, zone: tzinfo | None
) -> LoggedEvent:
    if len(cells) < len(head.names) or any(cells[len(head.names) :]):
        raise BadRequest(f"row {row}: expected {len(head.names)} cells, not {len(cells)}")
    text = head.cell(cells, EVENT)
    if not text or len(text) > LONGEST_TEXT or not text.isprintable():
        raise _fault(row, head.name(EVENT), f"expected the event in at most {LONGEST_TEXT} printable characters", text)
    try:
        at = stamp_of(head.cell(cells, column), day_first, zone)
    except NoStamp as error:
        raise _fault(row, head.name(column), str(error), head.cell(cells, column)) from error
    used = (EVENT, DURATION, column, "")
    more = {
        name: storable(cell[:LONGEST_TEXT])
        for name, cell in zip(head.columns, cells, strict=False)
        if name not in used and cell
    }
    return LoggedEvent(row, at, _kind(text), text, _duration(row, head, cells), more)


def _kind(text: str) -> str:
    return _KIND.get(" ".join(re.sub(r"[\[(].*?[\])]", " ", text.lower()).split()), "other")


def _duration(row: int, head: _Head, cells: Sequence[str]) -> float | None:
    text = head.cell(cells, DURATION)
    if text in ("", "-", "–", "N/A"):
        return None
    clock = re.fullmatch(r"(?:(\d{1,3}):)?(\d{1,3}):(\d\d(?:\.\d+)?)", text)
    # With a decimal comma, as a table in semicolons has it; three digits behind one may be thousands, and are refused.
    plain = re.fullmatch(r"(\d{1,7}(?:\.\d+|,\d{1,2})?)(?: ?(?:s|sec|secs|seconds))?", text)
    if clock is not None:
        return int(clock[1] or 0) * 3600 + int(clock[2]) * 60 + float(clock[3])
    if plain is None:
        raise _fault(row, head.name(DURATION), "expected seconds", text)
    return float(plain[1].replace(",", "."))


def _serial(rows: Sequence[Sequence[str]], head: _Head, first: Sequence[str]) -> str:
    """From its own column, or from the block before the events."""
    named = head.cell(first, "serial")
    before = (cells[1] for cells in rows[: head.row] if len(cells) > 1 and SERIAL.search(cells[0]))
    found = named or next(before, "")
    return found[:40] if found.isprintable() else ""


def _fault(row: int, column: str, expected: str, found: str) -> BadRequest:
    return BadRequest(f"row {row}, column {_shown(column)}: {expected}; found {_shown(found) if found else 'nothing'}")


def _shown(text: str) -> str:
    kept = "".join(mark if mark.isprintable() else "�" for mark in text[:60])
    return f"“{kept}”"
