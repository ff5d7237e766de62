"""NMEA lines to fixes; what is broken is counted and skipped."""

from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.gps_fix import GpsFix
from streamer.nmea import METRES_PER_HDOP, UNKNOWN_ACCURACY_M, NmeaReader


def sentence(body: str) -> str:
    return f"${body}*{reduce(lambda a, b: a ^ b, body.encode()):02X}\r\n"


def rmc(
    time: str = "224058", status: str = "A", speed: str = "2.5", course: str = "172.0", date: str = "201126"
) -> str:
    return sentence(f"GPRMC,{time}.00,{status},5121.6000,N,00101.8000,E,{speed},{course},{date},,,A")


def gga(time: str = "224058", quality: str = "1", hdop: str = "0.9") -> str:
    return sentence(f"GPGGA,{time}.00,5121.6000,N,00101.8000,E,{quality},08,{hdop},12.0,M,45.0,M,,")


@pytest.mark.parametrize("lines", [(rmc(), gga()), (gga(), rmc())], ids=["RMC first", "GGA first"])
def test_two_sentences_of_one_moment_make_a_fix(lines: tuple[str, str]) -> None:
    reader = NmeaReader()
    assert reader.feed(lines[0]) is None
    fix = reader.feed(lines[1])
    assert fix is not None
    assert (fix.lat, fix.lon) == pytest.approx((51.36, 1.03))
    assert fix.at == 1_795_214_458.0
    assert fix.accuracy_m == pytest.approx(0.9 * METRES_PER_HDOP)
    assert fix.speed_mps == pytest.approx(1.286, abs=0.001)
    assert fix.heading_deg == 172.0


def test_an_rmc_whose_gga_never_comes_is_told_with_the_next_one() -> None:
    reader = NmeaReader()
    assert reader.feed(rmc("224058")) is None
    fix = reader.feed(rmc("224059"))
    assert fix is not None
    assert fix.accuracy_m == UNKNOWN_ACCURACY_M


def test_somebody_who_stands_has_no_course() -> None:
    reader = NmeaReader()
    reader.feed(gga())
    fix = reader.feed(rmc(speed="0.1"))
    assert fix is not None
    assert (fix.heading_deg, round(fix.speed_mps or 0, 2)) == (None, 0.05)


@pytest.mark.parametrize("lines", [[rmc(status="V"), gga(quality="0")], [sentence("GPRMC,,V,,,,,,,,,,N")], [gga()]])
def test_no_position_is_no_fix(lines: list[str]) -> None:
    reader = NmeaReader()
    assert [reader.feed(line) for line in lines] == [None] * len(lines)


def test_a_flipped_bit_is_counted_and_the_next_sentence_is_read() -> None:
    reader = NmeaReader()
    assert reader.feed(rmc().replace("5121", "5131")) is None
    assert reader.feed("not a sentence") is None
    assert reader.feed("") is None
    assert (reader.counts["checksum"], reader.counts["unreadable"]) == (1, 2)
    reader.feed(rmc())
    assert reader.feed(gga()) is not None


@given(st.lists(st.text(max_size=80) | st.text("$GPRMCA,.0123456789NEV*\r\n", max_size=80), max_size=20))
def test_any_line_is_read_or_counted(lines: list[str]) -> None:
    reader = NmeaReader()
    for line in lines:
        assert isinstance(reader.feed(line), GpsFix | None)
    assert sum(reader.counts.values()) >= len(lines)


@given(st.text("0123456789.,ANEVW-", max_size=70))
def test_any_sentence_with_a_right_checksum_is_read_or_counted(fields: str) -> None:
    reader = NmeaReader()
    for kind in ("GPRMC", "GPGGA", "GNRMC"):
        fix = reader.feed(sentence(f"{kind},{fields}"))
        assert fix is None or (-90 <= fix.lat <= 90 and -180 <= fix.lon <= 180)
