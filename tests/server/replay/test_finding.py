"""Finding recordings by time, camera, officer and alert."""

from __future__ import annotations

from typing import Any

import pytest

from server.errors import BadRequest
from server.replay.finding import Wanted, alerts_of, fits, listed, wanted
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
        (Wanted(alert="taser.armed"), True),
        (Wanted(alert="emergency"), False),
    ],
)
def test_each_filter_narrows(looked_for: Wanted, found: bool) -> None:
    assert fits(made(), looked_for, [alert(1)]) is found


def test_an_alert_counts_while_its_cause_was_there_and_for_its_own_camera() -> None:
    before, during = alert(-20, -10), alert(-20, 1)
    of_another, after = alert(1, device_id="et22-cam"), alert(10)
    assert alerts_of(made(), [before, during, of_another, after]) == [during]


def test_a_row_names_the_gravest_alert_first() -> None:
    row = listed(made(), [alert(1, id="b", priority=2), alert(2, id="a", priority=1)])
    assert [one["id"] for one in row["alerts"]] == ["a", "b"]
    assert (row["from"], row["to"], row["open"], row["gaps"]) == (BASE, BASE + 4, True, 0)


@pytest.mark.parametrize(
    "query",
    [{"from": "x"}, {"to": "nan"}, {"limit": "0"}, {"before": "../x"}, {"officer": "x" * 81}, {"colour": "red"}],
)
def test_a_query_that_cannot_be_meant_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(BadRequest, match=next(iter(query))):
        wanted(query)
