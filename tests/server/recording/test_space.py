"""When somebody must know that the disk fills."""

from __future__ import annotations

import pytest

from server.recording.space import RESERVE_BYTES, Space

TERABYTE = 10**12


@pytest.mark.parametrize(
    ("space", "warning", "full"),
    [
        (Space(TERABYTE // 5, TERABYTE), "", False),
        (Space(TERABYTE // 7, TERABYTE), "less than 15% of the disk for recordings is free", False),
        (Space(TERABYTE // 21, TERABYTE), "less than 5% of the disk for recordings is free", False),
        (Space(RESERVE_BYTES - 1, TERABYTE), "less than 5% of the disk for recordings is free", True),
        (
            Space(1 << 20, 64 << 20),
            "less than 5% of the disk for recordings is free",
            True,
        ),  # a small one keeps a fiftieth
        (Space(2 << 20, 64 << 20), "less than 5% of the disk for recordings is free", False),
    ],
)
def test_it_warns_in_time_and_keeps_a_reserve(space: Space, warning: str, full: bool) -> None:
    assert (space.warning, space.is_full) == (warning, full)
