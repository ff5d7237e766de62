"""What may be asked of the audit; what cannot be meant is named."""

from __future__ import annotations

import pytest

from server.audit.asked import Asked, after_of
from server.errors import BadRequest


def test_a_query_says_which_rows() -> None:
    query = {"from": "10.5", "to": "20", "person": " hale ", "what": "view", "before": "7", "limit": "9"}
    asked = Asked.of_query(query)
    assert asked == Asked(10.5, 20.0, "hale", "view", before=7, limit=9)
    assert asked.as_json() == {"from": 10.5, "to": 20.0, "person": "hale", "what": "view"}
    assert Asked.of_query({}) == Asked() and Asked().as_json() == {}
    assert after_of({"after": "12"}) == 12 and after_of({}) == 0


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"from": "yesterday"}, "from: expected Unix seconds"),
        ({"to": "nan"}, "to: expected Unix seconds"),
        ({"to": "-1"}, "to: expected Unix seconds"),
        ({"before": "-3"}, "before: expected a whole number"),
        ({"before": "9" * 19}, "before: expected a whole number"),
        ({"before": "²"}, "before: expected a whole number"),
        ({"limit": "0"}, "limit: expected 1 to 200, not 0"),
        ({"limit": "201"}, "limit: expected 1 to 200, not 201"),
        ({"text": "x" * 101}, "text: expected at most 100 characters"),
    ],
)
def test_what_cannot_be_meant_is_named(query: dict[str, str], said: str) -> None:
    with pytest.raises(BadRequest, match=said.replace("(", r"\(")):
        Asked.of_query(query)
