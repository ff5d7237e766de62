"""Routes from GPX and GeoJSON, walked for ever without a jump."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.errors import GpsError
from streamer.gps_route import WALKING_MPS, Route, RoutePoint, parse_geojson, parse_gpx


def gpx(points: str, tag: str = "trk") -> str:
    inside = f"<trk><trkseg>{points}</trkseg></trk>" if tag == "trk" else f"<rte>{points}</rte>"
    return f'<gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1">{inside}</gpx>'


def timed(*stamps: str) -> str:
    return gpx(
        "".join(
            f'<trkpt lat="{51 + k / 1000}" lon="1.0"><time>2026-11-20T22:{stamp}Z</time></trkpt>'
            for k, stamp in enumerate(stamps)
        )
    )


def line(*positions: tuple[float, float]) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": [list(position) for position in positions]}


def test_timestamps_set_the_pace_and_the_way_back_is_the_same() -> None:
    route = parse_gpx(timed("00:00", "01:00", "01:30"))
    assert [round(route.place(s).y, 1) for s in (0, 30, 60, 90)] == [0.0, 55.6, 111.2, 222.5]
    assert route.place(75).speed_mps == pytest.approx(111.25 / 30, rel=0.01)
    assert (route.place(91).heading_deg, route.place(89).heading_deg) == (180, 0)
    assert route.place(180 + 30).y == pytest.approx(route.place(30).y)


@pytest.mark.parametrize("stamps", [("00:00", "00:00", "01:00"), ("02:00", "01:00", "00:00")])
def test_timestamps_that_do_not_rise_are_not_used(stamps: tuple[str, ...]) -> None:
    assert parse_gpx(timed(*stamps)).place(20).speed_mps == pytest.approx(WALKING_MPS)


def test_a_gpx_route_without_times_is_walked() -> None:
    route = parse_gpx(gpx('<rtept lat="51" lon="1"/><rtept lat="51.001" lon="1"/>', tag="rte"))
    assert route.place(10).y == pytest.approx(14, abs=0.1)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda inside: inside,
        lambda inside: {"type": "Feature", "geometry": inside},
        lambda inside: {"type": "FeatureCollection", "features": [{"geometry": None}, {"geometry": inside}]},
        lambda inside: {"type": "MultiLineString", "coordinates": [inside["coordinates"]]},
    ],
)
def test_a_line_in_any_geojson_is_found(wrap: Any) -> None:
    route = parse_geojson(json.dumps(wrap(line((1.0, 51.0), (1.001, 51.0)))))
    assert route.place(10).x == pytest.approx(14, abs=0.1)
    lat, lon = route.to_wgs84(0, 0)
    assert (lat, lon) == (51.0, 1.0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "no GeoJSON file"),
        ("{}", "has no LineString"),
        (json.dumps(line((1, 51))), "at least two points; this one has 1"),
        (json.dumps(line((1, 51), (1, 51))), "the same place"),
        (json.dumps(line((1, 51), (1, 151))), "must be in degrees"),
        ('{"type": "LineString", "coordinates": [1, 2]}', "a list of"),
        ('{"type": "LineString", "coordinates": [["a", "b"], [1, 2]]}', "a list of"),
    ],
)
def test_a_geojson_that_is_no_route_is_refused(text: str, says: str) -> None:
    with pytest.raises(GpsError, match=says):
        parse_geojson(text)


@pytest.mark.parametrize("text", ["", "<gpx", "<html></html>", gpx("")])
def test_a_gpx_that_is_no_route_is_refused(text: str) -> None:
    with pytest.raises(GpsError):
        parse_gpx(text)


points = st.lists(st.builds(RoutePoint, st.floats(50.999, 51.001), st.floats(0.999, 1.001)), min_size=2, max_size=8)


@given(points, st.lists(st.floats(1, 60), min_size=8, max_size=8), st.booleans())
def test_no_route_ever_jumps(found: list[RoutePoint], gaps: list[float], with_times: bool) -> None:
    if with_times:
        found = [RoutePoint(p.lat, p.lon, sum(gaps[:k])) for k, p in enumerate(found)]
    try:
        route = Route(found)
    except (GpsError, ValueError):
        return
    last = route.place(0.0)
    for number in range(1, 1500):
        here = route.place(number / 4)
        fastest = max(here.speed_mps, last.speed_mps, WALKING_MPS)
        assert math.hypot(here.x - last.x, here.y - last.y) <= fastest * 0.25 * 1.01 + 0.25
        assert 0.0 <= here.heading_deg < 360.0
        last = here
