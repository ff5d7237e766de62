"""A weapon's log is read as its maker exports it; whatever else stands there is refused by row and column."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import BadRequest
from server.taser.log import MOST_BYTES, MOST_EVENTS, MOST_ROWS, LoggedEvent, excerpt, read_log
from tests.server.taser.logs import SEVEN, X2


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_a_log_of_an_x2_is_read_with_its_serial_and_its_own_zone() -> None:
    log = read_log(X2.encode())
    assert (log.serial, log.zone, len(log.events)) == ("X2900ABC1", "UTC", 5)
    assert [event.kind for event in log.events] == ["other", "armed", "trigger", "arc", "safe"]
    assert log.events[2] == LoggedEvent(
        8, at("2026-11-28T20:46:31"), "trigger", "Trigger", 5.0,
        {"sequence": "1203", "battery": "97", "cartridge": "25' STANDARD", "second cartridge": "25' STANDARD"},
    )  # fmt: skip
    assert log.events[0].duration_s is None


def test_a_log_of_a_taser_7_is_read_in_parts_of_seconds() -> None:
    log = read_log(b"\xef\xbb\xbf" + SEVEN.encode())
    assert [(event.kind, event.at, event.duration_s) for event in log.events] == [
        ("drawn", at("2026-11-28T20:46:24.250"), None),
        ("armed", at("2026-11-28T20:46:25"), None),
        ("trigger", at("2026-11-28T20:46:31.125"), 5.02),
        ("safe", at("2026-11-28T20:46:52"), 27.1),
    ]


@pytest.mark.parametrize(
    ("head", "row", "said", "expected"),
    [
        ("Local Time [+01:00],Event,Duration", "2026-07-01 12:00:00,Arm,", {}, "2026-07-01T11:00:00"),
        ("Local Time,Event,Duration", "2026-07-01 12:00:00,Arm,", {"utc_offset": "+01:00"}, "2026-07-01T11:00:00"),
        ("Date/Time (UTC),Event,Duration", "2026-07-01T12:00:00Z,Arm,", {}, "2026-07-01T12:00:00"),
        ("Date/Time,Event,Duration", "2026-07-01T12:00:00-05:00,Arm,", {}, "2026-07-01T17:00:00"),
        ("GMT Time,Event,Duration", "31/12/2026 11:00:00 PM,Arm,", {}, "2026-12-31T23:00:00"),
        ("GMT Time,Event,Duration", "12/31/2026 12:00:00 AM,Arm,", {}, "2026-12-31T00:00:00"),
        ("GMT Time,Event,Duration", "03/04/2026 12:00:00,Arm,", {"date_order": "dmy"}, "2026-04-03T12:00:00"),
        ("GMT Time,Event,Duration", "03/04/2026 12:00:00,Arm,", {"date_order": "mdy"}, "2026-03-04T12:00:00"),
        ("GMT Time;Event;Duration", "1 Jan 2026 00:00:01;Arm;", {}, "2026-01-01T00:00:01"),
        (
            "Local Time,GMT Time,Event,Duration",
            "1 Jul 2026 13:00:00,1 Jul 2026 12:00:00,Arm,",
            {},
            "2026-07-01T12:00:00",
        ),
    ],
)
def test_a_time_is_what_the_file_or_the_person_says(head: str, row: str, said: dict[str, str], expected: str) -> None:
    assert read_log(f"{head}\n{row}\n".encode(), **said).events[0].at == at(expected)


@pytest.mark.parametrize(
    ("text", "duration"),
    [("5", 5), ("5.25", 5.25), ('"5,02"', 5.02), ("5 s", 5), ("00:00:05", 5), ("1:02", 62), ("", None), ("-", None)],
)
def test_a_duration_is_in_seconds_however_it_is_written(text: str, duration: float | None) -> None:
    log = read_log(f"GMT Time,Event,Duration\n2026-07-01 12:00:00,Trigger,{text}\n".encode())
    assert log.events[0].duration_s == duration


def test_a_table_in_semicolons_may_have_decimal_commas_but_no_thousands() -> None:
    head = b"GMT Time;Event;Duration\n2026-07-01 12:00:00;Trigger;"
    assert read_log(head + b"5,02\n").events[0].duration_s == 5.02
    with pytest.raises(BadRequest, match="expected seconds"):
        read_log(head + b"1,200\n")


@pytest.mark.parametrize(
    ("text", "said", "refusal"),
    [
        ("", {}, "row 1: expected the columns event, time .* found nothing"),
        ("Name,Price\nx,1\n", {}, "row 1: expected the columns .* found Name, Price"),
        ("GMT Time,Event\n2026-07-01 12:00:00,Arm\n", {}, "row 1: expected a column duration"),
        ("GMT Time,Event,Duration,Colour\n", {}, "row 1, column “Colour”: not known; the columns are sequence, "),
        ("GMT Time,Event,Duration,Event\n", {}, "row 1: event stands there twice"),
        ("GMT Time,Event,Duration\n", {}, "row 1: expected events below"),
        ("GMT Time,Event,Duration\nyesterday,Arm,\n", {}, "row 2, column “GMT Time”: expected a time such as .* found “yesterday”"),
        ("GMT Time,Event,Duration\n2026-13-01 12:00:00,Arm,\n", {}, "row 2, column “GMT Time”: expected a time that there is"),
        ("GMT Time,Event,Duration\n1999-01-01 12:00:00,Arm,\n", {}, "row 2, .* after 2000"),
        ("GMT Time,Event,Duration\n2026-07-01 12:00:00,Arm,soon\n", {}, "row 2, column “Duration”: expected seconds; found “soon”"),
        ("GMT Time,Event,Duration\n2026-07-01 12:00:00,,\n", {}, "row 2, column “Event”: expected the event .* found nothing"),
        ("GMT Time,Event,Duration\n2026-07-01 12:00:00,Arm\n", {}, "row 2: expected 3 cells, not 2"),
        ("GMT Time,Event,Duration\n2026-07-01 12:00:00,Arm,,x\n", {}, "row 2: expected 3 cells, not 4"),
        ("Local Time,Event,Duration\n2026-07-01 12:00:00,Arm,\n", {}, "row 2, column “Local Time”: expected to be told utc_offset"),
        ("GMT Time,Event,Duration\n03/04/2026 12:00:00,Arm,\n", {}, "row 2, .* expected to be told date_order"),
        ("GMT Time,Event,Duration\n31/04/2026 12:00:00,Arm,\n", {"date_order": "mdy"}, "date_order: mdy cannot be"),
        ("GMT Time,Event,Duration\n13/04/2026 1:00:00,A,\n04/13/2026 1:00:00,A,\n", {}, "some dates have the day first"),
        ("GMT Time,Event,Duration\n", {"date_order": "ymd"}, "date_order: expected dmy, mdy"),
        ("GMT Time,Event,Duration\n", {"utc_offset": "BST"}, r"utc_offset: expected an offset such as \+01:00"),
        ('GMT Time,Event,Duration\n"2026-07-01', {}, "expected CSV"),
    ],
)  # fmt: skip
def test_what_is_not_such_a_log_is_refused_by_row_and_column(text: str, said: dict[str, str], refusal: str) -> None:
    with pytest.raises(BadRequest, match=refusal):
        read_log(text.encode(), **said)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_what_excel_saves_again_is_read_and_taken_out_in_the_same_letters(encoding: str) -> None:
    text = "GMT Time,Event,Duration,Temp (°C),User\r\n2026-07-01 12:00:00,Arm,,21,Señán\r\n2026-07-01 12:00:01,Safe,,21,Señán\r\n"
    data = text.encode(encoding)
    log = read_log(data)
    assert [event.more for event in log.events] == [{"temperature": "21", "user": "Señán"}] * 2
    assert read_log(excerpt(data, {2})).events == log.events[:1]
    assert excerpt(data, {2, 3}).decode(encoding) == text


def test_what_is_no_text_is_refused() -> None:
    for bad in (b"\x81", b"\xff\0"):  # neither of Windows' code page; what has a nought is a program's
        with pytest.raises(BadRequest, match="row 2: expected text in UTF-8"):
            read_log(b"GMT Time,Event,Duration\n" + bad + b",Arm,\n")
    rows = "2026-07-01 12:00:00,Arm,\n" * (MOST_EVENTS + 1)
    with pytest.raises(BadRequest, match=f"at most {MOST_EVENTS} events"):
        read_log(f"GMT Time,Event,Duration\n{rows}".encode())


def test_a_cell_of_brackets_is_refused_as_fast_as_any_other() -> None:
    """Each row of the head by itself took a quarter of an hour."""
    with pytest.raises(BadRequest, match="row 1: expected the columns"):
        read_log((("(" * 100_000 + ",") * 3 + "\n").encode() * 10)


def test_a_file_of_empty_lines_is_not_read_to_its_end() -> None:
    with pytest.raises(BadRequest, match=f"at most {MOST_ROWS} rows"):
        read_log(b"\n" * MOST_BYTES)


def test_of_a_file_its_head_and_the_rows_that_are_asked_for_are_taken_out_as_they_stand_there() -> None:
    lines = X2.encode().splitlines(keepends=True)
    assert excerpt(X2.encode(), {7, 8}) == b"".join([*lines[:5], *lines[6:8]])
    split = b'GMT Time,Event,Duration,Details\r\n2026-07-01 12:00:00,Arm,,"a\r\nb"\r\n2026-07-01 12:00:01,Safe,,c\r\n'
    first, second = read_log(split).events
    assert excerpt(split, {first.row}) == split[: split.index(b"2026-07-01 12:00:01")]
    assert excerpt(split, {first.row, second.row}) == split


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode), st.booleans())
def test_whatever_comes_is_read_or_refused(data: bytes, with_head: bool) -> None:
    head = b"GMT Time,Event,Duration\n" if with_head else b""
    try:
        log = read_log(head + data)
    except BadRequest as refusal:
        assert refusal.detail
    else:
        assert log.events


@given(
    st.lists(
        st.tuples(st.integers(946_684_801, 4_000_000_000), st.sampled_from(["Arm", "Trigger", "Safe"])), min_size=1
    )
)
def test_what_was_written_is_what_is_read(events: list[tuple[int, str]]) -> None:
    rows = "".join(f"{datetime.fromtimestamp(when, UTC):%Y-%m-%d %H:%M:%S},{what},1.5\n" for when, what in events)
    log = read_log(f"GMT Time,Event,Duration\n{rows}".encode())
    assert [(event.at, event.text, event.row) for event in log.events] == [
        (when, what, row) for row, (when, what) in enumerate(events, 2)
    ]
