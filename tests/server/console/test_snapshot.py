"""What a console is told first."""

from __future__ import annotations

import pytest

from server.console.snapshot import MOST_BEHIND, Snapshot, can_resume, resumed


@pytest.mark.parametrize(
    ("after", "last", "next_kept", "resumes"),
    [
        (5, 5, None, True),
        (5, 9, 6, True),
        (0, 0, None, True),
        (0, 3, 1, True),
        (5, 9, 7, False),  # 6 is no longer kept
        (5, 9, None, False),
        (9, 5, None, False),  # a number that was never given here
        (-1, 5, 1, False),
        (0, MOST_BEHIND + 1, 1, False),
    ],
)
def test_a_console_resumes_only_where_nothing_is_missing(
    after: int, last: int, next_kept: int | None, resumes: bool
) -> None:
    assert can_resume(after, last, next_kept) is resumes


def test_shapes() -> None:
    snapshot = Snapshot(7, 1.5, {"id": "p"}, {"force": "F"}, [{"u": 1}], [], [{"a": 1}], [], [], [{"kind": "k"}])
    message = snapshot.as_message()
    assert (message["t"], message["seq"], message["reset"], message["alerts"]) == ("snapshot", 7, False, [{"a": 1}])
    assert snapshot.as_message(reset=True)["reset"] is True
    assert resumed(3, 1.5, {"force": "F"}, [{"u": 1}], []) == {
        "t": "resumed",
        "seq": 3,
        "server_time": 1.5,
        "settings": {"force": "F"},
        "units": [{"u": 1}],
        "fixes": [],
    }
