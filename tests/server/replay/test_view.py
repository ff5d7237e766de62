"""What may be asked for, and what a view covers."""

from __future__ import annotations

from typing import Any

import pytest

from server.errors import BadRequest
from server.replay.view import View, asked

ONE = "20261128T204600Z-et17-3fa2c1d0"


def view(**more: Any) -> View:
    told = {"id": "v", "person_id": "p", "name": "Hale", "role": "inspector", "session_id": "s", "why": "debrief"}
    times = {"start": 100.0, "end": 200.0, "opened_at": 0.0, "expires_at": 1.0}
    return View(**{**told, **times, "recording_ids": (ONE,), "device_ids": ("et17",), **more})


def test_recordings_are_asked_for_with_a_reason() -> None:
    wish = asked({"recordings": [ONE, ONE], "why": "  debrief 0412 "})
    assert (wish.recording_ids, wish.why, wish.start) == ((ONE,), "debrief 0412", None)


def test_so_are_cameras_from_a_time_to_another() -> None:
    wish = asked({"device_ids": ["et17-cam"], "from": 10, "to": 20.5, "why": "debrief"})
    assert (wish.device_ids, wish.start, wish.end) == (("et17-cam",), 10.0, 20.5)


def test_who_looks_back_from_a_living_picture_has_the_alert_for_a_reason_else_their_duty() -> None:
    back = {"device_ids": ["et17-cam"], "from": 10, "rewind": True}
    by_duty = asked({**back, "why": ""}, "Duty inspector")
    assert (by_duty.why, by_duty.how, by_duty.end) == ("Duty inspector", "live rewind", None)
    assert asked({**back, "why": "alert: TASER armed ET17"}, "Duty inspector").why == "alert: TASER armed ET17"
    assert asked(back).why == ""  # whoever opens it asks for one
    replay = {**back, "rewind": False, "why": "debrief"}
    assert asked(replay, "Duty inspector").how == "" and asked(replay, "Duty inspector").why == "debrief"
    with pytest.raises(BadRequest, match="why"):
        asked({**replay, "why": ""}, "Duty inspector")  # who replays has the time to say why


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"recordings": [ONE]}, "why"),
        ({"recordings": [ONE], "rewind": True}, "rewind"),
        ({"device_ids": ["et17"], "from": 0, "rewind": 1, "why": "debrief"}, "rewind"),
        ({"device_ids": ["et17"], "from": 0, "rewind": True, "why": 7}, "why"),
        ({"recordings": [ONE], "why": "  x "}, "why"),
        ({"recordings": [ONE], "why": "x" * 201}, "why"),
        ({"why": "debrief"}, "recordings"),
        ({"recordings": [ONE], "device_ids": ["et17"], "why": "debrief"}, "recordings"),
        ({"recordings": ["../../etc/passwd"], "why": "debrief"}, "recordings"),
        ({"recordings": ONE, "why": "debrief"}, "recordings"),
        ({"device_ids": ["et17"], "to": 20, "why": "debrief"}, "from"),
        ({"device_ids": ["et17"], "from": 20, "to": 10, "why": "debrief"}, "to"),
        ({"device_ids": ["et17"], "from": 0, "to": 90_000, "why": "debrief"}, "to"),
        ({"device_ids": ["et17"], "from": True, "to": 10, "why": "debrief"}, "from"),
        ({"device_ids": ["ET 17"], "from": 0, "to": 10, "why": "debrief"}, "device_ids"),
        ({"recordings": [ONE], "why": "debrief", "limit": 3}, "limit"),
    ],
)
def test_what_cannot_be_meant_is_told_by_the_field_s_name(body: dict[str, Any], said: str) -> None:
    with pytest.raises(BadRequest, match=f"^{said}:"):
        asked(body)


def test_a_view_covers_what_touches_its_interval() -> None:
    assert view().covers(199, 201) and view().covers(99, 101)
    assert not view().covers(98, 100) and not view().covers(200, 202)
    assert view(end=None).covers(5000, 5002)
