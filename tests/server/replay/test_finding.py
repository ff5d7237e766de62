"""Finding recordings by time, camera, officer and alert."""

from __future__ import annotations

from typing import Any

import pytest

from server.errors import BadRequest
from server.positions.stay import Stay
from server.replay.finding import Wanted, alerts_of, fits, listed, stay_of, wanted
from server.replay.footage import Recording, recording
from tests.server.replay.test_footage import BASE, opened, segment

MARSH = {"name": "PC Marsh", "collar_number": "0417", "person_id": "p1"}


def made(**more: Any) -> Recording:
    return recording(
        "20270115T080000Z-et17-00000000", [opened(wearer=MARSH, **more), segment(1, 0.0), segment(2, 2.0)], None
    )


def alert(raised: float, cleared: float | None = None, **more: Any) -> dict[str, Any]:
    told = {"id": "a", "kind": "taser.armed", "title": "TASER armed", "priority": 1, "place": None}
    times = {"raised_at": BASE + raised, "cleared_at": None if cleared is None else BASE + cleared, "closed_at": None}
    return {"device_id": "et17-cam", **told, **times, **more}


@pytest.mark.parametrize(
    ("looked_for", "found"),
    [
        (Wanted(), True),
        (Wanted(start=BASE + 3), True),
        (Wanted(start=BASE + 5), False),
        (Wanted(end=BASE - 1), False),
        (Wanted(device_id="et22-cam"), False),
        (Wanted(officer="marsh 0417"), True),
        (Wanted(officer="ET17"), True),
        (Wanted(officer="lindqvist"), False),
    ],
)
def test_each_filter_narrows(looked_for: Wanted, found: bool) -> None:
    assert fits(made(), looked_for) is found


def test_an_alert_counts_while_its_cause_was_there_and_for_its_own_camera() -> None:
    before, during = alert(-20, -10), alert(-20, 1)
    of_another, after = alert(1, device_id="et22-cam"), alert(10)
    assert alerts_of(made(), [before, during, of_another, after]) == [during]


def test_who_was_there_is_told_from_when_to_when_within_the_recording() -> None:
    before, during, after = Stay(BASE - 90, BASE - 20), Stay(BASE - 5, BASE + 1), Stay(BASE + 3, BASE + 50)
    assert stay_of(made(), [before]) is None
    assert stay_of(made(), [before, during]) == Stay(BASE, BASE + 1)
    assert stay_of(made(), [during, after]) == Stay(BASE, BASE + 4)
    a_moment_before = Stay(BASE - 14, BASE - 14)
    assert stay_of(made(), [a_moment_before]) == Stay(BASE, BASE)
    assert stay_of(made(), [a_moment_before], 0.0) is None
    assert listed(made(), [], [during])["there"] == {"from": BASE, "to": BASE + 1}
    assert listed(made(), [])["there"] is None


def test_a_row_names_the_gravest_alert_first() -> None:
    row = listed(made(), [alert(1, id="b", priority=2), alert(2, id="a", priority=1)])
    assert [one["id"] for one in row["alerts"]] == ["a", "b"]
    assert (row["from"], row["to"], row["open"], row["gaps"]) == (BASE, BASE + 4, True, 0)


@pytest.mark.parametrize(
    "query",
    [
        {"from": "x"},
        {"to": "nan"},
        {"to": "100", "from": "100"},
        {"limit": "0"},
        {"before": "../x"},
        {"officer": "x" * 81},
        {"colour": "red"},
        {"tag": "<b>"},
        {"text": "x" * 81},
        {"area": "circle:1,51,100"},
        {"area": "circle:1,51,100", "from": "1000", "to": str(1000 + 8 * 86_400)},
        {"area": "round here", "from": "1000", "to": "2000"},
    ],
)
def test_a_query_that_cannot_be_meant_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(BadRequest, match=next(iter(query))):
        wanted(query)
