"""What a viewer may ask for, and what is refused with the field's name."""

from __future__ import annotations

from typing import Any

import pytest

from server.errors import BadRequest
from server.media.wish import Wish


def test_any_client_gets_picture_and_sound() -> None:
    assert Wish.of_query({}) == Wish("main", sound=True, picture=True)
    assert Wish.of_query({"layer": "sub", "sound": "off"}) == Wish("sub", sound=False, picture=True)
    assert Wish.of_query({"picture": "off"}) == Wish("main", sound=True, picture=False)


def test_what_is_not_named_stays() -> None:
    first = Wish("sub", sound=False)
    assert first.changed({"sound": True}) == Wish("sub", sound=True)
    assert first.changed({"layer": "main"}) == Wish("main", sound=False)
    assert first.changed({"layer": "main", "sound": True, "other": 1}) == Wish("main", sound=True)
    assert first.changed({"picture": False}) == Wish("sub", sound=False, picture=False)


@pytest.mark.parametrize("query", [{"layer": "top"}, {"layer": ""}, {"sound": "loud"}, {"sound": ""}, {"picture": "1"}])
def test_a_query_that_asks_for_what_there_is_not(query: dict[str, str]) -> None:
    with pytest.raises(BadRequest) as refused:
        Wish.of_query(query)
    assert refused.value.problem()["field"] == next(iter(query))


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "main",
        {},
        {"other": 1},
        {"layer": 1},
        {"layer": "top"},
        {"sound": "on"},
        {"sound": 1},
        {"picture": None},
    ],
)
def test_a_body_that_asks_for_what_there_is_not(body: Any) -> None:
    with pytest.raises(BadRequest, match=r"expected|must be"):
        Wish().changed(body)
