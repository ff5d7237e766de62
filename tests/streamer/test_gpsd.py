"""gpsd's reports to fixes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.gps_fix import GpsFix
from streamer.gpsd import UNKNOWN_ACCURACY_M, parse_report

TPV: dict[str, Any] = {
    "class": "TPV",
    "mode": 3,
    "time": "2026-11-20T22:40:58.000Z",
    "lat": 51.36,
    "lon": 1.03,
    "eph": 4.2,
    "speed": 1.3,
    "track": 172.5,
}


def test_a_position() -> None:
    assert parse_report(json.dumps(TPV)) == GpsFix(1_795_214_458.0, 51.36, 1.03, 4.2, 1.3, 172.5)


def test_the_error_of_an_older_gpsd() -> None:
    fix = parse_report(json.dumps({k: v for k, v in TPV.items() if k != "eph"} | {"epx": 10.0, "epy": 10.0}))
    assert fix is not None
    assert fix.accuracy_m == pytest.approx(7.7, abs=0.05)
    without = parse_report(json.dumps({k: v for k, v in TPV.items() if k != "eph"}))
    assert without is not None
    assert without.accuracy_m == UNKNOWN_ACCURACY_M


@pytest.mark.parametrize(
    "report",
    [
        TPV | {"class": "SKY"},
        TPV | {"mode": 1},
        TPV | {"lat": 91},
        TPV | {"time": "yesterday"},
        {k: v for k, v in TPV.items() if k != "lon"},
        TPV | {"lat": None},
        [1, 2],
        "TPV",
    ],
)
def test_what_is_no_position_is_none(report: object) -> None:
    assert parse_report(json.dumps(report)) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5), lambda inside: st.lists(inside, max_size=3)
)


@given(st.dictionaries(st.sampled_from(sorted(TPV)), json_values), st.binary(max_size=30))
def test_any_line_is_read_or_none(changes: dict[str, Any], line: bytes) -> None:
    assert isinstance(parse_report(json.dumps(TPV | changes)), GpsFix | None)
    assert parse_report(line) is None
